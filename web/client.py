"""The API as the command line uses it: slates up, jobs started and followed, results down."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.request import getproxies_environment
from uuid import uuid4

import httpx

from core.errors import AxiomaticError, BrokenRule, Infeasible, InvalidInput
from web.loopback import is_loopback

_POLL_SECONDS = 0.1

AWAY_SECONDS = 120.0
"""How long a server that has answered may stop answering, as it does while it is restarted."""

FIRST_SECONDS = 3.0
"""How long a server that has never answered is asked again: it may just be starting."""

BUSY_SECONDS = 300.0
"""How long a call waits in all because the server asks it to, before it is given up."""

_MOST_PAUSE_SECONDS = 5.0
_NO_HINT_SECONDS = 5.0
_WORTH_SAYING_SECONDS = 1.0
_BUSY = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
# what a proxy answers for a server that is being restarted
_AWAY = {httpx.codes.BAD_GATEWAY, httpx.codes.GATEWAY_TIMEOUT}
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


class UnknownJob(ServerAway):
    """The server knows no such job."""


def open_http(server: str) -> httpx.Client:
    """A connection to a server's address; to this machine it never goes through a proxy.

    Raises
    ------
    InvalidInput
        A proxy of the environment cannot be used for another machine.
    """
    here = is_loopback(httpx.URL(server).host)
    try:
        return httpx.Client(
            base_url=server, timeout=60.0, trust_env=not here, headers=signed(os.environ)
        )
    except ImportError:  # of the optional package for SOCKS
        problem = "a SOCKS proxy; give the address of an HTTP proxy, or unset it."
        raise InvalidInput({_proxy_variables(): problem}) from None
    except (httpx.InvalidURL, ValueError) as error:
        problem = f"cannot be read: {error}. Divide hosts by commas, and write ::1 without [ ]."
        raise InvalidInput({_proxy_variables(): problem}) from None


def signed(environment: Mapping[str, str]) -> dict[str, str]:
    """The header with the user's key; none where the environment has no key."""
    key = environment.get("AXIOMATIC_KEY", "").strip()
    return {"Authorization": f"Bearer {key}"} if key else {}


def _proxy_variables() -> str:
    names = sorted(name for name in getproxies_environment() if name)
    return ", ".join(f"{name.upper()}_PROXY" for name in names) or "proxies of this system"


@dataclass(frozen=True, slots=True)
class _Later:
    """A call that is to be tried again: why, and when the server asks for it, if it does."""

    reason: str
    seconds: float | None = None


class Client:
    """A conversation with one server.

    Parameters
    ----------
    http
        An httpx client whose base address is the server's.
    check
        Called while a job is waited for; raises where nothing will come of it.
    say
        Called with what is waited for, where the server asks for patience or does not answer.
    lasting
        Whether the server and its jobs outlast this client.
    """

    def __init__(
        self,
        http: httpx.Client,
        check: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda _: None,
        *,
        lasting: bool = False,
    ) -> None:
        self._http = http
        self._check = check
        self._say = say
        self.lasting = lasting
        self._has_answered = False
        self._started: dict[str, tuple[str, Json, str]] = {}

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The server's answer; repeated while the server is away for a moment, or too busy.

        Every call bears being repeated: a job is started under a key of its own, and a slate is
        named by what it holds.
        """
        begun, pause, said = time.monotonic(), _POLL_SECONDS, ""
        while True:
            reply = self._tried(method, path, options)
            if isinstance(reply, httpx.Response):
                return self._accepted(reply)
            self._check()
            pause = min(2 * pause, _MOST_PAUSE_SECONDS)
            seconds = pause if reply.seconds is None else reply.seconds
            patience = BUSY_SECONDS
            if reply.seconds is None:
                # what has never answered is a wrong address rather than a restart
                patience = AWAY_SECONDS if self._has_answered else FIRST_SECONDS
            if time.monotonic() + seconds > begun + patience:
                raise ServerAway(reply.reason)
            if seconds >= _WORTH_SAYING_SECONDS and reply.reason != said:
                said = reply.reason
                self._say(f"{said}; trying again ..")
            time.sleep(seconds)

    def _tried(self, method: str, path: str, options: Json) -> "httpx.Response | _Later":
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            return _Later(f"no answer from {self._http.base_url}: {error}")
        self._has_answered = True
        if response.status_code not in _AWAY | _BUSY:
            return response
        reason = f"{response.status_code}: {_problem(response)['detail']}"
        return _Later(reason, _retry_after(response) if response.status_code in _BUSY else None)

    def _accepted(self, response: httpx.Response) -> httpx.Response:
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
        if response.status_code == httpx.codes.NOT_FOUND:
            raise UnknownJob(f"404: {problem['detail']}")
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
        # a request whose answer was lost is sent again, and must not start a second job
        return self._start(kind, request, uuid4().hex)

    def _start(self, kind: str, request: Json, key: str) -> str:
        headers = {"Idempotency-Key": key}
        response = self._call("POST", f"/api/v1/{kind}", json=request, headers=headers)
        run_id = str(response.json()["run_id"])
        self._started[run_id] = kind, request, key
        return run_id

    def follow(self, run_id: str, show: Callable[[Json], None]) -> Json:
        """Wait for a job, show each state of it, and return its result.

        A job that a killed store has lost, as it may within its last second, is started again.

        Raises
        ------
        Infeasible, JobFailed
            Why there is none.
        ServerAway
            The server has been away for too long; where the job is, if it runs on.
        """
        try:
            return self._follow(run_id, show)
        except UnknownJob:
            if run_id not in self._started:
                raise
            return self.follow(self._start(*self._started.pop(run_id)), show)
        except ServerAway as error:
            if not self.lasting:
                raise
            raise ServerAway(f"{error}. {self.way_back(run_id)}") from None

    def _follow(self, run_id: str, show: Callable[[Json], None]) -> Json:
        while True:
            job = self._call("GET", f"/api/v1/jobs/{run_id}").json()
            show(job)
            self._check()
            if job["status"] not in {"pending", "running"}:
                return dict(self._call("GET", f"/api/v1/jobs/{run_id}/result").json())
            time.sleep(_POLL_SECONDS)

    def way_back(self, run_id: str | None) -> str:
        """Where a job that runs on can be found again; ``None`` if no answer has told its id."""
        jobs = str(self._http.base_url).rstrip("/") + "/api/v1/jobs"
        if run_id is None:
            return f"The job, if it was started, runs on: {jobs} lists it."
        address = f"{jobs}/{run_id}"
        return (
            f"The job runs on: {address} says how far it is; once it is done, {address}/result has "
            f"its result and {address}/lineups.csv the upload file."
        )

    def cancel(self, run_id: str) -> None:
        """Cancel a job."""
        self._call("DELETE", f"/api/v1/jobs/{run_id}")

    def lineups_csv(self, run_id: str) -> str:
        """A job's upload file."""
        return self._call("GET", f"/api/v1/jobs/{run_id}/lineups.csv").text


def _retry_after(response: httpx.Response) -> float:
    """Seconds that an answer asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return _NO_HINT_SECONDS


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
