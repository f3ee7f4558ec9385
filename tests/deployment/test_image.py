"""The Dockerfile without Docker: hadolint, and checks of this project's own."""

import json
import os
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def instructions(root: Path) -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines put together."""
    text = (root / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line.strip()]


def of(instructions: list[tuple[str, str]], kind: str) -> list[str]:
    return [said for name, said in instructions if name == kind]


def test_hadolint_finds_nothing(root: Path, tmp_path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("there is no hadolint for this platform")
    command = [str(hadolint), "--no-color", "--failure-threshold", "style"]
    file = root / "Dockerfile"
    done = subprocess.run([*command, str(file)], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(file.read_text(encoding="utf-8").replace("3.12.12-slim-bookworm", "latest"))
    assert subprocess.run([*command, str(wrong)], check=False, capture_output=True).returncode


def test_both_stages_stand_on_the_same_pinned_release(
    instructions: list[tuple[str, str]], root: Path
) -> None:
    bases = {said.split(" ")[0] for said in of(instructions, "FROM")}
    assert len(bases) == 1
    found = re.fullmatch(r"python:(\d+)\.(\d+)\.\d+-slim-[a-z]+", bases.pop())
    assert found
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = re.fullmatch(r">=(\d+)\.(\d+)", project["requires-python"])
    assert oldest
    assert (int(found[1]), int(found[2])) >= (int(oldest[1]), int(oldest[2]))


def test_nothing_is_fetched_or_unpacked_unseen(instructions: list[tuple[str, str]]) -> None:
    assert not of(instructions, "ADD")
    for command in of(instructions, "RUN"):
        assert not re.search(r"\b(curl|wget|git|sudo)\b", command)


def test_it_does_not_run_as_root(instructions: list[tuple[str, str]]) -> None:
    users = of(instructions, "USER")
    assert users
    assert int(users[-1]) >= 10_000
    made = next(said for said in of(instructions, "RUN") if "useradd" in said)
    assert f"--uid {users[-1]} " in made


def test_a_change_of_our_code_installs_no_library_anew(
    instructions: list[tuple[str, str]], root: Path
) -> None:
    steps = [f"{name} {said}" for name, said in instructions]
    libraries = next(i for i, step in enumerate(steps) if "--constraint constraints.txt" in step)
    rooms = [i for i, step in enumerate(steps) if re.match(r"COPY (core|workers|web) ", step)]
    own = next(i for i, step in enumerate(steps) if "--no-deps ." in step)
    assert libraries < min(rooms)
    assert max(rooms) < own
    # the stand-ins that let the libraries be installed must not end up in the image
    assert "rm -rf core workers web build" in steps[libraries]
    assert all("--no-cache-dir" in step for step in steps if "pip install" in step)
    packages = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    found = packages["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {f"{step.split()[1]}*" for step in steps if step.startswith("COPY ")} >= set(found)


def test_what_it_copies_is_let_in_and_secrets_are_not(
    instructions: list[tuple[str, str]], root: Path
) -> None:
    rules = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()

    def let_in(path: str) -> bool:
        allowed = True
        for rule in rules:
            if fnmatch(path, rule.removeprefix("!")):
                allowed = rule.startswith("!")
        return allowed

    for said in of(instructions, "COPY"):
        if not said.startswith("--from"):
            for name in said.split(" ")[:-1]:
                assert let_in(name), name
                assert (root / name).exists(), name
    for secret in (".env", ".git", ".venv", "out"):
        assert not let_in(secret)


def test_the_image_by_itself_is_the_api(
    instructions: list[tuple[str, str]], services: dict[str, dict[str, Any]]
) -> None:
    (command,) = of(instructions, "CMD")
    # exec form, so that the process itself gets the signals
    assert json.loads(command) == services["web"]["command"]
    assert of(instructions, "EXPOSE") == ["8000"]


def test_compiled_code_is_brought_to_where_it_can_be_added_to(
    instructions: list[tuple[str, str]], services: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    cache = re.search(r"NUMBA_CACHE_DIR=(\S+)", " ".join(of(instructions, "ENV")))
    assert cache
    for name in ("web", "worker", "flower"):
        assert str(Path(cache[1]).parent) in services[name]["tmpfs"]
    # the entry point as it stands, but for the folder that only an image has
    (entry,) = of(instructions, "ENTRYPOINT")
    filled, target = tmp_path / "filled", tmp_path / "compiled"
    filled.mkdir()
    (filled / "kernel.nbi").write_text("compiled")
    command = [part.replace("/var/cache/axiomatic", str(filled)) for part in json.loads(entry)]
    done = subprocess.run(
        [*command, "echo", "the command's", "own words"],
        env={**os.environ, "NUMBA_CACHE_DIR": str(target)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "the command's own words\n"
    assert (target / "kernel.nbi").read_text() == "compiled"
