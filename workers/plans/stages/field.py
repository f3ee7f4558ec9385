"""The stage that fits the field, once: every block must draw from the same bits."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from core.field import (
    ContestSpread,
    FieldModel,
    contest_spread,
    entrant_share,
    field_parameters,
)
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Facts, Key
from workers.engine.stages import Stage, Work, single_unit_stage
from workers.plans.requests.played import Played, terms_of
from workers.plans.stages.estimated_ownership import (
    estimated_deviation,
    estimated_field,
    field_of_ownership,
)
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

    Its ownership is estimated from the model's own means, which the market's view holds.

    Parameters
    ----------
    points_of
        The points, i16 ``[N, D]`` in ticks, whose means it is estimated from where there is no
        market's view.
    """

    def run(work: Work[RequestT]) -> FieldFact:
        market = work.facts.get(MARKET)
        points = mean_points(points_of(work)) if market is None else np.array(market.model_points)
        return _fit(work.request, points, work.arrays)

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
            request.seed,
        )
    if terms.entry_limit is not None:
        model = replace(model, entrant_share=entrant_share(terms.entry_limit))
    # Ownership from the user is meant as it stands. Around an estimate contests differ as real ones
    # do, and the estimate errs; where races are simulated they move with it (block_strength), as
    # fields that erred at random would hand their money to anybody.
    estimated = terms.ownership_percent is None
    uncertain = estimated if terms.uncertain is None else terms.uncertain
    errors = estimated and request.market is not None
    spread = (
        contest_spread(
            model,
            field_parameters().concentration,
            _deviation(request, model_points) if errors else None,
        )
        if uncertain
        else None
    )
    return FieldFact(model, source, None if spread is None else arrays.put(**spread.arrays()))


def _deviation(request: Played, model_points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Standard deviation of the estimate of ownership, percent of entries, ``[D]``."""
    terms = terms_of(request)
    return estimated_deviation(
        request.slate,
        model_points,
        request.spec if request.market is None else request.market.public,
        terms.payouts.field_size,
        terms.ownership_model,
        request.seed,
    )
