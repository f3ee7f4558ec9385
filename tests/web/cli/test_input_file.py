"""Files that can be read only once, as the command line takes them."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest

from web.cli.input_file import InputFile


def converted(path: Path, context: click.Context) -> Path:
    kept = InputFile().convert(str(path), None, context)
    assert isinstance(kept, Path)
    return kept


def test_a_regular_file_is_left_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "salaries.csv"
    path.write_text("Name\n")
    with click.Context(click.Command("run")) as context:
        assert converted(path, context) == path


def test_a_pipe_is_read_once_and_may_then_be_read_again(tmp_path: Path) -> None:
    pipe = tmp_path / "las_vegas.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("Name\nAnn\n",))
    writer.start()
    with click.Context(click.Command("run")) as context:
        kept = converted(pipe, context)
        writer.join()
        assert kept.read_text() == kept.read_text() == "Name\nAnn\n"
        # a track may be named in it
        assert kept.name == "las_vegas.csv"
    assert not kept.exists()


@pytest.mark.slow
def test_standard_input_may_be_a_file_or_a_pipe(tmp_path: Path) -> None:
    code = (
        "import click; from web.cli.input_file import InputFile\n"
        "@click.command()\n@click.argument('file', type=InputFile())\n"
        "def main(file): print(file.read_text(), file.read_text(), file.name)\n"
        "main()"
    )
    command = [sys.executable, "-c", code, "/dev/stdin"]
    path = tmp_path / "file"
    path.write_text("one")
    with path.open() as file:
        redirected = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True)
    piped = subprocess.run(command, input="one", capture_output=True, text=True, check=True)
    assert redirected.stdout == piped.stdout == "one one stdin\n"
