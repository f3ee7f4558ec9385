"""Output where the encoding has not every character."""

import os
import subprocess
import sys

import pytest

from web.cli.terminal import plain


def test_signs_are_spelt_out_and_letters_lose_their_accents() -> None:
    assert (
        plain("ROI 5% ± 1% \N{EN DASH} Suárez ⠋ → 3 \N{MULTIPLICATION SIGN} 2")
        == "ROI 5% +/- 1% - Suarez * -> 3 x 2"
    )


def test_what_has_no_spelling_is_escaped_rather_than_dropped() -> None:
    assert plain("日") == "\\u65e5"


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
)
def test_a_message_on_an_ascii_terminal_is_no_traceback(variables: dict[str, str]) -> None:
    code = (
        "from rich.console import Console; from web.cli.terminal import *\n"
        "spell_out_what_cannot_be_shown()\n"
        "for error in (False, True): Console(stderr=error).print('ROI \\u00b1 1%')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, **variables},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == b"ROI +/- 1%\n"
