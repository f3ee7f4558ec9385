"""Real contests replayed: ``python -m benchmarks.contests_replayed DATA_DIR [--json]``.

For each slate of DATA_DIR whose contests were published, 150 lineups are chosen by every objective
as a user would choose them before the lock: with salaries and the grid, by a race model fitted to
earlier races alone, and by a market's view (:mod:`benchmarks.market`) fitted to the other slates.
The field's ownership is estimated by a model of the other slates, and then given as it really was.
Beside them stand lineups drawn from the real field, and random legal ones. Each lineup is entered
alone. For each choice the table has, as predicted by the simulated contests and as it really was:

- cash: the share of lineups that pass the score that a fifth of the field passed;
- paid: the share that win a prize;
- above: mean points of a lineup less the mean of the field;
- ROI: mean winnings over the entry fee, less 1; prizes are typical ones of the contest's size.

A real place follows from the published scores at some places, by a line in the logarithm of the
place. Points that were published nowhere are imputed (:func:`benchmarks.real_scores.real_scores`);
``imputed`` says of how many drivers. Figures are means over slates, a slate's contests counting
equally, with standard errors over slates; ``PIT`` is the share of simulated races in which the
lineups together win less than they really did. ``--slates`` and ``--objectives`` choose among
them; ``--conviction`` is in place of the fitted one; ``--record`` writes the figures that answers
show.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.field_contests import CAP_USD, Contest, Floats, read_contests
from benchmarks.market import left_out, read_rows
from benchmarks.ownership import left_out_model
from benchmarks.real_ownership import read_ownership
from benchmarks.real_scores import (
    PASSING,
    RealField,
    RealScores,
    payouts_of,
    real_fields,
    real_scores,
    well_known,
    winnings_usd,
)
from benchmarks.real_slates import RealSlate, read_slates
from core.contest import prize_steps
from core.field import Market, fit_field, sample_field
from core.lineups import Lineups, step_winnings
from core.race import BLOCK_SCENARIOS
from core.randomness import Purpose, stream
from core.slate import TICKS_PER_POINT
from web.requests.jobs import optimize_request
from web.requests.sources import Sources
from web.schemas.optimize import OptimizeSchema
from workers.engine.arrays import Memory
from workers.engine.in_process import stages_here
from workers.engine.stages import Work
from workers.plans.objectives import OBJECTIVES
from workers.plans.optimize import PLAN
from workers.plans.requests.market import MarketView
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.field import FIELD, field_spread
from workers.plans.stages.portfolio import chosen_lineups
from workers.plans.stages.races import half, simulated_points

SHIPPED = Path(__file__).resolve().parents[1] / "workers/plans/answers/replayed.json"
LINEUPS = 150
SCENARIOS = 10_000
REFERENCE_LINEUPS = 3_000  # drawn from the field, and from all legal lineups
ESTIMATED, GIVEN = "estimated", "given"
DRAWN, RANDOM = "drawn from the field", "random legal"
# figures of the table, the factor to their unit there, and decimals
_SHOWN = (("cash", 100.0, 1), ("paid", 100.0, 1), ("above", 1.0, 1), ("roi", 100.0, 0))
_LINE_DRAWS = 2_000  # entries of which the 80th percentile of a simulated field is taken


@dataclass(frozen=True, slots=True)
class Outcome:
    """What lineups were to earn in a slate's contests, and what they earned.

    Parameters
    ----------
    slate_id, choice, ownership
        Of which slate, how chosen, and whether ownership was estimated or given.
    contests, imputed
        Number of contests, and of drivers whose points are imputed.
    cash, paid, above, roi
        Predicted and real, see the module.
    pit
        See the module.
    """

    slate_id: str
    choice: str
    ownership: str
    contests: int
    imputed: int
    cash: tuple[float, float]
    paid: tuple[float, float]
    above: tuple[float, float]
    roi: tuple[float, float]
    pit: float


@dataclass(frozen=True, slots=True)
class _Slate:
    """A slate, its contests and real scores, and what was fitted to the other slates.

    That is the market, and the ownership model as JSON.
    """

    real: RealSlate
    fields: tuple[RealField, ...]
    scores: RealScores
    market: Market
    ownership_model: str

    @property
    def main(self) -> RealField:
        """The contest that lineups are chosen for."""
        return well_known(self.fields)


def _request(
    slate: _Slate, objective: str, ownership: str, conviction: float | None
) -> OptimizeRequest:
    """The request of a user who chooses lineups for the slate's main contest."""
    contest: dict[str, Any] = {
        "field_size": slate.main.contest.entries,
        "contest_buyin": slate.main.contest.fee_usd or 10.0,
    }
    if ownership == GIVEN:
        contest["ownership_estimates"] = {
            driver.driver_id: float(percent)
            for driver, percent in zip(slate.real.slate.drivers, slate.main.percent, strict=True)
        }
    body = OptimizeSchema().load(
        {
            "slate_id": slate.real.slate_id,
            "n_lineups": LINEUPS,
            "objective": objective,
            "scenario_config": {"n_scenarios": SCENARIOS},
            "contest": contest,
            "validate_tail_objective": False,
        }
    )
    request = optimize_request(body, Sources(lambda _: slate.real.slate))
    view, terms = request.market, request.contest
    spec = slate.real.compiler.compile(slate.real.slate)
    if view is not None:
        share = slate.market.conviction if conviction is None else conviction
        view = MarketView(slate.market, share, spec, slate.ownership_model)
    if terms is not None:
        terms = replace(terms, ownership_model=slate.ownership_model)
    return replace(request, spec=spec, market=view, contest=terms)


def _legal(slate: _Slate) -> Lineups:
    """Random lineups, every legal one equally likely."""
    flat = np.full(len(slate.real.slate), 600.0 / len(slate.real.slate))
    model = fit_field(slate.real.slate.salaries_usd, flat, 6, 10**6, appetite=0.0)
    unbounded = replace(
        model, salary_cap_usd=CAP_USD, log_weights=(0.0,) * len(flat), appetite=0.0, sources=None
    )
    field = sample_field(unbounded, REFERENCE_LINEUPS, stream(2, Purpose.FIELD))
    return np.repeat(field.lineups, field.copies, axis=0)


@dataclass(frozen=True, slots=True)
class _Predicted:
    cash: float
    paid: float
    above: float
    roi: float
    totals: Floats  # winnings of all lineups together in each race, in fees


def _predicted(work: Work[OptimizeRequest], contest: Contest, lineups: Lineups) -> _Predicted:
    """What the job's simulated contests say of lineups entered alone, on the report's races."""
    report = half(simulated_points(work.facts, work.arrays), selection=False)
    model, spread = work.facts.of(FIELD).model, field_spread(work.facts, work.arrays)
    payouts = payouts_of(contest)
    fee = payouts.entry_fee_cents / 100.0
    cash, paid, above, totals = [], [], [], []
    for number, first in enumerate(range(0, len(report), BLOCK_SCENARIOS)):
        rows = report[first : first + BLOCK_SCENARIOS]
        rng = stream(work.request.seed, Purpose.FIELD, 2 * number + 1, 1)
        field = sample_field(
            model
            if spread is None
            else spread.draw(model, rng, spread.error_of_block(work.request.seed, 2 * number + 1)),
            contest.entries - 1,
            rng,
        )
        steps = prize_steps(rows, field, payouts)
        won = step_winnings(rows, steps.breaks, steps.micros, lineups) / 1e6
        drawn = np.repeat(field.lineups, field.copies, axis=0)
        some = drawn[rng.choice(len(drawn), min(len(drawn), _LINE_DRAWS), replace=False)]
        scores = rows[:, lineups].sum(axis=2, dtype=np.int32)
        of_field = rows[:, some].sum(axis=2, dtype=np.int32)
        line = np.quantile(of_field, 1.0 - PASSING, axis=1)[:, None]
        cash.append((0.5 * (scores > line) + 0.5 * (scores >= line)).mean())
        paid.append((won > 0.0).mean())
        above.append((scores.mean() - of_field.mean()) / TICKS_PER_POINT)
        totals.append(won.sum(axis=0) / fee)
    whole = np.concatenate(totals)
    return _Predicted(
        float(np.mean(cash)),
        float(np.mean(paid)),
        float(np.mean(above)),
        float(whole.mean()) / len(lineups) - 1.0,
        whole,
    )


def _outcome(
    slate: _Slate, work: Work[OptimizeRequest], lineups: Lineups, choice: str, ownership: str
) -> Outcome:
    scores = slate.scores.of(lineups)
    rows = []
    for field in slate.fields:
        contest = field.contest
        predicted = _predicted(work, contest, lineups)
        fee = payouts_of(contest).entry_fee_cents / 100.0
        won = winnings_usd(contest, scores) / fee
        line = np.inf if contest.score_p80 is None else contest.score_p80
        mean = float(slate.scores.points @ field.percent) / 100.0
        below = (predicted.totals < won.sum()).mean() + (predicted.totals <= won.sum()).mean()
        rows.append(
            (
                (predicted.cash, float(np.mean(0.5 * (scores > line) + 0.5 * (scores >= line)))),
                (predicted.paid, float((won > 0.0).mean())),
                (predicted.above, float(scores.mean()) - mean),
                (predicted.roi, float(won.mean()) - 1.0),
                (float(below) / 2.0, 0.0),
            )
        )
    cash, paid, above, roi, pit = np.mean(np.array(rows), axis=0).tolist()
    return Outcome(
        slate.real.slate_id,
        choice,
        ownership,
        len(rows),
        slate.scores.imputed,
        (cash[0], cash[1]),
        (paid[0], paid[1]),
        (above[0], above[1]),
        (roi[0], roi[1]),
        pit[0],
    )


def replay(
    data: Path,
    slate_ids: Sequence[str] | None,
    objectives: Sequence[str],
    conviction: float | None = None,
) -> Iterator[Outcome]:
    """The outcome of every choice on every slate with contests, at the fitted conviction or one."""
    contests = [contest for contest in read_contests(data) if len(contest.ladder) > 1]
    named = sorted({contest.slate for contest in contests})
    chosen = [slate_id for slate_id in named if slate_ids is None or slate_id in slate_ids]
    owned = read_ownership(data)
    rows = read_rows(data, owned)
    for real in read_slates(data, chosen):
        fields = real_fields([c for c in contests if c.slate == real.slate_id])
        market = left_out(rows, real.slate_id).market
        estimator = left_out_model(owned, real.slate_id)
        slate = _Slate(real, fields, real_scores(fields), market, estimator)
        _tell(
            f"{real.slate_id}: {len(fields)} contests, points of {slate.scores.imputed} of "
            f"{len(real.slate)} drivers imputed; {slate.scores.passing:.3f} of the draws pass"
        )
        for ownership in (ESTIMATED, GIVEN):
            for objective in objectives:
                request = _request(slate, objective, ownership, conviction)
                work = stages_here(PLAN, request, Memory())
                lineups = chosen_lineups(work.facts, work.arrays)
                yield _outcome(slate, work, lineups, objective, ownership)
                _tell(f"  {objective}, ownership {ownership}")
            for name, lineups in (
                (DRAWN, slate.main.entries[:REFERENCE_LINEUPS]),
                (RANDOM, _legal(slate)),
            ):
                yield _outcome(slate, work, lineups, name, ownership)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _with_error(values: Floats, scale: float, digits: int) -> str:
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{scale * values.mean():+.{digits}f} ± {scale * error:.{digits}f}"


def _table(outcomes: Sequence[Outcome]) -> Table:
    slates = len({outcome.slate_id for outcome in outcomes})
    table = Table(title=f"{slates} slates; predicted, then real ± its standard error over slates")
    for column in ("lineups", "ownership", "cash %", "paid %", "above, points", "ROI %", "PIT"):
        table.add_column(column, justify="left" if column in {"lineups", "ownership"} else "right")
    for ownership, choice in dict.fromkeys((each.ownership, each.choice) for each in outcomes):
        these = [o for o in outcomes if (o.ownership, o.choice) == (ownership, choice)]
        cells = []
        for name, scale, digits in _SHOWN:
            pairs = np.array([getattr(each, name) for each in these])
            predicted = f"{scale * pairs[:, 0].mean():+.{digits}f}"
            cells.append(f"{predicted} | {_with_error(pairs[:, 1], scale, digits)}")
        pit = ", ".join(f"{each.pit:.2f}" for each in these)
        table.add_row(choice, ownership, *cells, pit)
    return table


def _record(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What answers say of each objective: means over slates, and errors of the real figures."""
    slates = sorted({outcome.slate_id for outcome in outcomes})
    document: dict[str, Any] = {
        "from": slates[0][:10],
        "to": slates[-1][:10],
        "slates": len(slates),
    }
    for outcome in outcomes:
        document.setdefault(outcome.ownership, {})[outcome.choice] = {}
    for ownership in (ESTIMATED, GIVEN):
        for choice, figures in document[ownership].items():
            these = [o for o in outcomes if (o.ownership, o.choice) == (ownership, choice)]
            for name, _, _ in _SHOWN:
                pairs = np.array([getattr(each, name) for each in these])
                error = pairs[:, 1].std(ddof=1) / len(pairs) ** 0.5
                figures[name] = [round(float(v), 4) for v in (*pairs.mean(axis=0), error)]
    return document


def main() -> None:
    """Replay the contests and print the table, or every outcome as one object."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.contests_replayed", description=__doc__
    )
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR")
    parser.add_argument("--slates", nargs="+", metavar="SLATE")
    parser.add_argument(
        "--objectives", nargs="+", choices=list(OBJECTIVES), default=list(OBJECTIVES)
    )
    parser.add_argument("--conviction", type=float, metavar="X", help="0 to 1; the fitted one")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument("--record", action="store_true", help="write the figures that answers show")
    options = parser.parse_args()
    if not (options.data_dir / "dk_contests.csv").is_file():
        parser.error(f"{options.data_dir} holds no dk_contests.csv")
    if options.conviction is not None and (options.record or not 0 <= options.conviction <= 1):
        parser.error("--conviction is 0 to 1, and what answers show is of the fitted one")
    outcomes = list(
        replay(options.data_dir, options.slates, options.objectives, options.conviction)
    )
    if options.record:
        SHIPPED.write_text(json.dumps(_record(outcomes), indent=1) + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps({"outcomes": [asdict(outcome) for outcome in outcomes]}))
    else:
        Console(width=140).print(_table(outcomes))


if __name__ == "__main__":
    main()
