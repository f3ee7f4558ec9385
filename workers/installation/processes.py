"""Child processes that end when this process does, however it ends."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# The guard reads a pipe whose other end only this process holds. When this process is gone, even
# killed, the pipe closes; the guard then tells the command to stop and removes its folder. Where it
# has seconds to do so, it kills the whole group after them. This works on any Unix and with any
# command.
_GUARD = """
folder=$1
seconds=$2
shift 2
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
( cat <&3 >/dev/null
  test -d "$folder" && : >"$folder/.left"
  kill -TERM "$child"
  test "$seconds" -gt 0 || exit 0
  while test "$seconds" -gt 0; do sleep 1; seconds=$((seconds - 1)); done
  test -d "$folder" && rm -rf "$folder"
  kill -KILL 0 ) >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$child"
status=$?
test -e "$folder/.left" && rm -rf "$folder"
kill "$watch" 2>/dev/null
exit "$status"
"""

_SHELL_SIGNALS = 128
"""A shell's exit code for a command that a signal ended, less that signal's number."""


class Process:
    """A command that runs beside this process.

    Parameters
    ----------
    command
        Program and arguments.
    log
        Where its output goes; appended to.
    environment
        Variables in addition to the inherited ones.
    folder
        A folder to remove once the command, told to stop, has ended.
    inherited
        Variables that it inherits; all of this process's if ``None``.
    working_folder
        Its working folder; this process's if ``None``.
    held
        Open files that it and its children inherit, so that a lock on one lasts as long as they do.
    kill_after_seconds
        When this process is gone: how long the command may take to end before it and its children
        are killed. ``None`` for as long as it likes.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        *,
        inherited: Mapping[str, str] | None = None,
        working_folder: Path | None = None,
        held: Sequence[int] = (),
        kill_after_seconds: float | None = None,
    ) -> None:
        self.log = log
        seconds = 0 if kill_after_seconds is None else max(1, round(kill_after_seconds))
        with log.open("ab") as output:
            self._log_begins = output.tell()
            self._guard = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _GUARD, "guard", str(folder or ""), str(seconds), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**(os.environ if inherited is None else inherited), **(environment or {})},
                cwd=working_folder,
                pass_fds=held,
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

    @property
    def ending(self) -> str:
        """How the command ended: ``killed by SIGKILL``, ``exit code 1``."""
        code = self._guard.wait()
        number = -code if code < 0 else code - _SHELL_SIGNALS
        try:
            return f"killed by {signal.Signals(number).name}"
        except ValueError:
            return f"exit code {code}"

    def last_words(self, most_bytes: int = 2_000) -> str:
        """The end of what the command has written since it was started."""
        with self.log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            # a log that was rotated meanwhile begins anew
            begin = self._log_begins if self._log_begins <= end else 0
            log.seek(max(begin, end - most_bytes))
            return log.read().decode(errors="replace").strip()

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
        if self._guard.stdin is not None:
            self._guard.stdin.close()
