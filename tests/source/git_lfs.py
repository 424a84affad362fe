"""A server of Git LFS on this machine, which speaks what its documentation says of batches."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .git_repository import Content

ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n"


def pointer(content: bytes) -> str:
    """What Git holds of a large file."""
    sha256 = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n"


def large(files: dict[str, Content]) -> dict[str, Content]:
    """Files of which those whose content is given as bytes are in Git LFS."""
    pointers = {path: pointer(content) if isinstance(content, bytes) else content for path, content in files.items()}
    return {".gitattributes": ATTRIBUTES, **pointers}


class LfsServer:
    """Hands content out; `batches` notes how many files each request asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.batches: list[int] = []
        self._contents: dict[str, bytes] = {}

    def hold(self, *contents: bytes) -> None:
        self._contents.update((hashlib.sha256(content).hexdigest(), content) for content in contents)

    def content(self, sha256: str) -> bytes | None:
        return self._contents.get(sha256)

    def answer(self, asked: list[dict[str, object]]) -> list[dict[str, object]]:
        self.batches.append(len(asked))
        return [{**each, **self._of(str(each["oid"]))} for each in asked]

    def _of(self, sha256: str) -> dict[str, object]:
        if sha256 not in self._contents:
            return {"error": {"code": 404, "message": "Object does not exist"}}
        return {"actions": {"download": {"href": f"{self.address}/content/{sha256}"}}}


@contextmanager
def serving_lfs(credentials: str = "") -> Iterator[LfsServer]:
    """Serve; where credentials are set, they are asked for. Everything but content answers as a batch."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = served.content(self.path.rpartition("/")[2])
            self._answer(404 if content is None else 200, content or b"", "application/octet-stream")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            wanted = f"Basic {base64.b64encode(credentials.encode()).decode()}"
            if credentials and self.headers.get("Authorization") != wanted:
                self._answer(401, b"{}", "application/vnd.git-lfs+json")
                return
            answer = {"transfer": "basic", "objects": served.answer(body["objects"])}
            self._answer(200, json.dumps(answer).encode(), "application/vnd.git-lfs+json")

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            if status == 401:
                self.send_header("LFS-Authenticate", 'Basic realm="lfs"')
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = LfsServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
