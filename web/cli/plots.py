"""Pictures of a backtest: calibration, reliability, skill beside the baselines, the joint.

Colours are Okabe and Ito's, which colour-blind eyes tell apart; what is real is always dark.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from core.history.grading.events import ReliabilityTable
from core.history.grading.joint import STATISTICS
from core.history.grading.report import PIT_BINS, BacktestReport
from core.history.grading.report_table import p_text

F64 = npt.NDArray[np.float64]

BLUE, ORANGE, GREY, DARK = "#0072B2", "#E69F00", "#BBBBBB", "#222222"
DPI = 130

_EVENTS = {"win": "Win", "top_5": "Top 5", "top_10": "Top 10"}
_QUANTITIES = {"finish": "Finish", "points": "DraftKings points"}


def draw_backtest(report: BacktestReport, out: Path) -> dict[str, Path]:
    """Write the pictures into a folder; returns their paths by name."""
    pictures: dict[str, Callable[[BacktestReport], Figure]] = {
        "pit": _pit,
        "reliability": _reliability,
        "skill": _skill,
        "joint": _joint,
    }
    paths = {}
    for name, draw in pictures.items():
        figure = draw(report)
        paths[name] = out / f"{name}.png"
        figure.savefig(paths[name])
    return paths


def _figure(width: float, height: float, title: str, report: BacktestReport) -> Figure:
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    races = f"{len(report.races)} race{'s' * (len(report.races) != 1)}"
    figure.suptitle(
        f"{title}: {races}, {report.races[0].date} to {report.races[-1].date}", fontsize=12
    )
    return figure


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)


def _pit(report: BacktestReport) -> Figure:
    figure = _figure(9, 3.8, "Where outcomes fell in their forecasts", report)
    for axes, (name, title) in zip(
        figure.subplots(1, 2, sharey=True), _QUANTITIES.items(), strict=True
    ):
        shares = report.pit(name)
        axes.set_title(title, fontsize=11)
        _plain(axes)
        axes.set_xlabel("probability integral transform")
        axes.set_xlim(0, 1)
        if shares is None:
            axes.text(0.5, 0.5, "not known", ha="center", transform=axes.transAxes)
            continue
        axes.bar(
            np.arange(PIT_BINS) / PIT_BINS,
            shares * PIT_BINS,
            width=1 / PIT_BINS,
            align="edge",
            color=BLUE,
            edgecolor="white",
            linewidth=0.6,
        )
        axes.axhline(1.0, color=DARK, linestyle="--", linewidth=1.2, label="calibrated")
    figure.axes[0].set_ylabel("density (sides high: too narrow)")
    figure.axes[0].legend(loc="lower center", fontsize=9, framealpha=0.9)
    return figure


def _wilson(share: F64, count: F64) -> tuple[F64, F64]:
    """The 90% Wilson interval of a frequency, as if the cars were independent."""
    z = 1.645
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return np.minimum(middle - half, share), np.maximum(middle + half, share)


def _reliability(report: BacktestReport) -> Figure:
    figure = _figure(11, 4.2, "How often it happened when said to be so likely", report)
    for axes, (event, title) in zip(figure.subplots(1, 3), _EVENTS.items(), strict=True):
        table = report.reliability(event)
        score, by_rate = report.brier(event)
        _plain(axes)
        axes.set_title(f"{title} (Brier {score:.4f}, of the mean {by_rate:.4f})", fontsize=10)
        _reliability_curve(axes, table)
        axes.set_xlabel("forecast")
    figure.axes[0].set_ylabel("observed (bars: 90% interval)")
    return figure


def _reliability_curve(axes: Axes, table: ReliabilityTable) -> None:
    some = table.count > 0
    forecast, observed = table.forecast[some], table.observed[some]
    count = table.count[some].astype(np.float64)
    low, high = _wilson(observed, count)
    right, top = 1.12 * float(forecast.max()), 1.08 * float(max(forecast.max(), high.max()))
    axes.plot([0, top], [0, top], color=DARK, linestyle="--", linewidth=1.2)
    axes.errorbar(
        forecast,
        observed,
        yerr=[observed - low, high - observed],
        fmt="o-",
        color=BLUE,
        ecolor=GREY,
        elinewidth=2,
        markersize=5,
        linewidth=1.2,
    )
    for x, y, cars in zip(forecast, high, table.count[some], strict=True):
        axes.annotate(
            f"{cars}", (x, y), (0, 3), textcoords="offset points", ha="center", fontsize=7
        )
    axes.set_xlim(0, right)
    axes.set_ylim(0, top)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _skill(report: BacktestReport) -> Figure:
    figure = _figure(12, 4.2, "CRPS, better than climatology by track type and start", report)
    kinds = (*report.kinds, None)
    for axes, (name, title) in zip(
        figure.subplots(1, 2, sharey=True), _QUANTITIES.items(), strict=True
    ):
        _plain(axes)
        axes.set_title(title, fontsize=11)
        scored = [
            report.finish_scores(kind) if name == "finish" else report.points_scores(kind)
            for kind in kinds
        ]
        labels = []
        for index, (kind, scores) in enumerate(zip(kinds, scored, strict=True)):
            label = "all" if kind is None else kind.value
            labels.append(f"{label}\n({len(report.of(kind))})")
            if scores is None:
                continue
            rolling = 1.0 - scores.rolling_crps / scores.baseline_crps
            axes.bar(index - 0.19, scores.skill, 0.36, color=BLUE, label="simulated races")
            if np.isfinite(scores.skill_error):
                axes.errorbar(index - 0.19, scores.skill, scores.skill_error, color=DARK, capsize=3)
            axes.bar(index + 0.19, rolling, 0.36, color=ORANGE, label="driver's rolling normal")
        axes.axhline(0.0, color=DARK, linewidth=1)
        axes.set_xticks(range(len(kinds)), labels)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    figure.axes[0].set_ylabel("CRPS less than climatology's (line: 1 s.e.)")
    handles, names = figure.axes[0].get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    figure.axes[0].legend(list(once.values()), list(once), fontsize=9, loc="best")
    return figure


def _steps(values: F64) -> tuple[F64, F64]:
    """The distribution function of a sample, as the corners of its steps."""
    at, counts = np.unique(values, return_counts=True)
    return np.append(at[0], at), np.append(0.0, np.cumsum(counts) / len(values))


def _joint(report: BacktestReport) -> Figure:
    figure = _figure(13, 6.4, "Whole races, simulated and real", report)
    panels = figure.subplots(2, 4).ravel()
    for axes, (name, title) in zip(panels, STATISTICS.items(), strict=False):
        _plain(axes)
        axes.set_title(title[0].upper() + title[1:], fontsize=10)
        axes.set_ylim(0, 1.02)
        test = report.joint[None][name]
        if test is None:
            axes.text(0.5, 0.5, "not known", ha="center", transform=axes.transAxes)
            continue
        known = [race for race in report.races if np.isfinite(race.real_joint.values(name)).all()]
        simulated = np.concatenate([race.simulated_joint.values(name) for race in known])
        real = np.concatenate([race.real_joint.values(name) for race in known])
        low, high = np.quantile(simulated, [0.001, 0.999])
        axes.step(*_steps(simulated), where="post", color=ORANGE, linewidth=3.5, label="simulated")
        axes.step(*_steps(real), where="post", color=DARK, linewidth=1.3, label="real")
        axes.set_xlim(min(low, real.min()), max(high, real.max()))
        axes.text(
            0.97,
            0.06,
            f"p {p_text(test.p_value)}",
            ha="right",
            fontsize=9,
            transform=axes.transAxes,
            color=DARK,
        )
    panels[0].legend(loc="center right", fontsize=9)
    for axes in (panels[0], panels[4]):
        axes.set_ylabel("share of races at most so")
    _regimes(report, panels[-1])
    return figure


def _regimes(report: BacktestReport, axes: Axes) -> None:
    _plain(axes)
    axes.set_title("Share of races by regime", fontsize=10)
    shares = report.regimes()
    for index, share in enumerate(shares.values()):
        axes.bar(index - 0.19, share.simulated, 0.36, color=ORANGE, label="simulated (± 1 s.d.)")
        axes.errorbar(index - 0.19, share.simulated, share.error, color=GREY, capsize=3)
        axes.bar(index + 0.19, share.real, 0.36, color=DARK, label="real")
    axes.set_xticks(
        range(len(shares)), [regime.name.lower().replace("_", "\n") for regime in shares]
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    handles, names = axes.get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    axes.legend(list(once.values()), list(once), fontsize=9)
