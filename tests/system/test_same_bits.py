"""The same bytes for a job on one worker and on three, in chunks of one unit, seven and all."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib import resources

import msgspec
import pytest

from core.contest import typical_payouts
from core.lineups import LineupRules
from core.portfolio import portfolio_limits
from core.race import ConstraintCompiler, UserKnowledge
from core.slate import Slate, Veto, find_track, read_salaries
from tests.conftest import small_slate
from workers.app import open_jobs
from workers.engine.arrays import Memory
from workers.engine.connection import connect
from workers.engine.in_process import run_here
from workers.engine.jobs import Job, JobStatus
from workers.engine.submission import submit
from workers.installation.processes import Process
from workers.installation.settings import Settings
from workers.plans import optimize
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.optimize import OptimizeRequest

CHUNKS = (5, 1_000_000)


def request_of(
    slate: Slate, objective: str, n_scenarios: int, race_laps: int | None = None
) -> OptimizeRequest:
    return OptimizeRequest(
        slate=slate,
        spec=ConstraintCompiler().compile(slate, race_laps=race_laps),
        n_scenarios=n_scenarios,
        seed=11,
        rules=LineupRules(tuple(d.salary_usd for d in slate.drivers), 6, 50_000),
        limits=portfolio_limits(slate, 20),
        objective=objective,
        contest=ContestTerms(typical_payouts(2_000, 1_000), fields_per_block=2),
        knowledge=UserKnowledge.from_slate(slate),
    )


def stored_result(settings: Settings, run_id: str) -> bytes:
    """The result exactly as the result backend holds it, less what Celery adds around it."""
    document = connect(settings).get(f"celery-task-meta-{run_id}")
    assert isinstance(document, bytes)
    assert json.loads(document)["status"] == "SUCCESS"
    start, end = document.index(b'"result": ') + 10, document.rindex(b', "traceback"')
    return document[start:end]


def whole_slate() -> Slate:
    """The example's 38 drivers without a grid, whose draw is one more thing that could differ."""
    example = resources.files("web").joinpath("example/DKSalaries.csv").read_bytes()
    return replace(read_salaries(example), track=find_track("las_vegas"))


def told_slate() -> Slate:
    """A slate with every number that a user can give; no race can meet those of one driver."""
    plain = small_slate()
    vetoed = frozenset({Veto.MAY_NOT_WIN})
    first, second, third, fourth, *others = plain.drivers
    told = (
        replace(first, projected_points=55.0, win_odds=4.0),
        replace(second, top5_odds=1.8, finish_median=5.5),
        replace(third, projected_points=70.0, vetoes=vetoed),
        replace(fourth, win_odds=9.0),
    )
    return replace(plain, drivers=(*told, *others))


REQUESTS = {
    "dollars on a small slate": request_of(small_slate(), "dollars", 2_300),
    "risk-adjusted dollars on a small slate": request_of(small_slate(), "risk_adjusted", 2_300),
    "multi-CVaR on a whole slate": request_of(whole_slate(), "multi_cvar", 2_700),
    "the mean on a told slate": request_of(told_slate(), "mean", 1_300, race_laps=60),
}

Results = dict[str, dict[tuple[int, int], bytes]]


@pytest.fixture(scope="module")
def results(
    settings: Settings,
    run_workers: Callable[[int], AbstractContextManager[list[Process]]],
    await_end: Callable[[str], Job],
) -> Results:
    """What each request gives, by the number of workers and the units of a chunk."""
    jobs = open_jobs(settings)
    found: Results = {name: {} for name in REQUESTS}

    def run_all(workers: int) -> None:
        for name, request in REQUESTS.items():
            for chunk in CHUNKS:
                document = msgspec.json.encode(request)
                run_id = submit(jobs, "optimize", document, "tester", chunk_units=chunk)
                job = await_end(run_id)
                assert job.status is JobStatus.COMPLETED
                assert job.scenario_cache is None
                found[name][workers, chunk] = stored_result(settings, run_id)

    with pytest.MonkeyPatch.context() as patch:
        # or the first job's races would serve the others
        patch.setenv("AXIOMATIC_CACHE_MB", "0")
        with run_workers(1):
            run_all(1)
            with run_workers(2):
                run_all(3)
    return found


@pytest.mark.parametrize("name", REQUESTS)
def test_workers_and_chunks_do_not_change_a_byte(results: Results, name: str) -> None:
    assert len(results[name]) == 2 * len(CHUNKS)
    assert len(set(results[name].values())) == 1
    told = json.loads(results[name][1, CHUNKS[0]])["scenario_diagnostics"]["knowledge"]
    assert (told is not None) is (name == "the mean on a told slate")
    here = run_here(optimize.PLAN, REQUESTS[name], Memory())
    assert json.loads(results[name][1, CHUNKS[0]]) == here
