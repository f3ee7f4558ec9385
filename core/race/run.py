"""The record of a run. With the spec that it names, it is enough to repeat every bit of the run."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from core.errors import InvalidInput
from core.race.spec import canonical_json


@dataclass(frozen=True, slots=True)
class SimulationParameters:
    """Number of races simulated, and number of races in a block."""

    n_scenarios: int
    block_scenarios: int

    def __post_init__(self) -> None:
        if self.n_scenarios < 1 or self.block_scenarios < 1:
            raise InvalidInput({"n_scenarios": f"{self.n_scenarios} scenarios; give at least 1."})


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One run.

    Parameters
    ----------
    run_id
        The job's id.
    spec_hash
        Hash of the constraint spec that was simulated.
    simulation
        Number of races and size of a block.
    seed
        Seed of every random stream, >= 0.
    created_at
        Time of the request, with a time zone.
    """

    run_id: str
    spec_hash: str
    simulation: SimulationParameters
    seed: int
    created_at: datetime

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InvalidInput({"seed": f"{self.seed} is negative; give 0 or more."})
        if self.created_at.tzinfo is None:
            raise InvalidInput({"created_at": "has no time zone."})

    def to_json(self) -> str:
        """The record as canonical JSON."""
        return canonical_json({**asdict(self), "created_at": self.created_at.isoformat()})

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        """The record rebuilt: ``from_json(run.to_json()) == run``."""
        document = json.loads(text)
        return cls(
            **{
                **document,
                "simulation": SimulationParameters(**document["simulation"]),
                "created_at": datetime.fromisoformat(document["created_at"]),
            }
        )
