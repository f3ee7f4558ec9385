"""How a job's end is kept: its result as Celery's result backend has it, or the reason."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from celery import states

from core.errors import AxiomaticError, BrokenRule, Infeasible, InvalidInput, Problem
from workers.engine.stages import Json


def error_document(error: BaseException) -> Json:
    """The reason of a failure, as records that :func:`read_error` reads; never a stack trace."""
    if isinstance(error, Infeasible):
        rules = [asdict(rule) for rule in error.rules]
        return {"reason": error.reason, "rules": rules, "largest": error.largest}
    if isinstance(error, InvalidInput):
        return {"reason": str(error), "problems": [asdict(each) for each in error.problems]}
    if isinstance(error, AxiomaticError):
        return {"reason": str(error)}
    return {"reason": f"An unexpected error, {type(error).__name__}; the worker's log has it."}


def over_time(limit_seconds: int) -> AxiomaticError:
    """The error of a job of which a part ran longer than it may."""
    return AxiomaticError(
        f"A part of the job ran longer than {limit_seconds} s (AXIOMATIC_CHUNK_LIMIT_SECONDS); "
        "ask for less of it."
    )


def read_error(document: Json) -> AxiomaticError:
    """The error that :func:`error_document` described; the document's keys tell its type."""
    if "rules" in document:
        rules = [BrokenRule(**rule) for rule in document["rules"]]
        return Infeasible(document["reason"], rules=rules, largest=document["largest"])
    if "problems" in document:
        return InvalidInput([Problem(**problem) for problem in document["problems"]])
    return AxiomaticError(document["reason"])


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
