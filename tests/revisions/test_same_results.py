"""Two revisions give the same numbers, ids, lineups and files; on demand.

``make same-results BASE=REVISION [HEAD=REVISION]`` compares a revision with another, or with this
working tree as it is. Either may be a file written by ``python -m tests.revisions.record``, so that
a base is recorded once. Without make::

    REVISION_BASE=v1 REVISION_HEAD= python -m pytest tests/revisions

``DATA_DIR`` names the folder of real data; without it (``../shared/data``) only the example's
slates are compared. Sentences, clocks and version stamps are left out (``comparison.py`` lists
them); keys that only the later revision has are shown and allowed.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.revisions.comparison import difference
from tests.revisions.record import NAMES, data_folder, record

BASE = os.environ.get("REVISION_BASE", "")
HEAD = os.environ.get("REVISION_HEAD", "")

pytestmark = [
    pytest.mark.skipif(not BASE, reason="compares two revisions on demand: make same-results"),
    # it compiles two checkouts and runs all jobs twice
    pytest.mark.timeout(3_600),
]

Json = dict[str, Any]


def record_of(named: str) -> Json:
    """The record kept in a file, or the one of a revision, made now."""
    path = Path(named)
    if named and path.is_file():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    return record(named, data_folder())


@pytest.fixture(scope="module")
def base() -> Json:
    return record_of(BASE)


@pytest.fixture(scope="module")
def head() -> Json:
    return record_of(HEAD)


def test_both_records_are_of_the_same_slates(base: Json, head: Json) -> None:
    assert base["inputs"] == head["inputs"]


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_stays_the_same(
    base: Json, head: Json, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if name not in base["answers"]:
        pytest.skip("not in the base's record: no real data then, or a request made later")
    assert name in head["answers"], f"{name}: no answer any more"
    found = difference(base["answers"][name], head["answers"][name])
    assert not found, f"{name}\n{found}"
    if found.new:
        keys = sorted({re.sub(r"\[\d+\]", "[]", path) for path in found.new})
        with capsys.disabled():
            print(f"\n{name}: new keys: {', '.join(keys)}")  # noqa: T201
