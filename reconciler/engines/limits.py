"""What a container may take of the machine: the operator's defaults, and more only where the operator allows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.configuration import StepSettings
from reconciler.model.errors import EngineError
from reconciler.model.resources import Resources, size_text

_SHARED_MEMORY = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one container; memory in bytes.

    Attributes:
        network: the one that the step asks for, "" for none.
    """

    memory: int
    cpus: float
    shared_memory: int
    gpus: int = 0
    network: str = ""


def limits_of(asked: Resources, settings: StepSettings, engine: Mapping[str, Any], place: str) -> Limits:
    """What a step gets.

    Args:
        engine: what the engine says of its machine: `MemTotal` in bytes, `NCPU`.

    Raises:
        EngineError: it asks for more than is allowed.
    """
    defaults, allowed = settings.defaults, settings.allowed
    default_memory = defaults.memory or int(engine["MemTotal"]) // 2
    default_cpus = min(defaults.cpus or float(engine["NCPU"]), float(engine["NCPU"]))
    memory = asked.memory or default_memory
    cpus = asked.cpus or default_cpus
    shared_memory = asked.shared_memory or min(defaults.shared_memory or _SHARED_MEMORY, memory)
    _check(memory, max(default_memory, allowed.memory or 0), "memory", "memory", place)
    _check(shared_memory, max(memory, allowed.shared_memory or 0), "shared memory", "shm_size", place)
    if cpus > max(default_cpus, allowed.cpus or 0.0):
        raise _refused(f"{cpus:g} processors", f"{max(default_cpus, allowed.cpus or 0.0):g}", "cpus", place)
    if asked.gpus > allowed.gpus:
        raise _refused(f"{asked.gpus} GPUs", str(allowed.gpus), "gpus", place)
    if asked.network and asked.network != "none" and asked.network not in allowed.networks:
        names = ", ".join(sorted(allowed.networks)) or "none"
        raise _refused(f"the network `{asked.network}`", names, "networks", place)
    network = "" if asked.network in (None, "none") else str(asked.network)
    return Limits(memory, min(cpus, float(engine["NCPU"])), shared_memory, asked.gpus, network)


def _check(asked: int, most: int, what: str, key: str, place: str) -> None:
    if asked > most:
        raise _refused(f"{size_text(asked)} of {what}", size_text(most), key, place)


def _refused(asked: str, allowed: str, key: str, place: str) -> EngineError:
    message = f"the step asks for {asked}, allowed here: {allowed}"
    hint = f"ask for less in `resources:`, or have the operator raise `docker.steps.allow.{key}`"
    return EngineError(message, place=place, hint=hint)
