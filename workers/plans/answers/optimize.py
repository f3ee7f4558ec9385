"""The answer of an optimize job, as the API shows it; figures come from the report's races."""

from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from core.contest import MICROS_PER_USD
from core.lineups import Lineups, adaptive_scenario_count, compute_tail_metrics
from core.portfolio import compute_portfolio_correlation
from core.race import (
    BLOCK_SCENARIOS,
    Regime,
    RunConfig,
    SimulationParameters,
    load_calibration,
)
from core.slate import TICKS_PER_POINT
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json
from workers.plans.answers.leverage import add_leverage
from workers.plans.requests.optimize import Objective, OptimizeRequest
from workers.plans.stages import races as race_stage
from workers.plans.stages.choice import PORTFOLIO
from workers.plans.stages.contest import (
    FIELD,
    REPORT,
    SELECTION,
    contest_notes,
    contest_results,
    field_model,
    projected_points,
)
from workers.plans.stages.knowledge import knowledge_notes, shown, simulated_spec
from workers.plans.stages.races import half
from workers.plans.stages.validation import VALIDATION, tail_notes
from workers.plans.stages.walk import LINEUPS

Points = npt.NDArray[np.int16]


def answer(
    request: OptimizeRequest,
    facts: Facts,
    blobs: Blobs,
    lineups: Lineups,
    scores: npt.NDArray[np.float64],
) -> Json:
    """Give the whole result; it depends on the request alone, not on how it was computed."""
    races = blobs.get(facts[race_stage.NAME]["races"])
    selection = half(races["points"], selection=True)
    report = half(races["points"], selection=False)
    totals = report[:, lineups].sum(axis=2, dtype=np.int32)
    projections = projected_points(request.slate, selection)
    ids = [driver.driver_id for driver in request.slate.drivers]
    counts = np.bincount(lineups.ravel(), minlength=len(ids))
    spec_hash = simulated_spec(request.spec, facts).spec_hash
    given: Json = {
        "lineups": [
            _lineup(request, lineup, totals[:, place], float(scores[place]), projections)
            for place, lineup in enumerate(lineups)
        ],
        "exposure": {ids[i]: float(counts[i] / len(lineups)) for i in range(len(ids))},
        "portfolio_correlation": compute_portfolio_correlation(lineups, len(ids)),
        "scenario_diagnostics": _diagnostics(request, facts),
        "kernel_stats": _kernel_stats(facts),
        "explain": _explain(
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
                "objective": request.objective.value,
                "cvar_alphas": list(request.target.alphas),
                "cvar_weights": list(request.target.weights),
                "pool_size": facts[PORTFOLIO]["pool_size"],
                "randomness": None if request.randomness is None else max(request.randomness),
            },
        ).to_document(),
        "proof": _proof(request, facts, len(selection)),
        "notes": _notes(request, facts, len(selection)),
    }
    add_leverage(given, request, facts, lineups, projections)
    if request.validate_tail:
        given["tail_validation"] = facts[VALIDATION]
        given["notes"] += tail_notes(given["tail_validation"])
    if request.contest is not None:
        _add_contest(given, request, facts, blobs, lineups)
    return given


def _lineup(
    request: OptimizeRequest,
    lineup: npt.NDArray[np.uint8],
    ticks: npt.NDArray[np.int32],
    score: float,
    projections: npt.NDArray[np.float64],
) -> Json:
    drivers = sorted(
        (int(place) for place in lineup),
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
    """Say what no lineup that was left out, and no other portfolio, is better than.

    Walks in points, or in USD a race; a portfolio's worth in points a lineup.
    """
    unit = races * MICROS_PER_USD if request.objective is Objective.DOLLARS else 1
    chosen = facts[PORTFOLIO]
    return {
        "walks": [
            {**walk, "bound": None if walk["bound"] is None else walk["bound"] / unit}
            for walk in facts.get(LINEUPS, {}).get("proofs", [])
        ],
        "portfolio": None
        if chosen.get("bound") is None
        else {"worth": chosen["worth"], "bound": chosen["bound"]},
    }


def _diagnostics(request: OptimizeRequest, facts: Facts) -> Json:
    found, races = facts[race_stage.NAME], request.n_scenarios
    ids = [driver.driver_id for driver in request.slate.drivers]

    def by_driver(sums: list[int]) -> dict[str, float]:
        return {name: total / races for name, total in zip(ids, sums, strict=True)}

    return {
        "n_scenarios_generated": found["validated"],
        "n_valid": races,
        "rejection_rate": found["rejected"] / found["validated"],
        "avg_laps_led": by_driver(found["laps_led"]),
        "avg_fastest_laps": by_driver(found["fastest_laps"]),
        "avg_position_differential": by_driver(found["positions_gained"]),
        "avg_cautions": found["cautions"] / races,
        "regime_shares": {name: count / races for name, count in found["regimes"].items()},
        "knowledge": shown(request, facts),
    }


def _kernel_stats(facts: Facts) -> Json:
    found = facts[race_stage.NAME]
    return {
        "total_validated": found["validated"],
        "total_rejected": found["rejected"],
        "rejection_rate": found["rejected"] / found["validated"],
        "veto_reasons": found["veto_reasons"],
    }


def _explain(
    request: OptimizeRequest,
    lineups: Lineups,
    totals: npt.NDArray[np.int32],
    report: Points,
    regime: npt.NDArray[np.uint8],
) -> Json:
    """Say what the best 1% of the first lineup's races have in common, and which limits bind."""
    first = totals[:, 0]
    tail = np.argsort(-first, kind="stable")[: max(1, len(first) // 100)]
    slate, limits = request.slate, request.limits
    counts = np.bincount(lineups.ravel(), minlength=len(slate))

    def shares(rows: npt.NDArray[np.uint8]) -> dict[str, float]:
        return {kind.name.lower(): float((rows == kind).mean()) for kind in Regime}

    def driver_tail(i: int) -> Json:
        best = float(report[tail, i].mean()) / TICKS_PER_POINT
        return {
            "driver_id": slate.drivers[i].driver_id,
            "name": slate.drivers[i].name,
            "mean_points_in_tail": best,
            "mean_points": float(report[:, i].mean()) / TICKS_PER_POINT,
            "share_of_tail": best / (float(first[tail].mean()) / TICKS_PER_POINT),
        }

    salaries = slate.salaries_usd[lineups].sum(axis=1)
    teams = [
        team.name
        for team, most in zip(limits.teams, limits.team_most, strict=True)
        if np.isin(lineups, team.members).any(axis=1).sum() >= most
    ]
    return {
        "why_high_tail": {
            "races_in_tail": len(tail),
            "regimes_in_tail": shares(regime[tail]),
            "regimes": shares(regime),
            "drivers": [driver_tail(int(i)) for i in lineups[0]],
        },
        "constraint_binding": {
            "max_driver_exposure": [
                driver.name for i, driver in enumerate(slate.drivers) if counts[i] >= limits.most[i]
            ],
            "max_team_exposure": teams,
            "lineups_at_salary_cap": int((salaries == request.rules.salary_cap_usd).sum()),
            "mean_salary": float(salaries.mean()),
        },
        "tail_vs_mean": {
            "mean_points": float(totals.mean()) / TICKS_PER_POINT,
            "mean_points_in_own_tail": float(
                np.mean([np.sort(t)[-max(1, len(t) // 100) :].mean() for t in totals.T])
            )
            / TICKS_PER_POINT,
        },
    }


def _notes(request: OptimizeRequest, facts: Facts, selection: int) -> list[str]:
    notes = list(request.slate.warnings)
    alpha = max(request.target.alphas)
    wanted = 2 * adaptive_scenario_count(alpha)
    if request.n_scenarios < wanted:
        notes.append(
            f"The {alpha:g} tail is {(1 - alpha) * selection:.0f} of the {selection} races that "
            f"lineups are chosen on; {wanted} scenarios would make it 100."
        )
    notes += knowledge_notes(request, facts)
    if request.contest is not None:
        notes += contest_notes(request, facts)
    return notes


def _add_contest(
    given: Json, request: OptimizeRequest, facts: Facts, blobs: Blobs, lineups: Lineups
) -> None:
    """Add what the contest made of the lineups: fresh races in front, the selection's beside."""
    report = contest_results(request, facts, blobs, lineups, REPORT)
    seen = contest_results(request, facts, blobs, lineups, SELECTION)
    kept = ("roi", "roi_se", "cash_pct", "win_prob", "top_1_pct", "expected_duplicates")
    for lineup, fresh, chosen_on in zip(
        given["lineups"], report.pop("per_lineup"), seen.pop("per_lineup"), strict=True
    ):
        lineup |= {name: fresh[name] for name in kept}
        lineup["roi_in_sample"] = chosen_on["roi"]
    ids = [driver.driver_id for driver in request.slate.drivers]
    ownership: dict[str, Any] = dict(zip(ids, field_model(facts).ownership_percent, strict=True))
    owned = np.array(field_model(facts).ownership_percent)
    given["contest"] = {
        **report,
        "opponents_mean_salary": float(owned @ request.slate.salaries_usd) / 100.0,
        "in_sample": {
            name: seen[name] for name in ("roi", "roi_se", "cash_pct", "win_prob", "n_simulations")
        },
    }
    if report["roi"] is not None and report["roi"] <= 0.0:
        given["notes"].append("These lineups lose money in the simulated contest.")
    given["ownership_percent"] = ownership
    given["ownership_source"] = facts[FIELD]["source"]
