"""The API as the command line uses it: slates up, jobs started and followed, results down."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from core.errors import AxiomaticError, BrokenRule, Infeasible, InvalidInput

_POLL_SECONDS = 0.1
_BAD_INPUT = {
    httpx.codes.BAD_REQUEST,
    httpx.codes.REQUEST_ENTITY_TOO_LARGE,
    httpx.codes.UNSUPPORTED_MEDIA_TYPE,
    httpx.codes.UNPROCESSABLE_ENTITY,
}

Json = dict[str, Any]


class JobFailed(AxiomaticError):
    """The job ended without a result."""


class ServerAway(AxiomaticError):
    """The server does not answer, or answers with an error of its own."""


class ImpossibleRequest(Infeasible):
    """The server refused rules or limits in conflict before anything was started."""


class Client:
    """A conversation with one server.

    Parameters
    ----------
    http
        An httpx client whose base address is the server's.
    check
        Called while a job is waited for; raises where nothing will come of it.
    """

    def __init__(self, http: httpx.Client, check: Callable[[], None] = lambda: None) -> None:
        self._http = http
        self._check = check

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise ServerAway(f"no answer from {self._http.base_url}: {error}") from None
        if response.is_success:
            return response
        problem = _problem(response)
        rules, largest = _rules(problem), problem.get("largest")
        if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY and rules:
            raise ImpossibleRequest(problem["detail"], rules=rules, largest=largest)
        if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY and problem.get("errors"):
            raise InvalidInput(problem["errors"])
        if response.status_code in _BAD_INPUT:
            raise InvalidInput({"request": problem["detail"]})
        if response.status_code == httpx.codes.CONFLICT:
            if rules:
                raise Infeasible(problem["detail"], rules=rules, largest=largest)
            raise JobFailed(problem["detail"])
        raise ServerAway(f"{response.status_code}: {problem['detail']}")

    def add_slate(
        self,
        salaries: Path,
        drivers: Path | None,
        track_id: str | None,
        site: str | None = None,
    ) -> Json:
        """Upload a slate's files; returns the slate."""
        files = {"salaries": (salaries.name, salaries.read_bytes(), "text/csv")}
        if drivers is not None:
            files["drivers"] = (drivers.name, drivers.read_bytes(), "text/csv")
        parts = {"track_id": track_id, "site": site}
        form = {name: value for name, value in parts.items() if value is not None}
        response = self._call("POST", "/api/v1/slates", files=files, data=form)
        return dict(response.json())

    def start(self, kind: str, request: Json) -> str:
        """Start a job; returns its id.

        Raises
        ------
        InvalidInput, ImpossibleRequest
            Why it was refused.
        """
        return str(self._call("POST", f"/api/v1/{kind}", json=request).json()["run_id"])

    def follow(self, run_id: str, show: Callable[[Json], None]) -> Json:
        """Wait for a job, show each state of it, and return its result.

        Raises
        ------
        Infeasible, JobFailed
            Why there is none.
        """
        while True:
            job = self._call("GET", f"/api/v1/jobs/{run_id}").json()
            show(job)
            self._check()
            if job["status"] not in {"pending", "running"}:
                return dict(self._call("GET", f"/api/v1/jobs/{run_id}/result").json())
            time.sleep(_POLL_SECONDS)

    def cancel(self, run_id: str) -> None:
        """Cancel a job."""
        self._call("DELETE", f"/api/v1/jobs/{run_id}")

    def lineups_csv(self, run_id: str) -> str:
        """A job's upload file."""
        return self._call("GET", f"/api/v1/jobs/{run_id}/lineups.csv").text


def _rules(problem: Json) -> list[BrokenRule]:
    """The rules in conflict, under the API's keys."""
    return [
        BrokenRule(rule["field"], rule["subject"], rule["limit"])
        for rule in problem.get("conflict", [])
    ]


def _problem(response: httpx.Response) -> Json:
    try:
        document = response.json()
    except ValueError:
        document = {}
    return {"detail": response.reason_phrase, **document}
