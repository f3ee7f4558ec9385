"""How many races ROI needs: ``python -m benchmarks.roi_noise [--slate DIR] [--track ID] [--json]``.

Lineups drawn from the field are valued in a contest over simulated races, again and again. For each
number of races, independent runs are compared two by two: how well the lineups' ROI agrees, how
many of the best 150 they have in common, and what the chosen 150 earn in all races that did not
choose them. As in a job, every block of 500 races meets a newly drawn field.

The slate is the example, or a folder's ``DKSalaries.csv``, ``projections.csv`` and
``contest_structure.csv``, as far as they are there; the races follow its projected points.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.contest import (
    MICROS_PER_CENT,
    Payouts,
    read_payout_table,
    typical_payouts,
    value_lineups,
)
from core.field import (
    FieldModel,
    field_parameters,
    fit_field,
    guess_ownership,
    nearest_ownership,
    sample_field,
)
from core.race import (
    BLOCK_SCENARIOS,
    ConstraintCompiler,
    ConstraintSpec,
    UserKnowledge,
    simulate_block,
    tilt,
    with_tilts,
)
from core.randomness import Purpose, stream
from core.slate import TICKS_PER_POINT, Slate, apply_driver_file, find_track, read_salaries

Floats = npt.NDArray[np.float64]

RACES = (1_000, 10_000, 40_000, 100_000)
RUNS = 2
CANDIDATES = 5_000
CHOSEN = 150
FIELD_SIZE, FEE_CENTS = 10_000, 1_000
SEED = 7
MOST_PAIRS = 20
_MODEL_RACES = 4_000
_FILES = ("DKSalaries.csv", "projections.csv", "drivers.csv", "contest_structure.csv")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two runs of so many races beside each other, means over the pairs there are.

    Parameters
    ----------
    races
        In each run.
    pairs
        Pairs of runs that share no race.
    correlation
        Of the candidates' ROI in the one and the other.
    roi_noise
        Standard deviation of a candidate's ROI from run to run, root mean square over candidates.
    common
        Of the best 150 by the one run, how many are in the best 150 by the other.
    apparent_roi, true_roi
        Of the 150 in the run that chose them, and in all races of the benchmark outside of it.
    lost
        What of the apparent ROI above the average candidate's is gone outside, a share.
    """

    races: int
    pairs: int
    correlation: float
    roi_noise: float
    common: float
    apparent_roi: float
    true_roi: float
    lost: float


@dataclass(frozen=True, slots=True)
class Work:
    """What is measured.

    A race, the field's model, a contest and different candidates
    ``[K, R]``, each with how often it was drawn ``[K]``.
    """

    slate: Slate
    spec: ConstraintSpec
    model: FieldModel
    payouts: Payouts
    candidates: npt.NDArray[np.uint8]
    copies: npt.NDArray[np.int32]


def _file(folder: Traversable, name: str) -> bytes | None:
    path = folder.joinpath(name)
    return path.read_bytes() if path.is_file() else None


def prepare(folder: Traversable, track: str, candidates: int) -> Work:
    """Read a slate, tilt its race to the projections and fit its field."""
    salaries, projections, drivers, contest = (_file(folder, name) for name in _FILES)
    if salaries is None:
        raise SystemExit(f"no {_FILES[0]} in the folder")
    slate = read_salaries(salaries)
    driver_file = projections or drivers
    if driver_file is not None:
        slate = apply_driver_file(slate, driver_file)
    slate = replace(slate, track=find_track(track))
    spec = ConstraintCompiler().compile(slate)
    knowledge = UserKnowledge.from_slate(slate)
    if knowledge is not None:
        spec = with_tilts(spec, tilt(spec, knowledge, slate.rules, SEED).tilts)
    size, cap = slate.rules.roster_size, slate.rules.salary_cap_usd
    owned = [driver.ownership_percent for driver in slate.drivers]
    known = [percent for percent in owned if percent is not None]
    if len(known) == len(owned):
        left_usd = field_parameters().left_usd
        percent = nearest_ownership(slate.salaries_usd, known, size, cap, left_usd)
    else:
        blocks = range(_MODEL_RACES // BLOCK_SCENARIOS)
        ticks = [simulate_block(spec, SEED, block)[0].points(slate.rules) for block in blocks]
        means = np.mean(ticks, axis=(0, 1)) / TICKS_PER_POINT
        percent = guess_ownership(means, slate.salaries_usd, size, cap)
    model = fit_field(slate.salaries_usd, percent, size, cap)
    payouts = (
        typical_payouts(FIELD_SIZE, FEE_CENTS)
        if contest is None
        else read_payout_table(contest.decode())
    )
    drawn = sample_field(model, candidates, stream(SEED, Purpose.BOOTSTRAP))
    return Work(slate, spec, model, payouts, drawn.lineups, drawn.copies)


def roi_by_block(work: Work, blocks: int) -> Floats:
    """Value the candidates in every block of races, against its own field: ROI ``[blocks, K]``."""
    fee = work.payouts.entry_fee_cents * MICROS_PER_CENT
    roi = np.empty((blocks, len(work.candidates)))
    for block in range(blocks):
        scenarios, _ = simulate_block(work.spec, SEED, block)
        generator = stream(SEED, Purpose.FIELD, block)
        field = sample_field(work.model, work.payouts.field_size - 1, generator)
        points = scenarios.points(work.slate.rules)
        won = value_lineups(points, field, work.candidates, work.payouts)
        roi[block] = won / (len(points) * fee) - 1.0
    return roi


def agreement(roi: Floats, races: int, chosen: int = CHOSEN) -> Agreement:
    """Compare runs of ``races`` cut out of the blocks ``[blocks, K]``, each used once."""
    length = races // BLOCK_SCENARIOS
    runs = len(roi) // length
    pairs = min(MOST_PAIRS, runs // 2)
    whole = roi.sum(axis=0)
    rows = []
    for pair in range(pairs):
        sums = [roi[start * length :][:length].sum(axis=0) for start in (2 * pair, 2 * pair + 1)]
        one, two = (run / length for run in sums)
        best = [np.argsort(-run, kind="stable")[:chosen] for run in (one, two)]
        common = len(np.intersect1d(best[0], best[1]))
        noise = float(np.mean((one - two) ** 2)) / 2.0
        apparent = np.mean([run[top].mean() for run, top in zip((one, two), best, strict=True)])
        outside = [(whole - run) / (len(roi) - length) for run in sums]
        true = np.mean([run[top].mean() for run, top in zip(outside, best, strict=True)])
        average = whole.mean() / len(roi)
        rows.append(
            (
                np.corrcoef(one, two)[0, 1],
                noise,
                common,
                apparent,
                true,
                (apparent - true) / (apparent - average),
            )
        )
    correlation, noise, common, apparent, true, lost = np.mean(rows, axis=0).tolist()
    return Agreement(races, pairs, correlation, noise**0.5, common, apparent, true, lost)


def as_markdown(rows: Sequence[Agreement]) -> str:
    """The rows as a table in Markdown."""
    lines = [
        "| races | pairs of runs | correlation of ROI | noise of a lineup's ROI | of the best 150 "
        "in common | their apparent ROI | elsewhere | lost |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.races:,} | {row.pairs} | {row.correlation:.3f} | {row.roi_noise:.3f} | "
        f"{row.common:.0f} | {row.apparent_roi:+.1%} | {row.true_roi:+.1%} | {row.lost:.0%} |"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure the noise and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.roi_noise", description=__doc__)
    parser.add_argument("--slate", type=Path, metavar="DIR", help="a folder with DKSalaries.csv")
    parser.add_argument("--track", default="kansas")
    parser.add_argument("--races", type=int, nargs="+", default=RACES, help="in a run")
    parser.add_argument("--candidates", type=int, default=CANDIDATES, help="lineups drawn")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    started = time.perf_counter()
    folder = resources.files("web").joinpath("example") if options.slate is None else options.slate
    work = prepare(folder, options.track, options.candidates)
    roi = roi_by_block(work, RUNS * max(options.races) // BLOCK_SCENARIOS)
    rows = [agreement(roi, races) for races in sorted(options.races)]
    payouts = work.payouts
    fair = payouts.prize_pool_cents / (payouts.field_size * payouts.entry_fee_cents) - 1.0
    context = {
        "drivers": len(work.slate.drivers),
        "track": options.track,
        "candidates": len(work.candidates),
        "field_size": payouts.field_size,
        "payouts": payouts.label or "the contest's own",
        "mean_roi_of_those_drawn": float(np.average(roi.mean(axis=0), weights=work.copies)),
        "mean_roi_of_different_ones": float(roi.mean()),
        "roi_of_an_average_entry": fair,
        "races_in_all": len(roi) * BLOCK_SCENARIOS,
        "seconds": time.perf_counter() - started,
    }
    if options.json:
        cores = len(os.sched_getaffinity(0))
        results = [asdict(row) for row in rows]
        print(json.dumps({"cores": cores, **context, "results": results}))
        return
    shown = {k: f"{v:.3f}" if isinstance(v, float) else v for k, v in context.items()}
    print("; ".join(f"{name.replace('_', ' ')}: {v}" for name, v in shown.items()), end="\n\n")
    print(as_markdown(rows))


if __name__ == "__main__":
    main()
