"""Readers of payout files: CSV rows by range of places, JSON tiers, or DraftKings' own detail."""

import csv
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.amounts import CENTS_PER_USD, read_cents, read_count
from core.contest.payouts import Payouts, payouts_from_tiers
from core.contest.site_exports import is_site_export, payouts_from_site_export
from core.errors import InvalidInput, Problem

_PLACES = re.compile(
    r"(\d[\d,]*)(?:st|nd|rd|th)?(?:\s*(?:-|\u2013|to)\s*(\d[\d,]*)(?:st|nd|rd|th)?)?"
)
_COLUMNS = ("Place", "Payout", "Field Size", "Entry Fee")
_ID_NAMES = ("id", "contestKey", "contestId", "contest_id")
_MOST_NAMED = 12


def read_payout_csv(text: str) -> Payouts:
    """Payouts from a CSV with the columns ``Place,Payout,Field Size,Entry Fee``.

    Parameters
    ----------
    text
        The file's contents. A place is ``7`` or ``11-15``; money may have ``$`` and thousands'
        commas; field size and fee stand in every row or in the first alone.

    Raises
    ------
    InvalidInput
        A column is absent, a place or amount cannot be read, or rows disagree about the contest;
        the line and column are named. Also as :func:`payouts_from_tiers`.
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
    """Payouts from JSON: tiers, or a contest's detail as DraftKings serves it.

    Tiers are ``{"field_size": .., "entry_fee": .., "tiers": [{"from", "to", "prize"}]}``. The three
    keys may also be called ``entries``, ``contest_buyin`` and ``payouts``. A ``prize_pool`` (USD),
    if present, must be the sum of the tiers. A detail is an object with ``payoutSummary``, at the
    top or inside ``contestDetail``, see
    :func:`~core.sites.draftkings.contest_export.read_contest`. The file may hold several of
    either kind in a list, or in a list called ``contests``. Numbers are read as decimals, so 0.1 is
    exactly ten cents.

    Parameters
    ----------
    text
        The file's contents.
    contest_id
        Id of one of several contests: its ``id``, ``contestKey``, ``contestId`` or ``contest_id``.
    tickets
        USD that a ticket among a DraftKings contest's prizes is worth, by name.

    Raises
    ------
    InvalidInput
        The text is not such JSON; it holds several contests and ``contest_id`` is none of theirs;
        the tiers do not sum to the pool; there are ``tickets`` for a table of tiers. Also as
        :func:`payouts_from_tiers`.
    """
    try:
        values = json.loads(text.lstrip("\ufeff"), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise InvalidInput({"payouts": f"not JSON: {error}."}) from None
    contest = _chosen(_contests_in(values), contest_id)
    if is_site_export(contest):
        return payouts_from_site_export(contest, tickets)
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
    """Payouts from a file of either kind: JSON if the text begins like JSON, else CSV.

    Raises
    ------
    InvalidInput
        As :func:`read_payout_json` and :func:`read_payout_csv`. A CSV holds one contest without an
        id, so ``contest_id`` and ``tickets`` are refused with it.
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
    contests = values
    if isinstance(values, dict):
        several = values.get("contests")
        contests = several if isinstance(several, list) else [values]
    if not isinstance(contests, list) or not all(isinstance(one, dict) for one in contests):
        raise InvalidInput({"payouts": "give an object with field_size, entry_fee and tiers."})
    if not contests:
        raise InvalidInput({"payouts": "the file holds no contest."})
    return contests


def _chosen(contests: list[dict[str, Any]], contest_id: str | None) -> dict[str, Any]:
    if contest_id is None:
        if len(contests) == 1:
            return contests[0]
        message = f"the file holds {len(contests)} contests; give one of {_ids(contests)}."
        raise InvalidInput({"contest_id": message})
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
    ids = [name for one in contests if (name := _id_of(one)) is not None]
    more = ", .." if len(ids) > _MOST_NAMED else ""
    return ", ".join(ids[:_MOST_NAMED]) + more if ids else "no ids"


def _first(values: dict[str, Any], *names: str) -> Any:
    for name in names:
        if name in values:
            return values[name]
    raise InvalidInput({names[0]: "absent; the payout file must give it."})
