import dataclasses
import json

import numpy as np
import pytest

from core.errors import InvalidInput
from core.history.backtest import backtest
from core.history.forecast import spec_of
from core.history.grading.calibration import end_to_end_calibration
from core.history.grading.climatology import Climatology
from core.history.grading.report import EVENTS
from core.history.grading.report_document import report_document
from core.history.grading.report_table import report_table
from core.history.grading.scores import compute_crps
from core.history.races import PastRace, read_races, read_yellow_flags
from core.history.strength import skill_before
from core.race import Regime, generate_scenarios, load_priors
from core.slate.tracks import TrackType

FIRST, LAST = "2024-01-01", "2025-12-31"
QUICK = {"scenarios": 200, "seed": 3}


@pytest.fixture(scope="module")
def races(made_up_data):
    """Races of 2015 to 2025."""
    return list(read_races(made_up_data))


@pytest.fixture(scope="module")
def flags(made_up_data, races):
    return read_yellow_flags(made_up_data, {race.key: race.track_type for race in races})


@pytest.fixture(scope="module")
def report(races, flags):
    return backtest(races, flags, FIRST, LAST, fit=load_priors(), **QUICK)


def run(races, first=FIRST, last=LAST, **changes):
    return backtest(races, (), first, last, **{"fit": load_priors(), **QUICK, **changes})


def forecasts(graded):
    """Every number of a race's forecast, bit by bit."""
    said = [graded.chances, graded.regime_shares]
    joint = [
        getattr(graded.simulated_joint, f.name) for f in dataclasses.fields(type(graded.real_joint))
    ]
    return [graded.drivers, *(part.tobytes() for part in [*said, *joint, graded.top])]


def turned_over(race):
    """The race with another outcome in every respect, its drivers listed by that one's finish."""
    order = np.argsort(-race.finish)
    changed = {}
    for field in dataclasses.fields(PastRace):
        value = getattr(race, field.name)
        if isinstance(value, np.ndarray):
            changed[field.name] = value[order]
        elif isinstance(value, tuple):
            changed[field.name] = tuple(value[i] for i in order)
    last = len(order) + 1
    changed |= {
        "finish": last - changed["finish"],
        "flag_finish": last - changed["flag_finish"],
        "laps_led": changed["laps_led"][::-1],
        "fastest_laps": changed["fastest_laps"][::-1] + 1,
        "running": ~changed["running"],
        "rating": 200 - changed["rating"],
        "laps_done": changed["laps_done"][::-1],
        "cautions": 25,
        "nongreen_laps": 1,
        "race_laps": race.race_laps + 7,
    }
    return dataclasses.replace(race, **changed)


@pytest.mark.slow
def test_the_file_of_numbers_has_the_keys_that_the_contract_names(report):
    document = json.loads(json.dumps(report_document(report), allow_nan=False))
    assert set(document["by_track_type"]) == {kind.value for kind in TrackType}
    for part in (document, *document["by_track_type"].values()):
        assert {"races", "drivers", "finish", "points"} <= set(part)
        assert {"crps", "baseline_crps", "skill", "rank_correlation"} <= set(part["finish"])
        assert {"crps", "baseline_crps", "skill", "coverage"} <= set(part["points"])
        assert list(part["points"]["coverage"]) == ["50", "80", "95"]
        for scores in (part["finish"], part["points"]):
            assert scores["skill"] == pytest.approx(
                1 - scores["crps"] / scores["baseline_crps"], abs=1e-5
            )
    assert (document["races"], document["drivers"]) == (8, 8 * 14)
    assert document["by_track_type"]["road"]["races"] == 2


def test_scores_are_those_of_the_simulated_races(races, report):
    """Forecast the last race by hand."""
    race, skill = races[-1], skill_before(races)[-1]
    graded = report.races[-1]
    on_grid = np.argsort(race.start)
    assert graded.drivers == tuple(race.drivers[i] for i in on_grid)
    # other scenarios of the same race: the scores agree as well as 4,000 scenarios let them
    spec = spec_of(race, skill, load_priors()[race.track_type])
    scenarios, _ = generate_scenarios(spec, 4_000, 1)
    expected = compute_crps(scenarios.finish, race.finish)[on_grid]
    np.testing.assert_allclose(graded.finish.crps, expected, atol=0.8)
    assert graded.finish.crps.mean() == pytest.approx(expected.mean(), rel=0.05)
    book = Climatology()
    for earlier in races[:-1]:
        book.learn(earlier)
    by_spot, _ = book.forecast(race).crps(race)
    np.testing.assert_array_equal(graded.finish.climatology, by_spot[on_grid])


@pytest.mark.parametrize("place", [-6, -1])
def test_a_forecast_uses_nothing_of_its_race_or_later(races, report, place):
    changed = [*races[:place], *map(turned_over, races[place:])]
    again = run(changed)
    for before, after in zip(report.races, again.races, strict=True):
        if before.key <= races[place].key:
            assert forecasts(before) == forecasts(after)
    assert again.races[place].finish.crps.mean() != report.races[place].finish.crps.mean()
    if place < -1:
        assert forecasts(again.races[-1]) != forecasts(report.races[-1])


def test_parameters_are_fitted_anew_to_the_races_before(races, flags):
    calls = []

    def fit(before, skills, known_flags):
        calls.append((before, skills, known_flags))
        return load_priors()

    report = backtest(races, flags, FIRST, LAST, fit=fit, refit_races=3, **QUICK)
    assert [(one.before, one.races) for one in report.fits] == [
        ("2024-01-10", 36),
        ("2024-04-10", 39),
        ("2025-03-10", 42),
    ]
    for (before, skills, known_flags), fitted in zip(calls, report.fits, strict=True):
        assert len(before) == len(skills) == fitted.races
        assert max(race.date for race in before) < fitted.before
        assert {flag.race for flag in known_flags} == {r.key for r in before}
    assert "fitted to 36 before 2024-01-10" in report_table(report)


def test_a_kind_of_track_without_parameters_is_refused(races):
    some = {kind: priors for kind, priors in load_priors().items() if kind != "road"}
    with pytest.raises(InvalidInput, match="road"):
        run(races, fit=some)


def test_the_same_seed_gives_the_same_report(races, report):
    assert report_document(run(races)) == {**report_document(report)}
    assert report_document(run(races, seed=4))["finish"] != report_document(report)["finish"]


def test_a_race_without_fastest_laps_is_graded_on_its_finish(races):
    changed = [*races[:-1], dataclasses.replace(races[-1], fastest_laps=0 * races[-1].fastest_laps)]
    document = report_document(run(changed, first="2025-03-01"))
    assert document["races"] == 2
    assert document["points"]["races"] == 1
    assert document["by_track_type"]["road"]["points"] is None
    assert document["by_track_type"]["road"]["finish"]["crps"] > 0
    assert document["joint"]["road"]["best_lineup"] is None
    alone = run(changed, first="2025-04-01")
    assert alone.pit("points") is None
    assert end_to_end_calibration(alone)["crps"] is None
    assert report_table(alone)


def test_the_top_ten_are_the_dearest_where_salaries_are_known(races):
    drivers = races[-1].drivers
    slate = {driver: 5_000 + 100 * int(driver.split()[1]) for driver in drivers}
    graded = run(races, first="2025-04-01", slates={races[-1].key: slate}).races[-1]
    assert graded.real_salaries
    assert [graded.drivers[i] for i in graded.top] == [f"Driver {i}" for i in range(13, 3, -1)]
    by_skill = run(races, first="2025-04-01").races[-1]
    assert not by_skill.real_salaries
    assert {by_skill.drivers[i] for i in by_skill.top} != {graded.drivers[i] for i in graded.top}


def test_a_real_race_is_of_a_regime_though_its_cautions_are_not_known(races):
    race = races[-1]
    led = np.where(race.finish == 1, race.race_laps, 0)
    running = np.ones_like(race.running)
    for unknown in ({"nongreen_laps": 20}, {"nongreen_laps": None}):
        changed = dataclasses.replace(race, laps_led=led, running=running, cautions=None, **unknown)
        report = run([*races[:-1], changed], first="2025-04-01")
        assert report.races[-1].regime is Regime.DOMINATOR
        assert report.regimes()[Regime.DOMINATOR].real == 1.0
        assert report.joint[None]["cautions"] is None


@pytest.mark.slow
def test_a_model_that_is_right_is_called_right(races):
    """Replace each real race by one that the model draws."""
    drawn = list(races)
    priors = load_priors()
    for place in range(20, len(drawn)):
        race = drawn[place]
        skill = skill_before(drawn[: place + 1])[-1]
        one, _ = generate_scenarios(spec_of(race, skill, priors[race.track_type]), 1, 900 + place)
        drawn[place] = dataclasses.replace(
            race,
            finish=one.finish[0].astype(np.int64),
            laps_led=one.laps_led[0].astype(np.int64),
            fastest_laps=one.fastest_laps[0].astype(np.int64),
            running=one.running[0],
            cautions=int(one.cautions[0]),
            rating=100.0 - 4.0 * one.finish[0],
        )
    report = run(drawn, first="2023-01-01", scenarios=1_000)
    points = report.points_scores()
    for level, share in points.coverage.items():
        error = max(points.coverage_error[level], 0.02)
        assert abs(share - int(level) / 100) < 3.5 * error
    for test in report.joint[None].values():
        assert test.p_value > 0.001


def test_the_table_names_every_subject(report):
    table = report_table(report)
    for words in (
        "Finish",
        "DraftKings points",
        "Coverage",
        "Whole races",
        "Regimes",
        "superspeedway",
        "climatology",
        "winner's share of laps led",
        "Rank correlation outside superspeedways",
        "Parameters given",
    ):
        assert words in table
    assert max(map(len, table.splitlines())) <= 125


def test_chances_are_tabulated_over_every_car(report):
    for event, places in zip(EVENTS, (1, 5, 10), strict=True):
        table = report.reliability(event)
        assert table.count.sum() == 8 * 14
        happened = np.nansum(table.observed * table.count)
        assert happened == pytest.approx(8 * places)
        brier, by_rate = report.brier(event)
        assert 0 < brier < 0.5
        assert by_rate == pytest.approx(places / 14 * (1 - places / 14))


def test_the_summary_that_travels_with_an_answer(report):
    summary = end_to_end_calibration(report)
    assert set(summary) == {"crps", "log_score", "coverage", "n_races", "baseline_crps"}
    points = report_document(report)["points"]
    assert summary["crps"] == points["crps"]
    assert summary["coverage"] == points["coverage"]
    assert summary["n_races"] == 8


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2025-01-01", "2024-01-01", "after 2024-01-01"),
        ("2030-01-01", "2031-01-01", "no race from 2030-01-01"),
        ("2015-01-01", "2025-01-01", "0 races before 2015-01-10"),
        ("2017-01-01", "2025-01-01", "8 races before 2017-01-10"),
        ("January", "2025-01-01", "January"),
        ("2024-01-01", "20250101", "20250101"),
    ],
)
def test_dates_that_cannot_be_graded_are_refused(races, first, last, words):
    with pytest.raises(InvalidInput, match=words):
        run(races, first, last)


@pytest.mark.parametrize("changes", [{"scenarios": 0}, {"refit_races": 0}])
def test_counts_below_one_are_refused(races, changes):
    with pytest.raises(InvalidInput, match=next(iter(changes))):
        run(races, **changes)


def test_no_races_at_all_are_refused():
    with pytest.raises(InvalidInput, match="none"):
        run([])
