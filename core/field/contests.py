"""Ownership differs from contest to contest and is uncertain: a field model drawn for each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.errors import InvalidInput
from core.field._lattice import Floats, include_table, marginals, pair_marginals
from core.field._newton import FINE, coarser, match_marginals, within_kinds
from core.field.model import FieldModel, Walk, walk_of
from core.randomness import Purpose, stream

_ROUNDS = 15
_STEPS = 6
_CENTRED = 1e-5
_CLOSE = 0.03
_ROTATIONS = 2
_COARSE_ERROR = 1e-6
_MOST_STD_PERCENT = 50.0
# ownership cannot fall below 0: wider than that and its mean has no room to stay where it is
_MOST_OF_OWNERSHIP = 0.8
# what the marginals cannot answer to, relative to what they answer to most
_NO_ANSWER = 1e-10
# of one driver's log weight: beyond this a driver is in or out of every contest
_WIDEST = 3.0


@dataclass(frozen=True, slots=True)
class ContestSpread:
    """How log weights differ over contests: ``centre + factor @ standard normals``.

    Parameters
    ----------
    centre
        By driver in doubt (owned neither by nobody nor by all), ``[K]``.
    factor
        ``[K, K]``.
    max_bias
        Largest distance of mean ownership over contests from the model's, in the cubature that the
        centre was found by, as a fraction of entries.
    """

    centre: Floats
    factor: Floats
    max_bias: float

    def draw(self, model: FieldModel, generator: np.random.Generator) -> FieldModel:
        """Draw the field of one contest; see :func:`contest_model`.

        Parameters
        ----------
        model
            The one that the spread was made for.
        generator
            Where one standard normal per driver in doubt comes from.
        """
        normals = generator.standard_normal(len(self.centre))
        theta = np.zeros(len(model.log_weights))
        theta[_in_doubt(model)] = _moved(self.centre, self.factor, normals)
        return replace(
            model, log_weights=tuple(float(value) for value in theta), max_error=self.max_bias
        )

    def arrays(self) -> dict[str, Floats]:
        """Give the spread as plain arrays to store."""
        bias = np.array([self.max_bias])
        return {"centre": self.centre, "factor": self.factor, "max_bias": bias}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> "ContestSpread":
        """Rebuild what :meth:`arrays` gave."""
        return cls(arrays["centre"], arrays["factor"], float(arrays["max_bias"][0]))


@compiled
def _moved(centre: Floats, factor: Floats, normals: Floats) -> Floats:
    # in one order on every machine, which a library's product is not
    moved = centre.copy()
    for i in range(len(moved)):
        for j in range(len(normals)):
            moved[i] += factor[i, j] * normals[j]
    return moved


def contest_spread(
    model: FieldModel, concentration: float | None, std_percent: npt.ArrayLike | None = None
) -> ContestSpread:
    """Find how the fields of contests are drawn around ``model``; takes about as long as a fit.

    Parameters and refusals are those of :func:`contest_model`.
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
    """Draw the field of one contest: ownership around ``model``'s, the same on average.

    Two things move it. Contests differ: their ownership has the covariance that ``concentration``
    entries drawn from ``model`` would have, as under a Dirichlet process (Ferguson, 1973). And the
    estimate is uncertain by ``std_percent``. Both are normal in the log weights, so that every
    field drawn is one of legal lineups; the centre is moved until the mean ownership over contests
    is the model's.

    Parameters
    ----------
    model
        The field all contests share.
    concentration
        Entries whose ownership spreads as contests' does, above 0;
        ``field_parameters().concentration`` is what real contests have. None if they are alike.
    generator
        Where one standard normal per driver comes from.
    std_percent
        Standard deviation of the estimate per driver, percent of entries, ``[D]``, 0 to 50; none by
        default. Taken as at most 0.8 of the ownership, or of what it lacks to 100%.
        What one driver gains others lose, so a driver moves at least as much as theirs make him.

    Returns
    -------
    A model with the same ``ownership_percent``, which is now what it has on average over contests;
    :meth:`FieldModel.marginals` gives what it has in this one. ``max_error`` is the largest
    distance of that average from the ownership, in the cubature it was centred by.

    Raises
    ------
    InvalidInput
        A concentration not above 0, or deviations that are negative or not one per driver.

    Notes
    -----
    The first call for a model and a spread takes about as long as a fit; it is kept. Later ones
    take microseconds, and the dynamic program runs when the field is sampled.
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
    walk = walk_of(model)
    exact = np.array(model.log_weights)[walk.choice]
    if len(exact) == 0 or walk.lattice.picks == 0:
        return ContestSpread(exact, np.zeros((len(exact), len(exact))), 0.0)
    walk, theta = (walk, exact) if walk.lattice.budget <= FINE else _coarsely(walk, exact)
    by_kind = np.array([marginals(walk.lattice, include) for include in walk.includes])
    asked = walk.kinds.shares @ by_kind
    answer = within_kinds(walk.lattice, walk.includes, by_kind, walk.kinds.shares)
    undo = np.linalg.pinv(answer, rcond=_NO_ANSWER, hermitian=True)
    among = np.zeros_like(answer)
    if concentration is not None:
        among = undo @ _between(walk, asked) @ undo / (concentration + 1.0)
    std = np.minimum(np.array(std_percent)[walk.choice] / 100.0, _surest(asked))
    alone = _alone(answer, std)
    wanted = np.diag(answer @ among @ answer) + std**2
    directions = _directions(len(theta))
    centre, factor, bias = theta, np.zeros_like(among), np.zeros_like(asked)
    for done in range(_ROUNDS + 1):
        factor = _root(among + np.diag(alone))
        drawn = _drawn(walk, centre + directions @ factor.T)
        bias = drawn.mean(axis=0) - asked
        # the answer to a wide change of a log weight is not the answer to a small one
        scale = wanted / np.maximum(drawn.var(axis=0), 1e-12)
        wide = (alone > 0.0) & (alone < _WIDEST**2) & (np.abs(scale - 1.0) > _CLOSE)
        wide &= done < _STEPS  # then the spread stands, and the centre finds its place in it
        centred = np.abs(bias).max() <= _CENTRED and not wide.any()
        if centred or done == _ROUNDS:
            break
        alone = np.where(wide, np.minimum(alone * np.clip(scale, 0.5, 2.0), _WIDEST**2), alone)
        centre = centre - undo @ bias
    return ContestSpread(exact + (centre - theta), factor, float(np.abs(bias).max()))


def _coarsely(walk: Walk, theta: Floats) -> tuple[Walk, Floats]:
    """Give nearly the same field in coarser units of salary, and its log weights.

    How ownership answers to log weights depends little on single dollars, and is asked hundreds of
    times.
    """
    asked = walk.kinds.shares @ [marginals(walk.lattice, include) for include in walk.includes]
    lattice = coarser(walk.lattice)
    near = match_marginals(lattice, asked, kinds=walk.kinds)
    if near.max_error > _COARSE_ERROR:
        return walk, theta  # so fine a slate that it cannot be had more coarsely
    tables = [include_table(lattice, near.theta + offsets) for offsets in walk.kinds.offsets]
    return replace(walk, lattice=lattice, includes=[table for table, _ in tables]), near.theta


def _between(walk: Walk, asked: Floats) -> Floats:
    """Give the covariance of "holds the driver" over entries of every kind, ``[D, D]``."""
    pairs = np.zeros((len(asked), len(asked)))
    for share, include in zip(walk.kinds.shares, walk.includes, strict=True):
        pairs += share * pair_marginals(walk.lattice, include)
    return pairs - np.outer(asked, asked)


def _surest(asked: Floats) -> Floats:
    """Give the widest deviation that leaves ownership room to stay where it is on average."""
    return _MOST_OF_OWNERSHIP * np.minimum(asked, 1.0 - asked)


def _alone(answer: Floats, std: Floats) -> Floats:
    """Give the variance of each log weight that moves the marginals by ``std``, to first order."""
    squared = answer**2
    variance = (std / np.maximum(np.diag(answer), 1e-12)) ** 2
    for _ in range(_STEPS):
        moved = squared @ variance
        variance = variance * np.where(std > 0.0, std**2 / np.maximum(moved, 1e-30), 0.0)
    return np.minimum(variance, _WIDEST**2)


def _directions(drivers: int) -> Floats:
    """Give points with the mean, the covariance and the odd moments of standard normals.

    Spherical cubature: plus and minus the axes of turned frames, ``[2 x rotations x D, D]``.
    """
    generator = stream(0, Purpose.FITTING)
    frames = [
        np.linalg.qr(generator.standard_normal((drivers, drivers)))[0] for _ in range(_ROTATIONS)
    ]
    axes = np.sqrt(drivers) * np.concatenate(frames)
    return np.concatenate([axes, -axes])


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _drawn(walk: Walk, thetas: Floats) -> Floats:
    """Give the marginals of the field at each of these log weights, ``[len(thetas), D]``."""
    drawn = np.zeros_like(thetas)
    for row, theta in enumerate(thetas):
        for weight, offsets in zip(walk.kinds.shares, walk.kinds.offsets, strict=True):
            include, _ = include_table(walk.lattice, theta + offsets)
            drawn[row] += weight * marginals(walk.lattice, include)
    return drawn
