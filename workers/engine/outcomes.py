"""How a job's end is kept: its result as Celery's result backend has it, or the reason."""

import json
from datetime import UTC, datetime

from celery import states

from core.errors import AxiomaticError, Infeasible, InvalidInput
from workers.engine.stages import Json


def error_document(error: BaseException) -> Json:
    """The reason of a failure as the API shows it; never a stack trace."""
    if isinstance(error, Infeasible):
        return {"reason": error.reason, "limits": list(error.limits), "largest": error.largest}
    if isinstance(error, InvalidInput):
        return {"reason": str(error), "errors": error.problems}
    if isinstance(error, AxiomaticError):
        return {"reason": str(error)}
    return {"reason": f"An unexpected error, {type(error).__name__}; the worker's log has it."}


def success(run_id: str, result: Json) -> str:
    """A job's result as the result backend stores that of a task whose id is the job's."""
    return json.dumps(
        {
            "status": states.SUCCESS,
            "result": result,
            "traceback": None,
            "children": [],
            "date_done": datetime.now(UTC).isoformat(),
            "task_id": run_id,
        }
    )
