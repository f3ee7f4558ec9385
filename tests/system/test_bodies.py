"""Bodies that are dear to read are refused before they are read, each with a short answer."""

import json
from collections.abc import Iterator

import httpx
import pytest

from benchmarks.bad_bodies import KINDS, PATHS, body
from tests.system.served import served
from tests.system.test_bad_input import contest_sim, optimize
from workers.installation.settings import Settings

REFUSALS = {400, 404, 413, 415, 422}


@pytest.fixture(scope="module")
def api(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    log = tmp_path_factory.mktemp("web") / "api.log"
    with (
        served(settings.redis_url, log) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        yield client


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.rpartition("/")[2])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mib", [1, 4])
def test_a_bad_body_is_refused_in_few_words(
    api: httpx.Client, kind: str, path: str, mib: int
) -> None:
    content, media = body(kind, path, mib * 1024 * 1024)
    reply = api.post(path, content=content, headers={"Content-Type": media})
    assert reply.status_code in REFUSALS, reply.text[:500]
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert len(reply.content) < 10_000


def refused(api: httpx.Client, path: str, content: bytes) -> tuple[int, str]:
    reply = api.post(path, content=content, headers={"Content-Type": "application/json"})
    return reply.status_code, reply.text


def test_only_scores_may_be_large_and_the_refusal_names_the_limit(api: httpx.Client) -> None:
    large = b" " * 3_000_000
    status, said = refused(api, "/api/v1/optimize", json.dumps(optimize()).encode() + large)
    assert status == 413
    assert "a request may have 2 MiB" in said
    status, said = refused(api, "/api/v1/contest-sim", json.dumps(contest_sim()).encode() + large)
    assert status == 413
    assert "a request with scenario_driver_scores more" in said


def test_a_large_matrix_of_scores_is_read(api: httpx.Client) -> None:
    scores = [[12.345678901234567] * 14] * 10_000
    request = contest_sim(scenario_driver_scores=scores)
    del request["scenario_config"]
    content = json.dumps(request).encode()
    assert len(content) > 2 * 1024 * 1024
    reply = api.post(
        "/api/v1/contest-sim", content=content, headers={"Content-Type": "application/json"}
    )
    assert reply.status_code == 202, reply.text
    assert api.delete(reply.headers["Location"]).is_success


@pytest.mark.parametrize(
    ("request_", "field", "said"),
    [
        (optimize(locks=["a"] * 1_000), "locks", "1,000 items; give 200 at most"),
        (optimize(drivers=[{}] * 60), "drivers", "60 drivers; give 6 to 50"),
        (optimize(matchups=[{}] * 501), "matchups", "501 matchups; give 0 to 500"),
        (
            optimize(max_driver_exposure={f"k{n}": 1 for n in range(300)}),
            "max_driver_exposure",
            "300 keys; give 200 at most",
        ),
        (optimize(n_lineups=[[1] * 100]), "n_lineups", "a list is no whole number"),
        (optimize(random_seed={"a": 1}), "random_seed", "an object is no whole number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lengths_are_counted_before_elements_are_read(
    api: httpx.Client, request_: object, field: str, said: str
) -> None:
    reply = api.post("/api/v1/optimize", json=request_)
    assert reply.status_code == 422
    assert list(reply.json()["errors"]) == [field]
    assert said in reply.json()["errors"][field][0]


def test_a_key_that_stands_twice_is_refused(api: httpx.Client) -> None:
    status, said = refused(api, "/api/v1/optimize", b'{"n_lineups": 1, "n_lineups": 2}')
    assert status == 400
    assert "n_lineups" in said


def test_a_name_that_is_a_formula_is_refused_in_json_as_in_files(api: httpx.Client) -> None:
    request = optimize()
    request["drivers"][0]["name"] = '=HYPERLINK("x")'
    request["drivers"][1]["team"] = "a\x1b[2J"
    errors = api.post("/api/v1/optimize", json=request).json()["errors"]
    assert "begins with =" in errors["drivers.0.name"][0]
    assert "U+001B" in errors["drivers.1.team"][0]
