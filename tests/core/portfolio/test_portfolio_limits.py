import numpy as np
import pytest

from core.portfolio import portfolio_limits
from core.slate import Driver, Slate, Veto


@pytest.fixture(scope="module")
def slate():
    drivers = [Driver(str(i), f"D{i}", 5_000, team="ABC"[i // 3]) for i in range(8)]
    drivers.append(Driver("8", "D8", 5_000, vetoes=frozenset({Veto.OUT})))
    return Slate(tuple(drivers))


def test_left_open_a_driver_stands_in_half_the_lineups_and_a_team_in_seventy_percent(slate):
    limits = portfolio_limits(slate, 20)
    assert limits.most.tolist() == [10] * 9
    assert limits.fewest.tolist() == [0] * 9
    assert [team.name for team in limits.teams] == ["A", "B", "C"]
    assert limits.team_most.tolist() == [14] * 3
    assert limits.min_unique == 1


def test_left_open_everyone_may_stand_in_the_only_lineup(slate):
    limits = portfolio_limits(slate, 1)
    assert limits.most.tolist() == [1] * 9
    assert limits.team_most.tolist() == [1] * 3


def test_asked_for_half_of_one_lineup_is_none(slate):
    limits = portfolio_limits(slate, 1, max_driver_exposure=0.5, max_team_exposure=0.7)
    assert limits.most.tolist() == [0] * 9
    assert limits.team_most.tolist() == [0] * 3


def test_left_open_a_locked_driver_and_the_team_stand_in_all(slate):
    limits = portfolio_limits(slate, 20, locks=(4,))
    assert limits.most.tolist() == [10, 10, 10, 10, 20, 10, 10, 10, 10]
    assert limits.team_most.tolist() == [14, 20, 14]


def test_asked_for_a_limit_holds_for_a_locked_driver_too(slate):
    limits = portfolio_limits(slate, 20, locks=(4,), max_driver_exposure=0.6, max_team_exposure=0.8)
    assert limits.most.tolist() == [12] * 9
    assert limits.team_most.tolist() == [16] * 3


def test_an_asked_minimum_is_not_undone_by_a_maximum_no_one_asked_for(slate):
    limits = portfolio_limits(slate, 20, driver_min={1: 0.9})
    assert limits.most.tolist() == [10, 18, 10, 10, 10, 10, 10, 10, 10]
    assert limits.fewest.tolist() == [0, 18, 0, 0, 0, 0, 0, 0, 0]
    assert limits.team_most.tolist() == [18, 14, 14]


def test_a_limit_of_one_driver_or_team_stands_in_place_of_the_general_one(slate):
    limits = portfolio_limits(
        slate,
        20,
        max_driver_exposure=0.4,
        min_driver_exposure=0.1,
        driver_max={2: 1.0},
        driver_min={3: 0.25},
        team_max={"B": 0.3},
    )
    assert limits.most.tolist() == [8, 8, 20, 8, 8, 8, 8, 8, 8]
    # a driver who does not race has no minimum exposure
    assert limits.fewest.tolist() == [2, 2, 2, 5, 2, 2, 2, 2, 0]
    assert limits.team_most.tolist() == [14, 6, 14]


@pytest.mark.parametrize(
    ("fraction", "lineups", "most", "fewest"),
    [
        (0.07, 100, 7, 7),
        (0.29, 100, 29, 29),
        (0.3, 7, 2, 3),
        (1 / 3, 150, 50, 50),
        (0.55, 20, 11, 11),
    ],
)
def test_a_fraction_becomes_the_count_that_a_hand_would_reckon(
    slate, fraction, lineups, most, fewest
):
    limits = portfolio_limits(slate, lineups, driver_max={0: fraction}, driver_min={0: fraction})
    assert (limits.most[0], limits.fewest[0]) == (most, fewest)


def test_resized_limits_are_the_same_fractions_of_another_number(slate):
    limits = portfolio_limits(slate, 20, max_driver_exposure=0.35, min_unique=2)
    again = portfolio_limits(slate, 11, max_driver_exposure=0.35, min_unique=2)
    assert limits.resized(11) == again
    assert limits.most.dtype == np.int64
