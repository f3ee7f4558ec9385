"""A job's plan: stages in order, each cut into chunks of units that run anywhere and are joined."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from core.cancelling import CheckCancelled, never_cancelled
from workers.engine.arrays import Blobs
from workers.engine.facts import Facts, Key

Request = TypeVar("Request")
Request_contra = TypeVar("Request_contra", contravariant=True)
Request_co = TypeVar("Request_co", covariant=True)
PartT = TypeVar("PartT", bound=msgspec.Struct)
FactT = TypeVar("FactT", bound=msgspec.Struct)
Json = dict[str, Any]

FAN = 64
"""Parts merged into one; ``_shared.lua`` has the same number."""


@dataclass(frozen=True, slots=True)
class Work(Generic[Request_co]):
    """What a stage works with.

    Parameters
    ----------
    request
        Of the job.
    facts
        What earlier stages found.
    arrays
        Where its arrays go, and those of earlier stages are.
    check_cancelled
        Called before every unit that takes time: it raises where the job has ended.
    """

    request: Request_co
    facts: Facts
    arrays: Blobs
    check_cancelled: CheckCancelled = never_cancelled


@dataclass(frozen=True, slots=True)
class Stage(Generic[Request_contra, PartT, FactT]):
    """One stage of a job.

    Parameters
    ----------
    key
        Its name, and the kind of record that it leaves for later stages.
    part
        The kind of record that a chunk of it leaves; arrays go into blobs.
    units
        Into how many units, at most, the stage can be cut.
    seconds
        About how long all of it takes on one core of a typical machine. What this machine takes is
        measured, see :mod:`workers.engine.planning`; neither changes a result.
    run
        Computes a chunk: some units in a row.
    merge
        Merges the parts of neighbouring chunks, in their order, into one that stands for them all.
    join
        The record that the stage leaves, from the part that stands for all of it. Neither may
        depend on how the stage was cut.
    """

    key: Key[FactT]
    part: type[PartT]
    units: Callable[[Request_contra, Facts], int]
    seconds: Callable[[Request_contra], float]
    run: Callable[[Work[Request_contra], range], PartT]
    merge: Callable[[Work[Request_contra], Sequence[PartT]], PartT]
    join: Callable[[Work[Request_contra], PartT], FactT]

    @property
    def name(self) -> str:
        """As users see it in a job's status."""
        return self.key.name


@dataclass(frozen=True, slots=True)
class Plan(Generic[Request]):
    """How one kind of job is done.

    Parameters
    ----------
    kind
        The job's kind, as the API names it.
    read
        Reads the request that a job record holds.
    stages
        The stages of a request, in order.
    finish
        The job's result, from the facts of all stages.
    stored_bytes
        How much the job's arrays take in Redis at the most: it is promised before the job begins.
    """

    kind: str
    read: Callable[[bytes], Request]
    stages: Callable[[Request], tuple[Stage[Request, Any, Any], ...]]
    finish: Callable[[Work[Request]], Json]
    stored_bytes: Callable[[Request], int]


def single_unit_stage(
    key: Key[FactT],
    *,
    seconds: Callable[[Request_contra], float],
    run: Callable[[Work[Request_contra]], FactT],
) -> Stage[Request_contra, FactT, FactT]:
    """A stage of one unit: there is nothing to cut, to merge or to join.

    Parameters
    ----------
    key, seconds
        As a :class:`Stage` has them.
    run
        Computes the record that the stage leaves.
    """
    return Stage(
        key=key,
        part=key.record,
        units=lambda *_: 1,
        seconds=seconds,
        run=lambda work, _: run(work),
        merge=_unmerged,
        join=unchanged,
    )


def _unmerged(_: Work[object], parts: Sequence[PartT]) -> PartT:
    raise TypeError(f"a stage of one unit has {len(parts)} parts")


def unchanged(_: Work[object], part: PartT) -> PartT:
    """The part of the whole stage, unchanged: the join of a stage whose record is its part."""
    return part


def bounds(units: int, chunks: int, index: int) -> range:
    """The units of a chunk, one of ``chunks`` even ones."""
    return range(units * index // chunks, units * (index + 1) // chunks)


def merged(
    stage: Stage[Request, PartT, FactT], work: Work[Request], parts: Sequence[PartT]
) -> PartT:
    """One part that stands for neighbouring parts of a stage."""
    return parts[0] if len(parts) == 1 else stage.merge(work, parts)
