"""The one way to Redis beside Celery's own: retries on a lost connection, bytes out."""

from functools import cache

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from workers.blobs import Blobs
from workers.settings import Settings


@cache
def connect(url: str) -> "Redis":
    """Give the connection pool to the Redis at ``url``."""
    # from_url has no retries by default, and a restart of Redis takes about a second
    return Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), 6),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        health_check_interval=30,
    )


def blobs(settings: Settings) -> Blobs:
    """Give the blobs of this installation's Redis."""
    return _blobs(settings.redis_url, settings.keep_seconds)


@cache
def _blobs(url: str, keep_seconds: int) -> Blobs:
    return Blobs(connect(url), keep_seconds)
