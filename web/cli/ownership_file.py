"""Ownership as files hold it: the project's own CSV, other tools' projections, real standings.

Of a contest-standings export only the right-hand block is read, ``Player`` and ``%Drafted``; the
entries beside it, and whose they are, are not looked at.
"""

import re
from collections.abc import Sequence

from core.errors import InvalidInput
from core.tables import number, read_table
from core.wording import many
from web.cli.driver_names import DriverNames

_KEY = "ownership"
_STANDINGS = b"%drafted"
# a slate's drivers, with room to spare: the entries below are a file of their own
_MOST_LINES = 400

_NAME_WITH_ID = "nameid"
_NAMES = ("driver", "name", "player", "drivername", "playername", "fullname")
_IDS = ("driverid", "id", "dkid", "playerid", "draftableid")
_PERCENTS = (
    "ownershippercent",
    "drafted",
    "own",
    "ownership",
    "projectedownership",
    "projownership",
    "ownershipprojection",
    "projectedown",
    "projown",
    "pown",
    "fieldownership",
)
_NAMED = re.compile(r"(.*)\((\w+)\)")

# the same as in core.field, whose import takes half a second
NEAR = 0.02
# a sum of floats may differ from 100 in its last digit
MOST = 100.0 + 1e-9


def read_ownership_file(data: bytes, names: DriverNames, roster_size: int) -> dict[str, float]:
    """Percent of entries by driver id; a driver who is not in the file has none.

    Parameters
    ----------
    data
        A CSV with a column of names (``driver``, ``Name``, ``Player``), of ids (``ID``) or of both
        (``Name + ID``), and one of percent (``ownership_percent``, ``Own%``, ``Ownership``,
        ``%Drafted``, ``Projected Ownership`` ..), with or without ``%`` in the cells. An id counts
        before a name. Lines without a driver are left out, and so is a driver of 0% who is not on
        the slate.
    names
        Of the slate.
    roster_size
        Drivers of a lineup.

    Raises
    ------
    InvalidInput
        On ``ownership``, naming the line: no such columns, a driver unknown or there twice, a cell
        that is no percent, or numbers that sum neither to ``100 x roster_size`` nor to 100.
    """
    header, rows = read_table(_without_entries(data), _KEY)
    columns = [re.sub(r"[^a-z]", "", cell.lower()) for cell in header]
    both, name, driver, percent = (
        _column(columns, known) for known in ((_NAME_WITH_ID,), _NAMES, _IDS, _PERCENTS)
    )
    if percent is None or (both is None and name is None and driver is None):
        raise InvalidInput(
            {
                _KEY: "the header lacks driver (or Name, Player, ID, Name + ID) or "
                "ownership_percent (or Own%, Ownership, %Drafted)."
            }
        )
    estimates: dict[str, float] = {}
    problems: dict[str, str] = {}
    for line, row in rows:
        called = _called(row, both, name, driver)
        if not called:
            continue
        driver_id = next((i for one in called if (i := names.find(one)) is not None), None)
        value = number(row[percent].removesuffix("%").strip())
        where = f"{_KEY} line {line}"
        if value is None or not 0.0 <= value <= MOST:
            problems[where] = (
                f"{header[percent]} {row[percent]!r}; give percent of entries, 0 to 100."
            )
        elif driver_id is None:
            if value != 0.0:
                problems[where] = names.doubt(called[-1])
        elif driver_id in estimates:
            problems[where] = f"{called[-1]!r} stands in the file twice."
        else:
            estimates[driver_id] = value
    if problems:
        raise InvalidInput(problems)
    _require_sum(estimates, names, roster_size)
    return estimates


def _without_entries(data: bytes) -> bytes:
    """Cut a standings export to the lines that its right-hand block can fill."""
    head, _, _ = data.partition(b"\n")
    if _STANDINGS not in head.lower():
        return data
    return b"\n".join(data.split(b"\n", _MOST_LINES)[:_MOST_LINES])


def _column(columns: Sequence[str], known: Sequence[str]) -> int | None:
    return next((columns.index(one) for one in known if one in columns), None)


def _called(
    row: Sequence[str], both: int | None, name: int | None, driver: int | None
) -> list[str]:
    """A row's ids and names of its driver, the surest first; columns by index."""
    called = [row[driver]] if driver is not None else []
    if both is not None:
        named = _NAMED.fullmatch(row[both])
        called += [named[2], named[1].strip()] if named else [row[both]]
    if name is not None:
        called.append(row[name])
    return [one for one in called if one]


def _require_sum(estimates: dict[str, float], names: DriverNames, roster_size: int) -> None:
    """Refuse a sum that is neither percent of entries nor shares, and name what may be meant."""
    total = sum(estimates.values())
    whole = 100.0 * roster_size

    def near(target: float) -> bool:
        return abs(total - target) <= NEAR * target

    if near(whole) or near(100.0):
        return
    if near(whole / 100.0) or near(1.0):
        meant = "these are fractions: give percent, 100 times as much."
    else:
        absent = [spelt for i, spelt in names.spelt.items() if i not in estimates]
        listed = f"{', '.join(absent[:5])}{' ..' if len(absent) > 5 else ''}"
        meant = (
            f"{len(absent)} of the slate are not in the file ({listed}) and count as 0: give them "
            "too, or scale the numbers."
            if absent
            else "scale the numbers."
        )
    raise InvalidInput(
        {
            _KEY: f"the numbers of {many(len(estimates), 'driver')} sum to {total:g}; percent of "
            f"entries sum to {whole:g}, as a lineup has {roster_size} drivers, or to 100 as "
            f"shares of roster spots, each within {NEAR:.0%}. {meant[0].upper()}{meant[1:]}"
        }
    )
