"""A configuration file as values; what it takes from files and variables is fetched here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.configuration.http import HttpReader
from reconciler.configuration.notifications import read_receivers
from reconciler.configuration.sources import Readers, SourceReader
from reconciler.configuration.windows import read_windows
from reconciler.manifests.places import Places
from reconciler.manifests.schema import check
from reconciler.manifests.yaml_reader import read
from reconciler.model.configuration import (
    Allowance,
    BuildSecret,
    BuildSettings,
    Configuration,
    ConfiguredSource,
    DataSettings,
    DockerSettings,
    LogSettings,
    RegistryLogin,
    StepSettings,
    TrackingWay,
    UpgradeSettings,
)
from reconciler.model.durations import parse_duration
from reconciler.model.errors import UsageError
from reconciler.model.http import HttpSettings
from reconciler.model.notifications import Receiver
from reconciler.model.problems import Pointer
from reconciler.model.resources import Resources, parse_size
from reconciler.model.upgrades import UpgradePolicy
from reconciler.model.upkeep import Retention, Upkeep
from reconciler.model.windows import Window

_SCHEMA = "configuration"
_AUTHOR = re.compile(r"(.*\S)\s*<(.+)>")
_PASSWORD, _TOKEN, _SECRET = "password", "token", "secret"


def read_configuration(path: Path | None, variables: Mapping[str, str]) -> Configuration:
    """The configuration in a file, the defaults where no file is named.

    Raises:
        UsageError: the file cannot be read, or something in it is wrong; with file, line and column.
    """
    if path is None:
        return Configuration()
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the configuration cannot be read: {(error.strerror or str(error)).lower()}"
        raise UsageError(message, place=str(path), hint="name another file with --config") from error
    reader = _Reader(path, content, variables)
    document = reader.document()
    return Configuration(
        str(path),
        reader.docker(document.get("docker") or {}),
        reader.data(document.get("data") or {}),
        reader.upgrades(document["upgrades"]) if "upgrades" in document else None,
        reader.upkeep(document),
        reader.sources(document),
        windows=reader.windows(document.get("windows") or ()),
        receivers=reader.receivers(document.get("notifications") or ()),
        log=LogSettings(**(document.get("log") or {})),
        drain_seconds=reader.drain(document),
        http=reader.http(document),
        secrets=tuple(reader.fetched),  # the last, when all of them are known
    )


class _Reader:
    """One file; every complaint names the place in it."""

    def __init__(self, path: Path, content: bytes, variables: Mapping[str, str]) -> None:
        self._path = path
        self._content = content
        self._variables = variables
        self.fetched: list[str] = []

    def document(self) -> dict[str, Any]:
        read_document = read(self._content, str(self._path))
        if len(read_document.values) > 1:
            raise UsageError("the configuration holds several documents", place=str(self._path), hint="write one")
        value = read_document.values[0] if read_document.values else None
        problems = read_document.problems or (() if value is None else check(_SCHEMA, value, str(self._path)))
        for problem in problems:
            place = (problem.line, problem.column) if problem.line else Places(self._content).of(problem.pointer)
            message = problem.message.removesuffix(" and has no effect")
            if _PASSWORD in problem.pointer:
                message = "the password must be text, or `{env: VARIABLE}`, or `{file: PATH}`"
            if _TOKEN in problem.pointer:
                message = "the token must be `{env: VARIABLE}` or `{file: PATH}`"
            if _SECRET in problem.pointer:
                message = "the secret must be `{env: VARIABLE}` or `{file: PATH}`"
            raise UsageError(message, place=f"{self._path}:{place[0]}:{place[1]}", hint=problem.hint)
        return value if isinstance(value, dict) else {}

    def docker(self, written: Mapping[str, Any]) -> DockerSettings:
        default = DockerSettings()
        return DockerSettings(
            host=written.get("host", ""),
            build=self._build(written.get("build") or {}),
            steps=self._steps(written.get("steps") or {}),
            tracking=TrackingWay(**(written.get("tracking") or {})),
            registries={
                server: RegistryLogin(
                    self._value(login["username"], ("docker", "registries", server, "username")),
                    self._value(login["password"], ("docker", "registries", server, "password")),
                )
                for server, login in (written.get("registries") or {}).items()
            },
            push=written.get("push", "").rstrip("/"),
            patience_seconds=float(written.get("patience", default.patience_seconds)),
            paths=dict(written.get("paths") or {}),
        )

    def data(self, written: Mapping[str, Any]) -> DataSettings:
        default, urls = DataSettings(), written.get("urls")
        most = self._size(written, "max_size", ("data",))
        return DataSettings(
            urls=None if urls is None else tuple(urls),
            max_bytes=default.max_bytes if most is None else most,
            timeout_seconds=float(written.get("timeout", default.timeout_seconds)),
        )

    def sources(self, document: Mapping[str, Any]) -> tuple[ConfiguredSource, ...]:
        upgrades = self.upgrades(document["upgrades"]) if "upgrades" in document else None
        readers = Readers(self._value, self._duration, self._error, self.upgrades)
        return SourceReader(readers, upgrades).all(document.get("sources") or ())

    def http(self, document: Mapping[str, Any]) -> HttpSettings:
        names = [each["name"] for each in document.get("sources") or ()]
        return HttpReader(self._value, self._error).read(document, names)

    def windows(self, written: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
        return read_windows(written, self._error)

    def receivers(self, written: Sequence[Mapping[str, Any]]) -> tuple[Receiver, ...]:
        return read_receivers(written, self._error)

    def upgrades(self, written: Mapping[str, Any], pointer: Pointer = ("upgrades",)) -> UpgradeSettings:
        default = UpgradeSettings()
        author = _AUTHOR.fullmatch(written.get("author", "{} <{}>".format(*default.author)))
        if author is None:
            hint = "write `NAME <ADDRESS>`"
            raise self._error("this is nobody who could commit", hint, (*pointer, "author"))
        return UpgradeSettings(
            branch=written.get("branch", default.branch),
            policy=UpgradePolicy(written.get("policy", default.policy)),
            is_pushed=written.get("push", default.is_pushed),
            author=(author[1], author[2]),
            retry_seconds=float(written.get("retry", default.retry_seconds)),
        )

    def _build(self, written: Mapping[str, Any]) -> BuildSettings:
        default, pointer = BuildSettings(), ("docker", "build")
        return BuildSettings(
            arguments=self._values(written.get("arguments") or {}, (*pointer, "arguments")),
            secrets=tuple(
                BuildSecret(name, secret.get("file", ""), secret.get("env", ""), secret.get("target", ""))
                for name, secret in (written.get("secrets") or {}).items()
            ),
            network=written.get("network", default.network),
            backend=written.get("backend", default.backend),
            timeout_seconds=float(written.get("timeout", default.timeout_seconds)),
            micromamba=written.get("micromamba", default.micromamba),
        )

    def _steps(self, written: Mapping[str, Any]) -> StepSettings:
        default, pointer = StepSettings(), ("docker", "steps")
        memory, shared_memory = self._size(written, "memory", pointer), self._size(written, "shm_size", pointer)
        defaults = Resources(memory, written.get("cpus"), shared_memory)
        allowed = written.get("allow") or {}
        allowance = Allowance(
            self._size(allowed, "memory", (*pointer, "allow")),
            allowed.get("cpus"),
            self._size(allowed, "shm_size", (*pointer, "allow")),
            allowed.get("gpus", 0),
            frozenset(allowed.get("networks", ())),
        )
        settings = StepSettings(
            user=written.get("user"),
            defaults=defaults,
            allowed=allowance,
            processes=written.get("processes", default.processes),
            variables=self._values(written.get("variables") or {}, (*pointer, "variables")),
        )
        temporary = self._size(written, "tmp_size", pointer)
        return settings if temporary is None else replace(settings, temporary=temporary)

    def upkeep(self, written: Mapping[str, Any]) -> Upkeep:
        default = Upkeep()
        return Upkeep(
            drift_seconds=self._duration(written, "drift_interval", (), default.drift_seconds),
            verify_seconds=self._duration(written, "verify_interval", (), default.verify_seconds),
            heals_itself=written.get("self_heal", default.heals_itself),
            max_prune=float(written.get("max_prune", default.max_prune)),
            retention=self._retention(written.get("retention") or {}),
        )

    def _retention(self, written: Mapping[str, Any]) -> Retention:
        default, pointer = Retention(), ("retention",)
        return Retention(
            cache_bytes=self._size(written, "cache_bytes", pointer) or default.cache_bytes,
            cache_seconds=self._duration(written, "cache_age", pointer, default.cache_seconds),
            runs=written.get("runs", default.runs),
            logs_seconds=self._duration(written, "logs_age", pointer, default.logs_seconds),
        )

    def _values(self, written: Mapping[str, Any], pointer: Pointer) -> dict[str, str]:
        return {name: self._value(value, (*pointer, name)) for name, value in written.items()}

    def _value(self, written: Any, pointer: Pointer) -> str:
        """A text, or what a variable or file holds."""
        if isinstance(written, bool):
            return str(written).lower()
        if not isinstance(written, dict):
            return str(written)
        if "env" in written:
            name = written["env"]
            if name not in self._variables:
                raise self._error(f"the variable `{name}` is not set", "set it for the daemon, or mend `env:`", pointer)
            self.fetched.append(self._variables[name])
            return self._variables[name]
        try:
            value = Path(written["file"]).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            message = f"`{written['file']}` cannot be read: {getattr(error, 'strerror', None) or error}"
            raise self._error(message, "write the value there, or mend `file:`", pointer) from error
        self.fetched.append(value)
        return value

    def drain(self, written: Mapping[str, Any]) -> float:
        return self._duration(written, "drain", (), Configuration().drain_seconds)

    def _size(self, written: Mapping[str, Any], key: str, pointer: Pointer) -> int | None:
        if key not in written:
            return None
        try:
            return parse_size(written[key])
        except ValueError as error:
            raise self._error(str(error), "write a size such as `4Gi`", (*pointer, key)) from error

    def _duration(self, written: Mapping[str, Any], key: str, pointer: Pointer, default: float) -> float:
        if key not in written:
            return default
        try:
            return parse_duration(written[key])
        except ValueError as error:
            raise self._error(str(error), "write a length of time such as `10m` or `30d`", (*pointer, key)) from error

    def _error(self, message: str, hint: str, pointer: Pointer) -> UsageError:
        line, column = Places(self._content).of(pointer)
        return UsageError(message, place=f"{self._path}:{line}:{column}", hint=hint)
