"""DraftKings: NASCAR Classic."""

from core.sites.draftkings.contest_export import is_contest, read_contest
from core.sites.draftkings.entries import fill_entries
from core.sites.draftkings.rules import DRAFTKINGS_CLASSIC
from core.sites.draftkings.salaries import COLUMNS, read_salaries
from core.sites.draftkings.standings import read_standings
from core.sites.draftkings.upload import write_upload
from core.sites.site import ContestExport, EntriesFile, SalaryFile, Site

SITE = Site(
    key="draftkings",
    rules=DRAFTKINGS_CLASSIC,
    salaries=SalaryFile("DKSalaries.csv", COLUMNS.needed, read_salaries),
    write_upload=write_upload,
    entries=EntriesFile("DKEntries.csv", fill_entries),
    read_standings=read_standings,
    contest_export=ContestExport(is_contest, read_contest),
)
