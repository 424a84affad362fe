"""What went away or was left behind, behind our back: environments built again, leftovers of the engine removed."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from reconciler.execution.origin import Origin
from reconciler.execution.site import Site
from reconciler.execution.workspace import Objects
from reconciler.model.errors import ReconcilerError
from reconciler.model.steps import EnvironmentSpec

log = logging.getLogger("reconciler")


def heal(site: Site, environments: Iterable[EnvironmentSpec], objects: Objects, origin: Origin) -> bool:
    """Look once and mend what is found; whether environments were gone. An engine that is away is asked next time."""
    is_lost = False
    try:
        for lost in site.environments.rebuild_lost(environments, objects, origin):
            log.warning("environment %s is gone, and is built again", lost.name)
            is_lost = True
        site.engine.remove_leftovers(site.state.runs.handles())
    except ReconcilerError as error:
        log.warning("cannot look for what is gone: %s", error)
    return is_lost
