"""The sites that are known, and which of them a name or a salary file means."""

from collections.abc import Sequence

from core.errors import InvalidInput
from core.sites import draftkings, fanduel
from core.sites.site import Site

SITES = {site.key: site for site in (draftkings.SITE, fanduel.SITE)}
"""Every site by its key; the first is the one that is meant where nothing says otherwise."""

DEFAULT_SITE = next(iter(SITES))


def site_of(name: str) -> Site:
    """Site of a key (``fanduel``) or a name (``FanDuel``), in any case of letters.

    Raises
    ------
    InvalidInput
        On ``site``: no site has that key or name.
    """
    wanted = name.strip().casefold()
    for site in SITES.values():
        if wanted in {site.key.casefold(), site.name.casefold()}:
            return site
    raise InvalidInput({"site": f"{name!r} is no site known here; give {' or '.join(SITES)}."})


def recognise(header: Sequence[str]) -> Site | None:
    """Site whose salary file has these columns, or ``None``."""
    columns = set(header)
    for site in SITES.values():
        if columns.issuperset(site.salaries.columns):
            return site
    return None


def nearest(header: Sequence[str]) -> Site:
    """Site whose salary file has the most of these columns; its reader says what is absent."""
    columns = set(header)
    return max(SITES.values(), key=lambda site: len(columns.intersection(site.salaries.columns)))
