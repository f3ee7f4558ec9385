"""What a backtest found: scores beside the baselines', coverage, the joint, regimes.

Means are over cars, so that a race counts by its field; standard errors are over races, since the
cars of one race share its luck.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.history.joint import STATISTICS, Joint, TwoSampleTest, compare_joint
from core.history.races import RaceKey
from core.history.scores import (
    COVERAGE_LEVELS,
    ReliabilityTable,
    brier_score,
    covered_shares,
    pit_histogram,
    reliability,
)
from core.race import KernelStats, Regime
from core.slate.tracks import TrackType

F64 = npt.NDArray[np.float64]

REJECTED = 0.01
PIT_BINS = 20
EVENTS = {
    "win": (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.25, 1.0),
    "top_5": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0),
    "top_10": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class GradedQuantity:
    """Finish or points of one race's drivers, each ``[D]``.

    Parameters
    ----------
    crps
        Of the simulated races.
    climatology, rolling
        Of the baselines; NaN where they know nothing.
    below, upto
        The PIT's two ends.
    """

    crps: F64
    climatology: F64
    rolling: F64
    below: F64
    upto: F64


@dataclass(frozen=True, slots=True, eq=False)
class GradedRace:
    """One race: what was said of it before and how that turned out. Drivers stand as on the grid.

    Parameters
    ----------
    mean_finish, mean_points
        Forecast, ``[D]``.
    points
        ``None`` where fastest laps, and so points, are not known.
    log_score, baseline_log_score
        Of the finish, ``[D]`` in nats, of the simulated races and of climatology.
    rank_correlation
        Spearman's, of mean and real finish.
    chances, happened
        To win, finish in the top 5 and in the top 10, ``[3, D]``, and whether so.
    top
        Indices of the ten dearest drivers, or the ten most skilled where salaries are not known.
    real_salaries
        Whether they are known.
    simulated_joint, real_joint
        Statistics of the whole race.
    regime, regime_shares
        The real race's, and the share of the simulated ones of each regime by number.
    kernel
        The judge's verdict on the simulated races.
    """

    key: RaceKey
    date: str
    track: str
    track_type: TrackType
    drivers: tuple[str, ...]
    mean_finish: F64
    mean_points: F64
    finish: GradedQuantity
    points: GradedQuantity | None
    log_score: F64
    baseline_log_score: F64
    rank_correlation: float
    chances: F64
    happened: npt.NDArray[np.bool_]
    top: npt.NDArray[np.intp]
    real_salaries: bool
    simulated_joint: Joint
    real_joint: Joint
    regime: Regime
    regime_shares: F64
    kernel: KernelStats


@dataclass(frozen=True, slots=True)
class Fitted:
    """One fit of the parameters: the date of the first race forecast with it, and its races."""

    before: str
    races: int


@dataclass(frozen=True, slots=True)
class QuantityScores:
    """Scores of finish or of points over some races.

    Parameters
    ----------
    crps, baseline_crps, rolling_crps
        Of the model, of climatology by track type and start, and of rolling normals, over the cars
        of which all three exist.
    skill, skill_error
        1 - crps / baseline_crps, and its standard error over races.
    rolling_skill
        The same against rolling normals.
    coverage, coverage_error
        Share of outcomes in the central interval by level in percent, and its standard error.
    coverage_top
        Of each race's ten dearest drivers.
    """

    crps: float
    baseline_crps: float
    rolling_crps: float
    skill: float
    skill_error: float
    rolling_skill: float
    coverage: Mapping[str, float]
    coverage_error: Mapping[str, float]
    coverage_top: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RegimeShare:
    """How often a regime was real and simulated, over the same races.

    Parameters
    ----------
    real, simulated
        Shares 0..1.
    error
        Standard deviation of the real share if the simulated ones are right: what so few races
        leave to chance.
    """

    real: float
    simulated: float
    error: float


@dataclass(frozen=True, eq=False)
class BacktestReport:
    """Everything found, race by race, and what it comes to.

    Parameters
    ----------
    races
        Graded, the oldest first; at least one.
    fits
        Of the parameters, in order; none where they were given.
    first_date, last_date
        As asked for.
    scenarios
        Simulated of each race.
    seed
        Of simulations and of tests.
    """

    races: tuple[GradedRace, ...]
    fits: tuple[Fitted, ...]
    first_date: str
    last_date: str
    scenarios: int
    seed: int

    @property
    def kinds(self) -> tuple[TrackType, ...]:
        """Kinds of track among the races."""
        return tuple(kind for kind in TrackType if self.of(kind))

    def of(self, kind: TrackType | None) -> tuple[GradedRace, ...]:
        """Give the races of a kind of track, of every kind for ``None``."""
        return tuple(race for race in self.races if kind in {None, race.track_type})

    def finish_scores(self, kind: TrackType | None = None) -> QuantityScores | None:
        """Score the finishes; ``None`` where no baseline exists."""
        races = self.of(kind)
        return _scores([race.finish for race in races], [race.top for race in races])

    def points_scores(self, kind: TrackType | None = None) -> QuantityScores | None:
        """Score the points of the races of which they are known; ``None`` where there are none."""
        known = [(race.points, race.top) for race in self.of(kind) if race.points is not None]
        return _scores([points for points, _ in known], [top for _, top in known])

    def rank_correlation(self, kind: TrackType | None = None) -> float:
        """Give the mean over races of Spearman's correlation of mean and real finish."""
        return _mean([race.rank_correlation for race in self.of(kind)])

    @property
    def rank_correlation_outside_superspeedways(self) -> float | None:
        """Give the same over all other tracks; ``None`` where there was no race on one."""
        others = [race for race in self.races if race.track_type is not TrackType.SUPERSPEEDWAY]
        return _mean([race.rank_correlation for race in others]) if others else None

    def log_score(self, kind: TrackType | None = None) -> float:
        """Mean logarithmic score of the finish, in nats."""
        return float(np.concatenate([race.log_score for race in self.of(kind)]).mean())

    def baseline_log_score(self, kind: TrackType | None = None) -> float:
        """Mean logarithmic score of climatology."""
        return float(np.concatenate([race.baseline_log_score for race in self.of(kind)]).mean())

    def pit(self, quantity: str, bins: int = PIT_BINS) -> F64 | None:
        """Give the PIT histogram of ``finish`` or ``points``, shares of ``[bins]``."""
        graded = [getattr(race, quantity) for race in self.races]
        ends = [(part.below, part.upto) for part in graded if part is not None]
        if not ends:
            return None
        below, upto = (np.concatenate(end) for end in zip(*ends, strict=True))
        return pit_histogram(below, upto, bins)

    def reliability(self, event: str) -> ReliabilityTable:
        """Tabulate how often one of ``EVENTS`` happened when said to be so likely."""
        chances, happened = self._event(event)
        return reliability(chances, happened, EVENTS[event])

    def brier(self, event: str) -> tuple[float, float]:
        """Give the Brier score of one of ``EVENTS`` and that of its mean frequency."""
        chances, happened = self._event(event)
        rate = float(happened.mean())
        return float(brier_score(chances, happened).mean()), rate * (1.0 - rate)

    def _event(self, event: str) -> tuple[F64, npt.NDArray[np.bool_]]:
        row = list(EVENTS).index(event)
        return (
            np.concatenate([race.chances[row] for race in self.races]),
            np.concatenate([race.happened[row] for race in self.races]),
        )

    @cached_property
    def joint(self) -> Mapping[TrackType | None, Mapping[str, TwoSampleTest | None]]:
        """Tests of the whole races' statistics, of each kind of track and (``None``) of all."""
        tests = {}
        for place, kind in enumerate([None, *TrackType]):
            races = self.of(kind)
            if races:
                tests[kind] = compare_joint(
                    [race.real_joint for race in races],
                    [race.simulated_joint for race in races],
                    self.seed,
                    place,
                )
        return tests

    def regimes(self, kind: TrackType | None = None) -> dict[Regime, RegimeShare]:
        """Give the share of each regime among real and simulated races."""
        races = self.of(kind)
        shares = {}
        for regime in (Regime.DOMINATOR, Regime.CHAOS, Regime.FUEL_MILEAGE):
            said = np.array([race.regime_shares[regime] for race in races])
            shares[regime] = RegimeShare(
                real=_mean([float(race.regime is regime) for race in races]),
                simulated=float(said.mean()),
                error=float(np.sqrt((said * (1.0 - said)).sum()) / len(races)),
            )
        return shares

    @property
    def kernel(self) -> KernelStats:
        """The judge's verdict on all simulated races."""
        return sum((race.kernel for race in self.races), KernelStats())

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain numbers, lists and objects; ``None`` = not known."""
        document = {
            **self._summary(None),
            "by_track_type": {kind.value: self._summary(kind) for kind in self.kinds},
            "rank_correlation_outside_superspeedways": self.rank_correlation_outside_superspeedways,
            "joint": {
                "all" if kind is None else kind.value: {
                    name: None if test is None else asdict(test) for name, test in tests.items()
                }
                for kind, tests in self.joint.items()
            },
            "regimes": {
                "all" if kind is None else kind.value: {
                    regime.name.lower(): asdict(share)
                    for regime, share in self.regimes(kind).items()
                }
                for kind in (None, *self.kinds)
            },
            "reliability": {event: self._reliability(event) for event in EVENTS},
            "pit": {
                name: None if (shares := self.pit(name)) is None else shares.tolist()
                for name in ("finish", "points")
            },
            "kernel": {
                "total_validated": self.kernel.total_validated,
                "total_rejected": self.kernel.total_rejected,
                "veto_reasons": dict(self.kernel.veto_reasons),
            },
            "each_race": [_race_document(race) for race in self.races],
            "fitted": [asdict(fitted) for fitted in self.fits],
            "from": self.first_date,
            "to": self.last_date,
            "scenarios": self.scenarios,
            "seed": self.seed,
        }
        cleaned: dict[str, Any] = _rounded(document)
        return cleaned

    def _summary(self, kind: TrackType | None) -> dict[str, Any]:
        races = self.of(kind)
        finish, points = self.finish_scores(kind), self.points_scores(kind)
        return {
            "races": len(races),
            "drivers": sum(len(race.drivers) for race in races),
            "log_score": self.log_score(kind),
            "baseline_log_score": self.baseline_log_score(kind),
            "finish": None
            if finish is None
            else {**asdict(finish), "rank_correlation": self.rank_correlation(kind)},
            "points": None
            if points is None
            else {**asdict(points), "races": sum(race.points is not None for race in races)},
        }

    def _reliability(self, event: str) -> dict[str, Any]:
        table, (brier, by_rate) = self.reliability(event), self.brier(event)
        return {
            "brier": brier,
            "brier_of_the_mean_frequency": by_rate,
            "edges": table.edges.tolist(),
            "forecast": table.forecast.tolist(),
            "observed": table.observed.tolist(),
            "count": table.count.tolist(),
        }

    def table(self) -> str:
        """Give the report as text, a table a subject."""
        outside = self.rank_correlation_outside_superspeedways
        kernel = self.kernel
        fits = [f"to {fitted.races} before {fitted.before}" for fitted in self.fits]
        last = [
            "" if outside is None else f"Rank correlation outside superspeedways {outside:.3f}.",
            f"Log score of the finish {self.log_score():.3f} nats, climatology's "
            f"{self.baseline_log_score():.3f}.",
            f"{self.scenarios:,} scenarios a race, seed {self.seed}; the kernel judged "
            f"{kernel.total_validated:,} and rejected {kernel.total_rejected:,}.",
            f"Parameters fitted {', '.join(fits)}." if fits else "Parameters given, not fitted.",
        ]
        parts = [
            self._score_table("Finish", "finish"),
            self._score_table("DraftKings points", "points"),
            self._coverage_table(),
            self._joint_table(),
            self._joint_kinds_table(),
            self._regime_table(),
            self._event_table(),
            "\n".join(line for line in last if line),
        ]
        return "\n\n".join(part for part in parts if part)

    def _rows(self) -> list[tuple[str, TrackType | None]]:
        return [*((kind.value, kind) for kind in self.kinds), ("all", None)]

    def _score_table(self, title: str, quantity: str) -> str:
        rows = []
        for name, kind in self._rows():
            scores = self.finish_scores(kind) if quantity == "finish" else self.points_scores(kind)
            if scores is None:
                continue
            graded = [race for race in self.of(kind) if getattr(race, quantity) is not None]
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
                row.append(f"{self.rank_correlation(kind):.3f}")
            rows.append(row)
        head = [title, "races", "CRPS", "climatology", "rolling", "skill", "±", "on rolling"]
        return _aligned([*head, "rank corr."] if quantity == "finish" else head, rows)

    def _coverage_table(self) -> str:
        rows = []
        scored: list[tuple[str, QuantityScores | None]] = [
            ("points, all", self.points_scores()),
            *((f"points, {kind}", self.points_scores(kind)) for kind in self.kinds),
            ("finish, all", self.finish_scores()),
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

    def _joint_table(self) -> str:
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
            for name, test in self.joint[None].items()
            if test is not None
        ]
        head = ["Whole races", "races", "real", "simulated", "real sd", "sim. sd", "p", "p (CvM)"]
        return _aligned([*head, ""], rows)

    def _joint_kinds_table(self) -> str:
        rows = []
        for name, title in STATISTICS.items():
            row = [title]
            for kind in self.kinds:
                test = self.joint[kind][name]
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
        for kind in self.kinds:
            head += [_SHORT[kind], "sim.", "p"]
        return _aligned(head, rows)

    def _regime_table(self) -> str:
        rows = []
        for name, kind in self._rows():
            shares = self.regimes(kind)
            row = [name, str(len(self.of(kind)))]
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

    def _event_table(self) -> str:
        rows = []
        for event in EVENTS:
            brier, by_rate = self.brier(event)
            rows.append(
                [
                    event.replace("_", " "),
                    f"{brier:.4f}",
                    f"{by_rate:.4f}",
                    f"{100 * (1 - brier / by_rate):.1f}%" if by_rate > 0 else "",
                ]
            )
        return _aligned(["Chances", "Brier", "of the mean", "skill"], rows)


_SHORT = {
    TrackType.SUPERSPEEDWAY: "super",
    TrackType.INTERMEDIATE: "interm.",
    TrackType.SHORT: "short",
    TrackType.ROAD: "road",
}


def _scores(
    graded: Sequence[GradedQuantity], tops: Sequence[npt.NDArray[np.intp]]
) -> QuantityScores | None:
    compared = [
        np.column_stack([part.crps, part.climatology, part.rolling])[
            np.isfinite(part.climatology) & np.isfinite(part.rolling)
        ]
        for part in graded
    ]
    compared = [rows for rows in compared if len(rows)]
    if not compared:
        return None
    crps, baseline, rolling = np.vstack(compared).mean(axis=0)
    skill = 1.0 - crps / baseline
    misses = [float((rows[:, 0] - (1.0 - skill) * rows[:, 1]).sum()) for rows in compared]
    cars = sum(len(rows) for rows in compared)
    by_race = [covered_shares(part.below, part.upto) for part in graded]
    of_top = [shares[:, top] for shares, top in zip(by_race, tops, strict=True)]
    levels = [f"{100 * level:.0f}" for level in COVERAGE_LEVELS]
    means = np.hstack(by_race).mean(axis=1)
    errors = [
        _error_of_sums(
            [float((shares[row] - means[row]).sum()) for shares in by_race],
            sum(shares.shape[1] for shares in by_race),
        )
        for row in range(len(levels))
    ]
    return QuantityScores(
        crps=float(crps),
        baseline_crps=float(baseline),
        rolling_crps=float(rolling),
        skill=float(skill),
        skill_error=_error_of_sums(misses, cars) / float(baseline),
        rolling_skill=float(1.0 - crps / rolling),
        coverage=dict(zip(levels, means.tolist(), strict=True)),
        coverage_error=dict(zip(levels, errors, strict=True)),
        coverage_top=dict(zip(levels, np.hstack(of_top).mean(axis=1).tolist(), strict=True)),
    )


def _error_of_sums(sums: Sequence[float], count: int) -> float:
    """Give the standard error of a mean over ``count`` cars from each race's sum of deviations."""
    races = len(sums)
    if races < 2:
        return float("nan")
    return float(np.sqrt(np.square(sums).sum() * races / (races - 1)) / count)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


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
    """Round numbers to six places and turn what is not finite into ``None``."""
    if isinstance(part, float):
        return round(part, 6) if np.isfinite(part) else None
    if isinstance(part, Mapping):
        return {name: _rounded(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_rounded(value) for value in part]
    return part


def _figure(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def p_text(p_value: float) -> str:
    """Give a p-value to three places."""
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
