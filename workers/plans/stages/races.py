"""The first stage of every job that simulates: blocks of races, scored in ticks."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.race import BLOCK_SCENARIOS, ConstraintSpec, KernelStats, Regime
from core.race import simulate_block as simulate
from core.slate import TICKS_PER_POINT, SiteRules, Slate
from workers.engine.arrays import Arrays, Blobs
from workers.engine.stages import Facts, Json, Stage, Tick
from workers.plans.stages.knowledge import simulated_spec

NAME = "scenarios"
# about what one core simulates and scores; sizes chunks and weighs progress only
_RACES_PER_SECOND = 70_000


class Simulated(Protocol):
    """What a request must say to be simulated."""

    @property
    def slate(self) -> Slate:
        """The slate."""

    @property
    def spec(self) -> ConstraintSpec:
        """The race."""

    @property
    def n_scenarios(self) -> int:
        """How many races."""

    @property
    def seed(self) -> int:
        """The job's seed."""


def block_count(n_scenarios: int) -> int:
    """Give how many blocks hold ``n_scenarios``."""
    return -(-n_scenarios // BLOCK_SCENARIOS)


def block_name(spec_hash: str, rules: SiteRules, seed: int, block: int, races: int) -> str:
    """Name a block of races by everything that shapes it but the code.

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
    """Give the rows of a block among all scenarios."""
    start = block * BLOCK_SCENARIOS
    return slice(start, min(start + BLOCK_SCENARIOS, n_scenarios))


def selects(block: int) -> bool:
    """Say whether a block's races are for selection; the other half is kept for the report.

    Even blocks choose lineups, odd blocks grade them, so no figure of the report has seen the races
    that the lineups were chosen on.
    """
    return block % 2 == 0


def half(values: npt.NDArray[Any], *, selection: bool) -> npt.NDArray[Any]:
    """Give the rows of ``values`` ``[N, ..]`` that belong to one half's blocks, in order."""
    rows = [
        values[block_rows(block, len(values))]
        for block in range(block_count(len(values)))
        if selects(block) is selection
    ]
    return np.concatenate(rows) if rows else values[:0]


def _run(request: Simulated, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick) -> Json:
    spec = simulated_spec(request.spec, facts)
    numbers = range(start, stop)
    names = _names(request, spec, numbers)
    blocks: list[Arrays] = []
    made: dict[str, Arrays] = {}
    for number, name, known in zip(numbers, names, blobs.recall(names), strict=True):
        if known is not None:
            blocks.append(known)
            continue
        tick()
        made[name] = _simulate(request, spec, number)
        blocks.append(made[name])
    blobs.remember(made)
    return _together(blobs, blocks, [json.loads(block["figures"].tobytes()) for block in blocks])


def _names(request: Simulated, spec: ConstraintSpec, numbers: Sequence[int]) -> list[str]:
    spec_hash, rules = spec.spec_hash, request.slate.rules
    return [
        block_name(spec_hash, rules, request.seed, number, _races(request, number))
        for number in numbers
    ]


def _races(request: Simulated, number: int) -> int:
    rows = block_rows(number, request.n_scenarios)
    return int(rows.stop - rows.start)


def _simulate(request: Simulated, spec: ConstraintSpec, number: int) -> Arrays:
    """Give a block's points and regimes, and its figures as JSON in bytes."""
    races, stats = simulate(spec, request.seed, number, _races(request, number))
    gained = races.start.astype(np.int64) - races.finish
    figures = {
        "validated": stats.total_validated,
        "rejected": stats.total_rejected,
        "veto_reasons": dict(stats.veto_reasons),
        "laps_led": races.laps_led.sum(axis=0, dtype=np.int64).tolist(),
        "fastest_laps": races.fastest_laps.sum(axis=0, dtype=np.int64).tolist(),
        "positions_gained": gained.sum(axis=0).tolist(),
        "cautions": int(races.cautions.sum(dtype=np.int64)),
    }
    return {
        "points": races.points(request.slate.rules),
        "regime": races.regime,
        "figures": np.frombuffer(json.dumps(figures).encode(), dtype=np.uint8),
    }


def _together(blobs: Blobs, races: Sequence[Arrays], figures: Sequence[Json]) -> Json:
    """Join neighbouring races, in their order, and add up their figures."""
    judged = ((each["validated"], each["rejected"], each["veto_reasons"]) for each in figures)
    stats = sum((KernelStats(*counts) for counts in judged), KernelStats())

    def summed(name: str) -> list[int]:
        return [sum(column) for column in zip(*(each[name] for each in figures), strict=True)]

    return {
        "races": blobs.put(
            points=np.concatenate([part["points"] for part in races]),
            regime=np.concatenate([part["regime"] for part in races]),
        ),
        "validated": stats.total_validated,
        "rejected": stats.total_rejected,
        "veto_reasons": dict(stats.veto_reasons),
        "laps_led": summed("laps_led"),
        "fastest_laps": summed("fastest_laps"),
        "positions_gained": summed("positions_gained"),
        "cautions": sum(each["cautions"] for each in figures),
    }


def _merge(request: object, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    del request, facts
    return _together(blobs, [blobs.get(part["races"]) for part in parts], parts)


def _join(request: object, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    merged = parts[0] if len(parts) == 1 else _merge(request, facts, blobs, parts)
    regime = blobs.get(merged["races"])["regime"]
    return {
        **merged,
        "regimes": {kind.name.lower(): int((regime == kind).sum()) for kind in Regime},
    }


def stored_bytes(slate: Slate, n_scenarios: int) -> int:
    """Give the most that the points of all scenarios take while they are joined."""
    # the joined points, beside what they are joined from: chunks, and one merge of them
    return 3 * n_scenarios * (2 * len(slate) + 1)


def simulated_points(facts: Facts, blobs: Blobs) -> npt.NDArray[np.int16]:
    """Give the points of all scenarios, i16 ``[N, D]`` in ticks."""
    return blobs.get(facts[NAME]["races"])["points"]


def projected_points(slate: Slate, points: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Give points by driver: the user's own where given, the simulated mean elsewhere."""
    means = points.sum(axis=0, dtype=np.int64) / (len(points) * TICKS_PER_POINT)
    given = [driver.projected_points for driver in slate.drivers]
    return np.array([m if g is None else g for m, g in zip(means, given, strict=True)])


STAGE: Stage[Any] = Stage(
    name=NAME,
    units=lambda request, _: block_count(request.n_scenarios),
    seconds=lambda request: request.n_scenarios / _RACES_PER_SECOND,
    run=_run,
    join=_join,
    merge=_merge,
)
