"""The result of an ownership job."""

from marshmallow import Schema, fields

from core.field.estimators import FEATURES
from core.sites import SITES
from web.schemas.results.run import cached
from web.schemas.units import (
    by_choice,
    by_key,
    choice,
    count,
    day,
    number,
    part,
    parts,
    percent,
    points,
    share,
    text,
    texts,
)

WITH_UNCERTAINTY = "with `include_uncertainty`"


class PredictionSchema(Schema):
    """One driver's estimated ownership."""

    driver_id = text("The site's id of the driver")
    name = text("The driver's name")
    salary = count("What the driver costs, in USD", low=1)
    projected_points = points(
        "Projection that the estimate rests on: yours, else the mean of the races"
    )
    ownership_percent = percent(
        "Estimated ownership: of entries, or of roster spots with `normalize_to` `share`"
    )
    uncertainty_lower = percent(
        "Ownership that the truth is below in 5% of cases", only=WITH_UNCERTAINTY
    )
    uncertainty_upper = percent(
        "Ownership that the truth is above in 5% of cases", only=WITH_UNCERTAINTY
    )
    std = number(
        "Standard deviation of what the truth may be, in percent", low=0, only=WITH_UNCERTAINTY
    )


class FittedOnSchema(Schema):
    """Between which races the model learnt."""

    first_date = day("Date of the first race", data_key="from")
    last_date = day("Date of the last race", data_key="to")


def _by_scheme(meaning: str, values: fields.Field[float]) -> fields.Dict:
    """Figures by what was left out of the fit, and by estimator or method."""
    by_name = by_key("estimator, method or baseline", values, "The figures")
    return by_key(
        "what was left out of the fit", by_name, f"{meaning}; empty for a model not graded"
    )


class OwnershipModelSchema(Schema):
    """The model that made the estimate."""

    fitted_on = part(FittedOnSchema, "Dates of the races learnt from", null="where not known")
    n_contests = count("Contests learnt from")
    n_slates = count("Slates that those contests were of")
    mae = number(
        "Mean absolute error of a driver's ownership on slates left out of the fit, in percent of "
        "entries",
        low=0,
    )
    members = by_key(
        "estimator", share("Weight"), "What each estimator counts, all of them summing to 1"
    )
    mae_by_scheme = _by_scheme(
        "Mean absolute errors", number("Mean absolute error, in percent of entries", low=0)
    )
    coverage = _by_scheme("Shares of the truth within the intervals", share("Share"))


class OwnershipResultSchema(Schema):
    """The result of an ownership job."""

    run_id = text("Id of the job")
    status = choice("How the job ended", ["completed"])
    cached = cached()
    site = choice("The contest site, whose roster and scoring count", SITES)
    race_id = text("Your own name of the race", null="where the request has none")
    ownership_predictions = parts(
        PredictionSchema, "The drivers' ownership, in the order of the slate"
    )
    total = number("What the predictions sum to, in percent", low=0)
    feature_importance = by_choice(
        FEATURES,
        share("Share"),
        "What each feature contributes to the estimates, by feature; shares that sum to 1",
    )
    model = part(OwnershipModelSchema, "The model that made the estimate")
    notes = texts("What to know before believing the figures, a sentence each")
    random_seed = count(
        "Seed of the simulated races", null="for `driver_data`, for which nothing is simulated"
    )
