"""Connections to Redis beside Celery's own: one outlasts a restart, one fails within seconds."""

import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from workers.engine.options import EngineSettings

CONNECT_SECONDS = 5.0
# a Redis that forks for its append-only file, or a machine that swaps, may stall for seconds
REPLY_SECONDS = 15.0
BRIEF_SECONDS = 2.0
# 0.1, 0.2, 0.4, 0.8 s, then one a second: 17.5 s together, longer than a restart takes
PATIENT = 20
# about two seconds: a caller who waits is better told that Redis is away
PROMPT = 5


class _UnlessHopeless(Retry):
    """Retries, except after errors that no waiting can mend."""

    def call_with_retry(
        self,
        do: Callable[[], Any],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> Any:
        """Call ``do`` as :class:`Retry` does, but raise configuration errors at once."""

        def worth_it(error: Exception) -> bool:
            return not _hopeless(error) and (is_retryable is None or is_retryable(error))

        return super().call_with_retry(do, fail, worth_it, with_failure_count)


def _hopeless(error: Exception) -> bool:
    # redis-py reports both as lost connections, the certificate's error as their context
    return isinstance(error, AuthenticationError) or isinstance(
        error.__context__, ssl.SSLCertVerificationError
    )


@cache
def connect(settings: EngineSettings, retries: int = PATIENT) -> "Redis":
    """The connection pool of the installation's Redis.

    A call is retried until Redis has been away for about 17 seconds, or ``retries`` times. A call
    whose answer was lost runs twice, so every command sent must bear being repeated.
    """
    return Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=REPLY_SECONDS,
        retry=_UnlessHopeless(ExponentialBackoff(cap=1.0, base=0.05), retries),
        health_check_interval=30,
        **settings.connection_options(),
    )


def connect_briefly(settings: EngineSettings) -> "Redis":
    """A connection of the caller's own that fails within seconds instead of retrying.

    For a thread that has other work to do; the caller closes it.
    """
    return Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=BRIEF_SECONDS,
        socket_timeout=BRIEF_SECONDS,
        retry=Retry(NoBackoff(), 0),
        **settings.connection_options(),
    )
