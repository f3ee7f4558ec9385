"""The contest that lineups are put into, as a request describes it."""

from dataclasses import dataclass

from core.contest import Payouts

REQUEST_OWNERSHIP = "as the request gives it"
FILE_OWNERSHIP = "as the drivers file gives it"


@dataclass(frozen=True, slots=True)
class ContestTerms:
    """The contest that lineups are put into.

    Parameters
    ----------
    payouts
        Size, fee and prizes.
    ownership_percent
        Percent of entries by driver of the slate; ``None`` = to be estimated.
    ownership_source
        Where the ownership comes from, for the answer.
    fields_per_block
        Fields drawn for every block of scenarios.
    uncertain
        Whether each field's ownership is drawn around the numbers given or estimated; ``None`` =
        only around an estimate.
    ownership_model
        The fitted ownership model as JSON; ``None`` = the one that the project ships.
    entry_limit
        Entries that one opponent may enter, 1 to 150; ``None`` = each enters one lineup.
    """

    payouts: Payouts
    ownership_percent: tuple[float, ...] | None = None
    ownership_source: str = ""
    fields_per_block: int = 1
    uncertain: bool | None = None
    ownership_model: str | None = None
    entry_limit: int | None = None
