"""The field's distribution over lineups: that of most entropy whose marginals are the ownership.

The marginal of a driver is the share of entries that hold the driver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from core.errors import BrokenRule, Infeasible, InvalidInput
from core.field._lattice import (
    Floats,
    Ints,
    Lattice,
    include_table,
    lattice_of,
    marginals,
    pair_marginals,
)
from core.field._newton import FINE, Kinds, Solution, coarser, match_marginals, one_kind
from core.field.ownership import read_ownership
from core.field.parameters import field_parameters

LARGEST_ERROR = 1e-6  # of a fitted marginal, fraction of entries; above it no field has them all
_NEAREST_RIDGE = 1e-3
# the price of salary is the fraction of entries that it takes from the dearest driver or gives to
# the cheapest, whichever salary is further from the mean
_FIRST_PRICE, _HIGHEST_PRICE, _PRICE_ERROR = 0.02, 20.0, 1e-6
_ROUNDING = 1e-10  # percent of entries: this near to 0% or 100% counts as 0% or 100%
_LARGEST_APPETITE = 20.0
_MOST_SOURCES = 1e6
_KEY = "ownership_percent"


# (share of entrants, appetite in standard deviations) of each kind. Gauss-Hermite: three kinds
# have the first five moments of a normal distribution of appetites
_KINDS = ((1.0 / 6.0, -(3.0**0.5)), (2.0 / 3.0, 0.0), (1.0 / 6.0, 3.0**0.5))


@dataclass(frozen=True, slots=True)
class FieldModel:
    """Kinds of entrants, each with P(lineup) proportional to exp(sum of its drivers' log weights).

    All entrants share the log weights theta and differ in their appetite a for popular drivers: an
    entrant adds ``a x ownership`` to each driver's theta. Appetite is normal over entrants with
    mean 0. Three kinds of entrants, which match its first five moments, stand for it: contrarian
    (a sixth), ordinary (two thirds) and chalky (a sixth).

    Contrarian and ordinary entrants choose alone. Chalky entrants play lineups that sources
    publish. An entrant either follows a source that earlier entrants follow, with a chance in
    proportion to its followers, or is the first to follow a new source, whose lineup is drawn as a
    chalky entrant who chooses alone would draw it (Blackwell and MacQueen, "Ferguson distributions
    via Polya urn schemes", 1973). So each entry by itself is distributed as if there were no
    sources, and the marginals are the same; but a few lineups are played by many.

    Where a person may enter several lineups (``entrant_share`` below 1), an entrant's lineups
    differ: a source is followed with one of them at most, and the others are the entrant's own. So
    entrants follow sources, not entries, and fewer copy each other; the marginals, and what is
    expected of each single entry, stay the same.

    Parameters
    ----------
    salaries_usd
        Salary per driver, ``[D]``.
    ownership_percent
        The ownership that was fitted, percent of entries, ``[D]``; 0 is never and 100 always.
    roster_size, salary_cap_usd
        A legal lineup has this many drivers and costs at most this much.
    log_weights
        theta per driver, ``[D]``; 0.0 and without meaning for a driver at 0% or 100%.
    iterations
        Newton steps taken to fit.
    max_error
        Largest distance of a marginal from its ownership, as a fraction of entries.
    appetite
        Standard deviation of a over entrants, in log weight per 100% of ownership; at 0 all
        entrants are alike.
    sources
        How many sources there are: a chalky entrant is the first to follow a new one with chance
        s / (s + chalky entrants before), where s = sources x sqrt(entrants), as larger contests
        have more sources. None if chalky entrants choose alone.
    entrant_share
        Number of entrants divided by the number of entries, above 0 to 1; 1 where everybody enters
        one lineup. :func:`~core.field.entrants.entrant_share` has it for a contest's entry limit.
    """

    salaries_usd: tuple[int, ...]
    ownership_percent: tuple[float, ...]
    roster_size: int
    salary_cap_usd: int
    log_weights: tuple[float, ...]
    iterations: int
    max_error: float
    appetite: float = 0.0
    sources: float | None = None
    entrant_share: float = 1.0

    def marginals(self) -> Floats:
        """Exact share of entries that hold each driver, ``[D]``, fractions 0..1."""
        tables = draw_tables(self)
        share = np.zeros(len(self.salaries_usd))
        share[tables.always] = 1.0
        share[tables.choice] = tables.kinds.shares @ np.array(
            [marginals(tables.lattice, include) for include in tables.includes]
        )
        return share

    def pairs(self) -> Floats:
        """Exact share of entries that hold both drivers, ``[D, D]``, fractions 0..1.

        The marginals stand on the diagonal.
        """
        tables = draw_tables(self)
        among = np.zeros((len(tables.choice), len(tables.choice)))
        for share, include in zip(tables.kinds.shares, tables.includes, strict=True):
            among += share * pair_marginals(tables.lattice, include)
        both = np.zeros((len(self.salaries_usd), len(self.salaries_usd)))
        both[np.ix_(tables.choice, tables.choice)] = among
        both[np.ix_(tables.always, tables.choice)] = np.diag(among)
        both[np.ix_(tables.choice, tables.always)] = np.diag(among)[:, None]
        both[np.ix_(tables.always, tables.always)] = 1.0
        return both

    def chances(self, lineups: npt.ArrayLike) -> Floats:
        """Exact chance that an entry is each of these lineups.

        Times the number of entries it is the expected number of copies.

        Parameters
        ----------
        lineups
            Driver indices, ``[L, R]``, in any order.

        Returns
        -------
        ``[L]``; 0 for a lineup that is not legal on the slate or holds a driver whom nobody plays.
        """
        return self.chances_by_kind(lineups) @ draw_tables(self).kinds.shares

    def chances_by_kind(self, lineups: npt.ArrayLike) -> Floats:
        """Exact chance that an entrant of each kind plays each of these lineups, ``[L, K]``.

        Kinds go from contrarian to chalky. Parameters are those of :meth:`chances`.
        """
        rows = np.asarray(lineups, dtype=np.int64).reshape(-1, self.roster_size)
        tables = draw_tables(self)
        drivers = len(self.salaries_usd)
        listed: npt.NDArray[np.bool_] = np.all((rows >= 0) & (rows < drivers), axis=1)
        rows = np.where(listed[:, None], rows, 0)
        # a driver at 0% is never played; a driver at 100% is in every lineup and changes no chance
        theta = np.full((drivers, len(tables.kinds.shares)), -np.inf)
        theta[tables.always] = 0.0
        theta[tables.choice] = (np.array(self.log_weights)[tables.choice] + tables.kinds.offsets).T
        always = np.isin(np.arange(drivers), tables.always)
        legal = (
            listed
            & (np.diff(np.sort(rows, axis=1), axis=1) > 0).all(axis=1)
            & (np.array(self.salaries_usd)[rows].sum(axis=1) <= self.salary_cap_usd)
            & (always[rows].sum(axis=1) == len(tables.always))
        )
        by_kind = np.exp(theta[rows].sum(axis=1) - tables.log_partitions)
        return np.where(legal[:, None], by_kind, 0.0)

    def shares_of_kinds(self) -> Floats:
        """Fraction of entrants of each kind, ``[K]``, summing to 1; contrarian to chalky."""
        return draw_tables(self).kinds.shares

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values of the model; floats survive the round trip to the last bit."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "FieldModel":
        """Model rebuilt from what :meth:`to_json` returned."""
        return cls(
            salaries_usd=tuple(int(usd) for usd in values["salaries_usd"]),
            ownership_percent=tuple(float(own) for own in values["ownership_percent"]),
            roster_size=int(values["roster_size"]),
            salary_cap_usd=int(values["salary_cap_usd"]),
            log_weights=tuple(float(theta) for theta in values["log_weights"]),
            iterations=int(values["iterations"]),
            max_error=float(values["max_error"]),
            appetite=float(values.get("appetite", 0.0)),
            sources=None if values.get("sources") is None else float(values["sources"]),
            entrant_share=float(values.get("entrant_share", 1.0)),
        )


@dataclass(frozen=True, slots=True)
class DrawTables:
    """Tables that draw lineups from a model.

    Parameters
    ----------
    always
        Indices of the drivers at 100%, who are in every lineup.
    choice
        Indices of the drivers in doubt: those in some entries and not in all.
    lattice
        The legal lineups, once the drivers at 100% are in them; only drivers in doubt are counted.
    kinds
        The kinds of entrants, with offsets for the drivers in doubt.
    includes
        For each kind, the chance to take each driver, see :func:`include_table`.
    log_partitions
        For each kind, the log of the sum of its lineups' weights, ``[K]``.
    """

    always: Ints
    choice: Ints
    lattice: Lattice
    kinds: Kinds
    includes: list[Floats]
    log_partitions: Floats


# two at most: with salaries in single dollars the tables of one model take 150 MB
@lru_cache(maxsize=2)
def draw_tables(model: FieldModel) -> DrawTables:
    """Tables of ``model`` for drawing; cached, because a block draws many fields from one model."""
    percent = np.array(model.ownership_percent)
    problem = _Problem.of(
        np.array(model.salaries_usd, dtype=np.int64),
        percent,
        model.roster_size,
        model.salary_cap_usd,
    )
    theta = np.array(model.log_weights)[problem.choice]
    kinds = _kinds(model.appetite, percent[problem.choice])
    sums = [include_table(problem.lattice, theta + offsets) for offsets in kinds.offsets]
    return DrawTables(
        always=problem.always,
        choice=problem.choice,
        lattice=problem.lattice,
        kinds=kinds,
        includes=[include for include, _ in sums],
        log_partitions=np.array([log_partition for _, log_partition in sums]),
    )


def _kinds(appetite: float, percent: Floats) -> Kinds:
    if appetite == 0.0:
        return one_kind(len(percent))
    shares, deviations = np.array(_KINDS).T
    return Kinds(shares, appetite * deviations[:, None] * percent / 100.0)


@dataclass(frozen=True, slots=True)
class _Problem:
    """The fit that is left once the drivers at 0% are out of and those at 100% in every lineup.

    ``always`` and ``choice`` are the indices of the drivers at 100% and of those in doubt;
    ``salaries`` are those of the drivers in doubt, and ``room_usd`` is what a lineup may spend on
    them.
    """

    always: Ints
    choice: Ints
    lattice: Lattice
    salaries: Ints
    room_usd: int

    def left_usd(self, share: Floats) -> float:
        """USD that lineups leave of the cap on average; ``share`` owns the drivers in doubt."""
        return self.room_usd - float(share @ self.salaries)

    @classmethod
    def of(cls, salaries: Ints, percent: Floats, roster_size: int, cap: int) -> "_Problem":
        always = np.flatnonzero(percent >= 100.0 - _ROUNDING)
        choice = np.flatnonzero((percent > _ROUNDING) & (percent < 100.0 - _ROUNDING))
        left = cap - int(salaries[always].sum())
        lattice = lattice_of(salaries[choice], roster_size - len(always), left)
        if lattice is None:
            raise Infeasible(
                f"No legal lineup: no {roster_size} of the drivers who are owned at all, with "
                f"everyone at 100% among them, cost at most ${cap:,}.",
                rules=[BrokenRule(_KEY), BrokenRule("salary_cap_usd", limit=cap)],
            )
        return cls(always, choice, lattice, salaries[choice], left)


def _checked(
    salaries_usd: npt.ArrayLike, ownership_percent: npt.ArrayLike, roster_size: int
) -> tuple[Ints, Floats]:
    percent = read_ownership(ownership_percent, roster_size)
    salaries = np.asarray(salaries_usd, dtype=np.int64)
    if salaries.shape != percent.shape or bool((salaries < 0).any()):
        raise InvalidInput(
            {
                "salaries_usd": f"{salaries.size} salaries for {percent.size} drivers; give one "
                "each, >= 0."
            }
        )
    return salaries, percent


def fit_field(
    salaries_usd: npt.ArrayLike,
    ownership_percent: npt.ArrayLike,
    roster_size: int,
    salary_cap_usd: int,
    names: Sequence[str] | None = None,
    appetite: float | None = None,
    sources: float | None = None,
) -> FieldModel:
    """Fit the field of most entropy: legal lineups only, with the given ownership.

    The kinds of entrants are fixed; entropy is highest given them.

    Parameters
    ----------
    salaries_usd
        Salary per driver, ``[D]``.
    ownership_percent
        Ownership per driver, ``[D]``, as :func:`read_ownership` takes it.
    roster_size, salary_cap_usd
        A legal lineup has this many distinct drivers and costs at most this much.
    names
        Names of the drivers for error messages; their indices stand in them by default.
    appetite
        How much entrants differ in their liking for popular drivers, see :class:`FieldModel`; by
        default what was fitted on real contests (:func:`field_parameters`).
    sources
        How many sources chalky entrants follow, see :class:`FieldModel`; by default what was fitted
        on real contests. Without meaning at an appetite of 0.

    Returns
    -------
    A model whose marginals are within 1e-6 (as a fraction of entries) of the ownership.

    Raises
    ------
    InvalidInput
        Ownership, salaries, an appetite or sources out of range.
    Infeasible
        No mix of legal lineups has this ownership; :func:`nearest_ownership` finds the nearest that
        one has.

    Notes
    -----
    Jaynes, "Information theory and statistical mechanics" (1957). Some mix of legal lineups has
    ownership m if and only if the dual (the mean over kinds of log Z, less m.theta) never falls
    below zero. A point where it does proves that the ownership is infeasible.
    """
    appetite_sd = field_parameters().appetite if appetite is None else appetite
    if not 0.0 <= appetite_sd <= _LARGEST_APPETITE:
        raise InvalidInput({"appetite": f"{appetite_sd:g}; give 0 to {_LARGEST_APPETITE:g}."})
    source_scale = field_parameters().sources if sources is None else sources
    if not 0.0 < source_scale <= _MOST_SOURCES:
        raise InvalidInput({"sources": f"{source_scale:g}; give above 0, up to {_MOST_SOURCES:g}."})
    salaries, percent = _checked(salaries_usd, ownership_percent, roster_size)
    problem = _Problem.of(salaries, percent, roster_size, salary_cap_usd)
    target = percent[problem.choice] / 100.0
    mean_usd = float(percent @ salaries) / 100.0
    # a cent more than the cap is rounding: a float sum of whole dollars
    solution = (
        match_marginals(problem.lattice, target, kinds=_kinds(appetite_sd, percent[problem.choice]))
        if mean_usd <= salary_cap_usd + 0.01
        else None
    )
    if solution is None or solution.max_error > LARGEST_ERROR:
        raise _infeasible(problem, salaries, percent, mean_usd, salary_cap_usd, names)
    theta = np.zeros(len(percent))
    theta[problem.choice] = solution.theta
    return FieldModel(
        salaries_usd=tuple(int(usd) for usd in salaries),
        ownership_percent=tuple(float(own) for own in percent),
        roster_size=roster_size,
        salary_cap_usd=salary_cap_usd,
        log_weights=tuple(float(value) for value in theta),
        iterations=solution.iterations,
        max_error=solution.max_error,
        appetite=appetite_sd,
        sources=float(source_scale) if appetite_sd > 0.0 else None,
    )


def require_lineup(
    salaries_usd: npt.ArrayLike,
    ownership_percent: npt.ArrayLike,
    roster_size: int,
    salary_cap_usd: int,
) -> None:
    """Refuse ownership under which not one lineup is legal; no ownership near it can be had either.

    Parameters are those of :func:`fit_field`. It checks the cheapest lineup alone, so it takes no
    time.

    Raises
    ------
    InvalidInput
        Ownership or salaries out of range.
    Infeasible
        The drivers owned at all, with every driver at 100% among them, fill no roster under the
        cap.
    """
    salaries, percent = _checked(salaries_usd, ownership_percent, roster_size)
    _Problem.of(salaries, percent, roster_size, salary_cap_usd)


def nearest_ownership(
    salaries_usd: npt.ArrayLike,
    ownership_percent: npt.ArrayLike,
    roster_size: int,
    salary_cap_usd: int,
    left_usd: float = 0.0,
) -> Floats:
    """Ownership that some mix of legal lineups has and that lies close to ``ownership_percent``.

    It minimises the squared distance less a little entropy (weight 1e-3 on fractions of entries).
    So some mix of legal lineups always has it; ownership that a mix had already moves by about 1%
    of entries.

    Parameters
    ----------
    salaries_usd, ownership_percent, roster_size, salary_cap_usd
        As :func:`fit_field` takes them.
    left_usd
        USD that lineups must leave of the cap on average, as far as they can; real lineups leave
        ``field_parameters().left_usd``. With 0, the nearest to ownership that is too expensive lies
        at the cap itself, and hardly a lineup leaves anything.

    Returns
    -------
    Percent of entries, ``[D]``, summing to ``100 x roster_size``; drivers at 0% and 100% stay
    there.

    Raises
    ------
    InvalidInput, Infeasible
        As :func:`require_lineup`.
    """
    salaries, percent = _checked(salaries_usd, ownership_percent, roster_size)
    problem = _Problem.of(salaries, percent, roster_size, salary_cap_usd)
    near = percent.copy()
    near[problem.choice] = 100.0 * _nearest(problem, percent, left_usd).marginals
    return near


def _name(names: Sequence[str] | None, index: int) -> str:
    return f"driver at index {index}" if names is None else names[index]


def _nearest(problem: _Problem, percent: Floats, left_usd: float = 0.0) -> Solution:
    target = percent[problem.choice] / 100.0
    nearest = match_marginals(problem.lattice, target, ridge=_NEAREST_RIDGE)
    if problem.left_usd(nearest.marginals) >= left_usd:
        return nearest
    # a Lagrange multiplier for the salary left: a price on salary shifts the target
    dearness = problem.salaries - problem.salaries.mean()
    dearness = dearness / max(float(np.abs(dearness).max()), 1.0)
    lattice = problem.lattice if problem.lattice.budget <= FINE else coarser(problem.lattice)

    def surplus(price: float) -> float:
        fitted = match_marginals(lattice, target - price * dearness, ridge=_NEAREST_RIDGE)
        return problem.left_usd(fitted.marginals) - left_usd

    if surplus(0.0) >= 0.0:
        return nearest  # what is missing is too little for coarser units to show
    high = _FIRST_PRICE
    while surplus(high) < 0.0:
        high *= 2.0
        if high > _HIGHEST_PRICE:
            break  # lineups cannot leave that much; this price makes them leave the most they can
    else:
        high = float(brentq(surplus, 0.0, high, xtol=_PRICE_ERROR))
    return match_marginals(problem.lattice, target - high * dearness, ridge=_NEAREST_RIDGE)


def _infeasible(
    problem: _Problem,
    salaries: Ints,
    percent: Floats,
    mean_usd: float,
    cap_usd: int,
    names: Sequence[str] | None,
) -> Infeasible:
    # the ownership that a job goes on with: lineups leave as much of the cap as real ones do
    near = 100.0 * _nearest(problem, percent, field_parameters().left_usd).marginals
    wanted = percent[problem.choice]
    furthest = np.argsort(-np.abs(wanted - near), kind="stable")[:3]
    off = "; ".join(
        f"{near[index]:.1f}% in place of {wanted[index]:.1f}% for "
        f"{_name(names, int(problem.choice[index]))} (${salaries[problem.choice[index]]:,})"
        for index in furthest
    )
    return Infeasible(
        f"No mix of legal lineups has this ownership: its mean salary is ${mean_usd:,.0f} and the "
        f"cap ${cap_usd:,}. The nearest possible ownership has {off}.",
        rules=[BrokenRule(_KEY), BrokenRule("salary_cap_usd", limit=cap_usd)],
    )
