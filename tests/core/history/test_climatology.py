import dataclasses

import numpy as np
import pytest

from core.errors import InvalidInput
from core.history.grading.climatology import Climatology, RollingNormals, points_of
from core.history.grading.scores import compute_crps, crps_normal
from core.history.races import read_races
from core.slate.tracks import TrackType


@pytest.fixture(scope="module")
def races(made_up_data):
    return read_races(made_up_data)


def without_loop_data(race):
    return dataclasses.replace(race, fastest_laps=np.zeros_like(race.fastest_laps))


def learnt(book, races):
    for race in races:
        book.learn(race)
    return book


def plain_sample(races, kind, spot, reach):
    return sorted(
        int(finish)
        for race in races
        if race.track_type is kind
        for start, finish in zip(race.start, race.finish, strict=True)
        if abs(int(start) - spot) <= reach
    )


def test_a_spot_is_forecast_by_what_cars_from_about_there_got_at_this_kind_of_track(races):
    book = learnt(Climatology(reach=2, least=1), races[:-1])
    forecast = book.forecast(races[-1])
    for spot, sample in zip(races[-1].start, forecast.finishes, strict=True):
        assert sorted(sample) == plain_sample(races[:-1], races[-1].track_type, spot, 2)


def test_the_reach_grows_until_there_are_enough_cars(races):
    book = learnt(Climatology(reach=0, least=13), races[:-1])
    forecast = book.forecast(races[-1])
    kind = races[-1].track_type
    for spot, sample in zip(races[-1].start, forecast.finishes, strict=True):
        reach = next(r for r in range(50) if len(plain_sample(races[:-1], kind, spot, r)) >= 13)
        assert sorted(sample) == plain_sample(races[:-1], kind, spot, reach)


def test_a_finish_beyond_the_field_is_its_last_place(races):
    small = dataclasses.replace(
        races[-1],
        **{
            name: getattr(races[-1], name)[:5]
            for name in ("drivers", "start", "finish", "laps_led", "fastest_laps")
        },
    )
    forecast = learnt(Climatology(), races[:-1]).forecast(small)
    assert len(forecast.finishes) == 5
    assert max(sample.max() for sample in forecast.finishes) == 5


def test_a_kind_of_track_never_raced_borrows_every_kind(races):
    ovals = [race for race in races if race.track_type is not TrackType.ROAD]
    road = next(race for race in races if race.track_type is TrackType.ROAD)
    forecast = learnt(Climatology(reach=50), ovals).forecast(road)
    assert len(forecast.finishes[0]) == sum(len(race.drivers) for race in ovals)


def test_points_come_from_the_races_of_which_they_are_known(races):
    half = [without_loop_data(race) if i % 8 < 4 else race for i, race in enumerate(races[:-1])]
    kind = races[-1].track_type
    known = [race for race in half if race.track_type is kind and race.has_loop_data]
    forecast = learnt(Climatology(reach=50, least=1), half).forecast(races[-1])
    assert sorted(forecast.points[0]) == sorted(np.concatenate([points_of(r) for r in known]))


def test_baselines_are_scored_by_what_happened(races):
    race = races[-1]
    spots, normals = learnt(Climatology(), races[:-1]), learnt(RollingNormals(), races[:-1])
    forecast, normal = spots.forecast(race), normals.forecast(race)
    for i, observed in enumerate(points_of(race)):
        assert forecast.crps(race)[1][i] == compute_crps(forecast.points[i], observed, fair=True)
        expected = crps_normal(normal.finish_mean[i], normal.finish_sd[i], race.finish[i])
        assert normal.crps(race)[0][i] == expected
    for baseline in (forecast, normal):
        finish, points = baseline.crps(without_loop_data(race))
        assert np.isfinite(finish).all()
        assert np.isnan(points).all()


def test_a_driver_is_forecast_by_the_last_results_and_the_field(races):
    book = learnt(RollingNormals(window=3, prior_races=2.0), races[:-1])
    newcomers = ("A Newcomer", *races[-1].drivers[1:])
    forecast = book.forecast(dataclasses.replace(races[-1], drivers=newcomers))
    everyone = np.concatenate([race.finish for race in races[:-1]])
    assert forecast.finish_mean[0] == pytest.approx(everyone.mean())
    assert forecast.finish_sd[0] == pytest.approx(everyone.std())
    own = [race.finish[race.drivers.index(newcomers[1])] for race in races[-4:-1]]
    values = np.array([*own, *everyone], dtype=float)
    weights = np.array([1.0] * 3 + [2.0 / len(everyone)] * len(everyone)) / 5
    mean = weights @ values
    assert forecast.finish_mean[1] == pytest.approx(mean)
    assert forecast.finish_sd[1] == pytest.approx(np.sqrt(weights @ (values - mean) ** 2))


def test_without_loop_data_there_is_no_forecast_of_points(races):
    unknown = [without_loop_data(race) for race in races]
    for book in (Climatology(), RollingNormals()):
        finish, points = learnt(book, unknown[:-1]).forecast(races[-1]).crps(races[-1])
        assert np.isfinite(finish).all()
        assert np.isnan(points).all()


@pytest.mark.parametrize("book", [Climatology, RollingNormals])
def test_before_the_first_race_there_is_no_forecast(races, book):
    with pytest.raises(InvalidInput, match="no race before"):
        book().forecast(races[0])


@pytest.mark.parametrize("make", [lambda: Climatology(-1), lambda: RollingNormals(prior_races=0)])
def test_what_cannot_be_looked_back_on_is_refused(make):
    with pytest.raises(InvalidInput):
        make()


def test_the_log_score_is_of_the_share_that_finished_there(races):
    race = races[-1]
    forecast = learnt(Climatology(), races[:-1]).forecast(race)
    places = len(race.drivers)
    for i, score in enumerate(forecast.log_score(race)):
        there = (forecast.finishes[i] == race.finish[i]).sum()
        chance = (there + 0.5) / (len(forecast.finishes[i]) + 0.5 * places)
        assert score == pytest.approx(-np.log(chance))
