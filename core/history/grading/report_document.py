"""A backtest's report as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from core.history.grading.graded import GradedRace
from core.history.grading.joint import STATISTICS, Joint
from core.history.grading.report import EVENTS, BacktestReport
from core.race import Regime
from core.slate.tracks import TrackType


def report_document(report: BacktestReport) -> dict[str, Any]:
    """The report as JSON: numbers, lists and objects; ``None`` = not known."""
    document = {
        **_summary(report, None),
        "by_track_type": {kind.value: _summary(report, kind) for kind in report.kinds},
        "rank_correlation_outside_superspeedways": report.rank_correlation_outside_superspeedways,
        "joint": {
            "all" if kind is None else kind.value: {
                name: None if test is None else asdict(test) for name, test in tests.items()
            }
            for kind, tests in report.joint.items()
        },
        "regimes": {
            "all" if kind is None else kind.value: {
                regime.name.lower(): asdict(share) for regime, share in report.regimes(kind).items()
            }
            for kind in (None, *report.kinds)
        },
        "reliability": {event: _reliability(report, event) for event in EVENTS},
        "pit": {
            name: None if (shares := report.pit(name)) is None else shares.tolist()
            for name in ("finish", "points")
        },
        "kernel": {
            "total_validated": report.kernel.total_validated,
            "total_rejected": report.kernel.total_rejected,
            "veto_reasons": dict(report.kernel.veto_reasons),
        },
        "each_race": [_race_document(race) for race in report.races],
        "fitted": [asdict(fitted) for fitted in report.fits],
        "from": report.first_date,
        "to": report.last_date,
        "scenarios": report.scenarios,
        "seed": report.seed,
    }
    cleaned: dict[str, Any] = _rounded(document)
    return cleaned


def _summary(report: BacktestReport, kind: TrackType | None) -> dict[str, Any]:
    races = report.of(kind)
    finish, points = report.finish_scores(kind), report.points_scores(kind)
    return {
        "races": len(races),
        "drivers": sum(len(race.drivers) for race in races),
        "log_score": report.log_score(kind),
        "baseline_log_score": report.baseline_log_score(kind),
        "finish": None
        if finish is None
        else {**asdict(finish), "rank_correlation": report.rank_correlation(kind)},
        "points": None
        if points is None
        else {**asdict(points), "races": sum(race.points is not None for race in races)},
    }


def _reliability(report: BacktestReport, event: str) -> dict[str, Any]:
    table, (brier, by_rate) = report.reliability(event), report.brier(event)
    return {
        "brier": brier,
        "brier_of_the_mean_frequency": by_rate,
        "edges": table.edges.tolist(),
        "forecast": table.forecast.tolist(),
        "observed": table.observed.tolist(),
        "count": table.count.tolist(),
    }


def _race_document(race: GradedRace) -> dict[str, Any]:
    def both(joint: Joint) -> dict[str, float]:
        return {name: float(joint.values(name).mean()) for name in STATISTICS}

    points = race.points
    return {
        "season": race.key[0],
        "round": race.key[1],
        "date": race.date,
        "track": race.track,
        "track_type": race.track_type.value,
        "drivers": len(race.drivers),
        "finish_crps": float(race.finish.crps.mean()),
        "finish_baseline_crps": float(race.finish.climatology.mean()),
        "points_crps": None if points is None else float(points.crps.mean()),
        "points_baseline_crps": None if points is None else float(points.climatology.mean()),
        "rank_correlation": race.rank_correlation,
        "real_salaries": race.real_salaries,
        "real": both(race.real_joint),
        "simulated": both(race.simulated_joint),
        "regime": race.regime.name.lower(),
        "regime_shares": {
            regime.name.lower(): float(race.regime_shares[regime]) for regime in Regime
        },
    }


def _rounded(part: Any) -> Any:
    """Round numbers to six places; ``None`` for numbers that are not finite."""
    if isinstance(part, float):
        return round(part, 6) if np.isfinite(part) else None
    if isinstance(part, Mapping):
        return {name: _rounded(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_rounded(value) for value in part]
    return part
