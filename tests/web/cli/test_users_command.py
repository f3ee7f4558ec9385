"""``axiomatic users`` as its user reads it."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from redis import Redis

from web.accounts import KEY_PREFIX, Accounts
from web.cli.users import users
from workers.installation.settings import Settings

DATABASE = 8


@pytest.fixture
def url(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a store that is empty before the test and after it."""
    address = f"{settings.redis_url}?db={DATABASE}"
    monkeypatch.setenv("REDIS_URL", address)
    with Redis.from_url(address) as redis:
        redis.flushdb()
        yield address
        redis.flushdb()


def run(*arguments: str) -> tuple[str, str]:
    done = CliRunner().invoke(users, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def test_a_key_stands_alone_on_standard_output_and_signs_its_user_in(url: str) -> None:
    assert "There are no users" in run("list")[0]
    key, said = run("add", "ann")
    assert key.startswith(KEY_PREFIX)
    assert "ann, administrator" in said
    with Redis.from_url(url) as redis:
        signed = Accounts(redis).sign_in(key.strip())
    assert signed.user is not None
    assert (signed.user.name, signed.user.admin) == ("ann", True)


def test_a_revoked_key_shows_as_one_until_another_is_made(url: str) -> None:
    run("add", "ann")
    first = run("add", "bob")[0].strip()
    run("revoke", "bob")
    assert "revoked" in run("list")[0]
    second = run("add", "bob")[0].strip()
    assert "revoked" not in run("list")[0]
    with Redis.from_url(url) as redis:
        found = [Accounts(redis).sign_in(key).user for key in (first, second)]
    assert [user and user.name for user in found] == [None, "bob"]
