"""What faults cost a job: ``python -m benchmarks.recovery [NAME ..] [--json]``.

Two workers of two children on a Redis of their own, and one job at a time: a hundred pieces that
sleep a tenth of a second, and forty that build on them. A figure is the most by which a fault makes
a job take longer. A killed process costs the piece that it had and the time until that is noticed;
a Redis that is away also costs the time for which it is away.
"""

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, read_arguments, run_named
from tests.faults.harness import PATIENCE_SECONDS, House, open_house, until
from tests.faults.probe import Probe, expected
from workers.engine.jobs import JobStatus

BAR_SECONDS = 15.0
WORKERS, CHILDREN = 2, 2
REQUEST = Probe((100, 40), 0.1)
POINTS = (
    *((point, 0) for point in ("chunk taken", "computing", "chunk stored", "chunk computed")),
    *((point, 0) for point in ("chunk kept", "join taken", "join stored", "join computed")),
    *((point, 0) for point in ("advanced", "turn counted", "body claimed", "body published")),
    *((point, 1) for point in ("stage begun", "chord published")),
)
"""Where somebody can be killed, and in which stage of a job."""

TIMES = 3
AWAY_SECONDS, STALL_SECONDS = 1.0, 5.0


def _nothing(house: House) -> None:
    """Leave a job alone."""


def _seconds(house: House, fault: Callable[[House], None], owner: str = "somebody") -> float:
    """Seconds that a job takes if ``fault`` comes when a fifth of it is done."""
    house.mend(WORKERS)
    run_id = house.probe(REQUEST, owner)
    until(lambda: house.jobs.get(run_id).progress > 0.2, PATIENCE_SECONDS, partial(str, run_id))
    fault(house)
    job = house.done(run_id, PATIENCE_SECONDS)
    if job.status is not JobStatus.COMPLETED or house.jobs.result(run_id) != expected(REQUEST):
        raise SystemExit(f"{owner}: {job}\n{house.state(run_id)}")
    assert job.ended_at is not None
    return job.ended_at - job.created_at


def _figure(house: House, name: str, work: str, seconds: list[float]) -> Figure:
    undisturbed = _seconds(house, _nothing)
    return Figure(
        name=name,
        work=f"{work}; {len(seconds)} faults, a job takes {undisturbed:.1f} s undisturbed",
        seconds=max(seconds) - undisturbed,
        per_second=1.0 / max(seconds),
        bar=f"at most {BAR_SECONDS:g} s",
    )


def _killed_at_points(victim: str, house: House) -> Iterator[Figure]:
    seconds = []
    for point, stage in POINTS:
        # not every job passes every point: a join need not wait for its chord
        for number in range(TIMES):
            owner = f"{victim} {point} {number}"
            house.arm(owner, point, stage, victim)
            took = _seconds(house, _nothing, owner)
            if not house.armed(owner, point, stage):
                seconds.append(took)
                break
        else:
            raise SystemExit(f"nobody came to {point!r} in {TIMES} jobs")
    yield _figure(house, f"a {victim} killed", "at each point of the engine", seconds)


def _kill_all(house: House) -> None:
    for worker in house.workers:
        worker.kill()
    house.mend(WORKERS, ready=False)


def _all_workers(house: House) -> Iterator[Figure]:
    seconds = [_seconds(house, _kill_all) for _ in range(TIMES)]
    yield _figure(house, "all workers killed", "others started at once", seconds)


def _redis_killed(house: House) -> Iterator[Figure]:
    seconds = [
        _seconds(house, lambda house: house.store.restart(AWAY_SECONDS)) for _ in range(TIMES)
    ]
    yield _figure(house, "Redis killed", f"back after {AWAY_SECONDS:g} s", seconds)


def _redis_stalls(house: House) -> Iterator[Figure]:
    seconds = [
        _seconds(house, lambda house: house.store.stall(STALL_SECONDS)) for _ in range(TIMES)
    ]
    yield _figure(house, "Redis stalls", f"for {STALL_SECONDS:g} s", seconds)


BENCHMARKS: dict[str, Callable[[House], Iterator[Figure]]] = {
    "child": partial(_killed_at_points, "child"),
    "worker": partial(_killed_at_points, "worker"),
    "workers": _all_workers,
    "redis": _redis_killed,
    "stall": _redis_stalls,
}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    options = read_arguments("recovery", __doc__, BENCHMARKS)
    with (
        tempfile.TemporaryDirectory(prefix="axiomatic-recovery-") as folder,
        open_house(Path(folder), children=CHILDREN) as house,
    ):
        run_named(options, BENCHMARKS, house)


if __name__ == "__main__":
    main()
