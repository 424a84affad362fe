"""Releases: versions that tags of the repository hold, and how such tags are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from reconciler.model.manifests import Kind
from reconciler.model.versions import Version, parse_version

KIND_NAME_VERSION = "{kind}/{name}/v{version}"
NAME_VERSION = "{name}@v{version}"  # as GTO writes them
RELEASED_KINDS = (Kind.COMPONENT, Kind.ENVIRONMENT, Kind.DATA, Kind.PIPELINE, Kind.MODEL)

_NAME = r"(?P<name>[A-Za-z0-9][\w.-]*)"
_VERSION = r"(?P<version>\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)"
_PLACEHOLDER = re.compile(r"\{(kind|name|version)\}")
_NO_TAG = re.compile(r"[\x00-\x20\x7f~^:?*\[\\{}]|\.\.|@\{|//|(^|/)[./]|[./]$|\./|\.lock(/|$)|^-")
_SAMPLES = (("split", "1.2.0"), ("split-2", "1.2.0-rc.1"), ("split_v2", "1.2.0+b.1"), ("split.2", "100.200.300-rc.1"))
_SHOWN = 5  # of the versions that were skipped


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of the repository; `commit` is what it leads to, also where the tag is an object of its own."""

    name: str
    commit: str


@dataclass(frozen=True, slots=True)
class Release:
    """A version that a tag holds: the manifest and its folder as they are at that commit.

    Attributes:
        kind: None where the pattern of the tags does not say; then it is that of the manifest of that name.
    """

    kind: Kind | None
    name: str
    version: str
    tag: str
    commit: str

    @property
    def parsed(self) -> Version:
        return parse_version(self.version)


class BadPatternError(ValueError):
    """The text is no pattern of tags."""


@dataclass(frozen=True, slots=True)
class TagPattern:
    """How the tags of releases are written: `{name}` and `{version}` once each, `{kind}` at most once.

    Raises:
        BadPatternError: a placeholder is missing, unknown or there twice.
    """

    text: str = KIND_NAME_VERSION

    def __post_init__(self) -> None:
        told = _PLACEHOLDER.findall(self.text)
        if sorted(told) not in (["kind", "name", "version"], ["name", "version"]):
            raise BadPatternError("it needs {name} and {version} once each, and may have {kind}")
        if _NO_TAG.search(_PLACEHOLDER.sub("x", self.text)):
            raise BadPatternError("no tag of Git can be written like that")
        if "}{" in self.text:
            raise BadPatternError("something must stand between two placeholders")
        if not all(self._is_read_back(*sample) for sample in _SAMPLES):
            raise BadPatternError("names and versions hold what stands between them; put `/` or `@` there")

    @property
    def has_kind(self) -> bool:
        return "{kind}" in self.text

    def read(self, tag: Tag) -> Release | None:
        """The release that a tag stands for, None for a tag of another pattern or kind."""
        matched = _expression(self.text).fullmatch(tag.name)
        if matched is None:
            return None
        try:
            version = str(parse_version(matched["version"]))
        except ValueError:
            return None
        kind = Kind(matched["kind"]) if self.has_kind else None
        return Release(kind, matched["name"], version, tag.name, tag.commit)

    def write(self, kind: Kind, name: str, version: str) -> str:
        """The name of the tag that holds a version."""
        return self.text.format(kind=kind, name=name, version=version)

    def _is_read_back(self, name: str, version: str) -> bool:
        read = self.read(Tag(self.write(Kind.COMPONENT, name, version), ""))
        return read is not None and (read.name, read.version) == (name, version)


@lru_cache(maxsize=16)
def _expression(pattern: str) -> re.Pattern[str]:
    kinds = "|".join(RELEASED_KINDS)
    parts = {"kind": f"(?P<kind>{kinds})", "name": _NAME, "version": _VERSION}
    pieces = _PLACEHOLDER.split(pattern)
    return re.compile(
        "".join(parts[piece] if index % 2 else re.escape(piece) for index, piece in enumerate(pieces)), re.ASCII
    )


@dataclass(frozen=True, slots=True)
class Skipped:
    """A version that a reference did not choose although it is higher, and why."""

    version: str
    why: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a reference was resolved to: one line of the lock that is kept with a run.

    Attributes:
        reference: as written, without `azureml:`.
        version: None for a manifest without one.
        tag: the tag that holds it, "" where it is the revision's own manifest.
        commit: the commit of the tag, "" where it is the revision's own.
        digest: of the manifest with all that it names, as versions are compared by.
        skipped: the higher versions, the highest first.
    """

    kind: Kind
    reference: str
    name: str
    version: str | None
    file: str
    tag: str = ""
    commit: str = ""
    digest: str = ""
    skipped: tuple[Skipped, ...] = ()

    def explained(self) -> str:
        """`split@^1.2 → 1.4.1 (1.5.0-rc.1 skipped: pre-release; 2.0.0 outside the range)`."""
        shown = self.skipped[-_SHOWN:]
        told = [f"{each.version} {each.why}" for each in reversed(shown)]
        if len(self.skipped) > len(shown):
            told.append(f"{len(self.skipped) - len(shown)} more above")
        why = f" ({'; '.join(told)})" if told else ""
        return f"{self.reference} → {self.version or 'the only one, without a version'}{why}"
