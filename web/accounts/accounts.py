"""The users of an installation, in its Redis.

Two hashes: every account by its name, and the accounts whose key is valid by the hash of the key.
An account stays when its key is revoked, so that a new key finds the user's slates and jobs, and so
that an installation that once had users is never open again.
"""

import secrets
import time
import unicodedata
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from redis import Redis
from redis.client import Pipeline

from core.errors import AxiomaticError, InvalidInput
from web.accounts.keys import hash_of, new_key, same_hash
from web.accounts.user import OPEN_USER, User

_BY_NAME = "axiomatic:accounts"
_BY_KEY = "axiomatic:account-keys"
_LONGEST_NAME = 64
_EVERYBODY = "*"


class UnknownUser(AxiomaticError):
    """There is no user of this name."""


class Account(msgspec.Struct, frozen=True):
    """A user as it is kept.

    Parameters
    ----------
    user_id, name, admin
        As :class:`~web.accounts.user.User`.
    created_at, key_made_at
        When the user was added, and when the last key was made, in seconds since 1970.
    key_hash
        Hash of the valid key; ``None`` once it is revoked.
    """

    user_id: str
    name: str
    admin: bool
    created_at: float
    key_made_at: float
    key_hash: str | None

    @property
    def user(self) -> User:
        """The user."""
        return User(self.user_id, self.name, self.admin)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a request's key says.

    Parameters
    ----------
    has_users
        Whether the installation has users at all.
    user
        Whose key it is; ``None`` if it is no valid key, or there was none.
    """

    has_users: bool
    user: User | None


_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(Account).decode


def check_name(text: str) -> str:
    """The name of a user, composed (Unicode NFC), so that the same letters are the same name.

    Raises
    ------
    InvalidInput
        It is empty, too long, begins or ends with a space, has control, zero-width or bidi
        characters, or is ``*``, which means everybody.
    """
    name = unicodedata.normalize("NFC", text)
    problem = None
    if not name.strip():
        problem = "empty; give the user's name."
    elif len(name) > _LONGEST_NAME:
        problem = f"{len(name)} characters; give at most {_LONGEST_NAME}."
    elif not name.isprintable():
        problem = f"{name!a}; it has a character that cannot be seen. Leave that out."
    elif name != name.strip():
        problem = f"{name!r}; leave out the spaces around it."
    elif name == _EVERYBODY:
        problem = "'*' means everybody; give another name."
    if problem is not None:
        raise InvalidInput({"NAME": problem})
    return name


class Accounts:
    """The users of one installation.

    Parameters
    ----------
    redis
        A connection that returns bytes. Its calls may be repeated where an answer was lost, so
        each writes the same however often it runs.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    def add(self, name: str, *, admin: bool = False) -> tuple[Account, str]:
        """Add a user, or make a new key for one that is there; returns the account and the key.

        The key that a user had is no longer valid. A user that is there keeps its id, and with it
        its slates and jobs, and stays an administrator. The first user becomes an administrator
        and owns what was there before.

        Raises
        ------
        InvalidInput
            The name cannot be used.
        """
        name = check_name(name)
        key, user_id, moment = new_key(), secrets.token_hex(8), time.time()

        def write(pipeline: "Pipeline") -> Account:
            first = not pipeline.hlen(_BY_NAME)
            before = _read(pipeline.hget(_BY_NAME, name))
            account = Account(
                user_id=before.user_id if before else OPEN_USER.user_id if first else user_id,
                name=name,
                admin=admin or first or (before is not None and before.admin),
                created_at=before.created_at if before else moment,
                key_made_at=moment,
                key_hash=hash_of(key),
            )
            pipeline.multi()
            _replace(pipeline, before, account)
            return account

        return cast("Account", self._change(write)), key

    def revoke(self, name: str) -> Account:
        """Make a user's key invalid, from the next request on; the user's slates and jobs stay.

        Raises
        ------
        InvalidInput
            The name cannot be one.
        UnknownUser
            There is no such user.
        """
        name = check_name(name)

        def write(pipeline: "Pipeline") -> Account:
            before = _read(pipeline.hget(_BY_NAME, name))
            if before is None:
                raise UnknownUser(f"No user {name}; axiomatic users list shows who there is.")
            account = msgspec.structs.replace(before, key_hash=None)
            pipeline.multi()
            _replace(pipeline, before, account)
            return account

        return cast("Account", self._change(write))

    def every(self) -> list[Account]:
        """Every user, also those without a valid key, by name."""
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(_BY_NAME))
        return sorted((_decode(document) for document in raw.values()), key=lambda each: each.name)

    def find(self, name: str) -> Account | None:
        """The user of a name, or ``None``."""
        return _read(self._redis.hget(_BY_NAME, unicodedata.normalize("NFC", name)))

    def exist(self) -> bool:
        """Whether the installation has, or ever had, a user."""
        return bool(self._redis.exists(_BY_NAME))

    def sign_in(self, key: str | None) -> SignIn:
        """What a request's key says, in one call of Redis; ``None`` is a request without a key."""
        wanted = hash_of(key or "")
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.exists(_BY_NAME)
        pipeline.hget(_BY_KEY, wanted)
        has_users, document = pipeline.execute()
        account = _read(document)
        # found by its hash already; compared once more as secrets are compared
        if key is None or account is None or not same_hash(account.key_hash or "", wanted):
            return SignIn(bool(has_users), None)
        return SignIn(has_users=True, user=account.user)

    def _change(self, write: Any) -> Any:
        """Run a function that reads, and then queues what it writes, as one step."""
        return self._redis.transaction(write, _BY_NAME, value_from_callable=True)


def _replace(pipeline: "Pipeline", before: Account | None, account: Account) -> None:
    document = _encode(account)
    pipeline.hset(_BY_NAME, account.name, document)
    if before is not None and before.key_hash is not None:
        pipeline.hdel(_BY_KEY, before.key_hash)
    if account.key_hash is not None:
        pipeline.hset(_BY_KEY, account.key_hash, document)


def _read(document: object) -> Account | None:
    return _decode(document) if isinstance(document, bytes) else None
