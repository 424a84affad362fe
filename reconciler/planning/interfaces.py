"""What a manifest promises, read off itself and the files that it names; whoever asks hands their contents in."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from reconciler.model.data_paths import TABLE_FILE, BadPathError, InRepository, OnDisk, data_place
from reconciler.model.desired import Desired
from reconciler.model.interfaces import Interface, PortsInterface, PromisedInput, TableInterface, interface_text
from reconciler.model.kinds import AnyManifest
from reconciler.model.manifests import Component, DataAsset, Environment, InputPort
from reconciler.model.pipelines import FromData, Pipeline, PipelineComponent, PipelineInput
from reconciler.model.snapshot import EntryKind
from reconciler.planning.environment_interface import environment_interface
from reconciler.planning.named_files import NamedFiles, Readers, WantedFile
from reconciler.planning.tables import Columns, columns_of, is_read_whole, is_table, of_one_table

HEAD_BYTES = 256 * 1024  # of a table of text
WHOLE_BYTES = 64 * 1024 * 1024  # of the tables of one asset that must be read as a whole, together
MOST_FILES = 16  # of one table, the first by name
_READS_ALL = frozenset(("read_delimited", "read_parquet", "read_json_lines"))
_NOTHING: Mapping[str, bytes] = {}


def files_of_interface(
    manifest: AnyManifest, desired: Desired, readers: Readers, contents: Mapping[str, bytes] = _NOTHING
) -> tuple[WantedFile, ...]:
    """The files that must still be read before the interface is known; () once `contents` holds them all.

    A file may name others, so that this is asked again with what was read. One that cannot be read is handed in empty.
    """
    files = NamedFiles(manifest, desired.snapshot, contents)
    _interface(manifest, desired, readers, files)
    return files.wanted


def interface_of(
    manifest: AnyManifest, desired: Desired, readers: Readers, contents: Mapping[str, bytes] = _NOTHING
) -> str:
    """The interface as canonical JSON, to be compared with a later one; "" where nothing is known.

    Args:
        contents: by blob id or path, those of `files_of_interface`, cut or whole.
    """
    files = NamedFiles(manifest, desired.snapshot, contents)
    return interface_text(_interface(manifest, desired, readers, files))


def _interface(manifest: AnyManifest, desired: Desired, readers: Readers, files: NamedFiles) -> Interface | None:
    match manifest:
        case Component() | PipelineComponent():
            return PortsInterface(
                {port.name: _promised(port) for port in manifest.inputs},
                {port.name: port.type for port in manifest.outputs},
            )
        case Pipeline():
            return PortsInterface(
                {given.name: _given(given) for given in manifest.inputs},
                {output.name: output.type for output in manifest.outputs},
            )
        case Environment():
            return environment_interface(manifest, files, readers)
        case DataAsset():
            columns = _columns(manifest, desired, readers, files)
            return TableInterface(columns) if columns else None
    return None


def _promised(port: InputPort) -> PromisedInput:
    is_optional = port.is_optional or port.default is not None
    return PromisedInput(port.type, is_optional, port.enum, port.minimum, port.maximum)


def _given(given: PipelineInput) -> PromisedInput:
    """An input of a pipeline; a literal without a type is of the type of whatever it is bound to."""
    bound = given.value.type if isinstance(given.value, FromData) else ""
    return PromisedInput(given.type or bound, is_optional=given.value is not None)


def _columns(asset: DataAsset, desired: Desired, readers: Readers, files: NamedFiles) -> Columns | None:
    """The columns of a data asset; those of data at URLs or behind datastores are not known."""
    try:
        place = data_place(asset.path, desired.settings.datastores)
    except BadPathError:
        return None
    match place:
        case OnDisk(path) if asset.type == "uri_file" and path in desired.local_data:
            return _one_table([(path, path)], files)
        case InRepository(path, is_from_root=False):
            found = files.entry(path)
            if found is None:
                path = path.replace("\\", "/")
                found = files.entry(path)
            if found is None:
                return None
            name, entry = found
            if asset.type == "mltable":
                return _of_mltable(path, readers, files)
            if entry.kind is EntryKind.TREE:
                return _one_table(desired.snapshot.files_under(name).items(), files)
            return _one_table([(name, entry.oid)], files)
    return None


def _of_mltable(folder: str, readers: Readers, files: NamedFiles) -> Columns | None:
    """The columns of the files that an `MLTable` file lists, unless it changes them."""
    content = files.document(posixpath.join(folder, TABLE_FILE))
    document = readers.yaml(content) if content else None
    if not isinstance(document, Mapping) or not _takes_all(document.get("transformations")):
        return None
    listed = document.get("paths")
    tables: list[tuple[str, str]] = []
    for each in listed if isinstance(listed, list) else []:
        file = each.get("file") if isinstance(each, Mapping) else None
        found = files.entry(posixpath.join(folder, file)) if isinstance(file, str) else None
        if found is None or found[1].kind is not EntryKind.FILE:
            return None
        tables.append((found[0], found[1].oid))
    return _one_table(tables, files)


def _takes_all(transformations: object) -> bool:
    """Whether a table has just the columns of its files, named by their first rows."""
    if transformations is None:
        return True
    if not isinstance(transformations, list):
        return False
    steps = [item for each in transformations for item in (each.items() if isinstance(each, Mapping) else [(each, {})])]
    return all(
        str(step) in _READS_ALL and not (isinstance(options, Mapping) and options.get("header") == "no_header")
        for step, options in steps
    )


def _one_table(tables: Iterable[tuple[str, str]], files: NamedFiles) -> Columns | None:
    """The columns of files, each a name and where it is, that are one table; other files beside them do not matter."""
    chosen = sorted((name, place) for name, place in tables if is_table(name) and not _is_hidden(name))[:MOST_FILES]
    share = WHOLE_BYTES // max(1, len(chosen))
    return of_one_table([_table(name, place, share, files) for name, place in chosen])


def _table(name: str, place: str, share: int, files: NamedFiles) -> Columns | None:
    most = share if is_read_whole(name) else HEAD_BYTES
    content = files.beginning(place, most)
    return columns_of(name, content, is_cut=len(content) >= most) if content else None


def _is_hidden(name: str) -> bool:
    return posixpath.basename(name).startswith((".", "_"))
