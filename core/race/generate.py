"""Simulated races in blocks of 500. A block's bits depend on the race, the seed and its number."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtri
from scipy.stats import poisson

from core.errors import BrokenRule, Infeasible, InvalidInput
from core.race._race import (
    CHOICES,
    NORMALS,
    STAGE_BREAKS,
    Limits,
    RaceInputs,
    RaceOutputs,
    run_races,
)
from core.race.constraints import SKILL_PER_SD, DriverConstraints
from core.race.kernel import (
    DRIVER_RULES,
    KernelLogic,
    KernelStats,
    SkeletonNarrative,
    veto_reason,
)
from core.race.priors import TrackPriors
from core.race.regimes import classify_scenario_regime
from core.race.scenarios import Scenarios, concatenate
from core.race.spec import ConstraintSpec
from core.race.uncertainty import BlockStrength, StrengthError, draw_block_strength
from core.randomness import Purpose, stream

BLOCK_SCENARIOS = 500

LEAST_SURVIVAL = 0.01  # share of the races judged that must obey the rules
MIN_JUDGED = 2_000  # races judged before that share is measured
MAX_ATTEMPTS = 250


_NORMALS = ndtri((np.arange(NORMALS) + 0.5) / NORMALS)
_EXPONENTIALS = -np.log1p(-(np.arange(CHOICES) + 0.5) / CHOICES)


def _fastest_ranks(priors: TrackPriors) -> np.typing.NDArray[np.int64]:
    """Equally likely ranks of the car that sets a fastest lap, 0 = the leader, -1 = any car."""
    ranks = np.full(CHOICES, -1, dtype=np.int64)
    front = round(CHOICES * priors.fastest_front)
    quantiles = -np.log1p(-(np.arange(front) + 0.5) / max(front, 1))
    ranks[:front] = (priors.fastest_depth * quantiles).astype(np.int64)
    return ranks


def _may_lead_last(driver: DriverConstraints) -> bool:
    """Whether the simulation may let a driver lead the last lap, and so win.

    A driver who may not win can still win a simulated race: the kernel then rejects that race, so
    that the others are the model's races in which somebody else won. The simulation itself keeps
    him from the last lap only if he must also lead laps, as he then has to lead them earlier.
    """
    owes = (driver.min_laps_led or 0) > 0
    return driver.max_laps_led != 0 and (driver.may_win or not owes)


def _caution_laps(mean: float) -> np.typing.NDArray[np.int64]:
    """Equally likely lengths of a caution in laps: 1 and a Poisson number more."""
    quantiles = (np.arange(CHOICES) + 0.5) / CHOICES
    lengths: np.typing.NDArray[np.int64] = 1 + poisson.ppf(quantiles, mean - 1.0).astype(np.int64)
    return lengths


def _failure_gap(rate: float) -> float:
    """Mean of the exponential whose whole part is the number of cars between two that fail."""
    return 0.0 if rate == 0.0 else float(-1.0 / np.log1p(-min(rate, 1.0 - 1e-12)))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A spec made ready to simulate: the compiled race's inputs, and the indices of its drivers."""

    inputs: RaceInputs
    racing: np.typing.NDArray[np.intp]


@lru_cache(maxsize=8)
def _prepare(spec: ConstraintSpec) -> _Prepared:
    racing = [spec.drivers[i] for i in spec.racing]
    track, priors = spec.track, spec.priors
    shock_sd = priors.residual_sd * priors.shock_share**0.5
    teams = sorted({driver.team for driver in racing if driver.team is not None})
    makes = sorted({d.manufacturer for d in racing if d.manufacturer is not None})
    least = [driver.min_laps_led or 0 for driver in racing]
    most = [track.race_laps if d.max_laps_led is None else d.max_laps_led for d in racing]
    grid = [driver.start_position or 0 for driver in racing]
    unknown = grid.count(0)
    free = [spot for spot in range(1, len(grid) + 1) if spot not in grid][:unknown]
    ranks = np.arange(1, len(racing) + 1)
    scores = -ndtri((ranks - 0.5) / len(racing))
    spots = sorted([spot for spot in grid if spot > 0] + free)
    grid_scores = np.zeros(max(spots) + 1)
    grid_scores[spots] = scores
    aggression = np.array(
        [track.aggression_factor * (driver.aggression - 0.5) for driver in racing]
    )
    spread = np.maximum(0.1, 1.0 + aggression)
    return _Prepared(
        inputs=RaceInputs(
            skill=np.array([(driver.skill - 0.5) / SKILL_PER_SD for driver in racing]),
            tilt=np.array([driver.tilt for driver in racing]),
            spread=spread,
            causes=np.exp(2.0 * (aggression - aggression.max())),
            shadow_risk=np.array([driver.shadow_risk for driver in racing]),
            team=np.array(
                [-1 if driver.team is None else teams.index(driver.team) for driver in racing]
            ),
            n_teams=len(teams),
            make=np.array(
                [-1 if d.manufacturer is None else makes.index(d.manufacturer) for d in racing]
            ),
            n_makes=len(makes),
            grid=np.array(grid),
            free_spots=np.array(free, dtype=np.int64),
            rear=np.array([driver.races_from_rear for driver in racing]),
            limits=Limits(
                np.array(least),
                np.array(most),
                np.array([_may_lead_last(driver) for driver in racing]),
            ),
            limited=max(least) > 0 or min(most) < track.race_laps,
            grid_scores=grid_scores,
            last_grid_score=float(scores[-1]),
            race_laps=track.race_laps,
            unscheduled_cautions=float(max(0.0, track.caution_rate - STAGE_BREAKS)),
            cautions_shape=priors.cautions_shape,
            caution_laps=_caution_laps(priors.laps_per_caution),
            incident_share=priors.incident_share,
            cars_involved=priors.cars_involved,
            cars_shape=priors.cars_shape,
            involved_out=priors.involved_out,
            pile_spared=priors.pile_spared,
            failure_gap=_failure_gap(priors.failure_rate),
            skill_weight=priors.skill_weight,
            grid_weight=priors.grid_weight,
            own_sd=shock_sd * spread * np.sqrt([_own_share(priors, driver) for driver in racing]),
            team_sd=shock_sd * priors.team_share**0.5,
            make_sd=shock_sd * priors.make_share**0.5,
            drift_sd=priors.residual_sd * (1 - priors.shock_share) ** 0.5,
            pack_share=priors.pack_share,
            # where passing is harder the order lasts longer: twice the turnover at difficulty 0,
            # half of it at 1
            turnover=priors.order_turnover * 2.0 ** (1.0 - 2.0 * track.difficulty),
            clean_air=priors.clean_air,
            lead_swaps=priors.lead_swaps,
            short_leaders=priors.short_leaders,
            lead_depth=priors.lead_depth,
            short_lead_laps=priors.short_lead_laps,
            fastest_rank=_fastest_ranks(priors),
            fastest_run=1 + (_EXPONENTIALS * (priors.fastest_run - 0.5)).astype(np.int64),
            normals=_NORMALS,
            pit_window_laps=track.pit_window_laps,
        ),
        racing=np.array(spec.racing),
    )


def _own_share(priors: TrackPriors, driver: DriverConstraints) -> float:
    """Share of the variance of race-long luck that a driver shares with nobody."""
    own = 1.0
    if driver.team is not None:
        own -= priors.team_share
    if driver.manufacturer is not None:
        own -= priors.make_share
    return own


def _with_strength(prepared: _Prepared, strength: BlockStrength) -> _Prepared:
    """The race at a block's strengths, whose variance its race-long luck lacks."""
    inputs, racing = prepared.inputs, prepared.racing
    own = np.maximum(0.0, inputs.own_sd**2 - strength.own_variance[racing])
    team = max(0.0, inputs.team_sd**2 - strength.team_variance)
    return _Prepared(
        inputs._replace(
            tilt=inputs.tilt + strength.added[racing], own_sd=np.sqrt(own), team_sd=team**0.5
        ),
        racing,
    )


def draw_races(
    spec: ConstraintSpec, rng: np.random.Generator, n: int
) -> tuple[Scenarios, SkeletonNarrative]:
    """Simulate ``n`` races from ``rng`` and reject none: the model before any rule on its races.

    Fitting and measuring the model use this; a job uses :func:`simulate_block`.
    """
    return _attempt(spec, _prepare(spec), rng, n)


def _attempt(
    spec: ConstraintSpec, prepared: _Prepared, rng: np.random.Generator, n: int
) -> tuple[Scenarios, SkeletonNarrative]:
    """Simulate ``n`` races, rejecting none, with the slate's drivers as columns."""
    drivers, racing = len(spec), prepared.racing
    shape = (n, len(racing))
    raw = RaceOutputs(
        finish=np.zeros(shape, dtype=np.uint8),
        start=np.zeros(shape, dtype=np.uint8),
        laps_led=np.zeros(shape, dtype=np.uint16),
        fastest_laps=np.zeros(shape, dtype=np.uint16),
        running=np.zeros(shape, dtype=np.bool_),
        laps_completed=np.zeros(shape, dtype=np.uint16),
        cautions=np.zeros(n, dtype=np.uint8),
        green_laps=np.zeros(n, dtype=np.uint16),
        first_leader=np.zeros(n, dtype=np.uint8),
    )
    run_races(rng, n, prepared.inputs, raw)
    wide = {}
    for name in ("finish", "start", "laps_led", "fastest_laps", "running", "laps_completed"):
        part = getattr(raw, name)
        wide[name] = np.zeros((n, drivers), dtype=part.dtype)
        wide[name][:, racing] = part
    regime = classify_scenario_regime(
        wide["start"],
        wide["finish"],
        wide["laps_led"],
        wide["running"],
        raw.cautions,
        race_laps=spec.track.race_laps,
        caution_rate=spec.priors.cautions_mean,
    )
    return (
        Scenarios(**wide, cautions=raw.cautions, regime=regime),
        SkeletonNarrative(raw.green_laps, racing[raw.first_leader].astype(np.uint8)),
    )


def _redraws(missing: int, stats: KernelStats) -> int:
    """Number of races to draw so that ``missing`` more are likely to obey the rules."""
    survived = stats.total_validated - stats.total_rejected
    wanted = 8 + missing * stats.total_validated // max(1, survived)
    return min(BLOCK_SCENARIOS, wanted)


def _infeasible(spec: ConstraintSpec, stats: KernelStats) -> Infeasible:
    blame = sorted(stats.veto_reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    of_drivers = {
        veto_reason(rule, driver.driver_id): BrokenRule(rule, driver.driver_id)
        for driver in spec.drivers
        for rule in DRIVER_RULES
    }
    rules = [of_drivers.get(reason, BrokenRule(reason)) for reason, _ in blame]
    survived = stats.total_validated - stats.total_rejected
    return Infeasible(
        f"{survived} of {stats.total_validated} simulated races obey the rules, fewer than 1%; "
        f"the first rule named rejects {blame[0][1]}. Loosen the rules in the order named.",
        rules=rules,
    )


def simulate_block(
    spec: ConstraintSpec,
    seed: int,
    block: int,
    n: int = BLOCK_SCENARIOS,
    strength: BlockStrength | None = None,
) -> tuple[Scenarios, KernelStats]:
    """Simulate one block of races that obey the spec's rules.

    Parameters
    ----------
    spec
        The race.
    seed
        The job's seed, >= 0.
    block
        The block's number, >= 0.
    n
        Number of the block's 500 races to return, from the first. The whole block is always
        simulated, so a race does not depend on ``n``.
    strength
        How the block's strengths differ from the spec's; not at all by default.

    Returns
    -------
    scenarios
        ``[n, D]``.
    stats
        Counts of the whole block, the races drawn again included.

    Raises
    ------
    InvalidInput
        ``n`` is outside 1..500, ``seed`` outside 0..2**128 - 1 or ``block`` outside 0..2**32 - 1.
    Infeasible
        Fewer than 1% of the races obey the rules. The error names the rules that reject most.
    """
    if not 1 <= n <= BLOCK_SCENARIOS:
        raise InvalidInput({"n": f"{n} is outside 1 to {BLOCK_SCENARIOS}."})
    for name, value, bits in (("seed", seed, 128), ("block", block, 32)):
        if not 0 <= value < 1 << bits:
            raise InvalidInput({name: f"{value} is outside 0 to 2**{bits} - 1."})
    kernel, prepared = KernelLogic(spec), _prepare(spec)
    if strength is not None:
        prepared = _with_strength(prepared, strength)
    kept: list[Scenarios] = []
    missing, draw, stats = BLOCK_SCENARIOS, BLOCK_SCENARIOS, KernelStats()
    for attempt in range(MAX_ATTEMPTS):
        rng = stream(seed, Purpose.SCENARIOS, block, attempt)
        races, narrative = _attempt(spec, prepared, rng, draw)
        stands, judged = kernel.judge(races, narrative)
        stats += judged
        kept.append(races.take(stands))
        missing -= len(kept[-1])
        if missing <= 0:
            return concatenate(kept).take(slice(0, n)), stats
        survived = stats.total_validated - stats.total_rejected
        if (
            stats.total_validated >= MIN_JUDGED
            and survived < LEAST_SURVIVAL * stats.total_validated
        ):
            break
        draw = _redraws(missing, stats)
    raise _infeasible(spec, stats)


def generate_scenarios(
    spec: ConstraintSpec, n_scenarios: int, seed: int, error: StrengthError | None = None
) -> tuple[Scenarios, KernelStats]:
    """Simulate ``n_scenarios`` races: blocks 0, 1, .. of :func:`simulate_block`, joined.

    Parameters
    ----------
    spec
        The race.
    n_scenarios
        How many races, at least 1.
    seed
        The job's seed, >= 0.
    error
        How far strengths may be off: each block then has its own
        (:func:`~core.race.uncertainty.draw_block_strength`). Races are as the spec has them by
        default.

    Raises
    ------
    InvalidInput
        ``n_scenarios`` is below 1 or ``seed`` negative.
    Infeasible
        As :func:`simulate_block`.
    """
    if n_scenarios < 1:
        raise InvalidInput({"n_scenarios": f"{n_scenarios} scenarios; give at least 1."})
    parts: list[Scenarios] = []
    stats = KernelStats()
    for block, first in enumerate(range(0, n_scenarios, BLOCK_SCENARIOS)):
        races = min(BLOCK_SCENARIOS, n_scenarios - first)
        strength = None if error is None else draw_block_strength(spec, seed, block, error)
        part, judged = simulate_block(spec, seed, block, races, strength)
        parts.append(part)
        stats += judged
    return concatenate(parts), stats
