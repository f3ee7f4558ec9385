"""The field as an estimator: fit it to ownership, sample contests from it."""

import numpy as np
import numpy.typing as npt

from core.field.model import FieldModel, fit_field
from core.field.sampling import Field, sample_field
from core.randomness import Purpose, stream


class FieldLineupSampler:
    """Opposing lineups whose ownership is the one asked for, in the manner of scikit-learn.

    Parameters
    ----------
    roster_size, salary_cap_usd
        What makes a lineup legal.
    appetite
        How much entrants differ in their liking for popular drivers; the fitted one by default.
    sources
        How many lineups chalky entrants share; the fitted number by default.

    Attributes
    ----------
    model_
        The fitted :class:`FieldModel`, once :meth:`fit` was called.
    """

    model_: FieldModel

    def __init__(
        self,
        roster_size: int = 6,
        salary_cap_usd: int = 50_000,
        appetite: float | None = None,
        sources: float | None = None,
    ) -> None:
        self.roster_size = roster_size
        self.salary_cap_usd = salary_cap_usd
        self.appetite = appetite
        self.sources = sources

    def fit(
        self, salaries_usd: npt.ArrayLike, ownership_percent: npt.ArrayLike
    ) -> "FieldLineupSampler":
        """Fit the field; see :func:`fit_field` for units and refusals."""
        self.model_ = fit_field(
            salaries_usd,
            ownership_percent,
            self.roster_size,
            self.salary_cap_usd,
            appetite=self.appetite,
            sources=self.sources,
        )
        return self

    def sample(self, n_entries: int, random_state: int | np.random.Generator = 42) -> Field:
        """Draw a field of ``n_entries`` lineups, from a seed or from a generator of your own."""
        generator = (
            random_state
            if isinstance(random_state, np.random.Generator)
            else stream(random_state, Purpose.FIELD)
        )
        return sample_field(self.model_, n_entries, generator)
