"""Plain twins of the exact search, and made-up slates to search."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import strategies as st

from core.lineups import Budget, Group, LineupRules, is_legal
from core.slate import DRAFTKINGS_CLASSIC, score


class Plain:
    """Plain implementations of what the searches must find."""

    @staticmethod
    def legal(rules):
        """Every legal lineup, in lexicographic order."""
        drivers = range(len(rules.salaries_usd))
        every = combinations(drivers, rules.roster_size)
        return [lineup for lineup in every if is_legal(rules, lineup)]

    @staticmethod
    def cvar(scores, alpha):
        """The exact mean of the best ``1 - alpha`` of whole scores; alpha is a decimal text."""
        mass = (1 - Fraction(alpha)) * len(scores)
        ranked = sorted(map(int, scores), reverse=True)
        whole = math.floor(mass)
        total = Fraction(sum(ranked[:whole]))
        if whole < len(ranked):
            total += (mass - whole) * ranked[whole]
        return total / mass


@pytest.fixture(scope="session")
def plain():
    return Plain


@st.composite
def small_rules(draw):
    """Draw a slate of 6 to 11 drivers with any of the hard rules."""
    drivers = draw(st.integers(6, 11))
    roster = draw(st.integers(4, 6))
    salaries = draw(st.lists(st.integers(1, 9), min_size=drivers, max_size=drivers))
    ranked = sorted(salaries)
    cheapest, dearest = sum(ranked[:roster]), sum(ranked[-roster:])
    # most slates have legal lineups, few none
    cap = draw(st.sampled_from([dearest, draw(st.integers(cheapest - 1, dearest))]))
    floor = draw(st.sampled_from([0, 0, draw(st.integers(0, max(cheapest, cap - 2)))]))
    shuffled = draw(st.permutations(range(drivers)))
    locks = shuffled[: draw(st.sampled_from([0, 0, 1, 2]))]
    excludes = shuffled[len(locks) :][: draw(st.sampled_from([0, 0, 1, 2]))]
    groups = []
    for number in range(draw(st.sampled_from([0, 0, 1, 2]))):
        members = draw(st.lists(st.sampled_from(range(drivers)), min_size=2, unique=True))
        least = draw(st.integers(0, 2))
        most = draw(st.integers(max(least, 1), roster))
        others = draw(st.lists(st.sampled_from(range(drivers)), unique=True))
        when = draw(st.sampled_from([[], members, others]))
        groups.append(
            Group(f"g{number}", tuple(members), least, most, tuple(when), draw(st.integers(1, 3)))
        )
    budgets = []
    for number in range(draw(st.sampled_from([0, 0, 1, 2]))):
        amounts = draw(st.lists(st.integers(0, 9), min_size=drivers, max_size=drivers))
        ranked = sorted(amounts)
        # a cap that mostly binds: from one that no lineup fits to one that every lineup fits
        at_most = draw(st.integers(sum(ranked[:roster]) - 1, sum(ranked[-roster:])))
        budgets.append(Budget(f"b{number}", tuple(amounts), at_most))
    return LineupRules(
        tuple(100 * usd for usd in salaries),
        roster,
        100 * cap,
        100 * min(floor, cap),
        tuple(locks),
        tuple(excludes),
        tuple(groups),
        tuple(budgets),
    )


@pytest.fixture(scope="session")
def any_small_rules():
    return small_rules()


@pytest.fixture(scope="session")
def full_rules():
    """Rules of a full slate: 38 drivers, six of them for at most 50,000 USD."""
    salaries = 4_500 + 100 * np.rint(65 * np.linspace(1, 0, 38) ** 1.5).astype(int)
    return LineupRules(tuple(map(int, salaries)), 6, 50_000)


@pytest.fixture(scope="session")
def full_points():
    """Scores in ticks of 2,000 made-up races of 38 drivers; good cars start anywhere."""
    rng = np.random.default_rng(1)
    pace = np.linspace(2.0, 0.0, 38) + rng.normal(0.0, 1.2, (2_000, 38))
    finish = np.argsort(np.argsort(-pace, axis=1), axis=1) + 1
    start = np.argsort(np.argsort(-np.linspace(2.0, 0.0, 38) + rng.normal(0.0, 0.8, 38))) + 1
    led = np.zeros_like(finish)
    for position, share in ((1, 150), (2, 70), (3, 47)):
        led[finish == position] = share
    return score(DRAFTKINGS_CLASSIC, start, finish, led, led // 2)
