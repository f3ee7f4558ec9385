"""A field model for each contest: ownership differs between contests and its estimate is uncertain.

The log weights of a contest's field are normal around a centre, which is moved until the mean
ownership over contests is the shared field's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.errors import InvalidInput
from core.field._lattice import Floats, include_table, marginals, pair_marginals
from core.field._newton import FINE, cheaper, coarser, match_marginals, within_kinds
from core.field.model import DrawTables, FieldModel, draw_tables
from core.field.ownership import log_odds
from core.randomness import Purpose, paired_normals, stream

_ROUNDS = 15  # of moving the centre, at most
_STEPS = 6  # rounds in which variances are changed too; iterations of _own_variance
_CENTRED = 1e-5  # largest bias of mean ownership at which the centre stays, fraction of entries
_CLOSE = 0.1  # relative error of a driver's variance that is let be
# frames of cubature points; fewer where the ownership is an estimate, which costs more rounds
_ROTATIONS, _ROTATIONS_IN_ERROR = 2, 1
_COARSE_ERROR = 1e-6  # of a marginal in coarser units, fraction of entries
_MOST_STD_PERCENT = 50.0
# a deviation is at most this share of the ownership, or of what it lacks to 100%: ownership ends at
# 0 and 100%, so with a wider one its mean could not stay where it is
_MOST_OF_OWNERSHIP = 0.8
# a singular value this much smaller than the largest is 0: its direction moves no marginal
_NO_RESPONSE = 1e-10
# largest standard deviation of a driver's log weight: with more, the driver is in all lineups of a
# contest or in none
_WIDEST = 3.0


@dataclass(frozen=True, slots=True)
class ContestSpread:
    """Distribution of log weights over contests: ``centre + factor @ u + error * z``.

    u and z are standard normals: u of the contest, z of the estimate of ownership.

    Parameters
    ----------
    centre
        Mean log weight of each driver in doubt (in some entries and not in all), ``[K]``.
    factor
        A square root of the covariance of the log weights between contests, ``[K, K]``.
    error
        Standard deviation of each log weight for the error of the estimate, ``[K]``; 0 where the
        ownership is known.
    deviation
        Standard deviation of the ownership itself for that error, ``[K]``, fraction of entries.
    max_bias
        Largest distance of a driver's mean ownership over contests from the model's, as a fraction
        of entries, by the cubature that the centre was computed with.
    """

    centre: Floats
    factor: Floats
    error: Floats
    deviation: Floats
    max_bias: float

    @property
    def in_error(self) -> bool:
        """Whether the ownership is an estimate that may be off."""
        return bool(self.error.any())

    def draw(
        self, model: FieldModel, generator: np.random.Generator, error: Floats | None = None
    ) -> FieldModel:
        """Field model of one contest, drawn at random; see :func:`contest_model`.

        Parameters
        ----------
        model
            The model that the spread was computed for.
        generator
            Source of one standard normal number per driver in doubt, and of as many more where
            the estimate may be off and ``error`` is not given.
        error
            How far the estimate is off: a standard normal number per driver in doubt, ``[K]``.
        """
        normals = generator.standard_normal(len(self.centre))
        if error is None and self.in_error:
            error = generator.standard_normal(len(self.centre))
        return self._at(model, self._off(error) + _moved(self.centre, self.factor, normals))

    def error_of_block(self, seed: int, block: int) -> Floats | None:
        """How far the estimate is off in a block of races, as :meth:`draw` takes it.

        Blocks b and b + 2 have opposite errors (:func:`~core.randomness.paired_normals`). ``None``
        where the ownership is no estimate.
        """
        if not self.in_error:
            return None
        return paired_normals(seed, Purpose.OWNERSHIP, block, len(self.centre))

    def log_odds_off(self, model: FieldModel, error: Floats) -> Floats:
        """How far the log-odds of each driver's ownership are off, ``[D]``.

        Half the difference between what an error and its opposite make of them, so that opposite
        errors move them by opposite amounts.

        Parameters
        ----------
        model, error
            As in :meth:`draw`.
        """
        up, down = (
            log_odds(100.0 * self._at(model, self.centre + self._off(sign * error)).marginals())
            for sign in (1.0, -1.0)
        )
        off: Floats = (up - down) / 2.0
        return off

    def log_odds_sd(self, model: FieldModel) -> Floats:
        """Standard deviation of the log-odds of each driver's ownership, ``[D]``, to first order.

        Parameters
        ----------
        model
            The model that the spread was computed for.
        """
        share = np.array(model.ownership_percent)[_in_doubt(model)] / 100.0
        deviation = np.zeros(len(model.log_weights))
        deviation[_in_doubt(model)] = self.deviation / (share * (1.0 - share))
        return deviation

    def _off(self, error: Floats | None) -> Floats:
        return np.zeros(len(self.centre)) if error is None else self.error * error

    def _at(self, model: FieldModel, log_weights: Floats) -> FieldModel:
        theta = np.zeros(len(model.log_weights))
        theta[_in_doubt(model)] = log_weights
        return replace(
            model, log_weights=tuple(float(value) for value in theta), max_error=self.max_bias
        )

    def arrays(self) -> dict[str, Floats]:
        """Plain arrays that hold the spread, to store."""
        bias = np.array([self.max_bias])
        return {
            "centre": self.centre,
            "factor": self.factor,
            "error": self.error,
            "deviation": self.deviation,
            "max_bias": bias,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> "ContestSpread":
        """Spread rebuilt from what :meth:`arrays` returned."""
        return cls(
            arrays["centre"],
            arrays["factor"],
            arrays["error"],
            arrays["deviation"],
            float(arrays["max_bias"][0]),
        )


@compiled
def _moved(centre: Floats, factor: Floats, normals: Floats) -> Floats:
    # a library's matrix product adds in another order on another machine, and so rounds otherwise
    moved = centre.copy()
    for i in range(len(moved)):
        for j in range(len(normals)):
            moved[i] += factor[i, j] * normals[j]
    return moved


def contest_spread(
    model: FieldModel, concentration: float | None, std_percent: npt.ArrayLike | None = None
) -> ContestSpread:
    """Distribution of contests' log weights around ``model``; takes about as long as a fit.

    Parameters and errors are those of :func:`contest_model`.
    """
    if concentration is not None and not concentration > 0.0:
        raise InvalidInput({"concentration": f"{concentration:g}; give a number above 0."})
    return _spread(model, concentration, _checked(std_percent, len(model.salaries_usd)))


def contest_model(
    model: FieldModel,
    concentration: float | None,
    generator: np.random.Generator,
    std_percent: npt.ArrayLike | None = None,
) -> FieldModel:
    """Field model of one contest, drawn at random; mean ownership over contests is ``model``'s.

    A contest's ownership differs from the model's for two reasons. Contests differ: their ownership
    has the covariance that ``concentration`` entries drawn from ``model`` would have, as under a
    Dirichlet process (Ferguson, 1973). And the estimate is uncertain by ``std_percent``. Both are
    normal in the log weights, so that every field drawn consists of legal lineups; the centre is
    moved until the mean ownership over contests is the model's.

    Parameters
    ----------
    model
        The field that all contests share.
    concentration
        Number of entries, above 0: ownership differs between contests as it would if each contest
        had this many entries drawn from ``model``. Real contests have
        ``field_parameters().concentration``. None if contests do not differ.
    generator
        Source of one standard normal number per driver in doubt.
    std_percent
        Standard deviation of the estimate per driver, percent of entries, ``[D]``, 0 to 50; 0 by
        default. A deviation above 0.8 of the ownership, or of what that lacks to 100%, is cut to
        it. What one driver gains others lose, so a driver may move by more than his own deviation.

    Returns
    -------
    A model with the same ``ownership_percent``, which is now its mean over contests;
    :meth:`FieldModel.marginals` returns the ownership in this contest. ``max_error`` is the largest
    distance of that mean from the ownership, by the cubature that the centre was computed with.

    Raises
    ------
    InvalidInput
        A concentration not above 0, or deviations that are negative or not one per driver.

    Notes
    -----
    The first call for a model, a concentration and deviations takes about as long as a fit, and its
    result is cached. Later calls take microseconds; the dynamic program runs when the field is
    sampled.
    """
    return contest_spread(model, concentration, std_percent).draw(model, generator)


def _checked(std_percent: npt.ArrayLike | None, drivers: int) -> tuple[float, ...]:
    if std_percent is None:
        return (0.0,) * drivers
    std = np.asarray(std_percent, dtype=np.float64)
    if std.shape != (drivers,) or not bool(((std >= 0.0) & (std <= _MOST_STD_PERCENT)).all()):
        raise InvalidInput(
            {"std_percent": f"give 0 to {_MOST_STD_PERCENT:g} for each of {drivers} drivers."}
        )
    return tuple(float(value) for value in std)


def _in_doubt(model: FieldModel) -> npt.NDArray[np.bool_]:
    percent = np.array(model.ownership_percent)
    return (percent > 1e-10) & (percent < 100.0 - 1e-10)


@lru_cache(maxsize=8)
def _spread(
    model: FieldModel, concentration: float | None, std_percent: tuple[float, ...]
) -> ContestSpread:
    tables = draw_tables(model)
    exact = np.array(model.log_weights)[tables.choice]
    if len(exact) == 0 or tables.lattice.picks == 0:
        none = np.zeros(len(exact))
        return ContestSpread(exact, np.zeros((len(exact), len(exact))), none, none, 0.0)
    tables, theta = (tables, exact) if tables.lattice.budget <= FINE else _coarsely(tables)
    by_kind = np.array([marginals(tables.lattice, include) for include in tables.includes])
    target = tables.kinds.shares @ by_kind
    response = within_kinds(tables.lattice, tables.includes, by_kind, tables.kinds.shares)
    inverse = np.linalg.pinv(response, rcond=_NO_RESPONSE, hermitian=True)
    shared_covariance = np.zeros_like(response)
    if concentration is not None:
        shared_covariance = inverse @ _between(tables, target) @ inverse / (concentration + 1.0)
    std = np.minimum(np.array(std_percent)[tables.choice] / 100.0, _widest(target))
    own_variance = _own_variance(response, std)
    wanted = np.diag(response @ shared_covariance @ response) + std**2
    directions = _directions(len(theta), _ROTATIONS_IN_ERROR if std.any() else _ROTATIONS)
    centre, factor, bias = theta, np.zeros_like(shared_covariance), np.zeros_like(target)
    for rounds in range(_ROUNDS + 1):
        factor = _root(shared_covariance + np.diag(own_variance))
        shares = _marginals_at(tables, centre + directions @ factor.T)
        bias = shares.mean(axis=0) - target
        # ``response`` is a derivative, so wide changes of log weights do something else
        ratio = wanted / np.maximum(shares.var(axis=0), 1e-12)
        off = (own_variance > 0.0) & (own_variance < _WIDEST**2) & (np.abs(ratio - 1.0) > _CLOSE)
        off &= rounds < _STEPS  # after that the variances stay, and only the centre is moved
        centred = np.abs(bias).max() <= _CENTRED and not off.any()
        if centred or rounds == _ROUNDS:
            break
        own_variance = np.where(
            off, np.minimum(own_variance * np.clip(ratio, 0.5, 2.0), _WIDEST**2), own_variance
        )
        centre = centre - inverse @ bias
    return ContestSpread(
        exact + (centre - theta),
        _root(shared_covariance),
        np.sqrt(own_variance),
        std,
        float(np.abs(bias).max()),
    )


def _coarsely(tables: DrawTables) -> tuple[DrawTables, Floats]:
    """Nearly the same field in coarser units of salary, and its log weights.

    How ownership changes with log weights depends little on single dollars, and it is computed
    thousands of times. Where no mix of lineups in rounded salaries has the field's ownership, as
    that of a field which spends the cap to the dollar, they are rounded down: every lineup that was
    legal then is.
    """
    target = tables.kinds.shares @ [
        marginals(tables.lattice, include) for include in tables.includes
    ]
    lattice = coarser(tables.lattice)
    near = match_marginals(lattice, target, kinds=tables.kinds)
    if near.max_error > _COARSE_ERROR:
        lattice = cheaper(tables.lattice)
        near = match_marginals(lattice, target, kinds=tables.kinds)
    sums = [include_table(lattice, near.theta + offsets) for offsets in tables.kinds.offsets]
    return replace(tables, lattice=lattice, includes=[table for table, _ in sums]), near.theta


def _between(tables: DrawTables, target: Floats) -> Floats:
    """Covariance of "the entry holds the driver" over the entries of all kinds, ``[D, D]``."""
    pairs = np.zeros((len(target), len(target)))
    for share, include in zip(tables.kinds.shares, tables.includes, strict=True):
        pairs += share * pair_marginals(tables.lattice, include)
    return pairs - np.outer(target, target)


def _widest(target: Floats) -> Floats:
    """Widest deviation with which the mean can stay at the ownership, which ends at 0 and 1."""
    return _MOST_OF_OWNERSHIP * np.minimum(target, 1.0 - target)


def _own_variance(response: Floats, std: Floats) -> Floats:
    """Variance of each driver's log weight that gives the marginals ``std``, to first order."""
    squared = response**2
    variance = (std / np.maximum(np.diag(response), 1e-12)) ** 2
    for _ in range(_STEPS):
        moved = squared @ variance
        variance = variance * np.where(std > 0.0, std**2 / np.maximum(moved, 1e-30), 0.0)
    return np.minimum(variance, _WIDEST**2)


def _directions(drivers: int, rotations: int) -> Floats:
    """Points that have the mean, the covariance and the odd moments of standard normals.

    Spherical cubature: plus and minus the axes of rotated frames, ``[2 x rotations x D, D]``.
    """
    generator = stream(0, Purpose.FITTING)
    frames = [
        np.linalg.qr(generator.standard_normal((drivers, drivers)))[0] for _ in range(rotations)
    ]
    axes = np.sqrt(drivers) * np.concatenate(frames)
    return np.concatenate([axes, -axes])


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _marginals_at(tables: DrawTables, thetas: Floats) -> Floats:
    """Marginals of the field at each row of log weights, ``[len(thetas), D]``."""
    shares = np.zeros_like(thetas)
    for row, theta in enumerate(thetas):
        for weight, offsets in zip(tables.kinds.shares, tables.kinds.offsets, strict=True):
            include, _ = include_table(tables.lattice, theta + offsets)
            shares[row] += weight * marginals(tables.lattice, include)
    return shares
