"""FanDuel: NASCAR."""

from core.sites.fanduel.entries import fill_entries
from core.sites.fanduel.player_list import COLUMNS, read_player_list
from core.sites.fanduel.rules import FANDUEL
from core.sites.fanduel.upload import write_upload
from core.sites.site import EntriesFile, SalaryFile, Site

SITE = Site(
    key="fanduel",
    rules=FANDUEL,
    salaries=SalaryFile("FanDuel's player list", COLUMNS.needed, read_player_list),
    write_upload=write_upload,
    entries=EntriesFile("FanDuelEntries.csv", fill_entries),
    cautions=(
        "FanDuel's scoring follows published descriptions and has been checked against no "
        "total that FanDuel published.",
        "The ownership model is fitted on DraftKings contests alone: give FanDuel's ownership "
        "where you know it.",
    ),
)
