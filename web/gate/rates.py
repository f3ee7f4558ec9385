"""How often a user may submit: counted by Flask-Limiter in the installation's Redis."""

import time
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter, RequestLimit

from web.audit import note
from web.gate.keys import has_users, user
from web.problems import Problem, answer
from workers.engine.connection import PROMPT, connect
from workers.installation.settings import Settings

SUBMITTING = {
    "optimize.optimize",
    "optimize.optimize_with_leverage",
    "ownership.ownership",
    "contest_sim.contest_sim",
}
"""Endpoints that start a job."""

_ACCEPTED = {200, 202}


def register(app: Flask, settings: Settings) -> None:
    """Refuse submissions beyond the limit a minute; those that are refused are not counted."""

    def submits() -> bool:
        return request.method == "POST" and request.endpoint in SUBMITTING

    def refuse(limit: RequestLimit) -> Response:
        seconds = max(1, int(limit.reset_at - time.time()))
        note("refused", status=429)
        return answer(
            Problem(
                429,
                f"{settings.submissions_a_minute} submissions a minute are taken from one user; "
                f"send it again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )
        )

    # the pool that the application has: with its password, its certificates, its unix socket
    options: dict[str, Any] = {"connection_pool": connect(settings, PROMPT).connection_pool}
    Limiter(
        lambda: user().user_id,
        app=app,
        application_limits=[f"{settings.submissions_a_minute} per minute"],
        application_limits_exempt_when=lambda: not (submits() and has_users()),
        application_limits_deduct_when=lambda response: response.status_code in _ACCEPTED,
        strategy="moving-window",
        storage_uri="redis://",
        storage_options=options,
        key_prefix="axiomatic-rate",
        on_breach=refuse,
    )
