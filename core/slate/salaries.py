"""A site's salary file in: the site known by the file's header, its drivers made a slate."""

from core.errors import InvalidInput
from core.sites import DriverRow, Site, nearest, recognise, site_of
from core.slate.drivers import NO_GRID, Driver, Slate
from core.tables import read_table

_KEY = "salaries"
_MOST_NAMED = 10


def read_salaries(data: bytes, site: str | None = None) -> Slate:
    """Slate of a site's salary file: DraftKings' ``DKSalaries.csv``, FanDuel's player list.

    Such a file lists drivers who were withdrawn later, and names no grid; the slate's warnings say
    what that leaves open.

    Parameters
    ----------
    data
        The file's bytes, UTF-8 or Windows-1252.
    site
        Key or name of the site that the file must be of; ``None`` = whichever its header says.

    Raises
    ------
    InvalidInput
        On ``site``: no such site, or the file is another site's. Else on ``salaries``: no CSV, no
        site's header, another game's positions, a salary or average that is no number, two races.
        Else as :class:`Slate`.
    """
    source = _site(data, site)
    rows = source.salaries.read(data)
    races = sorted({row.race for row in rows if row.race})
    if len(races) > 1:
        raise InvalidInput(
            {_KEY: f"more than one race in the file: {', '.join(races[:3])}; give one slate."}
        )
    return Slate(
        drivers=tuple(
            Driver(row.driver_id, row.name, row.salary_usd, average_points=row.average_points)
            for row in rows
        ),
        rules=source.rules,
        race_name=races[0] if races else "",
        warnings=(*source.cautions, *_marks(source, rows), NO_GRID),
    )


def _site(data: bytes, name: str | None) -> Site:
    """Site that a salary file is of, by its header, which must not contradict the name given."""
    header, _ = read_table(data, _KEY)
    recognised = recognise(header)
    if name is None:
        return recognised or nearest(header)
    wanted = site_of(name)
    if recognised not in {None, wanted}:
        raise InvalidInput(
            {
                "site": f"{wanted.key}, but the salary file is {recognised.name}'s; leave the "
                f"site out, or give {wanted.salaries.name}."
            }
        )
    return wanted


def _marks(site: Site, rows: tuple[DriverRow, ...]) -> list[str]:
    """Warning of drivers whom the file marks as unfit, where there is one."""
    marked = [f"{row.name} ({row.mark})" for row in rows if row.mark]
    if not marked:
        return []
    return [
        f"{site.name} marks {', '.join(marked[:_MOST_NAMED])}. A driver who was withdrawn should "
        "be marked 'out' under veto_rules."
    ]
