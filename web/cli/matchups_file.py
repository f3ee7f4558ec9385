"""Prices of pairs as files hold them: a CSV, or lines as they are pasted from a bookmaker's page.

A pasted line is ``Kyle Larson -125 vs Denny Hamlin +105``: prices stand behind the names, and the
price of one side may be absent.
"""

import re
from collections.abc import Iterable, Mapping

from core.errors import InvalidInput, Problem
from core.slate import plain_name
from core.slate.prices import read_price
from core.tables import decode, read_table
from web.cli.driver_names import DriverNames
from web.client import Json
from web.schemas.odds import TIMES

_KEY = "matchups"
_SIDES = ("a", "b")
_COLUMNS = ("driver_a", "driver_b", "odds_a", "odds_b", "taken")
_VERSUS = re.compile(r"\s+(?:vs|v|versus)\.?\s+", re.IGNORECASE)
_PRICE = r"[+\-\N{MINUS SIGN}]?\d[\d.]*|evens?|ev|pk"
_NAME_AND_PRICE = re.compile(rf"(.+?)[\s:;,(]+({_PRICE})[\s;,)]*", re.IGNORECASE)

_Cells = Mapping[str, str]


def read_matchups_file(data: bytes, names: DriverNames) -> list[Json]:
    """The matchups of a file as a request has them, drivers by id and prices in decimal odds.

    Parameters
    ----------
    data
        A CSV with the columns ``driver_a``, ``driver_b``, ``odds_a``, ``odds_b`` and perhaps
        ``taken`` (early or closing); or pasted lines. An empty price is not known.
    names
        Of the slate. A driver is named by id, by name, or by a last name that no other driver has.

    Raises
    ------
    InvalidInput
        On ``matchups``, naming the line: no such columns, a driver unknown, a cell that is no
        price, another time than these, a line that is no matchup.
    """
    text = decode(data, _KEY)
    first = text.lstrip().partition("\n")[0]
    lines = _table(data) if "driver_a" in first.lower() else _pasted(text)
    matchups: list[Json] = []
    problems: list[Problem] = []
    for line, cells in lines:
        matchup, wrong = _matchup(cells, names)
        matchups.append(matchup)
        problems += [Problem(_KEY, message, at=f"line {line}") for message in wrong]
    if problems:
        raise InvalidInput(problems)
    if not matchups:
        raise InvalidInput({_KEY: "the file holds none; give one a line, or leave the file out."})
    return matchups


def _table(data: bytes) -> Iterable[tuple[int, _Cells]]:
    header, rows = read_table(data, _KEY)
    columns = [cell.lower() for cell in header]
    absent = [name for name in _COLUMNS[:4] if name not in columns]
    if absent or len(set(columns)) < len(columns):
        wrong = f"lacks {', '.join(absent)}" if absent else "has a column twice"
        raise InvalidInput({_KEY: f"the header {wrong}; give {','.join(_COLUMNS)}."})
    return [(line, dict(zip(columns, row, strict=True))) for line, row in rows]


def _pasted(text: str) -> Iterable[tuple[int, _Cells]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        sides = _VERSUS.split(line.strip())
        if len(sides) != len(_SIDES):
            message = (
                f"{line.strip()[:60]!r} is no matchup; give lines such as 'Kyle Larson -125 vs "
                f"Denny Hamlin +105', or a CSV with {','.join(_COLUMNS)}."
            )
            raise InvalidInput(Problem(_KEY, message, at=f"line {number}"))
        cells: dict[str, str] = {}
        for side, part in zip(_SIDES, sides, strict=True):
            priced = _NAME_AND_PRICE.fullmatch(part.strip())
            cells[f"driver_{side}"] = priced[1].strip() if priced else part.strip()
            cells[f"odds_{side}"] = priced[2] if priced else ""
        yield number, cells


def _matchup(cells: _Cells, names: DriverNames) -> tuple[Json, list[str]]:
    """A matchup, and what is wrong with it."""
    matchup: Json = {}
    wrong: list[str] = []
    for side in _SIDES:
        called, price = cells[f"driver_{side}"], cells[f"odds_{side}"]
        driver_id = _find(called, names)
        if driver_id is None:
            wrong.append(names.doubt(called))
        matchup[f"driver_{side}"] = driver_id
        odds = read_price(price) if price else None
        if price and odds is None:
            wrong.append(
                f"odds_{side} {price!r}; give decimal odds above 1, such as 1.85, or American "
                "ones, such as -120 or +150."
            )
        matchup[f"odds_{side}"] = odds
    taken = cells.get("taken", "").lower()
    if taken and taken not in TIMES:
        wrong.append(f"taken {taken!r}; give {' or '.join(TIMES)}.")
    return matchup | ({"taken": taken} if taken else {}), wrong


def _find(called: str, names: DriverNames) -> str | None:
    found = names.find(called)
    if found is not None or not called:
        return found
    last = f" {plain_name(called)}"
    alike = [one for name, ids in names.by_plain_name.items() if name.endswith(last) for one in ids]
    return alike[0] if len(alike) == 1 else None
