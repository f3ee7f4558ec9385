"""The source of every random number: a counter-based stream for each (seed, purpose, numbers).

A stream depends on nothing but its name, so every worker that draws from it gets the same numbers,
in whatever order streams are drawn and however often a draw is repeated.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every seed's meaning: never reuse one."""

    SCENARIOS = 1
    FIELD = 2
    BOOTSTRAP = 3
    FITTING = 4
    KNOWLEDGE = 5
    PROJECTIONS = 6
    STRENGTH = 7
    OWNERSHIP = 8
    PRICES = 9


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


def paired_normals(seed: int, purpose: Purpose, block: int, count: int) -> npt.NDArray[np.float64]:
    """Standard normals of a block, f64 ``[count]``: those of block b + 2 are the opposite.

    Blocks 0 and 2 are such a pair, 1 and 3, 4 and 6, and so on, so that even blocks pair with even
    ones and odd ones with odd. Over a pair whatever is linear in them cancels (antithetic
    variates; Hammersley and Morton, 1956), and few blocks are enough for a mean.
    """
    of_four, place = divmod(block, 4)
    normals = stream(seed, purpose, 2 * of_four + place % 2).standard_normal(count)
    return -normals if place >= 2 else normals
