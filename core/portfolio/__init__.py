"""The portfolio: lineups chosen together under limits that hold."""

from core.lineups.choosing import similarity as compute_portfolio_correlation
from core.portfolio.portfolio import Portfolio, generate_additive_portfolio, generate_portfolio

__all__ = [
    "Portfolio",
    "compute_portfolio_correlation",
    "generate_additive_portfolio",
    "generate_portfolio",
]
