"""The strengths of a block of races: off by what is not known, and by what its field knows.

Where ownership is estimated, every block has a field of other ownership. Real entrants play a
driver more than was estimated because they know something of him, and the consensus says how much
of that comes true. So a block's races move with its field. Fields that erred at random around an
estimate would hand their money to anybody.
"""

import numpy as np

from core.race import BlockStrength, ConstraintSpec, draw_block_strength, load_strength_error
from workers.engine.arrays import Blobs
from workers.engine.facts import Facts
from workers.plans.requests.races import Simulated
from workers.plans.stages.field import FIELD, field_spread
from workers.plans.stages.market import MARKET

_DECIMALS = 9


def block_strength(
    request: Simulated,
    facts: Facts,
    arrays: Blobs,
    spec: ConstraintSpec,
    block: int,
    conviction: float | None = None,
) -> BlockStrength:
    """How a block's strengths differ from the spec's.

    Parameters
    ----------
    request, facts, arrays
        Of the job.
    spec
        The race that it simulates.
    block
        The block's number.
    conviction
        In place of the job's; at 1 the field knows nothing that the races would follow.
    """
    strength = draw_block_strength(spec, request.seed, block, load_strength_error())
    market, field, view = facts.get(MARKET), facts.get(FIELD), request.market
    if market is None or field is None or view is None:
        return strength
    spread = field_spread(facts, arrays)
    error = None if spread is None else spread.error_of_block(request.seed, block)
    if spread is None or error is None:
        return strength
    share = 1.0 - (view.conviction if conviction is None else conviction)
    slope = share * market.points_per_surprise / market.points_per_strength
    # rounded, so that the last bit of no machine's logarithm counts
    return strength.plus(
        np.round(slope * spread.log_odds_off(field.model, error), _DECIMALS),
        np.round((slope * spread.log_odds_sd(field.model)) ** 2, _DECIMALS),
    )
