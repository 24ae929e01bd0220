"""A server for tests that say themselves what it answers."""

from __future__ import annotations

import socket
import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from socketserver import BaseRequestHandler


class Server(ThreadingHTTPServer):
    """Takes as many connections at once as are made: those beyond the queue would wait for seconds.

    It listens while it is entered. However that ends, its thread ends first: one that goes on after the
    socket is closed tries it for ever, and slows down all tests that come after.
    """

    request_queue_size = 1024

    def __init__(self, handler: type[BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection whose replies leave at once: headers and body are written apart, and the second would
        wait for word that the first has come, which takes 40 ms."""
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that has given up hangs up."""
