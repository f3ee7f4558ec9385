"""How likely the copies of lineups in a contest are under a field, worked out and not drawn.

Entrants who choose alone give a lineup a Poisson number of copies. Those who follow sources give it
a compound one: of N of them, so many sources have m followers on average (Ewens, 1972), and each
publishes the lineup with the chance that a chalky entrant plays it. Lineups are taken as
independent of each other, sources too, and a sixth of the entries as following: all of it nearly so
where no lineup is more than a few percent of a field.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp

from core.field import FieldModel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# lineups expected less often than this are played once, if at all, but for sources
_RARE = 3e-3
# a lineup that was played is never impossible: ownership that was completed may be wrong
_LEAST = 1e-6
_AT_ONCE = 200_000
# in logs: lineups about as likely in both ways are taken together
_ALIKE_ALONE, _ALIKE_FOLLOWED = 0.1, 0.2


def legal_lineups(salaries_usd: Ints, roster_size: int, salary_cap_usd: int) -> Ints:
    """Give every legal lineup, u8 ``[L, R]``."""
    found = np.array(list(combinations(range(len(salaries_usd)), roster_size)), dtype=np.uint8)
    return np.asarray(found[salaries_usd[found].sum(axis=1) <= salary_cap_usd])


def group_sizes(entrants: int, concentration: float, most: int) -> Floats:
    """Give how many sources have 1, 2, .. ``most`` followers among ``entrants``, on average."""
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
    """What a field gives each of some lineups, on average.

    Parameters
    ----------
    alone
        Copies by entrants who choose alone, ``[L]``.
    published
        The chance that a source publishes it, ``[L]``.
    followers, concentration
        How many follow sources, and the concentration of these; 0 followers if none do.
    """

    alone: Floats
    published: Floats
    followers: int
    concentration: float

    @classmethod
    def of(cls, model: FieldModel, entries: int, lineups: npt.ArrayLike) -> "Expected":
        """Work it out for a contest of so many entries."""
        by_kind, shares = model.chances_by_kind(lineups), model.shares_of_kinds()
        if model.sources is None:
            alone = np.maximum(entries * (by_kind @ shares), _LEAST)
            return cls(alone, np.zeros(len(by_kind)), 0, 1.0)
        alone = np.maximum(entries * (by_kind[:, :-1] @ shares[:-1]), _LEAST)
        followers = round(entries * float(shares[-1]))
        return cls(alone, by_kind[:, -1], followers, model.sources * entries**0.5)

    @property
    def copies(self) -> Floats:
        """Copies on average, ``[L]``."""
        return self.alone + self.followers * self.published

    def among(self, chosen: npt.NDArray[np.bool_]) -> "Expected":
        """Give it of some of the lineups."""
        return Expected(
            self.alone[chosen], self.published[chosen], self.followers, self.concentration
        )

    def log_chances(self, most: int) -> Floats:
        """Give the log chance of 0, 1, .. ``most`` copies, ``[most + 1, L]``.

        By Panjer's recursion over the copies; in logs, as a lineup of hundreds has hardly a chance
        of none.
        """
        sizes = (
            group_sizes(self.followers, self.concentration, most)
            if self.followers
            else np.zeros(most)
        )
        # of all sizes: a source that publishes the lineup gives it copies, however many
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
    """Give the number of sources that anybody follows, on average."""
    return float((concentration / (concentration + np.arange(entrants))).sum())


@dataclass(frozen=True, slots=True)
class Classes:
    """All legal lineups of a contest, those about as likely as each other taken together.

    Parameters
    ----------
    expected
        Of the mean lineup of each class.
    lineups
        How many each class holds, ``[C]``.
    rare_published
        The chance that a source publishes any of the lineups too rare to be in a class.
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
        place = np.stack(
            [
                np.round(np.log(kept.copies) / _ALIKE_ALONE),
                np.round(np.log(np.maximum(kept.published, 1e-30)) / _ALIKE_FOLLOWED),
            ]
        )
        _, of_class, lineups = np.unique(place, axis=1, return_inverse=True, return_counts=True)
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
        """Give them for another concentration of sources."""
        return replace(self, expected=replace(self.expected, concentration=concentration))


def log_chance_of_most_copied(classes: Classes, listed: Expected, copies: Ints) -> float:
    """Give the log chance that the most copied lineups are those listed, with those copies.

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
    """Give the log chance of so many copies of each lineup, given that there is one, ``[L]``."""
    logs = expected.log_chances(int(copies.max()))
    return np.asarray(logs[copies, np.arange(len(copies))] - np.log(-np.expm1(logs[0])))
