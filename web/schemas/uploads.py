"""The files of multipart requests."""

from flask_smorest.fields import Upload
from marshmallow import Schema, fields

from core.sites import SITES
from web.schemas.values import Text


class SlateFilesSchema(Schema):
    """The files of a slate."""

    salaries = Upload(
        required=True,
        metadata={"description": "DraftKings' DKSalaries.csv, or FanDuel's player list."},
    )
    drivers = Upload(
        metadata={
            "description": "CSV with a row a driver, found by `driver` (the name) or `driver_id`: "
            "grid, teams, projections, odds, ownership, rules. It is laid over the salary file."
        }
    )
    # a part without a file name: described here, read from the form
    track_id = Text(
        metadata={
            "description": "Where the race is run: a track's id, `las_vegas`, or its name, `Las "
            "Vegas`. By default the slate names no track, and each request has to."
        }
    )
    site = Text(
        metadata={
            "description": f"The contest site, {' or '.join(SITES)}; refused where the salary file "
            "is another site's. By default it is read off the file."
        }
    )


class EntriesFilesSchema(Schema):
    """The entries file to fill."""

    entries = Upload(
        required=True,
        metadata={
            "description": "DraftKings' DKEntries.csv or FanDuel's entries file, of the slate of "
            "this job."
        },
    )
    # a part without a file name: described here, read from the form
    contest_ids = fields.String(
        metadata={"description": "Ids of the contests to fill, divided by commas. All by default."}
    )
