"""The environment of our processes: the user's, less what would steer the libraries they use."""

import os
from collections.abc import Mapping
from pathlib import Path

from workers.installation.environment import with_absolute_files

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGE_FOLDERS = {"site-packages", "dist-packages"}

# Another project's Celery, gunicorn or Flask is set by the same variables: an address of a broker
# there would send our messages to it. Our own settings are command lines and AXIOMATIC_*.
_FOREIGN_PREFIXES = ("CELERY_", "CELERYD_", "GUNICORN_", "FLASK_")
_FOREIGN = {
    # gunicorn's number of processes and its address, where its command line has none
    *("WEB_CONCURRENCY", "PORT", "SENDFILE"),
    # options of Celery's command line where they are not given
    *("APP", "BROKER_URL", "RESULT_BACKEND", "LOADER", "CONFIG_MODULE"),
    # the terminal's encoding, which our logs do not have; a REPL at the end of a server
    *("PYTHONIOENCODING", "PYTHONINSPECT", "PYTHONSTARTUP"),
}


def child_environment(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Variables for a child process that works in a folder of its own.

    Files that variables name are made absolute. Modules come from where this code's do, and never
    from the working folder: a ``redis.py`` of the user's that lies there is not ours to run.

    Parameters
    ----------
    environment
        Of this process.
    folder
        The folder that relative paths in it refer to.
    """
    kept = {
        name: value
        for name, value in with_absolute_files(environment, folder).items()
        if name not in _FOREIGN and not name.startswith(_FOREIGN_PREFIXES)
    }
    own = [] if _ROOT.name in _PACKAGE_FOLDERS else [str(_ROOT)]
    # an empty entry would be the working folder
    given = [str(folder / entry) for entry in kept.get("PYTHONPATH", "").split(os.pathsep) if entry]
    kept["PYTHONPATH"] = os.pathsep.join(own + given)
    kept["PYTHONSAFEPATH"] = "1"
    return kept
