"""The first stage of every job that simulates: blocks of races, scored in ticks."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.race import BLOCK_SCENARIOS, ConstraintSpec, KernelStats, Regime, concatenate
from core.race import simulate_block as simulate
from core.slate import SiteRules, Slate
from workers.blobs import Blobs
from workers.stages import Facts, Json, Stage, Tick

NAME = "scenarios"
# about what one core simulates and scores; sizes chunks and weighs progress only
_RACES_PER_SECOND = 20_000


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
    del facts
    total = KernelStats()
    parts = []
    for block in range(start, stop):
        tick()
        rows = block_rows(block, request.n_scenarios)
        part, stats = simulate(request.spec, request.seed, block, rows.stop - rows.start)
        parts.append(part)
        total += stats
    races = concatenate(parts)
    rules: SiteRules = request.slate.rules
    gained = races.start.astype(np.int64) - races.finish
    return {
        "races": blobs.put(points=races.points(rules), regime=races.regime),
        "validated": total.total_validated,
        "rejected": total.total_rejected,
        "veto_reasons": dict(total.veto_reasons),
        "laps_led": races.laps_led.sum(axis=0, dtype=np.int64).tolist(),
        "fastest_laps": races.fastest_laps.sum(axis=0, dtype=np.int64).tolist(),
        "positions_gained": gained.sum(axis=0).tolist(),
        "cautions": int(races.cautions.sum(dtype=np.int64)),
    }


def _merge(request: object, facts: Facts, blobs: Blobs, parts: Sequence[Json]) -> Json:
    del request, facts
    loaded = [blobs.get(part["races"]) for part in parts]
    stats = sum(
        (KernelStats(p["validated"], p["rejected"], p["veto_reasons"]) for p in parts),
        KernelStats(),
    )

    def summed(name: str) -> list[int]:
        return [sum(column) for column in zip(*(part[name] for part in parts), strict=True)]

    return {
        "races": blobs.put(
            points=np.concatenate([races["points"] for races in loaded]),
            regime=np.concatenate([races["regime"] for races in loaded]),
        ),
        "validated": stats.total_validated,
        "rejected": stats.total_rejected,
        "veto_reasons": dict(stats.veto_reasons),
        "laps_led": summed("laps_led"),
        "fastest_laps": summed("fastest_laps"),
        "positions_gained": summed("positions_gained"),
        "cautions": sum(part["cautions"] for part in parts),
    }


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


STAGE: Stage[Any] = Stage(
    name=NAME,
    units=lambda request, _: block_count(request.n_scenarios),
    seconds=lambda request: request.n_scenarios / _RACES_PER_SECOND,
    run=_run,
    join=_join,
    merge=_merge,
)
