"""Jobs as the API shows them."""

from marshmallow import Schema, fields

from web.schemas.units import (
    by_key,
    choice,
    count,
    moment,
    number,
    part,
    parts,
    share,
    text,
    texts,
)
from web.schemas.values import OneOf, between
from workers.engine.jobs import JobStatus

_STATUSES = [status.value for status in JobStatus]


class TimingsSchema(Schema):
    """When a job was created, started and ended."""

    created_at = moment("When the job was created")
    started_at = moment("When a worker first took a part of it", null="until then")
    ended_at = moment("When it was completed, failed or was cancelled", null="until then")
    seconds = number(
        "Seconds from `started_at` to `ended_at`", low=0, null="until it has started and ended"
    )


class CacheUseSchema(Schema):
    """What the scenario cache did for a job, in blocks of 500 races, each counted once."""

    hits = count("Blocks that an earlier job had simulated")
    misses = count("Blocks that were simulated for this job")


class BrokenRuleSchema(Schema):
    """One of the rules and limits in conflict."""

    field = text("Field of the request that sets it")
    subject = text("Driver, team or manufacturer that it is about", null="where it is about all")
    limit = number("Its bound, in the field's own unit", null="where it has none")


class FailureSchema(Schema):
    """Why a job failed."""

    reason = text("Why, in a sentence or two")
    errors = by_key(
        "field of the request",
        fields.List(fields.String()),
        "What is wrong with the request",
        only="where the request could not be used",
    )
    limits = texts(
        "The rules and limits in conflict, as the request names them",
        only="where no lineups obey them together",
    )
    conflict = parts(
        BrokenRuleSchema,
        "The same rules and limits, each in its parts",
        only="where no lineups obey them together",
    )
    largest = count(
        "The largest number of lineups known to be possible",
        null="where it is not known",
        only="where no lineups obey the limits together",
    )


class JobSchema(Schema):
    """A job."""

    run_id = text("Id of the job")
    kind = text("Kind of job: `optimize`, `optimize-with-leverage`, `ownership` or `contest-sim`")
    status = choice("Where the job is; the last three are final", _STATUSES)
    progress = share("Share of the work that is done")
    stage = text("Name of the stage that runs; empty before the first, `done` when completed")
    created_at = moment("When the job was created")
    timings = part(TimingsSchema, "When the job was created, started and ended")
    error = part(FailureSchema, "Why the job failed", null="unless it failed")
    scenario_cache = part(
        CacheUseSchema,
        "What the scenario cache did for the job",
        null="until a part of the races is done, and for jobs that simulate none",
    )


class JobsSchema(Schema):
    """The caller's jobs."""

    jobs = parts(JobSchema, "Newest first")
    cursor = text("What to send as `cursor` for the next page", null="on the last page")


class JobsQuerySchema(Schema):
    """Which jobs to list."""

    status = fields.String(
        validate=OneOf(_STATUSES), metadata={"description": "Only jobs of this status."}
    )
    kind = fields.String(metadata={"description": "Only jobs of this kind."})
    limit = fields.Integer(
        load_default=50,
        validate=between(1, 500),
        metadata={"description": "Most jobs of a page."},
    )
    cursor = fields.String(metadata={"description": "The `cursor` of the page before."})
    owner = fields.String(
        metadata={
            "description": "For administrators: the name of the user whose jobs to list, or `*` "
            "for everybody's. Your own by default."
        }
    )
