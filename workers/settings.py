"""Configuration, read from the environment in one place and checked before anything starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import InvalidInput

HOUR = 3600
KEEP_SECONDS = 24 * HOUR
KEEP_SLATES_SECONDS = 30 * 24 * HOUR


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs.

    Parameters
    ----------
    redis_url
        ``redis://``, ``rediss://`` or ``unix://`` address of the one Redis: broker, results, store.
    keep_seconds
        How long jobs, their results and their blobs are kept.
    keep_slates_seconds
        How long an uploaded slate is kept.
    """

    redis_url: str
    keep_seconds: int = KEEP_SECONDS
    keep_slates_seconds: int = KEEP_SLATES_SECONDS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``REDIS_URL``, ``AXIOMATIC_KEEP_HOURS`` and ``AXIOMATIC_KEEP_SLATES_HOURS``.

        Raises
        ------
        InvalidInput
            A variable is absent or is not what it should be; all that are wrong are named.
        """
        problems: dict[str, str] = {}
        url = environment.get("REDIS_URL", "")
        parts = urlsplit(url)
        if not url:
            problems["REDIS_URL"] = "not set; give the address of Redis, redis://host:6379/0 say."
        elif parts.scheme not in {"redis", "rediss", "unix"}:
            problems["REDIS_URL"] = (
                f"scheme {parts.scheme!r}; give redis://, rediss:// or unix:// and an address."
            )

        def hours(name: str, default: int) -> int:
            text = environment.get(name, "")
            if not text:
                return default
            if not text.isdecimal() or not 1 <= int(text) <= 24 * 365:
                problems[name] = f"{text!r}; give whole hours from 1 to 8760."
                return default
            return int(text) * HOUR

        keep = hours("AXIOMATIC_KEEP_HOURS", KEEP_SECONDS)
        keep_slates = hours("AXIOMATIC_KEEP_SLATES_HOURS", KEEP_SLATES_SECONDS)
        if problems:
            raise InvalidInput(problems)
        return cls(url, keep, keep_slates)

    @property
    def celery_url(self) -> str:
        """The address as Celery spells it: a unix socket is ``redis+socket://``."""
        parts = urlsplit(self.redis_url)
        if parts.scheme != "unix":
            return self.redis_url
        database = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        return f"redis+socket://{parts.path}?virtual_host={database.get('db', '0')}"
