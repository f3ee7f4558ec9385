"""Ids of the drivers that a player names."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.slate import Slate, plain_name

_NEAREST = 3
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class DriverNames:
    """The names and ids that a slate's drivers are known by.

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

    def find(self, name: str) -> str | None:
        """The id of the one driver of a name or id; ``None`` where none or several have it."""
        exact = self.by_spelling.get(name)
        if exact is not None:
            return exact
        alike = self.by_plain_name.get(plain_name(name), ())
        return alike[0] if len(alike) == 1 else None

    def doubt(self, name: str) -> str:
        """Why :meth:`find` finds nobody of a name, with the nearest names on the slate."""
        alike = self.by_plain_name.get(plain_name(name), ())
        if alike:
            meant = " or ".join(f"{self.spelt[one]} ({one})" for one in alike)
            return f"{name!r} may be {meant}; give the id."
        near = difflib.get_close_matches(plain_name(name), self.by_plain_name, _NEAREST, _ALIKE)
        named = ", ".join(self.spelt[self.by_plain_name[each][0]] for each in near)
        nearest = f"; nearest: {named}" if near else ""
        return f"no driver {name!r} on the slate{nearest}."

    def ids(self, key: str, names: object) -> list[str]:
        """The ids of a list of names, in its order.

        Parameters
        ----------
        key
            The request's field that a refusal names.
        names
            Names or ids.

        Raises
        ------
        InvalidInput
            No list of texts, a driver who is not on the slate, one named twice.
        """
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise InvalidInput({key: "give a list of drivers' names or ids."})
        by_name = {name: self.find(name) for name in names}
        unknown = [name for name, driver_id in by_name.items() if driver_id is None]
        if unknown:
            raise InvalidInput({key: [self.doubt(name) for name in unknown]})
        ids = [driver_id for name in names if (driver_id := by_name[name]) is not None]
        twice = sorted({self.spelt[one] for one in ids if ids.count(one) > 1})
        if twice:
            raise InvalidInput({key: f"{', '.join(twice)} is named twice."})
        return ids


def names_of(slate: Slate) -> DriverNames:
    """The names and ids of a slate's drivers."""
    by_plain_name: dict[str, list[str]] = {}
    for driver in slate.drivers:
        by_plain_name.setdefault(plain_name(driver.name), []).append(driver.driver_id)
    return DriverNames(
        by_spelling={driver.name: driver.driver_id for driver in slate.drivers}
        | {driver.driver_id: driver.driver_id for driver in slate.drivers},
        by_plain_name=by_plain_name,
        spelt={driver.driver_id: driver.name for driver in slate.drivers},
    )
