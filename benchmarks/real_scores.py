"""What lineups really scored: drivers' points, with those never published imputed, and prizes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.field_contests import CAP_USD, ROSTER, Contest, Floats, Ints
from benchmarks.field_grade import known_well
from core.contest import Payouts, typical_payouts
from core.field import complete_ownership, fit_field, sample_field
from core.lineups import Lineups
from core.randomness import Purpose, stream

PASSING = 0.2  # share of a contest's entries that pass ``score_p80``
FEE_USD = 10.0  # where a contest's is not published; ROI hardly depends on it
# points by 1,000 USD of salary: the slope in ten real slates whose results are all known
POINTS_BY_KUSD = 5.4
DRAWS = 20_000
_LOWEST, _HIGHEST = -40.0, 80.0  # points that an imputed driver may have
_BISECTIONS = 40


@dataclass(frozen=True, slots=True)
class RealField:
    """The real field of a contest, as far as it is known.

    Parameters
    ----------
    contest
        What is published of it.
    percent
        Ownership of all drivers, ``[D]``: known, or completed.
    entries
        Lineups drawn with that ownership, u8 ``[DRAWS, R]``, in random order.
    """

    contest: Contest
    percent: Floats
    entries: Lineups

    @classmethod
    def of(cls, contest: Contest, prior: Floats | None = None) -> "RealField":
        """The field of a contest; ``prior`` completes ownership of which little is published."""
        known = np.sort(contest.known_percent[np.isfinite(contest.known_percent)])
        # the most owned are published: nobody else is above the tenth of them
        most = float(known[-10]) if len(known) >= 10 and prior is None else 100.0
        percent = complete_ownership(
            contest.salaries, contest.known_percent, ROSTER, CAP_USD, prior, at_most_percent=most
        )
        model = fit_field(contest.salaries, percent, ROSTER, CAP_USD)
        rng = stream(1, Purpose.FIELD)
        field = sample_field(model, DRAWS, rng)
        entries = np.repeat(field.lineups, field.copies, axis=0)
        return cls(contest, percent, rng.permutation(entries))


def real_fields(contests: Sequence[Contest]) -> tuple[RealField, ...]:
    """The real fields of a slate's contests; a field hardly known follows the best known one."""
    known = {contest.number for contest in known_well(contests)}
    best = max(contests, key=lambda contest: float(np.nansum(contest.known_percent)))
    prior = RealField.of(best)
    return tuple(
        RealField.of(contest) if contest.number in known else RealField.of(contest, prior.percent)
        for contest in contests
    )


def well_known(fields: Sequence[RealField]) -> RealField:
    """The field of the largest contest of which most of the ownership is known."""
    known = {contest.number for contest in known_well([field.contest for field in fields])}
    among = [field for field in fields if field.contest.number in known] or fields
    return max(among, key=lambda field: field.contest.entries)


@dataclass(frozen=True, slots=True)
class RealScores:
    """The points of a slate's drivers.

    Parameters
    ----------
    points
        ``[D]``.
    imputed
        How many of them were published nowhere.
    passing
        Share of lineups drawn from the real fields that pass their contest's ``score_p80``, with
        these points: 0.2 if the points are right.
    """

    points: Floats
    imputed: int
    passing: float

    def of(self, lineups: Lineups | Ints) -> Floats:
        """The real score of each lineup, ``[K]``."""
        scores: Floats = self.points[lineups].sum(axis=1)
        return scores


def real_scores(fields: Sequence[RealField]) -> RealScores:
    """Points of a slate's drivers, those not published imputed.

    A driver whose points are published nowhere gets a line in salary, with the slope of real
    slates. Its height is that at which as many draws from the real ownership pass the published
    80th percentile as entries did: a fifth, on average over the slate's contests.
    """
    contest = fields[0].contest
    unknown = np.isnan(contest.points)
    salaries = contest.salaries / 1_000.0
    line = POINTS_BY_KUSD * (salaries - salaries[unknown].mean() if unknown.any() else salaries)
    graded = [field for field in fields if field.contest.score_p80 is not None]

    def at(height: float) -> Floats:
        return np.where(unknown, height + line, contest.points)

    def passing(points: Floats) -> float:
        return float(np.mean([passes(field, points).mean() for field in graded]))

    low, high = _LOWEST, _HIGHEST
    if unknown.any() and graded:
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2.0
            low, high = (middle, high) if passing(at(middle)) < PASSING else (low, middle)
    points = at((low + high) / 2.0)
    return RealScores(points, int(unknown.sum()), passing(points) if graded else np.nan)


def passes(field: RealField, points: Floats) -> Floats:
    """Which draws pass the contest's ``score_p80``; of those equal to it, half."""
    scores = points[field.entries].sum(axis=1)
    line = field.contest.score_p80
    passed: Floats = 0.5 * (scores > line) + 0.5 * (scores >= line)
    return passed


def payouts_of(contest: Contest) -> Payouts:
    """The contest's prizes: those typical of its size, as no real ladder was published."""
    fee = FEE_USD if contest.fee_usd is None else contest.fee_usd
    return typical_payouts(contest.entries, round(100 * fee))


def places(contest: Contest, scores: Floats) -> Floats:
    """The place that each score would have had, ``[K]``, a fraction between published places.

    Between two places whose scores are known, the score is a line in the logarithm of the place.
    """
    known = dict(contest.ladder)
    if contest.score_p80 is not None:
        known.setdefault(round(PASSING * contest.entries), contest.score_p80)
    rising = sorted((score, place) for place, score in known.items())
    # a score that is lower at a better place contradicts the others: they fall with the place
    kept = [rising[0]]
    for score, place in rising[1:]:
        if place < kept[-1][1] and score > kept[-1][0]:
            kept.append((score, place))
    logs = np.interp(scores, [score for score, _ in kept], np.log([place for _, place in kept]))
    # below the last known place the line to the last but one goes on, to the last entry
    if len(kept) > 1:
        slope = (np.log(kept[1][1]) - np.log(kept[0][1])) / (kept[1][0] - kept[0][0])
        beyond = np.log(kept[0][1]) + slope * (scores - kept[0][0])
        logs = np.where(scores < kept[0][0], np.minimum(beyond, np.log(contest.entries)), logs)
    located: Floats = np.exp(logs)
    return located


def winnings_usd(contest: Contest, scores: Floats) -> Floats:
    """What each score would have won, ``[K]``, entered alone, by :func:`places` and the prizes."""
    ladder = payouts_of(contest).ladder_micros
    # the ladder holds sums of prizes down to each place
    prizes = np.diff(ladder) / 1e6
    index = np.round(places(contest, scores)).astype(np.int64) - 1
    paid = index < len(prizes)
    won: Floats = np.where(paid, prizes[np.minimum(index, len(prizes) - 1)], 0.0)
    return won
