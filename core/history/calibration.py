"""The few numbers of a backtest that travel with every answer of the model."""

from typing import Any

from core.history.report import BacktestReport
from core.slate.tracks import TrackType


def end_to_end_calibration(
    report: BacktestReport, track_type: TrackType | None = None
) -> dict[str, Any]:
    """Give the calibration summary of a backtest: ``calibration_metrics`` of a job's answer.

    Parameters
    ----------
    report
        Of a walk-forward backtest.
    track_type
        Of whose races; of all where not given.

    Returns
    -------
    ``crps`` and ``baseline_crps``, of climatology by track type and start, in DraftKings points;
    ``coverage`` of the central 50, 80 and 95% intervals of points, by percent; ``log_score`` of the
    finish in nats; ``n_races`` that all this rests on. ``None`` for what no race told.
    """
    document = report.to_json()
    if track_type is not None:
        document = document["by_track_type"][track_type.value]
    points = document["points"] or {}
    return {
        "crps": points.get("crps"),
        "log_score": document["log_score"],
        "coverage": points.get("coverage"),
        "n_races": document["races"],
        "baseline_crps": points.get("baseline_crps"),
    }


def calibration_document(report: BacktestReport) -> dict[str, Any]:
    """Give what :func:`core.race.load_calibration` reads: the summary by kind of track and of all.

    Kinds of track without a race graded are left out.
    """
    return {
        "from": report.first_date,
        "to": report.last_date,
        "all": end_to_end_calibration(report),
        "track_types": {kind.value: end_to_end_calibration(report, kind) for kind in report.kinds},
    }
