"""Receivers of notifications in a configuration file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from reconciler.configuration.files import readable_file
from reconciler.model.errors import UsageError
from reconciler.model.notifications import Encryption, Mail, Rate, Receiver, ReceiverType, Secret, Selection
from reconciler.model.problems import Pointer

_AT = "notifications"
_FOR_ALL = frozenset({"name", "type", "events", "rate", "secret", "ca_file"})
_FOR_HOOKS = _FOR_ALL | {"url"}
_FOR_MAIL = _FOR_ALL | {"host", "port", "from", "to", "starttls", "tls", "username"}
_FOR_FORGES = _FOR_HOOKS | {"repository"}
_HOMES = {ReceiverType.GITHUB: "https://github.com", ReceiverType.GITLAB: "https://gitlab.com"}
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_OFTEN = Rate(60, 60.0)  # of statuses, of which none may be left out
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_ADDRESS = re.compile(r"[^\s<>@,;:\"]+@[^\s<>@,;:\"]+")
_NAMED_ADDRESS = re.compile(r"[^<>\n\r,;:\"@]*<([^<>]*)>")
Complaint = Callable[[str, str, Pointer], UsageError]


def read_receivers(written: Sequence[Mapping[str, Any]], complaint: Complaint) -> tuple[Receiver, ...]:
    """The receivers in the order of the file; their secrets are read when they are needed.

    Raises:
        UsageError: something in them is wrong; with file, line and column.
    """
    return tuple(_Reader(complaint).all(written))


class _Reader:
    def __init__(self, complaint: Complaint) -> None:
        self._error = complaint

    def all(self, written: Sequence[Mapping[str, Any]]) -> Iterator[Receiver]:
        names: set[str] = set()
        for index, each in enumerate(written):
            place: Pointer = (_AT, index)
            if each["name"] in names:
                message = f"there is a receiver `{each['name']}` already"
                raise self._error(message, "give each a name of its own", (*place, "name"))
            names.add(each["name"])
            yield self._one(each, place)

    def _one(self, written: Mapping[str, Any], place: Pointer) -> Receiver:
        kind = ReceiverType(written["type"])
        self._check_keys(written, kind, place)
        secret = written.get("secret")
        return Receiver(
            written["name"],
            kind,
            self._url(written, kind, place),
            Secret(secret.get("env", ""), secret.get("file", "")) if secret else None,
            self._selection(written.get("events") or {}, kind, (*place, "events")),
            self._rate(written, kind, place),
            written.get("repository", ""),
            readable_file(written, "ca_file", place, self._error),
            self._mail(written, place) if kind is ReceiverType.SMTP else None,
        )

    def _check_keys(self, written: Mapping[str, Any], kind: ReceiverType, place: Pointer) -> None:
        allowed = _FOR_FORGES if kind.is_forge else _FOR_MAIL if kind is ReceiverType.SMTP else _FOR_HOOKS
        for key in written:
            if key not in allowed:
                raise self._error(f"`{key}` is of no use for a receiver of type {kind}", "take it away", (*place, key))
        if kind is ReceiverType.SLACK and ("url" in written) == ("secret" in written):
            hint = "write `url:`, or `secret:` where the whole address is to be taken from a file or a variable"
            raise self._error("the address of the hook is to be told in one way", hint, place)
        needed = ("host", "from", "to") if kind is ReceiverType.SMTP else ("secret",) if kind.is_forge else ()
        if kind in (ReceiverType.WEBHOOK, ReceiverType.GITEA):
            needed = ("url", *needed)
        for key in needed:
            if key not in written:
                raise self._error(f"a receiver of type {kind} needs `{key}`", f"write `{key}:`", place)

    def _url(self, written: Mapping[str, Any], kind: ReceiverType, place: Pointer) -> str:
        url = str(written.get("url", _HOMES.get(kind, "")))
        if "url" not in written:
            return url
        at, hint = (*place, "url"), "write an address that starts with https://"
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise self._error("this is no address", hint, at) from None
        if (
            parts.scheme not in ("http", "https")
            or not host
            or not url.isascii()
            or re.search(r"[\s\x00-\x1f\x7f]", url)
        ):
            raise self._error("this is no address on the web", hint, at)
        if "@" in parts.netloc:
            raise self._error("the address holds credentials", "write them into what `secret:` names", at)
        if kind.is_forge:
            self._check_forge(parts.scheme, host, bool(parts.query or parts.fragment), at)
            return url.rstrip("/")
        return url

    def _check_forge(self, scheme: str, host: str, has_more: bool, at: Pointer) -> None:
        if host == "api.github.com" or has_more:
            hint = "write it as a browser has it, such as https://github.com"
            raise self._error("this is not the address of the forge itself", hint, at)
        if scheme != "https" and host not in _THIS_MACHINE:
            raise self._error("a token goes over HTTPS alone", "write an address that starts with https://", at)

    def _selection(self, written: Mapping[str, Any], kind: ReceiverType, place: Pointer) -> Selection:
        default = Selection()
        if kind.is_forge:
            for key in ("severity", "kinds"):
                if key in written:
                    message = "a forge is told of every run, else a status would stay as it once was"
                    raise self._error(message, f"take `{key}:` away", (*place, key))
        return Selection(
            not kind.is_forge and written.get("severity", "warning") == "warning",
            tuple(written.get("kinds", default.kinds)),
            tuple(written.get("names", default.names)),
            tuple(written.get("sources", default.sources)),
        )

    def _rate(self, written: Mapping[str, Any], kind: ReceiverType, place: Pointer) -> Rate:
        if "rate" not in written:
            return _OFTEN if kind.is_forge else Rate()
        count, _, unit = written["rate"].partition("/")
        if not int(count):
            raise self._error("nothing at all would be sent", "write a rate such as `10/min`", (*place, "rate"))
        return Rate(int(count), _SECONDS[unit])

    def _mail(self, written: Mapping[str, Any], place: Pointer) -> Mail:
        encryption = self._encryption(written, place)
        if ("username" in written) != ("secret" in written):
            hint = "write both `username:` and `secret:`, or none"
            raise self._error("a server asks for a user name and a password", hint, place)
        if "secret" in written and encryption is Encryption.NONE and written["host"] not in _THIS_MACHINE:
            hint = "take `starttls: false` away, or the password"
            raise self._error("a password goes over an encrypted connection alone", hint, (*place, "starttls"))
        recipients = [written["to"]] if isinstance(written["to"], str) else written["to"]
        for index, each in enumerate(recipients):
            at: Pointer = (*place, "to") if isinstance(written["to"], str) else (*place, "to", index)
            self._check_mailbox(each, at)
        self._check_mailbox(written["from"], (*place, "from"))
        port = written.get("port", 465 if encryption is Encryption.TLS else 587)
        username = written.get("username", "")
        return Mail(written["host"], port, written["from"], tuple(recipients), encryption, username)

    def _encryption(self, written: Mapping[str, Any], place: Pointer) -> Encryption:
        if written.get("tls", False):
            if written.get("starttls", False):
                hint = "write `tls: true` for a port such as 465, `starttls: true` for one such as 587"
                raise self._error("`starttls` and `tls` exclude each other", hint, (*place, "tls"))
            return Encryption.TLS
        return Encryption.STARTTLS if written.get("starttls", True) else Encryption.NONE

    def _check_mailbox(self, written: str, at: Pointer) -> None:
        named = _NAMED_ADDRESS.fullmatch(written)
        address = named[1] if named else written
        if not address.isascii() or not _ADDRESS.fullmatch(address):
            raise self._error(f"`{written}` is no address of mail", "write `NAME@HOST` or `Name <NAME@HOST>`", at)
