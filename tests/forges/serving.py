"""A forge that answers on the loopback: its routes, and what a test wants to go wrong."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .hosted import BOT, Hosted

TOKEN = "token-that-nobody-may-see"


@dataclass(frozen=True)
class Sent:
    """One request; the names of headers in lower case, the path as it was sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """An answer; `content` in place of JSON, `promised` bytes said to come where fewer do."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    promised: int | None = None


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next request that fits; carried out all the same where `is_done`."""

    reply: Reply
    method: str = ""
    path: str = ""
    is_done: bool = False

    def fits(self, sent: Sent) -> bool:
        return self.method in ("", sent.method) and re.search(self.path, sent.path) is not None


Route = Callable[..., Reply]


class Served:
    """Base of the four: each adds its routes, how it pages and how it knows a token."""

    below = ""
    most_per_page = 100

    def __init__(self) -> None:
        self.hosted = Hosted()
        self.user = BOT
        self.address = ""
        self.sent: list[Sent] = []
        self.faults: list[Fault] = []
        self.before: Callable[[Sent], None] = lambda _: None
        self.routes: list[tuple[str, re.Pattern[str], Route]] = []

    @property
    def api(self) -> str:
        return f"{self.address}{self.below}"

    def route(self, method: str, path: str, answer: Route) -> None:
        self.routes.append((method, re.compile(path), answer))

    def is_known(self, sent: Sent) -> bool:
        raise NotImplementedError

    def refuse(self, status: int, message: str) -> Reply:
        return Reply(status, {"message": message})

    def answer(self, sent: Sent) -> Reply:
        self.sent.append(sent)
        self.before(sent)
        fault = next((fault for fault in self.faults if fault.fits(sent)), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault.is_done:
                self._routed(sent)
            return fault.reply
        return self._routed(sent)

    def _routed(self, sent: Sent) -> Reply:
        if not self.is_known(sent):
            return self.refuse(401, "Bad credentials")
        if sent.body is not None and sent.headers.get("content-type") != "application/json":
            return self.refuse(415, "Unsupported Media Type")
        for method, pattern, answer in self.routes:
            found = pattern.fullmatch(sent.path.removeprefix(self.below))
            if found and method == sent.method and sent.path.startswith(self.below):
                with self.hosted.lock:
                    return answer(sent, *found.groups())
        return self.refuse(404, "Not Found")

    def size(self, sent: Sent, name: str, default: int) -> int:
        return max(1, min(int(sent.query.get(name, default)), self.most_per_page))

    def page_url(self, sent: Sent, page: int) -> str:
        return f"{self.address}{sent.path}?{urlencode({**sent.query, 'page': page})}"

    def asked(self, method: str, path: str = "") -> list[Sent]:
        return [sent for sent in self.sent if sent.method == method and re.search(path, sent.path)]


def linked(served: Served, sent: Sent, items: list[Any], size: int) -> Reply:
    """A page as GitHub, GitLab and Gitea hand them out."""
    page = int(sent.query.get("page", 1))
    shown = items[(page - 1) * size : page * size]
    last = max(1, -(-len(items) // size))
    links = (
        [("next", page + 1), ("last", last)] if page < last else [("first", 1), ("prev", page - 1)] if page > 1 else []
    )
    told = ", ".join(f'<{served.page_url(sent, number)}>; rel="{name}"' for name, number in links)
    return Reply(200, shown, {"Link": told} if told else {})


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            content = self.rfile.read(length)
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            sent = Sent(self.command, parts.path, query, headers, json.loads(content) if content else None)
            self._say(served.answer(sent))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - as the library names them

        def _say(self, reply: Reply) -> None:
            content = reply.content
            if content is None:
                content = b"" if reply.body is None else json.dumps(reply.body).encode()
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content) if reply.promised is None else reply.promised))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                return  # whoever asked waits no more

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
