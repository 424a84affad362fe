"""What a release tags, and the version that each manifest gets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.desired import Desired
from reconciler.model.errors import UsageError
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Kind
from reconciler.model.plan import Bump
from reconciler.model.versions import Version, parse_version
from reconciler.model.wanted_bump import WantedBump
from reconciler.planning.bumps import interface_changes, is_enough, required_bump
from reconciler.planning.content_digests import content_digest, paths_of_content
from reconciler.planning.pins_left import Pins
from reconciler.planning.release_candidates import (
    Earlier,
    candidates,
    earlier_releases,
    held_by,
    is_as_tagged,
    key_of,
    with_copies,
)
from reconciler.planning.release_numbers import Numbers
from reconciler.planning.release_order import in_order

_STEPS = (Bump.NONE, Bump.PATCH, Bump.MINOR, Bump.MAJOR)
_FIRST = Version(1)


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """A manifest that gets a tag.

    Attributes:
        old: the version before, None for the first.
        is_written: whether the new version must be written into the file first.
        required: the bump that the change demands; none for the first version, and where only the version changed.
        why: what makes it a release, then the changes of the interface.
        note: what else is to be said, "" for nothing.
        changes: those of the interface, as the changelog lists them.
        since: the commit of the version before, where the changelog begins; "" for the first.
        copies: other files that hold the very same, and get the same version.
        has_version: whether the file says one already.
        paths: what it is made of in the repository, whose commits make up the changelog.
    """

    kind: Kind
    name: str
    file: str
    old: str | None
    new: str
    is_written: bool
    required: Bump
    why: tuple[str, ...]
    tag: str
    note: str = ""
    changes: tuple[str, ...] = ()
    since: str = ""
    copies: tuple[str, ...] = ()
    has_version: bool = True
    paths: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name} {self.new}"


@dataclass(frozen=True, slots=True)
class Releasing:
    """All that one release does.

    Attributes:
        plans: in the order of their dependencies.
        unchanged: what was asked for by name and is released already, each in a line.
        left_out: what cannot be released, each in a line.
    """

    plans: tuple[ReleasePlan, ...] = ()
    unchanged: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def plan_releases(
    desired: Desired,
    interfaces: Mapping[str, str],
    named: Collection[AnyManifest] = (),
    wanted: WantedBump = WantedBump.AUTO,
) -> Releasing:
    """What is to be released of a revision that was loaded with `releases_to_compare`.

    Args:
        interfaces: of `manifests_to_compare`, by file.
        named: the manifests that are asked for; all that changed where there are none.

    Raises:
        UsageError: a named manifest cannot be released, or the wanted bump is too small.
    """
    planner = _Planner(desired, interfaces, bool(named), wanted)
    return planner.plan(in_order(named or candidates(desired), desired))


@dataclass(frozen=True, slots=True)
class _Change:
    """What a manifest is beside the release that it is judged by.

    Attributes:
        lines: the changes of its interface, each with the bump that it demands.
    """

    required: Bump = Bump.NONE
    lines: tuple[tuple[Bump, str], ...] = ()

    @property
    def why(self) -> tuple[str, ...]:
        return tuple(line for _, line in self.lines)


class _Planner:
    def __init__(self, desired: Desired, interfaces: Mapping[str, str], is_named: bool, wanted: WantedBump) -> None:
        self._desired = desired
        self._interfaces = interfaces
        self._is_named = is_named
        self._wanted = wanted
        is_least = wanted not in (WantedBump.AUTO, WantedBump.PRE)
        self._least = Bump(wanted) if is_least else Bump.NONE
        self._numbers = Numbers(desired)
        self._with_copies = with_copies(desired)
        self._pins = Pins(desired)

    def plan(self, manifests: list[AnyManifest]) -> Releasing:
        plans: list[ReleasePlan] = []
        unchanged: list[str] = []
        left_out: list[str] = []
        too_small: list[str] = []
        for manifest in manifests:
            earlier = earlier_releases(manifest, self._desired)
            if self._is_released(manifest, earlier):
                unchanged.append(_unchanged(manifest, earlier))
            elif manifest.version or self._is_named or earlier.reached:
                change = self._change(manifest, earlier)
                new, is_kept = self._version(manifest, earlier, change)
                if not is_kept and self._is_too_small(change):
                    too_small.append(_too_small(manifest, change))
                tag, trouble = self._numbers.give(manifest, str(new))
                if trouble:
                    left_out.append(trouble)
                else:
                    plans.append(self._plan(manifest, earlier, change, new, is_kept, tag))
        if too_small:
            hint = "leave `--bump` out, and each gets the version that it needs"
            raise UsageError(f"`--bump {self._wanted}` is too small: {'; '.join(too_small)}", hint=hint)
        if left_out and self._is_named:
            raise UsageError("; ".join(left_out), hint="give it another name, or see `tags:` in reconciler.yaml")
        return Releasing(tuple(plans), tuple(unchanged) if self._is_named else (), tuple(left_out))

    def _is_released(self, manifest: AnyManifest, earlier: Earlier) -> bool:
        """Whether nothing is to be done; a pre-release that is named with a bump becomes what it announces."""
        if not is_as_tagged(manifest, self._desired):
            return False
        is_pre = earlier.same is not None and earlier.same.parsed.prerelease is not None
        return not (is_pre and self._is_named and self._least is not Bump.NONE)

    def _change(self, manifest: AnyManifest, earlier: Earlier) -> _Change:
        base, kind = earlier.base, kind_of(manifest)
        if base is None:
            return _Change()
        held = held_by(base, kind, self._desired)
        if held is None:
            return _Change(Bump.PATCH)
        if content_digest(held, self._desired) == content_digest(manifest, self._desired):
            return _Change(Bump.NONE if held.description == manifest.description else Bump.PATCH)
        texts = self._interfaces.get(held.file, ""), self._interfaces.get(manifest.file, "")
        return _Change(required_bump(*texts)[0], interface_changes(*texts))

    def _version(self, manifest: AnyManifest, earlier: Earlier, change: _Change) -> tuple[Version, bool]:
        """The version to release, and whether it is the one that the manifest says."""
        base, reached = earlier.base, earlier.reached
        step = max(change.required, self._least, key=_STEPS.index)
        own = parse_version(manifest.version) if manifest.version and earlier.same is None else None
        is_kept = own is not None and (base is None or is_enough(base.parsed, own, step))
        if own is not None and is_kept:
            new = own
        elif base is None or reached is None:
            new = _FIRST
        else:
            new = self._numbers.after(base, reached, max(step, Bump.PATCH, key=_STEPS.index), manifest)
        if not self._stays_pre(manifest, earlier) or (is_kept and new.prerelease is not None):
            return new, is_kept
        return self._numbers.pre_release_of(new, manifest), False

    def _stays_pre(self, manifest: AnyManifest, earlier: Earlier) -> bool:
        """Whether it is to be a pre-release; of one, no final version is made but by a person's word."""
        if self._wanted is not WantedBump.AUTO:
            return self._wanted is WantedBump.PRE
        said = manifest.version or (earlier.reached.version if earlier.reached else None)
        return said is not None and parse_version(said).prerelease is not None

    def _is_too_small(self, change: _Change) -> bool:
        return self._least is not Bump.NONE and _STEPS.index(self._least) < _STEPS.index(change.required)

    def _plan(
        self, manifest: AnyManifest, earlier: Earlier, change: _Change, new: Version, is_kept: bool, tag: str
    ) -> ReleasePlan:
        before = earlier.reached if new.prerelease is not None else earlier.base
        return ReleasePlan(
            kind_of(manifest),
            manifest.name,
            manifest.file,
            before.version if before is not None else None,
            str(new),
            manifest.version != str(new) and (manifest.version is not None or self._is_named),
            change.required,
            tuple(self._why(manifest, earlier, change, new, is_kept)),
            tag,
            "; ".join(self._notes(manifest, earlier, str(new))),
            tuple(f"{bump}: {line}" for bump, line in change.lines),
            before.commit if before is not None else "",
            self._copies_of(manifest),
            manifest.version is not None,
            tuple(dict.fromkeys((manifest.file, *paths_of_content(manifest)))),
        )

    def _copies_of(self, manifest: AnyManifest) -> tuple[str, ...]:
        digest = content_digest(manifest, self._desired)
        others = (each for each in self._with_copies[key_of(manifest)] if each.file != manifest.file)
        return tuple(each.file for each in others if content_digest(each, self._desired) == digest)

    def _why(
        self, manifest: AnyManifest, earlier: Earlier, change: _Change, new: Version, is_kept: bool
    ) -> Iterator[str]:
        base, same = earlier.base, earlier.same
        if base is None:
            yield "the first release"
        elif same is not None:
            is_same = is_as_tagged(manifest, self._desired)
            yield f"{same.version} as it is" if is_same else f"other content than {same.version}"
        elif change.required is Bump.NONE:
            yield f"nothing changed since {base.version} but the version"
        elif not is_kept and not (new.prerelease and self._wanted is WantedBump.PRE):
            yield f"{manifest.version} is too small a step from {base.version}"
        elif not change.lines:
            yield f"other content than {base.version}"
        yield from change.why

    def _notes(self, manifest: AnyManifest, earlier: Earlier, new: str) -> Iterator[str]:
        kind = kind_of(manifest)
        for release in earlier:
            broken = self._desired.broken_releases.get((release.tag, kind))
            if broken:
                yield f"the tag {release.tag} cannot be used: {broken}"
        old = {*(release.version for release in earlier), *([manifest.version] if manifest.version else [])}
        yield from self._pins.left(kind, manifest.name, old - {new})


def _unchanged(manifest: AnyManifest, earlier: Earlier) -> str:
    version = manifest.version or (earlier.same.version if earlier.same is not None else "")
    line = f"nothing to release: {kind_of(manifest)} {manifest.name} {version} is as tagged"
    if parse_version(version).prerelease is None:
        return line
    return f"{line} (name it with `--bump patch` to make a final version of it)"


def _too_small(manifest: AnyManifest, change: _Change) -> str:
    reasons = f" ({', '.join(change.why)})" if change.lines else ""
    return f"{kind_of(manifest)} {manifest.name} needs a {change.required} step{reasons}"
