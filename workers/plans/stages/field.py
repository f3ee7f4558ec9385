"""The stage that fits the field, once: every block must draw from the same bits."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from core.field import ContestSpread, FieldModel, contest_spread, field_parameters
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Facts, Key
from workers.engine.stages import Stage, Work, single_unit_stage
from workers.plans.requests.played import Played, terms_of
from workers.plans.stages.estimated_ownership import estimated_field, field_of_ownership
from workers.plans.stages.market import MARKET
from workers.plans.stages.races import Points, mean_points

RequestT = TypeVar("RequestT", bound=Played)


class FieldFact(msgspec.Struct, frozen=True):
    """The fitted field.

    Parameters
    ----------
    model
        Whose lineups the opponents play.
    source
        Where its ownership comes from, in words.
    spread
        How ownership differs between contests, as :class:`~core.field.ContestSpread` stores it;
        ``None`` where it does not.
    """

    model: FieldModel
    source: str
    spread: ArrayRef | None


FIELD = Key("field", FieldFact)


def field_spread(facts: Facts, arrays: Blobs) -> ContestSpread | None:
    """How ownership differs between the contests; ``None`` where it does not."""
    spread = facts.of(FIELD).spread
    return None if spread is None else ContestSpread.from_arrays(arrays.get(spread))


def field_stage(
    points_of: Callable[[Work[RequestT]], Points],
) -> Stage[RequestT, FieldFact, FieldFact]:
    """The stage that fits the field.

    Parameters
    ----------
    points_of
        The points, i16 ``[N, D]`` in ticks, whose means the field's ownership is estimated from
        where the market's view is not asked for; where it is, the model's own means are.
    """

    def run(work: Work[RequestT]) -> FieldFact:
        market = work.facts.get(MARKET)
        model = mean_points(points_of(work)) if market is None else np.array(market.model_points)
        return _fit(work.request, model, work.arrays)

    return single_unit_stage(FIELD, seconds=lambda _: 0.05, run=run)


def _fit(request: Played, model_points: npt.NDArray[np.float64], arrays: Blobs) -> FieldFact:
    slate, terms, cap_usd = request.slate, terms_of(request), request.salary_cap_usd
    if terms.ownership_percent is not None:
        model, source = field_of_ownership(
            slate, terms.ownership_percent, cap_usd, terms.ownership_source
        )
    else:
        model, source = estimated_field(
            slate,
            model_points,
            request.spec if request.market is None else request.market.public,
            cap_usd,
            terms.payouts.field_size,
            terms.ownership_model,
        )
    # Ownership from the user is meant as it stands; around an estimate contests differ as real ones
    # do. The error of the estimate itself is left out: where the field is not as estimated it
    # mostly knows better, and fields that err at random would hand money to anybody.
    uncertain = terms.ownership_percent is None if terms.uncertain is None else terms.uncertain
    spread = contest_spread(model, field_parameters().concentration) if uncertain else None
    return FieldFact(model, source, None if spread is None else arrays.put(**spread.arrays()))
