"""The version of this code; a job belongs to the version that accepted it."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_COMPUTES = ("core", "workers")
_KINDS = {".py", ".lua", ".json", ".csv"}
_LIBRARIES = ("llvmlite", "numba", "numpy", "scikit-learn", "scipy")


def _fingerprint() -> str:
    """A hash of every file and library that decides what a job computes or how it is kept."""
    digest = hashlib.sha256(platform.python_version().encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\0".encode())
    files = (path for room in _COMPUTES for path in (_ROOT / room).rglob("*"))
    for path in sorted(path for path in files if path.suffix in _KINDS):
        digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:10]


VERSION = f"{version('axiomatic')}-{_fingerprint()}"
"""The release and a fingerprint of its code: the same bits come from the same code only."""
