"""What a race depends on and must obey: for each driver, and for the track."""

from dataclasses import dataclass
from math import isfinite
from numbers import Integral, Real

from core.errors import InvalidInput, Problem
from core.slate.drivers import Veto
from core.slate.tracks import TrackType

MIN_RACE_LAPS, MAX_RACE_LAPS = 20, 600
MAX_TILT = 4.0  # strengths are normal scores: beyond that a driver wins or loses every race
SKILL_PER_SD = 0.25  # skill 0.75 is one standard deviation above the average driver of the race


class _Checked:
    """A record whose numbers are checked and made plain floats and ints; problems are collected.

    Equal numbers get the same text (1 becomes 1.0), so that equal specs have the same hash.
    """

    def __init__(self, record: object, driver_id: str | None = None) -> None:
        self.record, self.driver_id = record, driver_id
        self.problems: list[Problem] = []

    def wrong(self, name: str, message: str) -> None:
        self.problems.append(Problem(name, message, self.driver_id))

    def number(self, name: str, low: float, high: float, *, whole: bool = False) -> None:
        value = getattr(self.record, name)
        called = "whole number" if whole else "number"
        right = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
        if not right:
            self.wrong(name, f"{value!r} is no {called}.")
        elif not isfinite(value) or not low <= value <= high:
            self.wrong(name, f"{value} is outside {low:g} to {high:g}.")
        else:
            # adding 0.0 turns -0.0 into 0.0, which it equals but which has another text
            object.__setattr__(self.record, name, int(value) if whole else float(value) + 0.0)

    def refuse(self) -> None:
        if self.problems:
            raise InvalidInput(self.problems)


@dataclass(frozen=True, slots=True)
class DriverConstraints:
    """What one driver brings to a race, and the rules that every race must obey for him.

    Parameters
    ----------
    driver_id
        The site's id.
    skill, aggression
        0..1, 0.5 = the average driver of the race. Aggression widens the spread of the driver's own
        results and makes accidents likelier.
    shadow_risk
        0..1, the chance that the car underdelivers all race long.
    tilt
        -4..4, strength added to what skill and grid give. :mod:`core.race.knowledge` sets it so
        that races agree with a user's own numbers; 0 = none.
    team, manufacturer
        Cars of a team, and of a manufacturer, share a part of their luck; limits on stacks use them
        too.
    start_position
        Position on the official grid, 1 = pole; ``None`` = unknown, then drawn in every race.
    starts_from_rear
        Whether the driver races from the back and scores from the grid spot.
    min_laps_led, max_laps_led
        Hard limits on the laps led in every race; ``None`` = none.
    vetoes
        Hard rules, see :class:`~core.slate.drivers.Veto`.

    Raises
    ------
    InvalidInput
        A number outside its range or limits that contradict each other; the subject is the
        driver's id.
    """

    driver_id: str
    skill: float = 0.5
    aggression: float = 0.5
    shadow_risk: float = 0.0
    tilt: float = 0.0
    team: str | None = None
    manufacturer: str | None = None
    start_position: int | None = None
    starts_from_rear: bool = False
    min_laps_led: int | None = None
    max_laps_led: int | None = None
    vetoes: frozenset[Veto] = frozenset()

    def __post_init__(self) -> None:
        checked = _Checked(self, self.driver_id)
        for name in ("skill", "aggression", "shadow_risk"):
            checked.number(name, 0, 1)
        checked.number("tilt", -MAX_TILT, MAX_TILT)
        if self.start_position is not None:
            checked.number("start_position", 1, 60, whole=True)
        for name in ("min_laps_led", "max_laps_led"):
            if getattr(self, name) is not None:
                checked.number(name, 0, MAX_RACE_LAPS, whole=True)
        object.__setattr__(self, "starts_from_rear", bool(self.starts_from_rear))
        unknown = sorted(set(self.vetoes) - set(Veto))
        if unknown:
            checked.wrong("vetoes", f"{', '.join(unknown)} is no veto; give {', '.join(Veto)}.")
        else:
            object.__setattr__(self, "vetoes", frozenset(map(Veto, self.vetoes)))
        checked.refuse()
        if (
            self.min_laps_led is not None
            and self.max_laps_led is not None
            and self.min_laps_led > self.max_laps_led
        ):
            above = f"{self.min_laps_led} is above max_laps_led {self.max_laps_led}."
            checked.wrong("min_laps_led", above)
        if self.out and (self.min_laps_led or 0) > 0:
            checked.wrong("min_laps_led", "a driver vetoed out leads no lap; give 0 or none.")
        checked.refuse()

    @property
    def out(self) -> bool:
        """Whether the driver does not race."""
        return Veto.OUT in self.vetoes

    @property
    def races_from_rear(self) -> bool:
        """Whether the driver takes the green flag behind all other cars."""
        return self.starts_from_rear or Veto.REAR_START in self.vetoes

    @property
    def may_win(self) -> bool:
        """Whether the rules let the driver win; a winner leads the last lap."""
        return (
            not self.out
            and Veto.MAY_NOT_WIN not in self.vetoes
            and (self.max_laps_led is None or self.max_laps_led > 0)
        )


@dataclass(frozen=True, slots=True)
class TrackConstraints:
    """What the race depends on apart from its drivers: the track, the laps, cautions and stops.

    Parameters
    ----------
    track_type
        Kind of track.
    race_laps
        Laps of the race, 20..600.
    difficulty
        0..1, how hard passing is; 0.5 = as fitted for the kind of track.
    aggression_factor
        0..2, factor on every driver's aggression; 1 = as it is, 0 = aggression does not matter.
    caution_rate
        Expected number of cautions in the race, the two stage breaks included, 0..30. Every race
        has the two stage breaks, so a rate below 2 acts as 2. Cautions that would take more than
        60% of the laps are left out, so a short race has fewer than a high rate asks for.
    pit_window_laps
        Green laps after which the cars must pit, 5..600.

    Raises
    ------
    InvalidInput
        A number outside its range, the field named.
    """

    track_type: TrackType
    race_laps: int
    difficulty: float
    aggression_factor: float
    caution_rate: float
    pit_window_laps: int

    def __post_init__(self) -> None:
        checked = _Checked(self)
        checked.number("race_laps", MIN_RACE_LAPS, MAX_RACE_LAPS, whole=True)
        checked.number("difficulty", 0, 1)
        checked.number("aggression_factor", 0, 2)
        checked.number("caution_rate", 0, 30)
        checked.number("pit_window_laps", 5, MAX_RACE_LAPS, whole=True)
        checked.refuse()
