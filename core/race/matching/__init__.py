"""Search for the tilts at which simulated means are a user's numbers.

Each number is a mean over races: of points, of "won", of "in the top five" and, for a median, of
"ahead of it". A tilt changes all random numbers drawn after it, so two samples of races have
nothing in common even from one seed, and a difference between them is mostly noise. The search is
therefore stochastic approximation: Newton's steps, on fresh races each, until the miss is noise;
then the mean of further steps (Polyak and Juditsky, "Acceleration of stochastic approximation by
averaging", SIAM J. Control Optim. 30, 1992).

The problem (:mod:`.problem`) is looked at through samples of races (:mod:`.looks`). Projections are
fitted to what a race pays (:mod:`.points`), a sample gives a step (:mod:`.steps`), and the search
(:mod:`.search`) goes from step to step.
"""

from core.race.matching.looks import tilted, views
from core.race.matching.problem import MEDIAN, POINTS, TOP5, WIN
from core.race.matching.search import Matched, match

__all__ = ["MEDIAN", "POINTS", "TOP5", "WIN", "Matched", "match", "tilted", "views"]
