import dataclasses
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from core.errors import InvalidInput
from core.history.grading.joint import (
    STATISTICS,
    best_lineups,
    compare_joint,
    compare_samples,
    real_joint,
    simulated_joint,
)
from core.history.races import read_races
from core.history.salaries import (
    CURVE_USD,
    implied_salaries,
    read_slate_salaries,
    salaries_of,
)
from core.race import Scenarios

CAP, ROSTER = 50_000, 6


@st.composite
def slates(draw):
    drivers = draw(st.integers(6, 10))
    # hundreds of dollars; 0 = cannot be picked
    salary = st.one_of(st.integers(30, 140), st.just(0))
    salaries = draw(st.lists(salary, min_size=drivers, max_size=drivers))
    row = st.lists(st.integers(-900, 3_000), min_size=drivers, max_size=drivers)
    return np.array(salaries) * 100, np.array(draw(st.lists(row, min_size=1, max_size=3)))


def plain_best(ticks, salaries):
    """Every lineup, one by one; None where none fits."""
    lineups = [
        lineup
        for lineup in combinations(np.flatnonzero(salaries > 0), ROSTER)
        if salaries[list(lineup)].sum() <= CAP
    ]
    return max((ticks[list(lineup)].sum() / 20 for lineup in lineups), default=None)


@settings(max_examples=150, deadline=None)
@given(slates())
def test_the_knapsack_finds_what_trying_every_lineup_finds(slate):
    salaries, ticks = slate
    expected = [plain_best(row, salaries) for row in ticks]
    if expected[0] is None:
        with pytest.raises(InvalidInput, match="fit the cap"):
            best_lineups(ticks.astype(np.int16), salaries)
    else:
        np.testing.assert_array_equal(best_lineups(ticks.astype(np.int16), salaries), expected)


@pytest.mark.parametrize("wrong", [-100, 4_650])
def test_a_salary_that_no_site_has_is_refused(wrong):
    with pytest.raises(InvalidInput, match="multiple of 100"):
        best_lineups(np.zeros((1, 7), dtype=np.int16), np.array([wrong, *[6_000] * 6]))


def test_two_races_are_told_by_their_numbers():
    races = Scenarios(
        finish=np.array([[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]], dtype=np.uint8),
        start=np.array([[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]], dtype=np.uint8),
        laps_led=np.array([[30, 70, 0, 0, 0, 0], [20, 20, 20, 20, 15, 5]], dtype=np.uint16),
        fastest_laps=np.zeros((2, 6), dtype=np.uint16),
        laps_completed=np.full((2, 6), 100, dtype=np.uint16),
        running=np.array([[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1]], dtype=bool),
        regime=np.zeros(2, dtype=np.uint8),
        cautions=np.array([3, 9], dtype=np.uint8),
    )
    joint = simulated_joint(races, np.full(6, 8_000))
    np.testing.assert_array_equal(joint.leaders, [2, 6])
    np.testing.assert_array_equal(joint.winner_led_share, [0.3, 0.05])
    np.testing.assert_array_equal(joint.top_led_share, [0.7, 0.2])
    np.testing.assert_array_equal(joint.dnfs, [0, 2])
    np.testing.assert_array_equal(joint.cautions, [3, 9])
    np.testing.assert_allclose(joint.start_finish, [1, -1], atol=1e-6)
    # 45 + 42 + 41 + 40 + 39 + 38, and a quarter a lap led; places gained and lost cancel
    np.testing.assert_array_equal(joint.best_lineup, [270, 270])


def test_a_real_race_is_told_by_the_same_code(made_up_data):
    race = read_races(made_up_data)[-1]
    salaries = implied_salaries(np.arange(14.0))
    joint = real_joint(race, salaries)
    assert joint.leaders == (race.laps_led > 0).sum()
    assert joint.dnfs == 2
    assert joint.cautions == race.cautions
    assert joint.start_finish == pytest.approx(np.corrcoef(race.start, race.finish)[0, 1], abs=1e-6)
    assert joint.best_lineup == plain_best(race.points().astype(int), salaries)
    unknown = dataclasses.replace(race, cautions=None, fastest_laps=0 * race.fastest_laps)
    joint = real_joint(unknown, salaries)
    assert np.isnan(joint.cautions)
    assert np.isnan(joint.best_lineup)
    assert joint.dnfs == 2


def test_salaries_follow_skill_along_the_curve():
    skill = np.random.default_rng(1).standard_normal(38)
    salaries = implied_salaries(skill)
    ranked = salaries[np.argsort(-skill)]
    assert (np.diff(ranked) < 0).all()
    assert (ranked[0], ranked[-1]) == (CURVE_USD[0], CURVE_USD[-1])
    assert not (salaries % 100).any()


def test_a_slates_salaries_are_read_by_race(tmp_path):
    (tmp_path / "dk_slates").mkdir()
    header = "slate_id,season,round\n"
    (tmp_path / "dk_slate_index.csv").write_text(f"{header}one,2025,3\ntwo,2025,4\n")
    (tmp_path / "dk_slates" / "one.csv").write_text(
        "name,salary,driver\nA. Able,9000,Al Able\nB. Ill,7000,\n"
    )
    (tmp_path / "dk_slates" / "two.csv").write_text("name,salary\nAl Able,8800\n")
    slates = read_slate_salaries(tmp_path)
    assert slates[2025, 4] == {"Al Able": 8800}
    assert salaries_of(("Al Able", "Bo Best"), slates[2025, 3]).tolist() == [9000, 0]


def test_slates_that_are_not_there_are_none_and_half_of_them_an_error(tmp_path):
    assert read_slate_salaries(tmp_path) == {}
    index = tmp_path / "dk_slate_index.csv"
    index.write_text("slate_id,season,round\none,2025,3\n")
    with pytest.raises(InvalidInput, match=r"one\.csv"):
        read_slate_salaries(tmp_path)
    (tmp_path / "dk_slates").mkdir()
    (tmp_path / "dk_slates" / "one.csv").write_text("name,cost\nAl Able,8800\n")
    with pytest.raises(InvalidInput, match="salary"):
        read_slate_salaries(tmp_path)


def plain_distance(real, everything):
    """The largest gap between two distribution functions, looked for at every value."""
    values = np.unique(everything)
    return max(abs((real <= v).mean() - (everything <= v).mean()) for v in values)


def test_the_distance_is_the_largest_gap_of_the_distribution_functions():
    rng = np.random.default_rng(2)
    for _ in range(40):
        real = rng.integers(0, 6, 9).astype(float)
        simulated = [rng.integers(0, 7, 30).astype(float) for _ in real]
        test = compare_samples(real, simulated, rng, draws=5)
        everything = np.concatenate([real, *simulated])
        assert test.distance == pytest.approx(plain_distance(real, everything))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["p_value", "p_value_cvm"])
@pytest.mark.parametrize("ties", [False, True])
def test_under_the_model_a_p_value_of_at_most_a_has_chance_a(name, ties):
    """Races differ, and so do their distributions; 99 draws give p-values of 1% to 100%."""
    rng = np.random.default_rng(3)
    tests, races, scenarios = 600, 7, 15
    found = []
    for _ in range(tests):
        values = rng.normal(np.arange(races)[:, None], 1.5, (races, scenarios + 1))
        values = np.round(values / 2) if ties else values
        test = compare_samples(values[:, 0], list(values[:, 1:]), rng, draws=99)
        found.append(getattr(test, name))
    for a in (0.05, 0.1, 0.25, 0.5, 0.75):
        rejected = (np.array(found) <= a + 1e-9).sum()
        assert rejected <= binom.ppf(1 - 1e-5, tests, a)
        # with ties the test can only reject less often
        assert ties or rejected >= binom.ppf(1e-5, tests, a)


def test_a_sample_from_elsewhere_is_rejected():
    rng = np.random.default_rng(4)
    simulated = [rng.poisson(5, 500).astype(float) for _ in range(30)]
    test = compare_samples(rng.poisson(9, 30), simulated, rng)
    assert test.p_value == test.p_value_cvm == 1e-4
    assert test.real_mean > test.simulated_mean + 2


def test_what_is_not_known_is_left_out():
    rng = np.random.default_rng(5)
    simulated = [np.arange(10.0), np.arange(10.0) + 100.0]
    test = compare_samples([np.nan, 104.0], simulated, rng, draws=9)
    assert (test.races, test.real_mean, test.simulated_mean) == (1, 104.0, 104.5)
    assert compare_samples([np.nan, np.nan], simulated, rng) is None


def test_the_same_seed_gives_the_same_p_values(made_up_data):
    races = read_races(made_up_data)[-6:]
    salaries = implied_salaries(np.arange(14.0))
    real = [real_joint(race, salaries) for race in races]
    # as if the six races had been simulated three times each
    simulated = [
        dataclasses.replace(
            joint, **{name: joint.values(name) + np.array([-1, 0, 2]) for name in STATISTICS}
        )
        for joint in real
    ]
    one, again = (compare_joint(real, simulated, 7, 0, draws=50) for _ in range(2))
    other = compare_joint(real, simulated, 8, 0, draws=50)
    assert one == again != other
    assert list(one) == list(STATISTICS)
