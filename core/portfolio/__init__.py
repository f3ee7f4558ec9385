"""The portfolio: lineups chosen together under limits that hold."""

from core.portfolio.choosing import similarity as compute_portfolio_correlation
from core.portfolio.limits import Exposure, PortfolioLimits, portfolio_limits
from core.portfolio.portfolio import Portfolio, generate_portfolio

__all__ = [
    "Exposure",
    "Portfolio",
    "PortfolioLimits",
    "compute_portfolio_correlation",
    "generate_portfolio",
    "portfolio_limits",
]
