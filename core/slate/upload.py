"""The file DraftKings accepts: one lineup a line, under a header of roster slots."""

import csv
import io

import numpy as np
import numpy.typing as npt

from core.slate.drivers import Slate


def cells_of(slate: Slate, lineup: npt.NDArray[np.uint8]) -> list[str]:
    """Give a lineup's cells, ``Name (ID)``, dearest driver first."""
    picked = sorted(
        (slate.drivers[int(place)] for place in lineup), key=lambda d: (-d.salary_usd, d.name)
    )
    return [f"{driver.name} ({driver.driver_id})" for driver in picked]


def write_upload(slate: Slate, lineups: npt.NDArray[np.uint8]) -> str:
    """Give the upload file's text.

    Parameters
    ----------
    slate
        For names and ids.
    lineups
        u8 ``[L, R]``, driver indices.

    Returns
    -------
    A header of one ``D`` a roster slot, then a line a lineup of ``Name (ID)`` cells, dearest first.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["D"] * slate.rules.roster_size)
    writer.writerows(cells_of(slate, lineup) for lineup in lineups)
    return text.getvalue()
