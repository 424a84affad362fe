"""Versions that changed: the bump that an interface demands, and versions that must not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.digests import short
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.plan import Actual, Bump, ReleasedVersion, VersionPlan
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.versions import Version, parse_version
from reconciler.planning.bumps import is_enough, next_version, required_bump
from reconciler.planning.content_digests import ContentDigests, content_digest
from reconciler.planning.known_versions import KnownVersion, KnownVersions

_NO_INTERFACES: Mapping[str, str] = {}


class VersionJudge:
    """Judges desired states against the versions that are settled, one state after the other.

    What a version means never changes, so a manifest that agrees with it is not judged again until it changes.
    """

    def __init__(self) -> None:
        self._digests = ContentDigests()
        self._unsettled: set[str] = set()

    def to_compare(self, desired: Desired, actual: Actual) -> list[AnyManifest]:
        """The manifests whose interfaces decide on versions, those of releases among them."""
        self._look_at(desired)
        names = {(known.kind, known.name) for known in actual.versions.values()} | desired.releases.keys()
        if not names:
            return []
        of_revision = (desired.manifests[file] for file in self._to_judge(desired))
        compared = [each for each in of_revision if each.version and (kind_of(each), each.name) in names]
        keys = {(kind_of(manifest), manifest.name) for manifest in compared}
        return [*compared, *(each for each in desired.released.values() if (kind_of(each), each.name) in keys)]

    def to_keep(self, desired: Desired, actual: Actual) -> list[AnyManifest]:
        """The manifests whose versions mean something once the revision is applied, and did not before."""
        self._look_at(desired)
        of_revision = (desired.manifests[file] for file in self._to_judge(desired))
        return [
            manifest
            for manifest in (*of_revision, *_held_by_tags(desired))
            if manifest.version
            and (kind_of(manifest), manifest.name, manifest.version) not in actual.versions
            and _is_settled_by_applying(manifest, desired)
        ]

    def judge(
        self, desired: Desired, actual: Actual, interfaces: Mapping[str, str] = _NO_INTERFACES
    ) -> tuple[tuple[VersionPlan, ...], tuple[Problem, ...]]:
        """The manifests whose version or content differs from what is settled, and the problems of doing so.

        Args:
            interfaces: of the manifests `to_compare`, by file.
        """
        self._look_at(desired)
        if not actual.versions and not desired.releases:
            return (), ()
        known = KnownVersions(desired, actual, interfaces)
        plans: list[VersionPlan] = []
        problems: list[Problem] = [*_moved_tags(desired, actual), *_empty_tags(desired, actual)]
        for file in self._to_judge(desired):
            manifest = desired.manifests[file]
            if not manifest.version:
                continue
            digest, interface = self._digests.of(desired)[file], interfaces.get(file, "")
            same = list(known.same(kind_of(manifest), manifest.name, manifest.version))
            other = next((each for each in same if each.digest != digest), None)
            applied = actual.versions.get((kind_of(manifest), manifest.name, manifest.version))
            if applied is not None and applied.digest == digest and other is not None:
                continue  # it is as it was, and the tag, which is told, is not
            if other is not None:
                plan, problem = _mutated(manifest, other, digest, interface, known, desired)
                plans.append(plan)
                problems.append(problem)
            elif same or file in desired.agreeing:
                if applied is not None:
                    self._unsettled.discard(file)
            elif (before := known.before(kind_of(manifest), manifest.name, manifest.version)) is not None:
                plan = _bumped(manifest, before, digest, interface, known)
                plans.append(plan)
                problems.extend(_of_bump(plan, manifest, desired))
        return tuple(plans), tuple(problems)

    def fresh(
        self, desired: Desired, actual: Actual, interfaces: Mapping[str, str] = _NO_INTERFACES
    ) -> list[ReleasedVersion]:
        """The versions of a revision that were not applied before, as they are kept once it is.

        Args:
            interfaces: of the manifests `to_keep`, by file.
        """
        revision = desired.snapshot.revision
        return [
            ReleasedVersion(
                kind_of(manifest),
                manifest.name,
                manifest.version or "",
                content_digest(manifest, desired),
                desired.tag_revision(manifest.file) or revision,
                interfaces.get(manifest.file, ""),
                manifest.description,
            )
            for manifest in self.to_keep(desired, actual)
        ]

    def _look_at(self, desired: Desired) -> None:
        digests = self._digests.of(desired)
        self._unsettled |= self._digests.changed
        self._unsettled &= digests.keys()

    def _to_judge(self, desired: Desired) -> list[str]:
        """The files whose versions are not settled; of several that hold the same one, which is told, the first."""
        twins = {problem.file for problem in desired.problems if problem.code is Code.DUPLICATE_NAME}
        return sorted(self._unsettled - twins)


def version_after_edit(manifest: AnyManifest, desired: Desired, actual: Actual) -> str | None:
    """The version to write where other content is written that promises the same; None where the version may stay."""
    if not manifest.version:
        return None
    known = KnownVersions(desired, actual, _NO_INTERFACES)
    is_settled = manifest.file in desired.agreeing or any(
        known.same(kind_of(manifest), manifest.name, manifest.version)
    )
    return _free(parse_version(manifest.version), Bump.PATCH, manifest, known) if is_settled else None


def _is_settled_by_applying(manifest: AnyManifest, desired: Desired) -> bool:
    """Whether its version counts: merging is releasing, unless only tags count."""
    if not desired.settings.is_tags_only:
        return True
    releases = desired.releases.get((kind_of(manifest), manifest.name), ())
    return any(release.version == manifest.version for release in releases)


def _held_by_tags(desired: Desired) -> list[AnyManifest]:
    """The manifests that tags of their own hold, as far as they were looked at; what these name by path are none."""
    files = dict.fromkeys(desired.release_files.values())
    return [desired.released[file] for file in files if file in desired.released]


def _moved_tags(desired: Desired, actual: Actual) -> Iterator[Problem]:
    """Tags that hold other content than when their version was applied."""
    for manifest in _held_by_tags(desired):
        applied = actual.versions.get((kind_of(manifest), manifest.name, manifest.version or ""))
        if applied is None or applied.digest == (now := content_digest(manifest, desired)):
            continue
        tag = desired.tag_revision(manifest.file)
        message = (
            f"{kind_of(manifest)} `{manifest.name}` {manifest.version} was applied with other content: "
            f"{short(applied.digest)} at {applied.revision}, now {short(now)} at {tag}"
        )
        hint = "have the tag lead where it did, and give the new content a version of its own"
        yield Problem(manifest.file, Code.VERSION_MUTATED, message, hint, ("version",), _severity(desired))


def _empty_tags(desired: Desired, actual: Actual) -> Iterator[Problem]:
    """Tags that do not hold the version of the revision that they are named after, whose kind they say."""
    if not desired.broken_releases or not desired.settings.tags.has_kind:
        return
    for file, manifest in desired.manifests.items():
        kind = kind_of(manifest)
        for release in desired.releases.get((kind, manifest.name), ()):
            why = desired.broken_releases.get((release.tag, kind))
            if why is None or release.version != manifest.version:
                continue
            is_settled = (kind, manifest.name, release.version) in actual.versions
            message = f"the tag `{release.tag}` does not hold {kind} `{manifest.name}` {release.version}: {why}"
            hint = f"have the tag lead to a commit that holds version {release.version}, or take it away"
            severity = _severity(desired) if is_settled else Severity.WARNING
            yield Problem(file, Code.VERSION_MUTATED, message, hint, ("version",), severity)


def _mutated(
    manifest: AnyManifest, known: KnownVersion, digest: str, interface: str, versions: KnownVersions, desired: Desired
) -> tuple[VersionPlan, Problem]:
    kind = kind_of(manifest)
    required, changes = required_bump(known.interface, interface)
    wanted = _free(known.parsed, required, manifest, versions)
    why = (f"{known.version} already means {short(known.digest)}", *changes)
    plan = VersionPlan(kind, manifest.name, known.version, manifest.version, required, False, why, wanted)
    held = f"is held by {known.held_by}" if known.held_by.startswith("tag ") else "was applied"
    at = "" if known.held_by.startswith("tag ") else f" at {known.held_by}"
    message = (
        f"{kind} `{manifest.name}` {manifest.version} {held} with other content: "
        f"{short(known.digest)}{at}, now {short(digest)}"
    )
    hint = f"a version never changes; write `version: {wanted}`"
    return plan, Problem(manifest.file, Code.VERSION_MUTATED, message, hint, ("version",), _severity(desired))


def _bumped(
    manifest: AnyManifest, before: KnownVersion, digest: str, interface: str, versions: KnownVersions
) -> VersionPlan:
    kind, new = kind_of(manifest), parse_version(manifest.version or "0.0.0")
    made = VersionPlan(kind, manifest.name, before.version, manifest.version, Bump.NONE, True, ())
    if digest == before.digest and before.description in (None, manifest.description):
        return made
    required, why = required_bump(before.interface, interface)
    made = replace(made, required=required, why=why)
    if not is_enough(before.parsed, new, required):
        return replace(made, is_ok=False, wanted=_free(before.parsed, required, manifest, versions))
    enough = next_version(before.parsed, required)
    is_larger = new.prerelease is None and before.parsed.prerelease is None and new > enough
    return replace(made, note=f"{enough} would do for a {required} change") if is_larger else made


def _free(before: Version, required: Bump, manifest: AnyManifest, versions: KnownVersions) -> str:
    """The lowest version that is enough and means nothing yet."""
    wanted = next_version(before, required)
    while versions.exists(kind_of(manifest), manifest.name, str(wanted)):
        wanted = next_version(wanted, required)
    return str(wanted)


def _of_bump(plan: VersionPlan, manifest: AnyManifest, desired: Desired) -> Iterator[Problem]:
    if plan.required is Bump.NONE and parse_version(plan.old or "").prerelease is None:
        message = f"nothing changed in {plan.kind} `{plan.name}` from {plan.old} to {plan.new} but the version"
        hint = f"go back to `version: {plan.old}`, or change what you meant to"
        yield Problem(manifest.file, Code.UNNEEDED_BUMP, message, hint, ("version",), Severity.WARNING)
    if plan.is_ok:
        return
    why = f": {', '.join(plan.why)}" if plan.why else ""
    message = f"{plan.old} → {plan.new} is too small a step for {plan.kind} `{plan.name}`{why}"
    hint = f"this is a {plan.required} change; write `version: {plan.wanted}`"
    yield Problem(manifest.file, Code.VERSION_BUMP, message, hint, ("version",), _severity(desired))


def _severity(desired: Desired) -> Severity:
    return Severity.ERROR if desired.settings.mutated_versions_are_errors else Severity.WARNING
