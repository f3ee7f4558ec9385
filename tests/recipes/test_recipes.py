"""Each recipe of CONTRIBUTING.md by itself: applied to a copy of the tree, and run there."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from core.field.estimators import METHODS, shipped_ownership_model
from tests.core.field.made_up_contests import made_up_slate
from tests.recipes.recipe import Block, Recipe, read_recipes

ROOT = Path(__file__).parents[2]
TreeOf = Callable[[str], Path]
COPIED = ("core", "workers", "web", "tests")

RECIPES = read_recipes()
OBJECTIVE, SITE = "An objective", "A site"
ESTIMATOR, FIELD = "An ownership estimator", "A request field"
OF_THEIR_KIND = {
    OBJECTIVE: ("tests/workers/plans/test_objectives.py", "tests/web/schemas"),
    SITE: ("tests/core/sites", "tests/core/slate/test_slate_sites.py"),
    ESTIMATOR: (
        "tests/core/field/test_field_estimator_registry.py",
        "tests/core/field/test_field_estimators.py",
    ),
    FIELD: ("tests/web/cli/test_request_options.py", "tests/web/requests"),
}
"""Tests that go through everything of a kind, so through what a recipe adds too."""

each_recipe = pytest.mark.parametrize("title", RECIPES)

FORECASTS = """
import json
from core.field.estimators import METHODS, shipped_ownership_model
from tests.core.field.made_up_contests import made_up_slate
model, slate = shipped_ownership_model(), made_up_slate(3)
forecasts = [model.set_params(ensemble_method=name).forecast(slate) for name in METHODS]
print(json.dumps([[each.percent.tolist(), each.std.tolist()] for each in forecasts]))
"""
HELP = "from web.cli.main import main; main(['run', '--help'])"
DOCUMENT = """
import json
from web.app import create_app
print(json.dumps(create_app().test_client().get("/openapi.json").json["components"]["schemas"]))
"""


@pytest.fixture(scope="session")
def tree_of(tmp_path_factory: pytest.TempPathFactory) -> TreeOf:
    """From a recipe's title to a copy of the tree with the recipe applied, made once.

    Times of files are kept, so that compiled code which lies beside them stays valid.
    """

    @cache
    def make(title: str) -> Path:
        tree = tmp_path_factory.mktemp("tree")
        for name in COPIED:
            shutil.copytree(ROOT / name, tree / name)
        shutil.copy2(ROOT / "pyproject.toml", tree)
        for block in RECIPES[title].blocks:
            block.apply(tree)
        return tree

    return make


def run(tree: Path, *command: str) -> str:
    """Standard output of a Python command in a tree, which must succeed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "COLUMNS": "120",
        "REDIS_URL": f"unix://{tree}/nowhere.sock",
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_a_recipe_for_each_of_four_things() -> None:
    assert set(RECIPES) == set(OF_THEIR_KIND)


@each_recipe
def test_a_recipe_touches_as_many_files_as_it_states(title: str) -> None:
    assert RECIPES[title].counted() == RECIPES[title].stated


@each_recipe
def test_the_copy_is_what_runs(tree_of: TreeOf, title: str) -> None:
    tree = tree_of(title)
    code = "import core, tests, web, workers; print(core.__file__, workers.__file__, web.__file__)"
    assert all(Path(path).is_relative_to(tree) for path in run(tree, "-c", code).split())


@each_recipe
def test_what_a_recipe_adds_is_written_as_the_linters_want_it(tree_of: TreeOf, title: str) -> None:
    paths = [block.path for block in RECIPES[title].blocks]
    run(tree_of(title), "-m", "ruff", "check", "--no-cache", *paths)
    run(tree_of(title), "-m", "ruff", "format", "--no-cache", "--check", *paths)


@each_recipe
def test_a_recipes_own_tests_pass_and_so_do_those_of_all_of_its_kind(
    tree_of: TreeOf, title: str
) -> None:
    own = RECIPES[title].tests()
    assert own
    run(tree_of(title), "-m", "pytest", "--fast", "-q", *own, *OF_THEIR_KIND[title])


@pytest.mark.parametrize(
    ("title", "option"),
    [(OBJECTIVE, "|floor]"), (SITE, "|podium]"), (FIELD, "--pool-per-lineup INTEGER")],
)
def test_the_command_line_has_what_a_recipe_adds(tree_of: TreeOf, title: str, option: str) -> None:
    assert option in run(tree_of(title), "-c", HELP)


@pytest.mark.parametrize(
    ("title", "name", "key", "value"),
    [
        (OBJECTIVE, "objective", "enum", "floor"),
        (OBJECTIVE, "objective", "description", "`floor`: The points that each driver reaches"),
        (SITE, "site", "enum", "podium"),
        (FIELD, "pool_per_lineup", "description", "Candidates that the portfolio is chosen from"),
    ],
)
def test_the_document_of_the_api_has_what_a_recipe_adds(
    tree_of: TreeOf, title: str, name: str, key: str, value: str
) -> None:
    schemas = json.loads(run(tree_of(title), "-c", DOCUMENT))
    assert value in schemas["Optimize"]["properties"][name][key]


def test_a_new_estimator_changes_no_forecast_of_the_shipped_model(tree_of: TreeOf) -> None:
    model, slate = shipped_ownership_model(), made_up_slate(3)
    forecasts = [model.set_params(ensemble_method=name).forecast(slate) for name in METHODS]
    here = [[each.percent.tolist(), each.std.tolist()] for each in forecasts]
    assert json.loads(run(tree_of(ESTIMATOR), "-c", FORECASTS)) == here


def test_a_block_that_does_not_fit_the_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "room.py").write_text("one = 1\ntwo = 2\ntwo = 2\n")
    for block, message in (
        (Block("room.py", is_new=True, text="one = 1\n"), "is new in the recipe, and exists"),
        (Block("room.py", is_new=False, text=" three = 3\n+four = 4\n"), "holds 0 times"),
        (Block("room.py", is_new=False, text="-two = 2\n"), "holds 2 times"),
    ):
        with pytest.raises(ValueError, match=message):
            block.apply(tmp_path)


def test_a_block_changes_what_it_shows_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "room.py").write_text("one = 1\n\ntwo = 2\n\nthree = 3\n")
    text = " one = 1\n\n-two = 2\n+two = 22\n@@\n three = 3\n+four = 4\n"
    Block("room.py", is_new=False, text=text).apply(tmp_path)
    assert (tmp_path / "room.py").read_text() == "one = 1\n\ntwo = 22\n\nthree = 3\nfour = 4\n"


def test_files_are_counted_once_however_many_blocks_they_have() -> None:
    blocks = (
        Block("core/one.py", is_new=True, text=""),
        Block("core/two.py", is_new=False, text=""),
        Block("core/two.py", is_new=False, text=""),
        Block("tests/test_one.py", is_new=True, text=""),
    )
    recipe = Recipe("A room", (3, 2, 1), blocks)
    assert recipe.counted() == (3, 2, 1)
    assert recipe.tests() == ["tests/test_one.py"]
