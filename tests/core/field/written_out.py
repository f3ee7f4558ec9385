"""Every lineup of a small slate, written out; and the salaries of a full one."""

from itertools import combinations

import numpy as np

SALARIES = 4_500 + 100 * np.rint(65 * np.linspace(1, 0, 38) ** 1.5).astype(np.int64)


def legal_lineups(salaries, picks, cap):
    return np.array(
        [
            [i in lineup for i in range(len(salaries))]
            for lineup in combinations(range(len(salaries)), picks)
            if sum(salaries[i] for i in lineup) <= cap
        ],
        dtype=float,
    )
