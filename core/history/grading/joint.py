"""Statistics of whole races, real and simulated, and tests of the one against the other.

A forecast may be right for every driver and wrong for the race: too many leaders, say, or too low a
best lineup. Each statistic's real values are tested against the simulated values of the same races.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.history.grading._joint import fill_best_lineups
from core.history.races import PastRace
from core.history.salaries import STEP_USD, Salaries
from core.race import Scenarios
from core.randomness import Purpose, stream
from core.sites import DRAFTKINGS_CLASSIC, TICKS_PER_POINT, SiteRules, Ticks

F64 = npt.NDArray[np.float64]

STATISTICS = {
    "leaders": "leaders",
    "winner_led_share": "winner's share of laps led",
    "top_led_share": "top leader's share of laps led",
    "dnfs": "DNFs",
    "cautions": "cautions",
    "best_lineup": "best lineup's points",
    "start_finish": "correlation of start and finish",
}

DRAWS = 9_999


def best_lineups(ticks: Ticks, salaries: Salaries, rules: SiteRules = DRAFTKINGS_CLASSIC) -> F64:
    """Points of the best lineup under the cap in each race, ``[N]``, exactly.

    Parameters
    ----------
    ticks
        ``[N, D]``, as of :func:`core.sites.rules.score`.
    salaries
        ``[D]`` in USD, multiples of 100; 0 = the driver cannot be picked.

    Raises
    ------
    InvalidInput
        A salary is negative or no multiple of 100, or no lineup fits the cap.
    """
    if (salaries < 0).any() or (salaries % STEP_USD).any():
        raise InvalidInput({"salaries": f"each is a multiple of {STEP_USD}, 0 or more."})
    offered = salaries > 0
    costs = np.sort(salaries[offered])
    if len(costs) < rules.roster_size or costs[: rules.roster_size].sum() > rules.salary_cap_usd:
        raise InvalidInput({"salaries": f"no {rules.roster_size} drivers fit the cap."})
    # every driver costs at least the cheapest salary, so the budget is of what exceeds it
    width = (rules.salary_cap_usd - rules.roster_size * int(costs[0])) // STEP_USD
    best = np.empty((rules.roster_size + 1, width + 1), dtype=np.int32)
    totals = np.empty(len(ticks), dtype=np.int32)
    fill_best_lineups(
        np.ascontiguousarray(ticks[:, offered], dtype=np.int32),
        (salaries[offered] - costs[0]) // STEP_USD,
        rules.roster_size,
        best,
        totals,
    )
    return totals / TICKS_PER_POINT


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """The statistics of N races of one field, each ``[N]``; NaN = not known.

    Parameters
    ----------
    leaders
        Drivers with a lap led.
    winner_led_share, top_led_share
        Share of the laps led by the winner, and by the driver who led most.
    dnfs
        Cars not running at the finish.
    cautions
        Cautions, stage breaks included.
    best_lineup
        Points of the best lineup under the cap.
    start_finish
        Correlation over drivers of start and finish.
    """

    leaders: F64
    winner_led_share: F64
    top_led_share: F64
    dnfs: F64
    cautions: F64
    best_lineup: F64
    start_finish: F64

    def values(self, name: str) -> F64:
        """Values of one of ``STATISTICS``, ``[N]``."""
        values: F64 = getattr(self, name)
        return values


def _correlations(x: npt.NDArray[np.uint8], y: npt.NDArray[np.uint8]) -> F64:
    """Correlation of each row of ``[N, D]``; 0 where all values are equal."""
    a, b = x.astype(np.float32), y.astype(np.float32)
    a -= a.mean(axis=1, keepdims=True)
    b -= b.mean(axis=1, keepdims=True)
    scale = np.sqrt(np.einsum("nd,nd->n", a, a) * np.einsum("nd,nd->n", b, b))
    both = np.einsum("nd,nd->n", a, b)
    return np.asarray(both / np.where(scale > 0, scale, 1.0), dtype=np.float64)


def simulated_joint(races: Scenarios, salaries: Salaries) -> Joint:
    """Statistics of simulated races, in which every driver races.

    Parameters
    ----------
    salaries
        ``[D]`` in USD, 0 = cannot be picked.
    """
    laps = np.maximum(races.laps_led.sum(axis=1), 1)
    by_winner = (races.laps_led * (races.finish == 1)).sum(axis=1)
    return Joint(
        leaders=(races.laps_led > 0).sum(axis=1).astype(np.float64),
        winner_led_share=by_winner / laps,
        top_led_share=races.laps_led.max(axis=1) / laps,
        dnfs=(~races.running).sum(axis=1).astype(np.float64),
        cautions=races.cautions.astype(np.float64),
        best_lineup=best_lineups(races.points(DRAFTKINGS_CLASSIC), salaries),
        start_finish=_correlations(races.start, races.finish),
    )


def as_scenario(race: PastRace, cautions: int, regime: int = 0) -> Scenarios:
    """The real race as a single scenario."""
    return Scenarios(
        finish=race.finish.astype(np.uint8)[None],
        start=race.start.astype(np.uint8)[None],
        laps_led=race.laps_led.astype(np.uint16)[None],
        fastest_laps=race.fastest_laps.astype(np.uint16)[None],
        laps_completed=race.laps_done.astype(np.uint16)[None],
        running=race.running[None],
        regime=np.array([regime], dtype=np.uint8),
        cautions=np.array([cautions], dtype=np.uint8),
    )


def real_joint(race: PastRace, salaries: Salaries) -> Joint:
    """Statistics of a race as it was run, ``[1]`` each."""
    joint = simulated_joint(as_scenario(race, race.cautions or 0), salaries)
    unknown = np.array([np.nan])
    return Joint(
        **{
            name: joint.values(name)
            for name in STATISTICS
            if name not in {"cautions", "best_lineup"}
        },
        cautions=unknown if race.cautions is None else joint.cautions,
        best_lineup=joint.best_lineup if race.has_loop_data else unknown,
    )


@dataclass(frozen=True, slots=True)
class TwoSampleTest:
    """Real values of a statistic beside simulated values of the same races.

    Parameters
    ----------
    races
        Races whose real value is known.
    real_mean, real_sd, simulated_mean, simulated_sd
        Over races, and over all simulations of them.
    distance
        Kolmogorov and Smirnov's: the largest gap between the distribution functions.
    p_value, p_value_cvm
        Of that distance, and of Cramér and von Mises' sum of squared gaps.
    """

    races: int
    real_mean: float
    real_sd: float
    simulated_mean: float
    simulated_sd: float
    distance: float
    p_value: float
    p_value_cvm: float


def compare_samples(
    real: npt.ArrayLike,
    simulated: Sequence[F64],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> TwoSampleTest | None:
    """Test whether each real value is a draw like the simulated ones of its race.

    The races differ and many values tie, so no table applies. If the model is right, a race's real
    value and its N simulated values are exchangeable: one of the N + 1, drawn at random in every
    race, is a sample of the same distribution as the real one. The p-value is the rank of the real
    sample among ``draws`` such samples and itself, by distance from all values together. It is
    exact for any races, any ties and any N: the chance of a p-value of at most a is at most a.

    Parameters
    ----------
    real
        ``[R]``; a race of NaN (not known) is left out.
    simulated
        ``[N]`` for each race.
    rng
        Random numbers for the draws.
    draws
        1 or more.

    Returns
    -------
    ``None`` where no real value is known.

    Notes
    -----
    Besag and Clifford, "Generalized Monte Carlo significance tests", Biometrika 1989.
    """
    observed = np.asarray(real, dtype=np.float64)
    known = [index for index, value in enumerate(observed) if np.isfinite(value)]
    if not known:
        return None
    # the real value first, so that column 0 is the real sample
    everything = np.column_stack(
        [observed[known], np.vstack([np.asarray(simulated[i], dtype=np.float64) for i in known])]
    )
    values, codes = np.unique(everything, return_inverse=True)
    codes = codes.reshape(everything.shape)
    counts = np.bincount(codes.ravel(), minlength=len(values))
    upto = np.cumsum(counts) / everything.size
    below = np.concatenate([[0.0], upto[:-1]])

    races, choices = everything.shape
    columns = rng.integers(choices, size=(draws, races))
    columns = np.vstack([np.zeros((1, races), dtype=columns.dtype), columns])
    drawn = np.sort(codes[np.arange(races), columns], axis=1)
    steps = np.arange(races + 1) / races
    # of tied values the last has the larger gap above and the first the larger gap below
    gaps = np.maximum(
        (steps[1:] - upto[drawn]).max(axis=1), (below[drawn] - steps[:-1]).max(axis=1)
    )
    middles = (upto[drawn] + below[drawn]) / 2.0 - (steps[1:] + steps[:-1]) / 2.0
    squares = np.einsum("br,br->b", middles, middles)
    real_values = everything[:, 0]
    return TwoSampleTest(
        races=races,
        real_mean=float(real_values.mean()),
        real_sd=float(real_values.std()),
        simulated_mean=float(everything[:, 1:].mean()),
        simulated_sd=float(everything[:, 1:].std()),
        distance=float(gaps[0]),
        p_value=_rank(gaps),
        p_value_cvm=_rank(squares),
    )


def _rank(distances: F64) -> float:
    """Share of samples at least as far away as the first, the first included."""
    # equal distances may differ by rounding
    return float((distances >= distances[0] - 1e-9).mean())


def compare_joint(
    real: Sequence[Joint], simulated: Sequence[Joint], seed: int, number: int, draws: int = DRAWS
) -> Mapping[str, TwoSampleTest | None]:
    """Test every statistic of some races.

    Parameters
    ----------
    real, simulated
        Statistics of each race, ``[1]`` and ``[N]``, N the same in all.
    seed, number
        Name the random stream: the same two give the same p-values.
    """
    return {
        name: compare_samples(
            [float(joint.values(name)[0]) for joint in real],
            [joint.values(name) for joint in simulated],
            stream(seed, Purpose.BOOTSTRAP, number, statistic),
            draws,
        )
        for statistic, name in enumerate(STATISTICS)
    }
