"""Paths of data as sources of a step's input, each known by the digest of its content."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from reconciler.model.data_paths import (
    TABLE_FILE,
    WEB_SCHEMES,
    AtUrl,
    BadPathError,
    InRepository,
    OnDisk,
    RemoteTrouble,
    data_place,
    redacted_url,
)
from reconciler.model.desired import Desired
from reconciler.model.nearest import did_you_mean
from reconciler.model.problems import Code, Pointer, Problem, Severity
from reconciler.model.snapshot import EntryKind
from reconciler.model.steps import DataSource
from reconciler.planning.repository_paths import Unresolved, missing, within_repository

_TABLE = "mltable"


def data_source(
    desired: Desired, label: str, kind: str, path: str, file: str, pointer: Pointer, warnings: list[Problem]
) -> DataSource:
    """The content that a path in a manifest means; of a data asset, of a model, or of a binding.

    Args:
        label: how the data is called in reasons.
        kind: one of DATA_TYPES.
        file: the manifest that the path stands in; relative paths start there.
        warnings: what is careless about it is added here.

    Raises:
        Unresolved: it means nothing that can be read; the problem says why.
    """
    found = _Path(desired, label, kind, path, file, pointer)
    source = found.source()
    warnings.extend(found.warnings())
    return source


class _Path:
    """One path where it stands."""

    def __init__(self, desired: Desired, label: str, kind: str, path: str, file: str, pointer: Pointer) -> None:
        self._desired = desired
        self._label = label
        self._kind = kind
        self._path = path
        self._file = file
        self._pointer = pointer
        self._has_backslashes = False
        self._note = ""
        self._table = ""

    def source(self) -> DataSource:
        try:
            place = data_place(self._path, self._desired.settings.datastores)
        except BadPathError as bad:
            raise self._unresolved(bad.code, bad.message, bad.hint) from None
        match place:
            case InRepository():
                return self._in_repository(place)
            case OnDisk():
                return self._on_disk(place.path)
            case AtUrl():
                return self._at_url(place)

    def _in_repository(self, place: InRepository) -> DataSource:
        snapshot = self._desired.snapshot
        base = "" if place.is_from_root else self._file
        inside = within_repository(base, place.path, self._pointer)
        if "\\" in place.path and snapshot.entry(inside) is None:
            inside = within_repository(base, place.path.replace("\\", "/"), self._pointer)
            self._has_backslashes = True
        entry = snapshot.entry(inside)
        if entry is None or entry.kind not in (EntryKind.FILE, EntryKind.TREE):
            hint = did_you_mean(inside, snapshot.entries, "commit it, or correct the path")
            message, hint = missing(inside, snapshot, f"there is no `{inside}` in the repository", hint)
            raise self._unresolved(Code.MISSING_FILE, message, hint)
        is_folder = entry.kind is EntryKind.TREE
        if self._kind == _TABLE:
            self._check_table(inside, is_folder, snapshot.entry(posixpath.join(inside, TABLE_FILE)) is not None)
        return DataSource(self._label, self._kind, f"git:{entry.oid}", inside, entry.oid, is_folder, file=self._file)

    def _on_disk(self, path: str) -> DataSource:
        digest = self._desired.local_data.get(path)
        if digest is None:
            message = f"`{path}` is not there, or lies outside the folders that data may come from"
            hint = "start the daemon with `--data-root FOLDER` to allow a folder"
            raise self._unresolved(Code.MISSING_FILE, message, hint)
        if self._kind == _TABLE:
            self._check_table(path, True, path in self._desired.tables)
        return DataSource(self._label, self._kind, digest, path, local=path, file=self._file)

    def _at_url(self, place: AtUrl) -> DataSource:
        shown = redacted_url(place.url)
        if place.scheme in WEB_SCHEMES and self._kind in ("uri_folder", _TABLE, "mlflow_model", "triton_model"):
            message = f"`{shown}` is a {self._kind}, but folders cannot be listed over {place.scheme}"
            hint = "name a single file as `uri_file`, or put the folder into the repository or an object store"
            raise self._unresolved(Code.INVALID_VALUE, message, hint)
        found = self._desired.remote_data.get(place.url)
        if found is None:
            hint = "plan or apply it where URLs are looked up"
            raise self._unresolved(Code.UNREACHABLE_DATA, f"`{shown}` was not looked up", hint)
        if isinstance(found, RemoteTrouble):
            raise self._unresolved(found.code, found.message, found.hint)
        if found.is_folder == (self._kind == "uri_file"):
            given = "folder" if found.is_folder else "file"
            if given == "folder" or self._kind == "uri_folder":
                hint = f"write `type: uri_{given}`"
                raise self._unresolved(Code.TYPE_MISMATCH, f"`{shown}` is a {given}, not a {self._kind}", hint)
        if self._kind == _TABLE:
            self._check_table(shown, found.is_folder, found.is_table)
        self._note = found.note
        return DataSource(
            self._label,
            self._kind,
            found.digest,
            place.url,
            is_folder=found.is_folder,
            url=place.url,
            file=self._file,
        )

    def _check_table(self, path: str, is_folder: bool, has_file: bool) -> None:
        self._table = path
        if has_file:
            return
        message = f"`{path}` is no mltable: " + (f"there is no `{TABLE_FILE}` file in it" if is_folder else "a file")
        hint = f"name the folder that holds the `{TABLE_FILE}` file; a single file is a `uri_file`"
        raise self._unresolved(Code.MISSING_FILE, message, hint)

    def warnings(self) -> Iterator[Problem]:
        """What is careless about a path that means something."""
        if self._has_backslashes:
            slashed = self._path.replace("\\", "/")
            yield self._warning(
                Code.INVALID_VALUE, f"`{self._path}` is written with `\\`, as on Windows", f"write `{slashed}`"
            )
        if self._note:
            yield self._warning(Code.UNREACHABLE_DATA, self._note, "see that the store can be reached")
        remote = self._desired.tables.get(self._table, ()) if self._table else ()
        if remote:
            message = f"the table names data elsewhere, whose changes are not noticed: {', '.join(remote[:3])}"
            hint = f"put the data beside the `{TABLE_FILE}` file"
            yield self._warning(Code.NO_EFFECT, message, hint)

    def _warning(self, code: Code, message: str, hint: str) -> Problem:
        return Problem(self._file, code, message, hint, self._pointer, Severity.WARNING)

    def _unresolved(self, code: Code, message: str, hint: str) -> Unresolved:
        return Unresolved(Problem(self._file, code, message, hint, self._pointer))
