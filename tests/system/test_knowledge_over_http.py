"""A user's projections and odds from the drivers file, or inline, to the races and the answer."""

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from rich.console import Console

from tests.web.requests.alone import ALONE
from web.cli.summary import show
from web.requests import contest_sim_request, optimize_request
from web.schemas.contests import ContestSimSchema
from web.schemas.optimize import OptimizeSchema
from workers.installation.processes import Process

SALARY = "Position,Name + ID,Name,ID,Roster Position,Salary,Game Info,TeamAbbrev,AvgPointsPerGame"
DRIVERS = b"driver,start_position,projected_points,win_odds,top5_odds,finish_median\n" + b"".join(
    b"Car %02d,%d,%s,%s,%s,%s\n" % (i, i + 1, *cells)
    for i, cells in enumerate(
        [(b"55.5", b"4.5", b"", b""), (b"", b"", b"1.8", b"5.5"), *[(b"", b"", b"", b"")] * 12]
    )
)


def salary_file(drivers: int = 14) -> bytes:
    rows = [
        f"D,Car {i:02d} ({700 + i}),Car {i:02d},{700 + i},D,{10_400 - 400 * i},Test 400,Nasca,30.5"
        for i in range(drivers)
    ]
    return "\r\n".join([SALARY, *rows]).encode()


@pytest.fixture
def slate(client: FlaskClient) -> dict[str, Any]:
    form = {
        "salaries": (io.BytesIO(salary_file()), "DKSalaries.csv"),
        "drivers": (io.BytesIO(DRIVERS), "drivers.csv"),
        "track_id": "phoenix",
    }
    response = client.post("/api/v1/slates", data=form)
    assert response.status_code == 201, response.json
    return dict(response.json)


def inline(**first: Any) -> dict[str, Any]:
    drivers: list[dict[str, Any]] = [
        {"driver_id": f"b{i}", "salary": 10_400 - 400 * i} for i in range(14)
    ]
    drivers[0] |= first
    return {"drivers": drivers, "scenario_config": {"track_id": "kansas", "race_length": 60}}


def test_the_drivers_file_is_heard_and_the_answer_says_how_far_the_races_moved(
    client: FlaskClient, worker: Process, slate: dict[str, Any]
) -> None:
    assert [slate["drivers"][0][name] for name in ("win_odds", "projected_points")] == [4.5, 55.5]
    assert [slate["drivers"][1][name] for name in ("top5_odds", "finish_median")] == [1.8, 5.5]
    asked = {
        "slate_id": slate["slate_id"],
        "n_lineups": 4,
        "objective": "mean",
        "scenario_config": {"n_scenarios": 1_000, "race_length": 60},
    }
    response = client.post("/api/v1/optimize", json=asked, headers={"Prefer": "wait=60"})
    assert response.status_code == 200, response.json
    found = response.json["scenario_diagnostics"]["knowledge"]
    assert [driver["driver_id"] for driver in found["drivers"]] == ["700", "701"]
    kinds = [[target["kind"] for target in driver["targets"]] for driver in found["drivers"]]
    assert kinds == [
        ["projected_points", "win_probability"],
        ["top5_probability", "median_finish"],
    ]
    assert found["drivers"][0]["targets"][1]["target"] == pytest.approx(1 / 4.5, abs=1e-6)

    with Console(width=400, record=True, file=io.StringIO()) as console:
        show({**response.json, "files": {}}, console)
    printed = console.export_text()
    assert "races your view is tilted to your numbers for 2 drivers: strengths moved by" in printed

    asked["scenario_config"] = {**asked["scenario_config"], "calibration_enabled": False}  # type: ignore[dict-item]
    plain = client.post("/api/v1/optimize", json=asked, headers={"Prefer": "wait=60"}).json
    assert plain["scenario_diagnostics"]["knowledge"] is None
    assert plain["constraint_spec_hash"] != response.json["constraint_spec_hash"]


@pytest.mark.parametrize("schema", [OptimizeSchema, ContestSimSchema])
@pytest.mark.parametrize(("enabled", "heard"), [(None, True), (True, True), (False, False)])
def test_calibration_can_be_switched_off(
    schema: type[Any], enabled: bool | None, heard: bool
) -> None:
    asked = inline(win_odds=5.0)
    if enabled is not None:
        asked["scenario_config"]["calibration_enabled"] = enabled
    if schema is ContestSimSchema:
        asked["lineups"] = [[f"b{i}" for i in (0, 5, 6, 8, 10, 12)]]
    body = schema().load(asked)
    if schema is OptimizeSchema:
        request = optimize_request(body, ALONE)
    else:
        request, _ = contest_sim_request(body, ALONE)
    assert (request.knowledge is not None) is heard
    assert (request.slate.drivers[0].win_odds) == 5.0


@pytest.mark.parametrize("config", ["yes", 1, None])
def test_what_is_neither_true_nor_false_is_no_switch(client: FlaskClient, config: object) -> None:
    asked = inline()
    asked["scenario_config"]["calibration_enabled"] = config
    response = client.post("/api/v1/optimize", json=asked)
    assert response.status_code == 422
    assert "scenario_config.calibration_enabled" in response.json["errors"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"win_odds": 1.0}, "above 1"),
        ({"top5_odds": 0.8}, "above 1"),
        ({"top5_odds": "2.5"}, "no finite number"),
        ({"finish_median": 0.5}, "1 to 60"),
        ({"finish_median": 61}, "1 to 60"),
        ({"projected_points": 1_001}, "-1000 to 1000"),
    ],
)
def test_numbers_that_cannot_be_are_refused_with_driver_and_field(
    client: FlaskClient, wrong: dict[str, Any], words: str
) -> None:
    response = client.post("/api/v1/optimize", json=inline(**wrong))
    assert response.status_code == 422
    (name,) = wrong
    assert words in response.json["errors"][f"drivers.0.{name}"][0]
