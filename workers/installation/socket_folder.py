"""A folder for unix sockets, whose paths may be some hundred bytes long and no more."""

import os
import tempfile
from pathlib import Path

# of the path of a socket: 108 bytes on Linux, 104 on macOS, with the zero at its end
_MOST_BYTES = 103
_LONGEST_NAME = "redis.sock"
_SHORT = Path("/tmp")  # noqa: S108  (mkdtemp makes a folder there that only this user can enter)


def fits(folder: Path) -> bool:
    """Whether sockets may lie in a folder: its path is short, and plain in an address."""
    plain = not any(character.isspace() or character in "%?#" for character in str(folder))
    return plain and len(os.fsencode(folder / _LONGEST_NAME)) <= _MOST_BYTES


def make_socket_folder() -> Path:
    """A new folder that only this user can enter: where temporary files go, or in /tmp.

    The second is for a TMPDIR whose path is too long for sockets.
    """
    folder = Path(tempfile.mkdtemp(prefix="axiomatic-")).absolute()
    if fits(folder):
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="axiomatic-", dir=_SHORT))
