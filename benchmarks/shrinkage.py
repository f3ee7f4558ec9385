"""What lineups promise and what they keep: ``python -m benchmarks.shrinkage [--json]``.

For each seed a job's races choose a portfolio by every objective, by values as simulated and by
shrunken ones, and further races of the same job, which chose nothing, judge all of them. So the
choices of a seed are compared in pairs, on the same races; errors are over seeds.

The first table has the tail (the ``multi_cvar`` of the request's levels, in points): of the one
lineup that is best by tail, beside the best by mean, and how often that is clear, by two standard
errors of the fresh races; and the mean over the lineups of a portfolio, beside that of ``mean``.
Portfolios are chosen twice: at no price on likeness, where a choice shows nothing but its own
objective, and at the default price, which is a share of the best score and so costs more of a tail
than of a mean. *Promised* is what lineups were chosen for less what they did.

The second table has dollars, for each size of contest: ROI of the lineups, each entered alone, in
the races that were searched, as promised, and in fresh races.

The slate is the example, or a folder's ``DKSalaries.csv`` with the starts and cars of its
``projections.csv`` or ``drivers.csv`` (``--slate``, and with its projections and ownership too
``--as-typed``), or one of DATA_DIR (``--data DATA_DIR --real SLATE_ID``), as of the day before.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.real_slates import read_slates
from core.contest import MICROS_PER_USD, PrizeSteps
from core.lineups import (
    Lineups,
    TailTarget,
    best_by_value,
    step_values,
    tail_values,
    validate_tail,
)
from core.race import BLOCK_SCENARIOS, ConstraintSpec
from core.slate import TICKS_PER_POINT, Slate, apply_driver_file, find_track, read_salaries
from web.requests.jobs import optimize_request
from web.requests.sources import Sources
from web.schemas.optimize import OptimizeSchema
from workers.engine.arrays import Memory
from workers.engine.facts import Facts
from workers.engine.in_process import stages_here
from workers.engine.stages import Work
from workers.plans.objectives.plan import plan_of
from workers.plans.optimize import PLAN
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.portfolio import chosen_lineups, chosen_scores
from workers.plans.stages.prizes import block_steps, selection_blocks
from workers.plans.stages.races import (
    Points,
    block_rows,
    micropoints,
    projected_points,
    selection_points,
    simulated_points,
)
from workers.plans.stages.simulation import simulated_blocks
from workers.plans.stages.walk import best_by_regime

Floats = npt.NDArray[np.float64]

LINEUPS = 150
FEE_USD = 10
_FIRST_FRESH = 1_000  # the number of the first fresh block: beyond all that a job simulates itself
_AS_SIMULATED = "as simulated"
_MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to choose a portfolio: the objective, and fields of the request that differ."""

    name: str
    objective: str
    unshrunken: bool = False
    likeness: float | None = None

    def of(self, request: OptimizeRequest) -> OptimizeRequest:
        """The request of this choice, of the same races."""
        weight = request.correlation_weight if self.likeness is None else self.likeness
        return replace(
            request,
            objective=self.objective,
            unshrunken=self.unshrunken,
            correlation_weight=weight,
        )


TAILS = tuple(
    Choice(name, objective, unshrunken, likeness)
    for likeness in (0.0, None)
    for name, objective, unshrunken in (
        (_MEAN, "mean", False),
        (f"multi_cvar, {_AS_SIMULATED}", "multi_cvar", True),
        ("multi_cvar", "multi_cvar", False),
    )
)
DOLLARS = (
    Choice(_MEAN, "mean"),
    Choice("multi_cvar", "multi_cvar"),
    Choice(f"dollars, {_AS_SIMULATED}", "dollars", unshrunken=True),
    Choice("dollars", "dollars"),
)
RISK_ADJUSTED = (
    Choice(f"risk_adjusted, {_AS_SIMULATED}", "risk_adjusted", unshrunken=True),
    Choice("risk_adjusted", "risk_adjusted"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a portfolio did, of one seed: means over its lineups.

    Parameters
    ----------
    tail, points
        Tail and mean points in fresh races.
    promised
        Mean of what lineups were chosen for, in points or in USD.
    searched_roi, roi
        ROI in the races that were searched, and in fresh races.
    """

    tail: float
    points: float
    promised: float
    searched_roi: float
    roi: float


@dataclass(frozen=True, slots=True)
class Best:
    """The best lineup by tail beside the best by mean, in fresh races of one seed."""

    gain: float
    error: float

    @property
    def clearly(self) -> int:
        """1 for a clear gain, -1 for a clear loss, else 0."""
        return int(self.gain > 2.0 * self.error) - int(self.gain < -2.0 * self.error)


@dataclass(frozen=True, slots=True)
class Row:
    """A choice over all seeds."""

    choice: Choice
    kept: tuple[Kept, ...]
    best: tuple[Best, ...] = ()


def _folder_slate(folder: Path, *, as_typed: bool) -> Slate:
    slate = read_salaries((folder / "DKSalaries.csv").read_bytes())
    for name in ("projections.csv", "drivers.csv"):
        if (folder / name).is_file():
            slate = apply_driver_file(slate, (folder / name).read_bytes())
            break
    if as_typed:
        return slate
    plain = (
        replace(driver, projected_points=None, ownership_percent=None) for driver in slate.drivers
    )
    return replace(slate, drivers=tuple(plain))


def _request(
    slate: Slate, spec: ConstraintSpec | None, entries: int, races: int, seed: int
) -> OptimizeRequest:
    body = OptimizeSchema().load(
        {
            "slate_id": "slate",
            "n_lineups": LINEUPS,
            "random_seed": seed,
            "scenario_config": {"n_scenarios": races},
            "contest": {"field_size": entries, "contest_buyin": FEE_USD},
            "validate_tail_objective": False,
        }
    )
    request = optimize_request(body, Sources(lambda _: slate))
    if spec is None:
        return request
    view = request.market
    return replace(request, spec=spec, market=None if view is None else replace(view, public=spec))


def _simulated(request: OptimizeRequest) -> Work[OptimizeRequest]:
    """The job up to its races and its field, which every choice shares."""
    chosen = plan_of(request.objective).stages
    stages = PLAN.stages(request)
    before = stages[: stages.index(chosen[0])]
    return stages_here(replace(PLAN, stages=lambda _: before), request, Memory())


def _chosen(work: Work[OptimizeRequest], choice: Choice) -> Work[OptimizeRequest]:
    """The same job with a portfolio."""
    request = choice.of(work.request)
    facts: Facts = work.facts
    for stage in plan_of(choice.objective).stages:
        so_far = Work(request, facts, work.arrays)
        part = stage.run(so_far, range(stage.units(request, facts)))
        facts = facts.with_fact(stage.key, stage.join(so_far, part))
    return Work(request, facts, work.arrays)


@dataclass(frozen=True, slots=True, eq=False)
class _Judge:
    """Races that judge lineups, and what any score wins in them."""

    points: Points
    steps: PrizeSteps

    @classmethod
    def fresh(cls, work: Work[OptimizeRequest], races: int) -> "_Judge":
        """Races of the job that it does not simulate itself."""
        numbers = range(_FIRST_FRESH, _FIRST_FRESH + races // BLOCK_SCENARIOS)
        blocks = simulated_blocks(work, dict.fromkeys(numbers, BLOCK_SCENARIOS))
        points = [block["points"] for block in blocks]
        return cls._of(work, numbers, points)

    @classmethod
    def searched(cls, work: Work[OptimizeRequest]) -> "_Judge":
        """The races that lineups are searched on."""
        races = work.request.n_scenarios
        every, numbers = simulated_points(work.facts, work.arrays), selection_blocks(races)
        return cls._of(work, numbers, [every[block_rows(each, races)] for each in numbers])

    @classmethod
    def _of(
        cls, work: Work[OptimizeRequest], numbers: Iterable[int], points: Sequence[Points]
    ) -> "_Judge":
        steps = [block_steps(work, n, each) for n, each in zip(numbers, points, strict=True)]
        return cls(np.concatenate(points), PrizeSteps.joined(steps))

    def roi(self, lineups: Lineups) -> float:
        """Mean ROI of lineups, each entered alone."""
        won = step_values(self.points, self.steps.breaks, self.steps.micros, lineups)
        return float(won.mean()) / (len(self.points) * MICROS_PER_USD * FEE_USD) - 1.0

    def means(self, lineups: Lineups) -> Floats:
        """Mean points of each lineup."""
        of_driver = self.points.mean(axis=0, dtype=np.float64) / TICKS_PER_POINT
        return np.asarray(of_driver[lineups].sum(axis=1))


def _kept(work: Work[OptimizeRequest], fresh: _Judge, searched: _Judge, target: TailTarget) -> Kept:
    lineups = chosen_lineups(work.facts, work.arrays)
    return Kept(
        tail=float(tail_values(fresh.points, lineups, target).mean()),
        points=float(fresh.means(lineups).mean()),
        promised=float(chosen_scores(work.facts, work.arrays).mean()),
        searched_roi=searched.roi(lineups),
        roi=fresh.roi(lineups),
    )


def _best(work: Work[OptimizeRequest], fresh: _Judge) -> Best:
    """The walk's best lineup, beside the best by mean."""
    request = work.request
    by_tail = best_by_regime(work.facts, work.arrays)[None].lineups[0]
    projected = projected_points(request.slate, selection_points(work.facts, work.arrays))
    by_mean = best_by_value(micropoints(projected), request.rules, 1).lineups[0]
    compared = validate_tail(fresh.points, by_tail, by_mean, request.target)
    return Best(compared.tail_improvement, compared.tail_improvement_se)


def measure(
    slate: Slate,
    spec: ConstraintSpec | None,
    choices: Sequence[Choice],
    *,
    entries: int,
    races: int,
    fresh_races: int,
    seeds: int,
) -> list[Row]:
    """What each choice kept, seed by seed."""
    kept: dict[Choice, list[Kept]] = {choice: [] for choice in choices}
    best: dict[Choice, list[Best]] = {choice: [] for choice in choices}
    for seed in range(1, seeds + 1):
        began = time.perf_counter()
        work = _simulated(_request(slate, spec, entries, races, seed))
        fresh, searched = _Judge.fresh(work, fresh_races), _Judge.searched(work)
        for choice in choices:
            done = _chosen(work, choice)
            kept[choice].append(_kept(done, fresh, searched, work.request.target))
            if choice.objective == "multi_cvar":
                best[choice].append(_best(done, fresh))
        _tell(f"{entries:,} entries, seed {seed}: {time.perf_counter() - began:.0f} s")
    return [Row(choice, tuple(kept[choice]), tuple(best[choice])) for choice in choices]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _with_error(values: Sequence[float], digits: int, scale: float = 1.0) -> str:
    figures = scale * np.array(values)
    error = figures.std(ddof=1) / len(figures) ** 0.5 if len(figures) > 1 else np.nan
    return f"{figures.mean():+.{digits}f} ± {error:.{digits}f}"


def _less(row: Row, base: Row, figure: str, digits: int, scale: float = 1.0) -> str:
    pairs = zip(row.kept, base.kept, strict=True)
    return _with_error(
        [getattr(one, figure) - getattr(other, figure) for one, other in pairs], digits, scale
    )


def tail_table(rows: Sequence[Row]) -> str:
    """The table of tails in Markdown."""
    lines = [
        "| price on likeness | chosen by | best lineup's tail, less the mean's best's | clearly "
        "better, worse | portfolio's tail | less `mean`'s | promised, less kept | points, less "
        "`mean`'s | ROI %, less `mean`'s |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        base = next(
            other
            for other in rows
            if other.choice.name == _MEAN and other.choice.likeness == row.choice.likeness
        )
        tail = float(np.mean([kept.tail for kept in row.kept]))
        promised = [kept.promised - kept.tail for kept in row.kept]
        is_mean = row is base
        verdicts = [best.clearly for best in row.best]
        cells = [
            "none" if row.choice.likeness == 0.0 else "default",
            row.choice.name,
            "" if is_mean else _with_error([best.gain for best in row.best], 2),
            "" if is_mean else f"{verdicts.count(1)}, {verdicts.count(-1)}",
            f"{tail:.1f}",
            "" if is_mean else _less(row, base, "tail", 2),
            "" if is_mean else _with_error(promised, 2),
            "" if is_mean else _less(row, base, "points", 2),
            "" if is_mean else _less(row, base, "roi", 1, 100.0),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def dollar_table(rows: Sequence[Row], entries: int) -> str:
    """The table of dollars in Markdown, without its head."""
    base = rows[0]
    lines = []
    for row in rows:
        in_usd = row.choice.objective == "dollars"
        promised = [100.0 * (kept.promised / FEE_USD - 1.0) for kept in row.kept]
        cells = [
            f"{entries:,}",
            row.choice.name,
            f"{100.0 * np.mean([kept.searched_roi for kept in row.kept]):+.0f}",
            f"{np.mean(promised):+.0f}" if in_usd else "",
            _with_error([kept.roi for kept in row.kept], 1, 100.0),
            "" if row is base else _less(row, base, "roi", 1, 100.0),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


DOLLAR_HEAD = (
    "| entries | chosen by | ROI %, races searched | promised | fresh races | less `mean`'s |\n"
    "|---:|---|---:|---:|---:|---:|"
)


def _chosen_slate(options: argparse.Namespace) -> tuple[Slate, ConstraintSpec | None]:
    if options.real is not None:
        (real,) = read_slates(options.data, [options.real])
        return real.slate, real.compiler.compile(real.slate)
    if options.slate is not None:
        slate = _folder_slate(options.slate, as_typed=options.as_typed)
    else:
        with resources.as_file(resources.files("web").joinpath("example")) as folder:
            slate = _folder_slate(folder, as_typed=options.as_typed)
    return replace(slate, track=find_track(options.track)), None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shrinkage", description=__doc__)
    parser.add_argument("--slate", type=Path, metavar="DIR", help="a folder with DKSalaries.csv")
    parser.add_argument(
        "--as-typed", action="store_true", help="with its projections and ownership"
    )
    parser.add_argument("--track", default="las_vegas")
    parser.add_argument("--data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--real", metavar="SLATE_ID", help="a slate of DATA_DIR")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--races", type=int, default=10_000, help="races to choose on")
    parser.add_argument("--fresh", type=int, default=40_000, help="races that judge, of each seed")
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--tables", nargs="+", choices=("tails", "dollars"), default=None)
    parser.add_argument(
        "--risk-adjusted", action="store_true", help="among the choices by dollars; takes longer"
    )
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    if options.real is not None and options.data is None:
        parser.error("--real names a slate of --data")
    slate, spec = _chosen_slate(options)
    tables = options.tables or ("tails", "dollars")
    choices = (*DOLLARS, *RISK_ADJUSTED) if options.risk_adjusted else DOLLARS
    sizes = {"races": options.races, "fresh_races": options.fresh, "seeds": options.seeds}
    tails: list[Row] = []
    if "tails" in tables:
        tails = measure(slate, spec, TAILS, entries=options.entries[0], **sizes)
    dollars = {
        entries: measure(slate, spec, choices, entries=entries, **sizes)
        for entries in (options.entries if "dollars" in tables else ())
    }
    if options.json:
        found = {str(entries): [asdict(row) for row in rows] for entries, rows in dollars.items()}
        print(json.dumps({**sizes, "tails": [asdict(row) for row in tails], "dollars": found}))
        return
    shown = {"drivers": len(slate), "lineups": LINEUPS, **sizes}
    print("; ".join(f"{name.replace('_', ' ')}: {value:,}" for name, value in shown.items()))
    if tails:
        print("\n" + tail_table(tails))
    if dollars:
        print("\n" + DOLLAR_HEAD)
        for entries, rows in dollars.items():
            print(dollar_table(rows, entries))


if __name__ == "__main__":
    main()
