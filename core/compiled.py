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

F = TypeVar("F", bound=Callable[..., object])

# the compiler uses this option for its own sorting loops; its type stubs do not list it
_UNCOUNTED: dict[str, Any] = {"_nrt": False}
_CONSTANTS = (int, float, str, tuple, np.generic)


def compiled(function: F) -> F:
    """Compile ``function`` to machine code on its first call and keep it on disk for later runs.

    The compiler looks for kept code by the function's name, and uses it as long as the function's
    own file is unchanged. But code of other modules that is compiled into it, or a record whose
    fields it reads, may have changed. So a digest of all of that is part of the function's name.

    Every function that ``function`` calls must be defined above it.
    """
    _name_by_content(function)
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False)(function))


def lean(function: F) -> F:
    """Compile ``function`` into those that call it, without counting references to arrays.

    Passing a record of many arrays counts a reference to each of them, and the compiler leaves
    those counts out only of the simplest functions. A function that makes no array does not need
    them, as its caller holds the arrays that it works on. The compiler raises an error for a
    function that makes one.
    """
    options: dict[str, Any] = {"forceinline": True, **_UNCOUNTED}
    return cast("F", numba.njit(nogil=True, fastmath=False, **options)(function))


def inlined(function: F) -> F:
    """Compile ``function`` into those that call it.

    A call that passes many arrays counts a reference for each, which costs more than a short loop.
    """
    return cast("F", numba.njit(inline="always", nogil=True, fastmath=False)(function))


def _name_by_content(function: Callable[..., object]) -> None:
    plain = cast("FunctionType", function)
    if parts := set(_compiled_in(plain)):
        digest = sha256("\n".join(sorted(parts)).encode()).hexdigest()
        plain.__qualname__ = f"{plain.__qualname__}_{digest[:16]}"


def _compiled_in(function: FunctionType) -> Iterator[str]:
    """Describe what is compiled into ``function`` beside its own file.

    These are the sources of the compiled functions that it reaches and of the named tuples that
    they take or make, and the values of the constants that they read.
    """
    pending: list[FunctionType | type] = [function]
    reached = set(pending)
    while pending:
        piece = pending.pop()
        values = dict(piece.__annotations__)
        if isinstance(piece, FunctionType):
            values |= {name: piece.__globals__.get(name) for name in piece.__code__.co_names}
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
