"""Files that the command line is given, pipes and standard input among them."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

MOST_BYTES = 64 * 1024 * 1024
"""What a pipe may hold; the API takes no larger file either."""

_STANDARD_INPUT = {"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}


class InputFile(click.Path):
    """A file that may be read as often as needed.

    What can be read only once, a pipe or standard input, is read once and kept in a temporary file
    until the command ends.
    """

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(
        self,
        value: "str | os.PathLike[str]",
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """The path of a regular file that holds what was given."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        standard = str(path) in _STANDARD_INPUT
        if ctx is None or (path.is_file() and not standard):
            return path
        try:
            data = self._read(path, standard=standard)
        except OSError as error:
            self.fail(f"{path}: {error.strerror}.", param, ctx)
        if len(data) > MOST_BYTES:
            self.fail(f"{path}: more than {MOST_BYTES // 2**20} MB.", param, ctx)
        folder = ctx.with_resource(tempfile.TemporaryDirectory(prefix="axiomatic-"))
        kept = Path(folder) / ("stdin" if standard else path.name)
        kept.write_bytes(data)
        return kept

    @staticmethod
    def _read(path: Path, *, standard: bool) -> bytes:
        # standard input may be a socket, which cannot be opened by its path
        if standard:
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
