"""What an answer says of the contest: one half's figures, and what they rest on."""

import numpy as np
import numpy.typing as npt

from core.contest import ContestTally, summarise
from workers.engine.arrays import Blobs
from workers.engine.stages import Facts, Json
from workers.plans.requests.contest import InContest, terms_of
from workers.plans.stages.contest import CONTEST
from workers.plans.stages.field import FIELD


def contest_results(
    request: InContest, facts: Facts, blobs: Blobs, lineups: npt.NDArray[np.uint8], name: str
) -> Json:
    """Give one half's results (or both, with any other name) as the API shows them."""
    played = facts[CONTEST]
    halves = [name] if name in played else sorted(played)
    tally = ContestTally.merge(
        [ContestTally.from_arrays(blobs.get(played[half])) for half in halves]
    )
    return summarise(tally, terms_of(request).payouts, lineups).to_json()


def contest_notes(request: InContest, facts: Facts) -> list[str]:
    """Say what the contest's figures rest on."""
    notes = [
        f"Ownership: {facts[FIELD]['source']}.",
        "ROI holds if races run as simulated and the field is as modelled: an estimated field "
        "knows less than a real one and flatters it.",
    ]
    label = terms_of(request).payouts.label
    return [*notes, f"Payouts: {label}."] if label else notes
