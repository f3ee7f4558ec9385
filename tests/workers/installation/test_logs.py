"""Lines of the log, for people and for programs."""

import io
import json
import logging
import re

from workers.engine.log_context import about_job, job_in_hand
from workers.installation.logs import dress


def line(log_format: str, run_id: str = "", error: Exception | None = None) -> str:
    """What is written of a warning."""
    written = io.StringIO()
    logger = logging.Logger("workers.here")
    logger.addHandler(logging.StreamHandler(written))
    dress(logger.handlers, log_format)
    dress(logger.handlers, log_format)
    with about_job(run_id):
        logger.warning("%d chunks wait", 3, exc_info=error)
    return written.getvalue()


def test_a_line_of_text_names_the_job_it_is_about() -> None:
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"\[{moment}: WARNING/MainProcess\] 3 chunks wait\n", line("text"))
    assert line("text", "1f2e").endswith("] 1f2e 3 chunks wait\n")


def test_a_line_of_json_is_an_object_of_its_own() -> None:
    document = json.loads(line("json", "1f2e"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*(\+00:00|Z)", document.pop("time"))
    assert document.pop("pid") > 0
    assert document == {
        "level": "WARNING",
        "logger": "workers.here",
        "message": "3 chunks wait",
        "run_id": "1f2e",
    }
    assert "run_id" not in json.loads(line("json"))


def test_an_error_of_several_lines_is_one_object() -> None:
    written = line("json", error=ValueError("two\nlines"))
    assert written.count("\n") == 1
    assert "two\nlines" in json.loads(written)["exc_info"]


def test_a_job_is_in_hand_only_while_it_is() -> None:
    with about_job("1f2e"):
        assert job_in_hand() == "1f2e"
    assert job_in_hand() == ""
