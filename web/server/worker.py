"""gunicorn's worker of this server."""

import os
import time
from functools import partial
from typing import Any

import gevent
from gevent import socket
from gevent.server import StreamServer
from gevent.threadpool import ThreadPool
from gunicorn.workers.base import Worker

from web.bodies.limits import BodyLimits
from web.server.connections import Connections
from web.server.conversation import Service, serve

_LOOK_SECONDS = 0.2


class BufferingWorker(Worker):  # type: ignore[misc]
    """Holds connections in greenlets, and runs the application in threads.

    Nothing is monkey patched: numpy, Redis' client and Celery run as in any other process, and only
    the sockets of clients are gevent's.
    """

    @classmethod
    def check_config(cls, config: Any, log: Any) -> None:
        """Refuse what this worker does not do.

        Raises
        ------
        SystemExit
            TLS is asked for.
        """
        del log
        if config.is_ssl:
            raise SystemExit("This server speaks no TLS; put a proxy that does in front of it.")

    def init_process(self) -> None:
        """Start anew after the fork."""
        gevent.reinit()
        super().init_process()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop at once."""
        # not within a callback of the loop, which an exit would leave in disorder
        gevent.spawn(super().handle_quit, sig, frame)

    def run(self) -> None:
        """Serve until told to stop; then finish what was begun, within the graceful timeout."""
        service = Service(
            self.cfg,
            self.log,
            self.wsgi,
            BodyLimits(self.wsgi),
            Connections(most=self.cfg.worker_connections),
            ThreadPool(self.cfg.threads),
        )
        servers = [self._listen(service, each) for each in self.sockets]
        while self.alive and self._parent_lives():
            self.notify()
            gevent.sleep(_LOOK_SECONDS)
        for server in servers:
            server.close()
        service.stopping = True
        service.ending.set()
        service.connections.dismiss_idle()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while len(service.connections) and time.monotonic() < deadline:
            self.notify()
            gevent.sleep(_LOOK_SECONDS)

    def _listen(self, service: Service, listening: Any) -> StreamServer:
        own = socket.socket(listening.FAMILY, socket.SOCK_STREAM, fileno=listening.sock.detach())
        own.setblocking(False)
        server = StreamServer(own, handle=partial(serve, service, own.getsockname()))
        # so that another process has its share
        server.max_accept = 1 if self.cfg.workers > 1 else 32
        server.start()
        return server

    def _parent_lives(self) -> bool:
        alive = bool(self.ppid == os.getppid())
        if not alive:
            self.log.info("the parent has gone; stopping")
        return alive
