"""The one way hot loops are compiled: kept on disk, one thread, no fast-math.

Fast-math would let the compiler reorder sums, and the same seed would no longer give the same bits
on two machines. Threads belong to the workers: a job is cut into chunks, never a chunk into
threads.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile ``function`` to machine code on its first call and keep it on disk for later runs."""
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False)(function))


def inlined(function: F) -> F:
    """Compile ``function`` into those that call it, in the same module.

    A call that passes many arrays counts a reference for each, which costs more than a short loop.
    """
    return cast("F", numba.njit(inline="always", nogil=True, fastmath=False)(function))
