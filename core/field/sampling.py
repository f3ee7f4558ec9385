"""Drawing a field: every opponent's lineup, exact, with no rejection."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.field._lattice import Floats, Ints
from core.field.model import FieldModel, walk_of


@dataclass(frozen=True, slots=True)
class Field:
    """The opposing entries of one contest.

    Parameters
    ----------
    lineups
        Unique lineups, u8 ``[U, R]``: driver indices ascending in a lineup, rows in lexicographic
        order.
    copies
        Entries with that lineup, i32 ``[U]``, each >= 1.
    """

    lineups: npt.NDArray[np.uint8]
    copies: npt.NDArray[np.int32]

    @property
    def entries(self) -> int:
        """Entries in all, duplicates counted."""
        return int(self.copies.sum(dtype=np.int64))

    @property
    def unique(self) -> int:
        """Different lineups."""
        return len(self.copies)

    def driver_entries(self, drivers: int) -> Ints:
        """Count the entries that hold each driver, int64 ``[drivers]``."""
        counts = np.zeros(drivers, dtype=np.int64)
        for column in self.lineups.T:
            counts += np.bincount(column, weights=self.copies, minlength=drivers).astype(np.int64)
        return counts

    def copies_of(self, lineups: npt.NDArray[np.uint8]) -> Ints:
        """Count the entries equal to each of ``lineups`` ``[L, R]``, each ascending, ``[L]``."""
        if not len(self.copies):
            return np.zeros(len(lineups), dtype=np.int64)
        rows = np.dtype((np.void, self.lineups.shape[1]))
        known = np.ascontiguousarray(self.lineups).view(rows).ravel()
        asked = np.ascontiguousarray(lineups).view(rows).ravel()
        place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        return np.where(known[place] == asked, self.copies[place], 0).astype(np.int64)


def field_of(entries: npt.NDArray[np.uint8]) -> Field:
    """Give the field of entries ``[n, R]`` listed one by one, in any order."""
    lineups, copies = np.unique(np.sort(entries, axis=1), axis=0, return_counts=True)
    return Field(np.ascontiguousarray(lineups), copies.astype(np.int32))


@compiled
def _draw(uniform: Floats, include: Floats, extra: Ints, picked: npt.NDArray[np.uint8]) -> None:
    picks = include.shape[1] - 1
    for entry in range(len(uniform)):
        u = uniform[entry]
        k = picks
        s = include.shape[2] - 1
        i = 0
        while k > 0:
            chance = include[i, k, s]
            if u < chance or chance >= 1.0:
                picked[entry, picks - k] = i
                u /= chance
                k -= 1
                s -= extra[i]
            else:
                u = (u - chance) / (1.0 - chance)
            i += 1


@compiled
def _count_runs(
    entries: npt.NDArray[np.uint8],
    lineups: npt.NDArray[np.uint8],
    copies: npt.NDArray[np.int32],
) -> int:
    unique = 0
    for entry in range(entries.shape[0]):
        same = unique > 0
        for r in range(entries.shape[1]):
            if same and entries[entry, r] != lineups[unique - 1, r]:
                same = False
        if same:
            copies[unique - 1] += 1
        else:
            lineups[unique] = entries[entry]
            copies[unique] = 1
            unique += 1
    return unique


def sample_field(model: FieldModel, n_entries: int, generator: np.random.Generator) -> Field:
    """Draw ``n_entries`` independent lineups from ``model``.

    Each entry is one uniform number pushed through the chances to take each driver (its quantile in
    lexicographic order), so sorted numbers give sorted lineups and no row is ever sorted or
    rejected.

    Parameters
    ----------
    model
        A fitted field.
    n_entries
        Opponents in the contest, >= 0.
    generator
        Where the ``n_entries`` uniform numbers come from.
    """
    walk = walk_of(model)
    uniform = np.sort(generator.random(n_entries))
    picked = np.zeros((n_entries, walk.lattice.picks), dtype=np.uint8)
    _draw(uniform, walk.include, walk.lattice.extra, picked)
    lineups = np.empty_like(picked)
    copies = np.zeros(n_entries, dtype=np.int32)
    unique = _count_runs(picked, lineups, copies)
    whole = np.empty((unique, model.roster_size), dtype=np.uint8)
    whole[:, : len(walk.always)] = walk.always
    whole[:, len(walk.always) :] = walk.choice[lineups[:unique]]
    if len(walk.always):
        # everyone holds these drivers: sorting within a row keeps the rows in order
        whole.sort(axis=1)
    return Field(whole, copies[:unique].copy())
