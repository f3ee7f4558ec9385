"""The answer of an optimize job, as the API shows it; figures come from the report's races."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from core.lineups import Lineups, adaptive_scenario_count, compute_tail_metrics
from core.portfolio import compute_portfolio_correlation
from core.race import BLOCK_SCENARIOS, RunConfig, SimulationParameters, load_calibration
from core.slate import TICKS_PER_POINT
from workers.engine.arrays import Blobs
from workers.engine.facts import Facts
from workers.engine.stages import Json, Work
from workers.plans.answers.contest import contest_notes, contest_results
from workers.plans.answers.explanation import explanation
from workers.plans.answers.knowledge import knowledge_notes, shown_knowledge
from workers.plans.answers.leverage import add_leverage
from workers.plans.answers.market import by_conviction, market_notes, shown_market, view_notes
from workers.plans.answers.odds import odds_notes, shown_odds
from workers.plans.answers.replayed import replayed
from workers.plans.answers.validation import tail_notes, tail_validation
from workers.plans.objectives import OBJECTIVES, Unit
from workers.plans.objectives.plan import plan_of
from workers.plans.requests.optimize import OptimizeRequest
from workers.plans.stages.contest import CONTEST
from workers.plans.stages.field import FIELD
from workers.plans.stages.market import simulated_spec
from workers.plans.stages.portfolio import PORTFOLIO, chosen_lineups, chosen_scores
from workers.plans.stages.races import RACES, half, projected_points
from workers.plans.stages.second_look import SECOND_LOOK
from workers.plans.stages.validation import VALIDATION
from workers.plans.stages.walk import LINEUPS, Strand

_CLEAR_ERRORS = 2.0
_SMALLEST_REPLAYED = 390  # entries of the smallest contest replayed


def optimize_answer(work: Work[OptimizeRequest]) -> Json:
    """The whole result; it depends on the request alone, not on how it was computed."""
    request, facts, arrays = work.request, work.facts, work.arrays
    lineups, scores = chosen_lineups(facts, arrays), chosen_scores(facts, arrays)
    races = arrays.get(facts.of(RACES).races)
    selection = half(races["points"], selection=True)
    report = half(races["points"], selection=False)
    totals = report[:, lineups].sum(axis=2, dtype=np.int32)
    projections = projected_points(request.slate, selection)
    ids = [driver.driver_id for driver in request.slate.drivers]
    counts = np.bincount(lineups.ravel(), minlength=len(ids))
    spec_hash = simulated_spec(request, facts).spec_hash
    answer: Json = {
        "site": request.slate.site.key,
        "lineups": [
            _lineup(request, lineup, totals[:, index], float(scores[index]), projections)
            for index, lineup in enumerate(lineups)
        ],
        "exposure": {ids[i]: float(counts[i] / len(lineups)) for i in range(len(ids))},
        "portfolio_correlation": compute_portfolio_correlation(lineups, len(ids)),
        "scenario_diagnostics": _diagnostics(request, facts),
        "kernel_stats": _kernel_stats(facts),
        "explain": explanation(
            request, lineups, totals, report, half(races["regime"], selection=False)
        ),
        "calibration_metrics": load_calibration(request.spec.track.track_type)
        if request.include_calibration
        else None,
        "constraint_spec_hash": spec_hash,
        "run_config": RunConfig(
            spec_hash=spec_hash,
            seed=request.seed,
            simulation=SimulationParameters(
                n_scenarios=request.n_scenarios,
                block_scenarios=BLOCK_SCENARIOS,
                selection_scenarios=len(selection),
                report_scenarios=len(report),
            ),
            choice={
                "objective": request.objective,
                "cvar_alphas": list(request.target.alphas),
                "cvar_weights": list(request.target.weights),
                "pool_size": facts.of(PORTFOLIO).pool_size,
                "randomness": None if request.randomness is None else max(request.randomness),
                **{name: getattr(request, name) for name in OBJECTIVES[request.objective].fields},
            },
        ).to_document(),
        "proof": _proof(request, facts, len(selection)),
        "notes": _notes(request, facts, len(selection)),
    }
    add_leverage(answer, request, facts, lineups, projections)
    if request.validate_tail:
        validation = facts.of(VALIDATION)
        answer["tail_validation"] = tail_validation(request, validation)
        answer["notes"] += tail_notes(validation)
    if request.contest is not None:
        _add_contest(answer, request, facts, arrays, lineups)
    return answer


def _lineup(
    request: OptimizeRequest,
    lineup: npt.NDArray[np.uint8],
    ticks: npt.NDArray[np.int32],
    score: float,
    projections: npt.NDArray[np.float64],
) -> Json:
    drivers = sorted(
        (int(index) for index in lineup),
        key=lambda i: (-request.slate.drivers[i].salary_usd, request.slate.drivers[i].name),
    )
    metrics = asdict(compute_tail_metrics(ticks / TICKS_PER_POINT))
    picked = [request.slate.drivers[i] for i in drivers]
    return {
        "drivers": [
            {
                "driver_id": driver.driver_id,
                "name": driver.name,
                "salary": driver.salary_usd,
                "projected_points": round(float(projections[i]), 4),
                "position": driver.start_position,
            }
            for i, driver in zip(drivers, picked, strict=True)
        ],
        **metrics,
        "objective_value": score,
        "total_salary": sum(driver.salary_usd for driver in picked),
        "team_distribution": dict(
            sorted(Counter(driver.team for driver in picked if driver.team is not None).items())
        ),
    }


def _proof(request: OptimizeRequest, facts: Facts, races: int) -> Json:
    """Bounds that no lineup left out, and no other portfolio, exceeds.

    Walks in points, or in USD a race; a portfolio's worth in points a lineup.
    """
    unit = plan_of(request.objective).scores_per_unit(races)
    chosen, walked = facts.of(PORTFOLIO), facts.get(LINEUPS)
    return {
        "walks": []
        if walked is None
        else [_walk(strand, unit, facts) for strand in walked.strands],
        "portfolio": None
        if chosen.bound is None
        else {"worth": chosen.worth, "bound": chosen.bound},
    }


def _walk(strand: Strand, unit: int, facts: Facts) -> Json:
    bound = None if strand.proof.bound is None else strand.proof.bound / unit
    look = facts.get(SECOND_LOOK)
    shrinkage = strand.shrinkage if look is None else look.shrinkage
    return {
        "regime": strand.regime,
        **asdict(strand.proof),
        "bound": bound,
        "shrinkage": None
        if shrinkage is None or shrinkage.lineups == 0
        else {
            "lineup_share": shrinkage.lineup_share,
            "driver_share": shrinkage.driver_share,
            "n_lineups": shrinkage.lineups,
            "second_look_scenarios": 0 if look is None else look.races,
        },
    }


def _diagnostics(request: OptimizeRequest, facts: Facts) -> Json:
    fact, races = facts.of(RACES), request.n_scenarios
    figures = fact.figures
    ids = [driver.driver_id for driver in request.slate.drivers]

    def by_driver(sums: Sequence[int]) -> dict[str, float]:
        return {name: total / races for name, total in zip(ids, sums, strict=True)}

    return {
        "n_scenarios_generated": figures.validated,
        "n_valid": races,
        "rejection_rate": figures.rejected / figures.validated,
        "avg_laps_led": by_driver(figures.laps_led),
        "avg_fastest_laps": by_driver(figures.fastest_laps),
        "avg_position_differential": by_driver(figures.positions_gained),
        "avg_cautions": figures.cautions / races,
        "regime_shares": {name: count / races for name, count in fact.regimes.items()},
        "knowledge": shown_knowledge(request, facts),
        "market": shown_market(request, facts),
        "odds": shown_odds(request, facts),
    }


def _kernel_stats(facts: Facts) -> Json:
    figures = facts.of(RACES).figures
    return {
        "total_validated": figures.validated,
        "total_rejected": figures.rejected,
        "rejection_rate": figures.rejected / figures.validated,
        "veto_reasons": figures.veto_reasons,
    }


def _notes(request: OptimizeRequest, facts: Facts, selection: int) -> list[str]:
    notes = list(request.slate.warnings)
    alpha = max(request.target.alphas)
    wanted = adaptive_scenario_count(alpha)
    if selection < wanted:
        notes.append(
            f"The tail at {alpha:g} is {(1 - alpha) * selection:.0f} of the {selection} races that "
            f"lineups are chosen on; give {wanted} scenarios to make it 100."
        )
    notes += knowledge_notes(request, facts)
    typed = any(driver.projected_points is not None for driver in request.slate.drivers)
    notes += view_notes(
        request, ranks_as_typed=typed and OBJECTIVES[request.objective].takes_randomness
    )
    notes += odds_notes(request, facts)
    if request.contest is not None:
        notes += contest_notes(request, facts)
    return notes


def _as_replayed(request: OptimizeRequest) -> bool:
    """Whether the record of real contests is of choices like this one."""
    view, contest = request.market, request.contest
    return (
        request.objective in replayed()
        and request.slate.site.key == "draftkings"
        and request.leverage is None
        and not request.unshrunken
        and request.odds is None
        and view is not None
        and view.conviction == view.market.conviction
        and contest is not None
        and contest.payouts.entry_fee_cents > 0
        and contest.payouts.field_size >= _SMALLEST_REPLAYED
    )


def luck_notes(report: Json, in_sample: Json) -> list[str]:
    """A note where more than half of the ROI on the races that were searched was their luck."""
    fresh, chosen_on = report["roi"], in_sample["roi"]
    if fresh is None or report["roi_se"] is None or in_sample["roi_se"] is None:
        return []
    noise = math.hypot(report["roi_se"], in_sample["roi_se"])
    if chosen_on - fresh <= _CLEAR_ERRORS * noise or fresh > chosen_on / 2.0:
        return []
    return [
        f"ROI is {chosen_on:+.0%} on the races that were searched for lineups and {fresh:+.0%} on "
        "fresh ones: more than half of the first is the luck of those races. Simulate more races."
    ]


def _loss_notes(roi: float | None, error: float | None) -> list[str]:
    if roi is None:
        return []
    if roi > 0.0:
        if error is None or roi >= 2.0 * error:
            return []
        return ["Whether these lineups win or lose is within the error of so few races."]
    if error is not None and roi > -2.0 * error:
        return ["These lineups win no more than they cost, as far as so few races can tell."]
    return ["These lineups lose money in the simulated contest."]


def _add_contest(
    answer: Json, request: OptimizeRequest, facts: Facts, arrays: Blobs, lineups: Lineups
) -> None:
    """Add the contest's figures: fresh races in front, those of the selection beside them."""
    played, field = facts.of(CONTEST), facts.of(FIELD)
    report = contest_results(request, arrays, lineups, [played.report])
    in_sample = contest_results(request, arrays, lineups, [played.selection])
    kept = ("roi", "roi_se", "cash_pct", "win_prob", "top_1_pct", "expected_duplicates")
    for lineup, fresh, chosen_on in zip(
        answer["lineups"], report.pop("per_lineup"), in_sample.pop("per_lineup"), strict=True
    ):
        lineup |= {name: fresh[name] for name in kept}
        lineup["roi_in_sample"] = chosen_on["roi"]
    ids = [driver.driver_id for driver in request.slate.drivers]
    owned = np.array(field.model.ownership_percent)
    views = by_conviction(request, facts, arrays, lineups, report)
    answer["contest"] = {
        **report,
        "opponents_mean_salary": float(owned @ request.slate.salaries_usd) / 100.0,
        "by_conviction": views,
        "in_sample": {
            name: in_sample[name]
            for name in ("roi", "roi_se", "cash_pct", "win_prob", "n_simulations")
        },
    }
    answer["notes"] += market_notes(views)
    if _as_replayed(request):
        answer["notes"].append(replayed()[request.objective].sentence(request.objective))
    if OBJECTIVES[request.objective].unit is Unit.USD:
        answer["notes"] += luck_notes(report, in_sample)
    answer["notes"] += _loss_notes(report["roi"], report["roi_se"])
    answer["ownership_percent"] = dict(zip(ids, field.model.ownership_percent, strict=True))
    answer["ownership_source"] = field.source
