"""A contest's detail as DraftKings serves it: ``payoutSummary``, with cash and tickets by place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.amounts import CENTS_PER_USD, read_cents, read_count
from core.errors import InvalidInput, Problem
from core.sites.rows import ContestRows, PrizeRow

_KEY = "payouts"
_CASH = "cash"
_MONEY = re.compile(r"\$?\s*\d[\d,]*(?:\.\d+)?")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Prize:
    """One prize of a tier.

    Parameters
    ----------
    name
        The ticket's; ``None`` = cash.
    cents
        Its face value; ``None`` = not known.
    """

    name: str | None
    cents: int | None


def is_contest(values: Mapping[str, Any]) -> bool:
    """Whether this is a contest's detail, or what DraftKings wraps one in."""
    return "payoutSummary" in _detail(values)


def read_contest(
    values: Mapping[str, Any], tickets: Mapping[str, object] | None = None
) -> ContestRows:
    """Contest read from its detail, as DraftKings' site serves it.

    Of ``contestDetail`` these are read: ``entryFee``, ``maximumEntries`` (``entries`` where that is
    absent), ``payoutSummary`` and ``totalPayouts``; anything else is left alone. A tier of
    ``payoutSummary`` spans ``minPosition`` to ``maxPosition`` (its own place alone where that is
    absent), and its prizes add up: each of ``payoutDescriptions`` counts its ``value`` times its
    ``quantity`` (1), and what ``tierPayoutDescriptions`` alone names counts as it reads. What is
    not cash is a ticket, whatever DraftKings calls it.

    Parameters
    ----------
    values
        Parsed JSON, best with its numbers kept as text.
    tickets
        USD that a ticket is worth, by its name in the file. It counts before the file's face value,
        which a ticket to a raked contest is not worth; 0 leaves the ticket out.

    Raises
    ------
    InvalidInput
        Naming the tier: a ticket that neither the file nor ``tickets`` puts a value on, prizes that
        cannot be told apart, two amounts for one prize of cash. On ``tickets``: a name that the
        file lacks. On ``payouts``: prizes that sum to another amount than ``totalPayouts``, be it
        with tickets at face value or without. On ``entry_fee`` or ``field_size``: no such number.
    """
    detail = _detail(values)
    summary = detail.get("payoutSummary")
    if not isinstance(summary, list) or not all(isinstance(tier, Mapping) for tier in summary):
        raise InvalidInput({"payouts": "payoutSummary is no list of tiers."})
    worth = {
        _plain(name): read_cents(usd, "tickets", repr(name))
        for name, usd in (tickets or {}).items()
    }
    rows: list[PrizeRow] = []
    names: dict[str, str] = {}
    counted: dict[str, int] = {}
    cash = face = 0
    all_valued = True
    for number, tier in enumerate(summary, start=1):
        at = f"tier {number}"
        first = read_count(tier.get("minPosition"), _KEY, f"{at} minPosition")
        last = read_count(tier.get("maxPosition", first), _KEY, f"{at} maxPosition")
        total = 0
        for prize in _prizes(tier, at):
            in_cash = prize.cents if prize.name is None and prize.cents is not None else 0
            cash += (last - first + 1) * in_cash
            face += (last - first + 1) * (prize.cents or 0)
            total += in_cash
            if prize.name is not None:
                plain = _plain(prize.name)
                all_valued &= prize.cents is not None
                names.setdefault(plain, prize.name)
                cents = worth.get(plain, prize.cents)
                if cents is None:
                    message = _unvalued(prize.name, first, last)
                    raise InvalidInput(Problem(_KEY, message, at=at))
                counted[prize.name] = cents
                total += cents
        rows.append(PrizeRow(first, last, total))
    _require_known(worth, names)
    _require_total(detail.get("totalPayouts"), cash, face if all_valued else None)
    return ContestRows(
        entry_fee_cents=read_cents(detail.get("entryFee"), "entry_fee"),
        field_size=read_count(detail.get("maximumEntries", detail.get("entries")), "field_size"),
        prizes=tuple(rows),
        tickets=tuple(counted.items()),
    )


def _detail(values: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = values.get("contestDetail")
    return inner if isinstance(inner, Mapping) else values


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _prizes(tier: Mapping[str, Any], at: str) -> Iterator[_Prize]:
    """Prizes of a tier, each once, though the file describes most of them twice."""
    named = tier.get("tierPayoutDescriptions") or {}
    described = tier.get("payoutDescriptions") or []
    if not isinstance(named, Mapping) or not isinstance(described, list):
        message = "tierPayoutDescriptions or payoutDescriptions is malformed."
        raise InvalidInput(Problem(_KEY, message, at=at))
    left = {str(kind): str(text) for kind, text in named.items()}
    if not left and not described:
        message = "no prize; give payoutDescriptions with a value."
        raise InvalidInput(Problem(_KEY, message, at=at))
    several = len(left) > 1
    for one in described:
        if not isinstance(one, Mapping):
            message = "payoutDescriptions is no list of objects."
            raise InvalidInput(Problem(_KEY, message, at=at))
        description = str(one.get("payoutDescription") or "").strip()
        kind = _kind_of(description, left)
        if kind is None and several:
            message = (
                f"which of {', '.join(named)} is {description!r}? Describe each prize of the tier "
                "as tierPayoutDescriptions does."
            )
            raise InvalidInput(Problem(_KEY, message, at=at))
        text = left.pop(kind) if kind is not None else None
        yield _described(one, description, kind, text, at)
    for kind, text in left.items():
        if _plain(kind) == _CASH:
            yield _Prize(None, read_cents(text, _KEY, f"{at} {kind}"))
        else:
            yield _Prize(text.strip() or kind, None)


def _kind_of(description: str, left: Mapping[str, str]) -> str | None:
    """Kind among the tier's prizes that a description is of: of the same words, or the only one."""
    alike = [kind for kind, text in left.items() if _plain(text) == _plain(description)]
    if alike:
        return alike[0]
    if len(left) == 1:
        return next(iter(left))
    if _MONEY.fullmatch(description):
        return next((kind for kind in left if _plain(kind) == _CASH), None)
    return None


def _described(
    one: Mapping[str, Any], description: str, kind: str | None, text: str | None, at: str
) -> _Prize:
    value = one.get("value")
    cents = None
    if value is not None:
        # a prize may be described more than once, and a value of 0 means that there is none
        times = read_count(one.get("quantity") or 1, _KEY, f"{at} quantity")
        cents = times * read_cents(value, _KEY, f"{at} value") or None
    in_cash = (
        _plain(kind) == _CASH
        if kind is not None
        else bool(_MONEY.fullmatch(description)) or not description
    )
    if not in_cash:
        return _Prize(text or description or kind, cents)
    written = next((t for t in (text, description) if t and _MONEY.fullmatch(t.strip())), None)
    if cents is None:
        if written is None:
            message = f"no amount in {text or description!r}; give its value in USD."
            raise InvalidInput(Problem(_KEY, message, at=at))
        return _Prize(None, read_cents(written, _KEY, at))
    if text is not None and written is not None and read_cents(written, _KEY, at) != cents:
        message = f"{written} is written, but the value is {cents / CENTS_PER_USD:,.2f}."
        raise InvalidInput(Problem(_KEY, message, at=at))
    return _Prize(None, cents)


def _unvalued(name: str, first: int, last: int) -> str:
    places = f"place {first}" if first == last else f"places {first} to {last}"
    return (
        f"{places} win {name!r}, and the file does not hold its value; say so in USD by "
        f"this name (--ticket '{name}=20'), 0 to leave it out."
    )


def _require_known(worth: Mapping[str, int], names: Mapping[str, str]) -> None:
    unknown = [name for name in worth if name not in names]
    if unknown:
        known = ", ".join(list(names.values())[:_MOST_NAMED])
        raise InvalidInput(
            {"tickets": f"no {unknown[0]!r} among the prizes; the file has {known or 'no ticket'}."}
        )


def _require_total(stated: object, cash: int, face: int | None) -> None:
    """Refuse prizes that sum to another pool: a table cut short plays like a richer contest's.

    Where a ticket's face value is not known, only cash beyond the pool can be noticed.
    """
    if stated is None:
        return
    total = read_cents(stated, _KEY, "totalPayouts")
    if total in {0, cash, face} or (face is None and total > cash):
        return
    with_tickets = ""
    if face is not None and face != cash:
        with_tickets = f", ${face / CENTS_PER_USD:,.2f} with tickets"
    raise InvalidInput(
        {
            "payouts": f"the places win ${cash / CENTS_PER_USD:,.2f} in cash{with_tickets}, but "
            f"totalPayouts says ${total / CENTS_PER_USD:,.2f}; save the contest again, or take "
            "totalPayouts out to go by the places."
        }
    )
