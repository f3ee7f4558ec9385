"""What each of the four estimators looks at: products of features, each with its ridge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.field.estimators.features import COLUMN, FEATURES
from core.field.estimators.slates import ARCHETYPES, Flags, Floats

# How firmly weights are held to 0, as if so many drivers' choices had shown no effect. Round
# numbers for the belief that a standard deviation of a feature is worth about one unit of log-odds,
# and half as much beyond that at one kind of track or in fields of one size.
RIDGE = 1.0
OF_SALARY = 4.0  # salaries spread by two thousand USD
OF_SURPLUS = 0.25  # and surpluses by five points, where no grid was known
APART = 4.0


@dataclass(frozen=True, slots=True)
class Term:
    """One column of a regression.

    Parameters
    ----------
    factors
        Features multiplied with each other.
    ridge
        How firmly its weight is held to 0.
    positive
        Whether the weight may not be negative.
    """

    factors: tuple[str, ...]
    ridge: float = RIDGE
    positive: bool = False

    @property
    def name(self) -> str:
        """The factors as one word."""
        return "*".join(self.factors)


def _at_each_kind(feature: str, ridge: float = RIDGE) -> tuple[Term, ...]:
    return tuple(Term((feature, kind), ridge * APART) for kind in ARCHETYPES)


def _by_size(feature: str, ridge: float = RIDGE) -> Term:
    return Term((feature, "log_entries"), ridge * APART)


# Every estimator looks at the surplus too: it alone tells of the grid, and what only one of four
# looks at moves their mean by a quarter of what it ought to.
_SURPLUS = Term(("points_surplus",), OF_SURPLUS, positive=True)

HISTORICAL = (
    Term(("salary_rank",)),
    Term(("salary_rank", "salary_rank")),
    *_at_each_kind("salary_rank"),
    _by_size("salary_rank"),
    _SURPLUS,
)
PROJECTION_VALUE = (
    Term(("salary",), OF_SALARY),
    Term(("points",), positive=True),
    Term(("value",), positive=True),
    _SURPLUS,
    Term(("start",)),
    *_at_each_kind("points_surplus", OF_SURPLUS),
    _by_size("points"),
)
SALARY_SKILL = (
    Term(("salary",), OF_SALARY),
    Term(("skill",), positive=True),
    *_at_each_kind("salary", OF_SALARY),
    *_at_each_kind("skill"),
    _by_size("salary", OF_SALARY),
    _SURPLUS,
)
RECENT_FORM = (
    Term(("salary",), OF_SALARY),
    Term(("average",), positive=True),
    *_at_each_kind("average"),
    _by_size("average"),
    _SURPLUS,
)
SALARY_ONLY = (Term(("salary",), OF_SALARY),)
"""No estimator's: what they are graded beside."""


def design(terms: Sequence[Term], x: Floats) -> Floats:
    """Give the columns of ``terms``, ``[n, len(terms)]``; what is not known is 0, the mean."""
    columns = [np.prod(x[:, [COLUMN[factor] for factor in term.factors]], axis=1) for term in terms]
    known: Floats = np.nan_to_num(np.column_stack(columns))
    return known


def driver_columns(drivers: Floats, x: Floats) -> Floats:
    """Give a column a driver, 1 in that driver's rows, ``[n, len(drivers)]``."""
    here: Flags = x[:, [COLUMN["driver"]]] == drivers[None, :]
    return here.astype(np.float64)


def ridges(terms: Sequence[Term]) -> Floats:
    """Give the ridge of each term."""
    return np.array([term.ridge for term in terms])


def signs(terms: Sequence[Term]) -> Flags:
    """Say which weights may not be negative."""
    return np.array([term.positive for term in terms], dtype=np.bool_)


def importance(terms: Sequence[Term], contributions: Floats) -> Floats:
    """Share contributions of terms among their features, ``[len(FEATURES)]``.

    Each factor of a product gets an equal part.
    """
    shares = np.zeros(len(FEATURES))
    for term, contribution in zip(terms, contributions, strict=True):
        for factor in term.factors:
            shares[COLUMN[factor]] += contribution / len(term.factors)
    return shares
