"""Semantic versions for what a run registered: which a version keeps, which a new one gets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reconciler.model.plan import Bump
from reconciler.model.versions import Version
from reconciler.planning.signatures import Numbered, compared, number, semver_of, signature_of
from reconciler.tracking.base import ModelDetails, ModelVersion
from reconciler.tracking.store.tags import CONTENT_DIGEST

SEMVER = "reconciler.semver"
ASKED = "reconciler.version"  # that the pipeline names at the output


@dataclass(frozen=True, slots=True)
class Shelf:
    """All versions of one model, by MLflow's numbers.

    Attributes:
        ours: those that the run at hand made, in order.
        champion: the one that held the alias before, "" where none did.
        retired: semantic versions that runs have given, also such as were deleted in MLflow since: none is given twice.
    """

    name: str
    versions: Mapping[str, ModelVersion]
    ours: tuple[str, ...]
    champion: str
    retired: tuple[str, ...] = ()

    @property
    def taken(self) -> dict[Version, str]:
        """The semantic versions with their numbers; of equal content, the first; "" for one that is gone."""
        found: dict[Version, str] = {}
        for version in self.versions.values():
            semver = semver_of(version.tags.get(SEMVER, ""))
            if semver is not None:
                found.setdefault(semver, version.version)
        for text in self.retired:
            semver = semver_of(text)
            if semver is not None:
                found.setdefault(semver, "")
        return found

    def questions(self) -> tuple[ModelVersion, ...]:
        """The versions whose details decide."""
        taken = self.taken
        asked = dict.fromkeys(self.ours)
        if self.champion:
            asked[self.champion] = None
        if any(not self.versions[each].tags.get(SEMVER) for each in self.ours):
            asked.update(dict.fromkeys(taken[each] for each in compared(self._predecessor(taken), taken)))
        return tuple(self.versions[each] for each in asked if each)

    def _predecessor(self, taken: Collection[Version]) -> Version | None:
        """The champion's, else the highest."""
        champion = self.versions.get(self.champion)
        known = semver_of(champion.tags.get(SEMVER, "")) if champion else None
        return known or max(taken, default=None)

    def numbered(self, details: Mapping[str, ModelDetails]) -> dict[str, Numbered]:
        """The versions of those that have none yet."""
        taken = self.taken
        signatures = {semver: signature_of(details[at].signature) for semver, at in taken.items() if at in details}
        given: dict[str, Numbered] = {}
        for each in self.ours:
            version = self.versions[each]
            if version.tags.get(SEMVER):
                continue
            found = self._kept(version, taken)
            if found is None:
                found = number(signature_of(details[each].signature), self._predecessor(taken), signatures, taken)
            given[each] = found
            taken.setdefault(found.version, each)
            signatures.setdefault(found.version, signature_of(details[each].signature))
        return given

    def _kept(self, version: ModelVersion, taken: Collection[Version]) -> Numbered | None:
        """The version that is asked for, or that holds the same content already."""
        asked = semver_of(version.tags.get(ASKED, ""))
        if asked is not None and asked not in taken:
            return Numbered(asked, Bump.NONE, ("as the pipeline says",))
        digest = version.tags.get(CONTENT_DIGEST)
        for other in self.versions.values():
            semver = semver_of(other.tags.get(SEMVER, ""))
            if digest and semver is not None and other.tags.get(CONTENT_DIGEST) == digest:
                return Numbered(semver, Bump.NONE, (f"the same content as version {other.version}",))
        return None


def champion_on(versions: Mapping[str, ModelVersion], ours: Collection[str], alias: str, noted: str) -> str:
    """Who held the alias before the run at hand: whoever does so now, unless a step of the run has moved it."""
    holder = holder_of(versions, alias)
    if holder and holder not in ours:
        return holder
    return noted if noted in versions else ""


def holder_of(versions: Mapping[str, ModelVersion], alias: str) -> str:
    return next((version.version for version in versions.values() if alias in version.aliases), "")
