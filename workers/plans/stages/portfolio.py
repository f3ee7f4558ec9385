"""The stage that chooses the portfolio, and the record that it leaves."""

from collections.abc import Callable

import msgspec
import numpy as np
import numpy.typing as npt

from core.lineups import Lineups
from core.portfolio import Portfolio, RegimePortfolio
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Facts, Key
from workers.engine.stages import Stage, Work, single_unit_stage
from workers.plans.requests.optimize import OptimizeRequest


class PortfolioFact(msgspec.Struct, frozen=True):
    """The portfolio.

    Parameters
    ----------
    chosen
        ``lineups``, u8 ``[n, R]``, best first, and ``scores``, f64 ``[n]``: what each was chosen
        for, in the unit of the objective.
    pool_size
        Lineups that the choice was made from.
    worth, bound
        Where all lineups were chosen at once: see :class:`~core.portfolio.Portfolio`.
    regimes
        The regime that each lineup was chosen for; ``None`` where none was chosen for a regime.
    """

    chosen: ArrayRef
    pool_size: int
    worth: float | None = None
    bound: float | None = None
    regimes: tuple[str | None, ...] | None = None


PORTFOLIO = Key("portfolio", PortfolioFact)


def choice_stage(
    choose: Callable[[Work[OptimizeRequest]], Portfolio | RegimePortfolio],
    seconds: Callable[[OptimizeRequest], float],
) -> Stage[OptimizeRequest, PortfolioFact, PortfolioFact]:
    """The stage that chooses the portfolio.

    Parameters
    ----------
    choose
        Chooses it.
    seconds
        About how long that takes.
    """

    def run(work: Work[OptimizeRequest]) -> PortfolioFact:
        work.check_cancelled()
        portfolio = choose(work)
        chosen = work.arrays.put(lineups=portfolio.lineups, scores=portfolio.scores)
        if isinstance(portfolio, RegimePortfolio):
            return PortfolioFact(chosen, portfolio.pool_size, regimes=tuple(portfolio.regimes))
        return PortfolioFact(chosen, portfolio.pool_size, portfolio.worth, portfolio.bound)

    return single_unit_stage(PORTFOLIO, seconds=seconds, run=run)


def chosen_lineups(facts: Facts, arrays: Blobs) -> Lineups:
    """The portfolio's lineups, u8 ``[n, R]``, best first."""
    return arrays.get(facts.of(PORTFOLIO).chosen)["lineups"]


def chosen_scores(facts: Facts, arrays: Blobs) -> npt.NDArray[np.float64]:
    """What each of them was chosen for, f64 ``[n]``, in the unit of the objective."""
    return arrays.get(facts.of(PORTFOLIO).chosen)["scores"]
