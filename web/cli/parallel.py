"""Independent parts of a work, spread over the machine's cores."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any


@contextmanager
def spread() -> Iterator[Callable[..., Iterable[Any]]]:
    """A ``map`` over the machine's cores, for pure functions; the builtin one on a single core.

    Processes are started afresh, not forked: threads of this one may hold locks.
    """
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if cores == 1:
        yield map
        return
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool.map
