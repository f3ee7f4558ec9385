"""The answers of one revision to a fixed list of requests, as a document that can be kept.

``python -m tests.revisions.record --revision REV --out FILE`` writes it; without ``--revision`` it
is this working tree's. Rows of the folder of real data (``--data``, else ``DATA_DIR``, else
``../shared/data``) stand in it: keep the file outside the repository.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.revisions.comparison import normalised
from tests.revisions.installation import Installation, checked_out, commit_of, running
from tests.revisions.requests import (
    COMMANDS,
    JOBS,
    MADE_SLATES,
    REAL_SLATES,
    REFUSALS,
    Request,
    slates,
)
from tests.revisions.slates import ROOT, SlateFiles, entries_file

Json = dict[str, Any]

ENTRIES = entries_file({"811": 3, "822": 2})
LINEUP_KINDS = ("optimize", "optimize-with-leverage")
NO_SALARIES = "refusal: a salary file that is none"
NO_JOB = "refusal: unknown job"
NAMES = (
    *(f"slate: {name}" for name in (*MADE_SLATES, *REAL_SLATES)),
    *(f"job: {name}" for name in JOBS),
    *(f"refusal: {name}" for name in REFUSALS),
    *(NO_SALARIES, NO_JOB),
    *(f"command: {name}" for name in COMMANDS),
)
"""Names of all answers; those on real slates are absent where the folder of real data is."""


def data_folder() -> Path:
    """The folder of real data: ``DATA_DIR``, else the one beside the checkout."""
    named = os.environ.get("DATA_DIR")
    return Path(named).resolve() if named else ROOT.parent / "shared" / "data"


def tell(line: str) -> None:
    """Show on standard error how far the recording is."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def record(revision: str, data: Path) -> Json:
    """The record of a revision, of this working tree for ``""``: about, inputs and answers.

    Answers are by name, ``job: ..``, ``slate: ..``, ``refusal: ..`` or ``command: ..``, each as
    :func:`tests.revisions.comparison.normalised` leaves it.
    """
    files = slates(data)
    with checked_out(revision) as tree:
        started = time.monotonic()
        about = {"revision": commit_of(tree), "python": sys.version.split()[0]}
        with running(tree) as installation:
            tell(f"{about['revision'][:12]} is up after {time.monotonic() - started:.0f} s")
            answers = _Recorder(installation, files).answers()
        tell(f"recorded {len(answers)} answers, {time.monotonic() - started:.0f} s in all")
    inputs = {name: _digest(slate) for name, slate in files.items()}
    return {"about": about, "inputs": inputs, "answers": answers}


def _digest(slate: SlateFiles) -> str:
    return hashlib.sha256(slate.salaries + b"\0" + (slate.drivers or b"")).hexdigest()[:16]


class _Recorder:
    def __init__(self, installation: Installation, files: dict[str, SlateFiles]) -> None:
        self._installation = installation
        self._files = files
        self._slate_ids: dict[str, str] = {}

    def answers(self) -> Json:
        """Every answer by name."""
        call = self._installation.call
        answers: Json = {f"slate: {name}": self._upload(name) for name in self._files}
        run_ids: dict[str, str] = {}
        for name, request in self._possible(JOBS).items():
            answer = self._post(request)
            if answer.status_code == httpx.codes.ACCEPTED:
                run_ids[name] = answer.json()["run_id"]
            else:
                answers[f"job: {name}"] = _document(answer)
        for name, request in self._possible(REFUSALS).items():
            answers[f"refusal: {name}"] = _document(self._post(request))
        answers[NO_SALARIES] = _document(
            call("POST", "/api/v1/slates", files={"salaries": ("a.csv", b"a,b\n1,2\n", "text/csv")})
        )
        answers[NO_JOB] = _document(call("GET", "/api/v1/jobs/none/result"))
        for name, run_id in run_ids.items():
            answers[f"job: {name}"] = self._finished(JOBS[name].kind, run_id)
            tell(f"  {name}")
        for name, (slate, options) in COMMANDS.items():
            answers[f"command: {name}"] = self._run(name, self._files[slate], options)
            tell(f"  axiomatic run, {name}")
        return answers

    def _possible(self, requests: dict[str, Request]) -> dict[str, Request]:
        return {name: each for name, each in requests.items() if each.slate in self._files}

    def _upload(self, name: str) -> Json:
        slate = self._files[name]
        parts = {"salaries": ("DKSalaries.csv", slate.salaries, "text/csv")}
        if slate.drivers is not None:
            parts["drivers"] = ("drivers.csv", slate.drivers, "text/csv")
        form = {"track_id": slate.track}
        answer = self._installation.call("POST", "/api/v1/slates", files=parts, data=form)
        if answer.is_success:
            self._slate_ids[name] = answer.json()["slate_id"]
        return _document(answer)

    def _post(self, request: Request) -> httpx.Response:
        body = request.body(self._files[request.slate])
        if request.upload:
            body["slate_id"] = self._slate_ids[request.slate]
        return self._installation.call("POST", f"/api/v1/{request.kind}", json=body)

    def _finished(self, kind: str, run_id: str) -> Json:
        call, path = self._installation.call, f"/api/v1/jobs/{run_id}"
        self._installation.await_end(run_id)
        answer: Json = {
            "job": _document(call("GET", path)),
            "result": _document(call("GET", f"{path}/result")),
        }
        if kind in LINEUP_KINDS:
            answer["lineups.csv"] = _text(call("GET", f"{path}/lineups.csv"))
            for name, form in (("all", {}), ("one contest", {"contest_ids": "822"})):
                parts = {"entries": ("DKEntries.csv", ENTRIES, "text/csv")}
                filled = call("POST", f"{path}/entries", files=parts, data=form)
                answer[f"DKEntries.csv, {name}"] = _text(filled)
        return answer

    def _run(self, name: str, slate: SlateFiles, options: list[str]) -> Json:
        folder = self._installation.folder / name
        folder.mkdir()
        salaries, drivers = folder / "DKSalaries.csv", folder / "drivers.csv"
        salaries.write_bytes(slate.salaries)
        drivers.write_bytes(slate.drivers or b"")
        files = [str(salaries), "--drivers", str(drivers), "--track", slate.track]
        done = self._installation.run(["run", *files, *options, "--out", str(folder / "out")])
        answer: Json = {"exit_code": done.returncode}
        if done.returncode:
            tell(done.stderr)
            return answer
        result = json.loads((folder / "out" / "result.json").read_text(encoding="utf-8"))
        upload = (folder / "out" / "lineups.csv").read_bytes()
        return {**answer, "result": normalised(result), "lineups.csv": upload.decode("utf-8")}


def _document(answer: httpx.Response) -> Json:
    """Status and document of an answer; of a refusal only what names fields and counts lineups."""
    document = normalised(answer.json())
    if answer.is_success:
        return {"http_status": answer.status_code, "body": document}
    kept = {key: document[key] for key in ("limits", "largest") if key in document}
    fields = dict.fromkeys(sorted(document.get("errors", {})), "(text)")
    return {"http_status": answer.status_code, "errors": fields, **kept}


def _text(answer: httpx.Response) -> Any:
    """The text of a file, byte for byte; the document of a refusal."""
    return answer.content.decode("utf-8") if answer.is_success else _document(answer)


def main() -> None:
    """Record a revision into a file."""
    parser = argparse.ArgumentParser(prog="python -m tests.revisions.record")
    parser.add_argument("--revision", default="", help="this working tree as it is, by default")
    parser.add_argument("--out", type=Path, required=True, help="a file outside the repository")
    parser.add_argument("--data", type=Path, default=data_folder())
    options = parser.parse_args()
    if options.out.resolve().is_relative_to(ROOT):
        parser.error("--out: rows of the real data stand in a record; keep it outside.")

    document = record(options.revision, options.data)
    options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
