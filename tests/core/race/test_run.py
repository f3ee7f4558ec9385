import json
from datetime import UTC, datetime

import pytest

from core.errors import InvalidInput
from core.race import RunConfig, SimulationParameters

HALVES = SimulationParameters(10_000, 500, 5_000, 5_000)
CHOICE = {"objective": "multi_cvar", "cvar_alphas": [0.99, 0.95], "randomness": None}
NOW = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize("job", [{}, {"run_id": "r1", "created_at": NOW}])
def test_a_run_survives_json(job):
    run = RunConfig("ab" * 32, 7, HALVES, CHOICE, **job)
    assert RunConfig.from_document(json.loads(json.dumps(run.to_document()))) == run


def test_the_job_of_a_run_stands_in_its_document_once_it_is_known():
    keys = ["spec_hash", "seed", "simulation", *CHOICE]
    assert list(RunConfig("0", 7, HALVES, CHOICE).to_document()) == keys
    document = RunConfig("0", 7, HALVES, CHOICE, "r1", NOW).to_document()
    assert list(document) == [*keys, "run_id", "created_at"]
    assert document["created_at"] == "2026-03-01T18:30:00+00:00"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("seed", {"seed": -1}),
        ("created_at", {"created_at": NOW.replace(tzinfo=None)}),
        ("choice.seed", {"choice": {"seed": 8}}),
    ],
)
def test_a_run_that_cannot_be_repeated_is_refused(field, change):
    with pytest.raises(InvalidInput) as refused:
        RunConfig(**{"spec_hash": "0", "seed": 1, "simulation": HALVES, **change})
    assert list(refused.value.messages) == [field]


def test_a_run_without_races_is_refused():
    with pytest.raises(InvalidInput) as refused:
        SimulationParameters(0, 500, 0, 0)
    assert list(refused.value.messages) == [
        "n_scenarios",
        "selection_scenarios",
        "report_scenarios",
    ]
