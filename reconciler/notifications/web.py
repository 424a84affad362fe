"""Posting to a web server, and what its answer means for what was posted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.exchange import Answer, NoAddressError, NoAnswerError, Request, exchange, place_of
from reconciler.notifications.base import DEADLINE_SECONDS, NotNowError, NotTakenError

_MOST_BYTES = 4096
_TEMPORARY = frozenset({408, 425, 429})


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


def post(posting: Posting, deadline: float = DEADLINE_SECONDS) -> Answer:
    """Post something; whatever the server answers is an answer, of which the start is read.

    Raises:
        NotNowError: no answer came in time.
        NotTakenError: it cannot be posted at all.
    """
    request = Request("POST", posting.url, posting.headers, posting.content, posting.ca_file)
    try:
        return exchange(request, deadline, _MOST_BYTES)
    except NoAnswerError as error:
        raise NotNowError(error.message) from error
    except NoAddressError as error:
        raise NotTakenError(f"nothing can be posted to {posting.place}", hint="mend `url:`") from error


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
