"""The contest sites, a folder each: rules, scoring, and the formats of their files."""

from core.sites.draftkings.rules import DRAFTKINGS_CLASSIC
from core.sites.fanduel.rules import FANDUEL
from core.sites.rules import TICKS_PER_POINT, SiteRules, Ticks, score

__all__ = [
    "DRAFTKINGS_CLASSIC",
    "FANDUEL",
    "TICKS_PER_POINT",
    "SiteRules",
    "Ticks",
    "score",
]
