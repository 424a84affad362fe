"""All data that lies outside of Git, or says by its content that more is needed: looked at before planning."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from reconciler.model.data_paths import TABLE_FILE, AtUrl, InRepository, OnDisk, RemoteData, RemoteTrouble
from reconciler.model.desired import Desired
from reconciler.model.snapshot import inside
from reconciler.source.local_data import DigestCache, with_local_data
from reconciler.source.named_data import NamedData, named_data, place_in_repository

_URL = re.compile(r"\b[a-z][a-z0-9+]*:/{1,2}[^\s'\"\]},]+", re.IGNORECASE)
_LARGEST_TABLE_FILE = 1 << 20


class UrlLooker(Protocol):
    """Knows what lies at URLs."""

    def look_up(self, urls: Sequence[str]) -> Mapping[str, RemoteData | RemoteTrouble]: ...


class Readable(Protocol):
    """Content of a repository by object id."""

    def read_many(self, oids: Sequence[str]) -> Mapping[str, bytes]: ...


def with_outside_data(
    desired: Desired, roots: Sequence[str], cache: DigestCache, looker: UrlLooker | None, objects: Readable
) -> Desired:
    """The desired state with what is known of the data that it names on this machine, at URLs and in tables.

    Args:
        looker: None where URLs are not looked up at all.
    """
    desired = with_local_data(desired, roots, cache)
    named = [each for each in named_data(desired) if each.is_used]
    urls = list(dict.fromkeys(each.place.url for each in named if isinstance(each.place, AtUrl)))
    remote = looker.look_up(urls) if looker is not None and urls else {}
    tables = dict(_tables([each for each in named if each.type == "mltable"], desired, objects))
    return replace(desired, remote_data=remote, tables=tables) if remote or tables else desired


def _tables(named: Sequence[NamedData], desired: Desired, objects: Readable) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The folders with an `MLTable` file, and what that names outside of the folder."""
    folders = {
        place_in_repository(each.place, each.file): each for each in named if isinstance(each.place, InRepository)
    }
    entry_at = desired.snapshot.entry
    files = {folder: entry_at(inside(folder, TABLE_FILE)) for folder in folders}
    contents = (
        objects.read_many([entry.oid for entry in files.values() if entry is not None]) if any(files.values()) else {}
    )
    for folder, entry in files.items():
        if entry is not None:
            yield folder, _urls_in(contents[entry.oid])
    for each in named:
        if isinstance(each.place, OnDisk) and each.place.path in desired.local_data:
            file = Path(each.place.path) / TABLE_FILE
            if file.is_file():
                yield each.place.path, _urls_in(_beginning(file))


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST_TABLE_FILE)
    except OSError:
        return b""


def _urls_in(content: bytes) -> tuple[str, ...]:
    lines = content[:_LARGEST_TABLE_FILE].decode(errors="replace").splitlines()
    written = [line.partition(" #")[0] for line in lines if not line.lstrip().startswith(("#", "$schema"))]
    return tuple(dict.fromkeys(found for line in written for found in _URL.findall(line)))
