"""Imports go one way, nowhere in a circle, and no folder has too many layers."""

import pytest

from tests.structure.imports import PACKAGES, children, folders, imports, layers

MOST_LAYERS = 8

GRAPH = imports()

GROUND = {
    "amounts",
    "cancelling",
    "compiled",
    "errors",
    "kept_code",
    "randomness",
    "tables",
    "text",
    "wording",
}
"""Modules of core that every folder may import."""

CORE = {
    "sites": set(),
    "slate": {"sites"},
    "race": {"sites", "slate"},
    "history": {"sites", "slate", "race"},
    "lineups": {"sites", "slate"},
    "field": {"sites", "slate"},
    "contest": {"sites", "slate", "field"},
    "portfolio": {"sites", "slate", "lineups", "field", "contest"},
}
"""The folders of core, and which others each may import."""

WORKERS = {
    "engine": set(),
    "plans": {"engine"},
    "installation": {"engine"},
    "app": {"engine", "plans", "installation"},
}
"""The folders of workers, and which others each may import."""


@pytest.mark.parametrize(
    ("package", "below"), [("core", set()), ("workers", {"core"}), ("web", {"core", "workers"})]
)
def test_packages_import_downwards(package: str, below: set[str]) -> None:
    for module, others in GRAPH.items():
        if module.split(".")[0] == package:
            assert {other.split(".")[0] for other in others} <= below | {package}, module


@pytest.mark.parametrize("folder", CORE)
def test_a_folder_of_core_imports_only_those_before_it(folder: str) -> None:
    assert children("core", GRAPH)[folder] <= CORE[folder] | GROUND


@pytest.mark.parametrize("folder", WORKERS)
def test_a_folder_of_workers_imports_only_what_it_may(folder: str) -> None:
    assert children("workers", GRAPH)[folder] <= WORKERS[folder]


def test_every_folder_has_its_rule() -> None:
    assert set(children("core", GRAPH)) == set(CORE) | GROUND
    assert set(children("workers", GRAPH)) == set(WORKERS)


@pytest.mark.parametrize("folder", folders())
def test_no_folder_has_a_circle_or_too_many_layers(folder: str) -> None:
    # layers() refuses a circle
    assert len(layers(children(folder, GRAPH))) <= MOST_LAYERS


def test_no_module_imports_itself_in_a_circle() -> None:
    layers(GRAPH)


def test_imports_are_found_at_all() -> None:
    assert {module.split(".")[0] for module in GRAPH} == set(PACKAGES)
    assert "workers.engine.tasks" in GRAPH["workers.engine.reaper"]
    assert "core.slate.drivers" in GRAPH["core.race.kernel"]


def test_a_circle_is_found() -> None:
    made_up = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"a"})}
    with pytest.raises(ValueError, match="a -> b -> c -> a"):
        layers(made_up)


def test_layers_are_counted_from_the_lowest() -> None:
    made_up = {"a": frozenset({"b", "c"}), "b": frozenset({"c"}), "c": frozenset[str]()}
    assert layers(made_up) == [["c"], ["b"], ["a"]]
