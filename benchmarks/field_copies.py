"""Probability of the copies of lineups in a contest under a field model, computed, not simulated.

Entrants who choose alone give a lineup a Poisson number of copies. Followers of sources give it a
compound Poisson number: the sampling formula of Ewens (1972) has the mean number of sources with m
of N followers, and each source publishes the lineup with the probability that a chalky entrant
plays it. The computation takes lineups and sources as independent, and the number of followers as
fixed. That is nearly right where no lineup is more than a few percent of a field.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp

from core.field import FieldModel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# lineups with fewer expected copies than this have at most one copy, unless a source publishes them
_RARE = 3e-3
# least expected copies: completed ownership may be wrong, so a lineup that was played is possible
_LEAST = 1e-6
_AT_ONCE = 200_000
# widths of a class, in logs of the copies by entrants alone and of the chance to be published
_ALIKE_ALONE, _ALIKE_FOLLOWED = 0.1, 0.2


def legal_lineups(salaries_usd: Ints, roster_size: int, salary_cap_usd: int) -> Ints:
    """Every lineup within the salary cap, u8 ``[L, R]``."""
    every = np.array(list(combinations(range(len(salaries_usd)), roster_size)), dtype=np.uint8)
    return np.asarray(every[salaries_usd[every].sum(axis=1) <= salary_cap_usd])


def group_sizes(entrants: int, concentration: float, most: int) -> Floats:
    """Mean number of sources with 1, 2, .. ``most`` of ``entrants`` followers, ``[most]``."""
    size = np.arange(1, min(most, entrants) + 1)
    others = entrants - size
    logs = (
        gammaln(entrants + 1)
        - gammaln(others + 1)
        - np.log(size)
        + gammaln(concentration + others)
        - gammaln(concentration + entrants)
        + np.log(concentration)
    )
    sizes = np.zeros(most)
    sizes[: len(size)] = np.exp(logs)
    return sizes


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected copies of some lineups under a field model.

    Parameters
    ----------
    alone
        Mean copies by entrants who choose alone, ``[L]``.
    published
        Probability that a source publishes the lineup, ``[L]``.
    followers, concentration
        Number of followers, 0 if there are no sources, and the concentration of the sources.
    """

    alone: Floats
    published: Floats
    followers: int
    concentration: float

    @classmethod
    def of(cls, model: FieldModel, entries: int, lineups: npt.ArrayLike) -> "Expected":
        """Expected copies of these lineups in a contest of ``entries`` entries."""
        by_kind, shares = model.chances_by_kind(lineups), model.shares_of_kinds()
        if model.sources is None:
            alone = np.maximum(entries * (by_kind @ shares), _LEAST)
            return cls(alone, np.zeros(len(by_kind)), 0, 1.0)
        further = (1.0 - model.entrant_share) * float(shares[-1])
        by_alone = by_kind[:, :-1] @ shares[:-1] + further * by_kind[:, -1]
        entrants = model.entrant_share * entries
        return cls(
            np.maximum(entries * by_alone, _LEAST),
            by_kind[:, -1],
            round(entrants * float(shares[-1])),
            model.sources * entrants**0.5,
        )

    @property
    def copies(self) -> Floats:
        """Mean copies, ``[L]``."""
        return self.alone + self.followers * self.published

    def among(self, chosen: npt.NDArray[np.bool_]) -> "Expected":
        """The same for some of the lineups."""
        return Expected(
            self.alone[chosen], self.published[chosen], self.followers, self.concentration
        )

    def log_chances(self, most: int) -> Floats:
        """Log probability of 0, 1, .. ``most`` copies, ``[most + 1, L]``.

        Panjer's recursion over the copies, in logs: for a lineup with hundreds of copies the
        probability of none underflows.
        """
        sizes = (
            group_sizes(self.followers, self.concentration, most)
            if self.followers
            else np.zeros(most)
        )
        # sources of all sizes: any of them that publishes the lineup gives it copies
        groups = _groups(self.followers, self.concentration) if self.followers else 0.0
        with np.errstate(divide="ignore"):
            weighted = np.log(np.arange(1, most + 1) * sizes)
            published, alone = np.log(self.published), np.log(self.alone)
        logs = np.empty((most + 1, len(self.alone)))
        logs[0] = -self.alone - self.published * groups
        for copies in range(1, most + 1):
            followed = logsumexp(weighted[:copies, None] + logs[copies - 1 :: -1][:copies], axis=0)
            both = np.logaddexp(alone + logs[copies - 1], published + followed)
            logs[copies] = both - np.log(copies)
        return logs


def _groups(entrants: int, concentration: float) -> float:
    """Mean number of sources that have any followers."""
    return float((concentration / (concentration + np.arange(entrants))).sum())


@dataclass(frozen=True, slots=True)
class Classes:
    """All legal lineups of a contest, in classes of lineups with nearly equal probabilities.

    Parameters
    ----------
    expected
        Expected copies of each class's mean lineup.
    lineups
        Number of lineups in each class, ``[C]``.
    rare_published
        Probability that a source publishes any of the lineups that are too rare for a class.
    """

    expected: Expected
    lineups: Floats
    rare_published: float

    @classmethod
    def of(cls, model: FieldModel, entries: int, legal: Ints) -> "Classes":
        """Sort all legal lineups into classes."""
        parts = [
            Expected.of(model, entries, legal[start : start + _AT_ONCE])
            for start in range(0, len(legal), _AT_ONCE)
        ]
        alone = np.concatenate([part.alone for part in parts])
        published = np.concatenate([part.published for part in parts])
        whole = Expected(alone, published, parts[0].followers, parts[0].concentration)
        often = whole.copies > _RARE
        kept = whole.among(often)
        key = np.stack(
            [
                np.round(np.log(kept.copies) / _ALIKE_ALONE),
                np.round(np.log(np.maximum(kept.published, 1e-30)) / _ALIKE_FOLLOWED),
            ]
        )
        _, of_class, lineups = np.unique(key, axis=1, return_inverse=True, return_counts=True)
        means = [
            np.bincount(of_class.ravel(), weights=of) / lineups
            for of in (kept.alone, kept.published)
        ]
        return cls(
            Expected(means[0], means[1], whole.followers, whole.concentration),
            lineups.astype(np.float64),
            float(published[~often].sum()),
        )

    def following(self, concentration: float) -> "Classes":
        """The same classes for another concentration of sources."""
        return replace(self, expected=replace(self.expected, concentration=concentration))


def log_chance_of_most_copied(classes: Classes, listed: Expected, copies: Ints) -> float:
    """Log probability that the most copied lineups are those listed, with their copies.

    Parameters
    ----------
    classes
        All legal lineups of the contest.
    listed, copies
        The most copied ones and their copies, descending, ``[K]``: no other has more than the last.
    """
    logs = listed.log_chances(int(copies[0]))
    least = int(copies[-1])
    others = classes.expected.log_chances(least)
    none_more = float(classes.lineups @ logsumexp(others, axis=0))
    none_more -= float(logsumexp(logs[: least + 1], axis=0).sum())
    if listed.followers:
        all_sizes = group_sizes(listed.followers, listed.concentration, listed.followers)
        none_more -= classes.rare_published * float(all_sizes[least:].sum())
    return float(logs[copies, np.arange(len(copies))].sum()) + none_more


def log_chance_given_one(expected: Expected, copies: Ints) -> Floats:
    """Log probability of each lineup's copies, given that it has at least one, ``[L]``."""
    logs = expected.log_chances(int(copies.max()))
    return np.asarray(logs[copies, np.arange(len(copies))] - np.log(-np.expm1(logs[0])))
