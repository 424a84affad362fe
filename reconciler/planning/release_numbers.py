"""Versions that are free, and the tags that they get."""

from __future__ import annotations

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Kind
from reconciler.model.plan import Bump
from reconciler.model.releases import Release, Tag
from reconciler.model.versions import Version
from reconciler.planning.bumps import next_version

_PRE = "rc"


class Numbers:
    """The versions of one revision: those that tags hold, that manifests say, and that one release gives."""

    def __init__(self, desired: Desired) -> None:
        self._desired = desired
        self._given: dict[str, str] = {}  # who gets each of the new tags
        self._said: dict[tuple[Kind, str], set[str]] = {}
        for manifest in desired.manifests.values():
            if manifest.version:
                self._said.setdefault((kind_of(manifest), manifest.name), set()).add(manifest.version)

    def after(self, base: Release, reached: Release, step: Bump, manifest: AnyManifest) -> Version:
        """The lowest version that is enough of a step and means nothing yet.

        Args:
            reached: the release before, which may be a pre-release of a higher version than the base.
        """
        new = next_version(base.parsed, step)
        if reached.parsed.prerelease is not None:
            new = max(new, reached.parsed.finalize_version())
        while self._is_taken(manifest, new):
            new = next_version(new, step)
        return new

    def pre_release_of(self, announced: Version, manifest: AnyManifest) -> Version:
        """The next pre-release of a version: `-rc.1`, `-rc.2` and so on."""
        final = announced.finalize_version()
        versions = [release.parsed for release in self._releases(manifest)]
        before = [each for each in versions if each.prerelease is not None and each.finalize_version() == final]
        new = max(before, default=final).bump_prerelease(_PRE)
        while self._is_taken(manifest, new):
            new = new.bump_prerelease(_PRE)
        return new

    def give(self, manifest: AnyManifest, version: str) -> tuple[str, str]:
        """The tag of a version, and why it cannot stand for it, "" where it can."""
        who = f"{kind_of(manifest)} {manifest.name}"
        tag = self._tag(manifest, version)
        read = self._desired.settings.tags.read(Tag(tag, ""))
        if read is None or (read.name, read.version) != (manifest.name, version):
            return tag, f"{who} cannot be released: nobody could read its name off the tag `{tag}`"
        other = self._given.setdefault(tag, who)
        return tag, "" if other == who else f"{who} cannot be released: `{tag}` is the tag of {other} too"

    def _is_taken(self, manifest: AnyManifest, version: Version) -> bool:
        if any(release.parsed == version for release in self._releases(manifest)):
            return True
        said = self._said.get((kind_of(manifest), manifest.name), set()) - {manifest.version}
        return str(version) in said or self._tag(manifest, str(version)) in self._given

    def _releases(self, manifest: AnyManifest) -> tuple[Release, ...]:
        return self._desired.releases.get((kind_of(manifest), manifest.name), ())

    def _tag(self, manifest: AnyManifest, version: str) -> str:
        return self._desired.settings.tags.write(kind_of(manifest), manifest.name, version)
