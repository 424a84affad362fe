"""Which engine steps run on, and why that one."""

from __future__ import annotations

import os
from dataclasses import dataclass

from reconciler.containers.find import FoundEngine, find_engine
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError

AUTO, PROCESS, DOCKER = "auto", "process", "docker"
ENGINES = (AUTO, PROCESS, DOCKER)


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine that was chosen.

    Attributes:
        name: `process` or `docker`.
        why: a sentence for people.
        found: the Docker engine that was looked for, None where none was.
    """

    name: str
    why: str
    found: FoundEngine | None = None


def choose_engine(asked: str, configuration: Configuration) -> EngineChoice:
    """The engine that is asked for; with `auto`, Docker where its socket answers, else processes.

    Raises:
        UsageError: there is no engine of that name, or Docker is asked for and does not answer.
    """
    check_engine(asked)
    if asked == PROCESS:
        return EngineChoice(PROCESS, "it is asked for")
    found = find_engine(configuration.docker.host, os.environ)
    if found.answers:
        why = "it is asked for" if asked == DOCKER else f"a Docker engine answers at {found.host}"
        return EngineChoice(DOCKER, why, found)
    where = f"at {found.host} ({found.named_by})" if found.host else "here"
    if asked == DOCKER:
        hint = "start it, or name it with $DOCKER_HOST or `docker.host` of the configuration"
        raise UsageError(f"no Docker engine answers {where}: {found.error}", hint=hint)
    return EngineChoice(PROCESS, f"no Docker engine answers {where}: {found.error}", found)


def check_engine(engine: str) -> None:
    """Refuse an engine that there is not.

    Raises:
        UsageError: there is none of that name.
    """
    if engine not in ENGINES:
        raise UsageError(f"there is no engine `{engine}`", hint=f"choose one of: {', '.join(ENGINES)}")
