"""The imports of the project, drawn: ``python -m tests.structure.imports``.

A folder's children (its files and its folders) stand in layers: one that imports no other child of
the folder is in layer 1, every other one a layer above the highest it imports. Imports inside
functions count; those that only a type checker sees do not.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "workers", "web")

Graph = Mapping[str, frozenset[str]]


def modules(packages: tuple[str, ...] = PACKAGES) -> dict[str, Path]:
    """Every module of the packages by its dotted name; a package is its ``__init__``."""
    by_name = {}
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            by_name[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return by_name


def _imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names that a module imports, those for type checkers left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for branch in node.orelse:
                yield from _imported(branch)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from _imported(node)


def imports(packages: tuple[str, ...] = PACKAGES) -> Graph:
    """The modules that each module imports.

    ``from folder import name`` is an import of the module ``folder.name`` where there is one,
    and of the folder itself otherwise.
    """
    known = modules(packages)
    graph = {}
    for name, path in known.items():
        named = set(_imported(ast.parse(path.read_text(encoding="utf-8"))))
        own = {each for each in named if each in known and each != name}
        # `from folder import module` is an import of the module
        packages = {each.rpartition(".")[0] for each in own}
        bare = {each for each in own if each in packages and not _names_of(path, each, known)}
        graph[name] = frozenset(own - bare)
    return graph


def _names_of(path: Path, folder: str, known: Mapping[str, Path]) -> bool:
    """Whether a module imports from a folder anything that is not one of its modules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == folder:
            if any(f"{folder}.{alias.name}" not in known for alias in node.names):
                return True
        elif isinstance(node, ast.Import) and any(alias.name == folder for alias in node.names):
            return True
    return False


def children(folder: str, graph: Graph) -> dict[str, frozenset[str]]:
    """The children of a folder, and which of the others each imports.

    Its ``__init__`` is its public face, not one of its children.
    """
    depth = folder.count(".") + 1

    def child(module: str) -> str | None:
        return module.split(".")[depth] if module.startswith(f"{folder}.") else None

    drawn: dict[str, set[str]] = {}
    for module, others in graph.items():
        mine = child(module)
        if mine is None:
            continue
        arrows = drawn.setdefault(mine, set())
        arrows |= {each for each in map(child, others) if each not in {None, mine}}  # type: ignore[misc]
    return {name: frozenset(arrows) for name, arrows in sorted(drawn.items())}


def circle(graph: Graph) -> list[str]:
    """Names that import each other in a circle, in its order; empty where there is none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done or name not in graph:
            return []
        path.append(name)
        for other in sorted(graph[name]):
            if round_trip := visit(other):
                return round_trip
        path.pop()
        done.add(name)
        return []

    for name in graph:
        if round_trip := visit(name):
            return round_trip
    return []


def layers(graph: Graph) -> list[list[str]]:
    """The names in their layers, the lowest first.

    Raises
    ------
    ValueError
        The names import each other in a circle.
    """
    if round_trip := circle(graph):
        raise ValueError(" -> ".join([*round_trip, round_trip[0]]))
    height: dict[str, int] = {}

    def at(name: str) -> int:
        if name not in height:
            height[name] = 1 + max(
                (at(other) for other in graph[name] if other in graph), default=0
            )
        return height[name]

    top = max(map(at, graph), default=0)
    return [sorted(name for name in graph if height[name] == each) for each in range(1, top + 1)]


def folders(packages: tuple[str, ...] = PACKAGES) -> list[str]:
    """The dotted names of all folders."""
    return [name for name, path in modules(packages).items() if path.name == "__init__.py"]


def main() -> None:
    """Print every folder's layers, the highest first, and how many it has."""
    graph = imports()
    for folder in folders():
        drawn = layers(children(folder, graph))
        sys.stdout.write(f"{folder}: {len(drawn)} layers\n")
        for number, names in reversed(list(enumerate(drawn, 1))):
            sys.stdout.write(f"  {number}  {', '.join(names)}\n")


if __name__ == "__main__":
    main()
