"""The stage that walks over every legal lineup, for any objective.

A walk has one strand, or several. Where lineups are allotted by regime, each regime that has
lineups is a strand, over that regime's races alone. The units of a strand follow those of the
strand before.
"""

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from core.lineups import (
    LineupRules,
    Shrinkage,
    WalkProof,
    WalkResult,
    count_legal,
    merge_results,
    prove_walk,
    walk_units,
)
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Facts, Key
from workers.engine.stages import FAN, Stage, Work
from workers.plans.requests.optimize import OptimizeRequest

Units = npt.NDArray[np.uint8]
Regimes = Sequence[str | None]


class WalkRecord(msgspec.Struct, frozen=True):
    """The best lineups of a walk, or of a part of it; see :class:`~core.lineups.WalkResult`.

    Parameters
    ----------
    best
        ``lineups``, u8 ``[K, R]``, and ``scores``, f64 ``[K]``.
    looked_at, evaluated, cut
        Numbers of lineups, as in :class:`~core.lineups.WalkResult`.
    """

    best: ArrayRef
    looked_at: int
    evaluated: int
    cut: int


class WalkPart(msgspec.Struct, frozen=True):
    """The best lineups of some units of a walk.

    Parameters
    ----------
    found
        The best lineups by number of the strand. Strands without any of the units are absent.
    """

    found: dict[int, WalkRecord]


class Strand(msgspec.Struct, frozen=True):
    """The result of one strand of a walk.

    Parameters
    ----------
    regime
        The regime of the strand's races. ``None`` is for all races, or for those of no regime where
        regimes have strands of their own.
    found
        The strand's best lineups.
    proof
        The bound of every lineup that is not among them.
    shrinkage
        How their scores are shrunk; ``None`` where the walk is by something that is not.
    """

    regime: str | None
    found: WalkRecord
    proof: WalkProof
    shrinkage: Shrinkage | None = None


class LineupsFact(msgspec.Struct, frozen=True):
    """The best of all legal lineups.

    Parameters
    ----------
    legal
        Number of legal lineups.
    strands
        One strand, or one for each regime that has lineups.
    """

    legal: int
    strands: tuple[Strand, ...]


LINEUPS = Key("lineups", LineupsFact)


def walk_stage(
    regimes_of: Callable[[Facts], Regimes],
    search: Callable[[Work[OptimizeRequest], int, Units], WalkResult],
    seconds: Callable[[OptimizeRequest], float],
    shrinkages_of: Callable[[Facts], Sequence[Shrinkage | None]] | None = None,
) -> Stage[OptimizeRequest, WalkPart, LineupsFact]:
    """The stage that walks over all legal lineups.

    Parameters
    ----------
    regimes_of
        The regime of each strand.
    search
        Called with ``(work, strand, units)``; returns the best lineups of these units of a strand.
    seconds
        About how long one core takes for the whole walk.
    shrinkages_of
        How each strand's scores are shrunk; by default they are not.
    """

    def run(work: Work[OptimizeRequest], units: range) -> WalkPart:
        of_strand = walk_units(work.request.rules)
        parts: dict[int, WalkRecord] = {}
        for strand in range(len(regimes_of(work.facts))):
            first, last = (
                min(max(unit - strand * len(of_strand), 0), len(of_strand))
                for unit in (units.start, units.stop)
            )
            if first < last:
                work.check_cancelled()
                parts[strand] = _put(work.arrays, search(work, strand, of_strand[first:last]))
        return WalkPart(parts)

    def join(work: Work[OptimizeRequest], part: WalkPart) -> LineupsFact:
        rules, size = work.request.rules, work.request.pool_size
        legal, regimes = count_legal(rules), regimes_of(work.facts)
        shrinkages = [None] * len(regimes) if shrinkages_of is None else shrinkages_of(work.facts)
        return LineupsFact(
            legal,
            tuple(
                Strand(
                    regime,
                    part.found[strand],
                    prove_walk(_get(work.arrays, part.found[strand]), rules, size, legal),
                    shrinkage,
                )
                for strand, (regime, shrinkage) in enumerate(zip(regimes, shrinkages, strict=True))
            ),
        )

    return Stage(
        key=LINEUPS,
        part=WalkPart,
        units=lambda request, facts: len(regimes_of(facts)) * len(walk_units(request.rules)),
        seconds=seconds,
        run=run,
        merge=_merge,
        join=join,
    )


def _put(arrays: Blobs, result: WalkResult) -> WalkRecord:
    best = arrays.put(lineups=result.lineups, scores=result.scores)
    return WalkRecord(best, result.looked_at, result.evaluated, result.cut)


def _get(arrays: Blobs, record: WalkRecord) -> WalkResult:
    best = arrays.get(record.best)
    return WalkResult(
        best["lineups"], best["scores"], record.looked_at, record.evaluated, record.cut
    )


def _merge(work: Work[OptimizeRequest], parts: Sequence[WalkPart]) -> WalkPart:
    strands = sorted({strand for part in parts for strand in part.found})
    return WalkPart(
        {
            strand: _put(
                work.arrays,
                merge_results(
                    [
                        _get(work.arrays, part.found[strand])
                        for part in parts
                        if strand in part.found
                    ],
                    work.request.pool_size,
                ),
            )
            for strand in strands
        }
    )


def best_by_regime(facts: Facts, arrays: Blobs) -> dict[str | None, WalkResult]:
    """The best lineups of each strand's regime; without regimes all are under ``None``."""
    return {strand.regime: _get(arrays, strand.found) for strand in facts.of(LINEUPS).strands}


def bounded_lineups(rules: LineupRules, n_scenarios: int) -> float:
    """The most lineups times scenarios that a walk bounds; its time is proportional to this."""
    lineups = math.comb(len(rules.eligible), rules.roster_size)
    return lineups * n_scenarios / 2


def pools_bytes(request: OptimizeRequest, strands: int) -> int:
    """Most bytes that the best lineups of a walk take while they are merged."""
    lineup_bytes = request.rules.roster_size + 16
    return strands * FAN * request.pool_size * lineup_bytes
