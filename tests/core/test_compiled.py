"""Machine code kept on disk, and what it was compiled from."""

import importlib
import os
import pkgutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import TypingError

import core
from core.compiled import _compiled_in, loop

PIECES = """
from typing import NamedTuple

from core.compiled import compiled, inlined

RATE = 2

class Pair(NamedTuple):
    first: int
    second: int

@inlined
def inlined_piece(x):
    return x + 1

@compiled
def called_piece(x):
    return x + 1
"""

CALLERS = """
from core.compiled import compiled
from room.pieces import RATE, Pair, called_piece, inlined_piece

@compiled
def through_inlined(x):
    return inlined_piece(x)

@compiled
def through_called(x):
    return called_piece(x)

@compiled
def through_another(x):
    return through_called(x)

@compiled
def times_rate(x):
    return x * RATE

@compiled
def first_of(pair: Pair):
    return pair.first
"""

RUN = """
from room.callers import *
results = through_inlined(1), through_called(1), through_another(1), times_rate(1)
print(*results, first_of(Pair(first=1, second=2)))
"""


@pytest.mark.slow
def test_a_function_is_compiled_again_when_what_it_takes_from_another_module_changes(tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "callers.py").write_text(CALLERS)
    root = str(Path(core.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), root])}
    environment.pop("NUMBA_CACHE_DIR", None)

    def results(pieces):
        (room / "pieces.py").write_text(pieces)
        ran = subprocess.run(
            [sys.executable, "-c", RUN],
            env=environment,
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        return ran.stdout.split()

    assert results(PIECES) == ["2", "2", "2", "2", "1"]
    changed = PIECES.replace("x + 1", "x + 5").replace("RATE = 2", "RATE = 7")
    fields = "    first: int\n    second: int\n"
    assert fields in changed
    turned = changed.replace(fields, "    second: int\n    first: int\n")
    assert results(turned) == ["6", "6", "6", "7", "1"]
    kept = len(list(room.glob("__pycache__/*.nbi")))
    assert results(turned) == ["6", "6", "6", "7", "1"]
    assert len(list(room.glob("__pycache__/*.nbi"))) == kept


NOT_KEPT = {"inline", "forceinline", "_nrt"}


def _kept_functions():
    for module in pkgutil.walk_packages(core.__path__, "core."):
        for value in vars(importlib.import_module(module.name)).values():
            function = getattr(value, "py_func", None)
            if function is not None and not value.targetoptions.keys() & NOT_KEPT:
                yield function


def test_a_loop_that_makes_an_array_is_refused():
    @loop
    def make(n):
        return np.zeros(n)[0]

    with pytest.raises(TypingError):
        make(3)


def test_no_compiled_function_calls_one_that_is_defined_below_it():
    # the digest is taken when a function is defined, and must hold all that it reaches
    functions = set(_kept_functions())
    assert functions
    for function in functions:
        parts = sorted(set(_compiled_in(function)))
        digest = sha256("\n".join(parts).encode()).hexdigest()[:16]
        assert function.__qualname__.endswith(f"_{digest}"), function
