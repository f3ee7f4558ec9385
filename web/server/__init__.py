"""The HTTP server: a gunicorn worker that reads whole requests before a thread is given to them.

A greenlet holds each connection, so that one that is silent or slow costs no thread. Why this
server was chosen stands in docs/decisions/server.md.
"""
