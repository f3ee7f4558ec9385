"""Every environment variable of an installation, declared once: name, default, meaning, check."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from workers.installation.redis_address import check_address

_PREFIX = "AXIOMATIC_"
_HIGHEST_PORT = 65_535
_SHORTEST_TOKEN = 16
_HOST = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:]+\]")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")

Read = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    Parameters
    ----------
    name
        As it is set.
    default
        The text used when it is not set or empty; empty if there is no default.
    meaning
        One line for the operator who sets it.
    read
        Turns the text into a value; its ``ValueError`` says what to give instead, and does not
        repeat a text that may be secret.
    """

    name: str
    default: str
    meaning: str
    read: Read


def _whole(low: int, high: int, *, or_zero: bool = False) -> Read:
    def read(text: str) -> int:
        # int() would take "1_0", " 10" and digits of other scripts
        number = int(text) if text.isascii() and text.isdecimal() else -1
        if low <= number <= high or (or_zero and number == 0):
            return number
        zero = "0 or " if or_zero else ""
        raise ValueError(f"{text!r}; give {zero}a whole number from {low} to {high}.")

    return read


def _one_of(*names: str) -> Read:
    def read(text: str) -> str:
        if text in names:
            return text
        raise ValueError(f"{text!r}; give {' or '.join(names)}.")

    return read


def _file(text: str) -> str:
    try:
        with Path(text).open("rb"):
            return text
    except OSError as error:
        raise ValueError(f"cannot read {text!r}: {error.strerror}.") from None


def _secret_file(text: str) -> str:
    try:
        # an editor adds a line end, which is no part of the password
        secret = Path(_file(text)).read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        secret = ""
    if not secret or "\n" in secret:
        raise ValueError(f"{text!r} holds no password; write it there, alone on the first line.")
    return secret


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(","))
    if all(_HOST.fullmatch(name) for name in names):
        return names
    raise ValueError(f"{text!r}; give names without http:// and port, divided by commas.")


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(","))
    if all(_ORIGIN.fullmatch(origin) for origin in origins):
        return origins
    raise ValueError(f"{text!r}; give https://name or https://name:port, divided by commas.")


def _token(text: str) -> str:
    if len(text) >= _SHORTEST_TOKEN and text.isascii() and text.isprintable() and " " not in text:
        return text
    raise ValueError(f"give {_SHORTEST_TOKEN} or more letters and digits, as openssl rand -hex 24.")


def _listening(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text.startswith("unix:/") or (
        host and port.isdecimal() and int(port) in range(1, _HIGHEST_PORT + 1)
    ):
        return text
    raise ValueError(f"{text!r}; give host:port or unix:/path.")


def _logins(text: str) -> str:
    for login in text.split(","):
        user, colon, password = login.partition(":")
        if not (user and colon and password):
            raise ValueError("give user:password (several divided by commas, so none inside).")
    return text


VARIABLES = (
    Variable(
        "REDIS_URL",
        "",
        "`redis://`, `rediss://` (TLS) or `unix://` address of the one Redis: broker, results and "
        "store. Required, except by commands that start their own",
        check_address,
    ),
    Variable(
        "AXIOMATIC_REDIS_PASSWORD",
        "",
        "Redis' password as it is, nothing percent-encoded, if the address holds none",
        str,
    ),
    Variable(
        "AXIOMATIC_REDIS_PASSWORD_FILE",
        "",
        "a file that holds it instead, a mounted secret say",
        _secret_file,
    ),
    Variable(
        "AXIOMATIC_REDIS_CA_FILE",
        "",
        "certificate authority that Redis' certificate must come from, PEM; the system's if not "
        "set. Only with `rediss://`, as are the next two",
        _file,
    ),
    Variable("AXIOMATIC_REDIS_CERT_FILE", "", "certificate to show to Redis, PEM", _file),
    Variable("AXIOMATIC_REDIS_KEY_FILE", "", "and the key of that certificate, PEM", _file),
    Variable(
        "AXIOMATIC_KEEP_HOURS",
        "24",
        "how long a job's record and result are kept after it ended, and how long a job may take",
        _whole(1, 8_760),
    ),
    Variable(
        "AXIOMATIC_KEEP_SLATES_HOURS",
        "720",
        "how long an uploaded slate is kept",
        _whole(1, 8_760),
    ),
    Variable(
        "AXIOMATIC_STORE_MB",
        "1024",
        "MiB that jobs may take in Redis together: arrays of those that run, requests and results "
        "of those that have ended; beyond, new jobs are refused with 503 and `Retry-After`",
        _whole(16, 1_048_576),
    ),
    Variable(
        "AXIOMATIC_CACHE_MB",
        "64",
        "MiB in Redis for simulated races that later jobs may use again, beside "
        "`AXIOMATIC_STORE_MB`; 0 for none",
        _whole(1, 1_048_576, or_zero=True),
    ),
    Variable(
        "AXIOMATIC_CHILD_MEMORY_MB",
        "4096",
        "MiB of private memory that one worker child may take (512 or more); 0 for no limit",
        _whole(512, 1_048_576, or_zero=True),
    ),
    Variable(
        "AXIOMATIC_CHUNK_LIMIT_SECONDS",
        "300",
        "a chunk that runs longer is stopped, and its job fails with that reason",
        _whole(10, 3_000),
    ),
    Variable(
        "AXIOMATIC_STOP_SECONDS",
        "60",
        "how long a worker that is told to stop may go on finishing its chunks",
        _whole(1, 3_000),
    ),
    Variable(
        "AXIOMATIC_OWNERSHIP_MODEL",
        "",
        "a model that `axiomatic ownership learn` wrote, for the API's requests to be estimated "
        "with; the one that Axiomatic ships if not set",
        _file,
    ),
    Variable(
        "AXIOMATIC_METRICS_TOKEN",
        "",
        "what `/metrics` asks for from other machines and through proxies, as `Authorization: "
        "Bearer TOKEN`; without it only programs of this machine are answered",
        _token,
    ),
    Variable(
        "AXIOMATIC_LOG_FORMAT",
        "text",
        "`text` for lines to read, `json` for an object a line, of web and workers",
        _one_of("text", "json"),
    ),
    Variable(
        "AXIOMATIC_FOLLOWERS",
        "200",
        "event streams of jobs that one user may hold on one process of the API",
        _whole(1, 10_000),
    ),
    Variable(
        "AXIOMATIC_HOSTS",
        "",
        "names, divided by commas, by which browsers call the API beside `localhost`, `127.0.0.1` "
        "and `[::1]`: `lineups.example`. Any other name is refused with 421",
        _hosts,
    ),
    Variable(
        "AXIOMATIC_ORIGINS",
        "",
        "origins, divided by commas, whose pages may use the API, `https://lineups.example` say; "
        "pages of any other site are refused with 403",
        _origins,
    ),
    Variable(
        "AXIOMATIC_PROXIES",
        "0",
        "how many proxies stand in front of the API; the forwarding headers of so many are "
        "believed, and none where it is 0",
        _whole(1, 10, or_zero=True),
    ),
    Variable(
        "AXIOMATIC_SUBMISSIONS_A_MINUTE",
        "10",
        "jobs that one user may start in a minute, once there are users",
        _whole(1, 10_000),
    ),
    Variable(
        "AXIOMATIC_ACTIVE_JOBS",
        "3",
        "jobs that one user may have going on; further ones stand in that user's line, first come, "
        "first served. Without users at least one a worker child",
        _whole(1, 1_000),
    ),
    Variable(
        "AXIOMATIC_RESULTS_MB",
        "128",
        "MiB that may be kept of one user's ended jobs, once there are users; where they are full "
        "the oldest gives way",
        _whole(1, 1_048_576),
    ),
    Variable(
        "AXIOMATIC_SLATES_MB",
        "8",
        "MiB that one user's slates may take, once there are users; beyond, an upload is refused "
        "with 429 and `Retry-After`",
        _whole(1, 1_048_576),
    ),
    Variable(
        "AXIOMATIC_KEY",
        "",
        "your key, which the command line shows to the server of `--server`",
        str,
    ),
    Variable("AXIOMATIC_WORKERS", "2", "children of one worker, one a core", _whole(1, 256)),
    Variable(
        "AXIOMATIC_BIND",
        "127.0.0.1:8000",
        "where the API listens when the Procfile starts it",
        _listening,
    ),
    Variable("AXIOMATIC_WEB_WORKERS", "2", "processes of the API", _whole(1, 64)),
    Variable(
        "AXIOMATIC_PORT",
        "8000",
        "loopback port of the machine on which compose publishes the API",
        _whole(1, _HIGHEST_PORT),
    ),
)

FLOWER_VARIABLES = (
    Variable(
        "FLOWER_BASIC_AUTH",
        "",
        "`user:password` that Flower asks for; it does not start without this or OAuth2",
        _logins,
    ),
    Variable("FLOWER_ADDRESS", "127.0.0.1", "where Flower listens", str),
    Variable("FLOWER_PORT", "5555", "and on which port", _whole(1, _HIGHEST_PORT)),
    Variable("FLOWER_AUTH", "", "OAuth2: the e-mail addresses that may enter", str),
    Variable(
        "FLOWER_AUTH_PROVIDER",
        "",
        "OAuth2: Flower's handler, `flower.views.auth.GithubLoginHandler` say",
        str,
    ),
    Variable("FLOWER_OAUTH2_KEY", "", "OAuth2: client id", str),
    Variable("FLOWER_OAUTH2_SECRET", "", "OAuth2: client secret", str),
    Variable("FLOWER_OAUTH2_REDIRECT_URI", "", "OAuth2: `https://your.host/login`", str),
)


def read_variables(
    environment: Mapping[str, str], variables: Iterable[Variable] = VARIABLES
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values of variables by name (``None`` if there is none), and problems by name.

    Both are returned so that a caller can add problems that only it can see, and then refuse all
    of them at once.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for variable in variables:
        # compose passes a variable that is not set as an empty text
        text = environment.get(variable.name) or variable.default
        try:
            values[variable.name] = variable.read(text) if text else None
        except ValueError as error:
            values[variable.name] = None
            problems[variable.name] = str(error)
    return values, problems | _unknown(environment)


def with_absolute_files(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment, with the files that our variables name below ``folder`` where relative."""
    files = {variable.name for variable in VARIABLES if variable.read in {_file, _secret_file}}
    return {
        name: str(folder / value) if value and name in files else value
        for name, value in environment.items()
    }


def _unknown(environment: Mapping[str, str]) -> dict[str, str]:
    known = [variable.name for variable in VARIABLES]
    problems = {}
    for name in environment:
        if name.startswith(_PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)
            problems[name] = f"no such variable; the nearest is {near[0]}."
    return problems


def refuse(problems: Mapping[str, str]) -> None:
    """Raise if there is any problem, naming all of them.

    Raises
    ------
    InvalidInput
        Problems by variable.
    """
    if problems:
        raise InvalidInput(dict(problems))
