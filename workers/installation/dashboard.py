"""``python -m workers.installation.dashboard``: Flower, but never without a login.

Flower shows every job's arguments and can stop workers, and by default it is open to anybody.
"""

import logging
import os
import sys
from collections.abc import Mapping

from core.errors import InvalidInput
from workers.installation.environment import FLOWER_VARIABLES, read_variables, refuse
from workers.installation.settings import Settings

_BAD_CONFIGURATION = 2
_OAUTH2 = (
    "FLOWER_AUTH",
    "FLOWER_AUTH_PROVIDER",
    "FLOWER_OAUTH2_KEY",
    "FLOWER_OAUTH2_SECRET",
    "FLOWER_OAUTH2_REDIRECT_URI",
)


def command(environment: Mapping[str, str]) -> list[str]:
    """The command that starts Flower; the login stays in the environment, where Flower reads it.

    Raises
    ------
    InvalidInput
        There is no login, or a variable is wrong; all that are wrong are named.
    """
    values, problems = read_variables(environment, FLOWER_VARIABLES)
    refuse(_login_problems(environment) | problems)
    return [
        *(sys.executable, "-m", "celery", "--app", "workers.app", "flower"),
        f"--address={values['FLOWER_ADDRESS']}",
        f"--port={values['FLOWER_PORT']}",
    ]


def _login_problems(environment: Mapping[str, str]) -> dict[str, str]:
    absent = [name for name in _OAUTH2 if not environment.get(name)]
    if not absent:
        return {}
    # with half of OAuth2's variables nobody can log in, and Flower does not say so
    if len(absent) < len(_OAUTH2):
        return dict.fromkeys(absent, "not set; OAuth2 needs all of its variables.")
    if not environment.get("FLOWER_BASIC_AUTH"):
        problem = f"not set; give user:password, or set {', '.join(_OAUTH2)}."
        return {"FLOWER_BASIC_AUTH": problem}
    return {}


def _without_empty(environment: Mapping[str, str]) -> dict[str, str]:
    # Flower takes an empty FLOWER_BASIC_AUTH for a user without name and password
    return {
        name: value for name, value in environment.items() if value or not name.startswith("FLOWER")
    }


def main() -> None:
    """Become Flower, or leave with 2 and what is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        Settings.from_environment()
        arguments = command(os.environ)
    except InvalidInput as error:
        for problem in error.problems:
            print(f"{problem.name}: {problem.message}", file=sys.stderr)  # noqa: T201
        sys.exit(_BAD_CONFIGURATION)
    logging.getLogger(__name__).info(
        "Flower asks for a login; /healthcheck and /metrics answer without one"
    )
    # the same process: a supervisor's signals reach Flower itself
    os.execve(sys.executable, arguments, _without_empty(os.environ))  # noqa: S606


if __name__ == "__main__":
    main()
