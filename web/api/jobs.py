"""Jobs: status, result, events, cancelling, and the files made of a result."""

from http import HTTPStatus
from typing import Any

import numpy as np
import numpy.typing as npt
from flask import Response, json, request
from flask_smorest import Blueprint
from werkzeug.datastructures import FileStorage

from core.slate import Slate, fill_entries, write_upload
from core.tables import number
from web.accounts import OPEN_USER
from web.api.openapi import FILE_HEADERS, LAST_EVENT_ID, refuses
from web.api.parts import takes_parts
from web.audit import note
from web.events import END, TooManyFollowers
from web.gate.keys import user
from web.labels import described
from web.problems import Problem
from web.results import shown_job, shown_result
from web.schemas.jobs import JobSchema, JobsQuerySchema, JobsSchema
from web.schemas.results import RESULTS
from web.schemas.uploads import EntriesFilesSchema
from web.services import accounts, caller, followers, jobs
from workers.engine.jobs import Job, JobStatus
from workers.engine.outcomes import read_error

blueprint = Blueprint("jobs", __name__, url_prefix="/api/v1", description="Jobs.")

_EVERYBODY = "*"
_KINDS = ", ".join(sorted(RESULTS))
_ANY_KIND = ", ".join(f"'{kind}'" for kind in sorted(RESULTS))
_ANY_RESULT = {"oneOf": list(RESULTS.values())}
_EVENTS = """Server-sent events, each with an id and a line of JSON.

`stage`: `{stage}`, when another stage begins. `progress`: `{progress, stage}`, the share 0 to 1 of
the work that is done, which never falls. `end`: the job as `GET /jobs/{run_id}` shows it, once it
has ended; where it is gone meanwhile `{run_id, status: "unknown", error}`. Then the stream ends. A
comment a second says that the server is still there. A client that comes back with `Last-Event-ID`
gets what is new since that event; one that has the `end` gets 204."""


_OF_A_JOB = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.SERVICE_UNAVAILABLE)
_OF_A_RESULT = (HTTPStatus.CONFLICT, *_OF_A_JOB)


@blueprint.get("/jobs")
@blueprint.arguments(JobsQuerySchema, location="query")
@blueprint.response(200, JobsSchema)
@refuses(blueprint, HTTPStatus.SERVICE_UNAVAILABLE)
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """List the caller's jobs, newest first."""
    if "kind" in query and query["kind"] not in RESULTS:
        raise Problem(422, f"kind is one of {_KINDS}.", errors={"kind": [f"one of {_KINDS}."]})
    before = _cursor(query.get("cursor"))
    owners = _owners(query.get("owner"))
    page: list[Job] = []
    while len(page) < query["limit"]:
        newest = _newest(owners, query["limit"], before)
        page += [job for job in newest if _wanted(job, query)]
        if len(newest) < query["limit"]:
            return {"jobs": [shown_job(job) for job in page[: query["limit"]]], "cursor": None}
        before = newest[-1].created_at
    page = page[: query["limit"]]
    return {"jobs": [shown_job(job) for job in page], "cursor": repr(page[-1].created_at)}


def _owners(name: str | None) -> list[str]:
    """Whose jobs are listed: the caller's, or those that an administrator asks for."""
    if name is None:
        return [caller()]
    if not user().admin:
        remedy = "for administrators; leave it out."
        raise Problem(422, f"owner is {remedy}", errors={"owner": [remedy]})
    every = {account.name: account.user_id for account in accounts().every()}
    if name == _EVERYBODY:
        return sorted({caller(), OPEN_USER.user_id, *every.values()})
    if name not in every:
        remedy = f"no user {name[:64]!r}; axiomatic users list shows who there is."
        raise Problem(422, remedy, errors={"owner": [remedy]})
    return [every[name]]


def _newest(owners: list[str], limit: int, before: float | None) -> list[Job]:
    """The newest jobs of some owners, newest first."""
    found = [job for owner in owners for job in jobs().of(owner, limit, before)]
    return sorted(found, key=lambda job: -job.created_at)[:limit]


def _cursor(text: str | None) -> float | None:
    if text is None:
        return None
    before = number(text)
    if before is None:
        remedy = "cursor is the one that the page before came with."
        raise Problem(422, remedy, errors={"cursor": [remedy]})
    return before


def _wanted(job: Job, query: dict[str, Any]) -> bool:
    wanted = (query.get("status", job.status.value), query.get("kind", job.kind))
    return wanted == (job.status.value, job.kind)


def _job(run_id: str, kind: str | None = None) -> Job:
    job = jobs().get(run_id, caller())
    if kind is not None and job.kind != kind:
        raise Problem(404, f"Job {run_id} is not of kind {kind}.")
    return job


@blueprint.get("/jobs/<run_id>")
@blueprint.response(200, JobSchema)
@refuses(blueprint, *_OF_A_JOB)
def one(run_id: str) -> dict[str, Any]:
    """Show where a job is."""
    return shown_job(_job(run_id))


@blueprint.get("/jobs/<run_id>/result")
@blueprint.response(200, _ANY_RESULT, description="The result, of the job's kind.")
@blueprint.alt_response(202, schema=JobSchema, description="The job: there is no result yet.")
@refuses(blueprint, *_OF_A_RESULT)
def result(run_id: str) -> Response:
    """Fetch a job's result; 202 while there is none, 409 if there will never be one."""
    return _result(_job(run_id))


@blueprint.get(f"/<any({_ANY_KIND}):kind>/<run_id>/status")
@blueprint.response(200, JobSchema)
@refuses(blueprint, *_OF_A_JOB)
def status_by_kind(kind: str, run_id: str) -> dict[str, Any]:
    """Show where a job of a kind is."""
    return shown_job(_job(run_id, kind))


@blueprint.get(f"/<any({_ANY_KIND}):kind>/<run_id>/result")
@blueprint.response(200, _ANY_RESULT, description="The result, of the kind named.")
@blueprint.alt_response(202, schema=JobSchema, description="The job: there is no result yet.")
@refuses(blueprint, *_OF_A_RESULT)
def result_by_kind(kind: str, run_id: str) -> Response:
    """Fetch the result of a job of a kind; 202 while there is none."""
    return _result(_job(run_id, kind))


def _result(job: Job) -> Response:
    if job.status is JobStatus.COMPLETED:
        return Response(json.dumps(shown_result(job)), mimetype="application/json")
    if job.status.ended:
        raise _no_result(job)
    return Response(json.dumps(shown_job(job)), status=202, mimetype="application/json")


def _no_result(job: Job) -> Problem:
    if job.status is JobStatus.CANCELLED:
        return Problem(409, "The job was cancelled.", run_id=job.run_id, job_status="cancelled")
    members = described(read_error(job.error or {"reason": "The job failed."}))
    return Problem(
        409, members.pop("reason"), run_id=job.run_id, job_status=job.status.value, **members
    )


@blueprint.get("/jobs/<run_id>/events")
@blueprint.response(200, {"type": "string"}, content_type="text/event-stream", description=_EVENTS)
@blueprint.alt_response(204, description="The client has the job's last event already.")
@refuses(blueprint, HTTPStatus.TOO_MANY_REQUESTS, *_OF_A_JOB)
@blueprint.doc(parameters=[LAST_EVENT_ID])
def events(run_id: str) -> Response:
    """Stream a job's progress as server-sent events: ``progress``, ``stage``, then ``end``."""
    first = _job(run_id)
    last_id = request.headers.get("Last-Event-ID")
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    if last_id == END and first.status.ended:
        # browsers come back after every end of a stream, unless they are told that this was all
        return Response(status=204, headers=headers)
    if request.method == "HEAD":
        return Response(mimetype="text/event-stream", headers=headers)
    try:
        stream = followers().follow(first, caller(), last_id)
    except TooManyFollowers as error:
        raise Problem(429, str(error), headers={"Retry-After": "5"}) from None
    # handed to the server as it is, which holds many of them without a thread for each
    return Response(stream, mimetype="text/event-stream", headers=headers, direct_passthrough=True)


@blueprint.delete("/jobs/<run_id>")
@blueprint.response(200, JobSchema, description="The job as it stands now.")
@refuses(blueprint, *_OF_A_JOB)
def cancel(run_id: str) -> dict[str, Any]:
    """Cancel a job; one that has ended is removed, and its room is free."""
    owner = None if user().admin else caller()
    job = jobs().get(run_id, owner)
    # an administrator cancels what is another's, and removes nothing of it
    if job.status.ended and job.owner == caller() and jobs().discard(run_id):
        note("removed", run_id=run_id)
        return shown_job(job)
    jobs().cancel(run_id)
    note("cancelled", run_id=run_id)
    return shown_job(jobs().get(run_id, owner))


@blueprint.get("/jobs/<run_id>/lineups.csv")
@blueprint.response(
    200,
    {"type": "string"},
    content_type="text/csv",
    description="Header `D,D,D,D,D,D`, a row a lineup, cells `Name (ID)`.",
    headers=FILE_HEADERS,
)
@refuses(blueprint, *_OF_A_RESULT)
def lineups_csv(run_id: str) -> Response:
    """Fetch the lineups as the file that the site's upload page takes."""
    slate, lineups = _lineups(run_id)
    return _file(write_upload(slate, lineups), f"lineups-{run_id[:8]}.csv")


@blueprint.post("/jobs/<run_id>/entries")
@takes_parts(blueprint, EntriesFilesSchema)
@blueprint.response(
    200,
    {"type": "string"},
    content_type="text/csv",
    description="The same file, the lineups in the entries of the chosen contests.",
    headers=FILE_HEADERS,
)
@refuses(
    blueprint,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    *_OF_A_RESULT,
)
def entries(files: dict[str, FileStorage], run_id: str) -> Response:
    """Fill the caller's entries file with the lineups."""
    chosen = request.form.get("contest_ids")
    slate, lineups = _lineups(run_id)
    ids = None if chosen is None else [contest.strip() for contest in chosen.split(",")]
    filled = fill_entries(slate, lineups, files["entries"].read(), ids)
    return _file(filled, slate.site.entries.name if slate.site.entries else "entries.csv")


def _lineups(run_id: str) -> tuple[Slate, npt.NDArray[np.uint8]]:
    """The slate and the lineups of a completed job, the lineups as driver indices ``[K, R]``."""
    job = _job(run_id)
    if job.kind not in {"optimize", "optimize-with-leverage"}:
        raise Problem(404, f"A job of kind {job.kind} makes no lineups.")
    if job.status is not JobStatus.COMPLETED:
        if job.status.ended:
            raise _no_result(job)
        raise Problem(409, "The lineups are not ready yet.", headers={"Retry-After": "1"})
    order = jobs().order(run_id)
    slate: Slate = jobs().config.plans[order.kind].read(order.request).slate
    made = jobs().result(run_id)["lineups"]
    ids = [[driver["driver_id"] for driver in lineup["drivers"]] for lineup in made]
    return slate, np.array([slate.index_of(lineup, "lineups") for lineup in ids])


def _file(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype="text/csv", headers=headers)
