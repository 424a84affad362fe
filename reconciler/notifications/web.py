"""Posting to a web server: with a deadline, no redirects, and nothing secret in what is said of it."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from reconciler import __version__
from reconciler.notifications.base import DEADLINE_SECONDS, NotNowError, NotTakenError

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs URLs, and those of hooks are secret

_MOST_BYTES = 4096
_TEMPORARY = frozenset({408, 425, 429})
_MOST_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Posting:
    """What is posted where; headers and URL may hold secrets."""

    url: str
    headers: Mapping[str, str]
    content: bytes
    ca_file: str = ""

    @property
    def place(self) -> str:
        """Scheme and host alone: the rest of a hook's address is as good as a password."""
        return place_of(self.url)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, the names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    start: str

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


def post(posting: Posting, deadline: float = DEADLINE_SECONDS) -> Answer:
    """Post something; whatever the server answers is an answer.

    Raises:
        NotNowError: no answer came in time.
        NotTakenError: it cannot be posted at all.
    """
    import httpx

    try:
        return asyncio.run(_post(posting, deadline))
    except TimeoutError as error:
        raise NotNowError(f"{posting.place} did not answer within {deadline:g} seconds") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, ValueError) as error:
        raise NotTakenError(f"nothing can be posted to {posting.place}", hint="mend `url:`") from error
    except httpx.TimeoutException as error:
        raise NotNowError(f"{posting.place} did not answer within {deadline:g} seconds") from error
    except (httpx.HTTPError, OSError) as error:
        why = str(error).replace(posting.url, posting.place) or type(error).__name__
        raise NotNowError(f"{posting.place} cannot be reached: {why}") from error


async def _post(posting: Posting, deadline: float) -> Answer:
    import httpx

    trusted = ssl.create_default_context(cafile=posting.ca_file or None)
    headers = {"User-Agent": f"reconciler/{__version__}", **posting.headers}
    async with (
        asyncio.timeout(deadline),
        httpx.AsyncClient(verify=trusted, follow_redirects=False, timeout=deadline) as client,
        client.stream("POST", posting.url, headers=headers, content=posting.content) as response,
    ):
        start = b""
        async for chunk in response.aiter_bytes():
            start += chunk
            if len(start) >= _MOST_BYTES:
                break
        said = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, said, start[:_MOST_BYTES].decode(errors="replace"))


def check(answer: Answer, place: str, now: float | None = None) -> None:
    """See that a server took what was posted.

    Raises:
        NotTakenError: it did not, and will not.
        NotNowError: it may later.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    message = f"{place} answered {answer.told}"
    if status in _TEMPORARY or status >= 500:
        raise NotNowError(message, after=answer.after(time.time() if now is None else now))
    if 300 <= status < 400:
        raise NotTakenError(f"{message}; redirects are not followed", hint="write the address that it leads to")
    hint = "mend `secret:`" if status in (401, 403) else "mend `url:` and `secret:`"
    raise NotTakenError(message, hint=f"{hint}; `reconciler notify test` tries it")
