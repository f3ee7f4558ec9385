"""A job as the API shows it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from web.labels import described
from workers.engine.jobs import Job
from workers.engine.outcomes import read_error


def moment(seconds: float | None) -> str | None:
    """A time as ISO 8601 in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def shown_job(job: Job) -> dict[str, Any]:
    """A job as the API shows it."""
    ran = job.started_at is not None and job.ended_at is not None
    return {
        "run_id": job.run_id,
        "kind": job.kind,
        "status": job.status.value,
        "progress": job.progress,
        "stage": job.stage,
        "created_at": moment(job.created_at),
        "timings": {
            "created_at": moment(job.created_at),
            "started_at": moment(job.started_at),
            "ended_at": moment(job.ended_at),
            "seconds": round(job.ended_at - job.started_at, 3)
            if ran and job.ended_at is not None and job.started_at is not None
            else None,
        },
        "error": None if job.error is None else described(read_error(job.error)),
        "scenario_cache": None if job.scenario_cache is None else asdict(job.scenario_cache),
    }
