from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from core.field._lattice import include_table, lattice_of, marginals, pair_marginals


def by_hand(salaries, picks, cap, theta):
    legal = [
        lineup
        for lineup in combinations(range(len(salaries)), picks)
        if sum(salaries[i] for i in lineup) <= cap
    ]
    weights = np.array([sum(theta[i] for i in lineup) for lineup in legal])
    return legal, weights


@st.composite
def slates(draw, spread):
    drivers = draw(st.integers(3, 9))
    picks = draw(st.integers(1, min(4, drivers)))
    unit = draw(st.sampled_from([1, 100, 700]))
    salaries = [
        unit * draw(st.integers(20, 60)) + draw(st.sampled_from([0, 50])) for _ in range(drivers)
    ]
    theta = [draw(st.floats(-spread, spread)) for _ in range(drivers)]
    cap = draw(st.integers(sum(sorted(salaries)[:picks]), sum(sorted(salaries)[-picks:]) + 100))
    return salaries, picks, cap, theta


@settings(max_examples=80, deadline=None)
@given(st.one_of(slates(spread=4.0), slates(spread=5_000.0)))
def test_sums_over_all_legal_lineups_equal_those_by_enumeration(slate):
    salaries, picks, cap, theta = slate
    legal, weights = by_hand(salaries, picks, cap, theta)
    chance = np.exp(weights - logsumexp(weights))
    held = np.array([[i in lineup for i in range(len(salaries))] for lineup in legal], float)
    lattice = lattice_of(np.array(salaries), picks, cap)
    include, log_partition = include_table(lattice, np.array(theta))
    assert log_partition == pytest.approx(logsumexp(weights), rel=1e-12, abs=1e-11)
    # of numbers up to 20,000, twelve digits remain
    assert marginals(lattice, include) == pytest.approx(chance @ held, abs=1e-10)
    assert pair_marginals(lattice, include) == pytest.approx(
        held.T @ (chance[:, None] * held), abs=1e-10
    )


def test_there_is_no_lattice_where_the_cheapest_lineup_breaks_the_cap():
    assert lattice_of(np.array([5_000, 5_000, 6_000]), 2, 9_999) is None
    assert lattice_of(np.array([5_000, 5_000, 6_000]), 2, 10_000) is not None
    assert lattice_of(np.array([5_000]), 2, 50_000) is None
