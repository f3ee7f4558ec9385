"""Every way in: the HTTP API, its schemas, and the command line."""

from importlib.metadata import version

VERSION = version("axiomatic")
