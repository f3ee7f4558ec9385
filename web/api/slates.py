"""Slates: a site's salary file in, the drivers with what is known of them out."""

from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Any

from flask import request
from flask_smorest import Blueprint
from werkzeug.datastructures import FileStorage

from core.race import load_known_drivers
from core.slate import Slate, apply_driver_file, find_track, read_salaries
from web import stored_slates
from web.api.openapi import refuses
from web.api.parts import takes_parts
from web.gate.keys import has_users
from web.schemas.slates import SlateSchema, SlatesSchema
from web.schemas.uploads import SlateFilesSchema
from web.services import caller, jobs, settings

blueprint = Blueprint("slates", __name__, url_prefix="/api/v1", description="Slates.")


def shown(slate_id: str, slate: Slate) -> dict[str, Any]:
    """A slate as the API shows it: with the cars that its jobs will have."""
    drivers = []
    for driver in load_known_drivers().with_cars(slate).drivers:
        document = asdict(driver)
        document["salary"] = document.pop("salary_usd")
        document["veto_rules"] = sorted(document.pop("vetoes"))
        drivers.append(document)
    return {
        "slate_id": slate_id,
        "site": slate.site.key,
        "race_name": slate.race_name,
        "track_id": slate.track.track_id if slate.track else None,
        "drivers": drivers,
        "warnings": list(slate.warnings),
    }


@blueprint.post("/slates")
@takes_parts(blueprint, SlateFilesSchema)
@blueprint.response(201, SlateSchema, description="The slate as it is stored.")
@refuses(
    blueprint,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
def upload(files: dict[str, FileStorage]) -> dict[str, Any]:
    """Read a salary file, with the user's drivers file laid over it."""
    slate = read_salaries(files["salaries"].read(), request.form.get("site"))
    if "drivers" in files:
        slate = apply_driver_file(slate, files["drivers"].read())
    if "track_id" in request.form:
        slate = replace(slate, track=find_track(request.form["track_id"]))
    seconds = settings().keep_slates_seconds
    room = settings().slates_bytes if has_users() else None
    return shown(stored_slates.keep(jobs(), caller(), slate, seconds, room), slate)


@blueprint.get("/slates")
@blueprint.response(200, SlatesSchema)
@refuses(blueprint, HTTPStatus.SERVICE_UNAVAILABLE)
def listing() -> dict[str, Any]:
    """List the caller's slates, newest first."""
    return {"slates": [shown(*each) for each in stored_slates.every(jobs(), caller())]}


@blueprint.get("/slates/<slate_id>")
@blueprint.response(200, SlateSchema)
@refuses(blueprint, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
def one(slate_id: str) -> dict[str, Any]:
    """Show a slate."""
    return shown(slate_id, stored_slates.known(jobs(), caller(), slate_id))


@blueprint.delete("/slates/<slate_id>")
@blueprint.response(204, description="The slate is gone.")
@refuses(blueprint, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
def remove(slate_id: str) -> None:
    """Remove a slate; jobs that began with it go on."""
    stored_slates.known(jobs(), caller(), slate_id)
    stored_slates.drop(jobs(), caller(), slate_id)
