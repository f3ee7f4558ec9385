"""The slate: the drivers of one race, what is known of each, and the files of a player."""

from core.sites import DRAFTKINGS_CLASSIC, FANDUEL, TICKS_PER_POINT, SiteRules, Ticks, score
from core.slate.driver_file import apply_driver_file
from core.slate.drivers import MAX_DRIVERS, Driver, Slate, Veto
from core.slate.names import plain_name
from core.slate.salaries import read_salaries
from core.slate.tracks import Track, TrackType, find_track, track_named_in
from core.slate.upload import fill_entries, write_upload

__all__ = [
    "DRAFTKINGS_CLASSIC",
    "FANDUEL",
    "MAX_DRIVERS",
    "TICKS_PER_POINT",
    "Driver",
    "SiteRules",
    "Slate",
    "Ticks",
    "Track",
    "TrackType",
    "Veto",
    "apply_driver_file",
    "fill_entries",
    "find_track",
    "plain_name",
    "read_salaries",
    "score",
    "track_named_in",
    "write_upload",
]
