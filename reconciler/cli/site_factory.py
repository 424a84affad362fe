"""The parts put together as the command line asks for them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from reconciler.engines.process import ProcessEngine
from reconciler.environments.venv import VenvBuilder
from reconciler.execution.environment_pool import EnvironmentPool
from reconciler.execution.site import Site
from reconciler.execution.workspace import Workspace
from reconciler.model.errors import UsageError
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from reconciler.tracking.base import Tracking
from reconciler.tracking.mlflow_tracking import MlflowTracking
from reconciler.tracking.none import NoTracking

_ENGINES = ("auto", "process")


def make_site(state: State, engine: str, tracking: str | None, max_parallel: int) -> Site:
    """The place where runs happen.

    Raises:
        UsageError: there is no engine of that name.
    """
    check_engine(engine)
    return Site(
        state=state,
        engine=ProcessEngine(),
        environments=EnvironmentPool(state, VenvBuilder(state.folder.environments), time.time, max_parallel),
        tracking=make_tracking(state.folder, tracking),
        workspace=Workspace(state.folder, state.outputs, state.documents),
        slots=ThreadPoolExecutor(max_workers=max_parallel, thread_name_prefix="step"),
        clock=time.time,
    )


def check_engine(engine: str) -> None:
    """Refuse an engine that there is not.

    Raises:
        UsageError: there is none of that name.
    """
    if engine not in _ENGINES:
        raise UsageError(f"there is no engine `{engine}`", hint=f"choose one of: {', '.join(_ENGINES)}")


def make_tracking(folder: StateFolder, uri: str | None) -> Tracking:
    """MLflow at the URI, in the state folder where none is given, or no tracking."""
    if uri == "none":
        return NoTracking()
    return MlflowTracking(uri or folder.mlflow_uri, folder.mlflow_artifacts, folder.logs / "mlflow.log")
