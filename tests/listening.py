"""A server for tests that say themselves what it answers."""

from __future__ import annotations

from http.server import ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Takes as many connections at once as are made: those beyond the queue would wait for seconds."""

    request_queue_size = 1024

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that has given up hangs up."""
