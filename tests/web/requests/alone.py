"""The sources of a request that refers to nothing outside itself."""

from core.errors import InvalidInput
from core.slate import Slate
from web.requests import Sources


def _none(slate_id: str) -> Slate:
    raise InvalidInput({"slate_id": f"no slate {slate_id} is stored."})


ALONE = Sources(stored_slate=_none)
