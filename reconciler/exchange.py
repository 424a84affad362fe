"""One request to a web server: with a deadline, no redirects, and nothing secret in what is said of it."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from reconciler import __version__
from reconciler.model.errors import ReconcilerError

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs URLs, and those of hooks are secret

_MOST_SECONDS = 24 * 3600.0


class NoAnswerError(ReconcilerError):
    """A server did not answer, or not in time."""


class NoAddressError(ReconcilerError):
    """Nothing can be sent to what is no address."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent where; headers and URL may hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = b""
    ca_file: str = ""

    @property
    def place(self) -> str:
        """Scheme and host alone: the rest of a hook's address is as good as a password."""
        return place_of(self.url)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, the names of headers in lower case.

    Attributes:
        is_whole: whether the text goes on no further.
    """

    status: int
    headers: Mapping[str, str]
    text: str
    is_whole: bool = True

    @property
    def told(self) -> str:
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)

    def after(self, now: float) -> float:
        """Seconds for which the server wants to be left alone, 0 where it says nothing of that."""
        written = self.headers.get("retry-after", "").strip()
        if written.isascii() and written.isdecimal():
            return min(float(written), _MOST_SECONDS)
        try:
            return min(max(parsedate_to_datetime(written).timestamp() - now, 0.0), _MOST_SECONDS)
        except (ValueError, TypeError, OverflowError):
            return 0.0


def place_of(url: str) -> str:
    """Scheme, host and port of a URL; of what is none, nothing is shown."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "what is no address"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def exchange(request: Request, deadline: float, most_bytes: int) -> Answer:
    """Send something; whatever the server answers is an answer. Not to be called from within an event loop.

    Args:
        deadline: seconds for all of it.
        most_bytes: of the answer, at which reading stops.

    Raises:
        NoAnswerError: none came in time.
        NoAddressError: it cannot be sent at all.
    """
    import httpx

    try:
        return asyncio.run(_exchange(request, deadline, most_bytes))
    except TimeoutError as error:
        raise NoAnswerError(f"{request.place} did not answer within {deadline:g} seconds") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, ValueError) as error:
        raise NoAddressError(f"nothing can be sent to {request.place}") from error
    except httpx.TimeoutException as error:
        raise NoAnswerError(f"{request.place} did not answer within {deadline:g} seconds") from error
    except (httpx.HTTPError, OSError) as error:
        why = str(error).replace(request.url, request.place) or type(error).__name__
        raise NoAnswerError(f"{request.place} cannot be reached: {why}") from error


async def _exchange(request: Request, deadline: float, most_bytes: int) -> Answer:
    import httpx

    is_encrypted = request.url.lower().startswith("https:")  # else certificates need not be read, which takes a while
    trusted = ssl.create_default_context(cafile=request.ca_file or None) if is_encrypted else False
    headers = {"User-Agent": f"reconciler/{__version__}", **request.headers}
    async with (
        asyncio.timeout(deadline),
        httpx.AsyncClient(verify=trusted, follow_redirects=False, timeout=deadline) as client,
        client.stream(request.method, request.url, headers=headers, content=request.content) as response,
    ):
        content, is_whole = bytearray(), True
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) >= most_bytes:
                is_whole = False
                break
        said = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, said, content[:most_bytes].decode(errors="replace"), is_whole)
