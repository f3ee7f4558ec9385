"""Lineups into the files of the slate's site: for its upload page, or for reserved entries."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.sites import Pick
from core.slate.drivers import Slate

Lineups = npt.NDArray[np.uint8]


def write_upload(slate: Slate, lineups: Lineups) -> str:
    """Text of the file that the upload page of the slate's site takes.

    Parameters
    ----------
    slate
        For names, ids and the site.
    lineups
        u8 ``[L, R]``, driver indices.

    Returns
    -------
    The site's header, then a line a lineup, its dearest driver first.
    """
    picked = [_picks(slate, lineup) for lineup in lineups]
    return slate.site.write_upload(picked, slate.rules.roster_size)


def fill_entries(
    slate: Slate, lineups: Lineups, data: bytes, contest_ids: Collection[str] | None = None
) -> str:
    """Text of the entries file of the slate's site, filled.

    In each contest the first entry gets the first lineup, the second entry the second, and so on.

    Parameters
    ----------
    slate
        For names, ids and the site.
    lineups
        u8 ``[L, R]``, best first.
    data
        The file as the site exports it, such as a ``DKEntries.csv``; beside the entries it lists
        instructions and players, which stay as they are.
    contest_ids
        The contests to fill; all of the file's by default.

    Returns
    -------
    The file's text, only the roster cells of the chosen contests changed.

    Raises
    ------
    InvalidInput
        Not that file, a contest that is not in it, more entries in a contest than lineups, or a
        site without such a file.
    """
    entries = slate.site.entries
    if entries is None:
        raise InvalidInput({"entries": f"no entries file of {slate.site.name} is known."})
    picked = [_picks(slate, lineup) for lineup in lineups]
    return entries.fill(data, picked, slate.rules.roster_size, contest_ids)


def _picks(slate: Slate, lineup: Lineups) -> list[Pick]:
    """Drivers of a lineup, the dearest first."""
    drivers = sorted(
        (slate.drivers[int(index)] for index in lineup), key=lambda d: (-d.salary_usd, d.name)
    )
    return [Pick(driver.driver_id, driver.name) for driver in drivers]
