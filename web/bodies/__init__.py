"""Bodies of requests: how large they may be, and their shape before their parts are read."""

from web.bodies.parser import Blueprint

__all__ = ["Blueprint"]
