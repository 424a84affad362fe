"""Which versions of a name there are, in the revision and in tags, and which of them a reference chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.choice import explain
from reconciler.model.kinds import AnyManifest
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.references import LATEST
from reconciler.model.releases import Release, Skipped
from reconciler.model.versions import InvalidRangeError, is_label, parse_version

ANONYMOUS = ""  # wanted where the manifest without a version is meant, whatever versions there are beside it


class NoneFitsError(Exception):
    """No version is what is asked for; the message says what there is, the hint what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version that a reference means: a manifest of the revision, or one that a tag holds.

    Attributes:
        manifest: None where only a tag holds the version.
        release: the tag of the version, None where there is none.
        skipped: the higher versions, the highest first.
    """

    manifest: AnyManifest | None
    release: Release | None = None
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True)
class Candidates:
    """The versions of one name.

    Attributes:
        manifests: those of the revision, in the order of their files.
        releases: those that tags hold.
        is_tags_only: whether a version of the revision counts only once a tag holds it.
        labels: ranges by label.
    """

    kind: Kind
    name: str
    manifests: Sequence[AnyManifest]
    releases: Sequence[Release] = ()
    is_tags_only: bool = False
    labels: Mapping[str, str] | None = None

    def choose(self, wanted: str) -> Chosen:
        """The highest version that fits; a manifest without a version fits only where none is asked for.

        Raises:
            NoneFitsError: there is none.
        """
        if wanted == ANONYMOUS:
            return Chosen(self._anonymous())
        tagged = {release.version: release for release in self.releases}
        of_revision = {manifest.version: manifest for manifest in self.manifests if manifest.version}
        untagged = [] if self.is_tags_only else [version for version in of_revision if version not in tagged]
        versions = (*tagged, *untagged)
        range_wanted = self._range(wanted)
        if range_wanted == LATEST and not versions:
            return Chosen(self._anonymous())
        try:
            best, skipped = explain(range_wanted, versions)
        except InvalidRangeError as error:
            raise NoneFitsError(str(error), "write a version, a range such as `^1.2`, or `latest`") from None
        if best is None:
            raise self._nothing(wanted, versions)
        is_pinned = range_wanted.lstrip("=v") == best  # whoever writes a version has passed the higher ones over
        return Chosen(of_revision.get(best), tagged.get(best), () if is_pinned else skipped)

    def _range(self, wanted: str) -> str:
        labels = self.labels or {}
        if wanted in labels:
            return labels[wanted]
        if wanted != LATEST and is_label(wanted):
            label = f"labels: {{{self.kind}/{self.name}: {{{wanted}: 1.0.0}}}}"
            hint = did_you_mean(wanted, [*labels, LATEST]) or (
                f"write a version, a range such as `^1.2` or `latest`, or add to reconciler.yaml: `{label}`"
            )
            raise NoneFitsError(f"{self.kind} `{self.name}` has no label `{wanted}`", hint)
        return wanted

    def _anonymous(self) -> AnyManifest:
        without = [manifest for manifest in self.manifests if not manifest.version]
        if without:
            return without[0]
        raise self._nothing(LATEST, ())

    def _nothing(self, wanted: str, versions: Sequence[str]) -> NoneFitsError:
        written = sorted({manifest.version for manifest in self.manifests if manifest.version}, key=parse_version)
        if versions:
            existing = ", ".join(sorted(versions, key=parse_version))
            return NoneFitsError(
                f"no version of {self.kind} `{self.name}` fits `{wanted}`", f"there are: {_shortened(existing)}"
            )
        if written:
            message = f"no tag holds {self.kind} `{self.name}` {written[-1]}, and only tags count here"
            hint = f"release it: `reconciler release {self.kind}/{self.name}`; or take `registry: tags-only` away"
            return NoneFitsError(message, hint)
        message = f"{self.kind} `{self.name}` has no version, `{wanted}` is asked for"
        return NoneFitsError(message, f"add `version:` to {self.manifests[0].file} or refer to it with `@latest`")


def _shortened(listed: str, longest: int = 300) -> str:
    """The end of a long list, where the newest versions are."""
    if len(listed) <= longest:
        return listed
    return f"…{listed[-longest:].partition(',')[2]}"
