"""The pages for people: their links lead somewhere, what they name exists, their example runs."""

import contextlib
import importlib.util
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LONGEST_LINE = 120

each_page = pytest.mark.parametrize(
    "page", PAGES, ids=[path.relative_to(ROOT).as_posix() for path in PAGES]
)

_CODE = re.compile(r"(?ms)^ *```.*?^ *```$")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ROOMS = re.compile(r"`((?:core|workers|web|tests|benchmarks|docs)/[\w./-]+)`")
_NAMES_WHAT_IS_NOT_THERE = ("CONTRIBUTING.md", "CHANGELOG.md")
_MODULE = re.compile(r"python -m ([\w.]+\w)")
_TARGET = re.compile(r"(?m)(?:^|`)make ([a-z-]+)")


def prose(page: Path) -> str:
    """Text of a page without its blocks of code."""
    return _CODE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.+)$", prose(page))
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


@each_page
def test_links_lead_to_a_page_and_a_heading_that_exist(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_page
def test_files_and_folders_that_a_page_names_exist(page: Path) -> None:
    if page.name in _NAMES_WHAT_IS_NOT_THERE:
        pytest.skip("recipes name files to be written, the change log files that have gone")
    for path in _ROOMS.findall(prose(page)):
        assert (ROOT / path).exists(), path


@each_page
def test_modules_that_a_page_runs_exist(page: Path) -> None:
    for module in _MODULE.findall(page.read_text(encoding="utf-8")):
        assert importlib.util.find_spec(module) is not None, module


@each_page
def test_targets_that_a_page_makes_exist(page: Path) -> None:
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert set(_TARGET.findall(page.read_text(encoding="utf-8"))) <= set(targets)


@each_page
def test_lines_outside_tables_and_code_are_short(page: Path) -> None:
    for line in prose(page).splitlines():
        assert len(line) <= LONGEST_LINE or line.lstrip().startswith("|"), line


def test_every_benchmark_in_the_readme_is_one() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"(?m)^\| `python -m benchmarks\.`.*\n(?:\|.*\n)+", readme)
    assert table
    rows = table[0].splitlines()[2:]
    named = [name for row in rows for name in re.findall(r"`(\w+)", row.split("|")[1])]
    assert len(named) == len(set(named)) > 0
    for name in named:
        text = (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
        assert '__name__ == "__main__"' in text, name


def test_the_readmes_tree_of_the_house_is_the_tree() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = re.search(r"(?ms)^```\n(core/ .*?)^```$", readme)
    assert tree
    shown: dict[str, set[str]] = {}
    wing = ""
    for indent, folder in re.findall(r"(?m)^( *)(\w+)/ ", tree[1]):
        if indent:
            shown[wing].add(folder)
        else:
            wing = folder
            shown[wing] = set()
    for name in ("core", "workers"):
        assert shown[name] == {path.parent.name for path in (ROOT / name).glob("*/__init__.py")}
    for name, folders in shown.items():
        assert all((ROOT / name / folder).is_dir() for folder in folders), name


@pytest.mark.slow
def test_the_python_example_prints_what_its_comment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "lineups.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?ms)^```python\n(.*?)^```$", page)
    monkeypatch.chdir(ROOT)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "docs/lineups.md", "exec"), {})  # noqa: S102
    expected = re.search(r"# .*: ([\d.]+ [\d.]+)$", example, re.MULTILINE)
    assert expected
    assert printed.getvalue().splitlines()[0] == expected[1]
