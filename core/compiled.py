"""The decorators that compile hot loops: kept on disk, on one thread, without fast-math.

Fast-math would let the compiler reorder sums, and the same seed would no longer give the same bits
on two machines. Compiled code starts no threads: work is spread by cutting a job into chunks, and
each worker does one chunk on one core.
"""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, cast

import numba
import numpy as np

from core.kept_code import kept_code

F = TypeVar("F", bound=Callable[..., object])

_CONSTANTS = (int, float, str, tuple, np.generic)

# the compiler's stubs do not list "_nrt"; its own sorting loops are compiled with it
_UNCOUNTED: dict[str, Any] = {"nogil": True, "fastmath": False, "_nrt": False}


def compiled(function: F) -> F:
    """Compile ``function`` to machine code on its first call and keep it on disk for later runs.

    The compiler looks for kept code by the function's name, and uses it as long as the function's
    own file is unchanged. But code of other modules that is compiled into it, or a record whose
    fields it reads, may have changed. So a digest of all of that is part of the function's name.

    Every function that ``function`` calls must be defined above it.
    """
    plain = cast("FunctionType", function)
    parts = "\n".join(sorted(set(_compiled_in(plain))))
    plain.__qualname__ = f"{plain.__qualname__}_{sha256(parts.encode()).hexdigest()[:16]}"
    dispatcher: Any = numba.njit(nogil=True, fastmath=False)(function)
    # what cache=True does, with a cache that outlives broken files and folders
    dispatcher._cache = kept_code(plain)
    return cast("F", dispatcher)


def loop(function: F) -> F:
    """Compile a loop over arrays that its caller holds, without counting references to them.

    A record of many arrays costs a count for each wherever it is handed over, and the compiler
    drops those counts only from the simplest functions. A loop that makes no array needs none. One
    that does make an array is refused by the compiler.
    """
    return cast("F", numba.njit(**_UNCOUNTED)(function))


def piece(function: F) -> F:
    """Compile a short piece into each :func:`loop` that calls it, under the same terms.

    To hand a record to a function of its own means to copy what all its arrays are.
    """
    return cast("F", numba.njit(forceinline=True, **_UNCOUNTED)(function))


def inlined(function: F) -> F:
    """Compile a piece into those that call it, where it draws random numbers or makes arrays.

    A call that passes many arrays counts a reference for each, which costs more than a short loop.
    """
    return cast("F", numba.njit(inline="always", nogil=True, fastmath=False)(function))


def _compiled_in(function: FunctionType) -> Iterator[str]:
    """Describe what is compiled into ``function`` beside its own file.

    These are the sources of this file, of the compiled functions that it reaches and of the named
    tuples that they take or make, and the values of the constants that they read.
    """
    yield _source_digest(__file__)
    pending: list[FunctionType | type] = [function]
    reached = set(pending)
    while pending:
        reader = pending.pop()
        values = dict(reader.__annotations__)
        if isinstance(reader, FunctionType):
            values |= {name: reader.__globals__.get(name) for name in reader.__code__.co_names}
        for name, value in values.items():
            if isinstance(value, _CONSTANTS):
                yield f"{name}={value!r}"
                continue
            part = getattr(value, "py_func", None)
            if isinstance(value, type) and hasattr(value, "_fields"):
                part = value
            if part is None:
                continue
            if part not in reached:
                reached.add(part)
                pending.append(part)
            if part.__module__ != function.__module__:
                yield _source_digest(str(sys.modules[part.__module__].__file__))


@cache
def _source_digest(file: str) -> str:
    return sha256(Path(file).read_bytes()).hexdigest()
