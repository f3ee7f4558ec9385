"""The room at the bottom imports no other room."""

import re
from pathlib import Path

import pytest

SITES = Path(__file__).parents[3] / "core" / "sites"
# modules of core that belong to no room
BELOW = {"amounts", "errors", "sites", "tables", "text", "wording"}
FOLDERS = [path.parent for path in sorted(SITES.glob("*/__init__.py"))]


@pytest.mark.parametrize("path", sorted(SITES.rglob("*.py")), ids=lambda path: path.stem)
def test_a_site_imports_no_other_room(path):
    imports = re.findall(r"^\s*(?:from|import)\s+core\.(\w+)", path.read_text(), re.MULTILINE)
    assert set(imports) <= BELOW


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_site_imports_no_other_site(folder):
    others = {other.name for other in FOLDERS} - {folder.name}
    for path in folder.glob("*.py"):
        imports = re.findall(r"core\.sites\.(\w+)", path.read_text())
        assert not others & set(imports), path
