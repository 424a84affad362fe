"""The parts put together as the command line asks for them."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from reconciler.cli.engine_choice import AUTO, DOCKER, PROCESS, EngineChoice, choose_engine
from reconciler.cli.outside_data import make_remote_data
from reconciler.containers.connection import Connection, has_our_kernel
from reconciler.engines.base import Engine
from reconciler.engines.container import step_user
from reconciler.engines.docker import DockerEngine
from reconciler.engines.process import ProcessEngine
from reconciler.environments.base import EnvironmentBuilder
from reconciler.environments.base_images import BaseImages
from reconciler.environments.image import ImageBuilder
from reconciler.environments.venv import VenvBuilder
from reconciler.execution.environment_pool import EnvironmentPool
from reconciler.execution.site import Site
from reconciler.execution.workspace import Workspace
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.state.folder import StateFolder
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State
from reconciler.tracking.base import Tracking
from reconciler.tracking.mlflow_tracking import MlflowTracking
from reconciler.tracking.none import NoTracking
from reconciler.tracking.spooled_tracking import SpooledTracking

_log = logging.getLogger("reconciler")
_FEWEST_BUILDS = 2
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """What the command line says of the place where runs happen.

    Attributes:
        tracking: MLflow's URI, `none`, or None for the record in the state folder.
        max_parallel: steps and trials at once.
        is_work_tree: the manifests are the user's own; else they come from a repository that others may push to.
    """

    engine: str = AUTO
    tracking: str | None = None
    max_parallel: int = 1
    configuration: Configuration = field(default_factory=Configuration)
    is_work_tree: bool = True


@dataclass(frozen=True, slots=True)
class _Parts:
    """What belongs to one kind of engine."""

    engine: Engine
    builder: EnvironmentBuilder
    base_images: BaseImages | None
    tracking: Tracking


def make_site(state: State, options: SiteOptions, source: str = LOCAL_SOURCE) -> Site:
    """The place where runs of a source happen.

    Raises:
        UsageError: there is no engine of that name, it does not answer, or its steps could not reach MLflow.
    """
    choice = settled_choice(state, options, source)
    state.settings.engine = choice.name
    return site_on(choice, state, options)


def site_as_left(state: State, options: SiteOptions, source: str | None = None) -> Site:
    """The place for verbs that tidy up: on the engine that ran steps last, where none is named.

    Nothing that executes is taken over or ended, and the state goes on with its own engine.

    Args:
        source: whose steps are meant, None for those that ran last of all.

    Raises:
        UsageError: that engine does not answer.
    """
    last = state.settings.engine if source is None else state.settings.engine_of(source)
    asked = last if options.engine == AUTO else options.engine
    return site_on(choose_engine(asked, options.configuration), state, options)


def site_on(choice: EngineChoice, state: State, options: SiteOptions, beside: Site | None = None) -> Site:
    """The place on one engine.

    Args:
        beside: a place on another engine; threads, and as far as can be the record, are shared with it.

    Raises:
        UsageError: steps there could not reach MLflow.
    """
    tracking = None if beside is None else beside.tracking
    is_docker = choice.name == DOCKER
    parts = _docker(state, options, choice, tracking) if is_docker else _processes(state, options, tracking)
    parallel = max(options.max_parallel, _FEWEST_BUILDS)
    environments = EnvironmentPool(state, parts.builder, time.time, parallel)
    if beside is not None:
        return replace(
            beside,
            engine=parts.engine,
            environments=environments,
            tracking=parts.tracking,
            base_images=parts.base_images,
        )
    remote_data = make_remote_data(state, options.configuration, options.is_work_tree)
    return Site(
        state=state,
        engine=parts.engine,
        environments=environments,
        tracking=parts.tracking,
        workspace=Workspace(state.folder, state.outputs, state.documents, remote_data),
        slots=ThreadPoolExecutor(max_workers=options.max_parallel, thread_name_prefix="step"),
        clock=time.time,
        base_images=parts.base_images,
        remote_data=remote_data,
    )


def settled_choice(state: State, options: SiteOptions, source: str) -> EngineChoice:
    """The engine of a source from now on; what still executes of it on another one is followed there, or ended where
    that is given up.

    Raises:
        UsageError: there is no engine of that name, or it does not answer.
    """
    choice = _choice(state, options, source)
    state.settings.note_engine(source, choice.name)
    return choice


def _choice(state: State, options: SiteOptions, source: str) -> EngineChoice:
    before = state.settings.engine_of(source)
    choice = choose_engine(options.engine, options.configuration)
    if options.engine == AUTO and (choice.name, before) == (PROCESS, DOCKER):
        choice = _waited_for(options)
    handles = state.runs.handles(source)
    if choice.name == before or not handles:
        return choice
    if options.engine == AUTO:
        return EngineChoice(before, f"steps of an earlier process run on it: {before}", choice.found)
    given_up = _engine(state, options, before)
    for handle in handles:
        given_up.cancel(handle)
    given_up.close()
    return choice


def _waited_for(options: SiteOptions) -> EngineChoice:
    """The Docker engine that steps of this state ran on: one that is about to start is no reason to run them elsewhere.

    Raises:
        UsageError: it does not answer within the configuration's patience.
    """
    end = time.monotonic() + options.configuration.docker.patience_seconds
    while time.monotonic() < end:
        choice = choose_engine(AUTO, options.configuration)
        if choice.name == DOCKER:
            return choice
        time.sleep(_LOOK_SECONDS)
    choice = choose_engine(AUTO, options.configuration)
    if choice.name == DOCKER:
        return choice
    hint = "start the engine; or name another one with --engine, and every step runs anew there"
    raise UsageError(f"steps of this state ran on Docker, but {choice.why}", hint=hint)


def _engine(state: State, options: SiteOptions, name: str) -> Engine:
    if name == PROCESS:
        return ProcessEngine()
    host = options.configuration.docker.host or os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    return DockerEngine(Connection(host), options.configuration.docker, state.settings.state_id)


def _processes(state: State, options: SiteOptions, tracking: Tracking | None) -> _Parts:
    builder = VenvBuilder(state.folder.environments)
    return _Parts(ProcessEngine(), builder, None, tracking or make_tracking(state.folder, options.tracking))


def _docker(state: State, options: SiteOptions, choice: EngineChoice, shared: Tracking | None) -> _Parts:
    settings = options.configuration.docker
    _check_way_to_tracking(options)
    connection = Connection(choice.found.host if choice.found else "")
    state_id = state.settings.state_id
    builder = ImageBuilder(connection, settings, state.folder.environments, state_id)
    machine = connection.info()
    # Steps are nobody where we are root: the record in the state folder is theirs as well.
    group = step_user(settings.steps, machine).gid if os.geteuid() == 0 else None
    is_shared = shared is not None and group is None
    tracking = shared if is_shared and shared is not None else make_tracking(state.folder, options.tracking, group)
    if tracking.folders and not has_our_kernel(machine):
        tracking.close()
        hint = "run `mlflow server`, name it with --tracking, and say how containers reach it: `docker.tracking`"
        raise UsageError("the engine has a kernel of its own, and SQLite cannot be shared between two", hint=hint)
    engine = DockerEngine(connection, settings, state_id, tracking.folders)
    return _Parts(engine, builder, BaseImages(state.image_pins, builder.images, settings.build), tracking)


def _check_way_to_tracking(options: SiteOptions) -> None:
    """An MLflow server is reached over a network, and only the operator may say over which."""
    uri = options.tracking or ""
    if uri.startswith(("http://", "https://")) and not options.configuration.docker.tracking.network:
        hint = "write `docker: {tracking: {network: NAME}}` into the configuration; `host` is the widest, or name one"
        raise UsageError("steps in containers have no network, and no way to the MLflow server", hint=hint)


def make_tracking(folder: StateFolder, uri: str | None, group: int | None = None) -> Tracking:
    """MLflow at the URI, in the state folder where none is given, or no tracking.

    Args:
        group: what a record in a file is shared with: that of steps which run as somebody else.
    """
    if uri == "none":
        return NoTracking()
    if uri is not None and uri.startswith(("http://", "https://")):
        return SpooledTracking(uri, folder.mlflow_spool, folder.logs / "mlflow.log")
    return MlflowTracking(uri or folder.mlflow_uri, folder.mlflow_artifacts, folder.logs / "mlflow.log", group=group)
