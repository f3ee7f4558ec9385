"""What the engine is handed by an installation: its settings, its plans and its version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from workers.engine.stages import Plan


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


def queue_name(version: str) -> str:
    """Celery's queue of a version: two versions side by side take their own messages only."""
    return f"axiomatic-{version}"


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Everything the engine is handed.

    Parameters
    ----------
    settings
        The installation's.
    plans
        Every kind of job there is, by name.
    version
        The release and a fingerprint of its code: jobs belong to the version that accepted them.
    """

    settings: EngineSettings
    plans: Mapping[str, Plan[Any]]
    version: str

    @property
    def queue(self) -> str:
        """Celery's queue of this version."""
        return queue_name(self.version)
