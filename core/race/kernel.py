"""The kernel, which judges simulated races by conservation and by the spec's hard rules.

It repairs nothing. A race that breaks a rule is rejected and counted. The races that stand are
those of the model, conditional on the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from core.race.scenarios import Scenarios
from core.race.spec import ConstraintSpec
from core.slate.drivers import Veto

Mask = npt.NDArray[np.bool_]

# Most positions that a race may lose from grid to finish, as a share of what a race loses that ends
# in reverse grid order. A random order loses two thirds; the most in any real race since 2018 is
# 76% (Daytona 2022).
MOST_SWAPPED = 0.85
LEAST_CARS = 10  # cars in a race, below which that bound is not applied


def _positions_lost(races: Scenarios) -> npt.NDArray[np.int64]:
    """Positions that a race's cars lost from grid to finish, summed, ``[N]``; each took a swap.

    Positions gained are not counted: a grid spot left empty by a withdrawn driver is a gain to
    every car behind it.
    """
    lost = races.finish.astype(np.int16) - races.start
    total: npt.NDArray[np.int64] = np.maximum(lost, 0).sum(axis=1, dtype=np.int64)
    return total


DRIVER_RULES = (*Veto, "min_laps_led", "max_laps_led")


def veto_reason(rule: str, driver_id: str) -> str:
    """Key under which :class:`KernelStats` counts one of :data:`DRIVER_RULES` of a driver."""
    return f"{rule}:{driver_id}"


@dataclass(frozen=True, slots=True)
class KernelStats:
    """How many races were judged, and how many each rule rejected.

    Parameters
    ----------
    total_validated
        Number of races judged, whether they stand or not.
    total_rejected
        Number of races rejected.
    veto_reasons
        Number of races rejected by each rule: ``laps_led_total``, ``may_not_win:<driver_id>``. A
        race that breaks two rules counts under both, so these may sum to more than
        ``total_rejected``.
    """

    total_validated: int = 0
    total_rejected: int = 0
    veto_reasons: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counted = {reason: self.veto_reasons[reason] for reason in sorted(self.veto_reasons)}
        object.__setattr__(self, "veto_reasons", MappingProxyType(counted))

    @property
    def rejection_rate(self) -> float:
        """Share 0..1 of the judged races that was rejected; 0 where none was judged."""
        return self.total_rejected / self.total_validated if self.total_validated else 0.0

    def __add__(self, other: "KernelStats") -> "KernelStats":
        """Counts of two sets of races together; exact, so the order of adding does not matter."""
        reasons = dict(self.veto_reasons)
        for reason, count in other.veto_reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
        return KernelStats(
            self.total_validated + other.total_validated,
            self.total_rejected + other.total_rejected,
            reasons,
        )


@dataclass(frozen=True, slots=True)
class SkeletonNarrative:
    """Facts of N races that the kernel needs and their scenarios do not hold.

    Parameters
    ----------
    green_laps
        Number of laps on which a fastest lap is scored, u16 ``[N]``.
    first_leader
        Index of the driver who led the first lap, u8 ``[N]``.
    """

    green_laps: npt.NDArray[np.uint16]
    first_leader: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class KernelLogic:
    """The rules of one spec, applied to races.

    Parameters
    ----------
    spec
        The spec that holds the rules.
    """

    spec: ConstraintSpec

    def judge(self, races: Scenarios, narrative: SkeletonNarrative) -> tuple[Mask, KernelStats]:
        """Which races stand, bool ``[N]``, and the counts of those rejected."""
        broken = self._conservation(races, narrative) | self._rules(races, narrative)
        stands = np.ones(len(races), dtype=np.bool_)
        for breaks in broken.values():
            stands &= ~breaks
        reasons = {name: int(breaks.sum()) for name, breaks in broken.items() if breaks.any()}
        return stands, KernelStats(len(races), int((~stands).sum()), reasons)

    def _conservation(self, races: Scenarios, narrative: SkeletonNarrative) -> dict[str, Mask]:
        racing = np.array(self.spec.racing)
        # one bit for each position: all cars' bits together are all bits but the lowest
        every_position = np.uint64((2 << len(racing)) - 2)
        positions = np.left_shift(np.uint64(1), races.finish[:, racing].astype(np.uint64))
        led, fastest, completed = races.laps_led, races.fastest_laps, races.laps_completed
        won = races.finish == 1
        return {
            "finish_permutation": np.bitwise_or.reduce(positions, axis=1) != every_position,
            "laps_led_total": led.sum(axis=1) != self.spec.track.race_laps,
            "fastest_laps_total": fastest.sum(axis=1) != narrative.green_laps,
            # a driver who is out leads no lap after, and sets no fastest one
            "led_after_out": ((led > completed) | (fastest > completed)).any(axis=1),
            "winner_led_last_lap": ~(won & (led > 0) & races.running).any(axis=1),
            "position_swaps": (len(racing) >= LEAST_CARS)
            & (_positions_lost(races) > MOST_SWAPPED * len(racing) ** 2 / 4),
        }

    def _rules(self, races: Scenarios, narrative: SkeletonNarrative) -> dict[str, Mask]:
        laps = self.spec.track.race_laps
        rear = [d.races_from_rear for d in self.spec.drivers]
        all_from_rear = all(rear[i] for i in self.spec.racing)
        broken: dict[str, Mask] = {}
        for i, driver in enumerate(self.spec.drivers):
            finish, led = races.finish[:, i], races.laps_led[:, i]
            if driver.out:
                broken[veto_reason(Veto.OUT, driver.driver_id)] = (
                    (finish > 0) | (led > 0) | (races.fastest_laps[:, i] > 0) | races.running[:, i]
                )
                continue
            if Veto.MAY_NOT_WIN in driver.vetoes:
                broken[veto_reason(Veto.MAY_NOT_WIN, driver.driver_id)] = finish == 1
            if driver.min_laps_led is not None:
                broken[veto_reason("min_laps_led", driver.driver_id)] = led < driver.min_laps_led
            if driver.max_laps_led is not None and driver.max_laps_led < laps:
                broken[veto_reason("max_laps_led", driver.driver_id)] = led > driver.max_laps_led
            if driver.races_from_rear and not all_from_rear:
                broken[veto_reason(Veto.REAR_START, driver.driver_id)] = narrative.first_leader == i
        return broken
