"""What a worker makes sure of before it takes a job."""

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
    """Refuse a Redis that evicts, and one that cannot be used at all.

    Raises
    ------
    UnsoundStore
        Naming what is wrong and the setting that mends it.
    """
    problem = store_problem(connect(settings), settings)
    if problem is not None:
        raise UnsoundStore(problem)


def store_problem(redis: "Redis", settings: Settings) -> str | None:
    """Say what is wrong with a Redis; ``None`` if nothing is.

    INFO is asked, not CONFIG, which hosted ones refuse.
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
    """Let this process take no more memory than this; 0 sets no limit.

    An allocation above it is a MemoryError in the chunk that asked for it, whose job fails with
    that reason; without it, the system would kill whom it likes.
    """
    if most_bytes == 0 or resource is None:
        return
    # private memory alone: shared libraries and reserved address space cost nothing
    with suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
