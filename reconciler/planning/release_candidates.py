"""What a release may take in, and the earlier releases that it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.desired import Desired
from reconciler.model.errors import UsageError
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.releases import RELEASED_KINDS, Release
from reconciler.model.versions import parse_version
from reconciler.planning.content_digests import content_digest

Key = tuple[Kind, str, str | None]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The releases that count for a manifest.

    Attributes:
        same: the one of its own version; for a manifest without one, the highest.
        reached: the highest up to its version, pre-releases included.
        stable: the highest of those that is no pre-release.
    """

    same: Release | None = None
    reached: Release | None = None
    stable: Release | None = None

    @property
    def base(self) -> Release | None:
        """What the required bump is judged by."""
        return self.stable or self.reached

    def __iter__(self) -> Iterator[Release]:
        yield from dict.fromkeys(each for each in (self.same, self.reached, self.stable) if each is not None)


def earlier_releases(manifest: AnyManifest, desired: Desired) -> Earlier:
    """The releases of its name up to its version; for a manifest without one, the highest holds its version."""
    releases = desired.releases.get((kind_of(manifest), manifest.name), ())
    version = parse_version(manifest.version) if manifest.version else None
    up_to = [release for release in releases if version is None or release.parsed <= version]
    if not up_to:
        return Earlier()
    reached = up_to[-1]
    stable = next((release for release in reversed(up_to) if release.parsed.prerelease is None), None)
    return Earlier(reached if version in (None, reached.parsed) else None, reached, stable)


def is_as_tagged(manifest: AnyManifest, desired: Desired) -> bool:
    """Whether the tag of its version holds it as it is."""
    if manifest.version and manifest.file in desired.agreeing:
        return True
    same = earlier_releases(manifest, desired).same
    held = held_by(same, kind_of(manifest), desired) if same is not None else None
    return held is not None and content_digest(held, desired) == content_digest(manifest, desired)


def held_by(release: Release, kind: Kind, desired: Desired) -> AnyManifest | None:
    """The manifest that a tag holds, None where it cannot be used or was not read."""
    return desired.released.get(desired.release_files.get((release.tag, kind), ""))


def candidates(desired: Desired) -> list[AnyManifest]:
    """The manifests that can be released; of several files with one version of a name, the first."""
    found: dict[Key, AnyManifest] = {}
    for manifest in desired.manifests.values():
        if manifest.is_named and kind_of(manifest) in RELEASED_KINDS:
            found.setdefault(key_of(manifest), manifest)
    return list(found.values())


def with_copies(desired: Desired) -> Mapping[Key, Sequence[AnyManifest]]:
    """The manifests by kind, name and version."""
    found: dict[Key, list[AnyManifest]] = {}
    for manifest in desired.manifests.values():
        found.setdefault(key_of(manifest), []).append(manifest)
    return found


def releases_to_compare(desired: Desired) -> Iterator[tuple[Release, Kind]]:
    """The releases that must be read before it is known what there is to release."""
    for manifest in _that_may_differ(desired):
        yield from ((release, kind_of(manifest)) for release in earlier_releases(manifest, desired))


def manifests_to_compare(desired: Desired) -> list[AnyManifest]:
    """The manifests whose interfaces decide on versions, those of releases among them."""
    compared: dict[str, AnyManifest] = {}
    for manifest in _that_may_differ(desired):
        base = earlier_releases(manifest, desired).base
        held = held_by(base, kind_of(manifest), desired) if base is not None else None
        if held is not None and (_is_pre_release(manifest, desired) or not is_as_tagged(manifest, desired)):
            compared |= {manifest.file: manifest, held.file: held}
    return list(compared.values())


def named_in(arguments: Iterable[str], desired: Desired) -> list[AnyManifest]:
    """The manifests that are asked for as `component/split`, or as `split` where only one kind has that name.

    Raises:
        UsageError: an argument names none, or several, or one that cannot be released.
    """
    named: dict[str, AnyManifest] = {}
    by_name: dict[str, dict[Kind, list[AnyManifest]]] = {}
    for manifest in desired.manifests.values():
        if kind_of(manifest) in RELEASED_KINDS:
            by_name.setdefault(manifest.name, {}).setdefault(kind_of(manifest), []).append(manifest)
    for argument in arguments:
        for manifest in _named_as(argument, by_name):
            named[manifest.file] = manifest
    return list(named.values())


def _named_as(argument: str, by_name: Mapping[str, Mapping[Kind, list[AnyManifest]]]) -> list[AnyManifest]:
    written, has_kind, name = argument.partition("/")
    if not has_kind:
        return _only_kind(argument, by_name)
    kind = next((each for each in RELEASED_KINDS if written in (each, f"{each}s")), None)
    if kind is None:
        kinds = ", ".join(RELEASED_KINDS)
        hint = did_you_mean(written, RELEASED_KINDS, f"choose one of: {kinds}")
        raise UsageError(f"there is no kind `{written}` that is released", hint=hint)
    found = by_name.get(name, {}).get(kind)
    if found is None:
        raise UsageError(f"there is no {kind} `{name}`", hint=_nearest(f"{kind}/{name}", by_name))
    return _usable(found)


def _only_kind(name: str, by_name: Mapping[str, Mapping[Kind, list[AnyManifest]]]) -> list[AnyManifest]:
    kinds = by_name.get(name, {})
    if not kinds:
        raise UsageError(f"nothing here is called `{name}`", hint=_nearest(name, by_name))
    if len(kinds) > 1:
        choices = " or ".join(f"`{kind}/{name}`" for kind in kinds)
        raise UsageError(f"there are several of the name `{name}`", hint=f"say {choices}")
    return _usable(next(iter(kinds.values())))


def _nearest(argument: str, by_name: Mapping[str, Mapping[Kind, list[AnyManifest]]]) -> str:
    known = [f"{kind}/{name}" if "/" in argument else name for name, kinds in by_name.items() for kind in kinds]
    return did_you_mean(argument, known, "name a manifest that is committed, as KIND/NAME")


def _usable(found: list[AnyManifest]) -> list[AnyManifest]:
    first = found[0]
    if not first.is_named:
        hint = f"add one, such as `name: {first.name}`: a version belongs to a name"
        raise UsageError(f"the {kind_of(first)} has no `name:`", place=first.file, hint=hint)
    without = [each for each in found if not each.version]
    if len(without) > 1:
        message = f"{kind_of(first)} `{first.name}` stands in {without[0].file} and in {without[1].file}"
        raise UsageError(message, hint="give one of the two another name, or a version")
    versions = {each.version: each for each in reversed(found)}
    return list(reversed(versions.values()))


def _that_may_differ(desired: Desired) -> Iterator[AnyManifest]:
    for manifest in candidates(desired):
        is_known = (kind_of(manifest), manifest.name) in desired.releases
        if is_known and (manifest.file not in desired.agreeing or _is_pre_release(manifest, desired)):
            yield manifest


def _is_pre_release(manifest: AnyManifest, desired: Desired) -> bool:
    """Whether it is released as what a person may make a final version of, as it is."""
    same = earlier_releases(manifest, desired).same
    return same is not None and same.parsed.prerelease is not None


def key_of(manifest: AnyManifest) -> Key:
    return kind_of(manifest), manifest.name, manifest.version
