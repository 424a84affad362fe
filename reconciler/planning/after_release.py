"""A revision as it will be once a release is done, so that a release that breaks something is refused before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.releases import RELEASED_KINDS, Release
from reconciler.planning.releasing import ReleasePlan


def after_release(desired: Desired, plans: Iterable[ReleasePlan]) -> Desired:
    """The revision with the new versions in its manifests and the new tags, which have no commit yet."""
    plans = list(plans)
    manifests = {**desired.manifests}
    for plan in plans:
        for file in (plan.file, *plan.copies) if plan.is_written else ():
            manifests[file] = replace(manifests[file], version=plan.new)
    by_name: dict[str, list[AnyManifest]] = {}
    for manifest in manifests.values():
        if kind_of(manifest) in RELEASED_KINDS:
            by_name.setdefault(manifest.name, []).append(manifest)
    releases, released = {**desired.releases}, {**desired.released}
    files, broken = {**desired.release_files}, {**desired.broken_releases}
    for plan in plans:
        # A tag that does not say which kind it is of stands for all that have the name.
        is_of_all = not desired.settings.tags.has_kind
        held = [each for each in by_name[plan.name] if is_of_all or kind_of(each) is plan.kind]
        for kind in {kind_of(each): None for each in held}:
            new = Release(kind, plan.name, plan.new, plan.tag, "")
            known = (*releases.get((kind, plan.name), ()), new)
            releases[kind, plan.name] = tuple(sorted(known, key=lambda each: (each.parsed, each.tag)))
            of_kind = [each for each in held if kind_of(each) is kind]
            found = next((each for each in of_kind if each.version in (None, plan.new)), None)
            if found is None:
                broken[plan.tag, kind] = f"the manifest there says `version: {of_kind[0].version}`"
            else:
                files[plan.tag, kind] = found.file
                released[found.file] = replace(found, version=plan.new)
    return replace(
        desired,
        manifests=manifests,
        releases=releases,
        released=released,
        release_files=files,
        broken_releases=broken,
    )
