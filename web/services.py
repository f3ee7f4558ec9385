"""What a view needs of the installation: its job records, its documents, and who is asking."""

from pathlib import Path
from typing import cast

from flask import Flask, current_app

from workers.connection import PROMPT
from workers.jobs import Jobs
from workers.settings import Settings

# with no users defined everybody on the loopback interface is the same caller
OPEN_CALLER = "everyone"


def install(app: Flask, settings: Settings) -> None:
    """Keep the installation's services with the application."""
    app.extensions["axiomatic"] = Jobs(settings, PROMPT)


def jobs() -> Jobs:
    """Give the job records."""
    return cast("Jobs", current_app.extensions["axiomatic"])


def own_ownership_model() -> str | None:
    """Give the installation's own ownership model as JSON, or ``None``: the shipped one."""
    path = jobs().settings.ownership_model_file
    return None if path is None else Path(path).read_text(encoding="utf-8")


def caller() -> str:
    """Give whose request this is."""
    return OPEN_CALLER
