"""The stage that plays the contest again as others see the race: the market, the fit, oneself."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from core.contest import ContestSimulator, ContestTally
from core.lineups import Lineups
from core.race import simulate_block
from workers.engine.arrays import ArrayRef, Blobs
from workers.engine.facts import Key
from workers.engine.stages import Stage, Work, unchanged
from workers.plans.requests.played import Played, terms_of
from workers.plans.stages.contest_units import contest_bytes, contest_seconds
from workers.plans.stages.field import FIELD, field_spread
from workers.plans.stages.market import simulated_spec
from workers.plans.stages.races import block_count, block_rows, selects
from workers.plans.stages.strengths import block_strength

RequestT = TypeVar("RequestT", bound=Played)

MARKET_VIEW, FITTED, OWN = "market", "fitted", "own"


class ViewsFact(msgspec.Struct, frozen=True):
    """The contest as played by other convictions than the job's.

    Parameters
    ----------
    tallies
        By view, the tally of the report's races at its conviction, as
        :class:`~core.contest.ContestTally` stores it.
    """

    tallies: dict[str, ArrayRef]


VIEWS = Key("views", ViewsFact)


def convictions(request: Played) -> Mapping[str, float]:
    """The conviction of each view that an answer shows, the fitted one first."""
    if request.market is None:
        return {}
    return {FITTED: request.market.market.conviction, MARKET_VIEW: 0.0, OWN: 1.0}


def other_views(request: Played) -> dict[str, float]:
    """Those that are not the job's own, which is played anyhow."""
    view = request.market
    if view is None or request.contest is None or request.spec is None:
        return {}
    return {name: each for name, each in convictions(request).items() if each != view.conviction}


def _report_blocks(request: Played) -> list[int]:
    return [b for b in range(block_count(request.n_scenarios)) if not selects(b)]


def views_bytes(request: Played) -> int:
    """The most that the views' tallies take while they are merged."""
    return len(other_views(request)) * contest_bytes(request) // 2


def _seconds(request: Played) -> float:
    races = len(other_views(request)) * request.n_scenarios / 2
    return races / 50_000 + len(other_views(request)) * contest_seconds(request) / 2


def views_stage(
    lineups_of: Callable[[Work[RequestT]], Lineups],
) -> Stage[RequestT, ViewsFact, ViewsFact]:
    """The stage that plays the lineups as others see the race, on races of the report's numbers.

    Parameters
    ----------
    lineups_of
        The lineups to play, u8 ``[L, R]``.
    """

    def run(work: Work[RequestT], units: range) -> ViewsFact:
        request, arrays = work.request, work.arrays
        terms, model = terms_of(request), work.facts.of(FIELD).model
        simulator = ContestSimulator(
            terms.payouts,
            model,
            request.seed,
            terms.fields_per_block,
            field_spread(work.facts, arrays),
        )
        blocks, lineups = _report_blocks(request), lineups_of(work)
        views = list(other_views(request).items())
        tallies: dict[str, list[ContestTally]] = {}
        for unit in units:
            work.check_cancelled()
            view, place = divmod(unit, len(blocks))
            name, conviction = views[view]
            block = blocks[place]
            rows = block_rows(block, request.n_scenarios)
            spec = simulated_spec(request, work.facts, conviction)
            strength = block_strength(request, work.facts, arrays, spec, block, conviction)
            races, _ = simulate_block(spec, request.seed, block, rows.stop - rows.start, strength)
            points = races.points(request.slate.rules)
            tallies.setdefault(name, []).append(simulator.play_block(points, lineups, block))
        return _put(arrays, tallies)

    return Stage(
        key=VIEWS,
        part=ViewsFact,
        units=lambda request, _: len(other_views(request)) * len(_report_blocks(request)),
        seconds=_seconds,
        run=run,
        merge=_merge,
        join=unchanged,
    )


def _put(arrays: Blobs, tallies: Mapping[str, Sequence[ContestTally]]) -> ViewsFact:
    return ViewsFact(
        {
            name: arrays.put(**ContestTally.merge(parts).arrays())
            for name, parts in sorted(tallies.items())
        }
    )


def _merge(work: Work[Played], parts: Sequence[ViewsFact]) -> ViewsFact:
    tallies: dict[str, list[ContestTally]] = {}
    for part in parts:
        for name, reference in part.tallies.items():
            tallies.setdefault(name, []).append(
                ContestTally.from_arrays(work.arrays.get(reference))
            )
    return _put(work.arrays, tallies)
