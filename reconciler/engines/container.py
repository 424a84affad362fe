"""The container of a task: what is mounted where, what it may do, and the command in it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from reconciler.containers import labels
from reconciler.engines.base import STEP_VARIABLES, Task
from reconciler.engines.limits import Limits
from reconciler.model.configuration import DockerSettings, StepSettings
from reconciler.model.digests import digest_of, short

ROOT = PurePosixPath("/reconciler")
EXIT_FILE = "exit"
_LOG = "log"
_CODE = "code"
_HOME = "home"
_NOBODY = 65534
# The log is written by the step itself, so that nothing of it is lost while nobody follows. The exit status is left in
# a file, by rename, unless the step was asked to end: by us, by an engine that is stopped, by a machine that is.
_WRAPPER = (
    f"exec >> {ROOT}/{_LOG} 2>&1 < /dev/null; "
    f'trap asked=1 TERM; sh -c "$1"; code=$?; [ -n "$asked" ] || '
    f"{{ echo $code > {ROOT}/{EXIT_FILE}.tmp && mv {ROOT}/{EXIT_FILE}.tmp {ROOT}/{EXIT_FILE}; }}; exit $code"
)


@dataclass(frozen=True, slots=True)
class User:
    """Who a step is: numbers, as the kernel knows them."""

    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


def step_user(settings: StepSettings, engine: Mapping[str, Any]) -> User:
    """Who steps are: what the configuration says, else the daemon's own user, and nobody where that is root.

    Root of an engine without root's powers is the daemon's user outside of its containers.
    """
    if settings.user:
        uid, _, gid = settings.user.partition(":")
        return User(int(uid), int(gid))
    if "name=rootless" in (engine.get("SecurityOptions") or ()):
        return User(0, 0)
    return User(_NOBODY, _NOBODY) if os.geteuid() == 0 else User(os.geteuid(), os.getegid())


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """All that decides what a container is like, besides its task.

    Attributes:
        shared: folders that it reaches read-write under their own paths: MLflow's record where that is a file.
    """

    settings: DockerSettings
    limits: Limits
    user: User
    state_id: str
    shared: Sequence[Path] = field(default_factory=tuple)


def container_name(task: Task, state_id: str) -> str:
    """A name that no other execution has at the same time."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_.-") else "-" for letter in task.id)
    told_apart = "" if plain == task.id else f"-{short(digest_of(task.id))}"
    return f"reconciler-{state_id[:8]}-{plain.strip('-')}{told_apart}"


def networks_of(task: Task, plan: ContainerPlan) -> list[str]:
    """The networks that a container joins, the first when it is made; empty for none at all."""
    tracking = plan.settings.tracking.network if task.is_tracked else ""
    return list(dict.fromkeys(filter(None, (plan.limits.network, tracking))))


def prepare_folder(task: Task) -> list[Path]:
    """Make the places that are mounted, and return those that the step writes to."""
    task.folder.mkdir(parents=True, exist_ok=True)
    written = [task.folder, task.folder / _HOME, task.folder / "outputs"]
    for path in written:
        path.mkdir(exist_ok=True)
    written.extend(path for path in (task.folder / "outputs").iterdir())
    for folder in task.writable:
        written.append(folder)
        written.extend(path for path in folder.rglob("*") if not path.is_symlink())
    if task.code_folder is not None:
        (task.folder / _CODE).mkdir(exist_ok=True)
    for name, content in task.inputs.items():
        _mount_point(task.folder / name, content)
    (task.folder / EXIT_FILE).unlink(missing_ok=True)
    (task.folder / _LOG).touch()
    task.log.touch()
    return [*written, task.log]


def _mount_point(path: Path, content: Path) -> None:
    """Ours to remove: one that the engine made would belong to root."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if content.is_dir():
        path.mkdir(exist_ok=True)
    else:
        path.touch()


def container_arguments(api: Any, task: Task, plan: ContainerPlan) -> dict[str, Any]:
    """The arguments of the SDK's `create_container`."""
    limits, steps = plan.limits, plan.settings.steps
    networks = networks_of(task, plan)
    return {
        "image": task.environment,
        "name": container_name(task, plan.state_id),
        "entrypoint": ["sh", "-c", _WRAPPER, "sh"],
        "command": [task.command],
        "working_dir": str(ROOT / _CODE if task.code_folder is not None else ROOT),
        "environment": _variables(task, plan),
        "user": str(plan.user),
        "labels": _labels(task, plan),
        "healthcheck": {"test": ["NONE"]},
        "host_config": api.create_host_config(
            mounts=_mounts(task, plan),
            network_mode=networks[0] if networks else "none",
            init=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            read_only=True,
            tmpfs={"/tmp": f"rw,nosuid,nodev,mode=1777,size={steps.temporary}"},  # noqa: S108 - of the container
            pids_limit=steps.processes,
            mem_limit=limits.memory,
            memswap_limit=limits.memory,
            nano_cpus=int(limits.cpus * 1e9),
            shm_size=limits.shared_memory,
            ipc_mode="private",
            device_requests=[{"Driver": "", "Count": limits.gpus, "Capabilities": [["gpu"]]}] if limits.gpus else None,
            log_config={"Type": "json-file", "Config": {"max-size": "1m"}},
        ),
    }


def _variables(task: Task, plan: ContainerPlan) -> dict[str, str]:
    given = {
        **STEP_VARIABLES,
        "HOME": str(ROOT / _HOME),
        "TMPDIR": "/tmp",  # noqa: S108 - of the container
        # A signal that ends the step reaches all of it: what a shell starts would not hear of it otherwise.
        "TINI_KILL_PROCESS_GROUP": "1",
        **plan.settings.steps.variables,
        **task.variables,
    }
    if task.is_tracked and plan.settings.tracking.uri:
        given["MLFLOW_TRACKING_URI"] = plan.settings.tracking.uri
    return given


def _mounts(task: Task, plan: ContainerPlan) -> list[dict[str, Any]]:
    """What is mounted, each source as the engine knows it."""
    paths = plan.settings.paths
    return [{**mount, "Source": engine_path(mount["Source"], paths)} for mount in _own_mounts(task, plan)]


def engine_path(path: str, paths: Mapping[str, str]) -> str:
    """Where the engine finds what is ours: below the longest folder that it knows by another name."""
    fitting = [ours for ours in paths if PurePosixPath(path).is_relative_to(ours)]
    if not fitting:
        return path
    ours = max(fitting, key=lambda each: len(PurePosixPath(each).parts))
    return str(PurePosixPath(paths[ours]) / PurePosixPath(path).relative_to(ours))


def _own_mounts(task: Task, plan: ContainerPlan) -> list[dict[str, Any]]:
    mounts = [_mount(ROOT, task.folder, is_writable=True), _mount(ROOT / _LOG, task.log, is_writable=True)]
    if task.code_folder is not None and task.code_folder not in task.writable:
        mounts.append(_mount(ROOT / _CODE, task.code_folder))
        in_code = [(path.relative_to(task.code_folder), path) for path in task.writable]
        mounts += [_mount(ROOT / _CODE / place, path, is_writable=True) for place, path in in_code]
    mounts += [_mount(ROOT / path, content.resolve()) for path, content in task.inputs.items()]
    if task.is_tracked:
        mounts += [_mount(PurePosixPath(folder), folder, is_writable=True) for folder in plan.shared]
    return mounts


def _mount(target: PurePosixPath, source: Path, is_writable: bool = False) -> dict[str, Any]:
    return {"Type": "bind", "Target": str(target), "Source": str(source), "ReadOnly": not is_writable}


def _labels(task: Task, plan: ContainerPlan) -> dict[str, str]:
    given = {
        labels.STATE: plan.state_id,
        labels.RUN: task.labels.run,
        labels.PIPELINE: task.labels.pipeline,
        labels.STEP: task.labels.step,
        labels.TRIAL: task.labels.trial,
        labels.FINGERPRINT: task.labels.fingerprint,
    }
    return {name: value for name, value in given.items() if value}
