"""A backtest's report as text tables."""

from collections.abc import Sequence

import numpy as np

from core.history.grading.joint import STATISTICS
from core.history.grading.pit import COVERAGE_LEVELS
from core.history.grading.report import EVENTS, BacktestReport, QuantityScores
from core.slate.tracks import TrackType

REJECTED = 0.01

_SHORT = {
    TrackType.SUPERSPEEDWAY: "super",
    TrackType.INTERMEDIATE: "interm.",
    TrackType.SHORT: "short",
    TrackType.ROAD: "road",
}


def report_table(report: BacktestReport) -> str:
    """The report as text, one table for each subject."""
    outside = report.rank_correlation_outside_superspeedways
    kernel = report.kernel
    fits = [f"to {fitted.races} before {fitted.before}" for fitted in report.fits]
    last = [
        "" if outside is None else f"Rank correlation outside superspeedways {outside:.3f}.",
        f"Log score of the finish {report.log_score():.3f} nats, climatology's "
        f"{report.baseline_log_score():.3f}.",
        f"{report.scenarios:,} scenarios a race, seed {report.seed}; the kernel judged "
        f"{kernel.total_validated:,} and rejected {kernel.total_rejected:,}.",
        f"Parameters fitted {', '.join(fits)}." if fits else "Parameters given, not fitted.",
    ]
    parts = [
        _score_table(report, "Finish", "finish"),
        _score_table(report, "DraftKings points", "points"),
        _coverage_table(report),
        _joint_table(report),
        _joint_kinds_table(report),
        _regime_table(report),
        _event_table(report),
        "\n".join(line for line in last if line),
    ]
    return "\n\n".join(part for part in parts if part)


def _rows(report: BacktestReport) -> list[tuple[str, TrackType | None]]:
    return [*((kind.value, kind) for kind in report.kinds), ("all", None)]


def _score_table(report: BacktestReport, title: str, quantity: str) -> str:
    rows = []
    for name, kind in _rows(report):
        scores = report.finish_scores(kind) if quantity == "finish" else report.points_scores(kind)
        if scores is None:
            continue
        graded = [race for race in report.of(kind) if getattr(race, quantity) is not None]
        row = [
            name,
            str(len(graded)),
            f"{scores.crps:.3f}",
            f"{scores.baseline_crps:.3f}",
            f"{scores.rolling_crps:.3f}",
            f"{100 * scores.skill:.1f}%",
            _plus_minus(100 * scores.skill_error),
            f"{100 * scores.rolling_skill:.1f}%",
        ]
        if quantity == "finish":
            row.append(f"{report.rank_correlation(kind):.3f}")
        rows.append(row)
    head = [title, "races", "CRPS", "climatology", "rolling", "skill", "±", "on rolling"]
    return _aligned([*head, "rank corr."] if quantity == "finish" else head, rows)


def _coverage_table(report: BacktestReport) -> str:
    rows = []
    scored: list[tuple[str, QuantityScores | None]] = [
        ("points, all", report.points_scores()),
        *((f"points, {kind}", report.points_scores(kind)) for kind in report.kinds),
        ("finish, all", report.finish_scores()),
    ]
    for name, scores in scored:
        if scores is None:
            continue
        for title, coverage in (
            (name, scores.coverage),
            (f"{name}, top ten", scores.coverage_top),
        ):
            if title.endswith("top ten") and not name.endswith("all"):
                continue
            errors = scores.coverage_error
            rows.append(
                [
                    title,
                    *(f"{100 * share:.1f}%" for share in coverage.values()),
                    *(
                        [""] * len(coverage)
                        if title.endswith("top ten")
                        else [_plus_minus(100 * error) for error in errors.values()]
                    ),
                ]
            )
    levels = [f"{100 * level:.0f}%" for level in COVERAGE_LEVELS]
    return _aligned(["Coverage", *levels, *("±" for _ in levels)], rows)


def _joint_table(report: BacktestReport) -> str:
    rows = [
        [
            STATISTICS[name],
            str(test.races),
            _figure(test.real_mean),
            _figure(test.simulated_mean),
            _figure(test.real_sd),
            _figure(test.simulated_sd),
            p_text(test.p_value),
            p_text(test.p_value_cvm),
            "rejected" if test.p_value < REJECTED else "",
        ]
        for name, test in report.joint[None].items()
        if test is not None
    ]
    head = ["Whole races", "races", "real", "simulated", "real sd", "sim. sd", "p", "p (CvM)"]
    return _aligned([*head, ""], rows)


def _joint_kinds_table(report: BacktestReport) -> str:
    rows = []
    for name, title in STATISTICS.items():
        row = [title]
        for kind in report.kinds:
            test = report.joint[kind][name]
            row += (
                ["", "", ""]
                if test is None
                else [
                    _figure(test.real_mean),
                    _figure(test.simulated_mean),
                    p_text(test.p_value) + ("!" if test.p_value < REJECTED else ""),
                ]
            )
        rows.append(row)
    head = ["By track type"]
    for kind in report.kinds:
        head += [_SHORT[kind], "sim.", "p"]
    return _aligned(head, rows)


def _regime_table(report: BacktestReport) -> str:
    rows = []
    for name, kind in _rows(report):
        shares = report.regimes(kind)
        row = [name, str(len(report.of(kind)))]
        for share in shares.values():
            row += [
                f"{100 * share.real:.0f}%",
                f"{100 * share.simulated:.0f}%",
                f"{100 * share.error:.0f}",
            ]
        rows.append(row)
    head = ["Regimes", "races"]
    for name in ("dominator", "chaos", "fuel mileage"):
        head += [name, "sim.", "±"]
    return _aligned(head, rows)


def _event_table(report: BacktestReport) -> str:
    rows = []
    for event in EVENTS:
        brier, by_rate = report.brier(event)
        rows.append(
            [
                event.replace("_", " "),
                f"{brier:.4f}",
                f"{by_rate:.4f}",
                f"{100 * (1 - brier / by_rate):.1f}%" if by_rate > 0 else "",
            ]
        )
    return _aligned(["Chances", "Brier", "of the mean", "skill"], rows)


def _figure(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def p_text(p_value: float) -> str:
    """A p-value to three places."""
    return "<.001" if p_value < 0.001 else f"{p_value:.3f}"


def _plus_minus(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else ""


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table: the first column to the left, the others to the right."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])
