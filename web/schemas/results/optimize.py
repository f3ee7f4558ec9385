"""The results of the two kinds of optimize job."""

from marshmallow import Schema

from core.sites import SITES
from web.schemas.results.contest import ReportedContestSchema, field_ownership
from web.schemas.results.explanation import ExplanationSchema
from web.schemas.results.lineups import (
    WITH_CONTEST,
    LeverageLineupSchema,
    LineupSchema,
    OwnershipMetricsSchema,
    PortfolioMetricsSchema,
    SimilaritySchema,
)
from web.schemas.results.races import CalibrationSchema, DiagnosticsSchema, KernelStatsSchema
from web.schemas.results.run import SPEC_HASH, RunConfigSchema, cached
from web.schemas.results.search import ProofSchema
from web.schemas.results.tail import TailValidationSchema
from web.schemas.units import by_key, choice, part, parts, share, text, texts


class OptimizeResultSchema(Schema):
    """The result of an optimize job.

    Half of the races choose the lineups; all figures are of the other half, the report's races.
    """

    run_id = text("Id of the job")
    status = choice("How the job ended", ["completed"])
    cached = cached()
    site = choice("The contest site, whose roster and scoring count", SITES)
    lineups = parts(LineupSchema, "The lineups, all different, the best first")
    exposure = by_key("driver id", share("Exposure"), "Share of the lineups that hold each driver")
    portfolio_correlation = part(SimilaritySchema, "How alike the lineups are")
    scenario_diagnostics = part(DiagnosticsSchema, "The simulated races")
    kernel_stats = part(KernelStatsSchema, "Races judged and rejected, by rule")
    explain = part(ExplanationSchema, "Figures that explain the choice of these lineups")
    calibration_metrics = part(
        CalibrationSchema,
        "How well the model has forecast past races",
        null="with `include_calibration` false",
    )
    constraint_spec_hash = text(SPEC_HASH)
    run_config = part(RunConfigSchema, "Settings and seed that repeat the run")
    proof = part(ProofSchema, "Upper bounds of the lineups and portfolios that were not chosen")
    notes = texts("What to know before believing the figures, a sentence each")
    tail_validation = part(
        TailValidationSchema,
        "The best lineup by tail beside the best by mean",
        only="with `validate_tail_objective`",
    )
    contest = part(
        ReportedContestSchema, "Figures of the contest for all lineups together", only=WITH_CONTEST
    )
    ownership_percent = field_ownership(WITH_CONTEST)
    ownership_source = text("Where the opposing field's ownership comes from", only=WITH_CONTEST)


class LeverageResultSchema(OptimizeResultSchema):
    """The result of an optimize-with-leverage job."""

    lineups = parts(LeverageLineupSchema, "The lineups, all different, the best first")
    ownership_metrics = part(OwnershipMetricsSchema, "Ownership of the lineups' drivers")
    portfolio_metrics = part(PortfolioMetricsSchema, "The portfolio in a few figures")
