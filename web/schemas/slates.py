"""Slates and drivers as the API takes and shows them."""

from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

from core.sites import SITES
from core.slate import MAX_DRIVERS, Veto
from web.schemas.values import Flag, Number, Text, Whole, above, between, counted

ODDS = {"description": "Decimal odds, such as 7.5; the bookmaker's margin is taken out."}


SITE = fields.String(
    validate=validate.OneOf(list(SITES)),
    metadata={
        "description": "The contest site; by default the slate's, which it may not contradict, "
        "and draftkings for drivers given without one."
    },
)


class DriverSchema(Schema):
    """One driver given inline."""

    driver_id = Text(required=True)
    name = Text(metadata={"description": "By default the id."})
    salary = Whole(required=True, validate=between(1, 1_000_000), metadata={"description": "USD."})
    average_points = Number(allow_none=True, validate=between(-1_000, 1_000))
    team = Text(allow_none=True)
    manufacturer = Text(allow_none=True)
    start_position = Whole(allow_none=True, validate=between(1, 60))
    starts_from_rear = Flag()
    projected_points = Number(allow_none=True, validate=between(-1_000, 1_000))
    ownership_percent = Number(allow_none=True, validate=between(0, 100))
    win_odds = Number(allow_none=True, validate=above(1, 100_000), metadata=ODDS)
    top5_odds = Number(allow_none=True, validate=above(1, 100_000), metadata=ODDS)
    finish_median = Number(
        allow_none=True,
        validate=between(1, 60),
        metadata={"description": "Place: as many races end before it as after it."},
    )
    skill = Number(allow_none=True, validate=between(0, 1))
    aggression = Number(allow_none=True, validate=between(0, 1))
    shadow_risk = Number(allow_none=True, validate=between(0, 1))
    min_laps_led = Whole(allow_none=True, validate=between(0, 600))
    max_laps_led = Whole(allow_none=True, validate=between(0, 600))
    veto_rules = fields.List(fields.String(validate=validate.OneOf([veto.value for veto in Veto])))


class SlateFilesSchema(Schema):
    """The files of a slate upload."""

    salaries = Upload(
        required=True,
        metadata={"description": "DraftKings' DKSalaries.csv, or FanDuel's player list."},
    )
    drivers = Upload(metadata={"description": "Grid, teams, projections, ownership, rules."})
    # parts without a file name: described here, read from the form
    track_id = Text(metadata={"description": "las_vegas, or Las Vegas."})
    site = Text(
        metadata={
            "description": f"{' or '.join(SITES)}: refused where the salary file is another "
            "site's. Read off the file where absent."
        }
    )


class SlateDriverSchema(Schema):
    """One driver as a slate shows it."""

    driver_id = fields.String()
    name = fields.String()
    salary = Whole()
    average_points = Number(allow_none=True)
    team = fields.String(allow_none=True)
    manufacturer = fields.String(allow_none=True)
    start_position = Whole(allow_none=True)
    starts_from_rear = Flag()
    projected_points = Number(allow_none=True)
    ownership_percent = Number(allow_none=True)
    win_odds = Number(allow_none=True)
    top5_odds = Number(allow_none=True)
    finish_median = Number(allow_none=True)
    skill = Number(allow_none=True)
    aggression = Number(allow_none=True)
    shadow_risk = Number(allow_none=True)
    min_laps_led = Whole(allow_none=True)
    max_laps_led = Whole(allow_none=True)
    veto_rules = fields.List(fields.String())


class SlateSchema(Schema):
    """A stored slate."""

    slate_id = fields.String()
    site = fields.String(validate=validate.OneOf(list(SITES)))
    race_name = fields.String()
    track_id = fields.String(allow_none=True)
    drivers = fields.List(fields.Nested(SlateDriverSchema))
    warnings = fields.List(fields.String())


class SlateSummarySchema(Schema):
    """A stored slate without its drivers."""

    slate_id = fields.String()
    race_name = fields.String()
    track_id = fields.String(allow_none=True)


class SlatesSchema(Schema):
    """The caller's slates, newest first."""

    slates = fields.List(fields.Nested(SlateSummarySchema))


DRIVERS = counted(6, MAX_DRIVERS, "driver")
