"""The summary of a backtest that every answer of the model carries."""

from typing import Any

from core.history.grading.report import BacktestReport
from core.history.grading.report_document import report_document
from core.slate.tracks import TrackType


def end_to_end_calibration(
    report: BacktestReport, track_type: TrackType | None = None
) -> dict[str, Any]:
    """Calibration summary of a backtest: ``calibration_metrics`` of a job's answer.

    Parameters
    ----------
    report
        Of a walk-forward backtest.
    track_type
        Kind of track whose races count; by default those of every kind.

    Returns
    -------
    ``crps`` and ``baseline_crps`` (of climatology by track type and start), in DraftKings points;
    ``coverage`` of the central 50, 80 and 95% intervals of points, by percent; ``log_score`` of the
    finish in nats; ``n_races``, the number of races. ``None`` where no race has the data.
    """
    document = report_document(report)
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
    """The document that :func:`core.race.load_calibration` reads: summaries by kind of track.

    Kinds of track without a graded race are left out.
    """
    return {
        "from": report.first_date,
        "to": report.last_date,
        "all": end_to_end_calibration(report),
        "track_types": {kind.value: end_to_end_calibration(report, kind) for kind in report.kinds},
    }
