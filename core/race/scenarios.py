"""Simulated races as arrays, one row for each race: the form in which all other code reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.sites import SiteRules, Ticks, score

_TYPES = {
    "finish": np.uint8,
    "start": np.uint8,
    "laps_led": np.uint16,
    "fastest_laps": np.uint16,
    "laps_completed": np.uint16,
    "running": np.bool_,
    "regime": np.uint8,
    "cautions": np.uint8,
}


@dataclass(frozen=True, eq=False)
class Scenarios:
    """N simulated races of D drivers, each coherent: positions a permutation, laps summing up.

    Parameters
    ----------
    finish
        u8 ``[N, D]``, 1 = winner, 0 = the driver does not race.
    start
        u8 ``[N, D]``, the official grid that scores, 1 = pole, 0 = the driver does not race.
    laps_led, fastest_laps
        u16 ``[N, D]``.
    laps_completed
        u16 ``[N, D]``: the race's laps for a car still running, else those before it went out.
    running
        bool ``[N, D]``: whether the car is running at the finish.
    regime
        u8 ``[N]``, see :class:`core.race.regimes.Regime`.
    cautions
        u8 ``[N]``: number of cautions.
    """

    finish: npt.NDArray[np.uint8]
    start: npt.NDArray[np.uint8]
    laps_led: npt.NDArray[np.uint16]
    fastest_laps: npt.NDArray[np.uint16]
    laps_completed: npt.NDArray[np.uint16]
    running: npt.NDArray[np.bool_]
    regime: npt.NDArray[np.uint8]
    cautions: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        for name, kind in _TYPES.items():
            array = getattr(self, name)
            shape = self.finish.shape if name not in {"regime", "cautions"} else (len(self),)
            if array.shape != shape or array.dtype != kind or len(self.finish.shape) != 2:
                raise InvalidInput(
                    {name: f"{array.dtype} of shape {array.shape} is not {kind.__name__} {shape}."}
                )

    def __len__(self) -> int:
        return int(self.finish.shape[0])

    @property
    def drivers(self) -> int:
        """Number of drivers D, those who do not race included."""
        return int(self.finish.shape[1])

    def points(self, rules: SiteRules) -> Ticks:
        """Score every race by the site's rules: int16 ``[N, D]`` in ticks of 0.05 point."""
        return score(
            rules,
            self.start,
            self.finish,
            self.laps_led,
            self.fastest_laps,
            self.laps_completed,
        )

    def take(self, races: slice | npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Scenarios":
        """Races at a slice, at indices or where a mask is true."""
        return Scenarios(**{name: array[races] for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays by name, uncopied, for storing."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Scenarios":
        """Scenarios made of the arrays of :meth:`arrays`.

        Raises
        ------
        InvalidInput
            An array is absent or of another type or shape.
        """
        missing = sorted(_TYPES.keys() - arrays.keys())
        if missing:
            raise InvalidInput({"scenarios": f"the arrays lack {', '.join(missing)}."})
        return cls(**{name: np.asarray(arrays[name]) for name in _TYPES})


def concatenate(parts: Sequence[Scenarios]) -> Scenarios:
    """Scenarios of the same drivers joined, in order.

    Raises
    ------
    InvalidInput
        ``parts`` is empty.
    """
    if not parts:
        raise InvalidInput({"scenarios": "there are none to join; give at least one part."})
    return Scenarios(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in _TYPES  # one copy each
        }
    )
