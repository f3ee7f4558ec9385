"""Where compiled code is kept on disk, whatever becomes of it there.

Numba's own cache ends the program at a file that was half written, as by a power cut, and where no
folder may be written. Here code is compiled anew, and kept in a temporary folder.
"""

# Numba declares no types
# mypy: disable-error-code="no-untyped-call"

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, NullCache

log = logging.getLogger(__name__)

_PLACE = "NUMBA_CACHE_DIR"


class _KeptCode(FunctionCache):
    """Numba's cache of a function, in which what cannot be read counts as not there."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # unpickling half a file raises almost any of them
            log.warning("compiled code of %s is compiled anew: %s", self._name, error)
            # an index that cannot be read could not be added to either
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            log.warning("compiled code of %s is not kept: %s", self._name, error)


def kept_code(function: Callable[..., object]) -> Any:
    """The cache of a function's compiled code.

    It is beside the function's file, in the folder that ``NUMBA_CACHE_DIR`` names, or in the user's
    cache folder, as Numba says; where none of them may be written in a temporary folder, which is
    the same for all processes of a user; and nowhere where not even that is possible.
    """
    try:
        return _KeptCode(function)
    except RuntimeError:
        # Numba has no error of its own for a function without a place
        os.environ[_PLACE] = _temporary_folder()
        numba.config.reload_config()
    try:
        return _KeptCode(function)
    except RuntimeError:
        return NullCache()


def _temporary_folder() -> str:
    """A folder for this user's compiled code that nobody else may write: it is loaded and run."""
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir(), f"axiomatic-compiled-{'own' if user is None else user}")
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        # the folder for temporary files of a system without user numbers is the user's own
        if user is None or (not folder.is_symlink() and found.st_uid == user):
            if user is not None:
                folder.chmod(0o700)
            return str(folder)
    with suppress(OSError):
        return tempfile.mkdtemp(prefix="axiomatic-compiled-")
    return str(folder)
