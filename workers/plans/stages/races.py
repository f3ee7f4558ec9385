"""The first stage of every job that simulates: blocks of races, scored in ticks."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from core.race import BLOCK_SCENARIOS, ConstraintSpec, KernelStats, Regime
from core.race import simulate_block as simulate
from core.slate import TICKS_PER_POINT, SiteRules, Slate
from workers.engine.arrays import ArrayRef, Arrays, Blobs
from workers.engine.facts import Facts, Key
from workers.engine.stages import Stage, Work
from workers.plans.requests.races import Simulated
from workers.plans.stages.knowledge import simulated_spec

# about what one core simulates and scores; sizes chunks and weighs progress only
_RACES_PER_SECOND = 70_000

MICROPOINTS = 1_000_000
"""Millionths of a point in a point."""

Points = npt.NDArray[np.int16]


class RaceFigures(msgspec.Struct, frozen=True):
    """What some races add up to.

    Parameters
    ----------
    validated, rejected
        Races that the kernel judged, and those of them that it threw out.
    veto_reasons
        Races that each rule threw out, by the rule.
    laps_led, fastest_laps, positions_gained
        By driver of the slate, over the races kept.
    cautions
        Over the races kept.
    """

    validated: int
    rejected: int
    veto_reasons: dict[str, int]
    laps_led: tuple[int, ...]
    fastest_laps: tuple[int, ...]
    positions_gained: tuple[int, ...]
    cautions: int


class RacesPart(msgspec.Struct, frozen=True):
    """Some blocks of races.

    Parameters
    ----------
    races
        ``points``, i16 ``[N, D]`` in ticks, and ``regime``, u8 ``[N]``.
    figures
        What they add up to.
    """

    races: ArrayRef
    figures: RaceFigures


class RacesFact(msgspec.Struct, frozen=True):
    """All races of a job.

    Parameters
    ----------
    races, figures
        As in a :class:`RacesPart`.
    regimes
        How many races were of each regime.
    """

    races: ArrayRef
    figures: RaceFigures
    regimes: dict[str, int]


RACES = Key("scenarios", RacesFact)


def block_count(n_scenarios: int) -> int:
    """How many blocks hold ``n_scenarios``."""
    return -(-n_scenarios // BLOCK_SCENARIOS)


def block_name(spec_hash: str, rules: SiteRules, seed: int, block: int, races: int) -> str:
    """The name of a block of races: a hash of everything that shapes it but the code.

    Parameters
    ----------
    spec_hash
        Of the constraint spec: drivers, track, race length, fitted parameters.
    rules
        How it is scored.
    seed, block
        Of its random stream.
    races
        How many of the block's races are kept.
    """
    shapes = [spec_hash, asdict(rules), seed, block, races]
    return hashlib.sha256(json.dumps(shapes, sort_keys=True).encode()).hexdigest()


def block_rows(block: int, n_scenarios: int) -> slice:
    """The rows of a block among all scenarios."""
    start = block * BLOCK_SCENARIOS
    return slice(start, min(start + BLOCK_SCENARIOS, n_scenarios))


def selects(block: int) -> bool:
    """Whether a block's races are for selection; the other half is kept for the report.

    Even blocks choose lineups, odd blocks grade them, so no figure of the report comes from races
    that the lineups were chosen on.
    """
    return block % 2 == 0


def half(values: npt.NDArray[Any], *, selection: bool) -> npt.NDArray[Any]:
    """The rows of ``values`` ``[N, ..]`` that belong to one half's blocks, in order."""
    rows = [
        values[block_rows(block, len(values))]
        for block in range(block_count(len(values)))
        if selects(block) is selection
    ]
    return np.concatenate(rows) if rows else values[:0]


def simulated_points(facts: Facts, arrays: Blobs) -> Points:
    """The points of all scenarios, i16 ``[N, D]`` in ticks."""
    return arrays.get(facts.of(RACES).races)["points"]


def selection_points(facts: Facts, arrays: Blobs) -> Points:
    """The points of the races that lineups are chosen on, i16 ``[N, D]`` in ticks."""
    return half(simulated_points(facts, arrays), selection=True)


def selection_regimes(facts: Facts, arrays: Blobs) -> npt.NDArray[np.uint8]:
    """The regimes of the races that lineups are chosen on, u8 ``[N]``."""
    return half(arrays.get(facts.of(RACES).races)["regime"], selection=True)


def projected_points(slate: Slate, points: Points) -> npt.NDArray[np.float64]:
    """Points by driver: the user's own where there are any, the simulated mean elsewhere."""
    means = points.sum(axis=0, dtype=np.int64) / (len(points) * TICKS_PER_POINT)
    own = [driver.projected_points for driver in slate.drivers]
    return np.array([m if g is None else g for m, g in zip(means, own, strict=True)])


def micropoints(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Points in whole millionths, so that sums are exact."""
    return np.round(points * MICROPOINTS).astype(np.int64)


def _run(work: Work[Simulated], units: range) -> RacesPart:
    request = work.request
    spec = simulated_spec(request, work.facts)
    names = _names(request, spec, units)
    blocks: list[Arrays] = []
    made: dict[str, Arrays] = {}
    for number, name, known in zip(units, names, work.arrays.recall(names), strict=True):
        if known is not None:
            blocks.append(known)
            continue
        work.check_cancelled()
        made[name] = _simulate(request, spec, number)
        blocks.append(made[name])
    work.arrays.remember(made)
    figures = [
        msgspec.json.decode(block["figures"].tobytes(), type=RaceFigures) for block in blocks
    ]
    return _together(work.arrays, blocks, figures)


def _names(request: Simulated, spec: ConstraintSpec, units: Sequence[int]) -> list[str]:
    spec_hash, rules = spec.spec_hash, request.slate.rules
    return [
        block_name(spec_hash, rules, request.seed, number, _races(request, number))
        for number in units
    ]


def _races(request: Simulated, number: int) -> int:
    rows = block_rows(number, request.n_scenarios)
    return int(rows.stop - rows.start)


def _simulate(request: Simulated, spec: ConstraintSpec, number: int) -> Arrays:
    """A block's points and regimes, and its figures as JSON in bytes."""
    races, stats = simulate(spec, request.seed, number, _races(request, number))
    gained = races.start.astype(np.int64) - races.finish
    figures = RaceFigures(
        validated=stats.total_validated,
        rejected=stats.total_rejected,
        veto_reasons=dict(stats.veto_reasons),
        laps_led=tuple(races.laps_led.sum(axis=0, dtype=np.int64).tolist()),
        fastest_laps=tuple(races.fastest_laps.sum(axis=0, dtype=np.int64).tolist()),
        positions_gained=tuple(gained.sum(axis=0).tolist()),
        cautions=int(races.cautions.sum(dtype=np.int64)),
    )
    return {
        "points": races.points(request.slate.rules),
        "regime": races.regime,
        "figures": np.frombuffer(msgspec.json.encode(figures), dtype=np.uint8),
    }


def _together(arrays: Blobs, races: Sequence[Arrays], figures: Sequence[RaceFigures]) -> RacesPart:
    """Neighbouring races, in their order, and the sum of their figures."""
    joined = arrays.put(
        points=np.concatenate([part["points"] for part in races]),
        regime=np.concatenate([part["regime"] for part in races]),
    )
    return RacesPart(joined, _sum(figures))


def _sum(figures: Sequence[RaceFigures]) -> RaceFigures:
    judged = (KernelStats(each.validated, each.rejected, each.veto_reasons) for each in figures)
    stats = sum(judged, KernelStats())
    return RaceFigures(
        validated=stats.total_validated,
        rejected=stats.total_rejected,
        veto_reasons=dict(stats.veto_reasons),
        laps_led=_by_driver([each.laps_led for each in figures]),
        fastest_laps=_by_driver([each.fastest_laps for each in figures]),
        positions_gained=_by_driver([each.positions_gained for each in figures]),
        cautions=sum(each.cautions for each in figures),
    )


def _by_driver(counts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True)))


def _merge(work: Work[Simulated], parts: Sequence[RacesPart]) -> RacesPart:
    races = [work.arrays.get(part.races) for part in parts]
    return _together(work.arrays, races, [part.figures for part in parts])


def _join(work: Work[Simulated], part: RacesPart) -> RacesFact:
    regime = work.arrays.get(part.races)["regime"]
    regimes = {kind.name.lower(): int((regime == kind).sum()) for kind in Regime}
    return RacesFact(part.races, part.figures, regimes)


def stored_bytes(slate: Slate, n_scenarios: int) -> int:
    """The most that the points of all scenarios take while they are joined."""
    # the joined points, beside what they are joined from: chunks, and one merge of them
    return 3 * n_scenarios * (2 * len(slate) + 1)


RACES_STAGE: Stage[Simulated, RacesPart, RacesFact] = Stage(
    key=RACES,
    part=RacesPart,
    units=lambda request, _: block_count(request.n_scenarios),
    seconds=lambda request: request.n_scenarios / _RACES_PER_SECOND,
    run=_run,
    merge=_merge,
    join=_join,
)
