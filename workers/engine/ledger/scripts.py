"""The ledger's Lua scripts, each preceded by the functions that all of them share."""

from functools import cache, cached_property
from importlib import resources

from redis import Redis
from redis.commands.core import Script

_EVEN_IF_FULL = "#!lua flags=allow-oom"
_TAKES_ROOM = {"begin", "put"}
_SHARED = "_shared.lua"


def _read(name: str) -> str:
    return (resources.files("workers.engine.ledger") / name).read_text(encoding="utf-8")


@cache
def source(name: str) -> str:
    """A script's source, the shared functions included."""
    return f"{_read(_SHARED)}\n{_read(f'{name}.lua')}"


class Scripts:
    """The scripts of one Redis; they are loaded again if it has forgotten them.

    Parameters
    ----------
    redis
        Where they run.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._known: dict[str, Script] = {}

    @cached_property
    def _major(self) -> int:
        return int(str(self._redis.info("server")["redis_version"]).partition(".")[0])

    def run(self, name: str, *arguments: str | bytes | int | float) -> object:
        """Run a script; returns its reply."""
        if name not in self._known:
            text = source(name)
            # a full Redis must still let jobs end; before version 7 it judges each command alone
            if name not in _TAKES_ROOM and self._major >= 7:
                text = f"{_EVEN_IF_FULL}\n{text}"
            self._known[name] = self._redis.register_script(text)
        return self._known[name](args=arguments)
