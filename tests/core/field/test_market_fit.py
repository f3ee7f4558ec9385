"""The fit of the market's view, and the real scores that it and the replay of contests read."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.field_contests import Contest, read_contests
from benchmarks.market import MarketRows, fit_market, profile, read_rows
from benchmarks.real_scores import (
    PASSING,
    payouts_of,
    places,
    real_fields,
    real_scores,
    winnings_usd,
)
from core.field import load_market


def contest(ladder: tuple[tuple[int, float], ...], **changes: object) -> Contest:
    empty = np.zeros((0, 6), dtype=np.int64)
    facts: dict[str, object] = {
        "slate": "made up",
        "number": "1",
        "entries": 500,
        "salaries": np.full(20, 8_000),
        "known_percent": np.full(20, 30.0),
        "points": np.arange(20.0),
        "pairs": empty[:, :2],
        "pair_percent": np.zeros(0),
        "lineups": empty,
        "copies": np.zeros(0, dtype=np.int64),
        "published": empty,
        "published_copies": np.zeros(0, dtype=np.int64),
        "top_copies": None,
        "fee_usd": 12.0,
        "score_p80": 250.0,
        "ladder": ladder,
    }
    return Contest(**{**facts, **changes})  # type: ignore[arg-type]


LADDER = ((1, 340.0), (2, 331.5), (10, 300.0), (40, 280.0), (300, 200.0))


def test_a_published_score_has_its_place() -> None:
    found = places(contest(LADDER), np.array([score for _, score in LADDER]))
    assert found == pytest.approx([place for place, _ in LADDER])
    assert places(contest(LADDER), np.array([250.0])) == pytest.approx([100.0])


@given(st.lists(st.floats(0.0, 400.0), min_size=2, max_size=30))
def test_a_higher_score_has_no_worse_place_and_all_lie_in_the_contest(scores: list[float]) -> None:
    found = places(contest(LADDER), np.sort(np.array(scores)))
    assert (np.diff(found) <= 1e-9).all()
    assert ((found >= 1.0 - 1e-9) & (found <= 500.0 + 1e-6)).all()


def test_between_two_places_the_score_is_a_line_in_the_logarithm_of_the_place() -> None:
    assert places(contest(LADDER), np.array([290.0])) == pytest.approx([np.sqrt(10 * 40)])


def test_the_winner_wins_the_first_prize_and_who_is_not_paid_nothing() -> None:
    played = contest(LADDER)
    first = payouts_of(played).tiers[0].prize_cents / 100
    assert winnings_usd(played, np.array([345.0, 200.0])) == pytest.approx([first, 0.0])


SURPRISE = 2.0


def rows(seed: int, kappa: float, drivers: int = 400) -> MarketRows:
    rng = np.random.default_rng(seed)
    x = np.column_stack([10.0 * rng.standard_normal((drivers, 3)), rng.normal(0, 10, drivers)])
    x -= x.mean(axis=0)
    consensus = x[:, :3] @ [0.8, 0.3, -0.2]
    y = (1.0 - kappa) * consensus + kappa * x[:, 3] + rng.normal(0.0, 5.0, drivers)
    surprise = rng.standard_normal(drivers)
    y += SURPRISE * surprise
    return MarketRows(
        f"2030-01-0{seed + 1}_x", x, y - y.mean(), np.ones(drivers), surprise - surprise.mean()
    )


@pytest.mark.parametrize("kappa", [0.1, 0.5])
def test_weights_and_conviction_are_found_again(kappa: float) -> None:
    made_up = [rows(seed, kappa) for seed in range(5)]
    fit = fit_market(made_up)
    assert fit.market.conviction == pytest.approx(kappa, abs=0.03)
    found = [fit.market.salary_weight, fit.market.ownership_weight, fit.market.start_weight]
    assert found == pytest.approx([0.8, 0.3, -0.2], abs=0.07)
    assert fit.residual == pytest.approx(np.hypot(5.0, SURPRISE), rel=0.05)
    assert fit.market.surprise_weight == pytest.approx(SURPRISE, abs=4.0 * fit.surprise_error + 0.2)
    likelihood = profile(made_up, fit)
    assert max(likelihood, key=lambda each: likelihood[each]) == pytest.approx(kappa, abs=0.13)


def test_slates_without_ownership_count_for_salary_and_grid_alone() -> None:
    known = [rows(seed, 0.1) for seed in range(3)]
    other = rows(7, 0.1)
    others = [replace(other, slate_id="2030-02-01_y", y=3.0 * other.x[:, 0], surprise=None)]
    before, after = fit_market(known).market, fit_market(known + others).market
    assert after.salary_alone > before.salary_alone + 0.3
    assert after.salary_weight == before.salary_weight
    assert after.conviction == before.conviction


def test_without_evidence_the_conviction_is_that_of_its_prior() -> None:
    one = rows(0, 0.5, 40)
    blind = MarketRows(one.slate_id, 1e-9 * one.x, one.y, one.weight, one.surprise)
    # the mean of a half-normal distribution of this standard deviation, cut at 1
    assert fit_market([blind]).market.conviction == pytest.approx(
        0.25 * np.sqrt(2.0 / np.pi), abs=0.001
    )


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    if not (shared / "data" / "dk_contests.csv").is_file():
        pytest.skip("no contests among the real data")
    return shared / "data"


def test_with_points_imputed_as_many_real_entries_pass_as_did(data: Path) -> None:
    contests = [one for one in read_contests(data) if len(one.ladder) > 1]
    for slate in sorted({one.slate for one in contests}):
        fields = real_fields([one for one in contests if one.slate == slate])
        scores = real_scores(fields)
        known = np.isfinite(fields[0].contest.points)
        assert scores.imputed == (~known).sum()
        assert (scores.points[known] == fields[0].contest.points[known]).all()
        assert scores.passing == pytest.approx(PASSING, abs=0.002)


def test_the_shipped_market_is_what_the_real_contests_give(data: Path) -> None:
    fitted = asdict(fit_market(read_rows(data)).market)
    assert fitted == pytest.approx(asdict(load_market()), abs=0.005)
