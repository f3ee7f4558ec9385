"""The lineups, measured: ``python -m benchmarks.lineups [NAME ..] [--slate DIR] [--json]``.

``top`` finds the best lineups of the example slate by CVaR 0.99 on one core and on two, ``races``,
``drivers`` and ``tracks`` show how the search grows. ``portfolio`` builds 150 lineups by projected
points beside pydfs-lineup-optimizer, for a folder with a DKSalaries.csv. ``program`` finds lineups
from randomised projections by the walk and by integer programs, which must agree. Seconds are those
on the clock, after compilation; searches are timed three times and the quickest counts. A ratio is
the reference's seconds over the figure's own.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure, Reference, read_arguments, run_named
from benchmarks.race import DRIVERS, field_of
from core.lineups import (
    LineupRules,
    Lineups,
    TailTarget,
    WalkResult,
    WalkStart,
    best_by_tail,
    count_legal,
    merge_results,
    start_tail_walk,
    walk_units,
)
from core.portfolio import (
    NASCAROptimizer,
    available_solvers,
    generate_additive_portfolio,
    portfolio_limits,
)
from core.race import ConstraintCompiler, ConstraintSpec, generate_scenarios
from core.slate import (
    DRAFTKINGS_CLASSIC,
    TICKS_PER_POINT,
    Slate,
    TrackType,
    apply_driver_file,
    find_track,
    read_salaries,
)

Points = npt.NDArray[np.int16]
Projections = npt.NDArray[np.float64]

TARGET = TailTarget((0.99,), (1.0,))
RACES = 10_000
TOPS = (1, 10, 150, 1_000, 5_000)
GROWING_RACES = (1_000, 3_000, 10_000, 30_000, 100_000)
GROWING_DRIVERS = (20, 26, 32, 38, 44, 50)
CORES = 2
REPEATS = 3
PEER_PYTHON = Path(".venv-peers/bin/python")

PORTFOLIO = 150
EXPOSURE = 0.5
SHARED = (5, 4)
MICROPOINTS = 1_000_000
RANDOMNESS = 0.2
PEER = "pydfs-lineup-optimizer"


@dataclass(frozen=True, slots=True)
class Case:
    """Races to search the lineups of: points ``[N, D]`` in ticks."""

    name: str
    rules: LineupRules
    points: Points


def _rules(salaries_usd: Sequence[int] | npt.NDArray[np.int64]) -> LineupRules:
    return LineupRules(
        tuple(map(int, salaries_usd)),
        DRAFTKINGS_CLASSIC.roster_size,
        DRAFTKINGS_CLASSIC.salary_cap_usd,
    )


def _points(spec: ConstraintSpec, races: int) -> Points:
    return generate_scenarios(spec, races, 1)[0].points(DRAFTKINGS_CLASSIC)


def _example_slate(*, grid: bool = True) -> Slate:
    folder = resources.files("web").joinpath("example")
    slate = read_salaries(folder.joinpath("DKSalaries.csv").read_bytes())
    if grid:
        slate = apply_driver_file(slate, folder.joinpath("drivers.csv").read_bytes())
    return replace(slate, track=find_track("las_vegas"))


@cache
def _example(races: int, *, grid: bool = True) -> Case:
    """Races of the example slate at Las Vegas, with its grid or before there is one."""
    slate = _example_slate(grid=grid)
    name = f"example, {races:,} races" if grid else "example, no grid"
    spec = ConstraintCompiler().compile(slate)
    return Case(name, _rules(slate.salaries_usd), _points(spec, races))


def _field(name: str, kind: TrackType, drivers: int, races: int = RACES) -> Case:
    """Races of ``drivers`` drivers, whose salaries fall with skill from 11,000 to 4,500 USD."""
    salaries = 4_500 + 100 * np.rint(65 * np.linspace(1, 0, drivers) ** 1.5).astype(np.int64)
    return Case(name, _rules(salaries), _points(field_of(kind, drivers), races))


@dataclass(frozen=True, slots=True)
class Timed:
    """The quickest of several searches: its wall time and this process's own processor time."""

    seconds: float
    own_seconds: float
    result: WalkResult


def _timed(work: Callable[[], WalkResult]) -> Timed:
    runs = []
    for _ in range(REPEATS):
        started, computed = time.perf_counter(), time.process_time()
        result = work()
        own = time.process_time() - computed
        runs.append(Timed(time.perf_counter() - started, own, result))
    return min(runs, key=lambda run: run.seconds)


def _counts(result: WalkResult) -> str:
    """How much of the walk was needed, in words."""
    return (
        f"{result.looked_at:,} looked at one by one, {result.evaluated:,} evaluated, "
        f"{result.cut:,} branches cut"
    )


def _figure(name: str, case: Case, timed: Timed, beside: Figure | None = None) -> Figure:
    legal = count_legal(case.rules)
    races, drivers = case.points.shape
    return Figure(
        name=name,
        work=f"best {len(timed.result.lineups):,} of {legal:,} legal lineups of {drivers} drivers "
        f"over {races:,} races: {_counts(timed.result)}; {timed.own_seconds:.3f} s of processor in "
        "the main process",
        seconds=timed.seconds,
        per_second=legal / timed.seconds,
        reference=None if beside is None else Reference(beside.name, beside.seconds),
        ratio=None if beside is None else beside.seconds / timed.seconds,
    )


_held: list[Points] = []


def _hold(points: Points) -> None:
    _held.append(points)


def _walk_part(rules: LineupRules, k: int, part: int, start: WalkStart) -> WalkResult:
    cut = np.linspace(0, len(walk_units(rules)), CORES + 1).astype(int)
    units = walk_units(rules)[cut[part] : cut[part + 1]]
    return best_by_tail(_held[0], rules, TARGET, k, units, start)


def _on_two_cores(pool: ProcessPoolExecutor, case: Case, k: int) -> WalkResult:
    start = start_tail_walk(case.points, case.rules, TARGET, k)
    parts = [pool.submit(_walk_part, case.rules, k, part, start) for part in range(CORES)]
    return merge_results([part.result() for part in parts], k)


def top() -> list[Figure]:
    """Find the best lineups, more and more of them, on one core and on two."""
    case = _example(RACES)
    figures = []
    with ProcessPoolExecutor(CORES, initializer=_hold, initargs=(case.points,)) as pool:
        for k in TOPS:
            one = _timed(partial(best_by_tail, case.points, case.rules, TARGET, k))
            two = _timed(partial(_on_two_cores, pool, case, k))
            assert np.array_equal(one.result.lineups, two.result.lineups)
            figures.append(_figure(f"top {k}, one core", case, one))
            figures.append(_figure(f"top {k}, two cores", case, two, figures[-1]))
    return figures


def _growth(cases: Iterable[Case]) -> list[Figure]:
    """Find the best lineup of each case on one core; the others are compared with the first."""
    figures: list[Figure] = []
    for case in cases:
        timed = _timed(partial(best_by_tail, case.points, case.rules, TARGET, 1))
        figures.append(_figure(f"top 1, {case.name}", case, timed, figures[0] if figures else None))
    return figures


def races() -> list[Figure]:
    """More races."""
    return _growth(_example(count) for count in GROWING_RACES)


def drivers() -> list[Figure]:
    """More drivers, and many more lineups."""
    kind = TrackType.INTERMEDIATE
    return _growth(_field(f"{count} drivers", kind, count) for count in GROWING_DRIVERS)


def tracks() -> list[Figure]:
    """Races that leave more or less to chance, and one without a grid."""
    cases = [_field(str(kind), kind, DRIVERS) for kind in TrackType]
    return _growth([*cases, _example(RACES, grid=False)])


def ours(
    slate: Slate, projections: Projections, n: int, max_exposure: float, max_shared: int
) -> Lineups:
    """Choose n lineups of the most projected points in all, as an optimize job for the mean does.

    Parameters
    ----------
    slate
        The drivers.
    projections
        Points of each, ``[D]``.
    n
        Lineups wanted.
    max_exposure
        The share of them a driver may stand in.
    max_shared
        Drivers two of them may have in common.
    """
    rules = _rules(slate.salaries_usd)
    limits = portfolio_limits(
        slate,
        n,
        max_driver_exposure=max_exposure,
        min_unique=slate.rules.roster_size - max_shared,
    )
    values = np.round(projections * MICROPOINTS).astype(np.int64)

    return generate_additive_portfolio(values, MICROPOINTS, rules, limits).lineups


def _peer(
    salaries: Path, slate: Slate, n: int, max_exposure: float, max_shared: int
) -> tuple[Lineups, float]:
    """Lineups that pydfs-lineup-optimizer chooses, and the seconds that its search takes."""
    arguments = [str(salaries.resolve()), str(n), str(max_exposure), str(max_shared)]
    ran = subprocess.run(  # noqa: S603
        [str(PEER_PYTHON), str(Path(__file__).with_name("peer_pydfs.py")), *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    result = json.loads(ran.stdout.splitlines()[-1])
    index = {driver.driver_id: i for i, driver in enumerate(slate.drivers)}
    lineups = [sorted(index[driver] for driver in lineup) for lineup in result["lineups"]]
    return np.array(lineups, dtype=np.uint8), float(result["seconds"])


def _portfolio_work(lineups: Lineups, projections: Projections) -> str:
    """The lineups' projected points, exposure and overlap, in words."""
    holds = np.zeros((len(lineups), len(projections)), dtype=np.int64)
    holds[np.arange(len(lineups))[:, None], lineups] = 1
    shared = holds @ holds.T
    np.fill_diagonal(shared, 0)
    return (
        f"{len(lineups)} lineups, {projections[lineups].sum():,.2f} projected points in all; "
        f"a driver in {holds.sum(axis=0).max()} of them at most, {shared.max()} shared at most"
    )


def _portfolio_figure(
    name: str,
    lineups: Lineups,
    seconds: float,
    projections: Projections,
    beside: Figure | None = None,
) -> Figure:
    return Figure(
        name=name,
        work=_portfolio_work(lineups, projections),
        seconds=seconds,
        per_second=len(lineups) / seconds,
        reference=None if beside is None else Reference(beside.name, beside.seconds),
        ratio=None if beside is None else beside.seconds / seconds,
    )


def portfolio(folder: Path | None) -> list[Figure]:
    """Build 150 lineups by projected points, beside a peer where it is installed."""
    if folder is None:
        print("portfolio: skipped; give --slate DIR with a DKSalaries.csv in it.", file=sys.stderr)
        return []
    installed = PEER_PYTHON.exists()
    if not installed:
        print(f"portfolio: {PEER} is not installed; `make peers` installs it.", file=sys.stderr)
    salaries = folder / "DKSalaries.csv"
    slate = read_salaries(salaries.read_bytes())
    projections = np.array([driver.average_points or 0.0 for driver in slate.drivers])
    ours(slate, projections, 2, EXPOSURE, SHARED[0])
    figures: list[Figure] = []
    for shared in SHARED:
        beside = None
        if installed:
            chosen = _peer(salaries, slate, PORTFOLIO, EXPOSURE, shared)
            beside = _portfolio_figure(f"{PEER}, {shared} shared", *chosen, projections)
            figures.append(beside)
        began = time.perf_counter()
        lineups = ours(slate, projections, PORTFOLIO, EXPOSURE, shared)
        took = time.perf_counter() - began
        figures.append(
            _portfolio_figure(f"portfolio, {shared} shared", lineups, took, projections, beside)
        )
    return figures


def program() -> list[Figure]:
    """Find lineups one by one from randomised projections, by the walk and by each solver.

    The programs state the rules of a lineup a second time, so this also checks the walk.
    """
    slate, projections = _example_slate(), _example(RACES).points.mean(axis=0) / TICKS_PER_POINT
    limits = portfolio_limits(slate, PORTFOLIO, max_driver_exposure=EXPOSURE, min_unique=2)
    walk = NASCAROptimizer(
        slate, _rules(slate.salaries_usd), limits, projections, randomness=RANDOMNESS
    )
    walk.optimize()
    began = time.perf_counter()
    lineups = walk.optimize().lineups
    took = time.perf_counter() - began
    figures = [_portfolio_figure("one by one, walk", lineups, took, projections)]
    for solver in available_solvers():
        by_program = replace(walk, engine="program", solver=solver)
        began = time.perf_counter()
        proven = by_program.optimize().lineups
        took = time.perf_counter() - began
        assert np.array_equal(proven, lineups), solver
        figures.append(
            _portfolio_figure(f"one by one, {solver}", proven, took, projections, figures[0])
        )
    return figures


BENCHMARKS: dict[str, Callable[[Path | None], list[Figure]]] = {
    "top": lambda _: top(),
    "races": lambda _: races(),
    "drivers": lambda _: drivers(),
    "tracks": lambda _: tracks(),
    "portfolio": portfolio,
    "program": lambda _: program(),
}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    options = read_arguments("lineups", __doc__, BENCHMARKS, "DKSalaries.csv")
    # what is timed is not the compiler
    case = _field("warm", TrackType.INTERMEDIATE, 20, 500)
    best_by_tail(case.points, case.rules, TARGET, 1)
    run_named(options, BENCHMARKS, options.slate)


if __name__ == "__main__":
    main()
