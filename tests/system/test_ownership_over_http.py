"""Ownership asked over HTTP, and the contest that is played where none is given."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from core.errors import InvalidInput
from core.field.estimators import MEMBERS, shipped_ownership_model, to_json
from web.app import create_app
from workers.installation.processes import Process
from workers.installation.settings import Settings


def driver_data(drivers: int = 20) -> list[dict[str, Any]]:
    return [
        {
            "driver_id": f"c{i}",
            "salary": 10_400 - 300 * i,
            "projected_points": 60.0 - 2 * i,
            "skill": 1.0 - i / 40,
            "start_position": i + 1,
        }
        for i in range(drivers)
    ]


def asked(**changes: Any) -> dict[str, Any]:
    race = {"race_id": "r1", "track_archetype": "intermediate", "race_date": "2026-08-30"}
    return {"driver_data": driver_data(), "race_data": race, **changes}


def inline(**changes: Any) -> dict[str, Any]:
    drivers = [
        {"driver_id": row["driver_id"], "salary": row["salary"], "skill": row["skill"]}
        for row in driver_data()
    ]
    return {
        "drivers": drivers,
        "scenario_config": {"track_id": "phoenix", "n_scenarios": 1_000},
        **changes,
    }


def finished(client: FlaskClient, kind: str, request: dict[str, Any]) -> dict[str, Any]:
    response = client.post(f"/api/v1/{kind}", json=request, headers={"Prefer": "wait=60"})
    assert response.status_code == 200, response.json
    return dict(response.json)


def percents(result: dict[str, Any]) -> dict[str, float]:
    return {
        each["driver_id"]: each["ownership_percent"] for each in result["ownership_predictions"]
    }


def test_drivers_with_projections_are_estimated(client: FlaskClient, worker: Process) -> None:
    result = finished(client, "ownership", asked())
    owned = percents(result)
    assert list(owned) == [row["driver_id"] for row in driver_data()]
    assert result["total"] == pytest.approx(600.0)
    assert sum(owned.values()) == pytest.approx(600.0)
    assert all(0.0 <= percent <= 100.0 for percent in owned.values())
    # the best by every measure is owned more than the worst by every measure
    assert owned["c0"] > owned["c19"]
    for each in result["ownership_predictions"]:
        assert each["uncertainty_lower"] <= each["ownership_percent"] <= each["uncertainty_upper"]
        assert each["std"] > 0.0
    assert sum(result["feature_importance"].values()) == pytest.approx(1.0)
    assert result["model"]["n_contests"] > 0
    run_id = result["run_id"]
    assert client.get(f"/api/v1/ownership/{run_id}/status").json["status"] == "completed"
    assert percents(client.get(f"/api/v1/ownership/{run_id}/result").json) == owned


def test_shares_are_a_sixth_and_intervals_may_be_left_out(
    client: FlaskClient, worker: Process
) -> None:
    whole = percents(finished(client, "ownership", asked()))
    request = asked(normalize_to="share", include_uncertainty=False)
    result = finished(client, "ownership", request)
    assert result["total"] == pytest.approx(100.0)
    for driver, share in percents(result).items():
        assert share == pytest.approx(whole[driver] / 6.0)
    assert not {"std", "uncertainty_lower"} & set(result["ownership_predictions"][0])


def test_recent_races_change_nothing_where_no_drivers_weights_are_and_a_note_says_so(
    client: FlaskClient, worker: Process
) -> None:
    plain = finished(client, "ownership", asked())
    told = finished(client, "ownership", asked(n_recent_races=12))
    assert percents(told) == percents(plain)
    assert [note for note in told["notes"] if note not in plain["notes"]] == [
        "n_recent_races changes nothing here: the model holds no weights of single drivers, and "
        "recent form is the site's average."
    ]


def test_each_way_of_combining_gives_its_own_estimate(client: FlaskClient, worker: Process) -> None:
    told = {
        method: percents(finished(client, "ownership", asked(ensemble_method=method)))
        for method in ("voting", "weighted", "stacking")
    }
    assert told["stacking"] != told["voting"]
    weights = {"salary_skill": 0.25, "projection_value": 0.25, "historical": 0.5}
    listed = [weights.get(name, 0.0) for name in MEMBERS]
    for custom in (weights, listed):
        told["custom"] = percents(
            finished(client, "ownership", asked(ensemble_method="weighted", custom_weights=custom))
        )
    equal = asked(ensemble_method="weighted", custom_weights=[0.25] * 4)
    assert percents(finished(client, "ownership", equal)) == pytest.approx(told["voting"])
    assert told["custom"] != told["voting"]


def test_what_is_known_stays_and_the_others_share_the_rest(
    client: FlaskClient, worker: Process
) -> None:
    rows = driver_data()
    rows[3]["ownership_percent"] = 61.5
    rows[7]["ownership_percent"] = 2.25
    result = finished(client, "ownership", asked(driver_data=rows))
    owned = percents(result)
    assert (owned["c3"], owned["c7"]) == (61.5, 2.25)
    assert sum(owned.values()) == pytest.approx(600.0)
    known = result["ownership_predictions"][3]
    assert (known["uncertainty_lower"], known["uncertainty_upper"], known["std"]) == (61.5, 61.5, 0)


def test_a_slate_without_projections_is_simulated_first(
    client: FlaskClient, worker: Process
) -> None:
    result = finished(client, "ownership", inline())
    first = result["ownership_predictions"][0]
    assert first["projected_points"] > result["ownership_predictions"][19]["projected_points"]
    again = finished(client, "ownership", inline())
    assert percents(again) == percents(result)
    other = finished(client, "ownership", inline(random_seed=1))
    assert percents(other) != percents(result)


def test_the_contest_is_played_against_the_same_estimate(
    client: FlaskClient, worker: Process
) -> None:
    estimate = percents(finished(client, "ownership", inline(field_size=10_000, random_seed=5)))
    request = inline(
        lineups=[["c2", "c5", "c8", "c12", "c15", "c18"]],
        field_size=10_000,
        contest_buyin=5,
        n_scenarios=1_000,
        random_seed=5,
    )
    del request["scenario_config"]["n_scenarios"]
    told = finished(client, "contest-sim", request)
    assert told["ownership_source"].startswith("estimated by the ownership model")
    assert told["ownership_percent"] == pytest.approx(estimate)
    steady = finished(client, "contest-sim", {**request, "ownership_uncertainty": False})
    assert steady["ownership_percent"] == told["ownership_percent"]
    # a driver's share varies by a point with the sources that are followed, and by more between
    # contests
    off, off_further = (one["field"]["ownership_max_error"] for one in (steady, told))
    assert 0.0 < off < off_further


def test_ownership_of_some_drivers_in_the_file_is_kept_in_the_contest(
    client: FlaskClient, worker: Process
) -> None:
    request = inline(
        lineups=[["c2", "c5", "c8", "c12", "c15", "c18"]], field_size=200, n_scenarios=1_000
    )
    del request["scenario_config"]["n_scenarios"]
    request["drivers"][4]["ownership_percent"] = 50.0
    told = finished(client, "contest-sim", request)
    assert told["ownership_percent"]["c4"] == pytest.approx(50.0)
    assert "of 1 driver as the drivers file gives it" in told["ownership_source"]
    # the dearest drivers' ownership leaves little salary for the others' estimates: theirs are
    # moved, so that entries spend as real ones do, and the dearest stay
    for place in range(2):
        request["drivers"][place]["ownership_percent"] = 90.0
    told = finished(client, "contest-sim", request)
    assert told["ownership_source"].startswith("estimated by the ownership model")
    spent = sum(
        told["ownership_percent"][driver["driver_id"]] * driver["salary"] / 100.0
        for driver in request["drivers"]
    )
    assert spent == pytest.approx(50_000 - 399.1, abs=1.0)
    kept = [told["ownership_percent"][f"c{place}"] for place in (0, 1, 4)]
    assert kept == pytest.approx([90.0, 90.0, 50.0])
    assert sum(told["ownership_percent"].values()) == pytest.approx(600.0)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"ensemble_method": "median"}, "ensemble_method", "; give "),
        ({"custom_weights": [0.25] * 4}, "custom_weights", "are for ensemble_method 'weighted'"),
        (
            {"ensemble_method": "weighted", "custom_weights": [0.5, 0.2, 0.2, 0.2]},
            "custom_weights",
            "sum to 1.1",
        ),
        (
            {"ensemble_method": "weighted", "custom_weights": {"crowd": 1}},
            "custom_weights.crowd",
            "no estimator",
        ),
        (
            {"ensemble_method": "weighted", "custom_weights": [1.0]},
            "custom_weights",
            "give a number for each of historical",
        ),
        ({"race_data": {"race_id": "r"}}, "race_data.track_archetype", "needed"),
        (
            {"race_data": {"track_archetype": "dirt"}},
            "race_data.track_archetype",
            "; give ",
        ),
        ({"race_data": {"race_date": "2026-02-30"}}, "race_data.race_date", "Not a valid date"),
        ({"driver_data": driver_data(5)}, "driver_data", "5 drivers; give 6 to 50"),
        ({"driver_data": [*driver_data(6), *driver_data(1)]}, "driver_id", "c0"),
        ({"slate_id": "x"}, "slate_id", "give one of"),
        ({"n_recent_races": 0}, "n_recent_races", "1 to 36"),
        ({"normalize_to": "percent"}, "normalize_to", "; give "),
        (
            {"driver_data": [{**row, "ownership_percent": 80.0} for row in driver_data()]},
            "driver_data.ownership_percent",
            "sum to 1600",
        ),
    ],
)
def test_a_request_that_cannot_be_used_is_refused_by_field(
    client: FlaskClient, changes: dict[str, Any], field: str, said: str
) -> None:
    response = client.post("/api/v1/ownership", json=asked(**changes))
    assert response.status_code == 422, response.json
    errors = response.json["errors"]
    assert any(field in name for name in errors), errors
    assert said in json.dumps(errors)


def test_a_driver_without_a_projection_is_refused(client: FlaskClient) -> None:
    rows = driver_data()
    del rows[2]["projected_points"]
    response = client.post("/api/v1/ownership", json=asked(driver_data=rows))
    assert response.status_code == 422
    assert "driver_data.2.projected_points" in response.json["errors"]


def test_the_description_says_what_to_send(client: FlaskClient) -> None:
    document = json.loads(io.BytesIO(client.get("/openapi.json").data).read())
    assert "/api/v1/ownership" in document["paths"]
    weights = document["components"]["schemas"]["Ownership"]["properties"]["custom_weights"]
    assert [kind["type"] for kind in weights["oneOf"]] == ["object", "array"]


@pytest.mark.parametrize("total", [590.0, 599.9, 610.0, 100.0])
def test_ownership_known_of_all_is_read_as_any_ownership(
    client: FlaskClient, worker: Process, total: float
) -> None:
    rows = [{**row, "ownership_percent": total / 20} for row in driver_data()]
    result = finished(client, "ownership", asked(driver_data=rows))
    assert list(percents(result).values()) == pytest.approx([30.0] * 20)


def test_what_the_withdrawn_were_owned_by_goes_to_the_others(
    client: FlaskClient, worker: Process
) -> None:
    request = inline()
    for driver in request["drivers"]:
        driver["ownership_percent"] = 30.0
    request["drivers"][5]["veto_rules"] = ["out"]
    owned = percents(finished(client, "ownership", request))
    assert owned.pop("c5") == 0.0
    assert list(owned.values()) == pytest.approx([600.0 / 19] * 19)


def test_known_ownership_that_no_lineups_can_have_is_refused_at_the_door(
    client: FlaskClient,
) -> None:
    rows = driver_data()
    for row in rows[:6]:
        row["ownership_percent"] = 100.0  # 57,900 USD together
    response = client.post("/api/v1/ownership", json=asked(driver_data=rows))
    assert response.status_code == 422, response.json
    assert list(response.json["errors"]) == ["driver_data.ownership_percent"]


def test_an_installation_may_have_a_model_of_its_own(
    settings: Settings, worker: Process, tmp_path: Path
) -> None:
    path = tmp_path / "ownership.json"
    document = to_json(shipped_ownership_model())
    path.write_text(json.dumps({**document, "contests": 99}), encoding="utf-8")
    own = create_app(replace(settings, ownership_model_file=str(path))).test_client()
    # even if the file changes while the server runs
    path.write_text("{", encoding="utf-8")
    assert finished(own, "ownership", asked())["model"]["n_contests"] == 99
    sim = {"lineups": [["c2", "c5", "c8", "c12", "c15", "c18"]], "field_size": 50}
    request = inline(**sim, n_scenarios=1_000)
    del request["scenario_config"]["n_scenarios"]
    assert "learnt from 99 contests" in finished(own, "contest-sim", request)["ownership_source"]
    for text in ("{", "{}", "[]"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidInput, match=r"^AXIOMATIC_OWNERSHIP_MODEL: [^\[]+$"):
            create_app(replace(settings, ownership_model_file=str(path)))
