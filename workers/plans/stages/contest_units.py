"""The units of a contest, their time and their memory."""

from collections.abc import Iterator

from core.race import BLOCK_SCENARIOS
from workers.engine.stages import FAN
from workers.plans.requests.played import Played, terms_of
from workers.plans.stages.races import block_count

# about what one core counts: entries of all simulated contests together
_ENTRIES_PER_SECOND = 700_000_000
# most entries of the fields that one unit plays
_UNIT_ENTRIES = 1_000_000
# time for an own lineup, in that for opposing lineups: its rank, its prize, its part of the tally
_OWN_WORTH = 50

_LINEUP_BYTES, _AMOUNT_BYTES, _AMOUNTS_A_TIER, _OPEN_BYTES = 200, 6, 2, 6


def _work_of_field(request: Played) -> int:
    """What playing one field in a block costs, in opposing entries."""
    return terms_of(request).payouts.field_size + _OWN_WORTH * request.own_entries


def contest_seconds(request: Played) -> float:
    """About how long one core plays the contest of a request."""
    work = _work_of_field(request) * terms_of(request).fields_per_block
    return work * request.n_scenarios / _ENTRIES_PER_SECOND


def fields_at_once(request: Played) -> int:
    """How many of a block's fields one unit of work plays."""
    fields = terms_of(request).fields_per_block
    most = max(1, _UNIT_ENTRIES // _work_of_field(request))
    # in even parts: 10 fields with at most 9 in a unit make 5 and 5
    units = -(-fields // most)
    return -(-fields // units)


def contest_units(request: Played) -> int:
    """Units that a contest is cut into: each a group of fields in a block of races."""
    groups = -(-terms_of(request).fields_per_block // fields_at_once(request))
    return block_count(request.n_scenarios) * groups


def blocks_of(request: Played, units: range) -> Iterator[tuple[int, range]]:
    """The block and the fields of each unit."""
    fields, at_once = terms_of(request).fields_per_block, fields_at_once(request)
    groups = -(-fields // at_once)
    for unit in units:
        block, group = divmod(unit, groups)
        yield block, range(group * at_once, min((group + 1) * at_once, fields))


def contest_bytes(request: Played) -> int:
    """About the most that the contest's tallies take while they are merged, and its spread.

    Nearly all of it is the distribution of winnings: the different amounts that each lineup won,
    and that all together did. Those grow with the square root of the contests, or with the prizes
    there are; measured, compressed, with ladders of 25 to 1,000 prizes.
    """
    terms = terms_of(request)
    units, contests = contest_units(request), BLOCK_SCENARIOS * fields_at_once(request)
    amounts = min(contests, max(contests**0.5, _AMOUNTS_A_TIER * len(terms.payouts.tiers)))
    unit_bytes = request.own_entries * (_LINEUP_BYTES + _AMOUNT_BYTES * amounts)
    unit_bytes += _AMOUNT_BYTES * contests
    if units > block_count(request.n_scenarios):
        # blocks cut in two keep each scenario's sums
        unit_bytes += _OPEN_BYTES * BLOCK_SCENARIOS * request.own_entries
    spread = 8 * (len(request.slate) + 1) ** 2
    return int(min(units, 2 * FAN) * unit_bytes) + spread
