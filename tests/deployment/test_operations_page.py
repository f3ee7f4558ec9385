"""docs/operations.md says what the code does: its variables, defaults and commands."""

import re
import subprocess
from pathlib import Path

import pytest

from workers.installation.environment import FLOWER_VARIABLES, VARIABLES

OURS = {variable.name: variable for variable in (*VARIABLES, *FLOWER_VARIABLES)}


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table(page: str) -> dict[str, tuple[str, str]]:
    """Default and meaning by variable, from every table of variables on the page."""
    rows = re.findall(r"(?m)^\| `([A-Z][A-Z0-9_]+)` \| (?:`([^`]*)`)? ?\| (.+) \|$", page)
    assert len({name for name, _, _ in rows}) == len(rows)
    return {name: (default, meaning) for name, default, meaning in rows}


def test_the_table_has_what_the_code_reads_name_by_name(
    table: dict[str, tuple[str, str]], compose_variables: dict[str, str | None]
) -> None:
    assert set(table) == set(OURS) | set(compose_variables)
    for name, variable in OURS.items():
        assert table[name] == (variable.default, variable.meaning), name
    for name, default in compose_variables.items():
        assert table[name][0] == (default or ""), name


def test_no_other_variable_of_ours_is_mentioned(page: str, root: Path) -> None:
    for text in (page, (root / "README.md").read_text(encoding="utf-8")):
        named = set(re.findall(r"\b(?:AXIOMATIC|FLOWER)_[A-Z0-9_]*[A-Z0-9]\b", text))
        assert named - set(OURS) <= {"FLOWER_READ_ONLY"}


def test_its_first_step_is_the_one_of_the_compose_file(page: str, root: Path) -> None:
    lines = (root / "docker-compose.yml").read_text(encoding="utf-8").splitlines()[:2]
    first = " ".join(line.removeprefix("# ").removeprefix("Once:").strip() for line in lines)
    shown = re.search(r"```\n(printf .*?)```", page, re.DOTALL)
    assert shown
    assert " ".join(shown[1].split()) == " ".join(first.split())


def test_its_example_loop_is_shell(page: str) -> None:
    script = re.search(r"```sh\n(.*?)```", page, re.DOTALL)
    assert script
    subprocess.run(["sh", "-n"], input=script[1], check=True, text=True)


def test_its_links_lead_somewhere(page: str) -> None:
    headings = re.findall(r"(?m)^#+ (.+)$", page)
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
    }
    for anchor in re.findall(r"\]\(#([^)]+)\)", page):
        assert anchor in anchors, anchor
