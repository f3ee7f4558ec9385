from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from core.errors import Infeasible, InvalidInput
from core.lineups import best_by_value
from core.portfolio import (
    allocate_lineups_by_regime,
    compute_portfolio_correlation,
    generate_portfolio,
    generate_regime_aware_portfolio,
    portfolio_limits,
)


class Races:
    """A board whose drivers' worth differs from regime to regime."""

    def __init__(self, board, worth_by_regime):
        self.board = board
        self.worth = {
            regime: np.array(worth, dtype=np.int64) for regime, worth in worth_by_regime.items()
        }

    def value(self, regime, lineups):
        return self.worth[regime][lineups].sum(axis=1).astype(np.float64)

    def search(self, regime, rules, k=400):
        return best_by_value(self.worth[regime], rules, k)

    def generated(self, limits, allotment, weight=0.0, k=400):
        pools = {regime: self.search(regime, self.board.rules, k) for regime in self.worth}
        return generate_regime_aware_portfolio(
            pools, self.board.rules, limits, allotment, self.value, self.search, weight
        )


@pytest.fixture(scope="module")
def full_races(full_board):
    """A full slate whose drivers' worth differs between three kinds of race."""
    rng = np.random.default_rng(8)
    spread = {"dominator": 1500, "chaos": 4000, None: 700}
    return Races(
        full_board,
        {regime: full_board.worth + rng.integers(0, most, 38) for regime, most in spread.items()},
    )


def check_regimes(races, allotment, portfolio):
    """Assert that each regime has its count, in order, and that scores are its races'."""
    served = [regime for regime, count in allotment.items() for _ in range(count)]
    assert list(portfolio.regimes) == served
    for lineup, score, regime in zip(
        portfolio.lineups, portfolio.scores, portfolio.regimes, strict=True
    ):
        assert score == races.value(regime, lineup[None, :])[0]
    for regime in allotment:
        own = portfolio.scores[[each == regime for each in portfolio.regimes]]
        assert (np.diff(own) <= 0).all()


@settings(max_examples=50)
@given(
    parts=st.dictionaries(
        st.sampled_from(["dominator", "chaos", "fuel_mileage", None]),
        st.integers(0, 12),
        min_size=1,
    ).filter(lambda parts: sum(parts.values()) > 0),
    n=st.integers(1, 500),
)
def test_every_lineup_is_allotted_and_no_regime_is_a_whole_lineup_off_its_share(parts, n):
    total = sum(parts.values())
    counts = allocate_lineups_by_regime(n, {name: part / total for name, part in parts.items()})
    assert list(counts) == list(parts)
    assert sum(counts.values()) == n
    for name, part in parts.items():
        assert abs(counts[name] * total - n * part) < total
        assert part > 0 or counts[name] == 0


@pytest.mark.parametrize(
    ("n", "weights", "counts"),
    [
        (150, {"chaos": 0.4, "dominator": 0.35, None: 0.25}, [60, 53, 37]),
        (100, {"chaos": 0.07, "dominator": 0.93}, [7, 93]),
        # remainders of a half, and the larger weight
        (2, {"chaos": 0.25, "dominator": 0.75}, [0, 2]),
        # a third each, and the names in order, none last
        (1, {None: 1 / 3, "dominator": 1 / 3, "chaos": 1 / 3}, [0, 0, 1]),
        (2, {None: 1 / 3, "dominator": 1 / 3, "chaos": 1 / 3}, [0, 1, 1]),
        (3, {"chaos": 0.0, "dominator": 1.0}, [0, 3]),
        (1, {"chaos": 0.5000004, "dominator": 0.5000004}, [1, 0]),
    ],
)
def test_what_shares_leave_over_goes_to_the_largest_remainders(n, weights, counts):
    assert list(allocate_lineups_by_regime(n, weights).values()) == counts


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"chaos": 0.5, "dominator": 0.4},
        {"chaos": 1.1, "dominator": -0.1},
        {"chaos": float("nan"), "dominator": 1.0},
        {"chaos": 1.0, "dominator": 2e-6},
    ],
)
def test_weights_that_are_no_shares_are_refused_by_name(weights):
    with pytest.raises(InvalidInput) as error:
        allocate_lineups_by_regime(10, weights)
    assert list(error.value.messages) == ["regime_weights"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"max_driver_exposure": 0.35, "driver_min": {30: 0.2, 36: 0.5}, "driver_max": {36: 1.0}},
        {"max_driver_exposure": 0.3, "max_team_exposure": 0.6, "min_unique": 2},
        {"min_unique": 3},
    ],
)
@pytest.mark.parametrize("weight", [0.0, 0.2])
def test_each_regime_has_its_count_and_the_whole_holds_every_limit(
    full_races, holds, asked, weight
):
    limits = portfolio_limits(full_races.board.slate, 30, **asked)
    allotment = {"dominator": 12, None: 13, "chaos": 5}
    portfolio = full_races.generated(limits, allotment, weight)
    holds(full_races.board, limits, portfolio.lineups)
    check_regimes(full_races, allotment, portfolio)


def test_a_regime_with_no_lineups_needs_no_pool(full_races, holds):
    limits = portfolio_limits(full_races.board.slate, 10)
    pools = {"chaos": full_races.search("chaos", full_races.board.rules)}
    portfolio = generate_regime_aware_portfolio(
        pools,
        full_races.board.rules,
        limits,
        {"dominator": 0, "chaos": 10},
        full_races.value,
        full_races.search,
    )
    holds(full_races.board, limits, portfolio.lineups)
    assert set(portfolio.regimes) == {"chaos"}


def test_an_allotment_of_another_number_of_lineups_is_a_mistake_of_the_caller(full_races):
    limits = portfolio_limits(full_races.board.slate, 10)
    with pytest.raises(ValueError, match="does not allot 10 lineups"):
        full_races.generated(limits, {"dominator": 6, "chaos": 5})


@pytest.mark.slow
@pytest.mark.parametrize("weight", [0.0, 0.2])
@pytest.mark.parametrize("asked", [{}, {"max_driver_exposure": 0.3, "min_unique": 2}])
def test_one_regime_alone_is_worth_no_less_than_a_portfolio_without_regimes(
    full_races, asked, weight
):
    limits = portfolio_limits(full_races.board.slate, 25, **asked)
    pool = full_races.search("chaos", full_races.board.rules)
    plain = generate_portfolio(
        pool,
        full_races.board.rules,
        limits,
        lambda rules: full_races.search("chaos", rules),
        lambda lineups: full_races.value("chaos", lineups),
        weight,
    )
    portfolio = full_races.generated(limits, {"chaos": 25}, weight)

    def worth(lineups):
        alike = compute_portfolio_correlation(lineups, 38)["avg_similarity"]
        return full_races.value("chaos", lineups).mean() - weight * pool.scores.max() * alike

    assert worth(portfolio.lineups) >= worth(plain.lineups) * (1 - 1e-12)


def test_without_limits_each_regime_has_its_own_best_lineups(full_races):
    limits = portfolio_limits(
        full_races.board.slate, 20, max_driver_exposure=1.0, max_team_exposure=1.0
    )
    portfolio = full_races.generated(limits, {"dominator": 9, "chaos": 11})
    for regime, count in (("dominator", 9), ("chaos", 11)):
        best = full_races.search(regime, full_races.board.rules, count)
        own = np.array([each == regime for each in portfolio.regimes])
        # no lineup is among the best of both here, so neither has to give way
        assert {tuple(row) for row in portfolio.lineups[own]} == {tuple(r) for r in best.lineups}


def test_a_regime_whose_races_pay_more_takes_no_lineup_from_another(full_races):
    limits = portfolio_limits(full_races.board.slate, 20, max_driver_exposure=0.3)
    allotment = {"dominator": 8, "chaos": 7, None: 5}
    richer = Races(
        full_races.board,
        {
            regime: worth + (5_000 if regime == "chaos" else 0)
            for regime, worth in full_races.worth.items()
        },
    )
    one, other = full_races.generated(limits, allotment), richer.generated(limits, allotment)
    np.testing.assert_array_equal(one.lineups, other.lineups)
    assert one.regimes == other.regimes


def test_the_same_request_is_the_same_portfolio_by_regime(full_races):
    limits = portfolio_limits(full_races.board.slate, 20, max_driver_exposure=0.25, min_unique=2)
    allotment = {"dominator": 8, "chaos": 12}
    one = full_races.generated(limits, allotment, 0.1)
    other = full_races.generated(limits, allotment, 0.1)
    np.testing.assert_array_equal(one.lineups, other.lineups)
    np.testing.assert_array_equal(one.scores, other.scores)
    assert (one.regimes, one.pool_size) == (other.regimes, other.pool_size)


def test_more_weight_on_diversity_makes_lineups_of_all_regimes_less_alike(full_races):
    limits = portfolio_limits(
        full_races.board.slate, 20, max_driver_exposure=1.0, max_team_exposure=1.0
    )
    allotment = {"dominator": 8, "chaos": 12}
    alike = [
        compute_portfolio_correlation(full_races.generated(limits, allotment, weight).lineups, 38)[
            "avg_similarity"
        ]
        for weight in (0.0, 0.2, 1.0)
    ]
    assert alike == sorted(alike, reverse=True)
    assert alike[0] > alike[-1] + 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        {"max_driver_exposure": 0.1},
        {"min_unique": 6},
        {"driver_min": {3: 0.5}, "team_max": {"T1": 0.3}},
    ],
)
def test_limits_in_conflict_are_named_as_without_regimes(full_races, asked):
    limits = portfolio_limits(full_races.board.slate, 20, **asked)
    with pytest.raises(Infeasible) as plain:
        generate_portfolio(
            full_races.search("chaos", full_races.board.rules),
            full_races.board.rules,
            limits,
            lambda rules: full_races.search("chaos", rules),
            lambda lineups: full_races.value("chaos", lineups),
        )
    with pytest.raises(Infeasible) as error:
        full_races.generated(limits, {"chaos": 9, None: 11})
    assert error.value.reason == plain.value.reason
    assert error.value.limits == plain.value.limits
    assert error.value.largest == plain.value.largest


def test_no_legal_lineup_at_all_is_refused_by_regime_too(make_board):
    races = Races(make_board([9] * 8, range(8), cap=10), {"chaos": range(8), None: range(8)})
    limits = portfolio_limits(races.board.slate, 3)
    with pytest.raises(Infeasible) as error:
        races.generated(limits, {"chaos": 2, None: 1})
    assert (error.value.largest, error.value.limits) == (0, ("salary_cap_usd",))


@st.composite
def tiny_requests(draw):
    """Draw a slate of six drivers in lineups of four, up to three regimes, and limits."""
    salaries = draw(st.lists(st.integers(3, 9), min_size=6, max_size=6))
    ranked = sorted(salaries)
    cap = draw(st.integers(sum(ranked[:4]), sum(ranked[-4:])))
    worth = st.lists(st.integers(-9, 30), min_size=6, max_size=6)
    allotment = draw(
        st.sampled_from([{"chaos": 2, None: 1}, {None: 1, "chaos": 1, "dominator": 1}, {None: 3}])
    )
    asked = {
        "max_driver_exposure": draw(st.sampled_from([0.7, 0.7, 1.0])),
        "max_team_exposure": 1.0,
        "driver_min": draw(st.dictionaries(st.integers(0, 5), st.just(0.5), max_size=1)),
        "min_unique": draw(st.sampled_from([1, 1, 2])),
    }
    return salaries, cap, {regime: draw(worth) for regime in allotment}, allotment, asked


@settings(max_examples=40, deadline=None)
@given(request=tiny_requests(), k=st.sampled_from([1, 4, 50]))
def test_no_choice_of_lineups_and_regimes_is_worth_more(make_board, holds, request, k):
    salaries, cap, worth, allotment, asked = request
    races = Races(make_board(salaries, [0] * 6, roster=4, cap=cap), worth)
    limits = portfolio_limits(races.board.slate, 3, **asked)

    def hold(lineups):
        try:
            holds(races.board, limits, [np.array(lineup) for lineup in lineups])
        except AssertionError:
            return False
        return True

    served = [regime for regime, count in allotment.items() for _ in range(count)]
    best = max(
        (
            sum(
                worth[regime][driver]
                for regime, lineup in zip(order, lineups, strict=True)
                for driver in lineup
            )
            for lineups in combinations(races.board.legal(), 3)
            if hold(lineups)
            for order in set(permutations(served))
        ),
        default=None,
    )
    if best is None:
        with pytest.raises(Infeasible):
            races.generated(limits, allotment, k=k)
        return
    portfolio = races.generated(limits, allotment, k=k)
    holds(races.board, limits, portfolio.lineups)
    check_regimes(races, allotment, portfolio)
    assert portfolio.scores.sum() <= best
    if k == 50:
        assert portfolio.scores.sum() == best


def most_together(races, limits, allotment):
    """The largest sum by a program over every legal lineup in every regime.

    ``None`` if no portfolio holds the limits.
    """
    legal = [frozenset(lineup) for lineup in races.board.legal()]
    columns = [(at, regime) for at in range(len(legal)) for regime in allotment]
    rows, least, most = [], [], []

    def add(counted, low, high):
        rows.append([float(counted(at, regime)) for at, regime in columns])
        least.append(low)
        most.append(high)

    for regime, count in allotment.items():
        add(lambda _, own, regime=regime: own == regime, count, count)
    for place, limit in enumerate(limits.drivers):
        n = limits.n_lineups
        add(lambda at, _, place=place: place in legal[at], limit.fewest_of(n), limit.most_of(n))
    for at in range(len(legal)):
        add(lambda other, _, at=at: other == at, 0, 1)
    for one, other in combinations(range(len(legal)), 2):
        if len(legal[one] - legal[other]) < limits.min_unique:
            add(lambda at, _, pair=(one, other): at in pair, 0, 1)
    solved = milp(
        [-float(races.worth[regime][sorted(legal[at])].sum()) for at, regime in columns],
        constraints=LinearConstraint(np.array(rows), least, most),
        integrality=np.ones(len(columns)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    assert solved.status in (0, 2)
    return None if solved.x is None else round(-solved.fun)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("min_unique", [1, 2])
def test_lineups_and_regimes_chosen_together_fall_short_of_the_best_by_next_to_nothing(
    make_board, holds, seed, min_unique
):
    rng = np.random.default_rng(seed)
    board = make_board(list(map(int, rng.integers(3, 9, 8))), [0] * 8, roster=4, cap=24)
    allotment = {"dominator": 4, "chaos": 2, None: 2}
    races = Races(board, {regime: rng.integers(0, 1_000, 8) for regime in allotment})
    limits = portfolio_limits(
        board.slate, 8, max_driver_exposure=0.65, max_team_exposure=1.0, min_unique=min_unique
    )
    most = most_together(races, limits, allotment)
    if most is None:
        with pytest.raises(Infeasible):
            races.generated(limits, allotment)
        return
    portfolio = races.generated(limits, allotment)
    holds(board, limits, portfolio.lineups)
    check_regimes(races, allotment, portfolio)
    free = sum(
        count * races.search(regime, board.rules, 1).scores[0]
        for regime, count in allotment.items()
    )
    # a thousandth of the sum that the limits cost
    assert most - (free - most) * 1e-3 <= portfolio.scores.sum() <= most


# in the last, a swap pays only if another lineup goes over to the regime of the one that left
@pytest.mark.slow
@pytest.mark.parametrize("seed", [*range(10), 20, 25, 26, 133])
def test_no_swap_of_one_lineup_makes_the_portfolio_worth_more(make_board, holds, seed):
    rng = np.random.default_rng(seed)
    board = make_board(list(map(int, rng.integers(3, 7, 8))), [0] * 8, roster=4, cap=22, teams=0)
    allotment = {"dominator": 2, "chaos": 2, None: 1}
    races = Races(board, {regime: rng.integers(0, 1_000, 8) for regime in allotment})
    limits = portfolio_limits(board.slate, 5, max_driver_exposure=0.6)
    portfolio = races.generated(limits, allotment, weight := 0.4)
    served = [regime for regime, count in allotment.items() for _ in range(count)]
    best = np.mean([races.search(regime, board.rules, 1).scores[0] for regime in served])

    def worth(lineups):
        """Mean score with the best regimes for the lineups, less what similarity costs."""
        values = {
            (at, regime): races.worth[regime][list(lineup)].sum()
            for at, lineup in enumerate(lineups)
            for regime in allotment
        }
        most = max(
            sum(values[at, regime] for at, regime in enumerate(order))
            for order in set(permutations(served))
        )
        alike = compute_portfolio_correlation(np.array(lineups, dtype=np.uint8), 8)
        return most / 5 - weight * best * alike["avg_similarity"]

    def hold(lineups):
        try:
            holds(board, limits, [np.array(lineup) for lineup in lineups])
        except AssertionError:
            return False
        return True

    chosen = [tuple(map(int, lineup)) for lineup in portfolio.lineups]
    reached = worth(chosen)
    swapped = [
        [*chosen[:place], other, *chosen[place + 1 :]]
        for place in range(5)
        for other in board.legal()
        if other not in chosen
    ]
    allowed = [lineups for lineups in swapped if hold(lineups)]
    assert allowed
    assert max(map(worth, allowed)) <= reached * (1 + 1e-9)
