"""``axiomatic up``: an installation that starts whole and ends whole."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from web.cli.up import port_problem

UP = [sys.executable, "-c", "from web.cli import main; main()", "up"]


def clean_environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """Our environment without a Redis, so that the installation starts its own.

    Its temporary files are in one folder, its state in another.
    """
    own = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    temporary = tmp_path / "tmp"
    temporary.mkdir(exist_ok=True)
    return {**own, "TMPDIR": str(temporary), "XDG_STATE_HOME": str(tmp_path / "state"), **more}


def left_behind(tmp_path: Path) -> list[Path]:
    """Temporary files that are still there."""
    return list((tmp_path / "tmp").iterdir())


def free_ports() -> int:
    """A free port that is followed by another free port."""
    while True:
        with socket.socket() as probe, socket.socket() as after:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            try:
                after.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command, and kill it if the test fails before it has ended."""
    # a shell without job control lets what it starts in the background ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize(("told", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_it_serves_until_told_to_stop_and_leaves_nothing(
    tmp_path: Path, told: signal.Signals, code: int
) -> None:
    port = free_ports()
    command = [*UP, "--port", str(port), "--workers", "1"]
    with started(command, clean_environment(tmp_path)) as running:
        assert running.stdout is not None
        # the first line comes when everything answers
        assert f"http://127.0.0.1:{port}" in running.stdout.readline()
        assert httpx.get(f"http://127.0.0.1:{port}/health/ready").json()["slots"] == 1
        assert left_behind(tmp_path)
        running.send_signal(told)
        assert running.wait(60) == code
    assert not left_behind(tmp_path)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/health")


def test_flower_asks_for_the_login_that_was_made_for_this_run(tmp_path: Path) -> None:
    port = free_ports()
    command = [*UP, "--port", str(port), "--workers", "1", "--flower"]
    # settings for another Redis do not reach the one that it starts itself
    environment = clean_environment(tmp_path, AXIOMATIC_REDIS_PASSWORD="of another")  # noqa: S106
    with started(command, environment) as running:
        assert running.stdout is not None
        said = [running.stdout.readline() for _ in range(3)]
        found = re.search(r"user (\S+), password (\S+)$", said[2])
        assert found, said
        flower = f"http://127.0.0.1:{port + 1}"
        login = (found[1], found[2])
        assert login[0] == "axiomatic"
        for page in ("/workers", "/tasks", "/api/tasks"):
            assert httpx.get(flower + page).status_code == 401, page
            wrong = httpx.get(flower + page, auth=("axiomatic", "wrong"))
            assert wrong.status_code == 401, page
        listed = httpx.get(f"{flower}/workers?json=1", auth=login)
        assert listed.status_code == 200
        workers = await_worker(flower, login)
        assert [name.startswith("celery@") for name in workers] == [True]
        # neither the store's address with a password nor the login is on any page
        for page in ("/workers", "/broker", f"/worker/{workers[0]}"):
            text = httpx.get(flower + page, auth=login).text
            assert workers[0] in text or page == "/broker"
            assert login[1] not in text
        assert login[1] not in command_lines()
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 143
    assert not left_behind(tmp_path)


def await_worker(flower: str, login: tuple[str, str]) -> list[str]:
    """The workers whose events Flower has received, once there is one."""
    deadline = time.monotonic() + 60
    while True:
        page = httpx.get(f"{flower}/workers?json=1", auth=login).json()
        names = [row["hostname"] for row in page["data"] if row["status"]]
        if names:
            return names
        assert time.monotonic() < deadline, page
        time.sleep(0.05)


def command_lines() -> str:
    """The command lines of all processes, as any user of this machine can read them."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return listed.stdout


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EADDRINUSE, "port 80 is in use"),
        (errno.EACCES, "this user may not listen on port 80 (Permission denied); give one of 1024"),
        (errno.EADDRNOTAVAIL, "cannot listen on port 80 of 127.0.0.1: Cannot assign"),
    ],
)
def test_a_port_that_cannot_be_had_is_refused_for_what_it_is(number: int, said: str) -> None:
    assert port_problem(80, OSError(number, os.strerror(number))).startswith(said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"FLOWER_BASIC_AUTH": "nobody"}, "FLOWER_BASIC_AUTH: give user:password"),
        ({"FLOWER_AUTH": ".*@x.org"}, "FLOWER_OAUTH2_SECRET: not set"),
        ({"AXIOMATIC_KEEP_HOUR": "1"}, "the nearest is AXIOMATIC_KEEP_HOURS"),
    ],
)
def test_a_wrong_environment_is_bad_usage_and_starts_nothing(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    done = subprocess.run(
        [*UP, "--port", str(free_ports()), "--flower"],
        check=False,
        env=clean_environment(tmp_path, **given),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert not left_behind(tmp_path)


def test_a_killed_installation_takes_its_store_workers_and_folders_with_it(tmp_path: Path) -> None:
    code = (
        "import sys; from web.stack import Stack\n"
        "with Stack(workers=1) as stack:\n"
        "    print('up', flush=True); sys.stdin.read()"
    )
    with started([sys.executable, "-c", code], clean_environment(tmp_path)) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "up\n"
        running.kill()
        running.wait()
    # the last process removes the last folder: wait for it as long as a warm shutdown may take
    deadline = time.monotonic() + 60
    while left_behind(tmp_path):
        assert time.monotonic() < deadline, list(tmp_path.rglob("*"))
        time.sleep(0.05)
