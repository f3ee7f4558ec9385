"""The settings that the engine reads, whoever keeps them."""

from typing import Any, Protocol


class EngineSettings(Protocol):
    """The settings that the engine reads; hashable, as connections are shared by them."""

    def __hash__(self) -> int: ...

    @property
    def redis_url(self) -> str:
        """Address of the one Redis, with its password."""

    @property
    def keep_seconds(self) -> int:
        """How long a job may take, and how long its record is kept once it has ended."""

    @property
    def store_bytes(self) -> int:
        """Room in Redis for all jobs together."""

    @property
    def cache_bytes(self) -> int:
        """Room in Redis for arrays that later jobs may use again; 0 for none."""

    @property
    def child_memory_bytes(self) -> int:
        """Private memory that one worker child may take; 0 for no limit."""

    @property
    def chunk_limit_seconds(self) -> int:
        """A chunk that runs longer is stopped, and its job fails."""

    @property
    def stop_seconds(self) -> int:
        """How long a worker that is told to stop may go on finishing."""

    def connection_options(self) -> dict[str, Any]:
        """Keywords of ``redis.Redis.from_url`` beside the address."""

    def celery_configuration(self) -> dict[str, Any]:
        """Celery's own settings for this Redis."""
