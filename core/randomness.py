"""Where every random number comes from: a counter-based stream per (seed, purpose, place).

A stream depends on nothing but its name, so whichever worker draws it, in whatever order, after
however many retries, gets the same numbers.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every seed's meaning: never reuse one."""

    SCENARIOS = 1
    FIELD = 2
    BOOTSTRAP = 3
    FITTING = 4
    KNOWLEDGE = 5
    PROJECTIONS = 6


def stream(seed: int, purpose: Purpose, *place: int) -> np.random.Generator:
    """Give the generator named by ``(seed, purpose, *place)``, at its start.

    Parameters
    ----------
    seed
        The job's seed, 0 .. 2**128 - 1.
    purpose
        What the numbers are for.
    place
        Where in the job: a block's number, an attempt's, a field's. Each >= 0.

    Raises
    ------
    ValueError
        A seed outside 0 .. 2**128 - 1 or a place outside 0 .. 2**32 - 1: beyond that, different
        names would run into each other.

    Returns
    -------
    Philox 4x64 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), keyed by
    NumPy's ``SeedSequence``.
    """
    if not 0 <= seed < 2**128 or not all(0 <= part < 2**32 for part in place):
        raise ValueError(f"no stream is named by seed {seed} and place {place}")
    return np.random.Generator(
        np.random.Philox(np.random.SeedSequence(seed, spawn_key=(int(purpose), *place)))
    )
