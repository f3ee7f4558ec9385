"""What a contest pays: prizes by place in whole cents, and their running sum, the ladder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from core.amounts import CENTS_PER_USD, read_cents, read_count
from core.errors import InvalidInput, Problem

MICROS_PER_CENT = 10_000
MICROS_PER_USD = 1_000_000
"""The simulator counts money in millionths of a dollar: cents cannot split a tie."""

MAX_POOL_CENTS = 2**53 // MICROS_PER_CENT
MAX_FIELD_SIZE = 10_000_000

_KEY = "payouts"


@dataclass(frozen=True, slots=True)
class PrizeTier:
    """Places ``first`` to ``last``, each of which wins ``prize_cents``."""

    first: int
    last: int
    prize_cents: int

    @property
    def places(self) -> int:
        """How many places the tier pays."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Payouts:
    """A contest's size, fee and prizes.

    Parameters
    ----------
    entry_fee_cents
        What an entry costs, >= 0.
    field_size
        Entries in the contest, own entries included.
    tiers
        Paid places from 1 on, without gaps; no prize is above the one before it.
    label
        A note for users: what stands in for the contest's own table, or what its tickets are
        counted at. Empty for a contest's own table in USD.

    Raises
    ------
    InvalidInput
        On ``entry_fee_cents``, ``field_size`` or ``payouts``, naming the tier: a gap, an overlap, a
        place beyond the field, a rising, negative or absent prize.
    """

    entry_fee_cents: int
    field_size: int
    tiers: tuple[PrizeTier, ...]
    label: str = ""

    def __post_init__(self) -> None:
        problems: dict[str, list[str]] = {}
        if self.entry_fee_cents < 0:
            problems["entry_fee_cents"] = [f"{self.entry_fee_cents} cents; give 0 or more."]
        if not 1 <= self.field_size <= MAX_FIELD_SIZE:
            problems["field_size"] = [f"{self.field_size}; give 1 to {MAX_FIELD_SIZE:,} entries."]
        wrong = _wrong_with(self.tiers, self.field_size)
        if wrong:
            problems[_KEY] = wrong[:5]
        elif self.prize_pool_cents > MAX_POOL_CENTS:
            most = f"${MAX_POOL_CENTS // CENTS_PER_USD:,}"
            problems[_KEY] = [f"the prize pool is over {most}; give smaller prizes."]
        if problems:
            raise InvalidInput(problems)

    @property
    def places_paid(self) -> int:
        """The last place with a prize."""
        return self.tiers[-1].last

    @property
    def prize_pool_cents(self) -> int:
        """Sum of all prizes."""
        return sum(tier.places * tier.prize_cents for tier in self.tiers)

    def prize_cents(self, place: int) -> int:
        """Prize of ``place`` (1 = winner) without a tie; 0 for an unpaid place."""
        for tier in self.tiers:
            if tier.first <= place <= tier.last:
                return tier.prize_cents
        return 0

    def require_opponents(self, opponents: int) -> None:
        """Refuse opponents that do not leave exactly one entry of the contest.

        Raises
        ------
        InvalidInput
            On ``field_size``.
        """
        if opponents + 1 != self.field_size:
            raise InvalidInput(
                {
                    "field_size": f"{opponents:,} opponents and one entry do not make a contest of "
                    f"{self.field_size:,}."
                }
            )

    @property
    def ladder_micros(self) -> npt.NDArray[np.int64]:
        """Sum of the first k prizes, for k = 0 .. places paid, in micro-dollars."""
        return _ladder(self.tiers)


def _wrong_with(tiers: tuple[PrizeTier, ...], field_size: int) -> list[str]:
    if not tiers:
        return ["no place wins a prize; give at least one tier with a prize above 0."]
    wrong = []
    if tiers[0].first != 1:
        wrong.append(f"the first tier starts at place {tiers[0].first}; start at 1.")
    for number, tier in enumerate(tiers, start=1):
        span = f"tier {number} (places {tier.first} to {tier.last})"
        if tier.last < tier.first:
            wrong.append(f"{span} ends before it starts.")
        if tier.last > field_size:
            wrong.append(f"{span} goes beyond the {field_size:,} entries of the field.")
        if tier.prize_cents <= 0:
            wrong.append(f"{span} pays {tier.prize_cents} cents; a paid place wins above 0.")
    for number, (above, below) in enumerate(pairwise(tiers), start=2):
        if below.first > above.last + 1:
            wrong.append(f"tier {number} leaves places {above.last + 1} to {below.first - 1} out.")
        if below.first <= above.last:
            wrong.append(f"tier {number} starts at {below.first}, inside the tier before it.")
        if below.prize_cents > above.prize_cents:
            wrong.append(
                f"tier {number} pays ${below.prize_cents / 100:,.2f}, more than the "
                f"${above.prize_cents / 100:,.2f} of the places above it."
            )
    return wrong


@lru_cache(maxsize=32)
def _ladder(tiers: tuple[PrizeTier, ...]) -> npt.NDArray[np.int64]:
    prizes = np.repeat(
        np.array([tier.prize_cents * MICROS_PER_CENT for tier in tiers], dtype=np.int64),
        [tier.places for tier in tiers],
    )
    ladder = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(prizes)])
    ladder.flags.writeable = False
    return ladder


def payouts_from_tiers(
    tiers: Iterable[Mapping[str, Any]], field_size: object, entry_fee: object
) -> Payouts:
    """Read prize tiers ``{from, to, prize}``, prizes in USD; one place needs no ``to``.

    Parameters
    ----------
    tiers
        In any order; tiers of prize 0 at the end are dropped.
    field_size
        Entries in the contest, own entries included.
    entry_fee
        USD.

    Raises
    ------
    InvalidInput
        On ``payouts``, ``field_size`` or ``entry_fee``, naming the tier and what would be right.
    """
    read = []
    for number, tier in enumerate(tiers, start=1):
        at = f"tier {number}"
        if not isinstance(tier, Mapping) or "from" not in tier or "prize" not in tier:
            raise InvalidInput(Problem(_KEY, "give {from, to, prize}.", at=at))
        first = read_count(tier["from"], _KEY, f"{at} from")
        last = read_count(tier.get("to", first), _KEY, f"{at} to")
        read.append(PrizeTier(first, last, read_cents(tier["prize"], _KEY, f"{at} prize")))
    fee_cents = read_cents(entry_fee, "entry_fee")
    return payouts_from_cents(read, read_count(field_size, "field_size"), fee_cents)


def payouts_from_cents(
    tiers: Iterable[PrizeTier], field_size: int, entry_fee_cents: int
) -> Payouts:
    """Contest of prize tiers in any order; those of prize 0 at the end are dropped.

    Parameters
    ----------
    tiers
        Prizes in cents.
    field_size
        Entries in the contest, own entries included.
    entry_fee_cents
        What an entry costs.

    Raises
    ------
    InvalidInput
        On ``payouts``, ``field_size`` or ``entry_fee``.
    """
    ordered = sorted(tiers, key=lambda tier: tier.first)
    while ordered and ordered[-1].prize_cents == 0:
        ordered.pop()
    return Payouts(entry_fee_cents=entry_fee_cents, field_size=field_size, tiers=tuple(ordered))
