"""What the engine is handed by an installation: its settings, its plans and its version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.engine.options import EngineSettings
from workers.engine.stages import Plan


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
