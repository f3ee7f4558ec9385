"""The Flask application."""

from flask import Flask
from flask_swagger_ui import get_swaggerui_blueprint

from web import VERSION, gate, measuring, problems, services
from web.api import BLUEPRINTS
from web.api.openapi import DescribedApi
from web.bodies import reading
from web.bodies.limits import MOST_PARTS, SCORES
from web.warming import warm_in_background
from workers.app import configure
from workers.installation.logs import log_to_stderr
from workers.installation.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application.

    Parameters
    ----------
    settings
        The installation's; read from the environment if ``None``.

    Raises
    ------
    InvalidInput
        A setting is absent or wrong, or the ownership model it names is none.
    """
    settings = settings or Settings.from_environment()
    log_to_stderr(settings.log_format)
    configure(settings)
    app = Flask("axiomatic", static_folder=None)
    app.config.update(
        API_TITLE="Axiomatic",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        MAX_CONTENT_LENGTH=SCORES.most_bytes,
        MAX_FORM_PARTS=MOST_PARTS,
    )
    measuring.register(app)
    services.install(app, settings)
    gate.register(app, settings)
    api = DescribedApi(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    reading.register(app)
    problems.register(app)
    app.register_blueprint(
        get_swaggerui_blueprint("/api/v1/docs", "/openapi.json", config={"app_name": "Axiomatic"})
    )
    warm_in_background()
    return app
