"""What every request passes before a view sees it, in this order.

Its id; the name by which the server was called; where an unsafe request comes from; whose key it
has; how often that user submits. Each is a module of its own, and :func:`register` is the order.
"""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from web.gate import headers, hosts, keys, origins, rates, request_ids
from workers.installation.settings import Settings

__all__ = ["register"]


def register(app: Flask, settings: Settings) -> None:
    """Let every request of ``app`` pass the gate, and every answer leave through it."""
    if settings.proxies:
        # believed of so many proxies, and of nobody where there are none
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app,
            x_for=settings.proxies,
            x_proto=settings.proxies,
            x_host=settings.proxies,
            x_prefix=0,
        )
    request_ids.register(app)
    headers.register(app)
    hosts.register(app, settings.hosts or ())
    origins.register(app, settings.origins or ())
    keys.register(app)
    rates.register(app, settings)
