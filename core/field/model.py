"""The field's distribution over lineups: driver marginals equal to ownership, most entropy."""

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

LARGEST_ERROR = 1e-6
_NEAREST_RIDGE = 1e-3
# of salary, in fractions of entries that the furthest from the mean gains or loses
_FIRST_PRICE, _HIGHEST_PRICE, _PRICE_ERROR = 0.02, 20.0, 1e-6
_ROUNDING = 1e-10
_LARGEST_APPETITE = 20.0
_MOST_SOURCES = 1e6
_FIELD = "ownership_percent"


# Gauss-Hermite: what three kinds share with a normal spread of appetites is its first five moments
_KINDS = ((1.0 / 6.0, -(3.0**0.5)), (2.0 / 3.0, 0.0), (1.0 / 6.0, 3.0**0.5))


@dataclass(frozen=True, slots=True)
class FieldModel:
    """Kinds of entrants, each with P(lineup) proportional to exp(sum of its drivers' log weights).

    All share the log weights theta and differ in their appetite a for popular drivers: an entrant
    adds ``a x ownership`` to each. Appetite is normal over entrants with mean 0, held as the three
    kinds that match its first five moments: contrarian (a sixth), ordinary, and chalky (a sixth).

    Contrarian and ordinary entrants choose alone. Chalky ones play what sources publish: an entrant
    takes the lineup of a source that others follow as often as it has followers, or a new source's,
    drawn as a chalky entrant would (Blackwell and MacQueen, "Ferguson distributions via Polya urn
    schemes", 1973). So each entry by itself is distributed as without sources, and all marginals
    stand; but a few lineups are played by many.

    Parameters
    ----------
    salaries_usd
        Salary per driver.
    ownership_percent
        The marginals asked for, percent of entries; 0 is never and 100 always.
    roster_size, salary_cap_usd
        What makes a lineup legal.
    log_weights
        theta per driver; 0.0 and without meaning for a driver at 0% or 100%.
    iterations
        Newton steps taken to fit.
    max_error
        Largest distance of a marginal from what was asked, as a fraction of entries.
    appetite
        Standard deviation of a over entrants, in log weight per 100% of ownership; at 0 all
        entrants are alike.
    sources
        How many sources there are: a chalky entrant finds a new one with chance s / (s + chalky
        entrants before), where s = sources x sqrt(entries), as larger contests have more of them,
        and else takes the lineup of one of those before. None if they choose alone.
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

    def marginals(self) -> Floats:
        """Give the exact share of entries that holds each driver, ``[D]``, fractions 0..1."""
        walk = walk_of(self)
        share = np.zeros(len(self.salaries_usd))
        share[walk.always] = 1.0
        share[walk.choice] = walk.kinds.shares @ np.array(
            [marginals(walk.lattice, include) for include in walk.includes]
        )
        return share

    def pairs(self) -> Floats:
        """Give the exact share of entries that holds both drivers, ``[D, D]``, fractions 0..1.

        The diagonal holds the marginals.
        """
        walk = walk_of(self)
        among = np.zeros((len(walk.choice), len(walk.choice)))
        for share, include in zip(walk.kinds.shares, walk.includes, strict=True):
            among += share * pair_marginals(walk.lattice, include)
        both = np.zeros((len(self.salaries_usd), len(self.salaries_usd)))
        both[np.ix_(walk.choice, walk.choice)] = among
        both[np.ix_(walk.always, walk.choice)] = np.diag(among)
        both[np.ix_(walk.choice, walk.always)] = np.diag(among)[:, None]
        both[np.ix_(walk.always, walk.always)] = 1.0
        return both

    def chances(self, lineups: npt.ArrayLike) -> Floats:
        """Give the chance that an entry is each of these lineups, exactly.

        Times the number of entries it is the expected number of copies.

        Parameters
        ----------
        lineups
            Driver indices, ``[L, R]``, in any order.

        Returns
        -------
        ``[L]``; 0 for what is no legal lineup of the slate or holds a driver whom nobody plays.
        """
        return self.chances_by_kind(lineups) @ walk_of(self).kinds.shares

    def chances_by_kind(self, lineups: npt.ArrayLike) -> Floats:
        """Give the chance that an entrant of each kind plays each of these lineups, ``[L, K]``.

        Kinds go from contrarian to chalky; see :meth:`chances`.
        """
        asked = np.asarray(lineups, dtype=np.int64).reshape(-1, self.roster_size)
        walk = walk_of(self)
        drivers = len(self.salaries_usd)
        listed: npt.NDArray[np.bool_] = np.all((asked >= 0) & (asked < drivers), axis=1)
        asked = np.where(listed[:, None], asked, 0)
        # who is owned by nobody is never played; everyone at 100% is held, and changes no chance
        theta = np.full((drivers, len(walk.kinds.shares)), -np.inf)
        theta[walk.always] = 0.0
        theta[walk.choice] = (np.array(self.log_weights)[walk.choice] + walk.kinds.offsets).T
        always = np.isin(np.arange(drivers), walk.always)
        legal = (
            listed
            & (np.diff(np.sort(asked, axis=1), axis=1) > 0).all(axis=1)
            & (np.array(self.salaries_usd)[asked].sum(axis=1) <= self.salary_cap_usd)
            & (always[asked].sum(axis=1) == len(walk.always))
        )
        by_kind = np.exp(theta[asked].sum(axis=1) - walk.log_partitions)
        return np.where(legal[:, None], by_kind, 0.0)

    def shares_of_kinds(self) -> Floats:
        """Give the fraction of entrants of each kind, ``[K]``, summing to 1."""
        return walk_of(self).kinds.shares

    def to_json(self) -> dict[str, Any]:
        """Give the model as JSON-ready values; floats survive the round trip to the last bit."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "FieldModel":
        """Rebuild what :meth:`to_json` gave."""
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
        )


@dataclass(frozen=True, slots=True)
class Walk:
    """What drawing from a model needs: the drivers in doubt, and each kind's chance to take them.

    ``includes`` holds a table per kind of entrants, ``log_partitions`` is ``[K]``.
    """

    always: Ints
    choice: Ints
    lattice: Lattice
    kinds: Kinds
    includes: list[Floats]
    log_partitions: Floats


# a model of salaries in single dollars holds 150 MB of chances
@lru_cache(maxsize=2)
def walk_of(model: FieldModel) -> Walk:
    """Prepare ``model`` for drawing; kept, because a block draws many fields from one model."""
    percent = np.array(model.ownership_percent)
    problem = _Problem.of(
        np.array(model.salaries_usd, dtype=np.int64),
        percent,
        model.roster_size,
        model.salary_cap_usd,
    )
    theta = np.array(model.log_weights)[problem.choice]
    kinds = _kinds(model.appetite, percent[problem.choice])
    tables = [include_table(problem.lattice, theta + offsets) for offsets in kinds.offsets]
    return Walk(
        always=problem.always,
        choice=problem.choice,
        lattice=problem.lattice,
        kinds=kinds,
        includes=[include for include, _ in tables],
        log_partitions=np.array([log_partition for _, log_partition in tables]),
    )


def _kinds(appetite: float, percent: Floats) -> Kinds:
    if appetite == 0.0:
        return one_kind(len(percent))
    shares, places = np.array(_KINDS).T
    return Kinds(shares, appetite * places[:, None] * percent / 100.0)


@dataclass(frozen=True, slots=True)
class _Problem:
    """The drivers in doubt, once those at 0% and at 100% are settled."""

    always: Ints
    choice: Ints
    lattice: Lattice
    salaries: Ints
    room_usd: int

    def left_usd(self, share: Floats) -> float:
        """Give what lineups leave of the cap on average, by the shares of those in doubt."""
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
                rules=[BrokenRule(_FIELD), BrokenRule("salary_cap_usd", limit=cap)],
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
    """Fit the field: legal lineups only, driver marginals equal to ownership.

    Given what its kinds of entrants are, it is the field of most entropy.

    Parameters
    ----------
    salaries_usd
        Salary per driver, ``[D]``.
    ownership_percent
        Ownership per driver, ``[D]``, as :func:`read_ownership` takes it.
    roster_size, salary_cap_usd
        What makes a lineup legal: that many distinct drivers for at most that much.
    names
        What to call the drivers in messages; by their index if absent.
    appetite
        How much entrants differ in their liking for popular drivers, see :class:`FieldModel`; the
        fitted one of the project by default.
    sources
        How many lineups chalky entrants share, see :class:`FieldModel`; the fitted number of the
        project by default. Without meaning where all entrants are alike.

    Returns
    -------
    A model whose marginals are within 1e-6 (as a fraction of entries) of the ownership.

    Raises
    ------
    InvalidInput
        Ownership, salaries, an appetite or sources that cannot be read.
    Infeasible
        No mix of legal lineups has this ownership; :func:`nearest_ownership` gives one that has.

    Notes
    -----
    Jaynes, "Information theory and statistical mechanics" (1957). Ownership m has a mix of legal
    lineups exactly if the dual (the mean over kinds of log Z, less m.theta) never falls below zero,
    which is how infeasibility is proved and not guessed.
    """
    spread = field_parameters().appetite if appetite is None else appetite
    if not 0.0 <= spread <= _LARGEST_APPETITE:
        raise InvalidInput({"appetite": f"{spread:g}; give 0 to {_LARGEST_APPETITE:g}."})
    found = field_parameters().sources if sources is None else sources
    if not 0.0 < found <= _MOST_SOURCES:
        raise InvalidInput({"sources": f"{found:g}; give above 0, up to {_MOST_SOURCES:g}."})
    salaries, percent = _checked(salaries_usd, ownership_percent, roster_size)
    problem = _Problem.of(salaries, percent, roster_size, salary_cap_usd)
    asked = percent[problem.choice] / 100.0
    mean_usd = float(percent @ salaries) / 100.0
    # to a cent: float sums of whole dollars
    solution = (
        match_marginals(problem.lattice, asked, kinds=_kinds(spread, percent[problem.choice]))
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
        appetite=spread,
        sources=float(found) if spread > 0.0 else None,
    )


def require_lineup(
    salaries_usd: npt.ArrayLike,
    ownership_percent: npt.ArrayLike,
    roster_size: int,
    salary_cap_usd: int,
) -> None:
    """Refuse ownership under which no lineup is legal at all; what is refused has no nearest.

    Parameters are those of :func:`fit_field`; it takes no time.

    Raises
    ------
    InvalidInput
        Ownership or salaries that cannot be read.
    Infeasible
        Those owned at all, with everyone at 100% among them, fill no roster under the cap.
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
    """Give ownership that a mix of legal lineups has and that lies close to the one asked for.

    It minimises the squared distance less a little entropy (weight 1e-3 on fractions of entries),
    so it is always within reach, and it moves ownership that was within reach by about 1% of
    entries.

    Parameters
    ----------
    salaries_usd, ownership_percent, roster_size, salary_cap_usd
        As :func:`fit_field` takes them.
    left_usd
        What lineups must leave of the cap on average, as far as they can;
        ``field_parameters().left_usd`` is what real ones do. The nearest of what costs too much
        lies at the very cap otherwise, where hardly a lineup leaves anything.

    Returns
    -------
    Percent of entries, ``[D]``, summing to ``100 x roster_size``; drivers at 0% and 100% stay
    there.
    """
    salaries, percent = _checked(salaries_usd, ownership_percent, roster_size)
    problem = _Problem.of(salaries, percent, roster_size, salary_cap_usd)
    near = percent.copy()
    near[problem.choice] = 100.0 * _nearest(problem, percent, left_usd).marginals
    return near


def _name(names: Sequence[str] | None, place: int) -> str:
    return f"driver at index {place}" if names is None else names[place]


def _nearest(problem: _Problem, percent: Floats, left_usd: float = 0.0) -> Solution:
    asked = percent[problem.choice] / 100.0
    nearest = match_marginals(problem.lattice, asked, ridge=_NEAREST_RIDGE)
    if problem.left_usd(nearest.marginals) >= left_usd:
        return nearest
    # the Lagrangian of what must be left: a price on salary moves what is asked for
    dear = problem.salaries - problem.salaries.mean()
    dear = dear / max(float(np.abs(dear).max()), 1.0)
    quick = problem.lattice if problem.lattice.budget <= FINE else coarser(problem.lattice)

    def short(price: float) -> float:
        found = match_marginals(quick, asked - price * dear, ridge=_NEAREST_RIDGE)
        return problem.left_usd(found.marginals) - left_usd

    if short(0.0) >= 0.0:
        return nearest  # it lacks less than coarser units can tell
    high = _FIRST_PRICE
    while short(high) < 0.0:
        high *= 2.0
        if high > _HIGHEST_PRICE:
            break  # so much cannot be left: as much as can be
    else:
        high = float(brentq(short, 0.0, high, xtol=_PRICE_ERROR))
    return match_marginals(problem.lattice, asked - high * dear, ridge=_NEAREST_RIDGE)


def _infeasible(
    problem: _Problem,
    salaries: Ints,
    percent: Floats,
    mean_usd: float,
    cap_usd: int,
    names: Sequence[str] | None,
) -> Infeasible:
    # as much left of the cap as by lineups: what a job goes on with
    near = 100.0 * _nearest(problem, percent, field_parameters().left_usd).marginals
    asked = percent[problem.choice]
    furthest = np.argsort(-np.abs(asked - near), kind="stable")[:3]
    off = "; ".join(
        f"{_name(names, int(problem.choice[place]))} (${salaries[problem.choice[place]]:,}) is "
        "asked "
        f"{asked[place]:.1f}% and can have {near[place]:.1f}%"
        for place in furthest
    )
    return Infeasible(
        f"No mix of legal lineups has this ownership: it implies a mean salary of ${mean_usd:,.0f} "
        f"under a cap of ${cap_usd:,}. Nearest that can be had: {off}.",
        rules=[BrokenRule(_FIELD), BrokenRule("salary_cap_usd", limit=cap_usd)],
    )
