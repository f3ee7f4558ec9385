"""The parts of an answer that must stay the same, and the differences of two answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CLOCK = frozenset(
    {
        # of this run alone
        "run_id",
        "created_at",
        "started_at",
        "ended_at",
        "timings",
        "seconds",
        # differs between revisions
        "version",
        # these depend on other jobs, and on the moment at which a job failed
        "scenario_cache",
        "progress",
        # where files of this run lie
        "files",
        # a hash of how a slate is stored, not of what it says
        "slate_id",
    }
)
"""Keys whose values differ between two runs of one revision, or name the revision."""

PROSE = frozenset(
    {
        "notes",
        "warnings",
        "detail",
        "title",
        "reason",
        "errors",
        "limits",
        "graded",
        "ownership_source",
        "payouts_label",
        "stage",
    }
)
"""Keys of sentences: whether they are there is compared, and how many, not what they say."""


SPELT = frozenset({"site"})
"""Keys of names compared without regard to case: a slate's site was ``DraftKings`` once."""


def normalised(document: Any) -> Any:
    """A document without its clock keys, each sentence under a prose key replaced by a mark."""
    if isinstance(document, dict):
        return {
            key: _marked(value) if key in PROSE else _spelt(key, normalised(value))
            for key, value in document.items()
            if key not in CLOCK
        }
    if isinstance(document, list):
        return [normalised(value) for value in document]
    return document


def _spelt(key: str, value: Any) -> Any:
    return value.casefold() if key in SPELT and isinstance(value, str) else value


def _marked(prose: Any) -> Any:
    if isinstance(prose, str):
        return "(text)" if prose else ""
    if isinstance(prose, dict):
        return {key: _marked(part) for key, part in prose.items()}
    if isinstance(prose, list):
        return [_marked(part) for part in prose]
    return prose


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers differ; each entry begins with the key's path.

    Parameters
    ----------
    vanished, changed
        What must not be.
    new
        Keys that only the later answer has.
    """

    vanished: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.vanished or self.changed)

    def __str__(self) -> str:
        parts = {"vanished": self.vanished, "changed": self.changed, "new (allowed)": self.new}
        return "\n".join(
            f"{name}: {len(paths)}\n" + "\n".join(f"  {path}" for path in _shortened(paths))
            for name, paths in parts.items()
            if paths
        )


def _shortened(paths: list[str], most: int = 25) -> list[str]:
    rest = len(paths) - most
    return paths if rest <= 0 else [*paths[:most], f".. and {rest} more"]


def difference(base: Any, head: Any) -> Difference:
    """Where the later answer lacks, changes or adds something; numbers are compared by ``repr``."""
    found = Difference()
    for kind, path in _walk(base, head, ""):
        getattr(found, kind).append(path)
    return found


def _walk(base: Any, head: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(base, dict) and isinstance(head, dict):
        for key in base:
            where = f"{path}.{key}" if path else key
            if key in head:
                yield from _walk(base[key], head[key], where)
            else:
                yield "vanished", where
        yield from (("new", f"{path}.{key}" if path else key) for key in head if key not in base)
    elif isinstance(base, list) and isinstance(head, list) and len(base) == len(head):
        for index, (before, after) in enumerate(zip(base, head, strict=True)):
            yield from _walk(before, after, f"{path}[{index}]")
    elif isinstance(base, list) and isinstance(head, list):
        yield "changed", f"{path}: {len(base)} entries, now {len(head)}"
    elif isinstance(base, str) and isinstance(head, str) and "\n" in base:
        # the text of a file
        yield from _lines(base.split("\n"), head.split("\n"), path)
    elif type(base) is not type(head) or repr(base) != repr(head):
        yield "changed", f"{path}: {repr(base)[:120]}, now {repr(head)[:120]}"


def _lines(base: list[str], head: list[str], path: str) -> Iterator[tuple[str, str]]:
    if len(base) != len(head):
        yield "changed", f"{path}: {len(base)} lines, now {len(head)}"
    for number, (before, after) in enumerate(zip(base, head, strict=False), start=1):
        if before != after:
            yield "changed", f"{path} line {number}: {before[:120]!r}, now {after[:120]!r}"
