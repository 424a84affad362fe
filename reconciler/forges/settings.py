"""Which repository at which forge, and as whom."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from reconciler.forges.kinds import ForgeKind as ForgeKind  # noqa: PLC0414 - taken from here with the settings
from reconciler.model.errors import UsageError
from reconciler.model.http import is_loopback

_REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)*")
_SECRET = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    """A repository at a forge.

    Attributes:
        api_url: what paths of the API are appended to, such as https://api.github.com.
        repository: `owner/name`; at GitLab with all groups, or the project's number; at Bitbucket `workspace/name`.
        token: at Bitbucket also `USER:PASSWORD`.
        user: whose comments are ours, as in `Comment.author`; "" to ask the forge.
        ca_file: certificates to trust instead of those of the machine, "" for these.
    """

    kind: ForgeKind
    api_url: str
    repository: str
    token: str = field(repr=False)
    user: str = ""
    ca_file: str = ""

    def __post_init__(self) -> None:
        """See that nothing leads a token astray.

        Raises:
            UsageError: the address, the repository or the token is none.
        """
        parts = _parts(self.api_url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise UsageError("a token goes over HTTPS alone", place=self.api_url, hint="write https://")
        if not _REPOSITORY.fullmatch(self.repository) or {".", ".."} & set(self.repository.split("/")):
            raise UsageError(f"`{self.repository}` names no repository", hint="write OWNER/NAME")
        if self.kind is not ForgeKind.GITLAB and self.repository.count("/") != 1:
            raise UsageError(f"`{self.repository}` is no repository of {self.kind.told}", hint="write OWNER/NAME")
        if not _SECRET.fullmatch(self.token):
            raise UsageError("the token is none: it is empty, or no plain text in one line", hint="mend it")


def api_of(kind: ForgeKind, url: str) -> str:
    """The address of the API of a forge, by its address in a browser."""
    url = url.rstrip("/")
    match kind:
        case ForgeKind.GITHUB:
            return "https://api.github.com" if urlsplit(url).hostname == "github.com" else f"{url}/api/v3"
        case ForgeKind.GITLAB:
            return f"{url}/api/v4"
        case ForgeKind.GITEA:
            return f"{url}/api/v1"
        case ForgeKind.BITBUCKET:
            return "https://api.bitbucket.org/2.0"


def _parts(url: str) -> SplitResult:
    hint = "write an address that starts with https://"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError("this is no address", place=url, hint=hint) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or re.search(r"\s", url):
        raise UsageError("this is no address of an API", place="the address of the forge", hint=hint)
    return parts
