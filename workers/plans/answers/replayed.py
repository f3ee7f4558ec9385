"""What lineups chosen by each objective have been worth in real contests.

``python -m benchmarks.contests_replayed --record`` writes ``replayed.json``, which is read here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Replayed:
    """Predicted and real figures of one objective, means over slates.

    Parameters
    ----------
    slates
        Number of slates.
    cash, roi
        Share of lineups that passed what a fifth of the field passed, and mean winnings over the
        fee, less 1: as predicted, as it was, and the standard error over slates of the latter.
    """

    slates: int
    cash: tuple[float, float, float]
    roi: tuple[float, float, float]

    def sentence(self, objective: str) -> str:
        """The figures in one sentence."""
        cash, roi = ([100.0 * each for each in figures] for figures in (self.cash, self.roi))
        return (
            f"On {self.slates} real slates 150 lineups chosen by {objective} cashed in "
            f"{cash[1]:.0f} ± {cash[2]:.0f}% of cases ({cash[0]:.0f}% predicted) and earned "
            f"{roi[1]:+.0f} ± {roi[2]:.0f}% ({roi[0]:+.0f}% predicted)."
        )


@cache
def replayed() -> Mapping[str, Replayed]:
    """The record of each objective with estimated ownership, by name."""
    package = resources.files("workers.plans.answers")
    document = json.loads(package.joinpath("replayed.json").read_text(encoding="utf-8"))
    return {
        name: Replayed(document["slates"], tuple(figures["cash"]), tuple(figures["roi"]))
        for name, figures in document["estimated"].items()
    }
