import ssl
from pathlib import Path

import pytest

from core.errors import InvalidInput
from workers.installation.environment import VARIABLES
from workers.installation.settings import MEBIBYTE, Settings

URL = "redis://here:6379/0"


def refused(**environment: str) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as error:
        Settings.from_environment({"REDIS_URL": URL, **environment})
    return error.value.messages


def test_what_is_not_set_is_what_the_settings_are_by_themselves() -> None:
    assert Settings.from_environment({"REDIS_URL": URL}) == Settings(URL)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    empty = {variable.name: "" for variable in VARIABLES}
    assert Settings.from_environment({**empty, "REDIS_URL": URL}) == Settings(URL)


def test_every_variable_reaches_its_setting() -> None:
    settings = Settings.from_environment(
        {
            "REDIS_URL": URL,
            "AXIOMATIC_KEEP_HOURS": "1",
            "AXIOMATIC_KEEP_SLATES_HOURS": "2",
            "AXIOMATIC_STORE_MB": "16",
            "AXIOMATIC_CHILD_MEMORY_MB": "0",
            "AXIOMATIC_CHUNK_LIMIT_SECONDS": "10",
            "AXIOMATIC_STOP_SECONDS": "5",
            "AXIOMATIC_CACHE_MB": "1",
        }
    )
    assert settings == Settings(URL, 3_600, 7_200, 16 * MEBIBYTE, 0, 10, 5, MEBIBYTE)
    assert hash(settings) == hash(Settings(URL, 3_600, 7_200, 16 * MEBIBYTE, 0, 10, 5, MEBIBYTE))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("AXIOMATIC_KEEP_HOURS", ["-1", "0", "8761", "a day", "1.5", " 1", "٣"]),
        ("AXIOMATIC_STORE_MB", ["15", "1048577"]),
        ("AXIOMATIC_CACHE_MB", ["-1", "1048577", "64MB"]),
        ("AXIOMATIC_CHILD_MEMORY_MB", ["1", "511", "-0"]),
        ("AXIOMATIC_CHUNK_LIMIT_SECONDS", ["9", "3001"]),
        ("AXIOMATIC_STOP_SECONDS", ["0", "3001"]),
        ("AXIOMATIC_WORKERS", ["0", "two"]),
        ("AXIOMATIC_WEB_WORKERS", ["0", "65"]),
        ("AXIOMATIC_PORT", ["0", "65536", "tcp://10.0.0.7:80"]),
        ("AXIOMATIC_BIND", ["8000", ":8000", "host:", "host:0", "host:70000", "unix:"]),
        ("AXIOMATIC_REDIS_PASSWORD_FILE", ["/nowhere/password", "/"]),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, wrong: list[str]) -> None:
    for value in wrong:
        assert list(refused(**{name: value})) == [name], value


def test_every_wrong_variable_is_named_at_once() -> None:
    problems = refused(
        REDIS_URL="http://x",
        AXIOMATIC_KEEP_HOURS="-1",
        AXIOMATIC_WORKERS="none",
        AXIOMATIC_KEEP_HOUR="24",
        AXIOMATIC_REDIS_KEY_FILE="/nowhere/key",
    )
    assert set(problems) == {
        "REDIS_URL",
        "AXIOMATIC_KEEP_HOURS",
        "AXIOMATIC_WORKERS",
        "AXIOMATIC_KEEP_HOUR",
        "AXIOMATIC_REDIS_CERT_FILE",
        "AXIOMATIC_REDIS_KEY_FILE",
    }
    assert "cannot read" in problems["AXIOMATIC_REDIS_KEY_FILE"][0]


def test_a_misspelt_variable_is_refused_with_the_nearest_name() -> None:
    problems = refused(AXIOMATIC_CHUNK_LIMIT="9")
    assert "AXIOMATIC_CHUNK_LIMIT_SECONDS" in problems["AXIOMATIC_CHUNK_LIMIT"][0]


def test_variables_of_others_are_none_of_our_business() -> None:
    environment = {"REDIS_URL": URL, "FLOWER_DB": "x", "HOME": "/", "REDIS_PORT": "tcp://1.2.3.4:1"}
    assert Settings.from_environment(environment) == Settings(URL)


def test_an_absent_redis_is_an_error_that_says_what_to_set() -> None:
    with pytest.raises(InvalidInput, match="REDIS_URL: not set"):
        Settings.from_environment({})


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("here:6379", "scheme is ''"),
        ("http://here", "scheme is 'http'"),
        ("REDIS://here", "scheme is 'REDIS'"),
        ("redis+socket:///run/a.sock", "give unix:///"),
        ("sentinel://a:26379;sentinel://b:26379", "not supported"),
        ("redis+cluster://a:6379", "not supported"),
        ("redis://a:6379,b:6379", "several hosts"),
        ("redis://", "no host"),
        ("redis://here:none/0", "no port"),
        ("redis://here:0/0", "no port"),
        ("redis://here:6379/first", "number of a database"),
        ("redis://here:6379?db=2", "nothing may stand after"),
        ("rediss://here:6379/0?ssl_cert_reqs=none", "nothing may stand after"),
        ("redis://:pass#word@here/0", "percent-encode"),
        ("unix://run/a.sock", "three slashes"),
        ("unix:///", "three slashes"),
        ("unix:///run/a.sock?virtual_host=2", "only db=N"),
        ("redis://[here/0", "no address"),
    ],
)
def test_an_address_that_the_parts_would_read_differently_is_refused(url: str, said: str) -> None:
    assert said in refused(REDIS_URL=url)["REDIS_URL"][0]


@pytest.mark.parametrize("url", ["redis://:s3cr/et@h", "redis://:s3cret@h:x", "redis://:s3cret@[h"])
def test_a_refused_address_is_not_repeated_with_its_password(url: str) -> None:
    assert "s3cr" not in str(refused(REDIS_URL=url))


@pytest.mark.parametrize(
    ("url", "celery"),
    [
        ("redis://here:6379/2", "redis://here:6379/2"),
        ("rediss://here:6379/0", "rediss://here:6379/0"),
        ("unix:///run/a.sock", "redis+socket:///run/a.sock?virtual_host=0"),
        ("unix:///run/a.sock?db=3", "redis+socket:///run/a.sock?virtual_host=3"),
        ("unix://:pw@/run/a.sock", "redis+socket://:pw@/run/a.sock?virtual_host=0"),
    ],
)
def test_celery_is_told_the_same_address_in_its_own_spelling(url: str, celery: str) -> None:
    assert Settings(url).celery_url == celery


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        (URL, "redis://:p%40ss%2F%3A%23%20%25@here:6379/0"),
        ("redis://axiomatic@here/0", "redis://axiomatic:p%40ss%2F%3A%23%20%25@here/0"),
        ("unix:///run/a.sock?db=1", "unix://:p%40ss%2F%3A%23%20%25@/run/a.sock?db=1"),
    ],
)
def test_a_password_is_laid_into_the_address_whatever_it_is_made_of(
    url: str, whole: str, tmp_path: Path
) -> None:
    password = "p@ss/:# %"  # noqa: S105
    file = tmp_path / "password"
    file.write_text(password + "\n")
    for given in (
        {"AXIOMATIC_REDIS_PASSWORD": password},
        {"AXIOMATIC_REDIS_PASSWORD_FILE": str(file)},
    ):
        assert Settings.from_environment({"REDIS_URL": url, **given}).redis_url == whole


def test_a_password_is_given_once(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a")
    both = {"AXIOMATIC_REDIS_PASSWORD": "a", "AXIOMATIC_REDIS_PASSWORD_FILE": str(file)}
    assert set(refused(**both)) == set(both)
    for name, value in both.items():
        problems = refused(REDIS_URL="redis://:b@here/0", **{name: value})
        assert "already" in problems[name][0]


def test_a_password_file_without_one_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"\n", b"one\ntwo\n", b"\xff"):
        (tmp_path / "password").write_bytes(content)
        problems = refused(AXIOMATIC_REDIS_PASSWORD_FILE=str(tmp_path / "password"))
        assert "holds no password" in problems["AXIOMATIC_REDIS_PASSWORD_FILE"][0]


@pytest.mark.parametrize(
    "url", ["redis://:s3cret@here/0", "redis://me:s3cret@here/0", "unix://:s3cret@/run/a.sock?db=1"]
)
def test_settings_never_show_their_password(url: str) -> None:
    shown = f"{Settings(url)!r} {Settings(url)}"
    assert "s3cret" not in shown
    assert "***" in shown
    assert "keep_seconds=86400" in shown


def test_without_tls_there_is_nothing_to_say_beside_the_address() -> None:
    settings = Settings(URL)
    assert settings.connection_options() == {}
    assert settings.celery_configuration() == {
        "broker_url": URL,
        "result_backend": URL,
        "broker_use_ssl": None,
        "redis_backend_use_ssl": None,
    }


def test_with_tls_certificates_are_verified_even_if_nothing_else_is_said() -> None:
    settings = Settings("rediss://here:6380/0")
    options = settings.connection_options()
    assert options == {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    configuration = settings.celery_configuration()
    assert configuration["broker_use_ssl"] == configuration["redis_backend_use_ssl"] == options


def test_certificate_files_are_read_by_name_and_only_with_tls(tmp_path: Path) -> None:
    names = ["CA", "CERT", "KEY"]
    given = {}
    for name in names:
        (tmp_path / name).write_text("PEM")
        given[f"AXIOMATIC_REDIS_{name}_FILE"] = str(tmp_path / name)
    settings = Settings.from_environment({"REDIS_URL": "rediss://here/0", **given})
    options = settings.connection_options()
    assert [options[f"ssl_{name}"] for name in ("ca_certs", "certfile", "keyfile")] == [
        str(tmp_path / name) for name in names
    ]
    assert set(refused(**given)) == set(given)
    del given["AXIOMATIC_REDIS_KEY_FILE"]
    problems = refused(REDIS_URL="rediss://here/0", **given)
    assert list(problems) == ["AXIOMATIC_REDIS_KEY_FILE"]
