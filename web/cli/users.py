"""``axiomatic users``: who may use an installation."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from core.errors import InvalidInput
from web.accounts import Accounts
from web.cli.escaping import escape
from workers.engine.connection import PROMPT, connect
from workers.installation.settings import Settings
from workers.installation.state_folder import default_folder, running_store

_STATE = click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="State folder of the axiomatic up that runs; the user's own by default.",
)


def _accounts(state: Path | None, environment: Mapping[str, str] = os.environ) -> Accounts:
    """The users of the installation that REDIS_URL names, or of the one that runs here.

    Raises
    ------
    InvalidInput
        Neither is there.
    """
    if environment.get("REDIS_URL") and state is None:
        settings = Settings.from_environment(environment)
        return Accounts(connect(settings, PROMPT))
    folder = state or default_folder()
    store = running_store(folder)
    if store is None:
        raise InvalidInput(
            {
                "REDIS_URL": f"not set, and no axiomatic up runs on {folder}; set it, start one, "
                "or name its folder with --state."
            }
        )
    return Accounts(connect(Settings(store), PROMPT))


@click.group()
def users() -> None:
    """Add, list and revoke the users of an installation; the first one is its administrator.

    An installation without users is open and listens on this machine only. As soon as there is
    one, every request needs a key.
    """


@users.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="May list and cancel everybody's jobs.")
@_STATE
def add(name: str, admin: bool, state: Path | None) -> None:
    """Add a user, or make a new key for one whose key is lost; the key is shown once."""
    account, key = _accounts(state).add(name, admin=admin)
    note = Console(stderr=True, highlight=False, soft_wrap=True)
    role = "administrator" if account.admin else "user"
    note.print(f"{escape(account.name)}, {role}. The key is shown this once; any older is void:")
    # alone on standard output, so that a script can take it
    click.echo(key)


@users.command(name="list")
@_STATE
def listing(state: Path | None) -> None:
    """Show the users."""
    every = _accounts(state).every()
    if not every:
        click.echo("There are no users: the API is open, to this machine only.")
        return
    table = Table()
    for column in ("name", "administrator", "added", "key"):
        table.add_column(column)
    for account in every:
        made = datetime.fromtimestamp(account.key_made_at, UTC).strftime("%Y-%m-%d %H:%M")
        table.add_row(
            escape(account.name),
            "yes" if account.admin else "",
            datetime.fromtimestamp(account.created_at, UTC).strftime("%Y-%m-%d %H:%M"),
            "revoked" if account.key_hash is None else f"of {made}",
        )
    Console().print(table)


@users.command()
@click.argument("name")
@_STATE
def revoke(name: str, state: Path | None) -> None:
    """Make a user's key void at once; slates and jobs stay, and a new key finds them again."""
    account = _accounts(state).revoke(name)
    Console(highlight=False, soft_wrap=True).print(
        f"The key of {escape(account.name)} is void; axiomatic users add makes a new one."
    )
