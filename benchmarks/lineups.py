"""The lineups, measured: ``python -m benchmarks.lineups [NAME ..] [--slate DIR] [--json]``.

``top`` finds the best lineups by CVaR 0.99 on one core and on two, ``races``, ``drivers`` and
``tracks`` show how that grows, ``portfolio`` builds 150 lineups by projected points beside
pydfs-lineup-optimizer, for a folder with a DKSalaries.csv. Seconds are those on the clock, after
compilation; a ratio is the reference's seconds over the figure's.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure, Reference, print_object
from benchmarks.race import DRIVERS, field_of
from core.lineups import (
    Found,
    LineupRules,
    Lineups,
    TailTarget,
    WalkStart,
    best_by_tail,
    best_by_value,
    count_legal,
    merge_found,
    portfolio_limits,
    start_tail_walk,
    walk_units,
)
from core.portfolio import generate_portfolio
from core.race import generate_scenarios
from core.slate import DRAFTKINGS_CLASSIC, Slate, TrackType, read_salaries

Points = npt.NDArray[np.int16]
Projections = npt.NDArray[np.float64]

TARGET = TailTarget((0.99,), (1.0,))
RACES = 10_000
TOPS = (1, 10, 150, 1_000, 5_000)
GROWING_RACES = (1_000, 3_000, 10_000, 30_000, 100_000)
GROWING_DRIVERS = (20, 26, 32, 38, 44, 50)
CORES = 2

PORTFOLIO = 150
EXPOSURE = 0.5
SHARED = (5, 4)
MICROPOINTS = 1_000_000
SMALLEST_POOL = 1_000
POOL_PER_LINEUP = 20
PEER = "pydfs-lineup-optimizer"


@cache
def _rules(drivers: int) -> LineupRules:
    """Give salaries from 11,000 to 4,500 that fall as skill does, the dear ones faster."""
    salaries = 4_500 + 100 * np.rint(65 * np.linspace(1, 0, drivers) ** 1.5).astype(int)
    return LineupRules(
        tuple(map(int, salaries)),
        DRAFTKINGS_CLASSIC.roster_size,
        DRAFTKINGS_CLASSIC.salary_cap_usd,
    )


@cache
def _points(kind: TrackType, drivers: int, races: int) -> Points:
    scenarios, _ = generate_scenarios(field_of(kind, drivers), races, 1)
    return scenarios.points(DRAFTKINGS_CLASSIC)


def _timed(work: Callable[[], Found]) -> tuple[float, Found]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def _counts(found: Found) -> str:
    """Say how much of the walk was taken; the one place that reads it."""
    return (
        f"{found.looked_at:,} looked at one by one, {found.evaluated:,} evaluated, "
        f"{found.cut:,} branches cut"
    )


def _figure(
    name: str, rules: LineupRules, races: int, timed: tuple[float, Found], beside: Figure | None
) -> Figure:
    seconds, found = timed
    legal = count_legal(rules)
    return Figure(
        name=name,
        work=f"best {len(found.lineups):,} of {legal:,} legal lineups of "
        f"{len(rules.salaries_usd)} drivers over {races:,} races: {_counts(found)}",
        seconds=seconds,
        per_second=legal / seconds,
        reference=None if beside is None else Reference(beside.name, beside.seconds),
        ratio=None if beside is None else beside.seconds / seconds,
    )


_held: list[Points] = []


def _hold(points: Points) -> None:
    _held.append(points)


def _walk_part(rules: LineupRules, k: int, part: int, start: WalkStart) -> Found:
    cut = np.linspace(0, len(walk_units(rules)), CORES + 1).astype(int)
    units = walk_units(rules)[cut[part] : cut[part + 1]]
    return best_by_tail(_held[0], rules, TARGET, k, units, start)


def _on_two_cores(pool: ProcessPoolExecutor, points: Points, rules: LineupRules, k: int) -> Found:
    start = start_tail_walk(points, rules, TARGET, k)
    parts = [pool.submit(_walk_part, rules, k, part, start) for part in range(CORES)]
    return merge_found([part.result() for part in parts], k)


def top() -> list[Figure]:
    """Find the best lineups, more and more of them, on one core and on two."""
    rules, points = _rules(DRIVERS), _points(TrackType.INTERMEDIATE, DRIVERS, RACES)
    figures = []
    with ProcessPoolExecutor(CORES, initializer=_hold, initargs=(points,)) as pool:
        _on_two_cores(pool, points, rules, 1)
        for k in TOPS:
            one = _timed(partial(best_by_tail, points, rules, TARGET, k))
            two = _timed(partial(_on_two_cores, pool, points, rules, k))
            assert np.array_equal(one[1].lineups, two[1].lineups)
            figures.append(_figure(f"top {k}, one core", rules, RACES, one, None))
            figures.append(_figure(f"top {k}, two cores", rules, RACES, two, figures[-1]))
    return figures


def _growth(cases: Sequence[tuple[str, TrackType, int, int]]) -> list[Figure]:
    """Find the best lineup of each case, on one core; the first is what the others stand beside."""
    figures: list[Figure] = []
    for name, kind, drivers, races in cases:
        rules, points = _rules(drivers), _points(kind, drivers, races)
        timed = _timed(partial(best_by_tail, points, rules, TARGET, 1))
        figures.append(_figure(name, rules, races, timed, figures[0] if figures else None))
    return figures


def races() -> list[Figure]:
    """More races."""
    kind = TrackType.INTERMEDIATE
    return _growth([(f"top 1, {races:,} races", kind, DRIVERS, races) for races in GROWING_RACES])


def drivers() -> list[Figure]:
    """More drivers, and many more lineups."""
    kind = TrackType.INTERMEDIATE
    return _growth([(f"top 1, {count} drivers", kind, count, RACES) for count in GROWING_DRIVERS])


def tracks() -> list[Figure]:
    """Races that leave more or less to chance."""
    return _growth([(f"top 1, {kind}", kind, DRIVERS, RACES) for kind in TrackType])


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
    rules = LineupRules(
        tuple(int(usd) for usd in slate.salaries_usd),
        slate.rules.roster_size,
        slate.rules.salary_cap_usd,
    )
    limits = portfolio_limits(
        slate,
        n,
        max_driver_exposure=max_exposure,
        min_unique=slate.rules.roster_size - max_shared,
    )
    values = np.round(projections * MICROPOINTS).astype(np.int64)

    def value(lineups: Lineups) -> npt.NDArray[np.float64]:
        return np.asarray(values[lineups].sum(axis=1) / MICROPOINTS)

    def search(narrower: LineupRules) -> Found:
        found = best_by_value(values, narrower, max(SMALLEST_POOL, POOL_PER_LINEUP * n))
        return Found(found.lineups, found.scores / MICROPOINTS, found.looked_at, 0, 0)

    return generate_portfolio(search(rules), rules, limits, search, value).lineups


def _peer(salaries: Path, slate: Slate, n: int, max_exposure: float, max_shared: int) -> Lineups:
    """Let pydfs-lineup-optimizer choose; it reads AvgPointsPerGame as the projection."""
    from pydfs_lineup_optimizer import Site, Sport, get_optimizer  # noqa: PLC0415

    optimizer = get_optimizer(Site.DRAFTKINGS, Sport.NASCAR)
    optimizer.load_players_from_csv(str(salaries))
    optimizer.set_max_repeating_players(max_shared)
    place = {driver.driver_id: i for i, driver in enumerate(slate.drivers)}
    lineups = [
        sorted(place[player.id] for player in lineup)
        for lineup in optimizer.optimize(n, max_exposure=max_exposure)
    ]
    return np.array(lineups, dtype=np.uint8)


def _portfolio_work(lineups: Lineups, projections: Projections) -> str:
    """Say what the lineups are worth and how close they come to the limits."""
    holds = np.zeros((len(lineups), len(projections)), dtype=np.int64)
    holds[np.arange(len(lineups))[:, None], lineups] = 1
    shared = holds @ holds.T
    np.fill_diagonal(shared, 0)
    return (
        f"{len(lineups)} lineups, {projections[lineups].sum():,.2f} projected points in all; "
        f"a driver in {holds.sum(axis=0).max()} of them at most, {shared.max()} shared at most"
    )


def portfolio(folder: Path | None) -> list[Figure]:
    """Build 150 lineups by projected points, beside a peer where it is installed."""
    if folder is None:
        print("portfolio: skipped; give --slate DIR with a DKSalaries.csv in it.", file=sys.stderr)
        return []
    salaries = folder / "DKSalaries.csv"
    slate = read_salaries(salaries.read_bytes())
    projections = np.array([driver.average_points or 0.0 for driver in slate.drivers])
    ours(slate, projections, 2, EXPOSURE, SHARED[0])
    figures = []
    for shared in SHARED:
        beside = None
        try:
            started = time.perf_counter()
            theirs = _peer(salaries, slate, PORTFOLIO, EXPOSURE, shared)
            seconds = time.perf_counter() - started
        except ModuleNotFoundError:
            print(
                f"portfolio: {PEER} is not installed; pip install --editable '.[bench]' in the "
                "project's folder puts it beside.",
                file=sys.stderr,
            )
        else:
            beside = Reference(PEER, seconds)
            figures.append(
                Figure(
                    f"{PEER}, {shared} shared",
                    _portfolio_work(theirs, projections),
                    seconds,
                    PORTFOLIO / seconds,
                )
            )
        started = time.perf_counter()
        chosen = ours(slate, projections, PORTFOLIO, EXPOSURE, shared)
        seconds = time.perf_counter() - started
        figures.append(
            Figure(
                f"portfolio, {shared} shared",
                _portfolio_work(chosen, projections),
                seconds,
                PORTFOLIO / seconds,
                beside,
                None if beside is None else beside.seconds / seconds,
            )
        )
    return figures


BENCHMARKS: dict[str, Callable[[Path | None], list[Figure]]] = {
    "top": lambda _: top(),
    "races": lambda _: races(),
    "drivers": lambda _: drivers(),
    "tracks": lambda _: tracks(),
    "portfolio": portfolio,
}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lineups", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME")
    parser.add_argument("--slate", type=Path, metavar="DIR", help="a folder with DKSalaries.csv")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    asked = parser.parse_args()
    # what is timed is not the compiler
    best_by_tail(_points(TrackType.INTERMEDIATE, 20, 500), _rules(20), TARGET, 1)
    results: list[Figure] = []
    for name in asked.names or BENCHMARKS:
        for figure in BENCHMARKS[name](asked.slate):
            results.append(figure)
            figure.say(as_json=asked.json)
    if asked.json:
        print_object(results)


if __name__ == "__main__":
    main()
