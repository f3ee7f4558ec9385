"""``axiomatic``: every command, and how each kind of failure leaves."""

import signal
import sys
from pathlib import Path

import click
from rich.console import Console

from core.errors import AxiomaticError, Infeasible, InvalidInput
from web import VERSION
from web.cli.backtest import backtest_command
from web.cli.demo import demo
from web.cli.escaping import escape
from web.cli.fit import fit
from web.cli.labels import problems_of, rule_name
from web.cli.ownership import ownership
from web.cli.run import run
from web.cli.terminal import spell_out_what_cannot_be_shown
from web.cli.up import up
from web.cli.users import users
from web.client import ImpossibleRequest

DONE, FAILED, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="axiomatic")
def cli() -> None:
    """Simulate the race, the field and the contest; pick the lineups whose dollars are best."""


cli.add_command(backtest_command)
cli.add_command(demo)
cli.add_command(fit)
cli.add_command(ownership)
cli.add_command(run)
cli.add_command(up)
cli.add_command(users)


def _say(error: AxiomaticError) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if isinstance(error, InvalidInput):
        for name, messages in problems_of(error).items():
            console.print(f"[bold red]{escape(name)}[/]: {escape(' '.join(messages))}")
        return
    word = "refused" if isinstance(error, ImpossibleRequest) else "failed"
    reason = error.reason if isinstance(error, Infeasible) else str(error)
    console.print(f"[bold red]{word}[/]: {escape(reason)}")
    if isinstance(error, Infeasible):
        if error.rules:
            rules = ", ".join(rule_name(rule) for rule in error.rules)
            console.print(f"Rules in conflict: {escape(rules)}.")
        if error.largest is not None:
            console.print(
                f"Largest number of lineups known to be possible: {error.largest or 'none'}."
            )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave: 0 done, 1 the job failed, 2 bad usage or input."""
    spell_out_what_cannot_be_shown()
    # a supervisor's way to stop us: leave through the same doors, so that children stop in order
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        cli.main(args=arguments, prog_name=Path(sys.argv[0]).name, standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except (InvalidInput, ImpossibleRequest) as error:
        _say(error)
        sys.exit(BAD_INPUT)
    except AxiomaticError as error:
        _say(error)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(DONE)
