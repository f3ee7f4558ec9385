"""Bodies of requests that are as dear to read as their size allows, by kind."""

from collections.abc import Callable, Mapping

PATHS = (
    "/api/v1/optimize",
    "/api/v1/optimize-with-leverage",
    "/api/v1/ownership",
    "/api/v1/contest-sim",
    "/api/v1/slates",
    f"/api/v1/jobs/{'0' * 32}/entries",
)
"""The endpoints that take a body."""

_FIRST: Mapping[str, str] = {
    "/api/v1/ownership": "driver_data",
    "/api/v1/contest-sim": "scenario_driver_scores",
}
_FILES = ("/api/v1/slates", PATHS[-1])

Kind = Callable[[str, int], bytes]


def _repeat(start: bytes, piece: bytes, end: bytes, size: int) -> bytes:
    count = max(1, (size - len(start) - len(end)) // len(piece))
    whole = start + piece * count
    return whole[:-1] + end if piece.endswith(b",") else whole + end


def _listed(piece: bytes) -> Kind:
    def made(path: str, size: int) -> bytes:
        name = _FIRST.get(path, "drivers").encode()
        return _repeat(b'{"' + name + b'":[', piece, b"]}", size)

    return made


def _keys(path: str, size: int) -> bytes:
    del path
    count = size // 16
    return b"{" + b",".join(b'"k%08d":{}' % number for number in range(count)) + b"}"


def _keys_of_driver(path: str, size: int) -> bytes:
    name = _FIRST.get(path, "drivers").encode()
    keys = b",".join(b'"k%08d":1' % number for number in range(size // 13))
    return b'{"' + name + b'":[{' + keys + b"}]}"


def _deep(path: str, size: int) -> bytes:
    del path
    return b'{"drivers":' + b"[" * (size // 2) + b"]" * (size // 2) + b"}"


def _long_text(path: str, size: int) -> bytes:
    del path
    return b'{"slate_id":"' + b"a" * size + b'","objective":"' + b"b" * 1000 + b'"}'


def _matrix(path: str, size: int) -> bytes:
    name = _FIRST.get(path, "drivers").encode()
    row = b"[" + b",".join([b'"x"'] * 40) + b"],"
    return _repeat(b'{"' + name + b'":[', row, b"]}", size)


_JSON: Mapping[str, Kind] = {
    "empty objects": _listed(b"{},"),
    "empty lists": _listed(b"[],"),
    "nulls": _listed(b"null,"),
    "digits": _listed(b"1,"),
    "floats": _listed(b"0.1,"),
    "rows of texts": _matrix,
    "rows of floats": _listed(b"[" + b",".join([b"0.123"] * 40) + b"],"),
    "unknown keys": _keys,
    "unknown keys of a driver": _keys_of_driver,
    "one key again and again": lambda _, size: _repeat(b"{", b'"drivers":[],', b"}", size),
    "deep": _deep,
    "long whole numbers": _listed(b"9" * 4_200 + b","),
    "one endless number": lambda _, size: b'{"n_lineups":' + b"9" * size + b"}",
    "one endless fraction": lambda _, size: b'{"random_seed":0.' + b"1" * size + b"}",
    "a long text": _long_text,
    "a text of escapes": lambda _, size: _repeat(b'{"slate_id":"', b"\\ud83d\\ude00", b'"}', size),
    "no object": lambda _, size: _repeat(b"[", b"{},", b"]", size),
    "no JSON": lambda _, size: b'{"a":' * (size // 5),
}


def _part(name: str, content: bytes) -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="a.csv"\r\n\r\n'
    return head.encode() + content + b"\r\n--x--\r\n"


_MULTIPART: Mapping[str, Callable[[str, int], bytes]] = {
    "commas": lambda name, size: _part(name, b"a,b\n" + b"," * size),
    "lines": lambda name, size: _part(name, b"a,b\n" + b"1\n" * (size // 2)),
    "rows of wrong cells": lambda name, size: _part(
        name, b"Name,ID,Salary\n" + b"a,b,c\n" * (size // 6)
    ),
    "line ends": lambda name, size: _part(name, b"\r" * size),
    "one cell": lambda name, size: _part(name, b'Name\n"' + b"a" * size),
    "parts": lambda name, size: _repeat(
        b"", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n', b"--x--\r\n", size
    ),
    "a form's text": lambda name, size: (
        (b'--x\r\nContent-Disposition: form-data; name="track_id"\r\n\r\n' + b"a" * size)
        + b"\r\n--x--\r\n"
    ),
    "headers of a part": lambda name, size: b"--x\r\n" + b"A: b\r\n" * (size // 6),
}

KINDS = (*_JSON, *_MULTIPART)


def body(kind: str, path: str, size: int) -> tuple[bytes, str]:
    """A body of about so many bytes, and its media type; multipart where the path takes files."""
    if kind in _JSON:
        return _JSON[kind](path, size), "application/json"
    name = "salaries" if path.endswith("slates") else "entries"
    return _MULTIPART[kind](name, size), "multipart/form-data; boundary=x"
