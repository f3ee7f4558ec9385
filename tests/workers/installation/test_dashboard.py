import os
import subprocess
import sys

import pytest

from core.errors import InvalidInput
from workers.installation.dashboard import command

OAUTH2 = {
    "FLOWER_AUTH": "me@example.org",
    "FLOWER_AUTH_PROVIDER": "flower.views.auth.GithubLoginHandler",
    "FLOWER_OAUTH2_KEY": "key",
    "FLOWER_OAUTH2_SECRET": "secret",
    "FLOWER_OAUTH2_REDIRECT_URI": "https://example.org/login",
}


def test_it_listens_on_the_loopback_interface_unless_told_otherwise() -> None:
    login = {"FLOWER_BASIC_AUTH": "me:pw"}
    assert command(login)[-2:] == ["--address=127.0.0.1", "--port=5555"]
    told = command({**login, "FLOWER_ADDRESS": "0.0.0.0", "FLOWER_PORT": "80"})  # noqa: S104
    assert told[-2:] == ["--address=0.0.0.0", "--port=80"]


def test_a_login_is_not_on_the_command_line_for_all_to_see() -> None:
    assert "pw" not in " ".join(command({"FLOWER_BASIC_AUTH": "me:pw,you:pw"}))
    assert "secret" not in " ".join(command(OAUTH2))


@pytest.mark.parametrize("login", ["", "me", "me:", ":pw", "me:pw,you", "me:p,w"])
def test_without_a_login_it_does_not_start(login: str) -> None:
    with pytest.raises(InvalidInput, match=r"FLOWER_BASIC_AUTH: .*user:password"):
        command({"FLOWER_BASIC_AUTH": login})


@pytest.mark.parametrize("absent", OAUTH2)
def test_half_of_oauth2_is_no_login(absent: str) -> None:
    with pytest.raises(InvalidInput, match=f"{absent}: not set"):
        command({**OAUTH2, absent: ""})


def test_a_wrong_port_is_named_beside_the_absent_login() -> None:
    with pytest.raises(InvalidInput) as refused:
        command({"FLOWER_PORT": "tcp://10.0.0.7:5555"})
    assert set(refused.value.messages) == {"FLOWER_PORT", "FLOWER_BASIC_AUTH"}


@pytest.mark.slow
def test_the_process_leaves_with_what_to_set() -> None:
    environment = {**os.environ, "REDIS_URL": "redis://nowhere", "FLOWER_BASIC_AUTH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "workers.installation.dashboard"],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "FLOWER_BASIC_AUTH: not set; give user:password" in done.stderr
