"""Which definitions of a package other code reaches, read off the source without running it.

Everything in the outer packages is reached. A function, class or constant of the inner package is
reached if reached code reads its name, through any number of imports. A method of a reached class
is reached if reached code reads its name as an attribute or has it as a string; of which object is
not known, so a method that nothing calls passes where another of its name is called.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Definition = tuple[str, str]  # module, name


@dataclass
class Module:
    """A module's top level: definitions by name, imports by name, and other statements."""

    defined: dict[str, list[ast.stmt]] = field(default_factory=lambda: defaultdict(list))
    imported: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    loose: list[ast.stmt] = field(default_factory=list)


def read_modules(root: Path, packages: Iterable[str]) -> dict[str, Module]:
    """Modules of the packages under ``root`` by their dotted names."""
    trees = {}
    for package in packages:
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return {name: _module(tree, trees) for name, tree in trees.items()}


def _module(tree: ast.Module, names: Iterable[str]) -> Module:
    module = Module()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                whole = full in names
                target = (full, None) if whole else (node.module, alias.name)
                module.imported[alias.asname or alias.name] = target
        elif isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                module.imported[alias.asname or first] = (
                    alias.name if alias.asname else first,
                    None,
                )
    for statement in tree.body:
        named = list(_names_of(statement))
        for name in named:
            module.defined[name].append(statement)
        if not named and not isinstance(statement, ast.Import | ast.ImportFrom):
            module.loose.append(statement)
    return module


def _names_of(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


class Reach:
    """What the outer packages reach.

    Attributes
    ----------
    definitions
        Reached definitions, as module and name.
    methods
        Reached methods, as module, class and name.
    """

    def __init__(self, root: Path, outer: Sequence[str], inner: str) -> None:
        self.inner = inner
        self.modules = read_modules(root, [*outer, inner])
        self.definitions: set[Definition] = set()
        self.methods: set[tuple[str, str, str]] = set()
        self._attributes: set[str] = set()
        self._waiting: dict[str, list[tuple[str, str, ast.FunctionDef]]] = defaultdict(list)
        self._queue: list[Definition] = []
        for name, module in self.modules.items():
            if not self._is_inner(name):
                for defined in module.defined:
                    self._reach((name, defined))
                for statement in module.loose:
                    self._read(name, statement)
        while self._queue:
            self._open(*self._queue.pop())

    def unreached(self) -> list[str]:
        """Functions, classes and methods of the inner package that nothing reaches, by name."""
        missing = []
        for name, module in self.modules.items():
            for defined, statements in module.defined.items():
                statement = statements[0]
                if not self._is_inner(name) or defined.startswith("__"):
                    continue
                if (name, defined) not in self.definitions:
                    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                        missing.append(f"{name}.{defined}")
                elif isinstance(statement, ast.ClassDef):
                    missing += [
                        f"{name}.{defined}.{part.name}"
                        for part in statement.body
                        if isinstance(part, ast.FunctionDef)
                        and (name, defined, part.name) not in self.methods
                    ]
        return sorted(missing)

    def find(self, module: str, name: str) -> Definition | None:
        """Where a name of a module is defined, followed through imports; ``None`` if it is not."""
        while module in self.modules:
            here = self.modules[module]
            if name in here.defined:
                return module, name
            if name not in here.imported:
                return None
            module, imported = here.imported[name]
            if imported is None:
                return None
            name = imported
        return None

    def _is_inner(self, module: str) -> bool:
        return module.split(".", maxsplit=1)[0] == self.inner

    def _reach(self, definition: Definition | None) -> None:
        if definition is not None and definition not in self.definitions:
            self.definitions.add(definition)
            self._queue.append(definition)

    def _open(self, module: str, name: str) -> None:
        for statement in self.modules[module].defined[name]:
            if not isinstance(statement, ast.ClassDef):
                self._read(module, statement)
                continue
            for part in (*statement.decorator_list, *statement.bases, *statement.body):
                if not isinstance(part, ast.FunctionDef):
                    self._read(module, part)
                elif part.name.startswith("__") or part.name in self._attributes:
                    self._call(module, name, part)
                else:
                    self._waiting[part.name].append((module, name, part))

    def _call(self, module: str, name: str, method: ast.FunctionDef) -> None:
        if (module, name, method.name) not in self.methods:
            self.methods.add((module, name, method.name))
            self._read(module, method)

    def _read(self, module: str, code: ast.AST) -> None:
        for node in ast.walk(code):
            if isinstance(node, ast.Name):
                self._reach(self.find(module, node.id))
            elif isinstance(node, ast.Attribute):
                self._read_attribute(module, node)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._attribute(node.value)

    def _read_attribute(self, module: str, node: ast.Attribute) -> None:
        self._attribute(node.attr)
        if isinstance(node.value, ast.Name):
            imported, whole = self.modules[module].imported.get(node.value.id, ("", ""))
            if whole is None:
                self._reach(self.find(imported, node.attr))

    def _attribute(self, name: str) -> None:
        if name not in self._attributes:
            self._attributes.add(name)
            for method in self._waiting.pop(name, ()):
                self._call(*method)
