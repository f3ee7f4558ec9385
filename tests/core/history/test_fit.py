import dataclasses

import numpy as np
import pytest

from core.errors import InvalidInput
from core.history import Refitting, fit_document, read_races, read_yellow_flags, skill_before
from core.history.forecast import spec_of
from core.history.learning.fit import HALF_LIFE_RACES, LATEST, fit_kinds, recency
from core.history.learning.moment_matching import MATCHED, SEARCHED, SEED, SIMULATED, match_moments
from core.history.learning.moments import average, moments, replay, scatter_of_means
from core.race import TrackPriors, draw_races, load_known_drivers, load_priors
from core.race.priors import priors_document
from core.randomness import Purpose, stream
from core.slate.tracks import TrackType

QUICK = 2  # steps of the search


@pytest.fixture(scope="module")
def fitted(made_up_data):
    return fit_document(made_up_data, steps=QUICK)


@pytest.mark.slow
def test_every_kind_of_track_is_fitted_with_its_dates_and_races(fitted):
    assert (fitted["races"], fitted["from"], fitted["to"]) == (44, "2015-01-10", "2025-04-10")
    assert set(fitted["track_types"]) == {kind.value for kind in TrackType}
    for entry in fitted["track_types"].values():
        # the first 20 races only teach who is who
        assert entry["races"] == 6
        assert entry["from"].startswith("2020")
        TrackPriors.from_mapping(entry["parameters"])
        assert set(MATCHED) <= set(entry["moments"])
        assert set(SEARCHED) <= set(entry["standard_errors"])


@pytest.mark.slow
def test_every_driver_is_there_with_team_form_and_strength(fitted):
    drivers = fitted["drivers"]
    assert set(drivers) == {f"Driver {i}" for i in range(14)}
    best, worst = drivers["Driver 0"], drivers["Driver 13"]
    assert (best["team"], best["manufacturer"], best["car"]) == ("Team 0", "Chevrolet", "10")
    assert best["form"] > 0.5 > -0.5 > worst["form"]
    assert 0 < best["standard_error"] < 0.5
    assert set(best["strength"]) == {kind.value for kind in TrackType}
    assert best["strength"]["road"] > worst["strength"]["road"]
    newcomers = fitted["newcomers"]
    assert set(newcomers) == {"", *(f"Team {i}" for i in range(5))}
    assert newcomers["Team 0"]["road"] > newcomers["Team 4"]["road"]


@pytest.mark.slow
def test_the_fit_is_the_same_every_time_and_in_any_process(fitted, made_up_data):
    def backwards(function, items):
        return reversed([function(item) for item in reversed(items)])

    assert fit_document(made_up_data, steps=QUICK, apply=backwards) == fitted


@pytest.mark.slow
def test_races_on_the_day_and_later_are_left_out(made_up_data, tmp_path):
    before = fit_document(made_up_data, "2025-01-10", steps=1)
    assert (before["races"], before["to"]) == (40, "2024-04-10")
    for path in made_up_data.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("2025")]
        (tmp_path / path.name).write_text("".join(kept), encoding="utf-8")
    assert fit_document(tmp_path, steps=1) == before


def test_too_few_races_are_refused(made_up_data):
    with pytest.raises(InvalidInput, match="superspeedway"):
        fit_document(made_up_data, "2023-01-01", steps=QUICK)
    with pytest.raises(InvalidInput, match="no race before 2014"):
        fit_document(made_up_data, "2014-01-01", steps=QUICK)


@pytest.mark.slow
def test_a_later_fit_begins_where_the_last_one_ended(made_up_data):
    races = read_races(made_up_data)
    flags = read_yellow_flags(made_up_data, {race.key: race.track_type for race in races})
    skills = skill_before(races)
    told = []
    refitting = Refitting(told.append, steps=QUICK, more_steps=1)
    first = refitting(races[:40], skills[:40], flags)
    assert told == [kind.value for kind in TrackType]
    begun = fit_kinds(races, skills, flags, steps=1, begin=first)
    assert refitting(races, skills, flags) == {kind: one.priors for kind, one in begun.items()}


def test_a_race_counts_half_as_much_a_half_life_later():
    weights = recency([0, int(HALF_LIFE_RACES), 2 * int(HALF_LIFE_RACES)])
    np.testing.assert_allclose(weights, [1.0, 0.5, 0.25])


@pytest.mark.slow
def test_the_search_finds_parameters_whose_races_look_like_those_of_the_truth(made_up_data):
    """Races simulated from known parameters stand in for real ones."""
    all_races = read_races(made_up_data)
    truth = dataclasses.replace(
        load_priors()[TrackType.SHORT], skill_weight=0.7, clean_air=0.8, fastest_front=0.9
    )
    rng = np.random.default_rng(4)
    races, skills = [], []
    for number in range(30):
        skill = np.clip(rng.standard_normal(14), -2, 2)
        race = all_races[number]
        spec = spec_of(race, skill, truth)
        drawn, _ = draw_races(spec, stream(1, Purpose.FITTING, number), 1)
        races.append(
            dataclasses.replace(
                race,
                finish=drawn.finish[0].astype(int),
                laps_led=drawn.laps_led[0].astype(int),
                fastest_laps=drawn.fastest_laps[0].astype(int),
                running=drawn.running[0],
            )
        )
        skills.append(skill)
    weights = np.ones(len(races))
    each = [moments(s, r) for s, r in zip(skills, races, strict=True)]
    real, scatter = average(each, weights), scatter_of_means(each, weights, MATCHED)
    start = dataclasses.replace(truth, **{name: part.start for name, part in SEARCHED.items()})
    matched, errors = match_moments(start, races, skills, weights, real, scatter, 12)

    def misses(priors):
        simulated = average(replay(races, skills, priors, 99, 100), weights)
        return np.array(
            [(simulated.value[name] - real.value[name]) / real.error[name] for name in MATCHED]
        )

    assert (misses(matched) ** 2).sum() < 0.5 * (misses(start) ** 2).sum()
    assert np.abs(misses(matched)).max() < 3.0
    assert abs(matched.skill_weight - 0.7) < 4 * errors["skill_weight"]


@pytest.mark.parametrize("kind", TrackType)
def test_the_shipped_parameters_simulate_the_moments_that_the_file_says(real_data, kind):
    """So engine and file belong together, and the races look like the real ones."""
    document = priors_document()
    entry = document["track_types"][kind.value]
    races = read_races(real_data)
    assert document["races"] == len(races)
    known = [
        (race, skill)
        for race, skill in zip(races, skill_before(races), strict=True)
        if race.track_type is kind and race.has_loop_data
    ][-LATEST:]
    ages = [len(races) - races.index(race) for race, _ in known]
    fields, skills = [race for race, _ in known], [skill for _, skill in known]
    priors = load_priors()[kind]
    found = average(replay(fields, skills, priors, SEED + 1, SIMULATED), recency(ages))
    for name, (real, error, simulated) in entry["moments"].items():
        # the file rounds parameters to four places
        assert found.value[name] == pytest.approx(simulated, abs=0.5 * max(error, 1e-3)), name
        assert abs(real - simulated) < 3.5 * max(error, 1e-3), name


def test_the_shipped_drivers_are_known_by_name():
    known = load_known_drivers()
    assert 30 <= len(known.drivers) <= 80
    assert "" in known.newcomers
