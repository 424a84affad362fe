"""How long and how slow a request may be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from reconciler.web.refusals import Refusal

MOST_BYTES = 1 << 20
_CLOSE = {"Connection": "close"}  # what is still on its way is not read
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class BoundedBodies:
    """An application whose requests have bodies of a bearable length, which come in a bearable time."""

    def __init__(self, app: App, deadline_seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._deadline_seconds = deadline_seconds

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, _told_length(scope), self._most_bytes, self._deadline_seconds)
        await self._app(scope, body.receive, send)


class _Body:
    """The body of one request, read by whoever handles it."""

    def __init__(self, receive: Receive, told: int, most_bytes: int, deadline_seconds: float) -> None:
        self._receive = receive
        self._length = told
        self._read = 0
        self._most_bytes = most_bytes
        self._deadline = asyncio.get_running_loop().time() + deadline_seconds
        self._is_whole = False

    async def receive(self) -> Message:
        """The next part of it.

        Raises:
            Refusal: it is too long, or too slow.
        """
        if self._is_whole:
            return await self._receive()
        if self._length > self._most_bytes:
            raise self._too_long()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise Refusal(408, "the body did not come in time", "send it again, without pausing", _CLOSE) from None
        self._read += len(message.get("body", b""))
        if self._read > self._most_bytes:
            raise self._too_long()
        self._is_whole = not message.get("more_body", False)
        return message

    def _too_long(self) -> Refusal:
        hint = f"send {self._most_bytes} bytes at most; a forge can be told to send less with a push"
        return Refusal(413, "the body is too long", hint, _CLOSE)


def _told_length(scope: Message) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0
