"""What every request passes before a view sees it; over the application and over a real socket."""

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.system.served import served
from tests.system.test_jobs_over_http import asked, salary_file, upload
from web.accounts import OPEN_USER, Accounts
from web.app import create_app
from web.gate.binding import require_users
from workers.installation.settings import Settings


def signed(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def slate_of(client: FlaskClient, key: str) -> str:
    """The id of a slate that a user uploads."""
    form = {"salaries": (io.BytesIO(salary_file()), "DKSalaries.csv"), "track_id": "Phoenix"}
    return str(client.post("/api/v1/slates", data=form, headers=signed(key)).json["slate_id"])


def test_without_users_everybody_of_this_machine_is_one_caller(
    client: FlaskClient, accounts: Accounts
) -> None:
    assert not accounts.exist()
    slate_id = upload(client)["slate_id"]
    assert slate_id in {each["slate_id"] for each in client.get("/api/v1/slates").json["slates"]}


def test_as_soon_as_there_is_a_user_every_request_needs_a_key(
    client: FlaskClient, accounts: Accounts
) -> None:
    _, key = accounts.add("ann")
    for headers in ({}, signed("axm_wrong"), {"Authorization": f"Basic {key}"}):
        refused = client.get("/api/v1/slates", headers=headers)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/api/v1/slates", headers=signed(key)).status_code == 200
    for path in ("/health", "/openapi.json", "/api/v1/docs/"):
        assert client.get(path).status_code == 200


def test_the_first_administrator_owns_what_was_there_before(
    client: FlaskClient, accounts: Accounts
) -> None:
    slate_id = upload(client)["slate_id"]
    first, key = accounts.add("ann")
    assert first.admin
    assert first.user_id == OPEN_USER.user_id
    assert client.get(f"/api/v1/slates/{slate_id}", headers=signed(key)).status_code == 200


def test_a_lost_key_is_made_anew_and_finds_the_users_slates(
    client: FlaskClient, accounts: Accounts
) -> None:
    accounts.add("ann")
    _, lost = accounts.add("bob")
    slate_id = slate_of(client, lost)
    accounts.revoke("bob")
    assert client.get(f"/api/v1/slates/{slate_id}", headers=signed(lost)).status_code == 401
    again, key = accounts.add("bob")
    assert not again.admin
    assert client.get(f"/api/v1/slates/{slate_id}", headers=signed(key)).status_code == 200
    assert client.get(f"/api/v1/slates/{slate_id}", headers=signed(lost)).status_code == 401


def foreign(application: Flask, mine: dict[str, str]) -> list[tuple[str, str, Any]]:
    """Every route that names a thing of a user's, asked for with somebody else's thing.

    A route that this does not know fails the test: whoever adds one says here how it is asked.
    """
    parts = {
        "jobs.entries": {"data": {"entries": (io.BytesIO(b"Entry ID"), "DKEntries.csv")}},
    }
    free = {
        "health.health", "health.ready", "metrics.metrics", "static", "swagger_ui.show",
        "api-docs.openapi_json",
    }  # fmt: skip
    # they list or make the caller's own things, which other tests hold apart
    own = {
        "jobs.listing", "slates.listing", "slates.upload", "ownership.ownership",
        "optimize.optimize", "optimize.optimize_with_leverage", "contest_sim.contest_sim",
    }  # fmt: skip
    asked_for = []
    for rule in application.url_map.iter_rules():
        if rule.endpoint in free | own or "swagger" in rule.endpoint:
            continue
        assert rule.arguments <= {"run_id", "slate_id", "kind"}, rule
        assert rule.arguments & {"run_id", "slate_id"}, (
            f"{rule} has no thing of a user's in its path; say here whose it is"
        )
        values = {name: mine[name] for name in rule.arguments}
        path = application.url_map.bind("localhost").build(rule.endpoint, values)
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        asked_for += [(method, path, parts.get(rule.endpoint, {})) for method in methods]
    return asked_for


def test_no_route_shows_or_changes_another_users_things(
    application: Flask, client: FlaskClient, accounts: Accounts
) -> None:
    accounts.add("ann")
    _, bob = accounts.add("bob")
    _, eve = accounts.add("eve")
    slate_id = slate_of(client, bob)
    start = {"json": asked(slate_id), "headers": {**signed(bob), "Idempotency-Key": "one"}}
    run_id = client.post("/api/v1/optimize", **start).json["run_id"]
    mine = {"slate_id": slate_id, "run_id": run_id, "kind": "optimize"}
    routes = foreign(application, mine)
    assert len(routes) >= 10
    for method, path, more in routes:
        answer = client.open(path, method=method, headers=signed(eve), **more)
        assert answer.status_code == 404, (method, path, answer.text)
    # nothing of it was changed
    job = client.get(f"/api/v1/jobs/{run_id}", headers=signed(bob)).json
    assert job["status"] in {"pending", "running", "completed"}
    assert client.get(f"/api/v1/slates/{slate_id}", headers=signed(bob)).status_code == 200
    # nor is it in lists, nor found by the same idempotency key, nor can a job be started on it
    for path, name in (("/api/v1/jobs", "jobs"), ("/api/v1/slates", "slates")):
        assert client.get(path, headers=signed(eve)).json[name] == []
    refused = client.post("/api/v1/optimize", json=asked(slate_id), headers=signed(eve))
    assert refused.status_code == 404
    own = slate_of(client, eve)
    assert own != slate_id
    again = {"json": asked(own), "headers": {**signed(eve), "Idempotency-Key": "one"}}
    assert client.post("/api/v1/optimize", **again).json["run_id"] != run_id
    # nor that it was there
    client.delete(f"/api/v1/jobs/{run_id}", headers=signed(bob))
    client.delete(f"/api/v1/jobs/{run_id}", headers=signed(bob))
    assert client.get(f"/api/v1/jobs/{run_id}", headers=signed(bob)).status_code == 410
    assert client.get(f"/api/v1/jobs/{run_id}", headers=signed(eve)).status_code == 404


def test_an_administrator_lists_and_cancels_everybodys_jobs(
    client: FlaskClient, accounts: Accounts
) -> None:
    _, ann = accounts.add("ann")
    _, bob = accounts.add("bob")
    slate_id = slate_of(client, bob)
    body = {"json": asked(slate_id), "headers": signed(bob)}
    run_id = client.post("/api/v1/optimize", **body).json["run_id"]
    for owner in ("*", "bob"):
        jobs = client.get(f"/api/v1/jobs?owner={owner}", headers=signed(ann)).json["jobs"]
        assert run_id in {job["run_id"] for job in jobs}
    own = client.get("/api/v1/jobs", headers=signed(ann)).json["jobs"]
    assert run_id not in {job["run_id"] for job in own}
    for key, owner in ((bob, "*"), (ann, "nobody")):
        refused = client.get(f"/api/v1/jobs?owner={owner}", headers=signed(key))
        assert refused.status_code == 422
        assert "owner" in refused.json["errors"]
    cancelled = client.delete(f"/api/v1/jobs/{run_id}", headers=signed(ann))
    assert cancelled.json["status"] in {"cancelled", "completed"}


def test_an_administrator_removes_no_result_of_anothers(
    settings: Settings, client: FlaskClient, accounts: Accounts
) -> None:
    _, ann = accounts.add("ann")
    _, bob = accounts.add("bob")
    slate_id = slate_of(client, bob)
    body = {"json": asked(slate_id), "headers": signed(bob)}
    run_id = client.post("/api/v1/optimize", **body).json["run_id"]
    for _ in range(2):
        ended = client.delete(f"/api/v1/jobs/{run_id}", headers=signed(ann))
        assert ended.status_code == 200
    assert client.get(f"/api/v1/jobs/{run_id}", headers=signed(bob)).status_code == 200
    client.delete(f"/api/v1/jobs/{run_id}", headers=signed(bob))
    assert client.get(f"/api/v1/jobs/{run_id}", headers=signed(bob)).status_code == 410


@pytest.mark.parametrize(
    ("near", "forwarded", "status"),
    [
        ("127.0.0.1", "", 200),
        ("::1", "", 200),
        ("", "", 200),
        ("10.1.2.3", "", 403),
        ("127.0.0.1", "10.1.2.3", 403),
        ("10.1.2.3", "127.0.0.1", 403),
    ],
)
def test_without_users_nobody_of_another_machine_is_answered(
    settings: Settings, accounts: Accounts, near: str, forwarded: str, status: int
) -> None:
    assert not accounts.exist()
    client = create_app(Settings(settings.redis_url, proxies=1)).test_client()
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = client.get("/api/v1/slates", headers=headers, environ_overrides={"REMOTE_ADDR": near})
    assert answer.status_code == status, answer.text
    _, key = accounts.add("ann")
    headers |= signed(key)
    answer = client.get("/api/v1/slates", headers=headers, environ_overrides={"REMOTE_ADDR": near})
    assert answer.status_code == 200


def test_submissions_beyond_the_limit_wait_and_refused_ones_do_not_count(
    settings: Settings, accounts: Accounts
) -> None:
    few = Settings(settings.redis_url, submissions_a_minute=2)
    client = create_app(few).test_client()
    slate_id = upload(client)["slate_id"]
    _, ann = accounts.add("ann")
    _, bob = accounts.add("bob")
    wrong = {"json": {"slate_id": slate_id, "n_lineups": 0}, "headers": signed(ann)}
    for _ in range(3):
        assert client.post("/api/v1/optimize", **wrong).status_code == 422
    right = {"json": asked(slate_id), "headers": signed(ann)}
    started = [client.post("/api/v1/optimize", **right) for _ in range(2)]
    assert [answer.status_code for answer in started] == [202, 202]
    refused = client.post("/api/v1/optimize", **right)
    assert refused.status_code == 429
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    # reading is not submitting, and another user's count is another's
    assert client.get("/api/v1/jobs", headers=signed(ann)).status_code == 200
    other = client.post("/api/v1/optimize", json=asked(slate_id), headers=signed(bob))
    assert other.status_code == 404
    for answer in started:
        client.delete(f"/api/v1/jobs/{answer.json['run_id']}", headers=signed(ann))


def test_without_users_nobody_is_counted(settings: Settings, accounts: Accounts) -> None:
    client = create_app(Settings(settings.redis_url, submissions_a_minute=1)).test_client()
    assert not accounts.exist()
    slate_id = upload(client)["slate_id"]
    for _ in range(3):
        answer = client.post("/api/v1/optimize", json=asked(slate_id))
        assert answer.status_code == 202
        client.delete(f"/api/v1/jobs/{answer.json['run_id']}")


def test_every_answer_has_its_requests_id(client: FlaskClient) -> None:
    given = client.get("/health", headers={"X-Request-ID": "run-2026.11"})
    assert given.headers["X-Request-ID"] == "run-2026.11"
    for bad in ("", "short", "a b c d e f g h", "x" * 65, "'; DROP"):
        made = client.get("/nowhere", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        assert re.fullmatch(r"[0-9a-f]{32}", made)


def test_a_line_is_written_for_each_submission_and_refusal_and_holds_no_key(
    client: FlaskClient, accounts: Accounts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "axiomatic.audit")
    slate_id = upload(client)["slate_id"]
    _, ann = accounts.add("ann")
    body = {"json": asked(slate_id), "headers": {**signed(ann), "X-Request-ID": "first-one"}}
    run_id = client.post("/api/v1/optimize", **body).json["run_id"]
    client.delete(f"/api/v1/jobs/{run_id}", headers=signed(ann))
    client.get("/api/v1/jobs", headers=signed("axm_secret\u2028"[:10]))
    client.get("/api/v1/jobs", headers={"Host": "evil.example", **signed(ann)})
    lines = [record.getMessage() for record in caplog.records if record.name == "axiomatic.audit"]
    assert [re.match(r'event="(\w+)"', line)[1] for line in lines] == [  # type: ignore[index]
        "submitted", "cancelled", "refused", "refused",
    ]  # fmt: skip
    assert f'run_id="{run_id}"' in lines[0]
    assert 'user="ann"' in lines[0]
    assert 'request_id="first-one"' in lines[0]
    assert "status=401" in lines[2]
    assert 'host="evil.example"' in lines[3]
    assert not any("axm_" in line for line in lines)


@pytest.mark.parametrize("near", [("127.0.0.1", 8000), ("::1", 8000), "/run/api.sock"])
def test_an_installation_without_users_may_listen_here(
    settings: Settings, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, near: Any
) -> None:
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    assert not accounts.exist()
    require_users([near])


@pytest.mark.parametrize("far", [("192.168.0.9", 80), ("10.0.0.4", 80), ("::", 80), ("pi.lan", 80)])
def test_and_elsewhere_only_once_it_has_some(
    settings: Settings, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, far: Any
) -> None:
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    with pytest.raises(SystemExit, match="axiomatic users add"):
        require_users([("127.0.0.1", 80), far])
    accounts.add("ann")
    accounts.revoke("ann")
    # there is nobody who can enter, so it is not open either
    require_users([far])


@pytest.fixture(scope="module")
def port(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("gate")
    named = {"AXIOMATIC_HOSTS": "lineups.example", "AXIOMATIC_ORIGINS": "https://pages.example"}
    with served(settings.redis_url, folder / "api.log", **named) as port:
        yield port


def slates(port: int, method: str = "GET", **headers: str) -> httpx.Response:
    url = f"http://127.0.0.1:{port}/api/v1/slates"
    with httpx.Client(trust_env=False) as client:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.request(method, url, headers=names)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1234", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("LINEUPS.example.", 200),
        ("rebound.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:80", 421),
    ],
)
def test_only_a_name_of_the_servers_own_is_answered(port: int, host: str, status: int) -> None:
    answer = slates(port, Host=host)
    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 422),
        ({"Sec_Fetch_Site": "same-origin"}, 422),
        ({"Sec_Fetch_Site": "none"}, 422),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://pages.example", "Sec_Fetch_Site": "cross-site"}, 422),
    ],
)
def test_a_foreign_page_uploads_nothing(port: int, headers: dict[str, str], status: int) -> None:
    upload_headers = {"Content_Type": "multipart/form-data; boundary=b", **headers}
    url = f"http://127.0.0.1:{port}/api/v1/slates"
    names = {name.replace("_", "-"): value for name, value in upload_headers.items()}
    with httpx.Client(trust_env=False) as client:
        answer = client.post(url, content=b"--b--\r\n", headers=names)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_only_named_origins_may_read(port: int) -> None:
    named = slates(port, Origin="https://pages.example")
    assert named.headers["Access-Control-Allow-Origin"] == "https://pages.example"
    assert "Access-Control-Allow-Origin" not in slates(port, Origin="https://evil.example").headers
    preflight = slates(
        port, "OPTIONS", Origin="https://pages.example", Access_Control_Request_Method="DELETE"
    )
    assert preflight.status_code == 204
    assert "DELETE" in preflight.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    "headers",
    [
        {"SCRIPT_NAME": "/evil"},
        {"X_Forwarded_Prefix": "/evil"},
        {"X_Forwarded_Host": "evil.example"},
        {"X_Forwarded_For": "10.0.0.1", "X_Forwarded_Proto": "https"},
    ],
)
def test_what_a_proxy_would_say_is_believed_of_nobody(port: int, headers: dict[str, str]) -> None:
    answer = slates(port, **headers)
    assert answer.status_code == 200
    assert "evil" not in answer.text


def test_the_docs_page_runs_under_a_policy_without_unsafe_scripts(port: int) -> None:
    with httpx.Client(trust_env=False) as client:
        page = client.get(f"http://127.0.0.1:{port}/api/v1/docs/")
    policy = page.headers["Content-Security-Policy"]
    script = re.search(r"script-src ([^;]*)", policy)
    assert script is not None
    assert "unsafe" not in script[1]
    assert "sha256-" in script[1]
