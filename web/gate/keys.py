"""Whose request it is: the user whose key it has."""

from flask import Flask, current_app, g, request

from web.accounts import OPEN_USER, Accounts, User
from web.audit import note
from web.loopback import is_loopback
from web.problems import Problem
from workers.engine.jobs import Jobs

_OPEN = {
    None,  # there is no such route, which anybody may be told
    "health.health",
    "health.ready",
    # has rules of its own
    "metrics.metrics",
}
_OPEN_PATHS = ("/openapi.json", "/api/v1/docs")


def register(app: Flask) -> None:
    """Ask every request for a key, as soon as the installation has users."""

    @app.before_request
    def _sign_in() -> None:
        if request.endpoint in _OPEN or request.path.startswith(_OPEN_PATHS):
            return
        jobs: Jobs = current_app.extensions["axiomatic"]
        signed = Accounts(jobs.redis).sign_in(_key())
        g.has_users = signed.has_users
        if not signed.has_users:
            _require_this_machine()
            g.user = OPEN_USER
            return
        if signed.user is None:
            note("refused", status=401)
            given = "This is no valid key" if _key() else "A key is needed"
            raise Problem(
                401,
                f"{given}: send Authorization: Bearer KEY, with the key that axiomatic users add "
                "has shown; the command line takes it from AXIOMATIC_KEY.",
                headers={"WWW-Authenticate": 'Bearer realm="axiomatic"'},
            )
        g.user = signed.user


def _require_this_machine() -> None:
    """Refuse a caller from elsewhere, whoever let the server listen there.

    A server checks at its start whether it has users. A store that has lost its file has none any
    more, and another server than ours checks nothing.
    """
    proxied = request.environ.get("werkzeug.proxy_fix.orig", {})
    callers = request.remote_addr, proxied.get("REMOTE_ADDR")
    # a unix socket has no address
    if all(not each or is_loopback(each) for each in callers):
        return
    note("refused", status=403)
    raise Problem(
        403,
        "The installation has no users, so it answers to this machine only; make one with: "
        "axiomatic users add NAME.",
    )


def user() -> User:
    """Whose request it is; everybody's before there are users."""
    found: User = g.user
    return found


def has_users() -> bool:
    """Whether the installation has users, as this request found it."""
    return bool(g.get("has_users", False))


def _key() -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None
