"""The stage before the races that finds the market's view: ownership, consensus, and its tilts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import numpy.typing as npt

from core.cancelling import CheckCancelled, never_cancelled
from core.field import consensus_points, points_per_surprise
from core.field.ownership import log_odds
from core.race import (
    BLOCK_SCENARIOS,
    SKILL_PER_SD,
    ConstraintSpec,
    UserKnowledge,
    draw_block_strength,
    load_strength_error,
    simulate_block,
    tilt,
    with_tilts,
)
from core.race.constraints import MAX_TILT
from core.slate import TICKS_PER_POINT, SiteRules, Slate
from workers.engine.facts import Facts, Key
from workers.engine.stages import Work, single_unit_stage
from workers.plans.requests.market import MarketView
from workers.plans.requests.played import Played
from workers.plans.requests.races import Simulated, spec_of
from workers.plans.stages.estimated_ownership import estimated_percent
from workers.plans.stages.knowledge import own_tilts, search_seconds, spec_tilts
from workers.plans.stages.odds import with_odds

Floats = npt.NDArray[np.float64]

MOST_TILT = 1.0
"""Strength, in normal scores, by which the market's view moves a driver at the most.

Salaries imply more points than any strength brings at some tracks, superspeedways above all; a
search for them would leave races without luck.
"""

_MOST_RACES = 10_000  # whose means are the model's public projection
_LEAST_WORTH = 3.0  # points for a unit of strength; fewer are noise of a few blocks


class MarketFact(msgspec.Struct, frozen=True):
    """The market's view, by driver of the slate.

    Parameters
    ----------
    ownership_percent
        As given, and then the view was read from it too; or estimated.
    estimated
        Whether the ownership is an estimate.
    model_points, consensus_points
        The mean points of the race model alone, and those that the market implies; 0 for a driver
        who does not race.
    tilts
        Strength that moves the model's races to the consensus, in normal scores.
    points_per_surprise
        Points of a driver for a unit of log-odds that the field owns him beyond the estimate.
    points_per_strength
        Points that a driver gains with a unit of strength, on average.
    """

    ownership_percent: tuple[float, ...]
    estimated: bool
    model_points: tuple[float, ...]
    consensus_points: tuple[float, ...]
    tilts: tuple[float, ...]
    points_per_surprise: float
    points_per_strength: float


MARKET = Key("market", MarketFact)


def _run(work: Work[Played]) -> MarketFact:
    request, view = work.request, work.request.market
    if view is None:
        raise TypeError("a job at one's own view has no such stage")
    spec, slate = view.public, request.slate
    public = public_races(
        spec, slate.rules, request.seed, request.n_scenarios, work.check_cancelled
    )
    model = public.points
    given = _given_ownership(request)
    percent = _estimated(request, view, model) if given is None else np.array(given)
    racing = list(spec.racing)
    news = points_per_surprise(view.market, model[racing])
    starts = [
        np.nan if driver.start_position is None else driver.start_position
        for driver in slate.drivers
    ]
    implied = np.zeros(len(slate))
    implied[racing] = consensus_points(
        view.market,
        model[racing],
        slate.salaries_usd[racing],
        None if given is None else percent[racing],
        np.array(starts)[racing],
    )
    if given is None:
        implied += news * _known_beyond(request, view, model, percent)
    return MarketFact(
        ownership_percent=tuple(percent.tolist()),
        estimated=given is None,
        model_points=tuple(model.tolist()),
        consensus_points=tuple(implied.tolist()),
        tilts=_tilts(work, spec, implied),
        points_per_surprise=news,
        points_per_strength=public.points_per_strength,
    )


@dataclass(frozen=True, slots=True, eq=False)
class PublicRaces:
    """The model's own races in means.

    Parameters
    ----------
    points
        Mean points of each driver, ``[D]``.
    points_per_strength
        Points that a driver gains with a unit of strength, in normal scores, on average.
    """

    points: Floats
    points_per_strength: float


def public_races(
    spec: ConstraintSpec,
    rules: SiteRules,
    seed: int,
    n_scenarios: int,
    check_cancelled: CheckCancelled = never_cancelled,
) -> PublicRaces:
    """Means of the model's own races.

    They are those of as many races as a job simulates, up to 10,000. An ownership job that
    simulates as many with the same seed reads its estimate from the same means. What strength is
    worth is read off 20 whole blocks, whose strengths differ, however many races the job has: the
    slope of their means by least squares.
    """
    error = load_strength_error()
    count, racing = min(n_scenarios, _MOST_RACES), list(spec.racing)
    ticks = np.zeros(len(spec), dtype=np.int64)
    added, means = [], []
    for block in range(_MOST_RACES // BLOCK_SCENARIOS):
        check_cancelled()
        strength = draw_block_strength(spec, seed, block, error)
        races, _ = simulate_block(spec, seed, block, strength=strength)
        scored = races.points(rules)
        kept = min(max(count - block * BLOCK_SCENARIOS, 0), BLOCK_SCENARIOS)
        ticks += scored[:kept].sum(axis=0, dtype=np.int64)
        added.append(strength.added[racing])
        means.append(scored[:, racing].mean(axis=0) / TICKS_PER_POINT)
    slope = _slope(np.array(added), np.array(means))
    return PublicRaces(ticks / (count * TICKS_PER_POINT), max(slope, _LEAST_WORTH))


def _slope(x: Floats, y: Floats) -> float:
    """Slope of y on x, ``[blocks, D]`` each, about the means of blocks and of drivers."""
    # only differences of strength matter, and drivers differ by more than the blocks' errors
    x, y = (each - each.mean(axis=1, keepdims=True) for each in (x, y))
    x = x - x.mean(axis=0)
    squares = float((x**2).sum())
    return float((x * y).sum()) / squares if squares > 0.0 else 0.0


def _given_ownership(request: Played) -> Sequence[float] | None:
    """Ownership as the request or the drivers file gives it for every driver."""
    if request.given_ownership is not None:
        return request.given_ownership
    known = [0.0 if driver.out else driver.ownership_percent for driver in request.slate.drivers]
    given = [percent for percent in known if percent is not None]
    return given if len(given) == len(known) else None


def _estimated(request: Played, view: MarketView, model: Floats) -> Floats:
    """Ownership where not all of it is given; what the drivers file gives of it stays."""
    return _estimate_of(request, request.slate, view, model)


def _known_beyond(request: Played, view: MarketView, model: Floats, percent: Floats) -> Floats:
    """Log-odds of the ownership that some drivers have beyond its estimate without it, ``[D]``.

    0 for the others, and where the ownership of nobody is known.
    """
    known = np.array([d.ownership_percent is not None and not d.out for d in request.slate.drivers])
    if not known.any():
        return np.zeros(len(known))
    nobody = tuple(replace(driver, ownership_percent=None) for driver in request.slate.drivers)
    plain = _estimate_of(request, replace(request.slate, drivers=nobody), view, model)
    beyond: Floats = np.where(known, log_odds(percent) - log_odds(plain), 0.0)
    return beyond


def _estimate_of(request: Played, slate: Slate, view: MarketView, model: Floats) -> Floats:
    return estimated_percent(
        slate,
        model,
        view.public,
        request.salary_cap_usd,
        None if request.contest is None else request.contest.payouts.field_size,
        view.ownership_model,
        request.seed,
    )


def _tilts(work: Work[Played], spec: ConstraintSpec, implied: Floats) -> tuple[float, ...]:
    request = work.request
    races = set(spec.racing)
    nobody = (None,) * len(spec)
    wanted = UserKnowledge(
        tuple(float(implied[i]) if i in races else None for i in range(len(spec))),
        nobody,
        nobody,
        nobody,
    )
    found = tilt(spec, wanted, request.slate.rules, request.seed, work.check_cancelled)
    tilts = np.array(found.tilts)
    # only differences of strength matter: the middle driver stays where he is
    moved = tilts - np.median(tilts[list(spec.racing)])
    return tuple(np.clip(moved, -MOST_TILT, MOST_TILT).tolist())


def simulated_spec(
    request: Simulated, facts: Facts, conviction: float | None = None
) -> ConstraintSpec:
    """The race that a job simulates.

    Parameters
    ----------
    request, facts
        Of the job.
    conviction
        In place of the job's: 0 the market's view, 1 the model tilted to the user's numbers.
    """
    spec, found, view = spec_of(request), facts.get(MARKET), request.market
    share = 1.0
    tilts = np.array(own_tilts(request, facts))
    if found is not None and view is not None:
        share = view.conviction if conviction is None else conviction
        others = np.array(found.tilts) + _back_to_public(spec, view.public)
        # not at a share of 1: a sum with zeros may differ in its last bit
        if share < 1.0:
            tilts = (1.0 - share) * others + share * np.array(own_tilts(request, facts, share))
    moved = np.clip(with_odds(request, facts, tilts, share), -MAX_TILT, MAX_TILT).tolist()
    return spec if tuple(moved) == spec_tilts(spec) else with_tilts(spec, moved)


def _back_to_public(spec: ConstraintSpec, public: ConstraintSpec) -> Floats:
    """Strength that takes back the user's own skills, ``[D]``; rules and risks stay."""
    skills = np.array(
        [theirs.skill - own.skill for own, theirs in zip(spec.drivers, public.drivers, strict=True)]
    )
    strength: Floats = spec.priors.skill_weight * skills / SKILL_PER_SD
    return strength


def _seconds(request: Played) -> float:
    return search_seconds(request) + _MOST_RACES / 70_000


MARKET_STAGE = single_unit_stage(MARKET, seconds=_seconds, run=_run)
