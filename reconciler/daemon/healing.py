"""What went away, broke or was left behind, behind our back, put right."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.environments.base import EnvironmentSpec as BuiltEnvironment
from reconciler.execution.origin import Origin
from reconciler.execution.site import Site
from reconciler.execution.workspace import Objects
from reconciler.model.errors import ReconcilerError
from reconciler.model.steps import EnvironmentSpec
from reconciler.state.environments import GONE, EnvironmentState
from reconciler.state.store import State
from reconciler.tracking.base import ModelMark

log = logging.getLogger("reconciler")


@dataclass(frozen=True, slots=True)
class Healed:
    """Whether environments were gone, and why that could not be told, "" where it could."""

    is_lost: bool
    trouble: str = ""


def heal(
    site: Site, environments: Iterable[EnvironmentSpec], objects: Objects, origin: Origin, heals_itself: bool = True
) -> Healed:
    """Look once for environments that are gone, and mend what is found. An engine that is away is asked next time."""
    is_lost, trouble = False, ""
    try:
        for lost in site.environments.lost(environments):
            log.warning("environment %s is gone%s", lost.name, ", and is built again" if heals_itself else "")
            is_lost = True
        if heals_itself:
            site.environments.rebuild_lost(environments, objects, origin)
        site.engine.remove_leftovers(site.state.runs.handles())
    except ReconcilerError as error:
        trouble = f"cannot look for what is gone: {error}"
        log.warning("%s", trouble)
    return Healed(is_lost, trouble)


def mend_environment(site: Site, noted: EnvironmentState, spec: BuiltEnvironment) -> None:
    """Let a broken environment count as gone; it is built again at the next look, or by the step that needs it."""
    site.environments.builder.discard(spec)
    site.state.environments.save(replace(noted, status=GONE), site.clock())


def mend_output(state: State, digest: str, is_there: bool) -> None:
    """Have nobody reuse a content that is gone, or not what its digest says: its steps are executed again.

    It leaves the store first: a result whose output is gone is never reused, while a step that wrote the right content
    would find the wrong one in its place.
    """
    if is_there:
        aside = state.outputs.set_aside(digest, state.folder.spoilt)
        state.verified.forget(digest)
        log.warning("an output that is not what its digest says was moved to %s", aside)
    for fingerprint in state.results.holding(digest):
        state.results.forget(fingerprint)


def mend_alias(site: Site, name: str, alias: str, version: str) -> None:
    """Put an alias back where a run left it; not while a run, or its record, is under way that may be moving it.

    Raises:
        TrackingError: MLflow does not do it.
    """
    if not site.state.runs.running() and not site.state.waiting_records.pipelines():
        site.tracking.mark([ModelMark(name, version, aliases=(alias,))]).result()
