"""Prices in races as jobs simulate them: near the market's view, on slates with salaries.

The weights are fitted to races of the model alone, as few races have both salaries and prices.
Those few are looked at here: the pairs of their drivers in a job's races without prices, and with
prices at their weights. The market's view is the shipped one, which was fitted to later contests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.odds_forecasts import Forecaster, Pairs, pair_log_odds
from benchmarks.odds_prices import PricedPair, PriceList
from benchmarks.real_slates import read_slate, rows_of
from core.history import PastRace
from core.history.learning.parameters_file import driver_documents
from core.history.races import RaceKey
from core.race import ConstraintCompiler
from core.race.known import known_drivers
from core.race.prices import OddsWeights
from core.slate import Driver, Slate, Veto, plain_name
from web.requests.jobs import optimize_request
from web.requests.sources import Sources
from web.schemas.optimize import OptimizeSchema
from workers.engine.arrays import Memory
from workers.engine.in_process import stages_here
from workers.plans.optimize import PLAN
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.market import simulated_spec
from workers.plans.stages.odds import ODDS

SCENARIOS = 10_000


@dataclass(frozen=True, slots=True)
class PricedSlate:
    """A slate whose race has prices, as it was before the race.

    Parameters
    ----------
    forecaster
        What there was to know before the race.
    slate
        The drivers, with salaries and the grid; those who did not race are out.
    compiler
        The race model as fitted before the season.
    """

    forecaster: Forecaster
    slate: Slate
    compiler: ConstraintCompiler


def priced_slates(
    data: Path, races: Sequence[PastRace], forecasters: Mapping[RaceKey, Forecaster]
) -> dict[RaceKey, PricedSlate]:
    """The slates of the folder whose races there are forecasters of."""
    found = {}
    for row in rows_of(data / "dk_slate_index.csv"):
        key = int(row["season"]), int(row["round"])
        forecaster = forecasters.get(key)
        if forecaster is None:
            continue
        before = [race for race in races if race.date < row["date"]]
        compiler = ConstraintCompiler(forecaster.priors, known_drivers(driver_documents(before)))
        real = read_slate(data, row["slate_id"], row["track"], compiler)
        raced = {plain_name(name) for name in forecaster.race.drivers}
        drivers = tuple(
            driver
            if plain_name(driver.name) in raced
            else replace(driver, vetoes=frozenset({Veto.OUT}))
            for driver in real.slate.drivers
        )
        found[key] = PricedSlate(forecaster, replace(real.slate, drivers=drivers), compiler)
    return found


def job_pairs_by_list(priced: PricedSlate, weights: OddsWeights, prices: PriceList) -> Pairs:
    """Every pair of a slate with a listed driver in it, in a job with a list of prices."""
    odds = {plain_name(name): price for name, price in prices.odds.items()}

    def with_odds(driver: Driver) -> Driver:
        return replace(driver, win_odds=None if driver.out else odds.get(plain_name(driver.name)))

    slate = replace(priced.slate, drivers=tuple(map(with_odds, priced.slate.drivers)))
    listed = np.array([driver.win_odds is not None for driver in slate.drivers])
    racing = np.array([not driver.out for driver in slate.drivers])
    first, second = np.nonzero(np.triu((listed[:, None] | listed) & racing[:, None] & racing, 1))
    body = {"odds_taken": prices.taken.value}
    return _pairs(
        replace(priced, slate=slate), weights, body, list(zip(first, second, strict=True))
    )


def job_pairs_by_matchups(
    priced: PricedSlate, weights: OddsWeights, prices: Sequence[PricedPair]
) -> Pairs:
    """The priced pairs of a slate, in a job with their closing prices."""
    index = {plain_name(driver.name): i for i, driver in enumerate(priced.slate.drivers)}
    ids = [driver.driver_id for driver in priced.slate.drivers]
    pairs = [(index[plain_name(one.driver_a)], index[plain_name(one.driver_b)]) for one in prices]
    body = {
        "matchups": [
            {
                "driver_a": ids[a],
                "driver_b": ids[b],
                "odds_a": one.odds_a,
                "odds_b": one.odds_b,
                "taken": "closing",
            }
            for (a, b), one in zip(pairs, prices, strict=True)
        ]
    }
    return _pairs(priced, weights, body, pairs)


def _pairs(
    priced: PricedSlate,
    weights: OddsWeights,
    fields: Mapping[str, Any],
    pairs: Sequence[tuple[int, int]],
) -> Pairs:
    """Pairs without prices and, as ``at_prices``, in races moved to prices by their weights."""
    body = {
        "slate_id": "a real one",
        "scenario_config": {"n_scenarios": SCENARIOS},
        **fields,
    }
    request = optimize_request(OptimizeSchema().load(body), Sources(lambda _: priced.slate))
    spec = priced.compiler.compile(priced.slate)
    view, terms = request.market, request.odds
    if view is None or terms is None:
        raise TypeError("a job with prices at the fitted conviction has both")
    request = replace(
        request,
        spec=spec,
        market=replace(view, public=spec),
        odds=replace(terms, weights=weights),
    )
    work = stages_here(_BEFORE_RACES, request, Memory())
    without = simulated_spec(work.request, work.facts.without(ODDS))
    moved = simulated_spec(work.request, work.facts)
    finish = {plain_name(name): position for name, position in priced.forecaster.finish.items()}
    real = np.array([finish.get(plain_name(d.name), 99) for d in priced.slate.drivers])
    first, second = np.array(pairs).T
    return Pairs(
        priced.forecaster.race.key,
        pair_log_odds(without)[first, second],
        pair_log_odds(moved)[first, second],
        real[first] < real[second],
    )


def _stages_before_races(request: OptimizeRequest) -> Any:
    names = ("knowledge", "market", "odds")
    return tuple(stage for stage in PLAN.stages(request) if stage.name in names)


_BEFORE_RACES = replace(PLAN, stages=_stages_before_races)
