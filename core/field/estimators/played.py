"""Contests that were played, to fit estimators to: features and ownership, no entrant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.field.estimators.features import ownership_features
from core.field.estimators.slates import Floats, OwnershipSlate
from core.slate import plain_name

PLAYED_VERSION = 1
_KEY = "contests"
# DraftKings prints two digits; scaling them to full rosters changes the last bits
_SHARE_DIGITS = 6
_NUMBERS = ("projected_points", "skill", "start_position", "average_points")


@dataclass(frozen=True, eq=False)
class PlayedContest:
    """One contest: its drivers as they were known before it, and their ownership.

    Parameters
    ----------
    contest_id, slate_id
        Labels that tell contests and slates apart.
    slate
        Drivers of the contest; its ``entries`` are the contest's.
    ownership_percent
        Percent of entries, ``[D]``; NaN where not known.
    """

    contest_id: str
    slate_id: str
    slate: OwnershipSlate
    ownership_percent: Floats

    def plays_as(self, other: "PlayedContest") -> bool:
        """Whether both hold the same contest, whatever their ids are.

        They do if they have the same number of entries, the same ownership and, where both have a
        date, the same date.
        """
        dates = {self.slate.race_date, other.slate.race_date} - {None}
        return (
            len(dates) <= 1
            and self.slate.entries == other.slate.entries
            and self._shares() == other._shares()
        )

    def _shares(self) -> list[tuple[str, float]]:
        """Plain name and ownership of the drivers known to be above 0%, sorted."""
        return sorted(
            (plain_name(name), round(float(share), _SHARE_DIGITS))
            for name, share in zip(self.slate.names, self.ownership_percent, strict=True)
            if share > 0.0
        )

    def to_json(self) -> dict[str, Any]:
        """JSON object from which :meth:`from_json` rebuilds the contest to the bit."""
        slate = self.slate
        return {
            "contest_id": self.contest_id,
            "slate_id": self.slate_id,
            "race_date": slate.race_date,
            "track_archetype": slate.track_archetype,
            "entries": slate.entries,
            "roster_size": slate.roster_size,
            "salary_cap_usd": slate.salary_cap_usd,
            "names": list(slate.names),
            "salaries_usd": slate.salaries_usd.tolist(),
            "racing": slate.racing.tolist(),
            **{name: _numbers_or_null(getattr(slate, name)) for name in _NUMBERS},
            "ownership_percent": _numbers_or_null(self.ownership_percent),
        }

    @classmethod
    def from_json(cls, document: Any) -> "PlayedContest":
        """Contest rebuilt from what :meth:`to_json` returned.

        Raises
        ------
        InvalidInput
            ``document`` is not of that form.
        """
        try:
            slate = OwnershipSlate(
                names=tuple(map(str, document["names"])),
                salaries_usd=np.array(document["salaries_usd"], dtype=np.float64),
                track_archetype=document["track_archetype"],
                racing=np.array(document["racing"], dtype=np.bool_),
                roster_size=document["roster_size"],
                salary_cap_usd=document["salary_cap_usd"],
                entries=document["entries"],
                race_date=document["race_date"],
                **{name: _with_nan(document[name]) for name in _NUMBERS},
            )
            percent = _with_nan(document["ownership_percent"])
            names = str(document["contest_id"]), str(document["slate_id"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput({_KEY: f"holds a contest in another format ({error})."}) from error
        if percent.shape != (len(slate),):
            raise InvalidInput(
                {_KEY: f"holds ownership of {len(percent)} drivers for {len(slate)}."}
            )
        return cls(*names, slate, percent)


def played_to_json(contests: Sequence[PlayedContest]) -> dict[str, Any]:
    """JSON object that holds contests."""
    return {
        "version": PLAYED_VERSION,
        "contests": [contest.to_json() for contest in contests],
    }


def played_from_json(document: Any) -> list[PlayedContest]:
    """Contests rebuilt from what :func:`played_to_json` returned.

    Raises
    ------
    InvalidInput
        ``document`` is not of that form.
    """
    if not isinstance(document, dict) or document.get("version") != PLAYED_VERSION:
        raise InvalidInput(
            {_KEY: f"is no set of contests of version {PLAYED_VERSION}; give another file."}
        )
    contests = document.get("contests")
    if not isinstance(contests, list):
        raise InvalidInput({_KEY: "holds no list of contests."})
    return [PlayedContest.from_json(contest) for contest in contests]


@dataclass(frozen=True, eq=False)
class Examples:
    """Contests as rows: ``X``, ``y``, ``groups`` and ``slates`` of the estimators' ``fit``."""

    x: Floats
    y: Floats
    groups: npt.NDArray[np.str_]
    slates: npt.NDArray[np.str_]


def examples_of(contests: Sequence[PlayedContest]) -> Examples:
    """Contests laid out in rows, one for each driver of each contest.

    Raises
    ------
    InvalidInput
        ``contests`` is empty.
    """
    if not contests:
        raise InvalidInput({_KEY: "the set is empty; give at least one contest."})
    sizes = [len(contest.slate) for contest in contests]
    return Examples(
        x=np.vstack([ownership_features(contest.slate) for contest in contests]),
        y=np.concatenate([contest.ownership_percent for contest in contests]),
        groups=np.repeat([contest.contest_id for contest in contests], sizes),
        slates=np.repeat([contest.slate_id for contest in contests], sizes),
    )


def _numbers_or_null(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _with_nan(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
