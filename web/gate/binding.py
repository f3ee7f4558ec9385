"""Where a server may listen that asks nobody for a key."""

from collections.abc import Sequence

from redis.exceptions import RedisError

from core.errors import AxiomaticError
from web.accounts import Accounts
from web.loopback import is_loopback
from workers.engine.connection import PATIENT, connect
from workers.installation.settings import Settings

Address = str | tuple[str, int]
"""Path of a unix socket, or host and port."""


def require_users(addresses: Sequence[Address]) -> None:
    """Check that the installation has users if other machines can reach it.

    Parameters
    ----------
    addresses
        Where the server is about to listen.

    Raises
    ------
    SystemExit
        It has none, Redis does not answer, or a setting is wrong.
    """
    far = [address for address in addresses if not _is_near(address)]
    if not far:
        return
    try:
        settings = Settings.from_environment()
        has_users = Accounts(connect(settings, PATIENT)).exist()
    except AxiomaticError as error:
        raise SystemExit(f"The API does not start. {error}") from None
    except RedisError as error:
        raise SystemExit(f"The API does not start: Redis cannot be reached ({error}).") from None
    if not has_users:
        raise SystemExit(
            f"The API does not listen on {', '.join(map(_shown, far))}: the installation has no "
            "users, so whoever reaches it could use it. Make one with: axiomatic users add NAME; "
            "or listen on 127.0.0.1."
        )


def _is_near(address: Address) -> bool:
    """Whether only this machine reaches it."""
    return isinstance(address, str) or is_loopback(address[0])


def _shown(address: Address) -> str:
    return address if isinstance(address, str) else f"{address[0]}:{address[1]}"
