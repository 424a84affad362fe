"""`doctor`: what this machine has, which engine steps run on and why, and what is missing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler import __version__
from reconciler.cli.engine_choice import DOCKER, EngineChoice, choose_engine
from reconciler.cli.output import Format, print_data, print_table, say
from reconciler.configuration.read import read_configuration
from reconciler.containers.connection import Connection, has_our_kernel
from reconciler.engines.container import step_user
from reconciler.environments.image_build import BuildKit, choose_backend
from reconciler.model.configuration import Configuration, ConfiguredSource
from reconciler.model.errors import ReconcilerError
from reconciler.model.followed import Fetch
from reconciler.model.notifications import Receiver
from reconciler.model.resources import size_text
from reconciler.notifications.secret_values import secret_value
from reconciler.notifications.senders import address_of
from reconciler.source.addresses import scheme_of
from reconciler.state.backlog import told
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from reconciler.tracking.uri import parse_tracking_uri

_OLDEST_GIT = (2, 31)
_COMPLETING_GIT = (2, 36)  # whose `fetch` knows `--refetch`
_NUMBERS = re.compile(r"git version (\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `hint` says what to do where it is not good."""

    what: str
    is_good: bool
    said: str
    hint: str = ""


def doctor(folder: StateFolder, engine: str, tracking: str | None, config: Path | None, form: Format) -> int:
    """Show what was found; 1 where something has to be done."""
    findings = list(_look(folder, engine, tracking, config))
    if form is not Format.TABLE:
        said = [
            {"check": each.what, "ok": each.is_good, "message": each.said, "hint": each.hint or None}
            for each in findings
        ]
        print_data(said, form)
    else:
        print_table(
            ("CHECK", "", "FOUND"), [(each.what, "ok" if each.is_good else "WRONG", each.said) for each in findings]
        )
        for each in findings:
            if each.hint:
                say(f"{each.what}: {each.hint}")
    return 0 if all(each.is_good for each in findings) else 1


def _look(folder: StateFolder, engine: str, tracking: str | None, config: Path | None) -> Iterator[Finding]:
    yield Finding("reconciler", True, f"{__version__} on Python {platform.python_version()}")
    try:
        configuration = read_configuration(config, os.environ)
        read = Finding("configuration", True, configuration.file or "none; the defaults hold")
    except ReconcilerError as error:
        configuration, read = Configuration(), _wrong("configuration", error)
    yield _git(configuration)
    yield _uv()
    yield _state(folder)
    yield read
    for receiver in configuration.receivers:
        yield _receiver(receiver)
    yield from dict.fromkeys(_engines(folder, engine, tracking, configuration))


def _engines(folder: StateFolder, engine: str, tracking: str | None, configuration: Configuration) -> Iterator[Finding]:
    """What is found of the engine, and of those that sources have of their own."""
    yield from _engine("engine", folder, engine, tracking, configuration)
    for asked in sorted({source.engine for source in configuration.sources if source.engine}):
        sources = ", ".join(source.name for source in configuration.sources if source.engine == asked)
        yield from _engine(f"engine of {sources}", folder, asked, tracking, configuration)


def _engine(
    what: str, folder: StateFolder, asked: str, tracking: str | None, configuration: Configuration
) -> Iterator[Finding]:
    try:
        choice = choose_engine(asked, configuration)
    except ReconcilerError as error:
        yield _wrong(what, error)
        return
    yield Finding(what, True, f"{choice.name}: {choice.why}")
    if choice.name == DOCKER:
        yield from _docker(choice, configuration)
    yield _tracking(folder, tracking, choice, configuration)


def _git(configuration: Configuration) -> Finding:
    found = _program("git", f"install git {_told(_OLDEST_GIT)} or newer")
    numbers = _NUMBERS.search(found.said) if found.is_good else None
    if numbers is None:
        return found
    version = int(numbers[1]), int(numbers[2])
    if version < _OLDEST_GIT:
        return replace(found, is_good=False, hint=f"install git {_told(_OLDEST_GIT)} or newer")
    partial = [source.name for source in configuration.sources if _may_lack_content(source)]
    if version >= _COMPLETING_GIT or not partial:
        return found
    hint = (
        f"{_told(_COMPLETING_GIT)} or newer is needed to complete a mirror that holds only the content which was"
        f" needed, as those of {', '.join(partial)} may: install it, or write `fetch: full` for them"
    )
    return replace(found, hint=hint)


def _told(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _may_lack_content(source: ConfiguredSource) -> bool:
    """Whether its mirror may be without what was not needed, to be completed where its server is a simple one."""
    fetch = source.fetching.fetch
    return fetch is Fetch.BLOBLESS or (fetch is Fetch.AUTO and scheme_of(source.url) != "file")


def _program(name: str, hint: str) -> Finding:
    path = shutil.which(name)
    if path is None:
        return Finding(name, False, "not found on PATH", hint)
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return Finding(name, done.returncode == 0, done.stdout.strip() or done.stderr.strip(), "" if path else hint)


def _uv() -> Finding:
    import uv

    try:
        found = _program(str(uv.find_uv_bin()), "")
        return Finding("uv", found.is_good, found.said)
    except FileNotFoundError:
        return Finding("uv", False, "its program is not installed", "install reconciler anew")


def _state(folder: StateFolder) -> Finding:
    try:
        state = State(folder)
    except ReconcilerError as error:
        return _wrong("state", error)
    holder, backlog = state.lock.holder(), state.settings.backlog
    state.close()
    if backlog is not None:
        hint = "nothing is lost: it is sent once MLflow answers; see that it does"
        return Finding("state", False, f"{folder.root}; {told(backlog)}: {backlog.why}", hint)
    free = size_text(shutil.disk_usage(folder.root).free)
    daemon = f"a daemon runs on it as {holder.told}" if holder else "no daemon runs on it"
    return Finding("state", True, f"{folder.root}, {free} free; {daemon}")


def _docker(choice: EngineChoice, configuration: Configuration) -> Iterator[Finding]:
    connection = Connection(choice.found.host if choice.found else "")
    try:
        info = connection.info()
    except ReconcilerError as error:
        yield _wrong("docker engine", error)
        return
    machine = f"{info['NCPU']} processors, {size_text(info['MemTotal'])} of memory"
    yield Finding("docker engine", True, f"{info['ServerVersion']}, {info['Driver']}, {machine}")
    if not has_our_kernel(info):
        hint = "folders of the state have to be shared with it, and MLflow has to be a server"
        yield Finding("kernel of the engine", True, f"{info.get('KernelVersion')}, another one than ours; {hint}")
    limits = [name for name in ("MemoryLimit", "CpuCfsQuota", "PidsLimit") if info.get(name) is False]
    if limits:
        hint = "the kernel of the engine's machine lacks these cgroups; steps run without them"
        yield Finding("limits of steps", False, f"not enforced: {', '.join(limits)}", hint)
    yield Finding("user of steps", True, str(step_user(configuration.docker.steps, info)))
    try:
        backend = choose_backend(connection, configuration.docker.build)
    except ReconcilerError as error:
        yield _wrong("builds", error)
        return
    if isinstance(backend, BuildKit):
        yield Finding("builds", True, f"BuildKit, through {backend.program}")
    else:
        yield Finding("builds", True, "the engine's classic builder: no build secrets, no `RUN --mount`")


def _tracking(folder: StateFolder, tracking: str | None, choice: EngineChoice, configuration: Configuration) -> Finding:
    if tracking == "none":
        return Finding("tracking", True, "none")
    try:
        uri = parse_tracking_uri(tracking or folder.mlflow_uri)
    except ReconcilerError as error:
        return _wrong("tracking", error)
    if choice.name != DOCKER:
        return Finding("tracking", True, uri.address)
    if uri.database is not None:
        return Finding("tracking", True, f"{uri.address}, mounted into containers; they need no network")
    network = configuration.docker.tracking.network
    if not network:
        hint = "write `docker: {tracking: {network: NAME}}` into the configuration"
        return Finding("tracking", False, f"{uri.address} cannot be reached: containers have no network", hint)
    return Finding("tracking", True, f"{uri.address}, on the network `{network}`")


def _receiver(receiver: Receiver) -> Finding:
    what, place = f"receiver {receiver.name}", address_of(receiver)
    try:
        secret_value(receiver.secret)
    except ReconcilerError as error:
        return Finding(what, False, f"{place}; {error.message}", error.hint or "")
    secret = f"; its secret in {receiver.secret.told} can be read" if receiver.secret else "; it needs no secret"
    return Finding(what, True, f"{place}{secret}")


def _wrong(what: str, error: ReconcilerError) -> Finding:
    place = f"{error.place}: " if error.place else ""
    return Finding(what, False, f"{place}{error.message}", error.hint or "")
