"""What is said of resources that have drifted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.drift import Drift
from reconciler.model.manifests import Kind
from reconciler.model.status import ConditionType, Resource, not_ready, reconciling


def with_drift(resources: Iterable[Resource], findings: Iterable[Drift], heals_itself: bool) -> list[Resource]:
    """The resources, those that something was found of with what it is.

    One that is not ready for another reason, such as a run that failed, says that.
    """
    found: dict[tuple[Kind | str, str], list[Drift]] = {}
    for drift in findings:
        found.setdefault(drift.resource, []).append(drift)
    return [
        _drifted(resource, found[resource.kind, resource.name], heals_itself)
        if (resource.kind, resource.name) in found and _is_ready(resource)
        else resource
        for resource in resources
    ]


def _is_ready(resource: Resource) -> bool:
    said = resource.condition(ConditionType.READY)
    return said is not None and said.status


def _drifted(resource: Resource, drifts: list[Drift], heals_itself: bool) -> Resource:
    more = f" (and {len(drifts) - 1} more)" if len(drifts) > 1 else ""
    message = f"{drifts[0].told}{more}"
    if heals_itself and all(drift.can_be_mended for drift in drifts):
        return replace(resource, conditions=reconciling("Drifted", message))
    return replace(resource, conditions=not_ready("Drifted", message))
