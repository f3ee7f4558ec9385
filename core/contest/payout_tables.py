"""Payout tables as files hold them: CSV rows by range of places, JSON tiers, or DraftKings' own."""

import csv
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.contest.draftkings_export import is_draftkings_contest, payouts_from_draftkings
from core.contest.payouts import (
    CENTS_PER_USD,
    Payouts,
    payouts_from_tiers,
    read_cents,
    read_count,
)
from core.errors import InvalidInput, Problem

_PLACES = re.compile(
    r"(\d[\d,]*)(?:st|nd|rd|th)?(?:\s*(?:-|\u2013|to)\s*(\d[\d,]*)(?:st|nd|rd|th)?)?"
)
_COLUMNS = ("Place", "Payout", "Field Size", "Entry Fee")
_ID_NAMES = ("id", "contestKey", "contestId", "contest_id")
_MOST_NAMED = 12


def read_payout_csv(text: str) -> Payouts:
    """Read a table with the columns ``Place,Payout,Field Size,Entry Fee``.

    Parameters
    ----------
    text
        The file's contents. Places are ``7`` or ``11-15``; money may carry ``$`` and thousands'
        commas; field size and fee repeat in each row or stand in the first alone.

    Raises
    ------
    InvalidInput
        Naming the line and column: an absent column, a place or amount that cannot be read, rows
        that disagree about the contest; and whatever :func:`payouts_from_tiers` refuses.
    """
    table = csv.DictReader(text.lstrip("\ufeff").splitlines())
    try:
        return _read_rows(table)
    except csv.Error as error:
        at = f"line {table.line_num}"
        raise InvalidInput(Problem("payouts", f"not CSV: {error}.", at=at)) from None


def _read_rows(table: "csv.DictReader[str]") -> Payouts:
    names = {name.strip().lower(): name for name in table.fieldnames or () if name}
    absent = [name for name in _COLUMNS if name.lower() not in names]
    if absent:
        message = f"no {', '.join(absent)}; the header is {','.join(_COLUMNS)}."
        raise InvalidInput(Problem("payouts", message, at="header"))
    place, payout, size, fee = (names[name.lower()] for name in _COLUMNS)
    tiers: list[dict[str, int | str]] = []
    contest: dict[str, int] = {}
    for row in table:
        at = f"line {table.line_num}"
        if not any(cell for cell in row.values() if isinstance(cell, str) and cell.strip()):
            continue
        span = _PLACES.fullmatch((row[place] or "").strip())
        if span is None:
            message = f"{(row[place] or '')[:40]!r}; give 7 or 11-15."
            raise InvalidInput(Problem("payouts", message, at=f"{at} Place"))
        read_cents(row[payout], "payouts", f"{at} Payout")
        tiers.append({"from": span[1], "to": span[2] or span[1], "prize": row[payout]})
        for name, cell, read in (
            ("Field Size", row[size], read_count),
            ("Entry Fee", row[fee], read_cents),
        ):
            if cell and cell.strip():
                value = read(cell, "payouts", f"{at} {name}")
                if contest.setdefault(name, value) != value:
                    message = f"{cell!r} differs from the rows above."
                    raise InvalidInput(Problem("payouts", message, at=f"{at} {name}"))
    if len(contest) < 2:
        raise InvalidInput({"payouts": "no row gives both a Field Size and an Entry Fee."})
    return payouts_from_tiers(tiers, contest["Field Size"], Decimal(contest["Entry Fee"]) / 100)


def read_payout_json(
    text: str, contest_id: str | None = None, tickets: Mapping[str, object] | None = None
) -> Payouts:
    """Read a contest's prizes from JSON, its own tiers or DraftKings' detail of it.

    Own tiers are ``{"field_size": .., "entry_fee": .., "tiers": [{"from", "to", "prize"}]}``;
    ``entries`` is understood for ``field_size``, ``contest_buyin`` for ``entry_fee`` and
    ``payouts`` for ``tiers``, and a ``prize_pool`` (USD) must be what the tiers sum to. A detail is
    an object with ``payoutSummary``, as it is or as ``contestDetail``, see
    :func:`~core.contest.draftkings_export.payouts_from_draftkings`. Either may stand in a list, or
    in a list called ``contests``. Numbers are read as decimals, so 0.1 is ten cents and nothing
    else.

    Parameters
    ----------
    text
        The file's contents.
    contest_id
        Which of several contests: its ``id``, ``contestKey``, ``contestId`` or ``contest_id``.
    tickets
        USD that a ticket of a DraftKings contest is worth, by name.

    Raises
    ------
    InvalidInput
        No such file, several contests and none chosen (``contest_id``, naming them), a pool that
        the tiers do not sum to, tickets for a table that has none, or whatever
        :func:`payouts_from_tiers` refuses.
    """
    try:
        values = json.loads(text.lstrip("\ufeff"), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise InvalidInput({"payouts": f"not JSON: {error}."}) from None
    contest = _chosen(_contests_in(values), contest_id)
    if is_draftkings_contest(contest):
        return payouts_from_draftkings(contest, tickets)
    _refuse_tickets(tickets)
    tiers = _first(contest, "tiers", "payouts")
    if not isinstance(tiers, list):
        raise InvalidInput({"payouts": "tiers is no list; give [{from, to, prize}]."})
    payouts = payouts_from_tiers(
        tiers,
        _first(contest, "field_size", "entries"),
        _first(contest, "entry_fee", "contest_buyin"),
    )
    stated = contest.get("prize_pool")
    if stated is not None and read_cents(stated, "prize_pool") != payouts.prize_pool_cents:
        raise InvalidInput(
            {
                "prize_pool": f"{stated} USD is stated, but the tiers sum to "
                f"{payouts.prize_pool_cents / CENTS_PER_USD:,.2f}; correct the one or the other."
            }
        )
    return payouts


def read_payout_table(
    text: str, contest_id: str | None = None, tickets: Mapping[str, object] | None = None
) -> Payouts:
    """Read a payout file of either kind: JSON if it opens like JSON, else CSV.

    Raises
    ------
    InvalidInput
        As :func:`read_payout_json` and :func:`read_payout_csv` do; a CSV holds one contest without
        a name, so it takes neither ``contest_id`` nor ``tickets``.
    """
    if text.lstrip("\ufeff \r\n\t").startswith(("{", "[")):
        return read_payout_json(text, contest_id, tickets)
    _refuse_tickets(tickets)
    if contest_id is not None:
        raise InvalidInput({"contest_id": "a CSV holds one contest; leave the id out."})
    return read_payout_csv(text)


def _refuse_tickets(tickets: Mapping[str, object] | None) -> None:
    if tickets:
        raise InvalidInput({"tickets": "this table pays in USD alone; leave tickets out."})


def _contests_in(values: object) -> list[dict[str, Any]]:
    found = values
    if isinstance(values, dict):
        several = values.get("contests")
        found = several if isinstance(several, list) else [values]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInput({"payouts": "give an object with field_size, entry_fee and tiers."})
    if not found:
        raise InvalidInput({"payouts": "the file holds no contest."})
    return found


def _chosen(contests: list[dict[str, Any]], contest_id: str | None) -> dict[str, Any]:
    if contest_id is None:
        if len(contests) == 1:
            return contests[0]
        said = f"the file holds {len(contests)} contests; give one of {_ids(contests)}."
        raise InvalidInput({"contest_id": said})
    named = [one for one in contests if _id_of(one) == contest_id.strip()]
    if len(named) != 1:
        many = f"{len(named)} contests" if named else "no contest"
        raise InvalidInput(
            {"contest_id": f"{many} of id {contest_id!r}; the file has {_ids(contests)}."}
        )
    return named[0]


def _id_of(contest: dict[str, Any]) -> str | None:
    for inside in (contest, contest.get("contestDetail")):
        if isinstance(inside, dict):
            for name in _ID_NAMES:
                if inside.get(name) is not None:
                    return str(inside[name])
    return None


def _ids(contests: list[dict[str, Any]]) -> str:
    found = [name for one in contests if (name := _id_of(one)) is not None]
    more = ", .." if len(found) > _MOST_NAMED else ""
    return ", ".join(found[:_MOST_NAMED]) + more if found else "no ids"


def _first(values: dict[str, Any], *names: str) -> Any:
    for name in names:
        if name in values:
            return values[name]
    raise InvalidInput({names[0]: "absent; the payout file must give it."})
