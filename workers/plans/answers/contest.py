"""The contest in an answer: its figures, and notes on what they assume."""

from collections.abc import Sequence

from core.contest import ContestTally, summarise
from core.lineups import Lineups
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Facts
from workers.engine.stages import Json
from workers.plans.requests.played import Played, terms_of
from workers.plans.stages.contest import tallies_at
from workers.plans.stages.field import FIELD


def contest_results(
    request: Played,
    arrays: Blobs,
    lineups: Lineups,
    tallies: Sequence[ArrayRef | None],
    *,
    each: bool = True,
) -> Json:
    """The figures of some tallies together, as the API shows them.

    Parameters
    ----------
    request
        Of the job.
    arrays
        Where the tallies are.
    lineups
        The lineups that were played, u8 ``[L, R]``.
    tallies
        Of a :class:`~workers.plans.stages.contest.ContestFact`; those that are ``None`` are left
        out.
    each
        Whether to give the figures of each lineup beside the portfolio's.
    """
    tally = ContestTally.merge(tallies_at(arrays, tallies))
    return summarise(tally, terms_of(request).payouts, lineups, each=each).to_json()


def contest_notes(request: Played, facts: Facts) -> list[str]:
    """Notes on what the contest's figures rest on."""
    source, model = facts.of(FIELD).source, facts.of(FIELD).model
    notes = [
        f"Ownership: {source}.",
        "ROI holds only if races run as simulated and opponents play as modelled.",
    ]
    terms = terms_of(request)
    if terms.entry_limit is not None and terms.entry_limit > 1:
        notes.append(
            f"Opponents enter up to {terms.entry_limit} lineups, {1.0 / model.entrant_share:.1f} "
            "on average, and copy a published one with one of them: an assumption, as no NASCAR "
            "contest's entrants were published."
        )
    return [*notes, f"Payouts: {terms.payouts.label}."] if terms.payouts.label else notes
