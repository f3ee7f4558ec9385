"""A field drawn from its model: every opponent's lineup, exactly distributed, with no rejection."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.compiled import compiled
from core.errors import InvalidInput
from core.field._lattice import Floats, Ints
from core.field.model import FieldModel, draw_tables

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
        """Number of entries, duplicates counted."""
        return int(self.copies.sum(dtype=np.int64))

    @property
    def unique(self) -> int:
        """Number of different lineups."""
        return len(self.copies)

    def driver_entries(self, drivers: int) -> Ints:
        """Number of entries that hold each driver, int64 ``[drivers]``."""
        counts = np.zeros(drivers, dtype=np.int64)
        for column in self.lineups.T:
            counts += np.bincount(column, weights=self.copies, minlength=drivers).astype(np.int64)
        return counts

    def copies_of(self, lineups: npt.NDArray[np.uint8]) -> Ints:
        """Number of entries with each lineup, int64 ``[L]``; ``lineups`` has ascending rows."""
        if not len(self.copies):
            return np.zeros(len(lineups), dtype=np.int64)
        rows = np.dtype((np.void, self.lineups.shape[1]))
        own = np.ascontiguousarray(self.lineups).view(rows).ravel()
        wanted = np.ascontiguousarray(lineups).view(rows).ravel()
        index = np.minimum(np.searchsorted(own, wanted), len(own) - 1)
        return np.where(own[index] == wanted, self.copies[index], 0).astype(np.int64)


def field_of(entries: npt.NDArray[np.uint8]) -> Field:
    """Field of entries listed one by one: driver indices, u8 ``[n, R]``, in any order."""
    lineups, copies = np.unique(np.sort(entries, axis=1), axis=0, return_counts=True)
    return Field(np.ascontiguousarray(lineups), copies.astype(np.int32))


@compiled
def _draw(uniform: Floats, include: Floats, extra: Ints, codes: Ints) -> None:
    """Write the lineup that each uniform number picks, as a number whose digits are its drivers."""
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
    """Turn sorted ``codes`` into different lineups and their copies; how many are different."""
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
    """Number of entrants who follow each source, int64 ``[S]``, summing to ``entrants``.

    Entrant i begins a new source with chance concentration / (concentration + i), independently of
    the others. The distances between those who do are distributed as the group sizes of a Dirichlet
    process (Feller's coupling; Arratia, Barbour and Tavare, "Poisson process approximations for the
    Ewens sampling formula", 1992).
    """
    new_source = concentration / (concentration + np.arange(entrants))
    begins = generator.random(entrants) < new_source
    return np.diff(np.append(np.flatnonzero(begins), entrants))


def sample_field(model: FieldModel, n_entries: int, generator: np.random.Generator) -> Field:
    """Field of ``n_entries`` entries, drawn at random from ``model``.

    Each entry takes one uniform number. The unit interval is cut into the shares of the kinds of
    entrants, and the number's part says which kind the entrant is. Where in that part it lies is
    the lineup's quantile in lexicographic order: it is pushed through the chances to take each
    driver. So sorted numbers give sorted lineups, kind by kind, and none is rejected. Entrants who
    follow a source take the lineup of the source's own number, which is drawn after all others.
    Where entrants have several entries, as many chalky entries as there are chalky entrants may
    follow a source; the lineups of the others are drawn by numbers of their own.

    Parameters
    ----------
    model
        A fitted field.
    n_entries
        Number of opposing entries in the contest, >= 0.
    generator
        Source of the uniform numbers: one for each entry, then one for each entrant who follows a
        source, one for each source, and one for each further entry of a chalky entrant.

    Raises
    ------
    InvalidInput
        A roster so long that its lineups cannot be numbered in 63 bits.
    """
    tables = draw_tables(model)
    if max(1, len(tables.choice)) ** tables.lattice.picks >= _MOST_CODES:
        raise InvalidInput(
            {
                "roster_size": f"{tables.lattice.picks} of {len(tables.choice)} drivers have more "
                "lineups than 63 bits can number; own fewer drivers."
            }
        )
    uniform = np.sort(generator.random(n_entries))
    # a lineup as one number whose digits are its drivers: six of 255 drivers take 48 bits
    codes = np.empty(n_entries, dtype=np.int64)
    upper = np.cumsum(tables.kinds.shares)
    upper[-1] = 1.0
    lower, begin = 0.0, 0
    for kind, above in enumerate(upper):
        end = int(np.searchsorted(uniform, above))
        include = tables.includes[kind]
        if model.sources is not None and 0 < kind == len(upper) - 1:
            entrants = round(model.entrant_share * (end - begin))
            concentration = model.sources * (model.entrant_share * n_entries) ** 0.5
            followers = _followers(entrants, concentration, generator)
            published = np.empty(len(followers), dtype=np.int64)
            _draw(generator.random(len(followers)), include, tables.lattice.extra, published)
            codes[begin : begin + entrants] = np.repeat(published, followers)
            own = np.sort(generator.random(end - begin - entrants))
            _draw(own, include, tables.lattice.extra, codes[begin + entrants : end])
        else:
            within = (uniform[begin:end] - lower) / (above - lower)
            _draw(within, include, tables.lattice.extra, codes[begin:end])
        lower, begin = float(above), end
    # a stable sort is a timsort, which only merges the runs: each is sorted already
    codes.sort(kind="stable")
    lineups = np.empty((n_entries, tables.lattice.picks), dtype=np.uint8)
    copies = np.zeros(n_entries, dtype=np.int32)
    unique = _count_runs(codes, max(1, len(tables.choice)), lineups, copies)
    whole = np.empty((unique, model.roster_size), dtype=np.uint8)
    whole[:, : len(tables.always)] = tables.always
    whole[:, len(tables.always) :] = tables.choice[lineups[:unique]]
    if len(tables.always):
        # every row gets these same drivers, so sorting within rows keeps the rows in order
        whole.sort(axis=1)
    return Field(whole, copies[:unique].copy())
