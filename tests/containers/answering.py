"""Sockets that answer as a Docker engine does when it is pinged, and others that do not."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path


class Pinged(BaseHTTPRequestHandler):
    """What a Docker engine says when it is pinged, and nothing else."""

    version = "1.47"
    status = 200

    def do_GET(self) -> None:
        is_pinged = self.path == "/_ping"
        self.send_response(self.status if is_pinged else 404)
        if self.version:
            self.send_header("Api-Version", self.version)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


class Unversioned(Pinged):
    """A web server of any kind."""

    version = ""


class Failing(Pinged):
    """An engine that is not well."""

    status = 500


class Greeting(socketserver.StreamRequestHandler):
    """Something that is no web server at all."""

    def handle(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.rfile.readline()  # who hangs up before it was spoken to breaks the pipe


class Silent(socketserver.StreamRequestHandler):
    """Something that hangs up without a word."""

    def handle(self) -> None:
        self.rfile.readline()


class Stuck(socketserver.StreamRequestHandler):
    """Something that keeps whoever asks waiting."""

    def handle(self) -> None:
        self.rfile.read()


@contextmanager
def answering(path: Path, handler: type[socketserver.StreamRequestHandler] = Pinged) -> Iterator[str]:
    """A socket in the file system that answers; gives its address."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with running(socketserver.ThreadingUnixStreamServer(str(path), handler)):
        yield f"unix://{path}"


@contextmanager
def running(server: socketserver.ThreadingUnixStreamServer | socketserver.ThreadingTCPServer) -> Iterator[None]:
    server.daemon_threads = True
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
