"""A FanDuel slate over HTTP, from its player list to its upload file and entries file."""

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.system.test_jobs_over_http import finished, salary_file
from workers.installation.processes import Process

HEADER = (
    "Id,Position,First Name,Nickname,Last Name,FPPG,Played,Salary,Game,Team,Opponent,"
    "Injury Indicator,Injury Details,Tier,,"
)
CONFIG = {"n_scenarios": 1_500, "track_id": "phoenix", "race_length": 100}


def player_list(drivers: int = 16) -> bytes:
    rows = [
        f"80857-{i},D,Car,Car {i:02d},{i:02d},41.5,20,{13_500 - 500 * i},,,,,,,,"
        for i in range(drivers)
    ]
    return "\r\n".join([HEADER, *rows]).encode()


def upload(client: FlaskClient, salaries: bytes, **parts: Any) -> Any:
    form = {"salaries": (io.BytesIO(salaries), "list.csv"), "track_id": "phoenix", **parts}
    return client.post("/api/v1/slates", data=form)


def inline(drivers: int = 16) -> list[dict[str, Any]]:
    return [
        {"driver_id": f"e{i}", "salary": 10_400 - 400 * i, "start_position": i + 1}
        for i in range(drivers)
    ]


def test_a_player_list_becomes_lineups_an_upload_file_and_filled_entries(
    client: FlaskClient, worker: Process
) -> None:
    response = upload(client, player_list())
    assert response.status_code == 201, response.json
    assert response.json["site"] == "fanduel"
    assert any("FanDuel" in warning for warning in response.json["warnings"])
    request = {
        "slate_id": response.json["slate_id"],
        "site": "fanduel",
        "n_lineups": 6,
        "scenario_config": CONFIG,
        "contest": {"field_size": 300, "contest_buyin": 5},
    }
    result = finished(client, "optimize", request)
    assert result["site"] == "fanduel"
    assert {len(lineup["drivers"]) for lineup in result["lineups"]} == {5}
    assert max(lineup["total_salary"] for lineup in result["lineups"]) <= 50_000
    assert sum(result["ownership_percent"].values()) == pytest.approx(500.0)
    assert any("FanDuel" in note for note in result["notes"])

    file = client.get(f"/api/v1/jobs/{result['run_id']}/lineups.csv").get_data(as_text=True)
    header, *lines = csv.reader(file.splitlines())
    assert header == ["Driver"] * 5
    assert lines == [
        [f"{driver['driver_id']}:{driver['name']}" for driver in lineup["drivers"]]
        for lineup in result["lineups"]
    ]

    template = f"entry_id,contest_id,contest_name,entry_fee,{'Driver,' * 5},Instructions\n"
    template += "37,80857-9,Big one,4,,,,,,,Paste lineups\n"
    filled = client.post(
        f"/api/v1/jobs/{result['run_id']}/entries",
        data={"entries": (io.BytesIO(template.encode()), "template.csv")},
    )
    assert filled.status_code == 200, filled.json
    row = list(csv.reader(filled.get_data(as_text=True).splitlines()))[1]
    assert row[4:9] == lines[0]


def test_drivers_given_without_a_file_are_played_on_the_site_that_is_asked_for(
    client: FlaskClient, worker: Process
) -> None:
    request = {"drivers": inline(), "n_lineups": 4, "scenario_config": CONFIG}
    fanduel = finished(client, "optimize", {**request, "site": "fanduel"})
    draftkings = finished(client, "optimize", request)
    assert (fanduel["site"], draftkings["site"]) == ("fanduel", "draftkings")
    assert {len(lineup["drivers"]) for lineup in fanduel["lineups"]} == {5}
    assert {len(lineup["drivers"]) for lineup in draftkings["lineups"]} == {6}
    own = {
        "drivers": inline(),
        "site": "fanduel",
        "lineups": [[f"e{i}" for i in (0, 2, 4, 8, 12)]],
        "field_size": 200,
        "scenario_config": {"track_id": "phoenix", "race_length": 100},
        "n_scenarios": 1_000,
    }
    assert finished(client, "contest-sim", own)["site"] == "fanduel"
    config = {"n_scenarios": 1_000, "track_id": "phoenix", "race_length": 100}
    owned = {"drivers": inline(), "site": "fanduel", "scenario_config": config}
    ownership = finished(client, "ownership", owned)
    assert ownership["site"] == "fanduel"
    assert ownership["total"] == pytest.approx(500.0)


@pytest.mark.parametrize("site", ["fanduel", "nowhere"])
def test_a_site_that_is_not_the_salary_files_is_refused(client: FlaskClient, site: str) -> None:
    response = upload(client, salary_file(), site=site)
    assert response.status_code == 422
    assert list(response.json["errors"]) == ["site"]
    assert site in response.json["errors"]["site"][0]


def test_a_site_that_is_not_the_slates_is_refused(client: FlaskClient) -> None:
    slate = upload(client, salary_file(), site="draftkings").json
    assert slate["site"] == "draftkings"
    request = {"slate_id": slate["slate_id"], "scenario_config": CONFIG}
    for site in ("fanduel", "nowhere"):
        response = client.post("/api/v1/optimize", json={**request, "site": site})
        assert response.status_code == 422
        assert list(response.json["errors"]) == ["site"]
