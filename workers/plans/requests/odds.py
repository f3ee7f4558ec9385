"""The bookmaker's prices of a job, and what they are worth."""

from dataclasses import dataclass

from core.race.prices import Matchup, OddsWeights, Taken


@dataclass(frozen=True, slots=True)
class OddsTerms:
    """The bookmaker's prices of a job.

    Parameters
    ----------
    weights
        What prices of each source are worth.
    grid_known
        Whether the races know the grid.
    listed
        Whether the job's knowledge holds chances from odds to win or to be in the top five.
    taken
        When those odds were taken.
    matchups
        Prices of pairs of drivers who race.
    """

    weights: OddsWeights
    grid_known: bool
    listed: bool
    taken: Taken
    matchups: tuple[Matchup, ...] = ()
