"""Figures that explain the choice of the lineups."""

from marshmallow import Schema

from web.schemas.results.races import RegimeSharesSchema
from web.schemas.units import count, part, parts, points, ratio, text, texts, usd


class TailDriverSchema(Schema):
    """One driver of the first lineup, in that lineup's best races."""

    driver_id = text("The site's id of the driver")
    name = text("The driver's name")
    mean_points_in_tail = points("Mean score in the lineup's best 1% of races")
    mean_points = points("Mean score in all of the report's races")
    share_of_tail = ratio("Part of the lineup's mean score in its best 1% of races")


class HighTailSchema(Schema):
    """What the first lineup's best 1% of races have in common."""

    races_in_tail = count("Races in that best 1%", low=1)
    regimes_in_tail = part(RegimeSharesSchema, "Shares of those races by kind of race")
    regimes = part(RegimeSharesSchema, "Shares of all of the report's races by kind of race")
    drivers = parts(TailDriverSchema, "The lineup's drivers")


class BindingSchema(Schema):
    """The limits that the portfolio reaches."""

    max_driver_exposure = texts("Names of the drivers who are in as many lineups as they may be")
    max_team_exposure = texts("Teams that are in as many lineups as they may be")
    lineups_at_salary_cap = count("Lineups that cost exactly the salary cap")
    mean_salary = usd("Mean salary of a lineup")


class TailAndMeanSchema(Schema):
    """The portfolio's lineups in all races and in their best."""

    mean_points = points("Mean score of a lineup")
    mean_points_in_own_tail = points("Mean score of a lineup in its own best 1% of races")


class ExplanationSchema(Schema):
    """Why the lineups are what they are, computed on the report's races."""

    why_high_tail = part(HighTailSchema, "What the first lineup's best races have in common")
    constraint_binding = part(BindingSchema, "The limits that the portfolio reaches")
    tail_vs_mean = part(TailAndMeanSchema, "The lineups in all races and in their best")
