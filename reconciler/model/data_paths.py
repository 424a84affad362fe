"""What the path of data means: a place in the repository, on this machine, or in a store that a URL names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from reconciler.model.problems import Code

WEB_SCHEMES = ("http", "https")
AZURE_SCHEMES = ("abfs", "abfss", "wasbs")
SCHEMES = (*WEB_SCHEMES, "s3", "gs", "gcs", *AZURE_SCHEMES)
TABLE_FILE = "MLTable"

_DATASTORE = re.compile(
    r"azureml:/{1,2}(?:subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+/)?"
    r"datastores/(?P<name>[^/]+)(?:/paths(?:/(?P<path>.*))?)?/?\Z",
    re.IGNORECASE | re.DOTALL,
)
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_SECRETS = frozenset(
    ("sig", "signature", "x-amz-signature", "x-amz-credential", "x-goog-signature", "token", "access_token", "apikey")
)


@dataclass(frozen=True, slots=True)
class InRepository:
    """A path of the repository.

    Attributes:
        is_from_root: relative to the repository's root; else to the manifest that names it.
    """

    path: str
    is_from_root: bool = False


@dataclass(frozen=True, slots=True)
class OnDisk:
    """An absolute path of this machine."""

    path: str


@dataclass(frozen=True, slots=True)
class AtUrl:
    """A URL of one of SCHEMES, without a slash at its end."""

    url: str

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]


DataPlace = InRepository | OnDisk | AtUrl


@dataclass(frozen=True, slots=True)
class RemoteData:
    """What a store says lies at a URL.

    Attributes:
        digest: of the content: what the store calls it by, or of the bytes.
        is_table: it is a folder with an `MLTable` file.
        note: why this may not be what lies there now, "" where the store was asked.
    """

    digest: str
    is_folder: bool = False
    is_table: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class RemoteTrouble:
    """Why nothing is known of what lies at a URL.

    Attributes:
        is_passing: the store may answer another time.
    """

    code: Code
    message: str
    hint: str
    is_passing: bool = False


class BadPathError(Exception):
    """A path that leads nowhere, with what to do about it."""

    def __init__(self, code: Code, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def data_place(path: str, datastores: Iterable[tuple[str, str]] = ()) -> DataPlace:
    """The place that a path of data means.

    Args:
        datastores: names of datastores with the folder or URL that stands for each.

    Raises:
        BadPathError: it means none, or one that must not be written so.
    """
    written = path.strip()
    if written.lower().startswith("azureml:/"):
        return _in_datastore(written, dict(datastores))
    if written.startswith("file://"):
        local = written.removeprefix("file://").removeprefix("localhost")
        if not local.startswith("/"):
            hint = "write `file:` and a relative path, or `file:///` and an absolute one"
            raise BadPathError(Code.INVALID_VALUE, f"`{path}` names another machine", hint)
        return OnDisk(local)
    if "://" in written:
        return AtUrl(_checked_url(written))
    local = written.removeprefix("file:")
    if _DRIVE.match(local):
        hint = "put the data into the repository, or name it by a path of the machine that runs the steps"
        raise BadPathError(Code.INVALID_VALUE, f"`{path}` is a path of Windows", hint)
    return OnDisk(local) if local.startswith("/") else InRepository(local)


def redacted_url(url: str) -> str:
    """A URL without what may be secret in it, to be shown."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the URL"
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme in AZURE_SCHEMES and ":" not in parts.netloc.rpartition("@")[0]:
        host = parts.netloc
    return urlunsplit((parts.scheme, host, parts.path, "", "")) + ("?…" if parts.query else "")


def file_name(url: str) -> str:
    """The name of the file that a URL leads to; `data` where it says none."""
    name = unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2]
    return "".join(each for each in name if each.isprintable() and each != "/")[-200:].lstrip(".") or "data"


def _in_datastore(written: str, datastores: Mapping[str, str]) -> DataPlace:
    found = _DATASTORE.match(written)
    if found is None:
        hint = "write `azureml://datastores/NAME/paths/PATH`, or refer to a data asset: `azureml:NAME@latest`"
        raise BadPathError(Code.INVALID_VALUE, f"`{written}` is not a path of data", hint)
    name, below = unquote(found["name"]), (found["path"] or "").rstrip("/")
    target = datastores.get(name)
    if target is None:
        message = f"the datastore `{name}` stands for no folder or URL"
        hint = f"add to reconciler.yaml: `datastores: {{{name}: ./data}}`, or with a URL: `s3://bucket/folder`"
        raise BadPathError(Code.UNMAPPED_DATASTORE, message, hint)
    if ".." in unquote(below).replace("\\", "/").split("/"):
        hint = "write the path below the datastore without `..`"
        raise BadPathError(Code.OUTSIDE_REPOSITORY, f"`{written}` leads out of its datastore", hint)
    place = data_place(f"{target.rstrip('/')}/{below}" if below else target)
    if isinstance(place, InRepository):
        return InRepository(posixpath.normpath(place.path), is_from_root=True)
    return place


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadPathError(Code.INVALID_VALUE, f"`{url}` is not a URL", "correct it") from None
    if parts.scheme not in SCHEMES:
        hint = f"these are: {', '.join(f'`{scheme}://`' for scheme in SCHEMES)}"
        raise BadPathError(Code.INVALID_VALUE, f"data at `{parts.scheme}://` cannot be read", hint)
    shown = redacted_url(url)
    if not parts.netloc:
        raise BadPathError(Code.INVALID_VALUE, f"`{shown}` names no host or bucket", "correct the URL")
    if _has_credentials(parts):
        hint = "leave it out; who runs reconciler gives it: by ~/.netrc, `AWS_…` variables and the like"
        raise BadPathError(Code.INVALID_VALUE, f"`{shown}` holds a secret, which does not belong into Git", hint)
    if any(unquote(part) in (".", "..") for part in parts.path.split("/")):
        hint = "write the path that is meant"
        raise BadPathError(Code.INVALID_VALUE, f"`{shown}` has `.` or `..` in its path", hint)
    is_web = parts.scheme in WEB_SCHEMES
    query = parts.query if is_web or parts.scheme == "s3" else ""
    path = parts.path if is_web else parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _has_credentials(parts: SplitResult) -> bool:
    user, at, _ = parts.netloc.rpartition("@")
    if at and (parts.scheme not in AZURE_SCHEMES or ":" in user):  # abfs://container@account.… is no secret
        return True
    keys = (piece.partition("=")[0].lower() for piece in parts.query.split("&"))
    return any(unquote(key) in _SECRETS for key in keys)
