"""The best portfolio of lineups by projected points, which may be randomised.

Without randomness all lineups are chosen together, with an upper bound of any portfolio's worth.
That is not possible where lineups must differ in three drivers or more, and may fail under a
budget. With randomness every lineup has its own projections, so lineups are chosen one by one.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from core.errors import Infeasible, InvalidInput
from core.lineups.board import Lineups
from core.lineups.legality import LineupRules
from core.portfolio.column_generation import best_together
from core.portfolio.infeasibility import require_legal
from core.portfolio.limits import PortfolioLimits
from core.portfolio.one_by_one import NextLineup, choose_one_by_one, choose_sparing
from core.portfolio.program import best_lineup
from core.portfolio.sequence import Lineup, Values, walk_to_next
from core.portfolio.solvers import SolverName, TimedOut
from core.randomness import Purpose, stream
from core.slate import Slate

Floats = npt.NDArray[np.float64]
Numbers = Sequence[float] | Floats
Engine = Literal["walk", "program"]

# searches add whole numbers, here millionths of a point, far finer than any projection
_UNITS_PER_POINT = 1_000_000


@dataclass(frozen=True, slots=True)
class Optimized:
    """The lineups of an optimizer.

    Parameters
    ----------
    lineups
        u8 ``[n, R]``: the most valuable first where they were chosen together, else in the order of
        choice.
    points
        f64 ``[n]``: each lineup's projected points, without randomness and costs.
    worth, bound
        Where all lineups were chosen together: the sum of their points less their costs, and an
        upper bound of that sum for any portfolio within the limits, both in points. ``None``
        elsewhere.
    """

    lineups: Lineups
    points: Floats
    worth: float | None = None
    bound: float | None = None


class BaseOptimizer(Protocol):
    """An optimizer of projections that :class:`LeverageAwareOptimizer` can wrap."""

    @property
    def rules(self) -> LineupRules:
        """Rules of every lineup."""

    @property
    def projections(self) -> Floats:
        """Points of each driver without randomness, ``[D]``."""

    def costing(self, costs_points: Floats, rules: LineupRules) -> "BaseOptimizer":
        """Copy of this optimizer with other rules and with costs of drivers, points ``[D]``."""

    def optimize(self) -> Optimized:
        """Choose the lineups."""


@dataclass(frozen=True, slots=True)
class NASCAROptimizer:
    """The best portfolio of lineups by projected points.

    Parameters
    ----------
    slate
        The drivers, and their projections unless ``projected_points`` is set.
    rules
        Rules of every lineup. Drivers who do not race are excluded as well.
    limits
        Limits of the portfolio, and its number of lineups.
    projected_points
        Projection of each driver, ``[D]``; the slate's by default. Excluded drivers need none.
    randomness
        0..1, for all drivers or each, ``[D]``: lineup i is chosen by each driver's projection times
        ``1 + randomness x u``, u uniform in -1..1. The draws depend on ``seed`` and i alone.
    seed
        Seed of the randomness, 0 .. 2**128 - 1.
    engine
        ``walk`` searches all legal lineups by the walk; ``program`` solves an integer program for
        each lineup, one by one. Where the last lineups cannot be found in this way, both complete
        the portfolio by the walk.
    solver, time_limit_seconds
        For the integer programs: ``highs`` or ``cbc``, by default the first that is installed, and
        the wall time for all of them together.
    costs_points
        Points that each driver takes off a lineup's worth, ``[D]``, never randomised; 0 by default.

    Raises
    ------
    InvalidInput
        A driver has no projection; a number is out of range; the limits are another slate's.
    """

    slate: Slate
    rules: LineupRules
    limits: PortfolioLimits
    projected_points: Numbers | None = None
    _: KW_ONLY
    randomness: float | Numbers = 0.0
    seed: int = 42
    engine: Engine = "walk"
    solver: SolverName | None = None
    time_limit_seconds: float | None = None
    costs_points: Numbers = ()

    def __post_init__(self) -> None:
        drivers = len(self.slate)
        out = [index for index, driver in enumerate(self.slate.drivers) if driver.out]
        excludes = tuple(sorted({*self.rules.excludes, *out}))
        object.__setattr__(self, "rules", replace(self.rules, excludes=excludes))
        randomness = np.array(self.randomness, dtype=np.float64)
        each: dict[str, Sequence[float] | Floats] = {
            "projected_points": self._known_points(),
            "randomness": np.full(drivers, randomness) if randomness.ndim == 0 else randomness,
            "costs_points": self.costs_points if len(self.costs_points) else np.zeros(drivers),
        }
        for name, numbers in each.items():
            # tuples, so that optimizers of equal arguments are equal
            object.__setattr__(self, name, tuple(map(float, numbers)))
        self._check(drivers)

    def _known_points(self) -> list[float]:
        """Projections ``[D]``, 0 for excluded drivers without one."""
        points: Sequence[float | None]
        if self.projected_points is None:
            points = [driver.projected_points for driver in self.slate.drivers]
        else:
            points = np.asarray(self.projected_points, dtype=np.float64).tolist()
        if len(points) != len(self.slate):
            raise InvalidInput(
                {"projected_points": f"{len(points)} for {len(self.slate)} drivers; give one each."}
            )
        unknown = [number is None or not math.isfinite(number) for number in points]
        without = [
            driver.name
            for index, driver in enumerate(self.slate.drivers)
            if unknown[index] and index not in self.rules.excludes
        ]
        if without:
            raise InvalidInput(
                {
                    "projected_points": f"none for {', '.join(without)}; give each a projection or "
                    "exclude him."
                }
            )
        return [
            0.0 if number is None or is_unknown else number
            for number, is_unknown in zip(points, unknown, strict=True)
        ]

    def _check(self, drivers: int) -> None:
        problems: dict[str, str] = {}
        if (
            len(self._randomness) != drivers
            or not ((self._randomness >= 0.0) & (self._randomness <= 1.0)).all()
        ):
            problems["randomness"] = "give 0 to 1, for all drivers or one each."
        if len(self.costs_points) != drivers or not np.isfinite(self.costs_points).all():
            problems["costs_points"] = "give one finite number for each driver."
        if self.engine not in {"walk", "program"}:
            problems["engine"] = f"{self.engine}; give walk or program."
        if not 0 <= self.seed < 2**128:
            problems["seed"] = f"{self.seed}; give 0 to 2**128 - 1."
        if self.limits.n_lineups < 1:
            problems["n_lineups"] = f"{self.limits.n_lineups}; give at least 1."
        if len(self.limits.drivers) != drivers or len(self.rules.salaries_usd) != drivers:
            problems["limits"] = f"rules and limits are not for a slate of {drivers} drivers."
        if self.time_limit_seconds is not None and not self.time_limit_seconds > 0.0:
            problems["time_limit_seconds"] = f"{self.time_limit_seconds}; give more than 0."
        if problems:
            raise InvalidInput(problems)

    @property
    def projections(self) -> Floats:
        """Points of each driver without randomness, ``[D]``."""
        return np.array(self.projected_points, dtype=np.float64)

    @property
    def _randomness(self) -> Floats:
        return np.array(self.randomness, dtype=np.float64)

    def projections_of(self, number: int) -> Floats:
        """Randomised points of each driver for lineup ``number``, counted from 0, ``[D]``.

        Every lineup draws for all drivers, so its draws depend on no other lineup, and a driver's
        draw on no other driver's randomness.
        """
        draws = stream(self.seed, Purpose.PROJECTIONS, number).uniform(-1.0, 1.0, len(self.slate))
        randomised: Floats = self.projections * (1.0 + self._randomness * draws)
        return randomised

    def costing(self, costs_points: Floats, rules: LineupRules) -> "NASCAROptimizer":
        """Copy of this optimizer with other rules and with these costs added, points ``[D]``."""
        both = np.asarray(self.costs_points, dtype=np.float64) + costs_points
        return replace(self, rules=rules, costs_points=both)

    def optimize(self) -> Optimized:
        """Choose exactly ``limits.n_lineups`` lineups.

        Raises
        ------
        Infeasible
            No lineup is legal, or no portfolio within the limits was found.
        TimedOut
            The integer programs were not all solved in time.
        """
        require_legal(self.rules, [driver.name for driver in self.slate.drivers])
        walks, randomised = self.engine == "walk", bool(self._randomness.any())
        if walks and not randomised and self.limits.min_unique <= 2:
            together = self._together()
            if together is not None:
                return together
        if walks and not randomised:
            lineups = choose_sparing(self._values(0), self.rules, self.limits)
        else:
            next_lineup = walk_to_next if walks else self._program()
            lineups = choose_one_by_one(self._values, self.rules, self.limits, next_lineup)
        return Optimized(lineups, self._points(lineups))

    def _points(self, lineups: Lineups) -> Floats:
        points: Floats = self.projections[lineups].sum(axis=1)
        return points

    def _values(self, number: int) -> Values:
        worth = self.projections_of(number) - np.asarray(self.costs_points, dtype=np.float64)
        return np.asarray(np.rint(worth * _UNITS_PER_POINT), dtype=np.int64)

    def _together(self) -> Optimized | None:
        """Choose all lineups together; ``None`` where that does not complete the portfolio."""
        together = best_together(self._values(0), self.rules, self.limits)
        if together is None or not together.complete:
            return None
        return Optimized(
            together.lineups,
            self._points(together.lineups),
            together.worth / _UNITS_PER_POINT,
            together.bound / _UNITS_PER_POINT,
        )

    def _program(self) -> NextLineup:
        """The search for the next lineup by integer program, all searches within one time limit."""
        began = time.monotonic()
        limit, during = self.time_limit_seconds, "the search for the next lineup"

        def next_lineup(rules: LineupRules, values: Values) -> Lineup | None:
            left = None if limit is None else limit - (time.monotonic() - began)
            if limit is not None and left is not None and left <= 0.0:
                raise TimedOut(limit, None, None, during)
            worth = values / _UNITS_PER_POINT
            try:
                return best_lineup(rules, worth, solver=self.solver, time_limit_seconds=left)
            except Infeasible:
                return None
            except TimedOut as ended:
                raise TimedOut(limit or 0.0, ended.best, ended.bound, during) from ended

        return next_lineup
