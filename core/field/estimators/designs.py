"""What a regression of ownership looks at: terms, products of features, each with a ridge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.field.estimators.features import COLUMN, FEATURES
from core.field.estimators.slates import ARCHETYPES, Flags, Floats

# A ridge shrinks a weight to 0, as if this many drivers had been seen to whom the feature made no
# difference. These are round numbers for a belief: one standard deviation of a feature moves the
# log-odds by about one, and by half as much more at one kind of track or in contests of one size.
RIDGE = 1.0
OF_SALARY = 4.0  # salaries, in thousands of USD, have a standard deviation of about two
OF_SURPLUS = 0.5  # surpluses, in tens of points, have a standard deviation of about 0.7
APART = 4.0  # times the feature's own ridge, for its effect at one kind of track or by size


@dataclass(frozen=True, slots=True)
class Term:
    """One column of a regression.

    Parameters
    ----------
    factors
        Names of the features that are multiplied with each other.
    ridge
        Ridge that shrinks its weight to 0.
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


def at_each_kind(feature: str, ridge: float = RIDGE) -> tuple[Term, ...]:
    """Terms for what a feature with this ridge changes at each kind of track."""
    return tuple(Term((feature, kind), ridge * APART) for kind in ARCHETYPES)


def by_size(feature: str, ridge: float = RIDGE) -> Term:
    """Term for what a feature with this ridge changes in larger contests."""
    return Term((feature, "log_entries"), ridge * APART)


SURPLUS = Term(("points_surplus",), OF_SURPLUS, positive=True)
"""Term of the surplus, which every estimator of the shipped ensemble uses.

A feature that only one of four uses moves their mean by a quarter of what it should.
"""

START = Term(("start",))
"""Term of the grid, which every estimator of the shipped ensemble uses.

Entrants play cars that start at the back beyond what their projections are worth. Where no grid is
known the term is 0, as for a car that starts in the middle.
"""

SALARY_ONLY = (Term(("salary",), OF_SALARY),)
"""Terms of a baseline that the estimators are graded beside."""


def design(terms: Sequence[Term], x: Floats) -> Floats:
    """Columns of the terms, ``[n, len(terms)]``; a value not known is 0, the slate's mean."""
    columns = [np.prod(x[:, [COLUMN[factor] for factor in term.factors]], axis=1) for term in terms]
    # beside no column at all, so that an estimator may have no terms
    known: Floats = np.nan_to_num(np.column_stack([np.empty((len(x), 0)), *columns]))
    return known


def driver_columns(drivers: Floats, x: Floats) -> Floats:
    """One column for each driver, 1 in that driver's rows and else 0, ``[n, len(drivers)]``."""
    here: Flags = x[:, [COLUMN["driver"]]] == drivers[None, :]
    return here.astype(np.float64)


def ridges(terms: Sequence[Term]) -> Floats:
    """Ridge of each term, ``[len(terms)]``."""
    return np.array([term.ridge for term in terms])


def signs(terms: Sequence[Term]) -> Flags:
    """Which terms' weights may not be negative, bool ``[len(terms)]``."""
    return np.array([term.positive for term in terms], dtype=np.bool_)


def importance(terms: Sequence[Term], contributions: Floats) -> Floats:
    """Contributions of terms as contributions of features, ``[len(FEATURES)]``.

    A term's contribution is divided equally among the features that it multiplies.
    """
    shares = np.zeros(len(FEATURES))
    for term, contribution in zip(terms, contributions, strict=True):
        for factor in term.factors:
            shares[COLUMN[factor]] += contribution / len(term.factors)
    return shares
