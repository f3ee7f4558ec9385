"""Drivers as a player names them, turned into the ids that the API takes."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.slate import Slate, plain_name

_NEAREST = 3
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class DriverNames:
    """What a slate's drivers answer to.

    Parameters
    ----------
    by_spelling
        Ids by id and by the slate's own spelling of the name.
    by_plain_name
        Ids of those who share a plain name, see :func:`~core.slate.plain_name`.
    spelt
        The slate's spelling of each id.
    """

    by_spelling: Mapping[str, str]
    by_plain_name: Mapping[str, Sequence[str]]
    spelt: Mapping[str, str]

    def find(self, said: str) -> str | None:
        """Give the id of the one driver who answers to a name or id, or ``None``."""
        exact = self.by_spelling.get(said)
        if exact is not None:
            return exact
        alike = self.by_plain_name.get(plain_name(said), ())
        return alike[0] if len(alike) == 1 else None

    def doubt(self, said: str) -> str:
        """Say why a name is nobody's, with the nearest that are somebody's."""
        alike = self.by_plain_name.get(plain_name(said), ())
        if alike:
            meant = " or ".join(f"{self.spelt[one]} ({one})" for one in alike)
            return f"{said!r} may be {meant}; give the id."
        near = difflib.get_close_matches(plain_name(said), self.by_plain_name, _NEAREST, _ALIKE)
        named = ", ".join(self.spelt[self.by_plain_name[name][0]] for name in near)
        nearest = f"; nearest: {named}" if near else ""
        return f"no driver {said!r} on the slate{nearest}."

    def ids(self, field: str, said: object) -> list[str]:
        """Give the ids of a list of names.

        Raises
        ------
        InvalidInput
            No list of texts, a driver who is not on the slate, one named twice.
        """
        if not isinstance(said, list | tuple) or not all(isinstance(name, str) for name in said):
            raise InvalidInput({field: "give a list of drivers' names or ids."})
        found = {name: self.find(name) for name in said}
        unknown = [name for name, driver_id in found.items() if driver_id is None]
        if unknown:
            raise InvalidInput({field: [self.doubt(name) for name in unknown]})
        ids = [driver_id for name in said if (driver_id := found[name]) is not None]
        twice = sorted({self.spelt[one] for one in ids if ids.count(one) > 1})
        if twice:
            raise InvalidInput({field: f"{', '.join(twice)} is named twice."})
        return ids


def names_of(slate: Slate) -> DriverNames:
    """Give the names and ids of a slate's drivers."""
    by_plain_name: dict[str, list[str]] = {}
    for driver in slate.drivers:
        by_plain_name.setdefault(plain_name(driver.name), []).append(driver.driver_id)
    return DriverNames(
        by_spelling={driver.name: driver.driver_id for driver in slate.drivers}
        | {driver.driver_id: driver.driver_id for driver in slate.drivers},
        by_plain_name=by_plain_name,
        spelt={driver.driver_id: driver.name for driver in slate.drivers},
    )
