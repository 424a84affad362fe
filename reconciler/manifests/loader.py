"""Snapshots to desired states: what changed is read, everything else is taken from before."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from reconciler.manifests import yaml_reader
from reconciler.manifests.assets import compute, data_asset, environment, model
from reconciler.manifests.component import component
from reconciler.manifests.fields import Reading
from reconciler.manifests.jobs import pipeline_component
from reconciler.manifests.kinds import Form, Unsupported, form_of_document, unsupported_of_schema
from reconciler.manifests.names import Names, default_name, duplicates
from reconciler.manifests.pipeline import pipeline, standalone_job
from reconciler.manifests.places import Places
from reconciler.manifests.schema import check
from reconciler.manifests.settings import SETTINGS_FILE, settings_of
from reconciler.model.desired import Desired, Settings
from reconciler.model.kinds import AnyManifest
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.snapshot import Entry, EntryKind, Snapshot

_SUFFIXES = (".yaml", ".yml")
_AT_ONCE = 1000  # files whose text is in memory together
_MARKS = re.compile(
    rb"\$schema|azureml|\$\{\{|^(?:command|jobs|conda_file|image|build|create_job|trigger):"
    rb"|^type: *['\"]?(?:uri_|mltable|pipeline|command|sweep|custom_model|mlflow_model|triton_model|amlcompute)",
    re.MULTILINE,
)


def _schedule(document: dict[str, Any], reading: Reading, default_name: str) -> AnyManifest:
    from reconciler.manifests.schedule import schedule  # calendars take time to import

    return schedule(document, reading, default_name)


BUILDERS: Mapping[Form, Callable[[dict[str, Any], Reading, str], AnyManifest]] = {
    Form.COMPONENT: component,
    Form.PIPELINE_COMPONENT: pipeline_component,
    Form.ENVIRONMENT: environment,
    Form.DATA: data_asset,
    Form.PIPELINE: pipeline,
    Form.COMMAND_JOB: standalone_job,
    Form.SWEEP_JOB: standalone_job,
    Form.SCHEDULE: _schedule,
    Form.MODEL: model,
    Form.COMPUTE: compute,
}
_SCHEMA = re.compile(rb"^\$schema:[ \t]*['\"]?([^\s'\"]+)", re.MULTILINE)
_VERSION = re.compile(rb"^version:[ \t]*([^\s#'\"]+)", re.MULTILINE)


class BlobReader(Protocol):
    """Reads blobs of a repository by their ids."""

    def read_many(self, oids: Sequence[str]) -> Mapping[str, bytes]: ...


class DocumentCache(Protocol):
    """Documents that were read and found right, by blob id: form and JSON, or "" and "" for no manifest."""

    def documents(self, oids: Iterable[str]) -> Mapping[str, tuple[str, str]]: ...

    def keep_documents(self, documents: Mapping[str, tuple[str, str]]) -> None: ...


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What a file was found to hold."""

    oid: str
    manifest: AnyManifest | None
    problems: tuple[Problem, ...] = ()
    unsupported: str = ""  # the kind of one that is recognised and refused


class Loader:
    """Loads desired states, one after the other; a file that did not change is not looked at again.

    Args:
        folder: only manifests below it count, "" for all.
        only: the files to be looked at, None for all.
    """

    def __init__(
        self, cache: DocumentCache | None = None, folder: str = "", only: Collection[str] | None = None
    ) -> None:
        self._cache = cache
        self._only = only
        self._below = f"{folder}/" if folder else ""
        self._snapshot: Snapshot | None = None
        self._loaded: dict[str, LoadedFile] = {}
        self._names = Names()

    def load(self, snapshot: Snapshot, blobs: BlobReader) -> Desired:
        """All manifests of the snapshot, with every problem that a file shows by itself."""
        loaded: dict[str, LoadedFile] = {}
        paths: Iterable[str] = snapshot.entries
        if self._snapshot is not None:
            paths = snapshot.paths_changed_since(self._snapshot)
            loaded = {**self._loaded}
        unread = {
            path: snapshot.entries[path].oid
            for path in paths
            if may_be_manifest(path, snapshot.entries) and self._is_wanted(path)
        }
        for path in paths:
            if path not in unread:
                loaded.pop(path, None)
        is_in_order = bool(loaded) and unread.keys() <= loaded.keys()
        loaded.update(self._read(unread, blobs))
        self._loaded = loaded if is_in_order else {path: loaded[path] for path in sorted(loaded)}
        self._snapshot = snapshot
        return self._desired(snapshot, blobs)

    def _is_wanted(self, path: str) -> bool:
        if path == SETTINGS_FILE:
            return True
        return path.startswith(self._below) and (self._only is None or path in self._only)

    def _read(self, unread: Mapping[str, str], blobs: BlobReader) -> dict[str, LoadedFile]:
        paths = list(unread)
        loaded: dict[str, LoadedFile] = {}
        with _nothing_collected():
            for start in range(0, len(paths), _AT_ONCE):
                some = {path: unread[path] for path in paths[start : start + _AT_ONCE]}
                loaded.update(read_files(some, blobs, self._cache))
        return loaded

    def _desired(self, snapshot: Snapshot, blobs: BlobReader) -> Desired:
        manifests: dict[str, AnyManifest] = {}
        problems: list[Problem] = []
        for path, read in self._loaded.items():
            if not path.startswith(self._below):
                continue
            if read.manifest is not None:
                manifests[path] = read.manifest
            if read.problems:
                problems.extend(read.problems)
        manifests, renamed = self._names.told_apart(manifests)
        settings = Settings()
        settings_file = self._below + SETTINGS_FILE
        if settings_file not in self._loaded:
            settings_file = SETTINGS_FILE
        if settings_file in self._loaded:
            oid = self._loaded[settings_file].oid
            settings, found = settings_of(blobs.read_many([oid])[oid])
            problems.extend(replace(problem, file=settings_file) for problem in found)
        problems.extend(duplicates(manifests, settings.mutated_versions_are_errors))
        unsupported = {path: read.unsupported for path, read in self._loaded.items() if read.unsupported}
        return Desired(
            snapshot,
            manifests,
            settings,
            located(dict.fromkeys(problems), snapshot, blobs),
            len(self._loaded),
            unsupported=unsupported,
            renamed=renamed,
        )


def read_files(
    unread: Mapping[str, str], blobs: BlobReader, cache: DocumentCache | None = None
) -> dict[str, LoadedFile]:
    """What files hold, given by path with the ids of their blobs."""
    oids = list(dict.fromkeys(unread.values()))
    cached = cache.documents(oids) if cache else {}
    contents = blobs.read_many([oid for oid in oids if oid not in cached])
    fresh: dict[str, tuple[str, str]] = {}
    loaded: dict[str, LoadedFile] = {}
    for path, oid in unread.items():
        if oid in cached:
            kind, text = cached[oid]
            manifest, problems = _build(Form(kind), json.loads(text), path) if kind else (None, ())
            loaded[path] = LoadedFile(oid, manifest, problems)
            continue
        loaded[path], document = _parse(contents[oid], path, oid)
        if document is not None:
            fresh[oid] = document
    if cache and fresh:
        cache.keep_documents(fresh)
    return loaded


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """What is read stays: a collection would only walk through all of it, again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def may_be_manifest(path: str, entries: Mapping[str, Entry]) -> bool:
    """Whether a path is that of a YAML file."""
    if not path.endswith(_SUFFIXES):
        return False
    entry = entries.get(path)
    return entry is not None and entry.kind is EntryKind.FILE


def _parse(content: bytes, path: str, oid: str) -> tuple[LoadedFile, tuple[str, str] | None]:
    """The manifest of a file, and what may be cached of it: only documents without any problem."""
    read = yaml_reader.read(content, path)
    if read.problems and not read.values:
        return _unreadable(content, path, oid, read.problems), None
    values = [value for value in read.values if value is not None]
    documents = [value for value in values if isinstance(value, dict)]
    forms = [form for value in documents if (form := form_of_document(value)) is not None]
    if not forms:
        return LoadedFile(oid, None), None if read.problems else ("", "")
    if len(values) > 1:
        message = "the file holds several documents"
        several = Problem(path, Code.SYNTAX, message, "give each manifest a file of its own", line=1, column=1)
        return LoadedFile(oid, None, (*read.problems, several)), None
    form, document = forms[0], documents[0]
    if isinstance(form, Unsupported):
        return LoadedFile(oid, None, (*read.problems, _unsupported(path, form)), form.name), None
    misread = _misread_version(content, document, path)
    problems = (*read.problems, *misread, *check(form, document, path))
    if any(problem.is_error for problem in problems):
        return LoadedFile(oid, None, problems), None
    manifest, more = _build(form, document, path)
    cacheable = None if problems else (str(form), json.dumps(document))
    return LoadedFile(oid, manifest, (*problems, *more)), cacheable


def _unreadable(content: bytes, path: str, oid: str, problems: tuple[Problem, ...]) -> LoadedFile:
    """A file that is no YAML: of a kind that is not supported anyway, a manifest, or none of our business."""
    schema = _SCHEMA.search(content[:20_000])
    kind = unsupported_of_schema(schema[1].decode(errors="replace")) if schema else None
    if kind is not None:
        return LoadedFile(oid, None, (replace(_unsupported(path, kind), line=1, column=1),), kind.name)
    return LoadedFile(oid, None, problems if _looks_like_manifest(content, path) else ())


def _misread_version(content: bytes, document: Mapping[str, Any], path: str) -> tuple[Problem, ...]:
    """The version, where YAML made another one of what was written: 3.10 is the number 3.1."""
    version = document.get("version")
    if not isinstance(version, int | float) or isinstance(version, bool):
        return ()
    matched = _VERSION.search(content)
    written = matched[1].decode(errors="replace") if matched else str(version)
    if written == str(version):
        return ()
    if written.isdecimal() and int(written) == version:  # 01
        message = f"the version {written} is a number without its quotes"
        hint = f'write `version: "{version}"`'
        return (Problem(path, Code.UNQUOTED_VERSION, message, hint, ("version",), Severity.WARNING),)
    message = f"YAML reads the version {written} as the number {version}"
    return (Problem(path, Code.UNQUOTED_VERSION, message, f'write `version: "{written}"`', ("version",)),)


def _looks_like_manifest(content: bytes, path: str) -> bool:
    """Whether a file that cannot be read was meant as a manifest; other YAML is none of our business."""
    is_of_another_tool = path.startswith(".") or "/." in path
    return not is_of_another_tool and _MARKS.search(content[:20_000]) is not None


def _unsupported(path: str, kind: Unsupported) -> Problem:
    message = f"{kind.name} are not supported: {kind.why}"
    hint = "the file is left alone; the rest of the repository is not held up"
    return Problem(path, Code.UNSUPPORTED_KIND, message, hint, ("$schema",), Severity.WARNING)


def _build(form: Form, document: dict[str, Any], path: str) -> tuple[AnyManifest | None, tuple[Problem, ...]]:
    reading = Reading(path)
    manifest = BUILDERS[form](document, reading, "" if document.get("name") else default_name(path))
    return manifest, tuple(reading.problems)


def located(problems: Iterable[Problem], snapshot: Snapshot, blobs: BlobReader) -> tuple[Problem, ...]:
    """The problems with line and column looked up, sorted by place."""
    result: list[Problem] = []
    places: dict[str, Places] = {}
    for problem in problems:
        entry = snapshot.entry(problem.file)
        if problem.line or entry is None:
            result.append(problem)
            continue
        if problem.file not in places:
            places[problem.file] = Places(blobs.read_many([entry.oid])[entry.oid])
        line, column = places[problem.file].of(problem.pointer, problem.part)
        result.append(replace(problem, line=line, column=column))
    return tuple(sorted(result, key=lambda problem: (problem.file, problem.line, problem.column)))
