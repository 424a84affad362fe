"""What looks data at URLs up for a verb; apart from the place of runs, whose imports quick verbs do without."""

from __future__ import annotations

import logging

from reconciler.cli.output import complain
from reconciler.model.configuration import Configuration
from reconciler.source.remote_data import RemoteStore
from reconciler.state.store import State

_log = logging.getLogger("reconciler")


def make_remote_data(state: State, configuration: Configuration, is_work_tree: bool = True) -> RemoteStore:
    """What looks data at URLs up, as the operator allows it."""
    tell = complain if is_work_tree else _log.info
    return RemoteStore(state.folder.data, state.documents, configuration.data, is_work_tree, tell)
