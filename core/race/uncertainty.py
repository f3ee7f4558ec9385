"""What is not known of the strengths: each block of races has strengths of its own.

A forecast of a driver's strength is off by an error that stays for weeks, part of it the team's.
Every block of races draws its errors anew, so that figures that differ between blocks show what is
not known, beside the luck of a race. The luck that lasts a race is drawn with so much less
variance, as far as there is so much of it: over all blocks, races are distributed as if there were
no such errors. At superspeedways there is next to none, and what decides is drawn lap by lap.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.race.priors import priors_document
from core.race.spec import ConstraintSpec
from core.randomness import Purpose, paired_normals

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StrengthError:
    """Standard deviations of a strength's error, in normal scores.

    Parameters
    ----------
    driver_sd
        Of a driver's own.
    team_sd
        Of what the cars of a team have in common.

    Raises
    ------
    InvalidInput
        One that is not within 0 to 1.
    """

    driver_sd: float
    team_sd: float

    def __post_init__(self) -> None:
        for name in ("driver_sd", "team_sd"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InvalidInput({name: f"{getattr(self, name)}; give 0 to 1."})

    @classmethod
    def from_mapping(cls, document: Mapping[str, Any]) -> "StrengthError":
        """Errors read from a JSON object; other keys in it are ignored."""
        return cls(float(document["driver_sd"]), float(document["team_sd"]))


@dataclass(frozen=True, slots=True, eq=False)
class BlockStrength:
    """How the strengths of a block of races differ from the spec's.

    Parameters
    ----------
    added
        Strength that each driver has more, ``[D]``, in normal scores.
    own_variance, team_variance
        Variance of ``added`` over blocks: of what is each driver's own, ``[D]``, and of what the
        cars of a team share.
    """

    added: Floats
    own_variance: Floats
    team_variance: float

    def plus(self, added: Floats, variance: Floats) -> "BlockStrength":
        """These strengths and others, independent of them, of each driver's own, ``[D]`` each."""
        return BlockStrength(self.added + added, self.own_variance + variance, self.team_variance)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, 64 hexadecimal digits."""
        team = np.array([self.team_variance])
        parts = (self.added, self.own_variance, team)
        return sha256(b"".join(part.astype("<f8").tobytes() for part in parts)).hexdigest()


def draw_block_strength(
    spec: ConstraintSpec, seed: int, block: int, error: StrengthError
) -> BlockStrength:
    """Errors of the strengths in a block of races.

    Blocks b and b + 2 have opposite errors (:func:`~core.randomness.paired_normals`).

    Parameters
    ----------
    spec
        The race.
    seed
        The job's seed.
    block
        The block's number.
    error
        How large they are.
    """
    teams = sorted({driver.team for driver in spec.drivers if driver.team is not None})
    place = {team: index for index, team in enumerate(teams)}
    normals = paired_normals(seed, Purpose.STRENGTH, block, len(spec) + len(teams))
    of_team = error.team_sd * normals[len(spec) :]
    added = error.driver_sd * normals[: len(spec)]
    for index, driver in enumerate(spec.drivers):
        if driver.team is not None:
            added[index] += of_team[place[driver.team]]
    own = np.full(len(spec), error.driver_sd**2)
    return BlockStrength(added, own, error.team_sd**2)


@cache
def load_strength_error() -> StrengthError:
    """The errors that the project ships, fitted with the priors."""
    return StrengthError.from_mapping(priors_document()["strength_error"])
