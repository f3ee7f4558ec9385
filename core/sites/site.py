"""A contest site as one record: its rules, what reads its files, and what writes them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.sites.rows import ContestRows, DriverRow, PickedLineup, Standings
from core.sites.rules import SiteRules


class FillEntries(Protocol):
    """Fills an entries file: the first entry of each contest gets the first lineup, and so on."""

    def __call__(
        self,
        data: bytes,
        lineups: Sequence[PickedLineup],
        roster_size: int,
        contest_ids: Collection[str] | None = None,
    ) -> str:
        """Text of the file with lineups in the chosen contests; ``None`` = in all of them."""
        ...


@dataclass(frozen=True, slots=True)
class SalaryFile:
    """The file that a site offers its drivers and salaries in.

    Parameters
    ----------
    name
        What users know it as.
    columns
        The columns by which a file is known for this site's.
    read
        From a file's bytes to its drivers; raises :class:`~core.errors.InvalidInput` with the line.
    """

    name: str
    columns: tuple[str, ...]
    read: Callable[[bytes], tuple[DriverRow, ...]]


@dataclass(frozen=True, slots=True)
class EntriesFile:
    """The file of a player's reserved entries, which comes back with lineups in it.

    Parameters
    ----------
    name
        What users know it as.
    fill
        Writes lineups into it.
    """

    name: str
    fill: FillEntries


@dataclass(frozen=True, slots=True)
class ContestExport:
    """A contest's size, fee and prizes, as the site itself serves them in JSON.

    Parameters
    ----------
    recognises
        Whether a JSON object is one.
    read
        From the object, and from what tickets are worth in USD by their name, to the contest;
        raises :class:`~core.errors.InvalidInput`.
    """

    recognises: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Mapping[str, Any], Mapping[str, object] | None], ContestRows]


@dataclass(frozen=True, slots=True)
class Site:
    """One contest site.

    Parameters
    ----------
    key
        What requests and the command line call it: ``draftkings``.
    rules
        Roster and scoring.
    salaries
        Its salary file.
    write_upload
        Text of the file that the site's upload page takes, from lineups and the roster's size.
    entries
        Its entries file; ``None`` = none is known.
    read_standings
        From the bytes of its export of a contest's standings, and the roster's size, to what was
        played; ``None`` = no such export is known.
    contest_export
        Its JSON of a contest; ``None`` = none is known.
    cautions
        What a user of this site must know before betting on a result, a sentence each.
    """

    key: str
    rules: SiteRules
    salaries: SalaryFile
    write_upload: Callable[[Sequence[PickedLineup], int], str]
    entries: EntriesFile | None = None
    read_standings: Callable[[bytes, int], Standings] | None = None
    contest_export: ContestExport | None = None
    cautions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What users call the site: ``DraftKings``."""
        return self.rules.site
