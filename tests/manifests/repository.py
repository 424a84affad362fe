"""Repositories held in memory, and what a loader makes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import yaml

from reconciler.manifests.loader import Loader
from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest
from reconciler.model.manifests import Component, DataAsset, Environment
from reconciler.model.pipelines import Pipeline
from reconciler.model.problems import Problem
from reconciler.model.snapshot import Entry, EntryKind, Snapshot

Content = str | bytes | Mapping[str, object]


class Repository:
    """Files as git would hold them; `read` lists the paths whose content was asked for."""

    def __init__(self, files: Mapping[str, Content]) -> None:
        self.contents = {path: _bytes(content) for path, content in files.items()}
        oids = {path: _oid(content) for path, content in self.contents.items()}
        self._paths = {oid: path for path, oid in oids.items()}
        entries = {path: Entry(oid, EntryKind.FILE) for path, oid in sorted(oids.items())}
        self.snapshot = Snapshot("main@sha1:0", "0", "0", entries)
        self.read: list[str] = []

    def read_many(self, oids: Sequence[str]) -> Mapping[str, bytes]:
        self.read.extend(self._paths[oid] for oid in oids)
        return {oid: self.contents[self._paths[oid]] for oid in oids}


class Documents:
    """A document cache that lives as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, str]] = {}

    def documents(self, oids: Iterable[str]) -> Mapping[str, tuple[str, str]]:
        return {oid: self.kept[oid] for oid in oids if oid in self.kept}

    def keep_documents(self, documents: Mapping[str, tuple[str, str]]) -> None:
        self.kept.update(documents)


def load(files: Mapping[str, Content]) -> Desired:
    repository = Repository(files)
    return Loader().load(repository.snapshot, repository)


def problems_of(content: Content, path: str = "manifest.yaml") -> tuple[Problem, ...]:
    return load({path: content}).problems


def problem_of(content: Content, path: str = "manifest.yaml") -> Problem:
    """The only problem of a file."""
    (problem,) = problems_of(content, path)
    return problem


def manifest_of(content: Content, path: str = "folder/manifest.yaml") -> AnyManifest:
    """The manifest that a file without problems holds."""
    desired = load({path: content})
    assert desired.problems == ()
    return desired.manifests[path]


def component_of(content: Content, path: str = "folder/manifest.yaml") -> Component:
    manifest = manifest_of(content, path)
    assert isinstance(manifest, Component)
    return manifest


def environment_of(content: Content, path: str = "folder/manifest.yaml") -> Environment:
    manifest = manifest_of(content, path)
    assert isinstance(manifest, Environment)
    return manifest


def data_of(content: Content, path: str = "folder/manifest.yaml") -> DataAsset:
    manifest = manifest_of(content, path)
    assert isinstance(manifest, DataAsset)
    return manifest


def pipeline_of(content: Content, path: str = "folder/manifest.yaml") -> Pipeline:
    manifest = manifest_of(content, path)
    assert isinstance(manifest, Pipeline)
    return manifest


def place(text: str, marked: str) -> tuple[int, int]:
    """Line and column, from 1, at which a part of a text stands; it must stand there once."""
    before, _, after = text.partition(marked)
    assert marked in text
    assert marked not in after
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def where(problem: Problem) -> tuple[int, int]:
    return problem.line, problem.column


def _bytes(content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    text = content if isinstance(content, str) else yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
    return text.encode()


def _oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
