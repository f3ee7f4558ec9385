"""Kinds of contest, and the settings that a request for lineups has for each.

The objectives follow what each has been worth in real contests
(:mod:`workers.plans.answers.replayed`): in tournaments none was measurably better than the default,
and a double-up, of which none was replayed, pays nothing for a tail. A test holds the table to that
record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of contest.

    Parameters
    ----------
    name
        As a request names it.
    settings
        Fields of a request by their names; the request's own win over them.
    entry_limit
        The contest's; ``None`` = it says nothing of the field.
    typical_prizes
        Whether prizes typical of a tournament's size can stand for the contest's own.
    """

    name: str
    settings: Mapping[str, Any]
    entry_limit: int | None = None
    typical_prizes: bool = True

    @property
    def sentence(self) -> str:
        """The settings in words."""
        fields = dict(self.settings)
        if self.entry_limit is not None:
            fields["contest.entry_limit"] = self.entry_limit
        shown = ", ".join(f"`{name}` {value}" for name, value in fields.items())
        needs = "" if self.typical_prizes else "; needs the contest's own `payouts`"
        return f"`{self.name}`: {shown}{needs}."


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("single_entry", {"n_lineups": 1, "objective": "multi_cvar"}, entry_limit=1),
        # of three lineups half is one: the default would let no driver be in two of them
        Preset(
            "3_max",
            {"n_lineups": 3, "objective": "multi_cvar", "max_driver_exposure": 0.67},
            entry_limit=3,
        ),
        Preset("20_max", {"n_lineups": 20, "objective": "multi_cvar"}, entry_limit=20),
        Preset("150_max", {"n_lineups": 150, "objective": "multi_cvar"}, entry_limit=150),
        Preset("double_up", {"n_lineups": 1, "objective": "mean"}, typical_prizes=False),
    )
}
"""Every preset, by name."""


def with_preset(body: Any) -> Any:
    """A request with its preset's settings where it has none of its own; what is wrong stays."""
    preset = PRESETS.get(body["preset"]) if _names_one(body) else None
    if preset is None:
        return body
    filled = {**preset.settings, **body}
    if preset.entry_limit is not None and isinstance(body.get("contest"), dict):
        filled["contest"] = {"entry_limit": preset.entry_limit, **body["contest"]}
    return filled


def _names_one(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("preset"), str)
