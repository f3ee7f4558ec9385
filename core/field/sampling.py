"""Drawing a field: every opponent's lineup, exact, with no rejection."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.errors import InvalidInput
from core.field._lattice import Floats, Ints
from core.field.model import FieldModel, walk_of

_MOST_CODES = 2**63


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
def _draw(uniform: Floats, include: Floats, extra: Ints, codes: Ints) -> None:
    drivers = include.shape[0]
    for entry in range(len(uniform)):
        u = uniform[entry]
        k = include.shape[1] - 1
        s = include.shape[2] - 1
        i = 0
        code = 0
        while k > 0:
            chance = include[i, k, s]
            if u < chance or chance >= 1.0:
                code = code * drivers + i
                u /= chance
                k -= 1
                s -= extra[i]
            else:
                u = (u - chance) / (1.0 - chance)
            i += 1
        codes[entry] = code


@compiled
def _count_runs(
    codes: Ints,
    drivers: int,
    lineups: npt.NDArray[np.uint8],
    copies: npt.NDArray[np.int32],
) -> int:
    unique = 0
    for entry in range(len(codes)):
        if entry > 0 and codes[entry] == codes[entry - 1]:
            copies[unique - 1] += 1
            continue
        code = codes[entry]
        for r in range(lineups.shape[1] - 1, -1, -1):
            lineups[unique, r] = code % drivers
            code //= drivers
        copies[unique] = 1
        unique += 1
    return unique


def _followers(entrants: int, concentration: float, generator: np.random.Generator) -> Ints:
    """Give how many of so many entrants follow each source, int64 ``[S]``.

    The sizes of the groups of a Dirichlet process are the distances between the ones among
    independent draws (Feller's coupling; Arratia, Barbour and Tavare, "Poisson process
    approximations for the Ewens sampling formula", 1992).
    """
    finds = concentration / (concentration + np.arange(entrants))
    begins = generator.random(entrants) < finds
    return np.diff(np.append(np.flatnonzero(begins), entrants))


def sample_field(model: FieldModel, n_entries: int, generator: np.random.Generator) -> Field:
    """Draw the ``n_entries`` lineups of one contest from ``model``.

    Each entry is one uniform number: where it falls says the kind of entrant, and where within the
    kind's share is pushed through the chances to take each driver (the lineup's quantile in
    lexicographic order). So sorted numbers give sorted lineups, kind by kind, and none is rejected.
    Entrants who follow a source play what its number says, drawn after all others.

    Parameters
    ----------
    model
        A fitted field.
    n_entries
        Opponents in the contest, >= 0.
    generator
        Where the uniform numbers come from: one for each entry, then one for each entrant who
        follows a source, then one for each source.

    Raises
    ------
    InvalidInput
        A roster so long that its lineups cannot be numbered in 63 bits.
    """
    walk = walk_of(model)
    if max(1, len(walk.choice)) ** walk.lattice.picks >= _MOST_CODES:
        raise InvalidInput(
            {
                "roster_size": f"{walk.lattice.picks} of {len(walk.choice)} drivers have more "
                "lineups than 63 bits can number; own fewer drivers."
            }
        )
    uniform = np.sort(generator.random(n_entries))
    # a lineup as one number whose digits are its drivers: 6 of 255 drivers take 48 bits
    codes = np.empty(n_entries, dtype=np.int64)
    upper = np.cumsum(walk.kinds.shares)
    upper[-1] = 1.0
    lower, begin = 0.0, 0
    for kind, above in enumerate(upper):
        end = int(np.searchsorted(uniform, above))
        include = walk.includes[kind]
        if model.sources is not None and 0 < kind == len(upper) - 1:
            followers = _followers(end - begin, model.sources * n_entries**0.5, generator)
            published = np.empty(len(followers), dtype=np.int64)
            _draw(generator.random(len(followers)), include, walk.lattice.extra, published)
            codes[begin:end] = np.repeat(published, followers)
        else:
            within = (uniform[begin:end] - lower) / (above - lower)
            _draw(within, include, walk.lattice.extra, codes[begin:end])
        lower, begin = float(above), end
    # timsort, which merges what is sorted already
    codes.sort(kind="stable")
    lineups = np.empty((n_entries, walk.lattice.picks), dtype=np.uint8)
    copies = np.zeros(n_entries, dtype=np.int32)
    unique = _count_runs(codes, max(1, len(walk.choice)), lineups, copies)
    whole = np.empty((unique, model.roster_size), dtype=np.uint8)
    whole[:, : len(walk.always)] = walk.always
    whole[:, len(walk.always) :] = walk.choice[lineups[:unique]]
    if len(walk.always):
        # everyone holds these drivers: sorting within a row keeps the rows in order
        whole.sort(axis=1)
    return Field(whole, copies[:unique].copy())
