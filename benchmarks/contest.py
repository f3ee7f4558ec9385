"""Speed of the contest: ``python -m benchmarks.contest [NAME ..] [--slate DIR] [--json]``.

``contest`` plays 150 own lineups in a 10,000-entry contest over 10,000 races on one core, with a
new field for each of the twenty blocks. It also compares the inner loop with a bound: the time of
the additions, counts and look-ups that it needs, measured alone on the same machine. ``large``
plays 150,000 entries over 100,000 races on two cores, ``growth`` increasing numbers of entries. DIR
holds a DKSalaries.csv, a projections.csv (``Name``, ``Own%``, ``Start``, ``Team``,
``Manufacturer``) and the payout tables contest_structure.csv and payouts_150k.csv; without it the
example slate is played, with typical prizes. Times are wall seconds after compilation, for work
under a second the least of several runs.
"""

import csv
import io
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure, Reference, read_arguments, run_named
from core.compiled import compiled
from core.contest import (
    ContestSimulator,
    ContestTally,
    Payouts,
    read_payout_table,
    summarise,
    typical_payouts,
)
from core.contest._kernels.packing import PackedLineups, PackedRaces, pair_codes
from core.contest._kernels.playing import Results, play_scenarios
from core.field import (
    Field,
    FieldModel,
    field_parameters,
    fit_field,
    guess_ownership,
    nearest_ownership,
    sample_field,
)
from core.race import BLOCK_SCENARIOS, ConstraintCompiler, generate_scenarios
from core.randomness import Purpose, stream
from core.slate import Slate, apply_driver_file, find_track, read_salaries

Points = npt.NDArray[np.int16]
Lineups = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

OWN = 150
RACES, LARGE_RACES = 10_000, 100_000
ENTRIES, LARGE_ENTRIES = 10_000, 150_000
GROWING = (1_000, 10_000, 50_000, 150_000, 500_000)
CORES = 2
SEED = 42
REPEATS = 15
ROUNDS = 40
LOOP_TIMES = 5_000_000
# the golf simulator of the same roster, 10,000 iterations of such a field, on a machine like this
PEER = Reference("an open contest simulator, its simulation alone", 14.6)
MOST_SECONDS, MOST_LARGE_SECONDS = 0.25, 12.0


@dataclass(frozen=True, slots=True)
class Case:
    """A slate, its field model, own lineups and two contests."""

    slate: Slate
    model: FieldModel
    own: Lineups
    payouts: tuple[Payouts, Payouts]


def _drivers(projections: str) -> bytes:
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(["driver", "start_position", "team", "manufacturer", "ownership_percent"])
    for row in csv.DictReader(io.StringIO(projections)):
        written.writerow([row[name] for name in ("Name", "Start", "Team", "Manufacturer", "Own%")])
    return text.getvalue().encode()


def _case(folder: Path | None) -> Case:
    example = resources.files("web").joinpath("example")
    salaries = (folder or example).joinpath("DKSalaries.csv").read_bytes()
    slate = replace(read_salaries(salaries), track=find_track("las_vegas"))
    if folder is None:
        slate = apply_driver_file(slate, example.joinpath("drivers.csv").read_bytes())
        payouts = (typical_payouts(ENTRIES, 1_000), typical_payouts(LARGE_ENTRIES, 1_000))
    else:
        slate = apply_driver_file(slate, _drivers((folder / "projections.csv").read_text()))
        payouts = (
            read_payout_table((folder / "contest_structure.csv").read_text()),
            read_payout_table((folder / "payouts_150k.csv").read_text()),
        )
    size, cap = slate.rules.roster_size, slate.rules.salary_cap_usd
    known = [driver.ownership_percent for driver in slate.drivers]
    if any(percent is None for percent in known):
        points = [driver.average_points or 0.0 for driver in slate.drivers]
        percent = guess_ownership(points, slate.salaries_usd, size, cap)
    else:
        left_usd = field_parameters().left_usd
        percent = nearest_ownership(
            slate.salaries_usd, np.array(known, np.float64), size, cap, left_usd
        )
    model = fit_field(slate.salaries_usd, percent, size, cap)
    drawn = sample_field(model, OWN, stream(SEED, Purpose.BOOTSTRAP))
    own = np.repeat(drawn.lineups, drawn.copies, axis=0)
    return Case(slate, model, own, payouts)


def _points(slate: Slate, races: int) -> Points:
    spec = ConstraintCompiler().compile(slate)
    return generate_scenarios(spec, races, SEED)[0].points(slate.rules)


def _play(points: Points, case: Case, payouts: Payouts, blocks: range) -> ContestTally:
    cut = (
        (block, points[block * BLOCK_SCENARIOS : (block + 1) * BLOCK_SCENARIOS]) for block in blocks
    )
    return ContestSimulator(payouts, case.model, SEED).play(cut, case.own)


def _best(work: Callable[[], object], repeats: int = REPEATS) -> float:
    work()
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took)


@compiled
def _added(left: Words, right: Words, a: Words, b: Words, into: Words) -> None:
    for u in range(len(into)):
        into[u] = left[a[u]] + right[b[u]]


@compiled
def _counted(scores: Words, copies: npt.NDArray[np.uint16], on: npt.NDArray[np.uint16]) -> None:
    race = np.uint64(len(on) // 4)
    for u in range(len(scores)):
        score = scores[u]
        on[score & np.uint64(0xFFFF)] += copies[u]
        on[((score >> np.uint64(16)) & np.uint64(0xFFFF)) + race] += copies[u]
        on[((score >> np.uint64(32)) & np.uint64(0xFFFF)) + np.uint64(2) * race] += copies[u]
        on[(score >> np.uint64(48)) + np.uint64(3) * race] += copies[u]


@compiled
def _summed(words: Words, into: Words) -> None:
    total = np.uint64(0)
    for block in range(len(into)):
        into[block] = total
        for word in range(4):
            total += words[4 * block + word]


@compiled
def _looked_up(places: Words, words: Words, ladder: Words, into: npt.NDArray[np.float64]) -> None:
    for j in range(len(into)):
        place = words[places[j]]
        into[j] = np.float64(ladder[place + np.uint64(1)] - ladder[place]) / np.float64(place)


@dataclass(frozen=True, slots=True)
class Loop:
    """Work to be timed, and the number of counted operations in it."""

    work: Callable[[], None]
    times: int


def _least_seconds(loops: Sequence[Loop]) -> list[float]:
    """Least time of each loop in many rounds, as a machine's speed varies, in seconds."""
    least = [float("inf")] * len(loops)
    for _ in range(ROUNDS):
        for index, loop in enumerate(loops):
            started = time.perf_counter()
            loop.work()
            least[index] = min(least[index], time.perf_counter() - started)
    return least


def _machine(lineups: int, heads: int, bins: int, paid: int) -> list[Loop]:
    """The operations that a contest needs, each as a loop of its own, with all data in cache."""
    chance = np.random.default_rng(SEED)
    left = chance.integers(0, 9_000, heads).astype(np.uint64)
    right = chance.integers(0, 3_000, 39 * 39).astype(np.uint64)
    a = np.sort(chance.integers(0, heads, lineups)).astype(np.uint64)
    b = chance.integers(0, len(right), lineups).astype(np.uint64)
    into = np.zeros(lineups, np.uint64)
    # scores spread like a race's: most of them within a quarter of the range
    spread = np.clip(chance.normal(bins / 2, bins / 8, (lineups, 4)), 0, bins - 1)
    scores = np.ascontiguousarray(spread.astype(np.uint16)).view(np.uint64).ravel()
    copies = np.ones(lineups, np.uint16)
    on = np.zeros(4 * bins, np.uint16)
    words = chance.integers(1, 3, bins // 16 * 4).astype(np.uint64)
    blocks = np.zeros(len(words) // 4, np.uint64)
    places = chance.integers(0, len(words), OWN).astype(np.uint64)
    ladder = np.arange(paid + 8, dtype=np.uint64)
    shares = np.zeros(OWN)

    def often(work: Callable[[], None], each: int) -> Loop:
        many = max(1, LOOP_TIMES // each)

        def again() -> None:
            for _ in range(many):
                work()

        again()
        return Loop(again, many * each)

    return [
        often(lambda: _added(left, right, a, b, into), lineups),
        often(lambda: _counted(scores, copies, on), 4 * lineups),
        often(lambda: _summed(words, blocks), len(words)),
        often(lambda: _looked_up(places, words, ladder, shares), OWN),
    ]


def contest(case: Case) -> list[Figure]:
    """The usual contest as a whole, and its inner loop compared with its bound."""
    payouts = case.payouts[0]
    points = _points(case.slate, RACES)
    size, drivers = case.slate.rules.roster_size, len(case.slate)
    work = f"{RACES:,} races x {payouts.field_size:,} entries x {OWN} own lineups"
    blocks = range(RACES // BLOCK_SCENARIOS)
    whole = _best(lambda: _play(points, case, payouts, blocks))
    tally = _play(points, case, payouts, blocks)
    result = summarise(tally, payouts, case.own)
    figures = [
        Figure(
            name="contest, one core",
            work=f"{work}, {tally.fields} fields drawn, tallied: roi {result.portfolio.roi:+.4f}",
            seconds=whole,
            per_second=RACES * payouts.field_size / whole,
            reference=PEER,
            ratio=PEER.seconds / whole,
            bar=f"<= {MOST_SECONDS} s",
        )
    ]
    field = sample_field(case.model, payouts.field_size - OWN, stream(SEED, Purpose.FIELD))
    opponents = PackedLineups.of(field, drivers, size)
    own_codes = pair_codes(case.own, drivers, size)
    results = Results.of_none(BLOCK_SCENARIOS, OWN)
    races = [
        PackedRaces.of(points[block * BLOCK_SCENARIOS : (block + 1) * BLOCK_SCENARIOS], size)
        for block in blocks
    ]

    def play() -> None:
        for some in races:
            play_scenarios(some, opponents, own_codes, payouts.ladder_micros, results)

    bins = int(np.mean([(some.high - some.low).mean() for some in races]))
    heads = opponents.heads.shape[1]
    pairs = drivers * (drivers + 1) // 2
    head_adds, own_adds = heads * (len(opponents.heads) - 1), OWN * len(own_codes)
    # adds of four scores at once, counts, words of counts summed, look-ups
    needed = (
        RACES / 4 * (field.unique + head_adds + own_adds + pairs),
        RACES * (field.unique + OWN),
        RACES * bins / 4,
        RACES * OWN,
    )
    play()
    loops = _machine(field.unique, heads, bins, payouts.places_paid)
    inner, *alone = _least_seconds([Loop(play, 1), *loops])
    rates = [loop.times / seconds for loop, seconds in zip(loops, alone, strict=True)]
    bound = sum(times / rate for times, rate in zip(needed, rates, strict=True))
    operations = ", ".join(
        f"{times:,.0f} {what} ({rate / 1e6:,.0f} M/s)"
        for times, what, rate in zip(
            needed,
            ("adds of four scores", "counts", "words summed", "look-ups"),
            rates,
            strict=True,
        )
    )
    figures.append(
        Figure(
            name="inner loop, one core",
            work=f"{work}, one field of {field.unique:,} different lineups: scores, ranks and "
            f"prizes. Its bound, {operations} one after the other, is {bound:.4f} s: "
            f"{bound / inner:.0%} of the bound",
            seconds=inner,
            per_second=needed[1] / inner,
            reference=Reference("bound", bound),
            ratio=bound / inner,
            bar=">= 0.80 of the bound",
        )
    )
    return figures


_held: list[tuple[Points, Case]] = []


def _hold(points: Points, case: Case) -> None:
    _held.append((points, case))


def _large_part(blocks: range) -> tuple[ContestTally, int]:
    points, case = _held[0]
    tally = _play(points, case, case.payouts[1], blocks)
    return tally, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def large(case: Case) -> list[Figure]:
    """A large contest on two cores, in one process each, as workers play it."""
    points = _points(case.slate, LARGE_RACES)
    blocks = LARGE_RACES // BLOCK_SCENARIOS
    cut = [blocks * part // CORES for part in range(CORES + 1)]
    parts = [range(cut[part], cut[part + 1]) for part in range(CORES)]
    with ProcessPoolExecutor(CORES, initializer=_hold, initargs=(points, case)) as pool:
        list(pool.map(_large_part, [range(part, part + 1) for part in range(CORES)]))
        started = time.perf_counter()
        played = list(pool.map(_large_part, parts))
        tally = ContestTally.merge([part for part, _ in played])
        took = time.perf_counter() - started
    result = summarise(tally, case.payouts[1], case.own)
    entries = case.payouts[1].field_size
    return [
        Figure(
            name=f"large contest, {CORES} cores",
            work=f"{LARGE_RACES:,} races x {entries:,} entries x {OWN} own lineups, {tally.fields} "
            f"fields drawn, {tally.unique / tally.fields:,.0f} different lineups in each: roi "
            f"{result.portfolio.roi:+.4f}; {max(kb for _, kb in played) / 1024:,.0f} MB the larger "
            "process",
            seconds=took,
            per_second=LARGE_RACES * entries / took,
            bar=f"<= {MOST_LARGE_SECONDS:.0f} s",
        )
    ]


def _spread_field(field: Field) -> str:
    return f"{field.unique:,} different lineups"


def growth(case: Case) -> list[Figure]:
    """Fields of increasing size over one block of races: drawing and playing each."""
    points = _points(case.slate, BLOCK_SCENARIOS)
    figures = []
    for entries in GROWING:
        payouts = typical_payouts(entries, 1_000)
        field = sample_field(case.model, entries - OWN, stream(SEED, Purpose.FIELD, 0, 0))
        took = _best(lambda p=payouts: _play(points, case, p, range(1)), 3)  # type: ignore[misc]
        figures.append(
            Figure(
                name=f"a block of {entries:,} entries",
                work=f"{BLOCK_SCENARIOS} races, {_spread_field(field)}, {OWN} own",
                seconds=took,
                per_second=BLOCK_SCENARIOS * entries / took,
            )
        )
    return figures


BENCHMARKS = {"contest": contest, "large": large, "growth": growth}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    options = read_arguments("contest", __doc__, BENCHMARKS, "the files above")
    run_named(options, BENCHMARKS, _case(options.slate))


if __name__ == "__main__":
    main()
