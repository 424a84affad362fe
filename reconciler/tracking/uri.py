"""The address of an MLflow store, apart from the credentials that may be written into it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from reconciler.model.errors import TrackingError

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class TrackingUri:
    """Where MLflow's record is.

    Attributes:
        address: the URI without credentials, fit for messages and for the list of processes.
        credentials: the environment variables that MLflow reads them from.
    """

    address: str
    credentials: dict[str, str] = field(repr=False)

    @property
    def database(self) -> Path | None:
        """The file of an SQLite store, None for a server."""
        return Path(self.address.removeprefix(_SQLITE)) if self.address.startswith(_SQLITE) else None


def parse_tracking_uri(uri: str) -> TrackingUri:
    """Take a URI apart; a relative SQLite path becomes absolute, since steps run in folders of their own.

    Raises:
        TrackingError: it is neither SQLite nor a server.
    """
    if uri.startswith(_SQLITE) and (path := uri.removeprefix(_SQLITE)) and not path.startswith(":memory:"):
        return TrackingUri(f"{_SQLITE}{Path(path).absolute()}", {})
    parts = _parts(uri)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise TrackingError(
            "this is not a tracking URI that steps in processes of their own can share",
            place=without_credentials(uri),
            hint="use sqlite:///FILE, or http(s)://HOST with `mlflow server` in front of another store",
        )
    location = parts.netloc.rpartition("@")[2]
    credentials = {}
    if parts.username is not None:
        credentials["MLFLOW_TRACKING_USERNAME"] = unquote(parts.username)
        credentials["MLFLOW_TRACKING_PASSWORD"] = unquote(parts.password or "")
    return TrackingUri(urlunsplit((parts.scheme, location, parts.path.rstrip("/"), "", "")), credentials)


def _parts(uri: str) -> SplitResult | None:
    """The parts of a URI, None where it is none at all."""
    try:
        return urlsplit(uri)
    except ValueError:
        return None


def without_credentials(text: str) -> str:
    """A message in which no URI shows a user or a password."""
    return _CREDENTIALS.sub("***@", text)
