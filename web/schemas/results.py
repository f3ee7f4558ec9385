"""What a job's result says of the races it rests on."""

from marshmallow import fields, validate

from core.race import Regime
from core.slate import TrackType
from web.schemas.lineup_results import (
    OwnershipMetricsSchema,
    PortfolioMetricsSchema,
    ProofSchema,
    TailValidationSchema,
)
from web.schemas.ownership import OwnershipModelSchema, PredictionSchema
from web.schemas.parts import Part
from web.schemas.values import Flag, Number, Whole


def _each(of: str, means: str) -> fields.Dict:
    """Give numbers by the name of what they are of."""
    return fields.Dict(
        keys=fields.String(),
        values=Number(),
        metadata={"description": f"By {of}: {means}."},
    )


class TargetFitSchema(Part):
    """One thing said of a driver, and what the races make of it."""

    kind = fields.String()
    asked = Number(metadata={"description": "As it was said."})
    target = Number(metadata={"description": "As it was looked for: a projection less the offset."})
    before = Number(metadata={"description": "In the races before any tilt."})
    after = Number(metadata={"description": "In the tilted races."})
    miss_se = Number(metadata={"description": "After less target, in standard errors."})
    reached = Flag()


class DriverFitSchema(Part):
    """What was said of one driver, and how far the driver was moved to it."""

    driver_id = fields.String()
    name = fields.String()
    tilt = Number(metadata={"description": "Strength added, in scores of the running order."})
    tilt_sd = Number(metadata={"description": "The same in standard deviations of skill."})
    at_limit = Flag(metadata={"description": "Whether a larger tilt was wanted than there is."})
    held = Flag(
        metadata={"description": "Whether held where races still stand the rules against winning."}
    )
    reached = Flag(metadata={"description": "Whether everything said is met."})
    targets = fields.List(fields.Nested(TargetFitSchema))


class KnowledgeSchema(Part):
    """How far the races were moved to what the user knows, and what could not be met."""

    drivers = fields.List(fields.Nested(DriverFitSchema))
    not_reached = fields.List(fields.String(), metadata={"description": "Ids of drivers."})
    max_tilt = Number()
    rms_tilt = Number()
    kl = Number(
        allow_none=True,
        metadata={"description": "Divergence from the races as they were, in nats."},
    )
    effective_sample_size = Number(
        allow_none=True,
        metadata={"description": "Even races that weighting as they were would leave."},
    )
    races_weighed = Whole(metadata={"description": "How many races those two are of."})
    total_projected = Number(allow_none=True, metadata={"description": "Points of all drivers."})
    total_simulated = Number(allow_none=True, metadata={"description": "Points of all drivers."})
    scale = Number(metadata={"description": "What each projection was multiplied by first."})
    offset_points = Number(metadata={"description": "What each projection was lowered by then."})
    survival = Number(metadata={"description": "Share of the tilted races that stand the rules."})
    iterations = Whole()
    races = Whole(metadata={"description": "Races looked at to find the tilts."})
    rms_miss_se = Number()
    max_miss_se = Number()


class DiagnosticsSchema(Part):
    """The simulated races; of a contest-sim ``knowledge`` alone."""

    n_scenarios_generated = Whole(metadata={"description": "Races judged, kept or not."})
    n_valid = Whole(metadata={"description": "Races kept."})
    rejection_rate = Number(metadata={"description": "Share 0..1 of the races judged."})
    avg_laps_led = _each("driver id", "mean laps led")
    avg_fastest_laps = _each("driver id", "mean fastest laps")
    avg_position_differential = _each("driver id", "mean places gained")
    avg_cautions = Number()
    regime_shares = _each(
        "kind of race (" + ", ".join(kind.name.lower() for kind in Regime) + ")", "share 0..1"
    )
    knowledge = fields.Nested(
        KnowledgeSchema,
        allow_none=True,
        metadata={"description": "Null where nothing was said, or was not to be followed."},
    )


class KernelStatsSchema(Part):
    """How many races were judged, and why any were thrown out."""

    total_validated = Whole()
    total_rejected = Whole()
    rejection_rate = Number(metadata={"description": "Share 0..1 of the races judged."})
    veto_reasons = fields.Dict(
        keys=fields.String(),
        values=Whole(),
        metadata={"description": "By rule: races it threw out; one may break several."},
    )


class CalibrationSchema(Part):
    """How well the model has foretold past races of this kind of track, walk-forward."""

    graded = fields.String(metadata={"description": "What sort of forecasts were graded."})
    crps = Number(allow_none=True, metadata={"description": "Of DraftKings points; less is good."})
    baseline_crps = Number(allow_none=True, metadata={"description": "Of climatology by start."})
    log_score = Number(allow_none=True, metadata={"description": "Of the finish, in nats."})
    coverage = fields.Dict(
        keys=fields.String(),
        values=Number(),
        allow_none=True,
        metadata={"description": "By percent of the central interval: share 0..1 that fell in."},
    )
    n_races = Whole(metadata={"description": "Races graded."})
    first_date = fields.String(data_key="from", metadata={"description": "Graded from."})
    last_date = fields.String(data_key="to", metadata={"description": "Graded to, included."})
    track_type = fields.String(
        allow_none=True,
        validate=validate.OneOf([kind.value for kind in TrackType]),
        metadata={"description": "Null where the figures are those of all kinds."},
    )


class ResultSchema(Part):
    """A job's result; see the README for what each kind's holds beside this."""

    run_id = fields.String()
    status = fields.String()
    site = fields.String(metadata={"description": "Key of the contest site that was played."})
    scenario_diagnostics = fields.Nested(
        DiagnosticsSchema,
        allow_none=True,
        metadata={"description": "Null where the scores were given."},
    )
    kernel_stats = fields.Nested(KernelStatsSchema, metadata={"description": "Of optimize jobs."})
    calibration_metrics = fields.Nested(
        CalibrationSchema,
        allow_none=True,
        metadata={"description": "Of optimize jobs; null with include_calibration false."},
    )
    proof = fields.Nested(ProofSchema, metadata={"description": "Of optimize jobs."})
    tail_validation = fields.Nested(
        TailValidationSchema,
        metadata={"description": "Of optimize jobs with validate_tail_objective."},
    )
    ownership_metrics = fields.Nested(
        OwnershipMetricsSchema, metadata={"description": "Of optimize-with-leverage jobs."}
    )
    race_id = fields.String(
        allow_none=True, metadata={"description": "Of ownership jobs: as it was given."}
    )
    ownership_predictions = fields.List(
        fields.Nested(PredictionSchema), metadata={"description": "Of ownership jobs."}
    )
    total = Number(metadata={"description": "Of ownership jobs: what the predictions sum to."})
    feature_importance = fields.Dict(
        keys=fields.String(),
        values=Number(),
        metadata={"description": "Of ownership jobs: by feature, shares that sum to 1."},
    )
    model = fields.Nested(
        OwnershipModelSchema, metadata={"description": "Of ownership jobs: what was asked."}
    )
    portfolio_metrics = fields.Nested(
        PortfolioMetricsSchema, metadata={"description": "Of optimize-with-leverage jobs."}
    )
