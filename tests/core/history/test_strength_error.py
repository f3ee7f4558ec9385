"""The lasting error of strengths is found in made-up residuals that hold one of known size."""

import numpy as np
import pytest

from core.history import spec_of
from core.history.grading.scores import compute_crps
from core.history.learning.strength_error import (
    LastingError,
    Residuals,
    fit_lasting_error,
    lasting_error,
)
from core.history.races import read_races
from core.history.strength import Estimate, skill_before
from core.race import generate_scenarios, load_priors, load_strength_error
from tests.core.history.conftest import REAL_DATA


def made_up(races, driver_sd, team_sd, seed=0):
    """Residuals of 30 drivers in teams of 3 with errors that last, and luck that does not."""
    generator = np.random.default_rng(seed)
    drivers, teams = np.arange(30).astype(str), np.repeat(np.arange(10), 3).astype(str)
    lasting = driver_sd * generator.standard_normal(30)
    lasting += np.repeat(team_sd * generator.standard_normal(10), 3)
    return [
        Residuals(drivers, teams, lasting + 0.8 * generator.standard_normal(30))
        for _ in range(races)
    ]


def test_variances_that_last_are_found():
    found = [lasting_error(made_up(60, 0.2, 0.3, seed)) for seed in range(40)]
    assert np.mean([each.driver.value for each in found]) == pytest.approx(0.13, abs=0.02)
    assert np.mean([each.team.value for each in found]) == pytest.approx(0.09, abs=0.02)


def test_residuals_without_memory_have_no_lasting_error():
    found = lasting_error(made_up(150, 0.0, 0.0))
    assert abs(found.driver.value) < 3.0 * found.driver.error
    assert abs(found.team.value) < 3.0 * found.team.error


def test_a_share_below_nothing_counts_as_nothing():
    found = LastingError(Estimate(0.01, 0.005), Estimate(-0.002, 0.004), 100)
    assert (found.team_sd, found.driver_sd) == (0.0, pytest.approx(0.1))
    assert LastingError(Estimate(0.01, 0.0), Estimate(0.02, 0.0), 100).driver_sd == 0.0


@pytest.mark.parametrize("races", [0, 1])
def test_one_race_measures_nothing(races):
    found = lasting_error(made_up(races, 0.2, 0.3))
    assert (found.driver_sd, found.team_sd, found.races) == (0.0, 0.0, races)
    assert np.isnan(found.driver.error)


@pytest.mark.slow
@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="no past races beside the project")
def test_real_forecasts_err_by_a_tenth_of_a_normal_score():
    found = fit_lasting_error(read_races(REAL_DATA))
    assert found.races > 200
    assert 0.0 < found.driver.value < 0.02
    assert found.driver.error < 0.01


@pytest.mark.slow
@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="no past races beside the project")
def test_real_races_are_forecast_no_worse_where_strengths_are_drawn():
    priors, differences = load_priors(), []
    races = read_races(REAL_DATA)
    for number, (race, skill) in enumerate(zip(races, skill_before(races), strict=True)):
        if race.date >= "2025":
            spec = spec_of(race, skill, priors[race.track_type])
            known, unknown = (
                compute_crps(
                    generate_scenarios(spec, 4_000, number, error)[0].finish, race.finish
                ).mean()
                for error in (None, load_strength_error())
            )
            differences.append(unknown - known)
    assert np.mean(differences) < 2.0 * np.std(differences, ddof=1) / len(differences) ** 0.5
