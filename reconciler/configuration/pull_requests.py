"""What a configuration file says of a source's pull requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.configuration.files import readable_file
from reconciler.model.errors import UsageError
from reconciler.model.http import is_loopback
from reconciler.model.problems import Pointer
from reconciler.model.pull_requests import PreviewRules, PullRequestSettings

_APIS = {
    "github": "https://api.github.com",
    "gitlab": "https://gitlab.com/api/v4",
    "bitbucket": "https://api.bitbucket.org/2.0",
}
_WRITERS = "writers"
_SECRET = re.compile(r"[\x20-\x7e]+")
_SHORTEST_SECONDS = 5.0


class PullRequestReader:
    """Reads what stands below `pull_requests:`; how single values are read is given by the caller."""

    def __init__(
        self,
        value: Callable[[Any, Pointer], str],
        duration: Callable[[Mapping[str, Any], str, Pointer, float], float],
        error: Callable[[str, str, Pointer], UsageError],
    ) -> None:
        self._value = value
        self._duration = duration
        self._error = error

    def read(self, written: Mapping[str, Any], pointer: Pointer) -> PullRequestSettings:
        """The settings.

        Raises:
            UsageError: something in them is wrong; with file, line and column.
        """
        repository = written["repository"]
        if written["forge"] != "gitlab" and repository.count("/") != 1:
            message = f"`{repository}` is no repository of {written['forge']}"
            raise self._error(message, "write OWNER/NAME", (*pointer, "repository"))
        return PullRequestSettings(
            written["forge"],
            self._api(written, pointer),
            repository,
            self._token(written, (*pointer, "token")),
            written.get("user", ""),
            readable_file(written, "ca_file", pointer, self._error),
            self._interval(written, pointer),
            written.get("comment", True),
            self._previews(written.get("previews") or {}),
        )

    def _api(self, written: Mapping[str, Any], pointer: Pointer) -> str:
        api = written.get("api", _APIS.get(written["forge"], ""))
        if not api:
            hint = "write `api: https://HOST/api/v1`"
            raise self._error(f"{written['forge']} is at no address that is known", hint, pointer)
        at, hint = (*pointer, "api"), "write an address that starts with https://"
        try:
            parts = urlsplit(api)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise self._error("this is no address", hint, at) from None
        if parts.scheme not in ("http", "https") or not host or re.search(r"\s", api):
            raise self._error("this is no address of an API", hint, at)
        if "@" in parts.netloc:
            raise self._error("the address holds credentials", "write them into what `token:` names", at)
        if parts.scheme != "https" and not is_loopback(host):
            raise self._error("a token goes over HTTPS alone", hint, at)
        return str(api).rstrip("/")

    def _token(self, written: Mapping[str, Any], pointer: Pointer) -> str:
        token = self._value(written["token"], pointer)
        if not _SECRET.fullmatch(token):
            raise self._error("there is nothing, or a line break in it", "see what is written there", pointer)
        return token

    def _interval(self, written: Mapping[str, Any], pointer: Pointer) -> float:
        seconds = self._duration(written, "poll", pointer, 60.0)
        if seconds < _SHORTEST_SECONDS:
            hint = f"write {_SHORTEST_SECONDS:g}s or more; webhooks tell of changes at once"
            raise self._error("no forge can be asked that often", hint, (*pointer, "poll"))
        return seconds

    def _previews(self, written: Mapping[str, Any]) -> PreviewRules:
        allowed = written.get("allowed", _WRITERS)
        return PreviewRules(
            written.get("label", ""), None if allowed == _WRITERS else tuple(allowed), written.get("forks", False)
        )
