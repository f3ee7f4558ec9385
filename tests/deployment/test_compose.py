"""docker-compose.yml without Docker: its schema, its settings, and its commands run by hand."""

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from web.server import config
from web.submission import MAX_WAIT_SECONDS
from workers.installation.embedded_store import find_server
from workers.installation.environment import FLOWER_VARIABLES, VARIABLES
from workers.installation.settings import Settings

Services = dict[str, dict[str, Any]]
Compose = Callable[[Mapping[str, str]], dict[str, Any]]

OURS = ("web", "worker", "flower")
# one machine's own: compose gives the processes the container's address, and files are mounted
NOT_PASSED = {
    "AXIOMATIC_BIND",
    "AXIOMATIC_PORT",
    "AXIOMATIC_REDIS_PASSWORD_FILE",
    "AXIOMATIC_REDIS_CA_FILE",
    "AXIOMATIC_REDIS_CERT_FILE",
    "AXIOMATIC_REDIS_KEY_FILE",
    "AXIOMATIC_OWNERSHIP_MODEL",
    # a user's, not an installation's
    "AXIOMATIC_KEY",
}


def seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)s", text)
    assert found, text
    return int(found[1])


def follows_the_schema(file: Path) -> bool:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(file)], check=False, capture_output=True, text=True)
    return done.returncode == 0


def test_it_follows_the_compose_specification(root: Path, tmp_path: Path) -> None:
    assert follows_the_schema(root / "docker-compose.yml")
    text = (root / "docker-compose.yml").read_text(encoding="utf-8")
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(text.replace("stop_grace_period", "stop_grace_time"))
    assert not follows_the_schema(wrong)


def test_it_starts_nothing_until_its_secrets_are_set(
    compose: Compose, secrets: dict[str, str]
) -> None:
    for name in secrets:
        with pytest.raises(LookupError, match=f"{name}: see the top of docker-compose.yml"):
            compose({other: value for other, value in secrets.items() if other != name})


def test_its_own_first_lines_make_the_secrets(
    root: Path, tmp_path: Path, secrets: dict[str, str]
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the documented step needs openssl")
    lines = (root / "docker-compose.yml").read_text(encoding="utf-8").splitlines()
    script = "\n".join(line.removeprefix("# ") for line in lines[:2]).removeprefix("Once:")
    subprocess.run(["sh", "-ec", script], check=True, cwd=tmp_path)
    made = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines() if line)
    assert set(made) == set(secrets)
    assert re.fullmatch(r"[0-9a-f]{48}", made["AXIOMATIC_REDIS_PASSWORD"])
    assert re.fullmatch(r"axiomatic:[0-9a-f]{24}", made["FLOWER_BASIC_AUTH"])


def test_the_example_environment_has_every_variable_and_no_secret(
    root: Path, compose_variables: dict[str, str | None]
) -> None:
    lines = (root / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.removeprefix("#").split("=", 1) for line in lines if re.match(r"#?[A-Z]", line))
    example = dict(pair for pair in pairs if len(pair) == 2)
    assert example == {name: default or "" for name, default in compose_variables.items()}


def test_no_secret_is_committed(root: Path, compose_variables: dict[str, str | None]) -> None:
    for name, default in compose_variables.items():
        if re.search("PASSWORD|AUTH|SECRET|KEY$", name):
            assert default is None, name
    ignored = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ".env" in ignored


@pytest.mark.parametrize("name", ["redis", *OURS])
def test_a_service_is_watched_limited_and_has_no_more_rights_than_it_needs(
    services: Services, name: str
) -> None:
    service = services[name]
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"memory", "pids"}
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108
    assert not re.search(r":latest$|^[^:]+/[^:]+$", service["image"])


def test_only_this_machine_reaches_it(services: Services) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["web", "flower"]
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_there_can_be_any_number_of_workers(services: Services) -> None:
    # each of these would be the same for all of them
    taken = {"container_name", "ports", "hostname", "network_mode", "mac_address"}
    assert not taken & set(services["worker"])
    # so that a worker's node is named by its container
    assert not {"--hostname", "-n", "--pidfile"} & set(services["worker"]["command"])


def test_a_part_gets_longer_to_stop_than_it_takes(services: Services) -> None:
    settings = Settings("redis://here")
    assert seconds(services["worker"]["stop_grace_period"]) > settings.stop_seconds + 15
    assert services["worker"]["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
    assert "python:web.server.config" in services["web"]["command"]
    graceful = config.graceful_timeout
    assert MAX_WAIT_SECONDS < graceful < seconds(services["web"]["stop_grace_period"])
    assert all(services[name]["init"] for name in OURS)


def test_every_setting_reaches_the_processes_with_its_own_default(
    compose: Compose, services: Services, secrets: dict[str, str]
) -> None:
    told = {name: f"7{place}" for place, name in enumerate(v.name for v in VARIABLES)}
    web = compose({**secrets, **told})["services"]
    for variable in VARIABLES:
        name = variable.name
        if name in NOT_PASSED or name in secrets or name == "REDIS_URL":
            continue
        if name in services["web"]["environment"]:
            for service in OURS:
                assert services[service]["environment"][name] == variable.default, name
                assert web[service]["environment"][name] == told[name], name
        else:
            service = {"AXIOMATIC_WORKERS": "worker", "AXIOMATIC_WEB_WORKERS": "web"}[name]
            assert variable.default in services[service]["command"], name
            assert told[name] in web[service]["command"], name


@pytest.mark.parametrize("name", OURS)
def test_the_processes_accept_the_environment_they_are_given(services: Services, name: str) -> None:
    environment = {key: str(value) for key, value in services[name]["environment"].items()}
    settings = Settings.from_environment(environment)
    assert settings == Settings("redis://:0a1b2c3d@redis:6379/0")


def test_redis_has_room_for_what_the_settings_promise(services: Services) -> None:
    mebibytes = {"mb": 1, "gb": 1024, "m": 1, "g": 1024}

    def size(text: str) -> int:
        found = re.fullmatch(r"(\d+)([a-z]+)", text)
        assert found
        return int(found[1]) * mebibytes[found[2]]

    redis = services["redis"]
    most = size(redis["environment"]["REDIS_MAXMEMORY"])
    # beside the arrays: messages, results, records, slates; and a rewrite of the file needs room
    settings = Settings("redis://here")
    assert (settings.store_bytes + settings.cache_bytes) // 2**20 * 1.5 <= most
    assert most * 1.4 <= size(redis["deploy"]["resources"]["limits"]["memory"])


def test_a_childs_own_limit_is_reached_before_its_containers(services: Services) -> None:
    worker = services["worker"]
    children = int(worker["command"][worker["command"].index("--concurrency") + 1])
    child = int(worker["environment"]["AXIOMATIC_CHILD_MEMORY_MB"])
    container = re.fullmatch(r"(\d+)g", worker["deploy"]["resources"]["limits"]["memory"])
    assert container
    assert children * child + 512 <= int(container[1]) * 1024


def test_flower_asks_for_a_login(services: Services, secrets: dict[str, str]) -> None:
    environment = services["flower"]["environment"]
    assert environment["FLOWER_BASIC_AUTH"] == secrets["FLOWER_BASIC_AUTH"]
    known = {variable.name for variable in FLOWER_VARIABLES}
    assert {name for name in environment if name.startswith("FLOWER_")} <= known


def test_compose_and_procfile_start_the_same_commands(
    services: Services, procfile: dict[str, str]
) -> None:
    assert set(procfile) == set(OURS)
    for name, line in procfile.items():
        command = services[name]["command"]
        # a supervisor must signal the process, not a shell
        assert line.startswith("exec "), name
        # the line as the shell expands it with no variable set
        shown = subprocess.run(
            ["sh", "-c", f'printf "%s\\n" {line.removeprefix("exec ")}'],
            check=True,
            env={},
            capture_output=True,
            text=True,
        )
        words = shown.stdout.splitlines()
        if words[0] == "env":
            variable, value = words[1].split("=")
            assert services[name]["environment"][variable] == value
            words = words[2:]
        if "--bind" in words:
            # inside a container the loopback interface reaches nobody
            assert words[words.index("--bind") + 1] == "127.0.0.1:8000"
            words[words.index("--bind") + 1] = "0.0.0.0:8000"
        assert words == command, shlex.join(command)


def test_the_command_of_redis_asks_for_the_password_and_keeps_what_it_is_told(
    services: Services, tmp_path: Path
) -> None:
    service = services["redis"]
    socket = tmp_path / "redis.sock"
    server = tmp_path / "redis-server"
    # the command of the file, but listening on a socket of this test
    server.write_text(f'#!/bin/sh\nexec {find_server()} "$@" --port 0 --unixsocket {socket}\n')
    server.chmod(0o700)
    environment = {**service["environment"], "PATH": f"{tmp_path}:/usr/bin:/bin"}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            service["command"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL
        )

    def ping(url: str) -> bool:
        deadline = time.monotonic() + 30
        with Redis.from_url(url) as redis:
            while True:
                try:
                    return bool(redis.ping())
                except AuthenticationError:
                    return False
                except RedisConnectionError:
                    assert time.monotonic() < deadline

    password = service["environment"]["REDISCLI_AUTH"]
    url = f"unix://:{password}@{socket}"
    running = start()
    try:
        assert ping(url)
        assert not ping(f"unix://{socket}")
        assert not ping(f"unix://:wrong@{socket}")
        with Redis.from_url(url, decode_responses=True) as redis:
            asked = redis.config_get("append*", "maxmemory*")
            assert asked["appendonly"] == "yes"
            assert asked["appendfsync"] == "everysec"
            assert asked["maxmemory-policy"] == "noeviction"
            assert asked["maxmemory"] == str(2 * 2**30)
            redis.set("kept", "yes")
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        assert password not in listed.stdout
        # the shell has replaced itself by the server, which therefore gets the signal
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
        running = start()
        assert ping(url)
        with Redis.from_url(url, decode_responses=True) as redis:
            assert redis.get("kept") == "yes"
    finally:
        running.kill()
        running.wait()


def test_the_health_checks_call_what_there_is(services: Services) -> None:
    assert services["worker"]["healthcheck"]["test"] == [
        "CMD",
        "python",
        "-m",
        "workers.installation.healthcheck",
    ]
    for name, path in (("web", ":8000/health"), ("flower", ":5555/healthcheck")):
        code = services[name]["healthcheck"]["test"][-1]
        compile(code, name, "exec")
        assert f"http://127.0.0.1{path}" in code
    assert services["redis"]["healthcheck"]["test"][1].startswith("redis-cli ping | grep")
