import pytest

from core.errors import InvalidInput
from workers.settings import Settings


def test_defaults_keep_a_job_for_a_day_and_a_slate_for_a_month() -> None:
    settings = Settings.from_environment({"REDIS_URL": "redis://here:6379/0"})
    assert settings == Settings("redis://here:6379/0", 86_400, 30 * 86_400)


@pytest.mark.parametrize(
    ("url", "celery"),
    [
        ("redis://here:6379/2", "redis://here:6379/2"),
        ("rediss://here:6379/0", "rediss://here:6379/0"),
        ("unix:///run/a.sock", "redis+socket:///run/a.sock?virtual_host=0"),
        ("unix:///run/a.sock?db=3", "redis+socket:///run/a.sock?virtual_host=3"),
    ],
)
def test_celery_is_told_the_same_address_in_its_own_spelling(url: str, celery: str) -> None:
    assert Settings(url).celery_url == celery


def test_every_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        Settings.from_environment({"REDIS_URL": "http://x", "AXIOMATIC_KEEP_HOURS": "-1"})
    assert set(refused.value.problems) == {"REDIS_URL", "AXIOMATIC_KEEP_HOURS"}


def test_an_absent_redis_is_an_error_that_says_what_to_set() -> None:
    with pytest.raises(InvalidInput, match="REDIS_URL: not set"):
        Settings.from_environment({})
