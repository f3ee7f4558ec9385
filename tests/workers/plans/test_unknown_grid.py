"""Jobs on a slate whose grid is not known, in whole or in part."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.contest import typical_payouts
from core.field import Market
from core.race import ConstraintCompiler
from core.slate import Slate
from workers.engine.arrays import Memory
from workers.engine.in_process import run_here, stages_here
from workers.plans import contest_sim, ownership
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.contest_sim import ContestSimRequest
from workers.plans.requests.market import MarketView
from workers.plans.requests.ownership import OwnershipRequest
from workers.plans.stages.estimated_ownership import (
    estimated_deviation,
    slate_to_estimate,
    versions_to_estimate,
)
from workers.plans.stages.field import FIELD
from workers.plans.stages.market import MARKET
from workers.plans.stages.ownership import OWNERSHIP, OwnershipFact

ENTRIES = 500
MARKET_OF_TESTS = Market(
    salary_weight=1.2,
    ownership_weight=0.3,
    start_weight=0.3,
    salary_alone=1.3,
    start_alone=0.4,
    surprise_weight=0.5,
    conviction=0.2,
)


def without_grid(slate: Slate, first: int = 0) -> Slate:
    """The slate without the starting spots of the drivers from index ``first`` on."""
    return replace(
        slate,
        drivers=tuple(
            driver if index < first else replace(driver, start_position=None)
            for index, driver in enumerate(slate.drivers)
        ),
    )


def request_of(slate: Slate, **changes: Any) -> OwnershipRequest:
    request = OwnershipRequest(
        slate=slate,
        entries=ENTRIES,
        n_scenarios=1_000,
        seed=7,
        spec=ConstraintCompiler().compile(slate, race_laps=60),
    )
    return replace(request, **changes)


def estimated(request: OwnershipRequest) -> OwnershipFact:
    return stages_here(ownership.PLAN, request, Memory()).facts.of(OWNERSHIP)


def test_the_contest_is_played_against_the_ownership_jobs_estimate(slate: Slate) -> None:
    bare = without_grid(slate)
    simulation = ContestSimRequest(
        slate=bare,
        lineups=((3, 5, 8, 9, 10, 12),),
        contest=ContestTerms(typical_payouts(ENTRIES, 500)),
        n_scenarios=1_000,
        seed=7,
        salary_cap_usd=50_000,
        spec=ConstraintCompiler().compile(bare, race_laps=60),
        market=MarketView(MARKET_OF_TESTS, 0.2, ConstraintCompiler().compile(bare, race_laps=60)),
    )
    facts = stages_here(contest_sim.PLAN, simulation, Memory()).facts
    expected = estimated(request_of(bare)).percent
    assert facts.of(MARKET).ownership_percent == pytest.approx(expected)
    assert facts.of(FIELD).model.ownership_percent == pytest.approx(expected, abs=1e-6)
    assert "14 starting spots not known" in facts.of(FIELD).source


def test_with_a_grid_the_estimate_is_that_of_the_grid(slate: Slate) -> None:
    points = np.linspace(50.0, 10.0, len(slate))
    spec = ConstraintCompiler().compile(slate, race_laps=60)
    known = slate_to_estimate(slate, points, spec, ENTRIES)
    assert versions_to_estimate(slate, known, spec, 7) == [known]


def test_without_a_grid_intervals_are_wider_and_a_note_says_why(slate: Slate) -> None:
    bare = without_grid(slate)
    known, unknown = (estimated(request_of(each)) for each in (slate, bare))
    widths = [np.mean(np.array(fact.upper) - fact.lower) for fact in (known, unknown)]
    assert widths[1] > widths[0]
    assert sum(unknown.percent) == pytest.approx(600.0)
    (note,) = run_here(ownership.PLAN, request_of(bare), Memory())["notes"]
    assert note.startswith("14 starting spots not known: the estimate is the mean over grids")


def test_the_error_of_the_fields_estimate_holds_what_the_grids_add(slate: Slate) -> None:
    points = np.linspace(50.0, 10.0, len(slate))
    known, unknown = (
        estimated_deviation(each, points, request_of(each).spec, ENTRIES, None, 7).mean()
        for each in (slate, without_grid(slate))
    )
    assert unknown > known


def test_the_estimate_depends_on_the_grid_where_it_is_known_alone(slate: Slate) -> None:
    # the same job on a slate whose last spots alone are unknown: the known ones stay in every grid
    part = without_grid(slate, first=11)
    versions = versions_to_estimate(
        part,
        slate_to_estimate(part, np.full(14, 20.0), request_of(part).spec, ENTRIES),
        request_of(part).spec,
        7,
    )
    starts = np.array([version.start_position for version in versions])
    given = [driver.start_position for driver in slate.drivers[:11]]
    assert (starts[:, :11] == given).all()
    assert len(np.unique(starts[:, 11:], axis=0)) == 6
    moved = np.array([version.projected_points for version in versions])
    assert (moved[:, :11] == 20.0).all()


def test_the_seed_alone_decides_which_grids_are_drawn(slate: Slate) -> None:
    bare = without_grid(slate)
    one, again, other = (estimated(request_of(bare, seed=seed)) for seed in (7, 7, 8))
    assert one == again
    assert one.percent != other.percent
    assert np.abs(np.array(one.percent) - other.percent).mean() < 3.0


def test_projections_of_ones_own_have_no_grids_to_draw_and_a_note_says_so(slate: Slate) -> None:
    bare = without_grid(slate)
    projected = replace(
        bare,
        drivers=tuple(
            replace(driver, projected_points=40.0 - index)
            for index, driver in enumerate(bare.drivers)
        ),
    )
    request = request_of(projected, spec=None, n_scenarios=0)
    (note,) = run_here(ownership.PLAN, request, Memory())["notes"]
    assert "count as starting in the middle" in note
