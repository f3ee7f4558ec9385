"""How large the body of a request may be, by what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask
from werkzeug.exceptions import HTTPException

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """How large a body may be.

    Parameters
    ----------
    most_bytes
        The limit.
    purpose
        What the body is, as a refusal names it.
    """

    most_bytes: int
    purpose: str

    def refusal(self, size: int | None = None) -> str:
        """What a body that is larger is told."""
        kib = self.most_bytes // KIB
        most = f"{kib // KIB} MiB" if kib >= KIB else f"{kib} KiB"
        are = "The body is too large" if size is None else f"The body has {size:,} bytes"
        return f"{are}; {self.purpose} may have {most}."


MOST_PARTS = 20
"""Parts of a multipart body."""

ANY = BodyLimit(64 * KIB, "a body that nothing reads")
REQUEST = BodyLimit(2 * MIB, "a request")
SCORES = BodyLimit(64 * MIB, "a request with scenario_driver_scores")
SLATE_FILES = BodyLimit(5 * MIB, "a salary file and a drivers file, of 2 MB each")
ENTRIES_FILE = BodyLimit(3 * MIB, "an entries file, of 2 MB")

LIMITS: Mapping[str, BodyLimit] = {
    "optimize.optimize": REQUEST,
    "optimize.optimize_with_leverage": REQUEST,
    "ownership.ownership": REQUEST,
    "contest_sim.contest_sim": SCORES,
    "slates.upload": SLATE_FILES,
    "jobs.entries": ENTRIES_FILE,
}
"""The limit of each endpoint that takes a body; of any other :data:`ANY`."""


class BodyLimits:
    """The limits of an application's routes.

    Parameters
    ----------
    app
        The application.
    """

    def __init__(self, app: Flask) -> None:
        self._routes = app.url_map.bind("localhost")

    def of(self, method: str, path: str) -> int:
        """The most bytes that the body of a request may have."""
        try:
            endpoint, _ = self._routes.match(path, method)
        except HTTPException:
            return ANY.most_bytes
        return LIMITS.get(endpoint, ANY).most_bytes
