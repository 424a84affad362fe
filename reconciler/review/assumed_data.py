"""Data outside of Git, where it is not looked at: taken to hold what it held."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.data_paths import AtUrl, OnDisk, RemoteData, RemoteTrouble, redacted_url
from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.source.named_data import named_data


class NoDigests:
    """Remembers no digest of a file: each is read."""

    def local_digest(self, path: str, stamp: str) -> str | None:  # noqa: ARG002 - as those who remember
        return None

    def keep_local_digest(self, path: str, stamp: str, digest: str) -> None:
        """Nothing is kept."""


def with_assumed_data(desired: Desired) -> tuple[Desired, tuple[str, ...]]:
    """The desired state in which all data at URLs and on disk is there, and what of it nobody looked at.

    What lies where is known by its place alone: the same place holds the same before and after the change.
    """
    remote: dict[str, RemoteData | RemoteTrouble] = dict(desired.remote_data)
    local = dict(desired.local_data)
    tables = dict(desired.tables)
    assumed: list[str] = []
    for named in named_data(desired):
        if not named.is_used:
            continue
        match named.place:
            case AtUrl(url=url) if url not in remote:
                is_folder = named.type not in ("uri_file", "")
                remote[url] = RemoteData(digest_of(["assumed", url]), is_folder, named.type == "mltable")
                assumed.append(redacted_url(url))
            case OnDisk(path=path) if path not in local:
                local[path] = digest_of(["assumed", path])
                tables.setdefault(path, ())
                assumed.append(path)
    if not assumed:
        return desired, ()
    return replace(desired, remote_data=remote, local_data=local, tables=tables), tuple(assumed)
