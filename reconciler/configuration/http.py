"""Where the daemon listens, the tokens that open it, and the webhooks of sources, as the configuration has them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from reconciler.model.errors import UsageError
from reconciler.model.http import Forge, Hook, HttpSettings, Listen, Role, Token
from reconciler.model.nearest import did_you_mean
from reconciler.model.problems import Pointer

_SHORTEST_SECRET = 8
LISTEN_HINT = "write `127.0.0.1:8420`, `[::1]:8420` or `unix:/run/reconciler/http.sock`"
Value = Callable[[Any, Pointer], str]
Complaint = Callable[[str, str, Pointer], UsageError]


class HttpReader:
    """Reads what stands below `http:` and `hooks:`; `value` and `complaint` know the file."""

    def __init__(self, value: Value, complaint: Complaint) -> None:
        self._value = value
        self._complaint = complaint

    def read(self, document: Mapping[str, Any], sources: Collection[str]) -> HttpSettings:
        """The settings.

        Args:
            sources: those of the file; where it names none, the command line says what is followed.

        Raises:
            UsageError: something in them is wrong; with file, line and column.
        """
        written = document.get("http") or {}
        return HttpSettings(
            self._listen(written), self._tokens(written), self._hooks(document.get("hooks") or {}, sources)
        )

    def _listen(self, written: Mapping[str, Any]) -> Listen | None:
        if "listen" not in written:
            return None
        try:
            return Listen.parse(written["listen"])
        except ValueError as error:
            raise self._complaint(str(error), LISTEN_HINT, ("http", "listen")) from error

    def _tokens(self, written: Mapping[str, Any]) -> tuple[Token, ...]:
        tokens: list[Token] = []
        for index, each in enumerate(written.get("tokens") or ()):
            pointer: Pointer = ("http", "tokens", index)
            name, secret = each["name"], self._secret(each["secret"], (*pointer, "secret"))
            if name in {token.name for token in tokens}:
                message = f"there is a token `{name}` already"
                raise self._complaint(message, "give each a name of its own", (*pointer, "name"))
            if secret in {token.secret for token in tokens}:
                hint = "give each a secret of its own, so that it is known who asks"
                raise self._complaint("another token has the same secret", hint, (*pointer, "secret"))
            tokens.append(Token(name, Role(each["role"]), secret))
        return tuple(tokens)

    def _hooks(self, written: Mapping[str, Any], sources: Collection[str]) -> dict[str, Hook]:
        hooks = {}
        for name, each in written.items():
            pointer: Pointer = ("hooks", name)
            if sources and name not in sources:
                hint = did_you_mean(name, [*sources], f"there are: {', '.join(sources)}")
                raise self._complaint(f"there is no source `{name}`", hint, pointer)
            hooks[name] = Hook(Forge(each["type"]), self._secret(each["secret"], (*pointer, "secret")))
        return hooks

    def _secret(self, written: Any, pointer: Pointer) -> str:
        secret = self._value(written, pointer)
        if len(secret) < _SHORTEST_SECRET or not secret.isascii() or not secret.isprintable():
            hint = f"take at least {_SHORTEST_SECRET} printable ASCII characters, as `openssl rand -hex 32` gives them"
            raise self._complaint("this is no secret: it is too short, or cannot stand in a header", hint, pointer)
        return secret
