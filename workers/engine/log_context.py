"""Which job a line of the log is about."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_JOB: ContextVar[str] = ContextVar("job", default="")


@contextmanager
def about_job(run_id: str) -> Iterator[None]:
    """Whatever is logged inside is about this job."""
    token = _JOB.set(run_id)
    try:
        yield
    finally:
        _JOB.reset(token)


def job_in_hand() -> str:
    """Id of the job that is being worked on; empty where none is."""
    return _JOB.get()
