"""A contest as it was played, on a slate: from names in a site's export to driver indices."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput, Problem
from core.field.ownership import TOLERANCE
from core.sites import Standings
from core.slate import Slate, plain_name
from core.wording import many

COMPLETE = 0.98  # of 100% per roster spot: drivers' shares sum to more where all are listed

_KEY = "standings"


@dataclass(frozen=True, eq=False)
class SlateStandings:
    """One contest as it was played, with drivers by index into a slate.

    Parameters
    ----------
    lineups, copies
        The different lineups, u8 ``[U, R]``, and the number of entries with each, i32 ``[U]``.
    ownership_percent
        Ownership in percent of the entries that have a lineup, ``[D]``. A driver whom the file does
        not list has 0 if the drivers listed fill all rosters, else NaN.
    points_ticks
        Score of each driver, ``[D]``, in ticks of 0.05 point; 0 for a driver not listed.
    entries
        Number of all entries, those without a lineup among them.
    """

    lineups: npt.NDArray[np.uint8]
    copies: npt.NDArray[np.int32]
    ownership_percent: npt.NDArray[np.float64]
    points_ticks: npt.NDArray[np.int64]
    entries: int


def standings_on(slate: Slate, standings: Standings) -> SlateStandings:
    """Contest with drivers by index into the slate; names may be spelt differently there.

    Raises
    ------
    InvalidInput
        A driver of the contest is not on the slate, or two drivers of the slate share the name;
        drivers' shares that do not fill the rosters, and so are no percent of entries.
    """
    index = _index(standings.drivers, slate)
    percent = np.full(len(slate), np.nan)
    ticks = np.zeros(len(slate), dtype=np.int64)
    for name, share, scored in zip(
        standings.drivers, standings.percent_drafted, standings.driver_ticks, strict=True
    ):
        percent[index[name]], ticks[index[name]] = share, scored
    size = slate.rules.roster_size
    filled = 1.0 - standings.empty_entries / standings.entries
    _require_rosters(standings, slate, percent, filled)
    if np.nansum(percent) >= COMPLETE * 100.0 * size * filled:
        percent = np.nan_to_num(percent)
        if filled < 1.0:
            percent = np.minimum(percent * (100.0 * size / percent.sum()), 100.0)
    rows = [sorted(index[name] for name in lineup) for lineup in standings.lineups]
    return SlateStandings(
        lineups=np.array(rows, dtype=np.uint8).reshape(len(rows), size),
        copies=np.array(standings.copies, dtype=np.int32),
        ownership_percent=percent,
        points_ticks=ticks,
        entries=standings.entries,
    )


def _require_rosters(
    standings: Standings, slate: Slate, percent: npt.NDArray[np.float64], filled: float
) -> None:
    """Refuse shares that cannot fill all rosters, whatever the drivers not listed have."""
    if filled == 0.0:
        raise InvalidInput({_KEY: f"none of {standings.entries:,} entries has a lineup."})
    size = slate.rules.roster_size
    whole = 100.0 * size * filled
    missing = sum(
        np.isnan(share) and not driver.out
        for share, driver in zip(percent, slate.drivers, strict=True)
    )
    total, listed = float(np.nansum(percent)), len(standings.drivers)

    def near(target: float) -> bool:
        return abs(total - target) <= TOLERANCE * target

    # if shares were percent, the most owned of the drivers listed would be above 1
    fractions = total > 0.0 and np.nanmax(percent) <= 1.0
    if not fractions and (
        near(whole) or total < whole <= total + 100.0 * filled * missing + TOLERANCE * whole
    ):
        return
    if fractions:
        meant = "These are fractions: give percent, 100 times as much."
    elif near(100.0 * filled):
        meant = f"These are shares of roster spots: give {size} times as much."
    elif total < whole and missing:
        meant = (
            f"The {missing} of the slate who are not listed cannot make up the rest, each in "
            "at most every entry: give them too, or the file as exported."
        )
    else:
        meant = "Give the file as exported."
    empty = "" if filled == 1.0 else f" where {filled:.1%} of entries have a lineup"
    message = (
        f"the shares of {many(listed, 'driver')} sum to {total:g}; percent of entries sum to "
        f"{whole:g}{empty}, as a lineup has {size} drivers, within {TOLERANCE:.0%}. {meant}"
    )
    raise InvalidInput(Problem(_KEY, message, at="column %Drafted"))


def _index(names: Sequence[str], slate: Slate) -> dict[str, int]:
    """Index into the slate by name.

    A name is looked up in the slate's spelling, then as a plain name that only one driver has.
    """
    plain: dict[str, list[int]] = {}
    for index, driver in enumerate(slate.drivers):
        plain.setdefault(plain_name(driver.name), []).append(index)
    spelt = {driver.name: index for index, driver in enumerate(slate.drivers)}
    index_of: dict[str, int] = {}
    unknown: list[str] = []
    for name in names:
        alike = [spelt[name]] if name in spelt else plain.get(plain_name(name), [])
        if len(alike) == 1:
            index_of[name] = alike[0]
        else:
            unknown.append(name)
    if unknown:
        message = (
            f"not one driver of the slate: {', '.join(unknown[:5])}; give the salary file of the "
            "same slate."
        )
        raise InvalidInput(Problem(_KEY, message, at="column Player"))
    twice = [name for name, count in Counter(index_of.values()).items() if count > 1]
    if twice:
        name = slate.drivers[twice[0]].name
        message = f"{name} is listed under two spellings; give each driver once."
        raise InvalidInput(Problem(_KEY, message, at="column Player"))
    return index_of
