"""Configuration, read from the environment in one place and checked before anything starts."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from workers.installation.environment import read_variables, refuse
from workers.installation.redis_address import (
    as_celery_spells_it,
    has_password,
    with_password,
    without_password,
)

HOUR = 3600
MEBIBYTE = 1024 * 1024
KEEP_SECONDS = 24 * HOUR
KEEP_SLATES_SECONDS = 30 * 24 * HOUR

_PASSWORDS = {"AXIOMATIC_REDIS_PASSWORD", "AXIOMATIC_REDIS_PASSWORD_FILE"}
# read into the last fields, in this order
_LAST = (
    "AXIOMATIC_OWNERSHIP_MODEL",
    "AXIOMATIC_METRICS_TOKEN",
    "AXIOMATIC_LOG_FORMAT",
    "AXIOMATIC_HOSTS",
    "AXIOMATIC_ORIGINS",
    "AXIOMATIC_PROXIES",
    "AXIOMATIC_SUBMISSIONS_A_MINUTE",
    "AXIOMATIC_ACTIVE_JOBS",
)
_CERTIFICATES = (
    "AXIOMATIC_REDIS_CA_FILE",
    "AXIOMATIC_REDIS_CERT_FILE",
    "AXIOMATIC_REDIS_KEY_FILE",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs.

    Parameters
    ----------
    redis_url
        ``redis://``, ``rediss://`` or ``unix://`` address of the one Redis, with its password.
    keep_seconds
        How long a job may take, and how long its record and result are kept once it has ended.
    keep_slates_seconds
        How long an uploaded slate is kept.
    store_bytes
        Room in Redis for all jobs together: arrays of running jobs, results of ended ones.
    child_memory_bytes
        Private memory that one worker child may take; 0 for no limit.
    chunk_limit_seconds
        A chunk that runs longer is stopped and its job fails.
    stop_seconds
        How long a worker that is told to stop may go on finishing.
    cache_bytes
        Room in Redis for simulated races that later jobs may use again; 0 for none.
    followers
        Event streams that one user may hold on one process of the API.
    redis_ca_file, redis_cert_file, redis_key_file
        PEM files for ``rediss://``: the authority to trust (the system's if ``None``), and the
        certificate and key to present.
    ownership_model_file
        A fitted ownership model; the shipped one if ``None``.
    log_format
        ``text`` or ``json``, what the log's lines are.
    hosts
        Names by which the API may be called beside loopback's.
    origins
        Origins whose pages may use the API.
    proxies
        How many proxies stand in front of the API, whose forwarding headers are believed.
    submissions_a_minute
        How many jobs a user may start in a minute.
    active_jobs
        How many jobs of a user go on at a time; the others stand in line.
    results_bytes, slates_bytes
        Room in Redis for a user's ended jobs, and for a user's slates.
    metrics_token
        What ``/metrics`` asks of other machines; ``None`` = they are not answered.
    """

    redis_url: str
    keep_seconds: int = KEEP_SECONDS
    keep_slates_seconds: int = KEEP_SLATES_SECONDS
    store_bytes: int = 1024 * MEBIBYTE
    child_memory_bytes: int = 4096 * MEBIBYTE
    chunk_limit_seconds: int = 300
    stop_seconds: int = 60
    cache_bytes: int = 64 * MEBIBYTE
    followers: int = 200
    redis_ca_file: str | None = None
    redis_cert_file: str | None = None
    redis_key_file: str | None = None
    ownership_model_file: str | None = None
    metrics_token: str | None = None
    log_format: str = "text"
    hosts: tuple[str, ...] | None = None
    origins: tuple[str, ...] | None = None
    proxies: int = 0
    submissions_a_minute: int = 10
    active_jobs: int = 3
    results_bytes: int = 128 * MEBIBYTE
    slates_bytes: int = 8 * MEBIBYTE

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables of :mod:`workers.installation.environment`.

        Raises
        ------
        InvalidInput
            A variable is absent, unknown or not what it should be; all that are wrong are named.
        """
        values, problems = read_variables(environment)
        present = {name for name in values if environment.get(name)}
        address = values["REDIS_URL"]
        # a variable that is wrong by itself is reported as that, not as out of place
        refuse(_misplaced(address, present) | problems)
        password = values["AXIOMATIC_REDIS_PASSWORD"] or values["AXIOMATIC_REDIS_PASSWORD_FILE"]
        settings = cls(
            with_password(address, password) if password else address,
            values["AXIOMATIC_KEEP_HOURS"] * HOUR,
            values["AXIOMATIC_KEEP_SLATES_HOURS"] * HOUR,
            values["AXIOMATIC_STORE_MB"] * MEBIBYTE,
            values["AXIOMATIC_CHILD_MEMORY_MB"] * MEBIBYTE,
            values["AXIOMATIC_CHUNK_LIMIT_SECONDS"],
            values["AXIOMATIC_STOP_SECONDS"],
            values["AXIOMATIC_CACHE_MB"] * MEBIBYTE,
            values["AXIOMATIC_FOLLOWERS"],
            *(values[name] for name in (*_CERTIFICATES, *_LAST)),
        )
        return replace(
            settings,
            results_bytes=values["AXIOMATIC_RESULTS_MB"] * MEBIBYTE,
            slates_bytes=values["AXIOMATIC_SLATES_MB"] * MEBIBYTE,
        )

    def __repr__(self) -> str:
        shown = {field.name: getattr(self, field.name) for field in fields(self)}
        shown["redis_url"] = without_password(self.redis_url)
        shown["metrics_token"] = self.metrics_token and "***"
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def celery_url(self) -> str:
        """The address as Celery spells it: a unix socket is ``redis+socket://``."""
        return as_celery_spells_it(self.redis_url)

    def connection_options(self) -> dict[str, Any]:
        """Keywords of ``redis.Redis.from_url`` beside the address: those of TLS, or none."""
        if not self.redis_url.startswith("rediss://"):
            return {}
        files = {
            "ssl_ca_certs": self.redis_ca_file,
            "ssl_certfile": self.redis_cert_file,
            "ssl_keyfile": self.redis_key_file,
        }
        # set outright, so that no other default of a library weakens it
        return {
            "ssl_cert_reqs": ssl.CERT_REQUIRED,
            "ssl_check_hostname": True,
            **{name: path for name, path in files.items() if path is not None},
        }

    def celery_configuration(self) -> dict[str, Any]:
        """Celery's settings for this Redis.

        Always all of them, so that an application configured anew keeps none of an earlier Redis.
        """
        tls = self.connection_options() or None
        return {
            "broker_url": self.celery_url,
            "result_backend": self.celery_url,
            "broker_use_ssl": tls,
            "redis_backend_use_ssl": tls,
        }


def _misplaced(address: str | None, present: set[str]) -> dict[str, str]:
    """Problems of variables together: absent ones, and ones that contradict each other."""
    problems = {}
    if "REDIS_URL" not in present:
        problems["REDIS_URL"] = "not set; give the address of Redis, redis://host:6379/0 say."
    passwords = present & _PASSWORDS
    for name in passwords:
        if len(passwords) > 1:
            problems[name] = f"give one of {' and '.join(sorted(passwords))}."
        if address and has_password(address):
            problems[name] = "REDIS_URL holds a password already; give it in one place."
    certificate, key = "AXIOMATIC_REDIS_CERT_FILE", "AXIOMATIC_REDIS_KEY_FILE"
    for name, other in ((certificate, key), (key, certificate)):
        if other in present and name not in present:
            problems[name] = f"not set; {other} needs it."
    for name in present.intersection(_CERTIFICATES):
        if address and not address.startswith("rediss://"):
            problems[name] = "certificates are for rediss://; REDIS_URL is of another kind."
    return problems
