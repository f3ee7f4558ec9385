"""What lineups make of the simulated contests."""

from marshmallow import Schema, fields

from web.schemas.units import (
    by_key,
    count,
    number,
    part,
    percent,
    ratio,
    share,
    text,
    texts,
    usd,
)
from web.schemas.values import Number

FREE = "where entering is free"
ONE_SCENARIO = "for a single simulated race"
FREE_OR_ONE_SCENARIO = "where entering is free, or for a single simulated race"
TOP_1_PCT = "Share of entries that finish in the first 1% of the contest; `top_1pct` is a score"


def _quantile(name: str) -> Number:
    """Profit that a share of the simulated contests does not exceed."""
    return Number(
        required=True,
        data_key=name,
        metadata={
            "description": f"Profit that {float(name):.0%} of the simulated contests do not "
            "exceed, in USD."
        },
    )


class QuantilesSchema(Schema):
    """Quantiles of profit."""

    q01 = _quantile("0.01")
    q05 = _quantile("0.05")
    q10 = _quantile("0.10")
    q25 = _quantile("0.25")
    q50 = _quantile("0.50")
    q75 = _quantile("0.75")
    q90 = _quantile("0.90")
    q95 = _quantile("0.95")
    q99 = _quantile("0.99")


class ProfitSchema(Schema):
    """Winnings less entry fees, over the simulated contests."""

    mean = usd("Mean profit of a contest")
    std = usd("Standard deviation of a contest's profit", null="for a single simulated contest")
    var_5 = usd("Profit that 5% of the contests do not exceed (value at risk)")
    cvar_5 = usd("Mean profit of the worst 5% of the contests (conditional value at risk)")
    quantiles = part(QuantilesSchema, "Quantiles of profit")


class FiguresSchema(Schema):
    """What one lineup, or all of them together, make of the simulated contests."""

    roi = ratio("Return on investment: mean winnings over entry fees, less 1", null=FREE)
    roi_std = ratio(
        "Standard deviation of one contest's return",
        null="where entering is free, or for a single simulated contest",
    )
    roi_se = ratio(
        "Standard error of `roi`, by simulated race and by block of races",
        null=FREE_OR_ONE_SCENARIO,
    )
    roi_unknown_sd = ratio(
        "Standard deviation of `roi` itself for what is not known: how strong the drivers are and "
        "what the field plays; the luck of races is not in it",
        null="where entering is free, for fewer than 4,000 races, or where luck explains all",
    )
    roi_lower_5 = ratio("Return that 5% of the contests do not exceed", null=FREE)
    roi_upper_95 = ratio("Return that 95% of the contests do not exceed", null=FREE)
    cash_pct = share("Share of entries that win a prize")
    cash_se = number("Standard error of `cash_pct`", low=0, null=ONE_SCENARIO)
    win_prob = share("Mean share of first place; entries that tie for it divide it")
    win_se = number("Standard error of `win_prob`", low=0, null=ONE_SCENARIO)
    top_1_pct = share(TOP_1_PCT)
    best_rank = count("Best place in any simulated contest, 1 is first", low=1)
    worst_rank = count("Worst place in any simulated contest", low=1)
    best_payout = usd("Most that one entry wins in any simulated contest")
    profit = part(ProfitSchema, "Winnings less entry fees")
    expected_duplicates = number(
        "Expected other entries with the same lineup, your own among them; of several lineups the "
        "mean",
        low=0,
    )


class EntryFiguresSchema(FiguresSchema):
    """Figures of one lineup in the simulated contests."""

    drivers = texts("Ids of the lineup's drivers")


class FieldSchema(Schema):
    """The simulated fields of opponents."""

    unique = number("Mean number of different lineups in a field", low=0)
    max_duplicates = count("Most copies of one lineup in any field")
    ownership_max_error = share(
        "Largest distance of a driver's share of a field's entries from its ownership",
        null="where the field has none",
    )


class PlayedContestSchema(FiguresSchema):
    """The contest's figures for all lineups together, the opposing fields, and the prizes."""

    field = part(FieldSchema, "The simulated fields of opponents")
    n_simulations = count("Contests simulated: races x fields", low=1)
    payouts_label = text(
        "What the prizes are if not the contest's own cash prizes; empty if they are"
    )


class InSampleSchema(Schema):
    """The same lineups on the races that they were chosen on, which overstate the figures."""

    roi = ratio("Return on investment", null=FREE)
    roi_se = ratio("Standard error of `roi`", null=FREE_OR_ONE_SCENARIO)
    cash_pct = share("Share of entries that win a prize")
    win_prob = share("Mean share of first place")
    n_simulations = count("Contests simulated", low=1)


class ViewSchema(Schema):
    """The same lineups on fresh races of another conviction."""

    conviction = share("Share of opinions beyond the market's that races keep")
    roi = ratio("Return on investment", null=FREE)
    roi_se = ratio("Standard error of `roi`", null=FREE_OR_ONE_SCENARIO)
    cash_pct = share("Share of entries that win a prize")
    win_prob = share("Mean share of first place")


class ByConvictionSchema(Schema):
    """What the lineups earn as others see the race."""

    fitted = part(ViewSchema, "At the conviction that was fitted to real contests")
    market = part(ViewSchema, "At the market's view: races as salaries and ownership imply")
    own = part(ViewSchema, "At your own view: if you alone knew the race")


def by_conviction() -> fields.Nested:
    """The contest as others see the race; null where given scores were played."""
    return part(
        ByConvictionSchema,
        "The contest as others see the race; the figures around it are those of the conviction "
        "that was asked for. Other views play the half of the races that lineups are reported on; "
        "`roi_se` is null where that is a single block of 500",
        null="for scores of your own",
    )


class ReportedContestSchema(PlayedContestSchema):
    """The chosen lineups in the contest, on races that they were not chosen on."""

    opponents_mean_salary = usd("What an opponent's lineup costs on average")
    by_conviction = by_conviction()
    in_sample = part(InSampleSchema, "The same figures on the races that lineups were chosen on")


def field_ownership(only: str = "") -> fields.Dict:
    """The ownership of the opposing field, by driver id."""
    meaning = "Percent of the opposing entries that hold each driver"
    return by_key("driver id", percent("Ownership"), meaning, only=only)
