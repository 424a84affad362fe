"""One build of an image, by BuildKit through the `docker` program or by the engine's classic builder."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

from reconciler.containers.connection import Connection, explained
from reconciler.model.configuration import BuildSecret, BuildSettings
from reconciler.model.errors import EngineError

DOCKERFILE = ".reconciler.Dockerfile"
_FIRST_WITH_BUILDKIT, _FIRST_WITHOUT = 19, 23  # from 23 on BuildKit is the component `buildx`, which may be missing
_STEP = re.compile(r"^Step \d+/\d+ : (.*)")
_STATUS = re.compile(r"returned a non-zero code: (\d+)")
_BUILDKIT_STEP = re.compile(r"^ > \[[^\]]*\] (.*?):?$", re.MULTILINE)
_BUILDKIT_STATUS = re.compile(r"exit code: (\d+)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built.

    Attributes:
        context: a tar archive that holds the Dockerfile as `DOCKERFILE`.
    """

    context: IO[bytes]
    labels: Mapping[str, str]
    log: Path


class BuildFailedError(Exception):
    """An instruction failed, or the Dockerfile cannot be understood.

    Attributes:
        instruction: the one that failed, "" where it is not known.
    """

    def __init__(self, message: str, instruction: str = "") -> None:
        super().__init__(message)
        self.instruction = instruction


class Backend(Protocol):
    """What builds; a build says all it has to say in the order's log."""

    keeps_secrets: bool

    def build(self, order: Order) -> str:
        """Build and return the id of the image.

        Raises:
            BuildFailedError: the build itself failed.
            EngineError: the engine cannot be asked.
        """
        ...


def choose_backend(connection: Connection, settings: BuildSettings) -> Backend:
    """The builder that the configuration asks for.

    Raises:
        EngineError: BuildKit is asked for, and no client of it is installed.
    """
    client = None if settings.backend == "classic" else buildkit_client(os.environ.get("PATH", ""))
    if client is not None:
        return BuildKit(connection, settings, client)
    if settings.backend == "buildkit":
        hint = "install `docker-buildx` beside the `docker` program, or set `docker.build.backend: classic`"
        raise EngineError("no `docker` program with BuildKit is installed", hint=hint)
    return ClassicBuilder(connection, settings)


@cache
def buildkit_client(path: str) -> str | None:
    """The first `docker` program on a path that can drive BuildKit."""
    for folder in path.split(os.pathsep):
        program = shutil.which("docker", path=folder)
        if program is None:
            continue
        if _output(program, "buildx", "version") is not None:
            return program
        version = re.search(r"\b(\d+)\.\d+", _output(program, "--version") or "")
        if version and _FIRST_WITH_BUILDKIT <= int(version[1]) < _FIRST_WITHOUT:
            return program
    return None


def _output(program: str, *arguments: str) -> str | None:
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


class ClassicBuilder:
    """The builder that every engine brings along; it knows no secrets."""

    keeps_secrets = False

    def __init__(self, connection: Connection, settings: BuildSettings) -> None:
        self._connection = connection
        self._settings = settings

    def build(self, order: Order) -> str:
        """See `Backend.build`."""
        network = None if self._settings.network == "default" else self._settings.network
        with explained(self._connection.host), order.log.open("a", encoding="utf-8") as log:
            stream = self._connection.api.build(
                fileobj=order.context,
                custom_context=True,
                dockerfile=DOCKERFILE,
                buildargs=dict(self._settings.arguments),
                network_mode=network,
                labels=dict(order.labels),
                rm=True,
                forcerm=True,
                timeout=int(self._settings.timeout_seconds),
                decode=True,
            )
            return self._followed(stream, log)

    def _followed(self, stream: Iterator[Mapping[str, Any]], log: IO[str]) -> str:
        deadline = time.monotonic() + self._settings.timeout_seconds
        instruction = image = ""
        for event in stream:
            text = _COLOUR.sub("", str(event.get("stream", "")))
            log.write(text)
            log.flush()
            step = _STEP.match(text)
            instruction = step[1].strip() if step else instruction
            image = (event.get("aux") or {}).get("ID", image)
            if "error" in event:
                error = str(event["error"]).strip()
                log.write(f"{error}\n")
                status = _STATUS.search(error)
                raise BuildFailedError(f"ended with status {status[1]}" if status else error, instruction)
            if time.monotonic() > deadline:
                raise BuildFailedError(f"took longer than {self._settings.timeout_seconds:g} seconds", instruction)
        if not image:
            raise BuildFailedError("the engine broke the build off", instruction)
        return image


class BuildKit:
    """BuildKit, driven by a `docker` program that brings its client along."""

    keeps_secrets = True

    def __init__(self, connection: Connection, settings: BuildSettings, program: str) -> None:
        self._connection = connection
        self._settings = settings
        self.program = program

    def build(self, order: Order) -> str:
        """See `Backend.build`."""
        with tempfile.TemporaryDirectory(prefix="reconciler-build-") as folder, order.log.open("ab") as log:
            written = Path(folder) / "image"
            command = [self.program, "build", "--progress", "plain", "--iidfile", str(written), "--file", DOCKERFILE]
            command += [f"--label={name}={value}" for name, value in order.labels.items()]
            command += [f"--build-arg={name}" for name in self._settings.arguments]
            command += [f"--network={self._settings.network}"]
            command += [f"--secret=id={each.id},src={_secret(each, Path(folder))}" for each in self._settings.secrets]
            started = log.tell()
            try:
                code = subprocess.run(
                    [*command, "-"],
                    stdin=order.context,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment(),
                    timeout=self._settings.timeout_seconds,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired as error:
                message = f"took longer than {self._settings.timeout_seconds:g} seconds"
                raise BuildFailedError(message) from error
            except OSError as error:
                raise EngineError(f"the program cannot be run: {error}", place=self.program) from error
            if code or not written.exists():
                raise _buildkit_failure(order.log, started, code)
            return written.read_text(encoding="utf-8").strip()

    def _environment(self) -> dict[str, str]:
        """With the values of build arguments, which are nobody's business in the list of processes."""
        return {
            **os.environ,
            "DOCKER_HOST": self._connection.host,
            "DOCKER_BUILDKIT": "1",
            "DOCKER_CLI_HINTS": "false",
            **self._settings.arguments,
        }


def _secret(secret: BuildSecret, folder: Path) -> Path:
    """The file with a secret's content.

    Raises:
        EngineError: there is no such file or variable.
    """
    if secret.file:
        path = Path(secret.file)
        if not path.is_file():
            hint = "mend `docker.build.secrets` of the configuration"
            raise EngineError(f"the build secret `{secret.id}` is not there", place=secret.file, hint=hint)
        return path
    value = os.environ.get(secret.variable)
    if value is None:
        hint = f"set `{secret.variable}` for the daemon"
        raise EngineError(f"the build secret `{secret.id}` is not there", place=secret.variable, hint=hint)
    path = folder / f"secret-{secret.id}"
    with contextlib.closing(os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w")) as file:
        file.write(value)
    return path


def _buildkit_failure(log: Path, started: int, code: int) -> BuildFailedError:
    with log.open("rb") as file:
        file.seek(started)
        text = _COLOUR.sub("", file.read().decode("utf-8", errors="replace"))
    steps = _BUILDKIT_STEP.findall(text)
    statuses = _BUILDKIT_STATUS.findall(text)
    if steps and statuses:
        return BuildFailedError(f"ended with status {statuses[-1]}", steps[-1])
    said = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", "---", " > "))]
    return BuildFailedError(
        said[-1].strip() if said else f"docker ended with status {code}", steps[-1] if steps else ""
    )
