"""What sites' files hold, as plain rows: drivers and lineups by id and name, no slate yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class DriverRow:
    """One driver as a salary file lists it.

    Parameters
    ----------
    driver_id
        The site's id.
    name
        As the file spells it.
    salary_usd
        What the driver costs.
    average_points
        The site's average before the race; ``None`` where the file gives none.
    race
        The race as this row names it; empty where it names none.
    mark
        What the file says of the driver's fitness (``O`` = out); empty where it says nothing.
    """

    driver_id: str
    name: str
    salary_usd: int
    average_points: float | None = None
    race: str = ""
    mark: str = ""


class Pick(NamedTuple):
    """One driver of a lineup, as an upload file names it."""

    driver_id: str
    name: str


PickedLineup = Sequence[Pick]
"""A lineup in the order in which its file lists it."""


class PrizeRow(NamedTuple):
    """Finishing places ``first`` to ``last`` of a contest, each of which wins ``prize_cents``."""

    first: int
    last: int
    prize_cents: int


@dataclass(frozen=True, slots=True)
class ContestRows:
    """A contest's size, fee and prizes, as a site's export of it states them.

    Parameters
    ----------
    field_size
        Entries of the full contest.
    entry_fee_cents
        What an entry costs.
    prizes
        Cash, and tickets at what they are counted at, in the file's order.
    tickets
        What each kind of ticket among the prizes is counted at, in cents, by its name.
    """

    field_size: int
    entry_fee_cents: int
    prizes: tuple[PrizeRow, ...]
    tickets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Standings:
    """One contest as it was played, with drivers by name.

    Parameters
    ----------
    lineups
        The different lineups, the most played first. Each is its drivers' names in alphabetical
        order, as spelt in the file.
    copies
        Number of entries with each lineup.
    points_ticks
        Score of each lineup, in ticks of 0.05 point.
    drivers
        Names of the drivers drafted.
    percent_drafted
        Percent of entries that drafted each driver.
    driver_ticks
        Score of each driver, in ticks of 0.05 point.
    entries, empty_entries
        Number of all entries, and of those without a lineup.
    finished
        Whether no entry had race time remaining.
    """

    lineups: tuple[tuple[str, ...], ...]
    copies: tuple[int, ...]
    points_ticks: tuple[int, ...]
    drivers: tuple[str, ...]
    percent_drafted: tuple[float, ...]
    driver_ticks: tuple[int, ...]
    entries: int
    empty_entries: int
    finished: bool
