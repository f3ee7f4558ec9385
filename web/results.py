"""Results of jobs as the API shows them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.race import RunConfig
from web.job_document import shown_job
from web.services import jobs
from workers.engine.jobs import Job

__all__ = ["shown_job", "shown_result"]


def shown_result(job: Job) -> dict[str, Any]:
    """A completed job's result, with the job's id and time."""
    result = jobs().result(job.run_id)
    if "run_config" in result:
        run = RunConfig.from_document(result["run_config"])
        created_at = datetime.fromtimestamp(job.created_at, UTC)
        result["run_config"] = replace(run, run_id=job.run_id, created_at=created_at).to_document()
    return {"run_id": job.run_id, "status": job.status.value, **result}
