"""Checks before a worker takes a job: a Redis that keeps jobs, and a limit on memory."""

import logging
from contextlib import suppress

from redis import Redis
from redis.exceptions import AuthenticationError

from core.errors import AxiomaticError
from workers.engine.connection import connect
from workers.installation.settings import Settings

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

_MEBIBYTE = 1024 * 1024


class UnsoundStore(AxiomaticError):
    """The Redis that is configured would lose or forget jobs."""


def require_sound_store(settings: Settings) -> None:
    """Refuse a Redis that evicts keys, and one that cannot be used at all.

    Raises
    ------
    UnsoundStore
        It names the problem and the setting that mends it.
    """
    problem = store_problem(connect(settings), settings)
    if problem is not None:
        raise UnsoundStore(problem)


def store_problem(redis: "Redis", settings: Settings) -> str | None:
    """Problem with a Redis in one sentence, or ``None``.

    Read from INFO, not CONFIG, which hosted Redis services refuse.
    """
    try:
        memory = redis.info("memory")
        cluster = redis.info("cluster")
        persistence = redis.info("persistence")
    except AuthenticationError as error:
        return f"Redis refuses the password: {error}"
    policy, most = memory.get("maxmemory_policy", "noeviction"), int(memory.get("maxmemory", 0))
    if policy != "noeviction":
        return (
            f"Redis has maxmemory-policy {policy}: it would drop jobs and their data when it is "
            "full. Set maxmemory-policy noeviction."
        )
    needed = settings.store_bytes + settings.cache_bytes
    if 0 < most < needed:
        return (
            f"Redis has maxmemory {most // _MEBIBYTE} MB, less than the {needed // _MEBIBYTE} MB "
            "that jobs' arrays and the scenario cache may take; raise maxmemory, or lower "
            "AXIOMATIC_STORE_MB or AXIOMATIC_CACHE_MB."
        )
    if cluster.get("cluster_enabled"):
        return "Redis Cluster cannot be used: a job's keys lie on one node. Give a single Redis."
    if not persistence.get("aof_enabled"):
        log.info("Redis keeps no append-only file: a restart of it forgets every job")
    return None


def limit_memory(most_bytes: int) -> None:
    """Limit the private memory of this process; 0 sets no limit.

    An allocation beyond it raises MemoryError in the chunk that needs it, and that job fails with
    the reason. Without the limit the system would kill any process it likes.
    """
    if most_bytes == 0 or resource is None:
        return
    # private memory only: shared libraries and reserved address space cost nothing
    with suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
