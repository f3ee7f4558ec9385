"""Starting a job: once for an idempotency key, and waited for where the caller prefers that."""

import hashlib
import re
import threading
import time
from typing import Any

from flask import Response, json, request, url_for

from web.audit import note
from web.gate.keys import has_users
from web.problems import Problem
from web.results import shown_job, shown_result
from web.services import caller, jobs, settings
from workers.engine.jobs import JobStatus
from workers.engine.submission import Attachments, submit

MAX_WAIT_SECONDS = 60
MOST_WAITING = 8
waiting = threading.BoundedSemaphore(MOST_WAITING)
"""Requests of this process that wait for a job; the other threads answer meanwhile."""
_POLL_SECONDS = 0.02


def start(kind: str, document: bytes, attachments: Attachments | None = None) -> Response:
    """Start a job; 202 with the job, or 200 with a result ready within ``Prefer: wait=N``.

    Where the caller has the result of the same request already, it is that: nothing is started.
    """
    once = _idempotency(kind, document)
    result_name = _result_name(kind, document)
    known = jobs().named(result_name, caller()) if _takes_stored(once) else None
    if known is not None:
        note("submitted", kind=kind, run_id=known.run_id, cached="yes")
        headers = {"Location": url_for("jobs.one", run_id=known.run_id)}
        return _json({**shown_result(known), "cached": True}, 200, headers)
    run_id = submit(
        jobs(),
        kind,
        document,
        caller(),
        attachments=attachments,
        once=once,
        most_going=_most_going(),
        result_name=result_name,
        room_bytes=settings().results_bytes if has_users() else 0,
    )
    note("submitted", kind=kind, run_id=run_id)
    job = jobs().get(run_id)
    # a preference: where too many wait already, the answer is 202 at once
    seconds = _preferred_wait() if waiting.acquire(blocking=False) else None
    if seconds is not None:
        try:
            deadline = time.monotonic() + seconds
            while not job.status.ended and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                job = jobs().get(run_id)
        finally:
            waiting.release()
    location = url_for("jobs.one", run_id=run_id)
    headers = {"Location": location}
    if seconds:
        headers["Preference-Applied"] = f"wait={seconds}"
    if job.status is JobStatus.COMPLETED:
        return _json(shown_result(job), 200, headers)
    return _json(shown_job(job), 202, headers)


def _result_name(kind: str, document: bytes) -> str:
    """What a result is found by: whose it is, the code that computes it, and the whole request.

    The request holds its slate, its seed, every default, and arrays by the hash of their content.
    """
    about = f"{caller()}\0{jobs().config.version}\0{kind}\0".encode()
    return hashlib.sha256(about + document).hexdigest()


def _takes_stored(once: tuple[str, str]) -> bool:
    """Whether a stored result will do; with an idempotency key it is that key's own job."""
    return not once[0] and not request.cache_control.no_cache


def _most_going() -> int:
    """How many jobs the caller may have going on; the others stand in the caller's line.

    Where there are no users nobody is kept from anything by it, so there are at least as many as
    worker children: none of them may be idle while jobs stand in line.
    """
    most = settings().active_jobs
    return most if has_users() else max(most, jobs().workers()[0])


def _json(document: Any, status: int, headers: dict[str, str]) -> Response:
    response = Response(json.dumps(document), status=status, mimetype="application/json")
    response.headers.update(headers)
    return response


def _preferred_wait() -> int:
    preferences = request.headers.get("Prefer", "")
    wait = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})", preferences)
    return min(int(wait.group(1)), MAX_WAIT_SECONDS) if wait else 0


def _idempotency(kind: str, document: bytes) -> tuple[str, str]:
    """The caller's idempotency key and a hash of the request under it, both empty without one."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return "", ""
    if not 1 <= len(key) <= 255:
        raise Problem(400, "An Idempotency-Key has 1 to 255 characters.")
    name = hashlib.sha256(f"{caller()}\0{key}".encode()).hexdigest()
    return name, hashlib.sha256(kind.encode() + document).hexdigest()
