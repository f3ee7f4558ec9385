"""One process of an installation, and when it is started again."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workers.installation.log_files import rotate
from workers.installation.processes import Process

FIRST_SECONDS = 0.2
"""How long a part that has died stays away; each time in a row twice as long."""

MOST_SECONDS = 5.0
"""How long at the most."""

HEALTHY_SECONDS = 10.0
"""A part that has run for so long counts as well: its next death is the first in a row again."""

log = logging.getLogger(__name__)


def at_once() -> bool:
    """Whether a part may be started that waits for nothing: it may."""
    return True


@dataclass(frozen=True, slots=True)
class Part:
    """How a process of an installation is started and stopped.

    Parameters
    ----------
    name
        What it is, ``worker`` say; its log is named after it.
    command
        Program and arguments.
    environment
        All its variables.
    working_folder
        The folder that it works in.
    stop_seconds
        How long it may take to end when told to.
    folder
        A folder to remove once it has ended, told to.
    held
        Open files that it inherits.
    may_start
        Asked before it is started again; while it may not it is asked again.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    working_folder: Path
    stop_seconds: float
    folder: Path | None = None
    held: Sequence[int] = ()
    may_start: Callable[[], bool] = at_once


@dataclass(slots=True)
class Backoff:
    """How long a part stays away after each death: longer each time, until it has been well."""

    _in_a_row: int = field(default=0)

    def pause(self, ran_seconds: float) -> float:
        """Seconds until the next start of a part that ran for so long."""
        self._in_a_row = 0 if ran_seconds >= HEALTHY_SECONDS else self._in_a_row
        seconds = min(MOST_SECONDS, FIRST_SECONDS * 2.0**self._in_a_row)
        self._in_a_row += 1
        return seconds


class KeptPart:
    """A part that runs, and is started again when it is looked after.

    Parameters
    ----------
    part
        How it is started.
    logs
        The folder of its log.
    """

    def __init__(self, part: Part, logs: Path) -> None:
        self.part = part
        self.log = logs / f"{part.name}.log"
        self._backoff = Backoff()
        self._due: float | None = None
        self._start()

    def _start(self) -> None:
        rotate(self.log)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"--- {self.part.name} started {time.strftime('%Y-%m-%d %H:%M:%S %z')}\n")
        self._started = time.monotonic()
        self.process = Process(
            self.part.command,
            self.log,
            folder=self.part.folder,
            inherited=self.part.environment,
            working_folder=self.part.working_folder,
            held=self.part.held,
            kill_after_seconds=self.part.stop_seconds,
        )

    def mend(self) -> bool:
        """Start it again if it has died and its time has come; whether it was started."""
        # a full disk is no reason to stop looking after what runs
        with suppress(OSError):
            rotate(self.log)
        now = time.monotonic()
        if self._due is None:
            if self.process.running:
                return False
            # what is left of it: children of a killed parent, or the command of a killed guard
            self.process.kill()
            pause = self._backoff.pause(now - self._started)
            self._due = now + pause
            log.warning(
                "%s ended (%s); it is started again in %.1f s. Its log: %s",
                *(self.part.name, self.process.ending, pause, self.log),
            )
        if now < self._due:
            return False
        if not self.part.may_start():
            self._due = now + FIRST_SECONDS
            return False
        try:
            self._start()
        except OSError as error:
            self._due = now + MOST_SECONDS
            log.warning("%s cannot be started: %s", self.part.name, error)
            return False
        self._due = None
        return True

    def stop(self) -> None:
        """Stop it, and kill it if that takes too long."""
        self.process.stop(self.part.stop_seconds)
