"""What a result was computed from, so that the run can be repeated."""

from marshmallow import Schema

from web.schemas.units import choice, count, flag, listed, moment, number, part, share, text
from web.schemas.values import Flag
from workers.plans.objectives import OBJECTIVES

SPEC_HASH = "SHA-256 of everything that the simulated races depend on but the seed"


def cached() -> Flag:
    """The key that says that a result was there already."""
    return flag(
        "True: the result of the same request, sent before, which `run_id` names",
        only="where nothing was started for the request",
    )


class SimulationSchema(Schema):
    """How many races were simulated, and for what."""

    n_scenarios = count("Races simulated", low=1)
    block_scenarios = count("Races of a block, which draws from one random stream", low=1)
    selection_scenarios = count("Races that lineups were chosen on", low=1)
    report_scenarios = count("Races that the figures are of, none of them chosen on", low=1)


class RunConfigSchema(Schema):
    """Everything that makes the run repeatable, beside the request's slate and rules."""

    run_id = text("Id of the job")
    created_at = moment("When the job was created")
    spec_hash = text(SPEC_HASH)
    seed = count("Seed of every random draw")
    simulation = part(SimulationSchema, "How many races were simulated, and for what")
    objective = choice("What lineups were chosen for", OBJECTIVES)
    cvar_alphas = listed(share("Level"), "Levels of the objective `multi_cvar`")
    cvar_weights = listed(share("Weight"), "What each level counts")
    risk_aversion = number(
        "USD of mean profit that a USD of mean loss in the worst races was worth",
        low=0,
        only="for the objective `risk_adjusted`",
    )
    pool_size = count("Lineups that the portfolio was chosen from", low=1)
    randomness = number(
        "Largest share, 0 to 1, by which any driver's projection was moved",
        low=0,
        null="where none was",
    )
