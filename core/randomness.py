"""The source of every random number: a counter-based stream for each (seed, purpose, numbers).

A stream depends on nothing but its name, so every worker that draws from it gets the same numbers,
in whatever order streams are drawn and however often a draw is repeated.
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


def stream(seed: int, purpose: Purpose, *numbers: int) -> np.random.Generator:
    """The generator named by ``(seed, purpose, *numbers)``, at its start.

    Parameters
    ----------
    seed
        The job's seed, 0 .. 2**128 - 1.
    purpose
        What the random numbers are for.
    numbers
        The part of the job: the number of a block, of an attempt, of a field. Each
        0 .. 2**32 - 1.

    Raises
    ------
    ValueError
        A seed outside 0 .. 2**128 - 1 or a number outside 0 .. 2**32 - 1. Beyond these, different
        names could mean the same stream.

    Returns
    -------
    Philox 4x64 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), keyed by
    NumPy's ``SeedSequence``.
    """
    if not 0 <= seed < 2**128 or not all(0 <= number < 2**32 for number in numbers):
        raise ValueError(f"no stream is named by seed {seed} and numbers {numbers}")
    return np.random.Generator(
        np.random.Philox(np.random.SeedSequence(seed, spawn_key=(int(purpose), *numbers)))
    )
