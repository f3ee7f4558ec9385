"""The stage that fits the field, once: every block must draw from the same bits."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from core.field import ContestSpread, FieldModel, contest_spread, field_parameters
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json, Stage, Tick, only_part
from workers.plans.requests.contest import InContest, terms_of
from workers.plans.stages.estimated_ownership import estimated_field, given_field
from workers.plans.stages.races import projected_points

FIELD = "field"

PointsOf = Callable[[Any, Facts, Blobs], npt.NDArray[np.int16]]


def _fit(request: InContest, points: npt.NDArray[np.int16], cap_usd: int, blobs: Blobs) -> Json:
    """Fit the field, say where its ownership comes from and how it differs between contests."""
    slate, terms = request.slate, terms_of(request)
    if terms.ownership_percent is not None:
        model, source = given_field(slate, terms.ownership_percent, cap_usd, terms.ownership_source)
    else:
        model, source = estimated_field(
            slate,
            projected_points(slate, points),
            request.spec,
            cap_usd,
            terms.payouts.field_size,
            terms.ownership_model,
        )
    # Who gives ownership means it; around an estimate contests differ as real ones do. The error of
    # the estimate itself is left out: where the field is not as estimated it mostly knows better,
    # and fields that err at random would hand money to anybody.
    uncertain = terms.ownership_percent is None if terms.uncertain is None else terms.uncertain
    spread = contest_spread(model, field_parameters().concentration) if uncertain else None
    return {
        "model": model.to_json(),
        "source": source,
        "spread": None if spread is None else blobs.put(**spread.arrays()),
    }


def field_model(facts: Facts) -> FieldModel:
    """Give the fitted field."""
    return FieldModel.from_json(facts[FIELD]["model"])


def field_spread(facts: Facts, blobs: Blobs) -> ContestSpread | None:
    """Give how ownership differs between the contests, if it does."""
    found = facts[FIELD]["spread"]
    return None if found is None else ContestSpread.from_arrays(blobs.get(found))


def field_stage(points_of: PointsOf, cap_of: Callable[[Any], int]) -> Stage[Any]:
    """Give the stage that fits the field, once: every block must draw from the same bits."""

    def run(
        request: InContest, facts: Facts, blobs: Blobs, start: int, stop: int, tick: Tick
    ) -> Json:
        del start, stop, tick
        return _fit(request, points_of(request, facts, blobs), cap_of(request), blobs)

    return Stage(name=FIELD, units=lambda *_: 1, seconds=lambda _: 0.05, run=run, join=only_part)
