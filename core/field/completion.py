"""Ownership that is known of some drivers only, completed to the ownership of all drivers."""

import numpy as np
import numpy.typing as npt

from core.errors import BrokenRule, Infeasible, InvalidInput
from core.field._lattice import Floats, Ints, lattice_of
from core.field._newton import Solution, match_some
from core.field.model import LARGEST_ERROR, fit_field, nearest_ownership
from core.field.ownership import TOLERANCE, read_ownership
from core.field.parameters import field_parameters

_KEY = "ownership_percent"
_ROUNDING = 1e-9
# a prior is moved this far from 0% and 100%, so that what is known can still overrule it
_SUREST_PERCENT = 0.01


def complete_ownership(
    salaries_usd: npt.ArrayLike,
    known_percent: npt.ArrayLike,
    roster_size: int,
    salary_cap_usd: int,
    prior_percent: npt.ArrayLike | None = None,
    at_most_percent: float = 100.0,
    left_usd: float | None = None,
) -> Floats:
    """Ownership of all drivers where only some drivers' is known.

    Known numbers stay as they are. The other drivers get the marginals of a distribution over legal
    lineups: of those with the known ownership, the one nearest in relative entropy to a prior. The
    prior is the field whose ownership is ``prior_percent``; without it, lineups are the less likely
    the more salary they leave on the table (``FieldParameters.left_usd``).

    Parameters
    ----------
    salaries_usd
        Salary per driver, ``[D]``.
    known_percent
        Percent of entries, ``[D]``, NaN where unknown. If all are known, :func:`read_ownership`
        reads them.
    roster_size, salary_cap_usd
        A legal lineup has this many drivers and costs at most this much.
    prior_percent
        Ownership of the prior, percent of entries, ``[D]``, as :func:`read_ownership` takes it;
        where no field has it, the nearest that one has.
    at_most_percent
        Upper bound for the drivers whose ownership is unknown. Lists of ownership mostly name the
        most owned drivers, so their least number bounds the drivers not listed. A driver who would
        be above it gets exactly this.
    left_usd
        For the prior: a lineup that leaves x USD is exp(-x / left_usd) times as likely as one that
        leaves nothing. By default what was fitted on real contests.

    Returns
    -------
    Percent of entries, ``[D]``, summing to ``100 x roster_size``.

    Raises
    ------
    InvalidInput
        Numbers outside 0..100, or known numbers that leave the other drivers less than 0% or more
        than 100% each; ``at_most_percent`` or ``left_usd`` out of range.
    Infeasible
        No mix of legal lineups has the known ownership, or ``at_most_percent`` leaves roster spots
        empty.
    """
    salaries = np.asarray(salaries_usd, dtype=np.int64)
    percent = np.array(known_percent, dtype=np.float64)
    # a sum of floats that should be 100 may miss it in the last digit
    percent[(percent > 100.0) & (percent <= 100.0 + _ROUNDING)] = 100.0
    known = ~np.isnan(percent)
    _check(salaries, percent, known, roster_size, at_most_percent, left_usd)
    if bool(known.all()):
        return read_ownership(percent, roster_size)
    if float(percent[known].sum()) >= 100.0 * roster_size * (1.0 - _ROUNDING):
        # nothing is left for the others; whether legal lineups have this ownership is checked below
        percent[~known], known = 0.0, np.ones_like(known)
    prior_weights = _prior_weights(salaries, prior_percent, left_usd, roster_size, salary_cap_usd)
    whole = _completed(salaries, percent, prior_weights, roster_size, salary_cap_usd)
    while bool((over := ~known & (whole > at_most_percent + _ROUNDING)).any()):
        # drivers put at the bound stay there; what they lose goes to the other unknown drivers
        percent[over] = at_most_percent
        known |= over
        if bool(known.all()):
            raise Infeasible(
                f"At most {at_most_percent:g}% for each driver whose ownership is unknown leaves "
                "roster spots empty.",
                rules=[BrokenRule(_KEY), BrokenRule("at_most_percent", limit=at_most_percent)],
            )
        whole = _completed(salaries, percent, prior_weights, roster_size, salary_cap_usd)
    return whole


def _check(
    salaries: Ints,
    percent: Floats,
    known: npt.NDArray[np.bool_],
    roster_size: int,
    at_most_percent: float,
    left_usd: float | None,
) -> None:
    if salaries.shape != percent.shape or percent.ndim != 1:
        raise InvalidInput(
            {"salaries_usd": f"{salaries.size} salaries for {percent.size} drivers; give one each."}
        )
    wrong = np.flatnonzero(known & ~((percent >= 0.0) & (percent <= 100.0)))
    if len(wrong):
        index = int(wrong[0])
        raise InvalidInput(
            {_KEY: f"driver at index {index} has {percent[index]:g}; give percent, 0 to 100."}
        )
    if left_usd is not None and not left_usd > 0.0:
        raise InvalidInput({"left_usd": f"{left_usd:g}; give USD above 0."})
    if not 0.0 < at_most_percent <= 100.0:
        raise InvalidInput({"at_most_percent": f"{at_most_percent:g}; give above 0, up to 100."})
    total, unknown = float(percent[known].sum()), int((~known).sum())
    target = 100.0 * roster_size
    least = target - 100.0 * unknown
    if unknown and not least - _ROUNDING * target <= total <= target * (1.0 + _ROUNDING):
        raise InvalidInput(
            {
                _KEY: f"the known numbers sum to {total:g} and {unknown} drivers are unknown; "
                f"all together sum to {target:g}, each at most 100."
            }
        )
    if not unknown and abs(total - target) > TOLERANCE * target:
        raise InvalidInput({_KEY: f"the numbers sum to {total:g}; give {target:g}."})


def _prior_weights(
    salaries: Ints,
    prior_percent: npt.ArrayLike | None,
    left_usd: float | None,
    roster_size: int,
    cap_usd: int,
) -> Floats:
    """Log weights of the prior, ``[D]``."""
    if prior_percent is None:
        return salaries / (field_parameters().left_usd if left_usd is None else left_usd)
    prior = read_ownership(prior_percent, roster_size)
    prior = np.clip(prior, _SUREST_PERCENT, 100.0 - _SUREST_PERCENT)
    prior *= 100.0 * roster_size / float(prior.sum())
    try:
        field = fit_field(salaries, prior, roster_size, cap_usd, appetite=0.0)
    except Infeasible:
        left = field_parameters().left_usd if left_usd is None else left_usd
        near = nearest_ownership(salaries, prior, roster_size, cap_usd, left)
        field = fit_field(salaries, near, roster_size, cap_usd, appetite=0.0)
    return np.array(field.log_weights)


def _completed(
    salaries: Ints, percent: Floats, prior_weights: Floats, roster_size: int, cap_usd: int
) -> Floats:
    """``percent`` with every NaN filled by the distribution nearest to the prior."""
    always = np.flatnonzero(percent >= 100.0 - _ROUNDING)
    choice = np.flatnonzero(
        ~((percent <= _ROUNDING) | (percent >= 100.0 - _ROUNDING))  # NaN is neither
    )
    lattice = lattice_of(
        salaries[choice], roster_size - len(always), cap_usd - int(salaries[always].sum())
    )
    solution: Solution | None = None
    if lattice is not None:
        # indices into ``choice`` of the drivers whose ownership is known
        fixed = np.flatnonzero(~np.isnan(percent[choice]))
        solution = match_some(lattice, percent[choice][fixed] / 100.0, fixed, prior_weights[choice])
    if solution is None or solution.max_error > LARGEST_ERROR:
        known = ~np.isnan(percent)
        owned = int((percent[known] > 0.0).sum())
        spent = float(percent[known] @ salaries[known]) / 100.0
        raise Infeasible(
            f"No mix of legal lineups has this ownership: the {owned} known drivers "
            f"alone take ${spent:,.0f} of ${cap_usd:,} and fill "
            f"{float(percent[known].sum()) / 100.0:.2f} of {roster_size} spots.",
            rules=[BrokenRule(_KEY), BrokenRule("salary_cap_usd", limit=cap_usd)],
        )
    whole = percent.copy()
    free = choice[np.isnan(percent[choice])]
    whole[choice] = 100.0 * solution.marginals
    whole[~np.isnan(percent)] = percent[~np.isnan(percent)]
    # known marginals are met to a millionth; the others absorb the rest, so that the sum is exact
    if len(free):
        left = 100.0 * roster_size - float(percent[~np.isnan(percent)].sum())
        whole[free] *= left / float(whole[free].sum())
    return whole
