"""The field as an estimator: fit it to ownership, sample contests from it."""

import numpy as np
import numpy.typing as npt

from core.field.model import FieldModel, fit_field
from core.field.sampling import Field, sample_field
from core.randomness import Purpose, stream


class FieldLineupSampler:
    """Opposing lineups with a given ownership, as an estimator with scikit-learn's conventions.

    Parameters
    ----------
    roster_size, salary_cap_usd
        A legal lineup has this many drivers and costs at most this much.
    appetite, sources
        As in :class:`FieldModel`; by default what was fitted on real contests
        (:func:`field_parameters`).

    Attributes
    ----------
    model_
        The fitted :class:`FieldModel`, after :meth:`fit`.
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
        """Fit the field; units and errors are those of :func:`fit_field`."""
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
        """Draw a field of ``n_entries`` entries; ``random_state`` is a seed or a generator."""
        generator = (
            random_state
            if isinstance(random_state, np.random.Generator)
            else stream(random_state, Purpose.FIELD)
        )
        return sample_field(self.model_, n_entries, generator)
