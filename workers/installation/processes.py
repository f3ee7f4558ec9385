"""Child processes that end when this process does, however it ends."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# The guard reads a pipe whose other end only this process holds. When this process is gone, even
# killed, the pipe closes; the guard then tells the command to stop and removes its folder. This
# works on any Unix and with any command.
_GUARD = """
folder=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
( cat <&3 >/dev/null
  test -d "$folder" && : >"$folder/.left"
  kill -TERM "$child" ) >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$child"
status=$?
test -e "$folder/.left" && rm -rf "$folder"
kill "$watch" 2>/dev/null
exit "$status"
"""


class Process:
    """A command that runs beside this process.

    Parameters
    ----------
    command
        Program and arguments.
    log
        Where its output goes; appended to.
    environment
        Variables in addition to this process's.
    folder
        A folder to remove once the command, told to stop, has ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._guard = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _GUARD, "guard", str(folder or ""), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                # Ctrl-C reaches this process only, which then stops its children in order
                start_new_session=True,
            )

    @property
    def group(self) -> int:
        """The process group of the command and all its children."""
        return self._guard.pid

    @property
    def running(self) -> bool:
        """Whether the command still runs."""
        return self._guard.poll() is None

    def stop(self, seconds: float) -> None:
        """Ask the command to end; after ``seconds`` kill it and its children."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        try:
            self._guard.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the command and its children at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)
        self._guard.wait()
