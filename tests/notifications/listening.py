"""A web server on this machine that notes what it is sent, and answers as a test tells it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Sent:
    """One request; the names of headers in lower case."""

    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Reply:
    """How it answers; with `wait`, so many seconds later, and with `drip`, a byte of the body in each of so many."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b"ok"
    wait: float = 0.0
    drip: float = 0.0


@dataclass
class Listener:
    """The server: `replies` are used up one by one, then `reply` decides."""

    address: str = ""
    sent: list[Sent] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    reply: Callable[[Sent], Reply] = lambda _: Reply()
    is_closing: threading.Event = field(default_factory=threading.Event)

    def until(self, count: int, seconds: float = 60.0) -> list[Sent]:
        """Block until so much was sent."""
        deadline = time.monotonic() + seconds
        while len(self.sent) < count:
            assert time.monotonic() < deadline, f"{len(self.sent)} of {count} came"
            time.sleep(0.01)
        return self.sent


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen on the loopback."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            sent = Sent(self.path, {name.lower(): value for name, value in self.headers.items()}, content)
            reply = listener.replies.pop(0) if listener.replies else listener.reply(sent)
            listener.sent.append(sent)
            listener.is_closing.wait(reply.wait)
            try:
                self._answer(reply)
            except OSError:
                return  # whoever asked waits no more

        def do_GET(self) -> None:
            """Where redirects lead to."""
            listener.sent.append(Sent(self.path, {}, b""))
            self._answer(Reply())

        def _answer(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            for index in range(len(reply.content)):
                listener.is_closing.wait(reply.drip)
                self.wfile.write(reply.content[index : index + 1])

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.is_closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
