"""The contest sites, a folder each: rules, scoring, and the formats of their files.

Readers give plain rows and writers take ids and names; :mod:`core.slate` makes rows a slate.
"""

from core.sites.draftkings.rules import DRAFTKINGS_CLASSIC
from core.sites.fanduel.rules import FANDUEL
from core.sites.registry import DEFAULT_SITE, SITES, nearest, recognise, site_of
from core.sites.rows import ContestRows, DriverRow, Pick, PickedLineup, PrizeRow, Standings
from core.sites.rules import TICKS_PER_POINT, SiteRules, Ticks, score
from core.sites.salary_files import MAX_SALARY_USD
from core.sites.site import ContestExport, EntriesFile, SalaryFile, Site

__all__ = [
    "DEFAULT_SITE",
    "DRAFTKINGS_CLASSIC",
    "FANDUEL",
    "MAX_SALARY_USD",
    "SITES",
    "TICKS_PER_POINT",
    "ContestExport",
    "ContestRows",
    "DriverRow",
    "EntriesFile",
    "Pick",
    "PickedLineup",
    "PrizeRow",
    "SalaryFile",
    "Site",
    "SiteRules",
    "Standings",
    "Ticks",
    "nearest",
    "recognise",
    "score",
    "site_of",
]
