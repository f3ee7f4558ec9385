"""How ``make`` sets up its environment; nothing is installed into it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NO_ENSUREPIP = """#!/bin/sh
case "$*" in *ensurepip*) exit 1;; esac
exec {python} "$@"
"""


def made(
    folder: Path, root: Path, python: str = sys.executable
) -> "subprocess.CompletedProcess[str]":
    """The outcome of making the environment of an empty project by our Makefile."""
    shutil.copy(root / "Makefile", folder)
    for name in ("constraints.txt", "pyproject.toml"):
        (folder / name).touch()
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        ["make", "PIP=:", f"PYTHON={python}", ".venv/run.stamp"],
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )


def has_pip(folder: Path) -> bool:
    python = folder / ".venv" / "bin" / "python"
    return subprocess.run([python, "-m", "pip", "--version"], check=False).returncode == 0


@pytest.mark.slow
def test_an_environment_without_pip_is_made_anew(tmp_path: Path, root: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    (tmp_path / ".venv" / "run.stamp").touch()
    done = made(tmp_path, root)
    assert done.returncode == 0, done.stderr
    assert ".venv has no working pip; making it anew" in done.stdout
    assert has_pip(tmp_path)
    again = made(tmp_path, root)
    assert "anew" not in again.stdout


@pytest.mark.slow
def test_a_python_that_cannot_make_environments_says_what_to_install(
    tmp_path: Path, root: Path
) -> None:
    python = tmp_path / "python3"
    python.write_text(NO_ENSUREPIP.format(python=sys.executable))
    python.chmod(0o700)
    done = made(tmp_path, root, str(python))
    assert done.returncode == 2
    assert "on Debian and Ubuntu: sudo apt install python3-venv" in done.stdout
    assert not (tmp_path / ".venv").exists()
