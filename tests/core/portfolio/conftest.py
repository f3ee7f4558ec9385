"""Slates to choose portfolios from, plain checks of a portfolio, and an exhaustive program."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from core.lineups import LineupRules, best_by_value, is_legal
from core.slate import Driver, Slate


class Board:
    """A slate whose lineups are worth the sum of their drivers' worth."""

    def __init__(self, salaries, worth, *, roster=6, cap=50_000, teams=3, **rules):
        self.slate = Slate(
            tuple(
                Driver(str(index), f"D{index}", usd, team=f"T{index // teams}" if teams else None)
                for index, usd in enumerate(salaries)
            )
        )
        self.rules = LineupRules(tuple(salaries), roster, cap, **rules)
        self.worth = np.array(worth, dtype=np.int64)

    def search(self, rules, k=400):
        return best_by_value(self.worth, rules, k)

    def value(self, lineups):
        return self.worth[lineups].sum(axis=1).astype(np.float64)

    def legal(self):
        every = combinations(range(len(self.slate)), self.rules.roster_size)
        return [lineup for lineup in every if is_legal(self.rules, lineup)]


def check_limits(board, limits, lineups):
    """Assert, lineup by lineup and driver by driver, that a portfolio keeps every limit."""
    picked = [frozenset(map(int, lineup)) for lineup in lineups]
    n = limits.n_lineups
    assert len(picked) == len(set(picked)) == n
    for lineup in lineups:
        assert is_legal(board.rules, lineup)
        assert list(lineup) == sorted(lineup)
    for index, limit in enumerate(limits.drivers):
        count = sum(index in lineup for lineup in picked)
        assert count >= limit.least * n - 1e-9
        assert count <= limit.most * n + 1e-9 or (not limit.explicit and count == 1)
    for team in limits.teams:
        count = sum(bool(lineup & set(team.members)) for lineup in picked)
        assert count <= team.most * n + 1e-9 or (not team.explicit and count == 1)
    for one, other in combinations(picked, 2):
        assert len(one - other) >= limits.min_unique


def exists(board, limits):
    """Whether a portfolio exists, by a program over every legal lineup and every pair too alike."""
    legal = board.legal()
    if len(legal) < limits.n_lineups:
        return False
    n = limits.n_lineups
    rows, least, most = [np.ones(len(legal))], [n], [n]
    for index, limit in enumerate(limits.drivers):
        rows.append(np.array([float(index in lineup) for lineup in legal]))
        least.append(limit.fewest_of(n))
        most.append(limit.most_of(n))
    for team in limits.teams:
        rows.append(np.array([float(bool(set(lineup) & set(team.members))) for lineup in legal]))
        least.append(0)
        most.append(team.most_of(n))
    for (i, one), (j, other) in combinations(enumerate(legal), 2):
        if len(set(one) - set(other)) < limits.min_unique:
            row = np.zeros(len(legal))
            row[[i, j]] = 1.0
            rows.append(row)
            least.append(0)
            most.append(1)
    solved = milp(
        np.zeros(len(legal)),
        constraints=LinearConstraint(np.array(rows), least, most),
        integrality=np.ones(len(legal)),
        bounds=Bounds(0, 1),
    )
    assert solved.status in (0, 2)
    return solved.status == 0


def largest(board, limits):
    """The largest number of lineups below ``n_lineups`` that the limits allow."""
    fewer = range(limits.n_lineups - 1, 0, -1)
    return next((n for n in fewer if exists(board, limits.resized(n))), 0)


@pytest.fixture(scope="session")
def make_board():
    return Board


@pytest.fixture(scope="session")
def full_board():
    """A full slate, 38 drivers in 13 teams; dearer drivers are worth more, with noise."""
    salaries = 4_500 + 100 * np.rint(65 * np.linspace(1, 0, 38) ** 1.5).astype(int)
    noise = np.random.default_rng(3).integers(0, 900, 38)
    return Board(list(map(int, salaries)), salaries // 2 + noise)


@pytest.fixture(scope="session")
def holds():
    return check_limits


@pytest.fixture(scope="session")
def plainly():
    """The exhaustive answers: whether a portfolio exists, and the largest number that does."""
    return exists, largest
