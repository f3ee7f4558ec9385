"""A field that needs no work is declared in its schema and named in a job's record, no more."""

from dataclasses import dataclass
from typing import Any

import pytest

from core.race import load_known_drivers
from tests.web.requests.alone import ALONE
from web.requests import optimize_request
from web.requests.plain_fields import plain_fields
from web.schemas.optimize import OptimizeSchema


@dataclass(frozen=True)
class Job:
    seed: int = 0
    caution_weight: float = 1.0
    contest: str = ""


def test_fields_of_one_name_are_passed_on_but_for_those_that_are_made() -> None:
    body = {"caution_weight": 0.5, "contest": {"field_size": 9}, "n_lineups": 3}
    assert plain_fields(Job, body, ("contest",)) == {"caution_weight": 0.5}
    assert plain_fields(Job, {"seed": 3}) == {"seed": 3}


@pytest.mark.parametrize("wanted", [True, False])
def test_a_request_has_its_plain_fields(wanted: bool) -> None:
    known = sorted(load_known_drivers().drivers.values(), key=lambda driver: driver.name)[:14]
    drivers: list[dict[str, Any]] = [
        {"driver_id": f"k{i}", "name": driver.name, "salary": 10_400 - 400 * i}
        for i, driver in enumerate(known)
    ]
    body = {"drivers": drivers, "scenario_config": {"track_id": "kansas"}}
    request = optimize_request(
        OptimizeSchema().load({**body, "include_calibration": wanted}), ALONE
    )
    assert request.include_calibration is wanted
