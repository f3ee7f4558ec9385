"""The address of Redis: checked, with a password put in, and as Celery spells it."""

from urllib.parse import SplitResult, parse_qsl, quote, urlsplit, urlunsplit

_SCHEMES = ("redis", "rediss", "unix")
_EXAMPLE = "redis://host:6379/0, rediss://host:6380/0 or unix:///path/to/redis.sock?db=0"


def check_address(text: str) -> str:
    """The address itself, once it is known that all parts of the installation read it alike.

    Raises
    ------
    ValueError
        They would not; the message never repeats the address, which may hold a password.
    """
    scheme = text.split("://", 1)[0] if "://" in text else ""
    if "sentinel" in scheme or "cluster" in scheme:
        raise ValueError(
            "Sentinel and Cluster addresses are not supported; give the one address of the "
            "primary, which a proxy or a service name keeps pointing at it."
        )
    if scheme == "redis+socket":
        raise ValueError("that is Celery's spelling of a socket; give unix:///path/to/redis.sock.")
    if scheme not in _SCHEMES:
        raise ValueError(f"its scheme is {scheme!r}; give {_EXAMPLE}.")
    try:
        parts = urlsplit(text)
    except ValueError:  # its message may repeat the password
        raise ValueError(f"it is no address; give {_EXAMPLE}.") from None
    if parts.fragment or any(character.isspace() for character in text):
        raise ValueError("it holds a '#' or a space; percent-encode it if it is the password's.")
    return _check_socket(text, parts) if scheme == "unix" else _check_host(text, parts)


def _check_socket(text: str, parts: SplitResult) -> str:
    if not parts.path.strip("/") or parts.hostname:
        raise ValueError("a socket's address has three slashes: unix:///path/to/redis.sock.")
    query = parse_qsl(parts.query, keep_blank_values=True)
    if any(name != "db" or not value.isdecimal() for name, value in query):
        raise ValueError("after '?' only db=N may stand.")
    return text


def _check_host(text: str, parts: SplitResult) -> str:
    if "," in parts.netloc.rpartition("@")[2]:
        raise ValueError("it names several hosts; Redis Cluster is not supported, give one.")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not parts.hostname or port == 0:
        raise ValueError(
            f"it has no host, or its port is no port; give {_EXAMPLE}. A password's special "
            "characters are percent-encoded here, and not in AXIOMATIC_REDIS_PASSWORD."
        )
    # redis-py would read a database or a slack verification here that Celery reads otherwise
    if parts.query:
        raise ValueError(
            "nothing may stand after '?': the database is the path, redis://host:6379/1, and the "
            "certificates are AXIOMATIC_REDIS_CA_FILE, _CERT_FILE and _KEY_FILE."
        )
    if parts.path.strip("/") and not parts.path.removeprefix("/").isdecimal():
        raise ValueError("its path is the number of a database, redis://host:6379/1 say.")
    return text


def has_password(address: str) -> bool:
    """Whether an address holds a password."""
    return urlsplit(address).password is not None


def with_password(address: str, password: str) -> str:
    """The address with a password put in, percent-encoded."""
    parts = urlsplit(address)
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user}:{quote(password, safe='')}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def without_password(address: str) -> str:
    """The address for messages and logs: its password replaced by ``***``."""
    parts = urlsplit(address)
    if parts.password is None:
        return address
    login, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login.partition(':')[0]}:***@{host}"))


def as_celery_spells_it(address: str) -> str:
    """The address for Celery, which spells a unix socket ``redis+socket://``."""
    parts = urlsplit(address)
    if parts.scheme != "unix":
        return address
    database = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"
