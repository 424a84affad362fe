"""Versions that changed: the bump that an interface demands, and versions that must not change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.desired import Desired
from reconciler.model.digests import canonical, digest_of, short
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Component, DataAsset, Environment, Kind, Model
from reconciler.model.pipelines import PipelineComponent
from reconciler.model.plan import Actual, Bump, ReleasedVersion, VersionPlan
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.versions import Version, parse_version
from reconciler.planning.changes import changes_between
from reconciler.planning.environments import environment_spec
from reconciler.planning.resolve import Unresolved, within_repository

_ORDER = (Bump.NONE, Bump.PATCH, Bump.MINOR, Bump.MAJOR)


class ContentDigests:
    """Digests of manifests with the content that they name: code, conda file, build context, data.

    They are kept from one desired state to the next, as far as nothing that they are made of changed.

    Attributes:
        changed: the files whose digests were computed anew the last time.
    """

    def __init__(self) -> None:
        self._desired: Desired | None = None
        self._digests: dict[str, str] = {}
        self._files_by_path: dict[str, set[str]] = {}
        self.changed: frozenset[str] = frozenset()

    def of(self, desired: Desired) -> Mapping[str, str]:
        """The digests of all manifests by file."""
        if desired is self._desired:
            self.changed = frozenset()
            return self._digests
        changes = changes_between(self._desired, desired)
        if changes.is_everything:
            self._digests, self._files_by_path = {}, {}
            files = set(desired.manifests)
        else:
            touched = (self._files_by_path.get(path, ()) for path in changes.paths)
            files = {*changes.files, *(file for some in touched for file in some)}
            files |= {environment.file for environment in desired.environments}
        for file in files:
            self._digests.pop(file, None)
            manifest = desired.manifests.get(file)
            if manifest is not None:
                self._digests[file] = self._digest(manifest, desired)
        self.changed = frozenset(files)
        self._desired = desired
        return self._digests

    def _digest(self, manifest: AnyManifest, desired: Desired) -> str:
        attached: list[str] = []
        try:
            if isinstance(manifest, Component):
                named = (*([manifest.code] if manifest.code else []), *manifest.includes)
                attached.extend(self._content(manifest, path, desired) for path in named)
            elif isinstance(manifest, Environment):
                attached.append(environment_spec(manifest, desired).recipe)
            elif (
                isinstance(manifest, DataAsset | Model)
                and "://" not in manifest.path
                and not manifest.path.startswith("/")
            ):
                attached.append(self._content(manifest, manifest.path, desired))
        except Unresolved:
            attached.append("")  # told as a problem of the manifest
        return digest_of([manifest.identity, attached])

    def _content(self, manifest: AnyManifest, named: str, desired: Desired) -> str:
        path = within_repository(manifest.file, named, ())
        self._files_by_path.setdefault(path, set()).add(manifest.file)
        if not path:
            return desired.snapshot.tree
        entry = desired.snapshot.entries.get(path)
        return entry.oid if entry else ""


def interface_of(manifest: AnyManifest) -> str:
    """The interface as canonical JSON, to be compared with a later one."""
    if not isinstance(manifest, Component | PipelineComponent):
        return ""
    return canonical(
        {
            "inputs": {
                port.name: [port.type, port.is_optional or port.default is not None] for port in manifest.inputs
            },
            "outputs": {port.name: port.type for port in manifest.outputs},
        }
    )


class VersionJudge:
    """Judges desired states against the versions applied before, one state after the other.

    What a version means never changes, so a manifest that agrees with it is not judged again until it changes.
    """

    def __init__(self) -> None:
        self._digests = ContentDigests()
        self._unsettled: set[str] = set()

    def judge(self, desired: Desired, actual: Actual) -> tuple[tuple[VersionPlan, ...], tuple[Problem, ...]]:
        """The manifests whose version or content differs from what was applied, and the problems of doing so."""
        digests = self._digests.of(desired)
        self._unsettled |= self._digests.changed
        self._unsettled &= digests.keys()
        if not actual.versions:
            return (), ()
        latest: dict[tuple[Kind, str], ReleasedVersion] | None = None
        plans: list[VersionPlan] = []
        problems: list[Problem] = []
        for file in self._to_judge(desired):
            manifest = desired.manifests[file]
            if not manifest.version:
                continue
            kind = kind_of(manifest)
            same = actual.versions.get((kind, manifest.name, manifest.version))
            if same is None:
                latest = _latest(actual.versions.values()) if latest is None else latest
                before = latest.get((kind, manifest.name))
                if before is not None:
                    plans.append(_bumped(manifest, before))
                continue
            if same.digest == digests[file]:
                self._unsettled.discard(file)
                continue
            required = _required(manifest, same)[0]
            wanted = _bump(parse_version(manifest.version), required)
            problems.append(_mutated(manifest, kind, same, digests[file], wanted, desired))
            why = (f"{manifest.version} already means {short(same.digest)}",)
            plans.append(VersionPlan(kind, manifest.name, same.version, manifest.version, required, False, why))
        problems.extend(_too_small(plan, desired) for plan in plans if not plan.is_ok and plan.old != plan.new)
        return tuple(plans), tuple(problems)

    def _to_judge(self, desired: Desired) -> list[str]:
        """The files whose versions are not settled; of several that hold the same one, which is told, the first."""
        twins = {problem.file for problem in desired.problems if problem.code is Code.DUPLICATE_NAME}
        return sorted(self._unsettled - twins)

    def fresh(self, desired: Desired, actual: Actual) -> list[ReleasedVersion]:
        """The versions of a revision that were not applied before, as they are kept once it is."""
        digests = self._digests.of(desired)
        return [
            ReleasedVersion(
                kind_of(manifest),
                manifest.name,
                manifest.version,
                digests[file],
                desired.snapshot.revision,
                interface_of(manifest),
            )
            for file in self._to_judge(desired)
            if (manifest := desired.manifests[file]).version
            and (kind_of(manifest), manifest.name, manifest.version) not in actual.versions
        ]


def _latest(versions: Iterable[ReleasedVersion]) -> dict[tuple[Kind, str], ReleasedVersion]:
    latest: dict[tuple[Kind, str], ReleasedVersion] = {}
    for version in versions:
        key = (version.kind, version.name)
        if key not in latest or parse_version(version.version) > parse_version(latest[key].version):
            latest[key] = version
    return latest


def _bumped(manifest: AnyManifest, before: ReleasedVersion) -> VersionPlan:
    required, why = _required(manifest, before)
    old, new = parse_version(before.version), parse_version(manifest.version or "0.0.0")
    # Going back to an older number adds nothing that could break: it is new only if it was never applied.
    is_ok = new < old or new >= _bump(old, required)
    return VersionPlan(kind_of(manifest), manifest.name, before.version, manifest.version, required, is_ok, why)


def _required(manifest: AnyManifest, before: ReleasedVersion) -> tuple[Bump, tuple[str, ...]]:
    """The bump that the change of interface demands, with each change; patch where the interface is the same."""
    if not before.interface or not isinstance(manifest, Component | PipelineComponent):
        return Bump.PATCH, ()
    old: dict[str, Any] = json.loads(before.interface)
    new: dict[str, Any] = json.loads(interface_of(manifest))
    found = [*_input_changes(old["inputs"], new["inputs"]), *_output_changes(old["outputs"], new["outputs"])]
    required = max((bump for bump, _ in found), key=_ORDER.index, default=Bump.PATCH)
    return required, tuple(why for _, why in found)


def _input_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[tuple[Bump, str]]:
    for name in old.keys() - new.keys():
        yield Bump.MAJOR, f"input {name} removed"
    for name in new.keys() - old.keys():
        yield (Bump.MINOR, f"optional input {name} added") if new[name][1] else (Bump.MAJOR, f"input {name} added")
    for name in old.keys() & new.keys():
        if old[name][0] != new[name][0]:
            yield Bump.MAJOR, f"input {name}: {old[name][0]} → {new[name][0]}"
        elif old[name][1] and not new[name][1]:
            yield Bump.MAJOR, f"input {name} is required now"
        elif new[name][1] and not old[name][1]:
            yield Bump.MINOR, f"input {name} is optional now"


def _output_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[tuple[Bump, str]]:
    for name in old.keys() - new.keys():
        yield Bump.MAJOR, f"output {name} removed"
    for name in new.keys() - old.keys():
        yield Bump.MINOR, f"output {name} added"
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            yield Bump.MAJOR, f"output {name}: {old[name]} → {new[name]}"


def _bump(version: Version, bump: Bump) -> Version:
    match bump:
        case Bump.MAJOR:
            return version.bump_major()
        case Bump.MINOR:
            return version.bump_minor()
        case Bump.PATCH:
            return version.bump_patch()
        case Bump.NONE:
            return version


def _mutated(
    manifest: AnyManifest, kind: Kind, before: ReleasedVersion, digest: str, wanted: Version, desired: Desired
) -> Problem:
    message = (
        f"{kind} `{manifest.name}` {manifest.version} was applied with other content: "
        f"{short(before.digest)} at {before.revision}, now {short(digest)}"
    )
    hint = f"a version never changes; write `version: {wanted}`"
    severity = Severity.ERROR if desired.settings.mutated_versions_are_errors else Severity.WARNING
    return Problem(manifest.file, Code.VERSION_MUTATED, message, hint, ("version",), severity)


def _too_small(plan: VersionPlan, desired: Desired) -> Problem:
    wanted = _bump(parse_version(plan.old or "0.0.0"), plan.required)
    file = next(
        manifest.file
        for manifest in desired.manifests.values()
        if manifest.name == plan.name and manifest.version == plan.new and kind_of(manifest) is plan.kind
    )
    why = f": {', '.join(plan.why)}" if plan.why else ""
    message = f"{plan.old} → {plan.new} is too small a step for {plan.kind} `{plan.name}`{why}"
    hint = f"this is a {plan.required} change; write `version: {wanted}`"
    severity = Severity.ERROR if desired.settings.mutated_versions_are_errors else Severity.WARNING
    return Problem(desired.manifests[file].file, Code.VERSION_BUMP, message, hint, ("version",), severity)
