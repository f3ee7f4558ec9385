"""Payout tables as files hold them: a CSV with a row per range of places, or JSON tiers."""

import csv
import json
import re
from decimal import Decimal
from typing import Any

from core.contest.payouts import Payouts, payouts_from_tiers, read_cents, read_count
from core.errors import InvalidInput

_PLACES = re.compile(
    r"(\d[\d,]*)(?:st|nd|rd|th)?(?:\s*(?:-|\u2013|to)\s*(\d[\d,]*)(?:st|nd|rd|th)?)?"
)
_COLUMNS = ("Place", "Payout", "Field Size", "Entry Fee")


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
    names = {name.strip().lower(): name for name in table.fieldnames or () if name}
    absent = [name for name in _COLUMNS if name.lower() not in names]
    if absent:
        raise InvalidInput(
            {"payouts header": f"no {', '.join(absent)}; the header is {','.join(_COLUMNS)}."}
        )
    place, payout, size, fee = (names[name.lower()] for name in _COLUMNS)
    tiers: list[dict[str, int | str]] = []
    contest: dict[str, int] = {}
    for row in table:
        where = f"payouts line {table.line_num}"
        if not any(cell for cell in row.values() if isinstance(cell, str) and cell.strip()):
            continue
        span = _PLACES.fullmatch((row[place] or "").strip())
        if span is None:
            raise InvalidInput({f"{where} Place": f"{row[place]!r}; give 7 or 11-15."})
        read_cents(row[payout], f"{where} Payout")
        tiers.append({"from": span[1], "to": span[2] or span[1], "prize": row[payout]})
        for name, cell, read in (
            ("Field Size", row[size], read_count),
            ("Entry Fee", row[fee], read_cents),
        ):
            if cell and cell.strip():
                value = read(cell, f"{where} {name}")
                if contest.setdefault(name, value) != value:
                    raise InvalidInput(
                        {f"{where} {name}": f"{cell!r} differs from the rows above."}
                    )
    if len(contest) < 2:
        raise InvalidInput({"payouts": "no row gives both a Field Size and an Entry Fee."})
    return payouts_from_tiers(tiers, contest["Field Size"], Decimal(contest["Entry Fee"]) / 100)


def read_payout_json(text: str) -> Payouts:
    """Read ``{"field_size": .., "entry_fee": .., "tiers": [{"from", "to", "prize"}]}``.

    ``entries`` is understood for ``field_size``, ``contest_buyin`` for ``entry_fee`` and
    ``payouts`` for ``tiers``. Numbers are read as decimals, so 0.1 is ten cents and nothing else.

    Raises
    ------
    InvalidInput
        Not such an object, or whatever :func:`payouts_from_tiers` refuses.
    """
    try:
        values = json.loads(text, parse_float=str)
    except json.JSONDecodeError as error:
        raise InvalidInput({"payouts": f"not JSON: {error}."}) from None
    if not isinstance(values, dict):
        raise InvalidInput({"payouts": "give an object with field_size, entry_fee and tiers."})
    tiers = _first(values, "tiers", "payouts")
    if not isinstance(tiers, list):
        raise InvalidInput({"payouts": "tiers is no list; give [{from, to, prize}]."})
    return payouts_from_tiers(
        tiers,
        _first(values, "field_size", "entries"),
        _first(values, "entry_fee", "contest_buyin"),
    )


def read_payout_table(text: str) -> Payouts:
    """Read a payout file of either kind: JSON if it opens like an object, else CSV."""
    return (
        read_payout_json(text)
        if text.lstrip("\ufeff \r\n\t").startswith("{")
        else read_payout_csv(text)
    )


def _first(values: dict[str, Any], *names: str) -> Any:
    for name in names:
        if name in values:
            return values[name]
    raise InvalidInput({names[0]: "absent; the payout file must give it."})
