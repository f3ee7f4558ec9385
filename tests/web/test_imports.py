"""The modules that may import each other inside ``web``."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"


@pytest.mark.slow
@pytest.mark.parametrize("room", ["web.requests", "web.schemas.optimize", "web.schemas.results"])
def test_requests_and_their_schemas_know_no_flask(room: str) -> None:
    code = f"import sys, {room}; print([m for m in ('flask', 'werkzeug') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_requests_take_what_they_need_as_arguments() -> None:
    asks = re.compile(r"import\s.*current_app|from (?:web\.(?:services|api)|flask)\b")
    for path in (WEB / "requests").glob("*.py"):
        assert not asks.search(path.read_text(encoding="utf-8")), path
