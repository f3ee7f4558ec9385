"""Jobs as the API shows them."""

from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

from web.schemas.values import Number, Whole, between
from workers.engine.jobs import JobStatus


class TimingsSchema(Schema):
    """When a job was asked for, begun and ended."""

    created_at = fields.String()
    started_at = fields.String(allow_none=True)
    ended_at = fields.String(allow_none=True)
    seconds = Number(allow_none=True, metadata={"description": "From begin to end."})


class CacheUseSchema(Schema):
    """What the scenario cache did for a job: blocks of 500 races, each counted once."""

    hits = Whole(metadata={"description": "Blocks that an earlier job had simulated."})
    misses = Whole(metadata={"description": "Blocks that were simulated for this job."})


class JobSchema(Schema):
    """A job."""

    run_id = fields.String()
    kind = fields.String()
    status = fields.String(validate=validate.OneOf([status.value for status in JobStatus]))
    progress = Number(metadata={"description": "Share of the work done, 0..1."})
    stage = fields.String()
    created_at = fields.String()
    timings = fields.Nested(TimingsSchema)
    error = fields.Dict(allow_none=True)
    scenario_cache = fields.Nested(
        CacheUseSchema,
        allow_none=True,
        metadata={"description": "Null until a chunk of races is done, and for jobs without any."},
    )


class JobsSchema(Schema):
    """The caller's jobs, newest first."""

    jobs = fields.List(fields.Nested(JobSchema))
    cursor = fields.String(allow_none=True, metadata={"description": "For the next page, if any."})


class JobsQuerySchema(Schema):
    """Which jobs to list."""

    status = fields.String(validate=validate.OneOf([status.value for status in JobStatus]))
    kind = fields.String()
    limit = fields.Integer(load_default=50, validate=between(1, 500))
    cursor = fields.String()


class EntriesFilesSchema(Schema):
    """The entries file to fill."""

    entries = Upload(
        required=True,
        metadata={"description": "DraftKings' DKEntries.csv, or FanDuel's entries template."},
    )
    # a part without a file name: described here, read from the form
    contest_ids = fields.String(metadata={"description": "Divided by commas; all by default."})


class ProblemSchema(Schema):
    """An error (RFC 9457)."""

    class Meta:
        """Some problems say more, such as the largest number of lineups possible."""

        unknown = "include"

    type = fields.String()
    title = fields.String()
    status = Whole()
    detail = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class HealthSchema(Schema):
    """The process answers."""

    status = fields.String()
    version = fields.String()


class CacheSchema(Schema):
    """The scenario cache: simulated races that jobs may use again."""

    hits = Whole(metadata={"description": "Blocks that were there, of all chunks so far."})
    misses = Whole(metadata={"description": "Blocks that had to be simulated."})
    evictions = Whole(metadata={"description": "Blocks that made room for others."})
    blocks = Whole(metadata={"description": "Blocks there are."})
    stored_bytes = Whole()
    limit_bytes = Whole(metadata={"description": "AXIOMATIC_CACHE_MB."})


class ReadySchema(Schema):
    """What the installation needs to run a job."""

    status = fields.String()
    redis = fields.Boolean()
    slots = Whole()
    waiting_chunks = Whole()
    waiting_seconds = fields.Float()
    oldest_waiting_seconds = fields.Float()
    stored_bytes = Whole()
    promised_bytes = Whole()
    kept_bytes = Whole()
    other_versions = fields.List(fields.String())
    scenario_cache = fields.Nested(
        CacheSchema,
        allow_none=True,
        metadata={"description": "Null where there is none, or Redis cannot say."},
    )
