"""What a result says of the simulated races, and of the model that simulates them."""

from marshmallow import Schema

from core.race import Regime
from core.race.knowledge import Kind
from core.race.prices import Source
from core.slate import TrackType
from web.schemas.units import (
    by_key,
    choice,
    count,
    day,
    flag,
    number,
    part,
    parts,
    percent,
    points,
    share,
    spread,
    text,
    texts,
)


class RegimeSharesSchema(Schema):
    """Shares of races by kind of race; they sum to 1."""

    dominator = share("Races in which one driver leads half the laps or more")
    chaos = share("Races in which a quarter of the cars go out, or 15% with many cautions")
    fuel_mileage = share("Races of few cautions and few passes")
    none = share("All other races")


REGIME_NAMES = [regime.name.lower() for regime in Regime if regime.value]


class TargetFitSchema(Schema):
    """One of your numbers for a driver, and what the simulated races make of it.

    ``asked``, ``target``, ``before`` and ``after`` are in the kind's own unit: points, a share of
    races 0 to 1, or a finishing position.
    """

    kind = choice("Which of your numbers it is", [kind.value for kind in Kind])
    asked = number("The number as you gave it, the bookmaker's margin taken out of odds")
    target = number(
        "The number that the races were moved to: a projection x `scale` - `offset_points`, a "
        "median at least half a position inside the first and last, any other as you gave it"
    )
    before = number("The same quantity in races without any tilt")
    after = number("The same quantity in the tilted races")
    miss_se = number("`after` less `target`, in standard errors")
    reached = flag("Whether the miss is noise, or less than half a point, 0.2% or half a position")


class DriverFitSchema(Schema):
    """Your numbers for one driver, and how far the driver's strength was moved to meet them."""

    driver_id = text("The site's id of the driver")
    name = text("The driver's name")
    tilt = number("Strength added, in normal scores of the running order")
    tilt_sd = number("Strength added, in standard deviations of the drivers' skill")
    at_limit = flag("Whether the tilt is the largest that the model allows")
    held = flag("Whether the tilt stopped because the rules would have rejected too many races")
    reached = flag("Whether all of the driver's targets are reached")
    targets = parts(TargetFitSchema, "Each of your numbers for the driver")


class KnowledgeSchema(Schema):
    """How far the races were moved to your numbers, and the numbers that they miss."""

    drivers = parts(DriverFitSchema, "The drivers you gave numbers for, in the order of the slate")
    not_reached = texts("Ids of the drivers with a target that is not reached")
    max_tilt = number("Largest tilt in size, in normal scores of the running order", low=0)
    rms_tilt = number(
        "Root mean square of the tilts of all who race, in normal scores of the running order",
        low=0,
    )
    kl = number(
        "Kullback-Leibler divergence, in nats, from the untilted races to their nearest "
        "reweighting that has the means of the tilted ones",
        low=0,
        null="where no reweighting of `races_weighed` races has them",
    )
    effective_sample_size = number(
        "Effective sample size of that reweighting, in races",
        low=0,
        null="where there is none",
    )
    races_weighed = count("Races that were reweighted")
    total_projected = points(
        "All drivers' projections together, the simulated mean where a driver has none",
        null="where no driver has a projection",
    )
    total_simulated = points(
        "Mean of the points that all drivers together score in a simulated race",
        null="where no driver has a projection",
    )
    scale = number("Factor on each projection, the first step to its target", low=0)
    offset_points = points("Points then taken off each projection, the second step to its target")
    survival = share("Share of the tilted races that obey the rules")
    iterations = count("Number of times that the search simulated new races")
    races = count("Races that the search simulated in all")
    rms_miss_se = number("Root mean square of the targets' misses, in standard errors", low=0)
    max_miss_se = number("Largest miss of a target in size, in standard errors", low=0)


class MarketDriverSchema(Schema):
    """One driver as the market sees him, and as the model does."""

    driver_id = text("The site's id of the driver")
    name = text("The driver's name")
    ownership_percent = percent("Ownership that the view was read from")
    market_points = points("Mean points that salary, ownership and grid imply")
    model_points = points("Mean points of the race model, without your numbers")


class MarketSchema(Schema):
    """The market's view, and how far the races keep to it."""

    conviction = share("Share of opinions beyond the market's that the races keep")
    fitted = share("The conviction that was fitted to real contests")
    estimated = flag("Whether the ownership was estimated")
    max_tilt = number("Largest move of a strength to the market's view, in normal scores", low=0)
    drivers = parts(MarketDriverSchema, "The drivers who race, in the order of the slate")


_SOURCE = (
    "What the prices are: early ones without or with the grid known, or closing ones, of the field "
    "or of pairs"
)


class OddsSourceSchema(Schema):
    """Prices of one source, and what they are worth."""

    source = choice(_SOURCE, [source.value for source in Source])
    drivers = count("Drivers with such a price")
    weight = share("Share of the way that the races go to what the prices imply")
    fitted = share("The weight that was fitted to real prices and results")
    error = number("Standard deviation of what is known of the fitted weight", low=0)
    races = count("Races that it was fitted to")


class PricedDriverSchema(Schema):
    """One driver with prices, and how far they moved him."""

    driver_id = text("The site's id of the driver")
    name = text("The driver's name")
    sources = texts("The sources of the driver's prices")
    implied = number(
        "Strength that the prices add to what the races have without them, in normal scores"
    )
    moved = number("Strength that the races add, in normal scores")


class OddsSchema(Schema):
    """A bookmaker's prices, and how far they moved the races."""

    matchups = count("Matchups whose drivers race")
    listed = count("Drivers with odds to win or to be in the top five that have a weight")
    sources = parts(OddsSourceSchema, "The sources of the prices")
    not_graded = texts("What of these prices no real race has graded yet")
    drivers = parts(PricedDriverSchema, "The drivers with prices, in the order of the slate")


NO_ODDS = "where there are no prices, or all of them are part of your own view of the race"
NO_MARKET = "where races lie at your own view and no contest is played"
NO_KNOWLEDGE = "where no driver has numbers of yours, or `calibration_enabled` is false"


class InformedSchema(Schema):
    """What there is to say of races that only projections are read from."""

    knowledge = part(
        KnowledgeSchema, "How far the races were moved to your numbers", null=NO_KNOWLEDGE
    )


class SimulatedSchema(InformedSchema):
    """What there is to say of races that lineups are played in."""

    market = part(MarketSchema, "The market's view of the race", null=NO_MARKET)
    odds = part(OddsSchema, "How far the bookmaker's prices moved the races", null=NO_ODDS)


class DiagnosticsSchema(SimulatedSchema):
    """The simulated races in a few figures."""

    n_scenarios_generated = count("Races simulated and judged, kept or not")
    n_valid = count("Races kept")
    rejection_rate = share("Share of the judged races that were rejected")
    avg_laps_led = by_key("driver id", number("Laps", low=0), "Mean laps led")
    avg_fastest_laps = by_key("driver id", number("Laps", low=0), "Mean fastest laps")
    avg_position_differential = by_key(
        "driver id",
        number("Positions, below 0 if lost"),
        "Mean positions gained from grid to finish",
    )
    avg_cautions = number("Mean cautions a race", low=0)
    regime_shares = part(RegimeSharesSchema, "Shares of the races by kind of race")


class KernelStatsSchema(Schema):
    """Number of races judged, and of those that each rule rejected."""

    total_validated = count("Races judged, kept or not")
    total_rejected = count("Races rejected")
    rejection_rate = share("Share of the judged races that were rejected")
    veto_reasons = by_key(
        "rule (`laps_led_total`, or with a driver's id, `may_not_win:123`)",
        count("Races"),
        "Races that each rule rejected; a race that breaks two counts under both",
    )


NOT_GRADED = "where it was not graded"


class CoverageSchema(Schema):
    """How often the driver's points fell into the forecast's central interval."""

    fifty = share("Within the central 50%", data_key="50")
    eighty = share("Within the central 80%", data_key="80")
    ninety_five = share("Within the central 95%", data_key="95")


class CalibrationSchema(Schema):
    """How well the model has forecast past races of this kind of track, walk-forward."""

    graded = text("What sort of forecasts were graded")
    crps = spread(
        "Mean CRPS of the forecasts of DraftKings points; less is better", null=NOT_GRADED
    )
    baseline_crps = spread(
        "The same CRPS of climatology by track type and start position", null=NOT_GRADED
    )
    log_score = number(
        "Mean log score of the forecasts of the finish, in nats; less is better", null=NOT_GRADED
    )
    coverage = part(
        CoverageSchema, "How often points fell into the central intervals", null=NOT_GRADED
    )
    n_races = count("Races graded")
    first_date = day("Date of the first race graded, at the earliest", data_key="from")
    last_date = day("Date of the last race graded, at the latest", data_key="to")
    track_type = choice(
        "The kind of track that the figures are of",
        [kind.value for kind in TrackType],
        null="where no race of the kind was graded and the figures are those of all kinds",
    )
