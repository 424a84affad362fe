"""Tags as releases by kind and name; of what was known before, only the tags that came or went are looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.releases import RELEASED_KINDS, Release, Tag, TagPattern

Key = tuple[Kind, str]


class Releases:
    """Groups the tags of one repository, again and again."""

    def __init__(self) -> None:
        self._pattern = TagPattern()
        self._tags: tuple[Tag, ...] = ()
        self._read: dict[Tag, Release | None] = {}
        self._kinds: Mapping[str, frozenset[Kind]] = {}
        self._grouped: dict[Key, tuple[Release, ...]] = {}

    def of(self, tags: tuple[Tag, ...], desired: Desired) -> Mapping[Key, tuple[Release, ...]]:
        """The releases in the order of their versions; the very same value where nothing changed."""
        pattern = desired.settings.tags
        kinds = {} if pattern.has_kind else _kinds_by_name(desired)
        if pattern != self._pattern or kinds != self._kinds:
            self._pattern, self._kinds = pattern, kinds
            self._tags, self._read, self._grouped = (), {}, {}
        if tags is self._tags:
            return self._grouped
        came = set(tags).difference(self._read)
        gone = self._read.keys() - set(tags) if len(tags) != len(self._read) + len(came) or came else set()
        for tag in came:
            self._read[tag] = pattern.read(tag)
        touched = {key for tag in (*came, *gone) for key in self._keys(self._read[tag])}
        for tag in gone:
            del self._read[tag]
        self._tags = tags
        if touched:
            self._grouped = self._regrouped(touched)
        return self._grouped

    def _regrouped(self, touched: Collection[Key]) -> dict[Key, tuple[Release, ...]]:
        found: dict[Key, list[Release]] = {key: [] for key in touched}
        for release in self._read.values():
            for key in self._keys(release):
                if release is not None and key in found:
                    found[key].append(replace(release, kind=key[0]))
        grouped = {key: releases for key, releases in self._grouped.items() if key not in found}
        for key, releases in found.items():
            if releases:
                grouped[key] = tuple(sorted(releases, key=lambda release: (release.parsed, release.tag)))
        return grouped

    def _keys(self, release: Release | None) -> Iterable[Key]:
        """What a release may be a version of: where its tag does not say, of every kind that has its name."""
        if release is None:
            return ()
        if release.kind is not None:
            return ((release.kind, release.name),)
        kinds = self._kinds.get(release.name, RELEASED_KINDS)
        return [(kind, release.name) for kind in kinds]


def _kinds_by_name(desired: Desired) -> dict[str, frozenset[Kind]]:
    kinds: dict[str, set[Kind]] = {}
    for manifest in desired.manifests.values():
        kind = kind_of(manifest)
        if kind in RELEASED_KINDS:
            kinds.setdefault(manifest.name, set()).add(kind)
    return {name: frozenset(of_name) for name, of_name in kinds.items()}
