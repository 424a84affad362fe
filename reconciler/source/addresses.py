"""The addresses of repositories: which are some, and how they may be shown."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reconciler.model.errors import UsageError

_URL = re.compile(r"^(?:(?:https?|ssh|file)://|[\w.-]+@[\w.-]+:|/|\.|~|[\w.-]+(?:/|$))")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")
_HELPER = re.compile(r"^[A-Za-z0-9+.-]+::")  # git would start a program of that name
_SCP = re.compile(r"[^/@]+@([^/:]+):")


def check_address(url: str) -> None:
    """See that a text is a path, or a URL of scheme file, ssh, http or https.

    Raises:
        UsageError: it is not.
    """
    if url.startswith("-") or _HELPER.match(url) or not _URL.match(url):
        hint = "name a folder, or a URL that starts with https://, ssh:// or file://"
        raise UsageError("this is no address of a Git repository", place=redacted(url), hint=hint)


def redacted(text: str) -> str:
    """The text without the credentials in its URLs."""
    return _CREDENTIALS.sub("***@", text)


def absolute(url: str) -> str:
    """The address, a path from the root."""
    return url if "://" in url or _SCP.match(url) else str(Path(url).expanduser().resolve())


def repository_of(url: str, folder: Path | None = None) -> tuple[str, str]:
    """Host and path of a repository, "" as the host of one of this machine; equal however its address is written.

    Args:
        folder: what a relative path counts from; where this process runs unless given.
    """
    matched = _SCP.match(url)
    if "://" in url:
        split = urlsplit(url)
        host, path = (split.hostname or ""), unquote(split.path)
    elif matched:
        host, path = matched[1].lower(), url[matched.end() :]
    else:
        host, path = "", str(((folder or Path()) / Path(url).expanduser()).resolve())
    return host, path.strip("/").removesuffix(".git").rstrip("/")


def scheme_of(url: str) -> str:
    """`http`, `https`, `ssh` or `file`, as which a path counts too."""
    if "://" in url:
        return urlsplit(url).scheme
    return "ssh" if _SCP.match(url) else "file"


def server_of(url: str) -> tuple[str, str]:
    """Scheme and host with port, "" for a repository of this machine; equal for what one credential opens."""
    matched = _SCP.match(url)
    if matched and "://" not in url:
        return "ssh", matched[1].lower()
    return scheme_of(url), urlsplit(url).netloc.rpartition("@")[2].lower() if "://" in url else ""
