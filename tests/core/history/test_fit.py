import dataclasses
import json

import numpy as np
import pytest

from core.errors import InvalidInput
from core.history import read_races, real_moments, skill_before
from core.history.fit import check_priors, fit_priors, main
from core.history.moments import moment_errors
from core.race import TrackPriors, load_priors
from core.slate.tracks import TrackType

QUICK = 2  # steps of the search


@pytest.fixture(scope="module")
def fitted(made_up_data):
    return fit_priors(made_up_data, steps=QUICK)


def test_every_kind_of_track_is_fitted_with_its_dates_and_races(fitted):
    assert set(fitted["track_types"]) == {kind.value for kind in TrackType}
    road = fitted["track_types"]["road"]
    assert (road["races"], road["from"], road["to"]) == (5, "2020-04-10", "2024-04-10")
    assert (road["check"]["races"], road["check"]["from"]) == (1, "2025-04-10")


def test_what_is_counted_is_what_was_run(fitted, made_up_data):
    races = [r for r in read_races(made_up_data) if r.track_type is TrackType.ROAD][:5]
    parameters = fitted["track_types"]["road"]["parameters"]
    cautions = np.mean([race.cautions for race in races])
    assert parameters["cautions_mean"] == pytest.approx(cautions, abs=1e-4)
    assert parameters["laps_per_caution"] == 4.0
    assert parameters["cars_involved"] == 1.5
    assert parameters["incident_share"] == pytest.approx(2 / 3, abs=1e-4)
    assert parameters["mechanical_rate"] == pytest.approx(1 / 14, abs=1e-4)
    gathered = (cautions - 2) * 1.5 * 2 / 3
    assert parameters["involved_out"] == pytest.approx(min(1.0, 1 / gathered), abs=1e-4)


def test_the_fit_is_the_same_every_time(fitted, made_up_data):
    assert fit_priors(made_up_data, steps=QUICK) == fitted


def test_the_command_writes_what_the_race_reads(fitted, made_up_data, tmp_path):
    out = tmp_path / "priors.json"
    main([str(made_up_data), "--out", str(out), "--steps", str(QUICK)])
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document == fitted
    for entry in document["track_types"].values():
        TrackPriors.from_mapping(entry["parameters"])


def test_too_few_races_are_refused(made_up_data, tmp_path):
    for path in made_up_data.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [lines[0], *(line for line in lines if line.startswith("2020"))]
        (tmp_path / path.name).write_text("".join(kept), encoding="utf-8")
    with pytest.raises(InvalidInput, match="superspeedway"):
        fit_priors(tmp_path, steps=QUICK)


@pytest.mark.parametrize("kind", list(TrackType))
def test_races_after_the_fit_look_like_the_simulated(real_data, kind):
    races = read_races(real_data)
    pairs = [
        (race, skill)
        for race, skill in zip(races, skill_before(races), strict=True)
        if race.track_type is kind and race.season > 2024
    ]
    later, skills = [race for race, _ in pairs], [skill for _, skill in pairs]
    found = check_priors(later, skills, dataclasses.asdict(load_priors()[kind]))
    errors = moment_errors(
        [real_moments(race, skill) for race, skill in zip(later, skills, strict=True)]
    )
    for name in ("leaders", "top_led_share", "winner_led_share", "out_share", "start_finish"):
        miss = abs(found["real"][name] - found["simulated"][name])
        assert miss < 3.5 * getattr(errors, name), name
