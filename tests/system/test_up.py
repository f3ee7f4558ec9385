"""``axiomatic up``: an installation that starts whole and ends whole."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest


@pytest.mark.parametrize(("told", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_it_serves_until_told_to_stop_and_leaves_nothing(
    tmp_path: Path, told: signal.Signals, code: int
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    command = [sys.executable, "-c", "from web.cli import main; main()", "up"]
    with subprocess.Popen(
        [*command, "--port", str(port), "--workers", "1"],
        env={**environment, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        # the first line comes when everything answers
        assert f"http://127.0.0.1:{port}" in running.stdout.readline()
        assert httpx.get(f"http://127.0.0.1:{port}/health/ready").json()["workers"] == 1
        assert list(tmp_path.iterdir())
        running.send_signal(told)
        assert running.wait(60) == code
    assert not list(tmp_path.iterdir())
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/health")


def test_a_killed_installation_takes_its_store_workers_and_folders_with_it(tmp_path: Path) -> None:
    code = (
        "import sys; from web.stack import Stack\n"
        "with Stack(workers=1) as stack:\n"
        "    print('up', flush=True); sys.stdin.read()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**environment, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "up\n"
        running.kill()
        running.wait()
    # the last process removes the last folder: wait for it as long as a warm shutdown may take
    deadline = time.monotonic() + 60
    while list(tmp_path.iterdir()):
        assert time.monotonic() < deadline, list(tmp_path.rglob("*"))
        time.sleep(0.05)
