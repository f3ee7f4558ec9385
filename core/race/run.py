"""The record of a run: together with the spec that it names, enough to repeat every bit of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from core.errors import InvalidInput

_OWN_KEYS = ("spec_hash", "seed", "simulation", "run_id", "created_at")


@dataclass(frozen=True, slots=True)
class SimulationParameters:
    """How many races a run simulates.

    Parameters
    ----------
    n_scenarios
        Races in all.
    block_scenarios
        Races in a block; every block has a random stream of its own.
    selection_scenarios, report_scenarios
        Races that lineups are chosen on, and other races that figures are reported on.
    """

    n_scenarios: int
    block_scenarios: int
    selection_scenarios: int
    report_scenarios: int

    def __post_init__(self) -> None:
        problems = {
            name: f"{count} races; give at least 1."
            for name, count in asdict(self).items()
            if count < 1
        }
        if problems:
            raise InvalidInput(problems)


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One run.

    Parameters
    ----------
    spec_hash
        Hash of the constraint spec that was simulated.
    seed
        Seed of every random stream, >= 0.
    simulation
        Numbers of races.
    choice
        How lineups were chosen from the races: the objective and its parameters, as JSON values.
    run_id
        The job's id; ``None`` until it is known which job the run belongs to.
    created_at
        When the job was created, with a time zone; ``None`` as ``run_id``.

    Raises
    ------
    InvalidInput
        A negative seed, a time without a zone, or a key of ``choice`` that is one of the record's.
    """

    spec_hash: str
    seed: int
    simulation: SimulationParameters
    choice: Mapping[str, Any] = field(default_factory=dict)
    run_id: str | None = None
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InvalidInput({"seed": f"{self.seed} is negative; give 0 or more."})
        if self.created_at is not None and self.created_at.tzinfo is None:
            raise InvalidInput({"created_at": "has no time zone."})
        taken = [name for name in self.choice if name in _OWN_KEYS]
        if taken:
            raise InvalidInput({f"choice.{name}": "is a key of every run." for name in taken})

    def to_document(self) -> dict[str, Any]:
        """``run_config`` of an answer: JSON, without the job's id and time where not known."""
        job: dict[str, Any] = {}
        if self.run_id is not None:
            job["run_id"] = self.run_id
        if self.created_at is not None:
            job["created_at"] = self.created_at.isoformat()
        return {
            "spec_hash": self.spec_hash,
            "seed": self.seed,
            "simulation": asdict(self.simulation),
            **self.choice,
            **job,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RunConfig":
        """Read a record back; ``from_document(run.to_document()) == run``."""
        created_at = document.get("created_at")
        return cls(
            spec_hash=document["spec_hash"],
            seed=document["seed"],
            simulation=SimulationParameters(**document["simulation"]),
            choice={name: value for name, value in document.items() if name not in _OWN_KEYS},
            run_id=document.get("run_id"),
            created_at=None if created_at is None else datetime.fromisoformat(created_at),
        )
