"""Requests that nobody wrote: drawn from the API's own description, sound ones and broken ones.

Schemathesis draws them and holds every answer against the description: no 5xx, no status, header,
media type or body that is not described, nothing accepted that the description forbids. What is
left out of its checks: that a request whose every field is sound is accepted. A schema cannot say
that drivers differ, that a salary cap suffices for a lineup, or that a slate exists.

``SCHEMATHESIS_CASES`` sets how many requests are drawn for each operation and way; 500 make some
25,000.
"""

import io
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from tests.system.test_jobs_over_http import salary_file
from workers.engine.jobs import Job, JobStatus
from workers.installation.processes import Process

CASES = int(os.environ.get("SCHEMATHESIS_CASES", "20"))

LINEUP = (0, 5, 6, 8, 10, 12)

pytestmark = pytest.mark.usefixtures("worker")

AwaitEnd = Callable[[str], Job]


@pytest.fixture(scope="module")
def slate(application: Flask) -> dict[str, Any]:
    form = {"salaries": (io.BytesIO(salary_file()), "DKSalaries.csv"), "track_id": "Phoenix"}
    return dict(application.test_client().post("/api/v1/slates", data=form).json)


@pytest.fixture(scope="module")
def operations(application: Flask, worker: Process) -> list[Any]:
    assert worker.running
    schema = schemathesis.openapi.from_wsgi("/openapi.json", application)
    # sound fields may still not go together, which is a refusal
    schema.config.checks.positive_data_acceptance.expected_statuses = ["2xx", "4xx"]
    return [found.ok() for found in schema.get_all_operations()]


def sent(operation: Any, mode: GenerationMode, change: Any) -> Counter[int]:
    """Send requests of an operation and check their answers; how many had which status."""
    statuses: Counter[int] = Counter()
    strategy = operation.as_strategy(generation_mode=mode)

    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=strategy)
    def send(case: Case) -> None:
        change(case)
        answer = case.call()
        statuses[answer.status_code] += 1
        case.validate_response(answer)

    try:
        send()
    except Unsatisfiable:
        # without a parameter or a body there is nothing to break
        assert mode.is_negative, operation.label
    return statuses


def unchanged(case: Case) -> None:
    del case


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_as_described(operations: list[Any], mode: GenerationMode) -> None:
    for operation in operations:
        statuses = sent(operation, mode, unchanged)
        assert not {status for status in statuses if status >= 500}, (operation.label, statuses)


@pytest.mark.parametrize("kind", ["optimize", "optimize-with-leverage", "contest-sim"])
def test_jobs_that_were_accepted_end(
    application: Flask,
    operations: list[Any],
    slate: dict[str, Any],
    await_end: AwaitEnd,
    kind: str,
) -> None:
    ids = [driver["driver_id"] for driver in slate["drivers"]]
    small = {"n_scenarios": 1_000}

    def for_this_slate(case: Case) -> None:
        # the same key twice would be one job, and the same request a stored result
        case.headers = {**(case.headers or {}), "Cache-Control": "no-cache"}
        case.headers.pop("Idempotency-Key", None)
        body = dict(case.body) if isinstance(case.body, dict) else {}
        for name in ("drivers", "scenario_driver_scores", "preset", "groups", "matchups", "locks"):
            body.pop(name, None)
        case.body = body | {
            "slate_id": slate["slate_id"],
            **(
                {"lineups": [[ids[place] for place in LINEUP]], "field_size": 90, **small}
                if kind == "contest-sim"
                else {"n_lineups": 2, "scenario_config": small, "contest": {"field_size": 90}}
            ),
        }

    (operation,) = [
        each for each in operations if each.path == f"/api/v1/{kind}" and each.method == "post"
    ]
    client = application.test_client()
    before = {job["run_id"] for job in client.get("/api/v1/jobs?limit=500").json["jobs"]}
    statuses = sent(operation, GenerationMode.POSITIVE, for_this_slate)
    started = [
        job["run_id"]
        for job in client.get("/api/v1/jobs?limit=500").json["jobs"]
        if job["run_id"] not in before and job["kind"] == kind
    ]
    assert len(started) == statuses[202] + statuses[200]
    assert len(started) >= CASES // 5, statuses
    ended = Counter(await_end(run_id).status for run_id in started)
    assert ended[JobStatus.COMPLETED] >= len(started) // 2, ended
    assert set(ended) <= {JobStatus.COMPLETED, JobStatus.FAILED}
