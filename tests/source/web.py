"""A web server on this machine that serves what a test gives it, well or badly."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What lies at a path.

    Attributes:
        tag: the ETag, None for the hash of the content, "" for none.
        cut: how many bytes are sent before the connection is dropped, None for all.
        changed: value of Last-Modified, "" for none.
    """

    content: bytes = b""
    tag: str | None = None
    cut: int | None = None
    changed: str = ""
    status: int = 200
    location: str = ""
    wait: float = 0.0
    has_length: bool = True


@dataclass
class Web:
    """Pages by path; `asked` lists the requests, such as `HEAD /loans.csv`."""

    address: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"

    def put(self, path: str, content: bytes, **how: object) -> str:
        self.pages[f"/{path}"] = Page(content, **how)  # type: ignore[arg-type]
        return self.url(path)

    def gets(self) -> int:
        return sum(each.startswith("GET ") for each in self.asked)


@contextmanager
def serving_pages() -> Iterator[Web]:
    """Serve pages on the loopback."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, with_body: bool) -> None:
            web.asked.append(f"{self.command} {self.path}")
            page = web.pages.get(self.path.partition("?")[0], Page(status=404))
            time.sleep(page.wait)
            self.send_response(page.status)
            if page.location:
                self.send_header("Location", page.location)
            tag = f'"{hashlib.sha256(page.content).hexdigest()[:16]}"' if page.tag is None else page.tag
            if tag:
                self.send_header("ETag", tag)
            if page.changed:
                self.send_header("Last-Modified", page.changed)
            if page.has_length:
                self.send_header("Content-Length", str(len(page.content)))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if with_body:
                self.wfile.write(page.content[: page.cut])
            if page.cut is not None and with_body:
                self.wfile.flush()
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
