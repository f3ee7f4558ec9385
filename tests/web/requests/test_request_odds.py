"""A bookmaker's prices in a request, as jobs get them, and what is refused."""

from typing import Any

import pytest
from marshmallow import ValidationError

from core.errors import InvalidInput
from core.race.prices import Matchup, Taken, load_odds_weights
from tests.web.requests.alone import ALONE
from web.labels import errors_of
from web.requests import optimize_request
from web.schemas.optimize import OptimizeSchema
from workers.plans.requests.odds import OddsTerms


def optimized(first: dict[str, Any] | None = None, **changes: Any) -> OddsTerms | None:
    drivers: list[dict[str, Any]] = [
        {"driver_id": f"d{i}", "name": f"Nobody {i}", "salary": 10_800 - 450 * i} for i in range(14)
    ]
    drivers[0] |= first or {}
    body = {"drivers": drivers, "scenario_config": {"track_id": "kansas"}, **changes}
    return optimize_request(OptimizeSchema().load(body), ALONE).odds


def pair(**changes: Any) -> dict[str, Any]:
    return {"driver_a": "d0", "driver_b": "d1", "odds_a": -125, "odds_b": 105, **changes}


CONTEST = {"contest": {"field_size": 200, "contest_buyin": 5}}


def test_prices_of_pairs_are_read_american_or_decimal_with_their_time() -> None:
    terms = optimized(
        matchups=[
            pair(),
            pair(driver_b="d2", odds_a="+150", odds_b=1.6, taken="closing"),
            pair(driver_b="d3", odds_a=None, odds_b="even"),
        ]
    )
    assert terms is not None
    assert terms.matchups == (
        Matchup(0, 1, 1.8, 2.05, Taken.EARLY),
        Matchup(0, 2, 2.5, 1.6, Taken.CLOSING),
        Matchup(0, 3, None, 2.0, Taken.EARLY),
    )
    assert terms.weights == load_odds_weights()
    assert not terms.grid_known


def test_the_time_of_the_lists_is_that_of_pairs_without_their_own() -> None:
    terms = optimized(
        {"win_odds": 4.0},
        matchups=[pair(), pair(driver_b="d2", taken="early")],
        odds_taken="closing",
        **CONTEST,
    )
    assert terms is not None
    assert (terms.taken, terms.listed) == (Taken.CLOSING, True)
    assert [one.taken for one in terms.matchups] == [Taken.CLOSING, Taken.EARLY]


def test_without_prices_or_at_ones_own_view_a_job_has_no_terms() -> None:
    assert optimized() is None
    assert optimized(**CONTEST) is None
    assert optimized({"win_odds": 4.0}) is not None
    # at one's own view, and no other shown, odds to win are met with the rest of one's numbers
    assert optimized({"win_odds": 4.0}, conviction=1) is None
    assert optimized({"win_odds": 4.0}, conviction=1, **CONTEST) is not None


def test_prices_that_cannot_be_a_pairs_are_refused_with_the_drivers_names() -> None:
    with pytest.raises(InvalidInput) as refused:
        optimized(matchups=[pair(), pair(driver_b="d2", odds_a=3.0, odds_b=3.0)])
    (problem,) = refused.value.problems
    assert problem.key.startswith("matchups.1.")
    assert problem.message.startswith("Nobody 0 against Nobody 2: ")


def test_half_the_grid_is_a_known_grid() -> None:
    first = {"start_position": 1}
    drivers = [
        {"driver_id": f"d{i}", "salary": 10_800 - 450 * i, "start_position": i + 1}
        for i in range(14)
    ]
    assert optimized(first, matchups=[pair()]).grid_known is False  # type: ignore[union-attr]
    body = {"drivers": drivers, "scenario_config": {"track_id": "kansas"}, "matchups": [pair()]}
    terms = optimize_request(OptimizeSchema().load(body), ALONE).odds
    assert terms is not None
    assert terms.grid_known


@pytest.mark.parametrize(
    ("matchups", "key", "message"),
    [
        ([pair(driver_b="d99")], "matchups.0.driver_b", "d99"),
        (
            [pair(), pair(driver_a="d5", driver_b="d5")],
            "matchups.1.driver_b",
            "'d5' is driver_a too",
        ),
        (
            [pair(), pair(driver_b="d2"), pair(driver_a="d1", driver_b="d0")],
            "matchups.2",
            "Nobody 0 and Nobody 1 are matchups.0 already; give each pair once",
        ),
        ([pair(odds_a=None, odds_b=None)], "matchups.0.odds_a", "the price of one side"),
        (
            [{"driver_a": "d0", "driver_b": "d1"}],
            "matchups.0.odds_a",
            "missing, and so is odds_b",
        ),
        ([pair(odds_a=1.2, odds_b=1.3)], "matchups.0.odds_a", "sum to 160%"),
    ],
)
def test_what_cannot_be_the_prices_of_a_pair_is_refused_where_it_stands(
    matchups: list[dict[str, Any]], key: str, message: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        optimized(matchups=matchups)
    errors = errors_of(refused.value)
    assert list(errors) == [key]
    assert message in errors[key][0]


def test_a_pair_with_a_driver_who_is_out_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput) as refused:
        optimized({"veto_rules": ["out"]}, matchups=[pair()])
    assert errors_of(refused.value) == {
        "matchups.0.driver_a": ["Nobody 0 (d0) does not race; leave the pair out."]
    }


def test_prices_where_the_races_do_not_move_are_refused() -> None:
    with pytest.raises(InvalidInput, match="calibration_enabled is false"):
        optimized(
            matchups=[pair()],
            scenario_config={"track_id": "kansas", "calibration_enabled": False},
        )


@pytest.mark.parametrize("price", [1, 0.5, -99, "+50", "a lot", True, [2.0], 1e300, "1" * 21])
def test_what_is_no_price_is_refused_with_what_to_give(price: object) -> None:
    with pytest.raises(ValidationError) as refused:
        OptimizeSchema().load({"slate_id": "any", "matchups": [pair(odds_a=price)]})
    assert "give decimal odds above 1" in str(refused.value.messages)


@pytest.mark.parametrize("changes", [{"taken": "late"}, {"odds_c": 2.0}, {"driver_a": ""}])
def test_what_the_schema_does_not_know_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OptimizeSchema().load({"slate_id": "any", "matchups": [pair(**changes)]})


def test_a_time_without_odds_is_refused() -> None:
    with pytest.raises(InvalidInput, match="odds_taken: closing, but there are no odds"):
        optimized(odds_taken="closing")


@pytest.mark.parametrize(
    ("odds_a", "odds_b", "words"),
    [(125, 105, "his minus"), (1_000_000, 1.0001, "to 101 for a pair")],
)
def test_prices_that_no_pair_has_are_refused(odds_a: float, odds_b: float, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        optimized(matchups=[pair(odds_a=odds_a, odds_b=odds_b)])
