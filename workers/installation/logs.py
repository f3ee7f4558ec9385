"""The log of web and workers: lines for people, or an object of JSON a line for programs."""

import logging
import sys
import time
from collections.abc import Iterable

from pythonjsonlogger.json import JsonFormatter

from workers.engine.log_context import job_in_hand

FORMATS = ("text", "json")
"""What AXIOMATIC_LOG_FORMAT may be."""

_TEXT = "[%(asctime)s: %(levelname)s/%(processName)s] %(about)s%(message)s"
_FIELDS = "%(levelname)s %(name)s %(process)d %(message)s"


class _AboutJob(logging.Filter):
    """Adds the job to every record, whoever logs it."""

    def filter(self, record: logging.LogRecord) -> bool:
        run_id = job_in_hand()
        record.about = f"{run_id} " if run_id else ""
        if run_id:
            record.run_id = run_id
        return True


def _formatter(name: str) -> logging.Formatter:
    if name == "json":
        formatter: logging.Formatter = JsonFormatter(
            _FIELDS,
            rename_fields={"levelname": "level", "name": "logger", "process": "pid"},
            reserved_attrs=[*_RESERVED, "about"],
            timestamp="time",
        )
    else:
        formatter = logging.Formatter(_TEXT)
        formatter.converter = time.gmtime
        formatter.default_time_format = "%Y-%m-%dT%H:%M:%S"
        formatter.default_msec_format = "%s.%03dZ"
    return formatter


# what every record has; the others are shown in JSON
_RESERVED = tuple(vars(logging.makeLogRecord({})))


def dress(handlers: Iterable[logging.Handler], log_format: str) -> None:
    """Let handlers write in this format, each line with its job's id.

    Parameters
    ----------
    handlers
        Of any logger.
    log_format
        One of :data:`FORMATS`.
    """
    for handler in handlers:
        handler.setFormatter(_formatter(log_format))
        if not any(isinstance(each, _AboutJob) for each in handler.filters):
            handler.addFilter(_AboutJob())


def log_to_stderr(log_format: str) -> None:
    """Write warnings of a process that has no log of its own, and what its server logs."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stderr))
        dress(root.handlers, log_format)
    # who asked for what is worth a line, whatever the level of the rest
    logging.getLogger("axiomatic.audit").setLevel(logging.INFO)
    for name in ("gunicorn.error", "gunicorn.access"):
        dress(logging.getLogger(name).handlers, log_format)
