"""Asking a forge: again where that may help, never further than its own address, and with no token in what is said."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from reconciler.exchange import Answer, NoAddressError, NoAnswerError, Request, exchange, place_of
from reconciler.forges.errors import ForgeError, ForgeGoneError, NotFoundError, RateLimitError, TokenRefusedError
from reconciler.forges.limits import limited_for
from reconciler.forges.pages import items_of, next_page
from reconciler.model.redaction import Redaction
from reconciler.model.strict_json import strict_json

_MOST_BYTES = 32 * 1024 * 1024
_MOST_PAGES = 1000
_MOST_HOPS = 3
_LONGEST_WORD = 200
_TEMPORARY = frozenset({408, 425})
_MOVED = frozenset({301, 302, 307, 308})
Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long a forge is asked; times in seconds.

    Attributes:
        attempts: at each request, the first one included.
        longest: for which a limit is waited out.
        deadline: for one answer.
    """

    attempts: int = 4
    first: float = 0.5
    longest: float = 120.0
    deadline: float = 20.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def pause(self, attempts: int) -> None:
        """Wait after so many attempts: the longer the more, and never as long as others do."""
        self.sleep(self.first * 2.0 ** (attempts - 1) * (0.5 + random.random() / 2))  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in the words of an API.

    Attributes:
        needs: what a token has to be allowed for it.
        is_repeatable: whether it comes to the same when it is carried out twice.
        refusals: statuses that are an answer like any other.
        known: in a refusal, it says that the forge has done this already.
    """

    method: str
    path: str
    body: Any = None
    needs: str = "read the repository and its pull requests"
    is_repeatable: bool = True
    refusals: Sequence[int] = ()
    known: str = ""


class Client:
    """Asks one API as one user."""

    def __init__(
        self, api_url: str, headers: Mapping[str, str], token: str, ca_file: str = "", retries: Retries | None = None
    ) -> None:
        self._api = api_url.rstrip("/")
        self._headers = {"Accept": "application/json", **headers}
        self._ca_file = ca_file
        self._hide = Redaction([token, token.partition(":")[2]])
        self.retries = retries or Retries()

    @property
    def place(self) -> str:
        return place_of(self._api)

    def get(self, path: str, query: Query | None = None) -> Any:
        """What is at a path, as JSON.

        Raises:
            ForgeError: see `Forge`.
        """
        return self.read(Asked("GET", f"{path}?{urlencode(query)}" if query else path))

    def pages(self, path: str, query: Query) -> Iterator[Any]:
        """All items of a list, page by page.

        Raises:
            ForgeError: see `Forge`; also where the next page is somewhere else.
        """
        url = f"{path}?{urlencode(query)}"
        for _ in range(_MOST_PAGES):
            answer = self.send(Asked("GET", url))
            read = self._json(answer)
            yield from items_of(read, self.place)
            following = next_page(self._url(url), answer, read)
            if not following:
                return
            if self._is_elsewhere(following):
                hint = "the token is not sent there; is the forge's own address set as it is reached?"
                raise ForgeError(f"{self.place} has its next page at {place_of(following)}", hint=hint)
            url = following
        raise ForgeError(f"{self.place} has more than {_MOST_PAGES} pages of this")

    def read(self, asked: Asked) -> Any:
        """What is answered, as JSON; None for nothing.

        Raises:
            ForgeError: see `Forge`.
        """
        return self._json(self.send(asked))

    def send(self, asked: Asked) -> Answer:
        """The answer of a forge that does what it is asked, or refuses in an expected way.

        Raises:
            ForgeError: see `Forge`.
        """
        attempts, hops, url = 1, 0, self._url(asked.path)
        while True:
            may_try_again = attempts < self.retries.attempts
            try:
                answer = self._once(asked, url)
            except ForgeGoneError as error:
                if not (asked.is_repeatable and may_try_again):
                    raise
                self._wait(error.after, attempts)
                attempts += 1
                continue
            limited = limited_for(answer, self.retries.clock())
            if limited is not None:
                if limited > self.retries.longest or not may_try_again:
                    raise self._limit(answer, limited)
                self.retries.sleep(limited)  # it did nothing, so that anything can be asked again
                attempts += 1
                continue
            if answer.status in _MOVED:
                url, hops = self._moved(asked, answer, url, hops), hops + 1
                continue
            self._check(asked, answer)
            return answer

    def _once(self, asked: Asked, url: str) -> Answer:
        """One answer that is whole.

        Raises:
            ForgeGoneError: there is none, or one that may be another the next time.
        """
        content = b"" if asked.body is None else strict_json(asked.body, ensure_ascii=True).encode()
        headers = {**self._headers, "Content-Type": "application/json"} if content else self._headers
        try:
            answer = exchange(
                Request(asked.method, url, headers, content, self._ca_file), self.retries.deadline, _MOST_BYTES
            )
        except NoAnswerError as error:
            raise ForgeGoneError(self._hide(error.message)) from error
        except NoAddressError as error:
            raise ForgeError(error.message, hint="mend the address of the forge") from error
        if answer.status >= 500 or answer.status in _TEMPORARY or self._is_unreadable(answer):
            raise ForgeGoneError(self._told(answer), after=answer.after(self.retries.clock()))
        if answer.status == 429 and limited_for(answer, self.retries.clock()) is None:
            raise ForgeGoneError(f"{self._told(answer)}: too many requests")
        return answer

    def _check(self, asked: Asked, answer: Answer) -> None:
        status = answer.status
        if 200 <= status < 300 or status in asked.refusals:
            return
        if asked.known and status == 400 and asked.known in answer.text:
            return
        message = self._told(answer)
        if status == 401:
            raise TokenRefusedError(message, hint="the token is wrong or has expired; make another")
        if status == 403:
            raise TokenRefusedError(message, hint=f"the token has to be allowed to {asked.needs}")
        if status == 404:
            hint = f"is the repository named as the forge has it, and may the token {asked.needs}?"
            raise NotFoundError(message, place=urlsplit(asked.path).path, hint=hint)
        raise ForgeError(message, place=urlsplit(asked.path).path)

    def _moved(self, asked: Asked, answer: Answer, url: str, hops: int) -> str:
        """Where it is by now; a forge says so of a repository that was renamed.

        Raises:
            ForgeError: that is another server, or something is asked that must not be repeated there.
        """
        where = urljoin(url, answer.headers.get("location", ""))
        if self._is_elsewhere(where):
            hint = "the token is not sent there; write the address that it leads to"
            raise ForgeError(f"{self._told(answer)}, which leads to {place_of(where)}", hint=hint)
        if hops >= _MOST_HOPS or (asked.method != "GET" and answer.status in (301, 302)):
            raise ForgeError(f"{self._told(answer)}", hint="was the repository renamed? name it as it is by now")
        return where

    def _limit(self, answer: Answer, seconds: float) -> RateLimitError:
        until = datetime.fromtimestamp(self.retries.clock() + seconds, UTC).isoformat(timespec="seconds")
        message = f"{self._told(answer)}: too many requests, until {until.replace('+00:00', 'Z')}"
        return RateLimitError(message, after=seconds, hint="try again then, or use a token with a higher limit")

    def _wait(self, seconds: float, attempts: int) -> None:
        if 0 < seconds <= self.retries.longest:
            self.retries.sleep(seconds)
        else:
            self.retries.pause(attempts)

    def _url(self, path: str) -> str:
        return path if "://" in path else f"{self._api}{path}"

    def _is_elsewhere(self, url: str) -> bool:
        """Whether this is another server than that of the API, which the token must not reach."""
        ours, theirs = urlsplit(self._api), urlsplit(url)
        return (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc)

    def _told(self, answer: Answer) -> str:
        """What was answered, with the forge's own word for it."""
        try:
            read = json.loads(answer.text) if answer.status >= 400 else {}
        except ValueError:
            read = {}
        said = read.get("message", read.get("error")) if isinstance(read, dict) else None
        if isinstance(said, dict):  # as Bitbucket says it
            said = said.get("message")
        word = " ".join(str(said).split())[:_LONGEST_WORD] if said else ""
        told = f"{self.place} answered {answer.told}"
        return self._hide("".join(each for each in f"{told}: {word}" if each.isprintable())) if word else told

    def _is_unreadable(self, answer: Answer) -> bool:
        if answer.status >= 300 or not answer.text.strip():
            return False
        try:
            json.loads(answer.text)
        except (ValueError, RecursionError):
            return True
        return not answer.is_whole

    def _json(self, answer: Answer) -> Any:
        if not answer.text.strip() or answer.status >= 300:
            return None
        return json.loads(answer.text)
