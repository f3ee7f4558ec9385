"""A process is killed at a named point of the engine: its job is done all the same, once."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

import workers.engine.submission
from core.race import UserKnowledge
from tests.faults.harness import PATIENCE_SECONDS, STAGES, START_SECONDS, House, open_house
from workers.engine.arrays import Memory
from workers.engine.in_process import run_here
from workers.engine.jobs import JobStatus
from workers.engine.submission import submit
from workers.plans.registry import PLANS
from workers.plans.requests.optimize import OptimizeRequest

CUT = ("scenarios", "prizes", "lineups", "second_look", "contest")
STORING = ("scenarios", "prizes", "lineups", "second_look", "portfolio", "contest")
JOINS_STORING = ("scenarios", "prizes", "lineups", "contest")
CHILDREN = 4
LOOK_SECONDS = 0.05
"""Between looks at all jobs: looking takes time from those who work."""

POINTS = {
    "chunk taken": STAGES,
    "computing": STAGES,
    "chunk stored": STORING,
    "chunk computed": STAGES,
    "chunk kept": STAGES,
    "merge taken": ("lineups",),
    "merge stored": ("lineups",),
    "merge computed": ("lineups",),
    "merge kept": ("lineups",),
    "join taken": STAGES,
    "join stored": JOINS_STORING,
    "join computed": STAGES,
    "advanced": STAGES[:-1],
    "finished": STAGES[-1:],
    "stage begun": CUT[1:],
    "chord published": CUT[1:],
    "turn over": CUT,
    "turn counted": CUT,
    "body claimed": CUT,
    "body published": CUT,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # every job simulates its own races: the point is to die while doing so
    environment = {"AXIOMATIC_CACHE_MB": "0"}
    folder = tmp_path_factory.mktemp("points")
    with open_house(folder, environment=environment, children=CHILDREN) as house:
        yield house


@pytest.fixture(autouse=True)
def _workers(house: House) -> None:
    house.mend(2)


@pytest.fixture
def results(house: House) -> Iterator[Any]:
    """Redis's notification of every result that is written."""
    heard: Any
    with house.redis.pubsub() as heard:  # type: ignore[no-untyped-call]
        heard.psubscribe("__keyspace@0__:celery-task-meta-*")
        assert heard.get_message(timeout=5.0)
        yield heard


def times_written(results: Any) -> Counter[str]:
    """Number of times that each job's result was written since the last call."""
    count: Counter[str] = Counter()
    while (message := results.get_message(timeout=0.0)) is not None:
        if message["data"] == b"set":
            count[message["channel"].decode().rpartition("-")[2]] += 1
    return count


@dataclass
class Fault:
    """A death that was ordered, and the job in which it should happen; its owner is the point."""

    point: str
    stage: int
    run_id: str
    happened: bool = False


def order(house: House, document: bytes, point: str, number: int, victim: str = "child") -> Fault:
    """Order a death at a point of the stage of that number, and start a job for it."""
    house.arm(point, point, number, victim)
    return Fault(point, number, start(house, document, point))


def told(document: bytes) -> bytes:
    """The request with numbers for two drivers, without a contest: other tests cover its stages."""
    request: OptimizeRequest = PLANS["optimize"].read(document)
    first, second, *others = request.slate.drivers
    said = (replace(first, projected_points=55.0), replace(second, win_odds=5.0))
    slate = replace(request.slate, drivers=(*said, *others))
    knowledge = UserKnowledge.from_slate(slate)
    return msgspec.json.encode(
        replace(request, slate=slate, knowledge=knowledge, objective="mean", contest=None)
    )


def start(house: House, document: bytes, owner: str) -> str:
    return submit(house.jobs, "optimize", document, owner, chunk_units=1)


def complete_once(
    house: House, results: Any, document: bytes, undisturbed: bytes, faults: list[Fault]
) -> None:
    """Wait until every death that was ordered has happened, and every job is done all the same."""
    runs = [fault.run_id for fault in faults]
    deadline = time.monotonic() + START_SECONDS
    waiting = list(faults)
    while waiting:
        for fault in list(waiting):
            if not house.armed(fault.point, fault.point, fault.stage):
                fault.happened = True
            job = house.jobs.get(fault.run_id)
            assert time.monotonic() < deadline, f"{fault}: {job}\n{house.state(fault.run_id)}"
            if job.status.ended:
                assert job.status is JobStatus.COMPLETED, (fault, job)
                if fault.happened:
                    waiting.remove(fault)
                else:
                    # a join need not wait for its chord, so no process may reach the point: try
                    # again
                    fault.run_id = start(house, document, fault.point)
                    runs.append(fault.run_id)
        time.sleep(LOOK_SECONDS)
    for run_id in runs:
        assert house.stored_result(run_id) == undisturbed
    assert times_written(results) == Counter(dict.fromkeys(runs, 1))


# the opening and the validation are one chunk that stores nothing, as the field is; the prizes are
# cut and joined as the contest is
ALIKE = {"opening", "validation", "prizes"}


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in ALIKE])
def test_a_child_killed_at_any_point_of_a_stage_costs_nothing(
    house: House, results: Any, request_document: bytes, undisturbed: bytes, stage: str
) -> None:
    # a job for every point, all at once: it takes a while to replace a killed child
    points = [point for point, stages in POINTS.items() if stage in stages]
    faults = [order(house, request_document, point, STAGES.index(stage)) for point in points]
    complete_once(house, results, request_document, undisturbed, faults)


def test_a_child_killed_while_it_looks_for_tilts_costs_nothing(
    house: House, results: Any, request_document: bytes
) -> None:
    document = told(request_document)
    request = PLANS["optimize"].read(document)
    assert PLANS["optimize"].stages(request)[0].name == "knowledge"
    undisturbed = json.dumps(run_here(PLANS["optimize"], request, Memory())).encode()
    # one chunk that stores nothing, as the field's is
    points = [point for point, stages in POINTS.items() if "field" in stages]
    faults = [order(house, document, point, 0) for point in points]
    complete_once(house, results, document, undisturbed, faults)


def test_workers_killed_whole_one_after_another_leave_everything_to_the_last(
    house: House, results: Any, request_document: bytes, undisturbed: bytes
) -> None:
    points = {"computing": "prizes", "body claimed": "scenarios", "join computed": "contest"}
    house.mend(len(points) + 1)
    faults = [
        order(house, request_document, point, STAGES.index(stage), "worker")
        for point, stage in points.items()
    ]
    complete_once(house, results, request_document, undisturbed, faults)
    assert sum(worker.running for worker in house.workers) == 1


@pytest.mark.parametrize("point", ["report begins", "turns missing"])
def test_a_worker_killed_in_its_reaper_leaves_that_to_the_other(
    house: House,
    results: Any,
    request_document: bytes,
    undisturbed: bytes,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    # the sender dies before the job's first message, so the reapers must publish turns
    monkeypatch.setattr(workers.engine.submission, "fan_out", lambda *_: None)
    house.arm("", point, -1)
    run_id = start(house, request_document, "tester")
    assert house.done(run_id, PATIENCE_SECONDS).status is JobStatus.COMPLETED
    assert not house.armed("", point, -1)
    assert house.stored_result(run_id) == undisturbed
    assert times_written(results) == Counter({run_id: 1})


def test_every_stage_of_the_job_is_among_them(request_document: bytes) -> None:
    plan = PLANS["optimize"]
    assert tuple(stage.name for stage in plan.stages(plan.read(request_document))) == STAGES
