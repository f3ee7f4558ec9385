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


SMALL = """
import numpy as np
from core.compiled import compiled

@compiled
def doubled(x):
    return 2 * x

@compiled
def doubled_twice(x):
    return doubled(doubled(x))

if __name__ == "__main__":
    print(doubled_twice(3))
"""


@pytest.fixture
def small(tmp_path):
    """Runs a small compiled program in a process of its own, without a cache folder by default."""
    file = tmp_path / "small.py"
    file.write_text(SMALL)
    root = str(Path(core.__file__).parents[1])

    def run(**variables):
        environment = {**os.environ, "PYTHONPATH": root, **variables}
        if "NUMBA_CACHE_DIR" not in variables:
            environment.pop("NUMBA_CACHE_DIR", None)
        return subprocess.run(
            [sys.executable, file], env=environment, check=False, capture_output=True, text=True
        )

    return run


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [0, 1, 40, -1])
def test_half_written_code_is_compiled_anew_and_kept(tmp_path, small, ending, left):
    cache = tmp_path / "kept"
    assert small(NUMBA_CACHE_DIR=str(cache)).stdout == "12\n"
    files = sorted(cache.rglob(f"*.{ending}"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:left])
    half = {file: file.read_bytes() for file in files}
    again = small(NUMBA_CACHE_DIR=str(cache))
    assert (again.returncode, again.stdout) == (0, "12\n"), again.stderr
    # whole again, so that the next start has nothing to compile
    assert "compiled anew" in again.stderr
    assert all(file.read_bytes() != half[file] for file in files)
    assert small(NUMBA_CACHE_DIR=str(cache)).stderr == ""


def nowhere_to_write(tmp_path):
    """Variables and a file that leave Numba no folder for a cache, whoever runs it."""
    (tmp_path / "__pycache__").touch()
    (tmp_path / "file").touch()
    inside = str(tmp_path / "file" / "folder")
    return {"HOME": inside, "XDG_CACHE_HOME": inside, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no user numbers here")
def test_code_without_a_place_is_kept_in_a_temporary_folder_of_the_user(tmp_path, small):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    variables = nowhere_to_write(tmp_path) | {"TMPDIR": str(temporary)}
    ran = small(**variables)
    assert (ran.returncode, ran.stdout) == (0, "12\n"), ran.stderr
    (folder,) = temporary.iterdir()
    assert folder.name == f"axiomatic-compiled-{os.getuid()}"
    assert folder.stat().st_mode & 0o077 == 0
    kept = {file: file.stat().st_mtime_ns for file in folder.rglob("*.nbc")}
    assert kept
    # another process finds it there
    assert small(**variables).stdout == "12\n"
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.nbc")} == kept


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no user numbers here")
def test_a_folder_that_somebody_else_made_is_not_trusted(tmp_path, small):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    other = tmp_path / "other"
    other.mkdir()
    (temporary / f"axiomatic-compiled-{os.getuid()}").symlink_to(other)
    ran = small(**nowhere_to_write(tmp_path), TMPDIR=str(temporary))
    assert (ran.returncode, ran.stdout) == (0, "12\n"), ran.stderr
    assert list(other.iterdir()) == []
    assert len(list(temporary.iterdir())) == 2
