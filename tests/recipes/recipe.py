"""The recipes of CONTRIBUTING.md: their blocks as text, and what applies them to a tree."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"

_COUNTS = re.compile(r"\*\*(\d+) files: (\d+) new, (\d+) changed\.\*\*")
_BLOCK = re.compile(r"(?ms)^`([\w./]+)` \((new|change)\): [^`].*?\n\n```(python|diff)\n(.*?)^```$")
_CODE = re.compile(r"(?m)^```\w+$")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a recipe.

    Parameters
    ----------
    path
        The file it belongs to.
    is_new
        Whether the block is all of a new file; else it is a change to one.
    text
        What stands in it.
    """

    path: str
    is_new: bool
    text: str

    def apply(self, tree: Path) -> None:
        """Write the block's file, or change it, in a tree.

        Raises
        ------
        ValueError
            A new file exists already, or the lines that show where a change belongs do not stand
            in the file exactly once.
        """
        path = tree / self.path
        if self.is_new:
            if path.exists():
                raise ValueError(f"{self.path} is new in the recipe, and exists")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        for hunk in self.text.split("@@\n"):
            before, after = (_side(hunk, other) for other in "+-")
            if text.count(before) != 1:
                raise ValueError(f"{self.path} holds {text.count(before)} times:\n{before}")
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")


def _side(hunk: str, other: str) -> str:
    """A hunk's lines without those of the other side."""
    return "".join(f"{line[1:]}\n" for line in hunk.splitlines() if not line.startswith(other))


@dataclass(frozen=True, slots=True)
class Recipe:
    """One recipe.

    Parameters
    ----------
    title
        Its heading.
    stated
        The numbers of files that its text states: all, new, changed.
    blocks
        Its blocks, in order.
    """

    title: str
    stated: tuple[int, int, int]
    blocks: tuple[Block, ...]

    def counted(self) -> tuple[int, int, int]:
        """The numbers of files of its blocks: all, new, changed."""
        new = {block.path for block in self.blocks if block.is_new}
        changed = {block.path for block in self.blocks if not block.is_new}
        return len(new | changed), len(new), len(changed)

    def tests(self) -> list[str]:
        """The files of tests that it adds."""
        return [block.path for block in self.blocks if block.path.startswith("tests/")]


def read_recipes() -> dict[str, Recipe]:
    """Every recipe of the page, by its heading.

    Raises
    ------
    ValueError
        A recipe does not state its files once, or has code that no caption gives to a file.
    """
    _, _, chapter = PAGE.read_text(encoding="utf-8").partition("\n## Recipes\n")
    recipes = {}
    for section in chapter.split("\n### ")[1:]:
        title, _, body = section.partition("\n")
        counts = _COUNTS.findall(body)
        blocks = tuple(
            Block(path, kind == "new", text) for path, kind, _, text in _BLOCK.findall(body)
        )
        if len(counts) != 1:
            raise ValueError(f"{title!r} states its files {len(counts)} times")
        if len(blocks) != len(_CODE.findall(body)):
            raise ValueError(f"{title!r} has code that belongs to no file")
        every, new, changed = map(int, counts[0])
        recipes[title] = Recipe(title, (every, new, changed), blocks)
    return recipes
