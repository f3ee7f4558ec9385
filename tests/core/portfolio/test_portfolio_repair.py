"""Portfolios whose lineups must differ much: found by exchanges, within a count of work."""

from itertools import combinations

import numpy as np
import pytest

from core.errors import Infeasible
from core.lineups import LineupRules, Lineups, best_by_value
from core.portfolio import generate_additive_portfolio, require_possible
from core.portfolio.feasibility import choose_exactly
from core.portfolio.limits import Exposure, PortfolioLimits
from core.portfolio.repair import repaired

SALARIES = (10_900, 10_200, 9_900, 9_400, 9_000, 8_400, 7_700, 7_200, 6_700, 6_300, 5_600, 5_200)
RULES = LineupRules(SALARIES, 6, 50_000)


def limits(n: int, min_unique: int, most: float = 1.0, teams: int = 0) -> PortfolioLimits:
    drivers = tuple(Exposure(f"d{i}", (i,), 0.0, most, explicit=True) for i in range(12))
    pairs = tuple(Exposure(f"t{i}", (i, 11 - i), 0.0, most, explicit=True) for i in range(teams))
    return PortfolioLimits(n, drivers, pairs, min_unique)


def every_legal(rules: LineupRules = RULES) -> Lineups:
    return best_by_value(np.zeros(len(rules.salaries_usd), dtype=np.int64), rules, 1_500).lineups


def assert_kept(lineups: Lineups, kept: PortfolioLimits) -> None:
    assert len({row.tobytes() for row in lineups}) == len(lineups) == kept.n_lineups
    least_apart = min(6 - len(set(a) & set(b)) for a, b in combinations(lineups.tolist(), 2))
    assert least_apart >= kept.min_unique
    assert (np.bincount(lineups.ravel(), minlength=12) <= kept.most).all()
    for team, most in zip(kept.teams, kept.team_most, strict=True):
        assert np.isin(lineups, team.members).any(axis=1).sum() <= most


def test_twenty_lineups_of_twelve_drivers_that_differ_in_three_are_found() -> None:
    # an integer program of five thousand nodes took minutes here
    values = np.array(SALARIES, dtype=np.int64)
    portfolio = generate_additive_portfolio(values, 1_000, RULES, limits(20, 3))
    assert_kept(portfolio.lineups, limits(20, 3))


@pytest.mark.parametrize(("n", "most", "teams"), [(20, 1.0, 0), (16, 0.6, 0), (14, 0.8, 6)])
def test_a_repaired_portfolio_keeps_every_limit(n: int, most: float, teams: int) -> None:
    pool, kept = every_legal(), limits(n, 3, most, teams)
    picked = repaired(pool, pool.sum(axis=1).astype(np.float64), kept)
    assert picked is not None
    assert_kept(pool[picked], kept)


def test_minima_are_kept_as_well() -> None:
    pool, kept = every_legal(), limits(16, 3)
    least = tuple(Exposure(f"d{i}", (i,), 0.35, 1.0, explicit=True) for i in range(12))
    picked = repaired(pool, np.ones(len(pool)), PortfolioLimits(16, least, (), 3))
    assert picked is not None
    assert_kept(pool[picked], kept)
    assert np.bincount(pool[picked].ravel(), minlength=12).min() >= 6


def test_the_same_work_gives_the_same_portfolio_and_too_little_gives_none() -> None:
    pool, alike = every_legal(), np.ones(len(every_legal()))
    first, second = (repaired(pool, alike, limits(20, 3)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first == second).all()
    assert repaired(pool, alike, limits(20, 3), most_looks=0) is None


def test_what_no_search_finds_is_not_called_impossible() -> None:
    pool = every_legal()
    assert choose_exactly(pool, np.ones(len(pool)), limits(24, 3), 5_000) == (None, False)


def test_a_search_that_ends_without_proof_says_so_and_names_the_largest_found() -> None:
    with pytest.raises(Infeasible, match="no proof excludes more") as refused:
        generate_additive_portfolio(np.array(SALARIES, dtype=np.int64), 1_000, RULES, limits(23, 3))
    assert refused.value.largest is not None
    assert refused.value.largest >= 20


def test_where_lineups_must_differ_alone_one_program_proves_the_largest_number() -> None:
    # binary words of length 10 and weight 6 at distance 6: five at the most (Brouwer, Shearer,
    # Sloane and Smith, "A new table of constant weight codes", 1990)
    rules = LineupRules((8_000,) * 10, 6, 50_000)
    drivers = tuple(Exposure(f"d{i}", (i,), 0.0, 1.0, explicit=True) for i in range(10))
    with pytest.raises(Infeasible, match="there is room for 5") as refused:
        require_possible(rules, PortfolioLimits(12, drivers, (), 3))
    assert refused.value.largest == 5
