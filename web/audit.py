"""A line for every submission, cancellation and refusal: who asked, and what came of it."""

import json
import logging

from flask import g, request

log = logging.getLogger("axiomatic.audit")


def note(event: str, **more: str | int) -> None:
    """Write a line about the request in hand; values are quoted, so none can write a line itself.

    Parameters
    ----------
    event
        ``submitted``, ``cancelled``, ``removed`` or ``refused``.
    more
        What else is known, such as the job's ``run_id`` or the answer's ``status``.
    """
    signed = g.get("user")
    facts: dict[str, str | int] = {
        "event": event,
        "user": "" if signed is None else signed.name,
        "method": request.method,
        "path": request.path[:200],
        "address": request.remote_addr or "",
        "request_id": g.get("request_id", ""),
        **more,
    }
    log.info(" ".join(f"{name}={json.dumps(value)}" for name, value in facts.items()))
