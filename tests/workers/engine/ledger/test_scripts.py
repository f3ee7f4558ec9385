"""The Lua scripts: all of them are there, all are used, and Redis may forget them."""

import re
import tomllib
from importlib import resources
from pathlib import Path, PurePath

import pytest
from redis import Redis

from tests.workers.engine.ledger.desk import Desk, stage
from workers.engine import ledger
from workers.engine.ledger import scripts
from workers.engine.stages import FAN

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "workers" / "engine" / "ledger"
NAMES = sorted(path.stem for path in FOLDER.glob("*.lua") if not path.stem.startswith("_"))
SHARED = {path.name for path in FOLDER.glob("_*.lua")}


def test_every_script_is_named_by_a_method_and_every_name_is_a_script() -> None:
    text = (FOLDER / "ledger.py").read_text(encoding="utf-8")
    named = re.findall(r"\b(?:_scripts\.run|self\._piece)\(\s*\"(\w+)\"", text)
    assert sorted(named) == NAMES


def test_what_scripts_share_is_in_each() -> None:
    assert len(SHARED) == 1
    for name in NAMES:
        for part in (*SHARED, f"{name}.lua"):
            assert (FOLDER / part).read_text(encoding="utf-8") in scripts.source(name)


def test_every_script_is_packaged() -> None:
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = setup["tool"]["setuptools"]["package-data"]["workers"]
    for name in [*(f"{name}.lua" for name in NAMES), *SHARED]:
        assert (resources.files(ledger) / name).is_file()
        inside = PurePath("engine", "ledger", name)
        assert any(inside.match(pattern) for pattern in patterns), name


@pytest.mark.parametrize("name", NAMES)
def test_every_script_is_sound_lua(redis: "Redis", name: str) -> None:
    digest = redis.script_load(scripts.source(name))
    assert redis.script_exists(digest) == [True]


def test_every_script_says_what_it_takes(desk: Desk) -> None:
    for name in [*NAMES, *(Path(part).stem for part in SHARED)]:
        lines = (FOLDER / f"{name}.lua").read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("-- "), name
        if name in NAMES:
            assert any(line.startswith("-- ARGV: ") for line in lines), name


def test_as_many_values_are_merged_here_and_there() -> None:
    text = (FOLDER / "_shared.lua").read_text(encoding="utf-8")
    assert re.findall(r"^local FAN = (\d+)\b", text, re.MULTILINE) == [str(FAN)]


def test_what_needs_no_room_goes_on_in_a_redis_that_has_none() -> None:
    assert sorted(scripts._TAKES_ROOM) == ["begin", "put"]


def test_a_redis_that_forgets_the_scripts_is_told_them_again(desk: Desk) -> None:
    run_id = "a" * 32
    forget = desk.redis.script_flush
    forget()
    desk.begin(2, run_id=run_id, fans_out=True)
    forget()
    assert desk.ledger.put(run_id, "r", b"1", 10) == "kept"
    forget()
    piece = desk.take()
    forget()
    assert desk.ledger.postpone("h", piece, "no room") == "kept"
    desk.end_leases()
    piece = desk.take()
    forget()
    assert desk.ledger.any_held(["h"])
    forget()
    (held,) = desk.ledger.held(["h"])
    forget()
    assert not desk.ledger.condemn(held)
    forget()
    assert desk.ledger.give_back("h", piece, "no") == "kept"
    desk.end_leases()
    piece = desk.take()
    forget()
    assert desk.keep(piece) == "kept"
    forget()
    assert desk.ledger.wanted(desk.queue, (run_id, 0))
    desk.take_and_keep()
    forget()
    desk.ledger.open(run_id, 0)
    join = desk.take()
    forget()
    assert desk.advance(join, stage(1, 1), freed=["r"]) == "kept"
    forget()
    assert desk.heartbeat(slots=3) == 1
    forget()
    assert desk.ledger.load().slots == 3
    forget()
    assert desk.ledger.workers() == (3, ())
    forget()
    assert desk.ledger.first_of_key("ann:key", "hash") is None
    forget()
    desk.ledger.leave("celery@one")
    join = desk.to_join()
    forget()
    assert desk.finish(join) == "kept"
    failing, cancelled = desk.begin(1), desk.begin(1, owner="bob")
    piece = desk.take()
    forget()
    assert desk.fail(piece) == "kept"
    forget()
    assert desk.ledger.cancel(cancelled if piece.run_id == failing else failing)
