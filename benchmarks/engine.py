"""The distributed engine, measured: ``python -m benchmarks.engine [NAME ..] [--json]``.

Each benchmark starts workers of its own. Those that sleep in place of arithmetic measure
the engine; ``contest`` measures a real job.
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from typing import cast

import msgspec

from benchmarks.figures import Figure, read_arguments, run_named
from benchmarks.installation import ended, store, workers
from benchmarks.sleeping import KIND, Sleep
from core.contest import typical_payouts
from core.race import ConstraintCompiler
from core.slate import find_track, read_salaries
from workers.engine.jobs import Jobs, JobStatus
from workers.engine.submission import submit
from workers.plans.requests.contest import ContestTerms
from workers.plans.requests.contest_sim import ContestSimRequest


def _sleep(jobs: Jobs, request: Sleep, owner: str = "bench", chunk_units: int | None = 1) -> str:
    return submit(jobs, KIND, request.document(), owner, chunk_units)


def _timed(jobs: Jobs, request: Sleep, owner: str = "bench") -> float:
    started = time.perf_counter()
    job = ended(jobs, _sleep(jobs, request, owner))
    assert job.status is JobStatus.COMPLETED, job
    assert jobs.result(job.run_id) == {"slept": request.chunks}
    return time.perf_counter() - started


def overhead(jobs: Jobs) -> list[Figure]:
    """What a chunk costs where there is nothing to compute."""
    chunks = 5_000
    with workers(jobs, 1):
        _timed(jobs, Sleep(200, 0.0))
        seconds = _timed(jobs, Sleep(chunks, 0.0))
    return [
        Figure(
            name="overhead a chunk",
            work=f"{chunks} empty chunks, one worker: {1_000 * seconds / chunks:.2f} ms each",
            seconds=seconds,
            per_second=chunks / seconds,
            bar="under 5 ms",
        )
    ]


def round_trip(jobs: Jobs) -> list[Figure]:
    """A small job's way through the queue and back."""
    with workers(jobs, 1):
        took = [_timed(jobs, Sleep(1, 0.0)) for _ in range(220)][20:]
    middle, late = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    return [
        Figure(
            name="round trip of a job of one task",
            work=f"200 jobs: median {1_000 * middle:.1f} ms, 95% {1_000 * late:.1f} ms",
            seconds=middle,
            per_second=1 / middle,
            bar="under 100 ms",
        )
    ]


def scaling(jobs: Jobs) -> list[Figure]:
    """Simulated work on one to eight workers."""
    figures: list[Figure] = []
    request = Sleep(480, 0.05)
    for count in range(1, 9):
        with workers(jobs, count):
            _timed(jobs, Sleep(16, 0.01))
            seconds = _timed(jobs, request)
        alone = figures[0].seconds if figures else seconds
        ratio = alone / (count * seconds)
        figures.append(
            Figure(
                name=f"scaling, {count} worker{'s' if count > 1 else ''}",
                work=f"480 chunks that sleep 50 ms: efficiency {ratio:.3f}",
                seconds=seconds,
                per_second=request.chunks / seconds,
                bar="efficiency 0.9 or more",
                ratio=ratio,
            )
        )
    return figures


def _contest_request() -> ContestSimRequest:
    example = resources.files("web").joinpath("example/DKSalaries.csv").read_bytes()
    slate = replace(read_salaries(example), track=find_track("las_vegas"))
    lineups = tuple(tuple(range(start, start + 12, 2)) for start in range(8, 26))
    affordable = tuple(
        lineup for lineup in lineups if sum(slate.salaries_usd[i] for i in lineup) <= 50_000
    )
    return ContestSimRequest(
        slate=slate,
        lineups=affordable,
        contest=ContestTerms(typical_payouts(150_000, 2_000), fields_per_block=4),
        n_scenarios=75_000,
        seed=1,
        salary_cap_usd=50_000,
        spec=ConstraintCompiler().compile(slate),
    )


def contest(jobs: Jobs) -> list[Figure]:
    """A real contest job on one and on two worker processes."""
    request = _contest_request()
    # or the second count of workers would have the races of the first
    os.environ["AXIOMATIC_CACHE_MB"] = "0"
    document = msgspec.json.encode(request)
    figures: list[Figure] = []
    for count in (1, 2):
        with workers(jobs, count):
            started = time.perf_counter()
            job = ended(jobs, submit(jobs, "contest-sim", document, "bench"))
            seconds = time.perf_counter() - started
            assert job.status is JobStatus.COMPLETED, job
        alone = figures[0].seconds if figures else seconds
        contests = request.n_scenarios * request.contest.fields_per_block
        figures.append(
            Figure(
                name=f"contest, {count} worker{'s' if count > 1 else ''}",
                work=f"{contests} contests of 150,000 entries: "
                f"efficiency {alone / (count * seconds):.3f}",
                seconds=seconds,
                per_second=contests / seconds,
                bar="efficiency 0.9 or more",
                ratio=alone / (count * seconds),
            )
        )
    return figures


def fairness(jobs: Jobs) -> list[Figure]:
    """A two-second job beside another user's 10,000 chunks, and ten users with equal jobs."""
    small = Sleep(20, 0.1, stages=2)
    with workers(jobs, 2):
        alone = _timed(jobs, Sleep(20, 0.1, stages=2))
        big = _sleep(jobs, Sleep(10_000, 0.1), "big")
        while jobs.get(big).progress == 0:
            time.sleep(0.01)
        beside = _timed(jobs, small, "small")
        jobs.cancel(big)
        users = [f"user {number}" for number in range(10)]
        started = time.perf_counter()
        running = {_sleep(jobs, Sleep(40, 0.05), user) for user in users}
        took = []
        while running:
            for run_id in [run_id for run_id in running if jobs.get(run_id).status.ended]:
                running.remove(run_id)
                took.append(time.perf_counter() - started)
            time.sleep(0.005)
    spread = max(took) / min(took) - 1
    return [
        Figure(
            name="a small job beside a large one",
            work=f"4 s of sleep on 2 workers: alone {alone:.2f} s, beside another user's 10,000 "
            f"chunks of 100 ms {beside:.2f} s",
            seconds=beside,
            per_second=1 / beside,
            bar="within 3 times",
            ratio=beside / alone,
        ),
        Figure(
            name="ten users with equal jobs",
            work=f"40 chunks of 50 ms each on 2 workers: first {min(took):.2f} s, "
            f"last {max(took):.2f} s",
            seconds=max(took),
            per_second=10 / max(took),
            bar="within 25%",
            ratio=spread,
        ),
    ]


def cancelling(jobs: Jobs) -> list[Figure]:
    """Taking away a job of 10,000 chunks, a third of them done."""
    with workers(jobs, 2):
        _timed(jobs, Sleep(200, 0.0))
        before = jobs.redis.info("memory")["used_memory"]
        run_id = _sleep(jobs, Sleep(10_000, 0.0))
        while jobs.get(run_id).progress < 0.3:
            time.sleep(0.01)
        during = jobs.redis.info("memory")["used_memory"]
        started = time.perf_counter()
        jobs.cancel(run_id)
        seconds = time.perf_counter() - started
        keys = cast("list[bytes]", jobs.redis.keys(f"*{run_id}*"))
        left = [key.decode() for key in keys]
        after = jobs.redis.info("memory")["used_memory"]
    return [
        Figure(
            name="cancelling 10,000 chunks",
            work=f"keys left: {sorted(left)}; memory {before // 1024} kB before, "
            f"{during // 1024} during, {after // 1024} after",
            seconds=seconds,
            per_second=1 / seconds,
            bar="within 3 s",
        )
    ]


BENCHMARKS: dict[str, Callable[[Jobs], list[Figure]]] = {
    "overhead": overhead,
    "round-trip": round_trip,
    "scaling": scaling,
    "fairness": fairness,
    "cancel": cancelling,
    "contest": contest,
}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    options = read_arguments("engine", __doc__, BENCHMARKS)
    with store() as jobs:
        run_named(options, BENCHMARKS, jobs)


if __name__ == "__main__":
    main()
