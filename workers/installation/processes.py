"""Child processes that end when we do, however we end."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# The child runs beside a reader of a pipe that only we hold open. When we are gone, killed even,
# the pipe closes, the child is told to stop, and the folder it worked in is removed after it: it
# works on any Unix, with any command.
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
    """A command running beside us.

    Parameters
    ----------
    command
        Program and arguments.
    log
        Where its output goes; appended to.
    environment
        Variables on top of ours.
    folder
        A folder of ours to remove once the command has ended after being told to stop.
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
                # Ctrl-C is for us alone: we stop our children in order
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
        """Ask the command to end, and after ``seconds`` end it and its children."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        try:
            self._guard.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the command and its children at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)
        self._guard.wait()
