"""The portfolio: lineups chosen together under limits that hold."""

from core.lineups.choosing import similarity as compute_portfolio_correlation
from core.portfolio.portfolio import (
    Portfolio,
    generate_additive_portfolio,
    generate_portfolio,
    generate_searched_portfolio,
)
from core.portfolio.regimes import (
    RegimePortfolio,
    allocate_lineups_by_regime,
    generate_regime_aware_portfolio,
)

__all__ = [
    "Portfolio",
    "RegimePortfolio",
    "allocate_lineups_by_regime",
    "compute_portfolio_correlation",
    "generate_additive_portfolio",
    "generate_portfolio",
    "generate_regime_aware_portfolio",
    "generate_searched_portfolio",
]
