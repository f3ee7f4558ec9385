"""What our processes inherit, and what they do not."""

from pathlib import Path

from workers.installation.child_environment import child_environment

HERE = Path("/home/ann/slates")


def test_variables_of_another_projects_celery_and_gunicorn_are_not_inherited() -> None:
    names = (
        *("CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "CELERY_CONFIG_MODULE", "BROKER_URL"),
        *("RESULT_BACKEND", "LOADER", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "FLASK_DEBUG"),
    )
    foreign = dict.fromkeys(names, "theirs")
    kept = child_environment({**foreign, "HOME": "/home/ann"}, HERE)
    assert set(kept) == {"HOME", "PYTHONPATH", "PYTHONSAFEPATH"}


def test_modules_come_from_this_code_and_never_from_the_working_folder() -> None:
    kept = child_environment({"PYTHONPATH": "::lib:/opt/lib"}, HERE)
    root = str(Path(__file__).resolve().parents[3])
    assert kept["PYTHONPATH"].split(":") == [root, "/home/ann/slates/lib", "/opt/lib"]
    assert kept["PYTHONSAFEPATH"] == "1"


def test_files_that_variables_name_are_found_from_any_folder() -> None:
    relative = {"AXIOMATIC_OWNERSHIP_MODEL": "own.json", "AXIOMATIC_KEEP_HOURS": "1"}
    kept = child_environment({**relative, "AXIOMATIC_REDIS_CA_FILE": "/etc/ca.pem"}, HERE)
    assert kept["AXIOMATIC_OWNERSHIP_MODEL"] == "/home/ann/slates/own.json"
    assert kept["AXIOMATIC_REDIS_CA_FILE"] == "/etc/ca.pem"
    assert kept["AXIOMATIC_KEEP_HOURS"] == "1"
