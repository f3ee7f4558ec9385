"""The first stage of every job that simulates: blocks of races, scored in ticks."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec
import numpy as np

from core.race import BlockStrength, ConstraintSpec, KernelStats, Regime
from core.race import simulate_block as simulate
from core.slate import SiteRules, Slate
from workers.engine.arrays import ArrayRef, Arrays, Blobs
from workers.engine.stages import Stage, Work
from workers.plans.requests.races import Simulated
from workers.plans.stages.market import simulated_spec
from workers.plans.stages.races import RACES, RaceFigures, RacesFact, block_count, block_rows
from workers.plans.stages.strengths import block_strength

# about what one core simulates and scores; sizes chunks and weighs progress only
_RACES_PER_SECOND = 70_000


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


def block_name(
    spec_hash: str,
    strength: BlockStrength,
    rules: SiteRules,
    seed: int,
    block: int,
    races: int,
) -> str:
    """The name of a block of races: a hash of everything that shapes it but the code.

    Parameters
    ----------
    spec_hash
        Of the constraint spec: drivers, track, race length, fitted parameters.
    strength
        How the block's strengths differ from the spec's.
    rules
        How it is scored.
    seed, block
        Of its random stream.
    races
        How many of the block's races are kept.
    """
    shapes = [spec_hash, strength.digest, asdict(rules), seed, block, races]
    return hashlib.sha256(json.dumps(shapes, sort_keys=True).encode()).hexdigest()


def _run(work: Work[Simulated], units: range) -> RacesPart:
    blocks = simulated_blocks(work, {unit: _races(work.request, unit) for unit in units})
    figures = [
        msgspec.json.decode(block["figures"].tobytes(), type=RaceFigures) for block in blocks
    ]
    return _together(work.arrays, blocks, figures)


def simulated_blocks(work: Work[Simulated], races: Mapping[int, int]) -> list[Arrays]:
    """Blocks of a job's races, those that the cache knows from there, the others simulated.

    Parameters
    ----------
    work
        The job's request, facts and arrays.
    races
        How many of each block's races are wanted, by the block's number.

    Returns
    -------
    For each block ``points``, i16 ``[n, D]`` in ticks, ``regime``, u8 ``[n]``, and ``figures``,
    :class:`~workers.plans.stages.races.RaceFigures` as JSON in bytes.
    """
    request = work.request
    spec = simulated_spec(request, work.facts)
    strengths = [block_strength(request, work.facts, work.arrays, spec, n) for n in races]
    spec_hash, rules = spec.spec_hash, request.slate.rules
    names = [
        block_name(spec_hash, strength, rules, request.seed, number, count)
        for (number, count), strength in zip(races.items(), strengths, strict=True)
    ]
    blocks: list[Arrays] = []
    made: dict[str, Arrays] = {}
    for number, strength, name, known in zip(
        races, strengths, names, work.arrays.recall(names), strict=True
    ):
        if known is not None:
            blocks.append(known)
            continue
        work.check_cancelled()
        made[name] = _simulate(request, spec, strength, number, races[number])
        blocks.append(made[name])
    work.arrays.remember(made)
    return blocks


def _races(request: Simulated, number: int) -> int:
    rows = block_rows(number, request.n_scenarios)
    return int(rows.stop - rows.start)


def _simulate(
    request: Simulated, spec: ConstraintSpec, strength: BlockStrength, number: int, count: int
) -> Arrays:
    races, stats = simulate(spec, request.seed, number, count, strength)
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
