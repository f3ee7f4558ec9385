"""Whether the server answers, and whether the installation can run a job."""

from marshmallow import Schema

from web.schemas.units import choice, count, flag, number, part, text, texts


class HealthSchema(Schema):
    """The process answers."""

    status = choice("Always `healthy`", ["healthy"])
    version = text("Version of the server")


class CacheSchema(Schema):
    """The scenario cache: simulated races, in blocks of 500, that jobs may use again."""

    hits = count("Blocks that were stored when a job needed them")
    misses = count("Blocks that had to be simulated")
    evictions = count("Blocks that made room for others")
    blocks = count("Blocks that are stored")
    stored_bytes = count("Bytes that they take")
    limit_bytes = count("Most bytes that they may take, AXIOMATIC_CACHE_MB")


class ReadySchema(Schema):
    """The installation can run a job."""

    status = choice("Always `ready`", ["ready"])
    redis = flag("Whether Redis answers; always true here")
    slots = count("Worker processes of this version", low=1)
    busy_slots = count("Of these, the ones that do a piece of a job")
    stuck_slots = count(
        "Of these, the ones that still do a piece whose job has ended or whose time is over; each "
        "is ended and replaced within seconds"
    )
    free_slots = count("Of these, the ones that do nothing")
    waiting_chunks = count("Pieces of jobs that wait for a worker")
    waiting_seconds = number("Seconds that one worker would take for them", low=0)
    oldest_waiting_seconds = number(
        "Longest time that a job with waiting pieces has been given nothing, in seconds", low=0
    )
    stored_bytes = count("Bytes of the arrays that jobs keep in Redis")
    promised_bytes = count("Bytes promised to jobs that have not ended")
    kept_bytes = count("Bytes of the requests and results of jobs that have ended")
    other_versions = texts("Versions of workers that do not match this server")
    scenario_cache = part(
        CacheSchema, "The scenario cache", null="where there is none, or Redis cannot say"
    )
