"""What a view needs of the installation: its job records, its documents, and who calls."""

from functools import partial
from typing import cast

from flask import Flask, current_app

from web import stored_slates
from web.accounts import Accounts
from web.events import Followers
from web.gate.keys import user
from web.ownership_model import read_own_model
from web.requests import Sources
from workers.app import open_jobs
from workers.engine.connection import PROMPT
from workers.engine.jobs import Jobs
from workers.installation.settings import Settings

_OWN_MODEL = "axiomatic-ownership-model"
_SETTINGS = "axiomatic-settings"
_FOLLOWERS = "axiomatic-followers"


def install(app: Flask, settings: Settings) -> None:
    """Keep the installation's services with the application.

    Raises
    ------
    InvalidInput
        The file of the installation's own ownership model holds none.
    """
    # read once: a file that somebody writes to meanwhile changes no answer
    app.extensions[_OWN_MODEL] = read_own_model(settings.ownership_model_file)
    app.extensions[_SETTINGS] = settings
    app.extensions["axiomatic"] = open_jobs(settings, PROMPT)
    app.extensions[_FOLLOWERS] = Followers(app.extensions["axiomatic"], settings.followers)


def jobs() -> Jobs:
    """The job records."""
    return cast("Jobs", current_app.extensions["axiomatic"])


def followers() -> Followers:
    """The event streams of this process."""
    return cast("Followers", current_app.extensions[_FOLLOWERS])


def settings() -> Settings:
    """The installation's settings."""
    return cast("Settings", current_app.extensions[_SETTINGS])


def caller() -> str:
    """Whose request this is: the id that the user's slates and jobs are kept under."""
    return user().user_id


def accounts() -> Accounts:
    """The installation's users."""
    return Accounts(jobs().redis)


def sources() -> Sources:
    """What the caller's requests may refer to."""
    return Sources(
        stored_slate=partial(stored_slates.known, jobs(), caller()),
        ownership_model=cast("str | None", current_app.extensions[_OWN_MODEL]),
    )
