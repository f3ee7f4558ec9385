"""The files an installation is started from, read as the programs that start it read them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]

SECRETS = {"AXIOMATIC_REDIS_PASSWORD": "0a1b2c3d", "FLOWER_BASIC_AUTH": "axiomatic:4e5f"}

_VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?:(:-|:\?)([^}]*))?\})")

Compose = Callable[[Mapping[str, str]], dict[str, Any]]


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """A text as compose substitutes it: ``$$``, ``${A}``, ``${A:-default}``, ``${A:?error}``."""

    def value(match: re.Match[str]) -> str:
        name, kind, other = match.groups()
        if name is None:
            return "$"
        if environment.get(name):
            return environment[name]
        if kind == ":?":
            raise LookupError(f"{name}: {other}")
        return other or ""

    return _VARIABLE.sub(value, text)


def _interpolated(node: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _interpolated(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [_interpolated(value, environment) for value in node]
    return interpolate(node, environment) if isinstance(node, str) else node


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def secrets() -> dict[str, str]:
    """What must be set before compose starts anything."""
    return dict(SECRETS)


@pytest.fixture(scope="session")
def compose() -> Compose:
    """docker-compose.yml as compose reads it under an environment."""
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return lambda environment: dict(_interpolated(document, environment))


@pytest.fixture(scope="session")
def services(compose: Compose) -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml with nothing set but the secrets."""
    return dict(compose(SECRETS)["services"])


@pytest.fixture(scope="session")
def compose_variables() -> dict[str, str | None]:
    """The variables of docker-compose.yml and their defaults, ``None`` where there is none."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    defaults: dict[str, set[str | None]] = {}
    for name, kind, other in _VARIABLE.findall(text):
        if name:
            defaults.setdefault(name, set()).add(other if kind == ":-" else None)
    assert all(len(texts) == 1 for texts in defaults.values()), defaults
    return {name: texts.pop() for name, texts in defaults.items()}


@pytest.fixture(scope="session")
def procfile() -> dict[str, str]:
    """The lines of the Procfile by process."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if line)
