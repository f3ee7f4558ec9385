"""What a job's stages have found so far: one record a stage, looked up by a key that has its type.

A stage is declared where its key is; whoever reads its record imports the key, so the type checker
knows what the record holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

FactT = TypeVar("FactT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Key(Generic[FactT]):
    """The name of a stage, and the kind of record that it leaves.

    Parameters
    ----------
    name
        As users see it in a job's status.
    record
        The kind of record.
    """

    name: str
    record: type[FactT]


class Facts:
    """The records of the stages that are done.

    Parameters
    ----------
    records
        By name of the stage.
    """

    def __init__(self, records: Mapping[str, msgspec.Struct] | None = None) -> None:
        self._records = dict(records or {})

    def get(self, key: Key[FactT]) -> FactT | None:
        """The record of a stage; ``None`` where the stage is not done, or not part of the job.

        Raises
        ------
        TypeError
            A stage of that name left another kind of record.
        """
        record = self._records.get(key.name)
        if record is None or isinstance(record, key.record):
            return record
        raise TypeError(f"stage {key.name} left a {type(record).__name__}, not a {key.record}")

    def of(self, key: Key[FactT]) -> FactT:
        """The record of a stage that is done.

        Raises
        ------
        KeyError
            The stage is not done, or not part of the job.
        """
        record = self.get(key)
        if record is None:
            raise KeyError(key.name)
        return record

    def with_fact(self, key: Key[FactT], record: FactT) -> "Facts":
        """These facts, and one more."""
        return Facts({**self._records, key.name: record})

    def without(self, key: Key[FactT]) -> "Facts":
        """These facts as they were before a stage."""
        return Facts({name: each for name, each in self._records.items() if name != key.name})
