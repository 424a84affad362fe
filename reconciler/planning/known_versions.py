"""The versions of a name that are settled: applied before, or held by a tag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from reconciler.model.desired import Desired
from reconciler.model.manifests import Kind
from reconciler.model.plan import Actual, ReleasedVersion
from reconciler.model.releases import Release
from reconciler.model.versions import Precedence, Version, parse_version, precedence
from reconciler.planning.content_digests import content_digest

T = TypeVar("T")
_IS_RELEASED = 3  # where a precedence says whether it is that of no pre-release


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version whose meaning is settled.

    Attributes:
        held_by: where that is to be seen.
        interface: canonical JSON, "" where it is not known.
        description: None where it is not known.
    """

    version: str
    digest: str
    held_by: str
    interface: str
    description: str | None = None

    @property
    def parsed(self) -> Version:
        return parse_version(self.version)


class KnownVersions:
    """The settled versions of one desired state.

    Args:
        interfaces: of manifests of releases, by their files.
    """

    def __init__(self, desired: Desired, actual: Actual, interfaces: Mapping[str, str]) -> None:
        self._desired = desired
        self._actual = actual
        self._interfaces = interfaces
        self._applied: dict[tuple[Kind, str], list[ReleasedVersion]] | None = None

    def same(self, kind: Kind, name: str, version: str) -> Iterator[KnownVersion]:
        """What a version was applied as, and what its tag holds as far as it was read."""
        applied = self._actual.versions.get((kind, name, version))
        if applied is not None and self._counts(kind, name, version):
            yield _applied(applied)
        for release in self._releases(kind, name):
            if release.version == version:
                yield from self._tagged(release, kind)

    def before(self, kind: Kind, name: str, version: str) -> KnownVersion | None:
        """The version that a new one is compared with: the highest below it, if there is one no pre-release."""
        applied = [_applied(each) for each in self._applied_of(kind, name) if self._counts(kind, name, each.version)]
        known = {each.version: each for each in applied}
        for release in self._releases(kind, name):
            for tagged in self._tagged(release, kind):
                known.setdefault(tagged.version, tagged)
        return predecessor(version, known.values(), lambda each: each.version)

    def exists(self, kind: Kind, name: str, version: str) -> bool:
        """Whether a version means something already."""
        is_tagged = any(release.version == version for release in self._releases(kind, name))
        return is_tagged or (kind, name, version) in self._actual.versions

    def _counts(self, kind: Kind, name: str, version: str) -> bool:
        """Whether an applied version is one: where only tags count, a tag must hold it."""
        return not self._desired.settings.is_tags_only or any(
            release.version == version for release in self._releases(kind, name)
        )

    def _releases(self, kind: Kind, name: str) -> tuple[Release, ...]:
        return self._desired.releases.get((kind, name), ())

    def _applied_of(self, kind: Kind, name: str) -> list[ReleasedVersion]:
        if self._applied is None:
            self._applied = {}
            for version in self._actual.versions.values():
                self._applied.setdefault((version.kind, version.name), []).append(version)
        return self._applied.get((kind, name), [])

    def _tagged(self, release: Release, kind: Kind) -> Iterator[KnownVersion]:
        file = self._desired.release_files.get((release.tag, kind), "")
        manifest = self._desired.released.get(file)
        if manifest is not None:
            digest = content_digest(manifest, self._desired)
            held_by = f"tag {release.tag} at {release.commit[:12]}"
            interface = self._interfaces.get(file, "")
            yield KnownVersion(release.version, digest, held_by, interface, manifest.description)


def predecessor(version: str, known: Iterable[T], version_of: Callable[[T], str]) -> T | None:
    """The highest of the lower versions; a pre-release only where there is nothing else."""
    limit = _order(version)
    lower = [(order, each) for each in known if (order := _order(version_of(each))) < limit]
    released = [(order, each) for order, each in lower if order[_IS_RELEASED]]
    best = max(released or lower, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None else None


@lru_cache(maxsize=65536)
def _order(version: str) -> Precedence:
    return precedence(parse_version(version))


def _applied(version: ReleasedVersion) -> KnownVersion:
    return KnownVersion(version.version, version.digest, version.revision, version.interface, version.description)
