"""What components and jobs say of how they run: as how many processes, how often, with what beside the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.manifests.fields import Reading
from reconciler.model.problems import Code, Pointer
from reconciler.model.resources import Processes

MOST_PROCESSES = 64
_TYPES = ("pytorch", "mpi", "tensorflow")
_OWN_IDENTITIES = ("user_identity", "aml_token", "amltoken")


def processes_of(document: Mapping[str, Any], reading: Reading, pointer: Pointer) -> Processes | None:
    """The processes of `distribution`, as many on each of `resources.instance_count` instances."""
    written = document.get("distribution")
    if not written:
        return None
    pointer = (*pointer, "distribution")
    kind = str(written.get("type", "")).lower()
    if kind not in _TYPES:
        message = f"a distribution of type {written.get('type')!r} is not supported"
        reading.error(Code.INVALID_VALUE, message, f"write {', '.join(_TYPES[:-1])} or {_TYPES[-1]}", pointer)
        return None
    resources = document.get("resources") or {}
    instances = _count(resources, "instance_count", reading, (*pointer[:-1], "resources"))
    if kind == "tensorflow":
        servers = written.get("parameter_server_count") or 0
        read = Processes(kind, (written.get("worker_count") or instances) + servers, 1, servers)
    else:
        read = Processes(kind, instances, _count(written, "process_count_per_instance", reading, pointer))
    count = read.instances * read.per_instance
    if count > MOST_PROCESSES:
        message = f"{count} processes are asked for, which all run on one machine"
        reading.error(Code.INVALID_VALUE, message, f"ask for {MOST_PROCESSES} at most", pointer)
        return None
    return read


def _count(written: Mapping[str, Any], key: str, reading: Reading, pointer: Pointer) -> int:
    """How many; 1 where it is not said, or left to an input of the pipeline."""
    count = written.get(key) or 1
    if isinstance(count, int):
        return count
    message, hint = f"`{key}` is not taken from an input: there is one", "write the number itself"
    reading.warning(Code.NO_EFFECT, message, hint, (*pointer, key))
    return 1


def retries_of(document: Mapping[str, Any]) -> int | None:
    """How many times a step is begun anew after it failed, None where it is not said."""
    retries = (document.get("retry_settings") or {}).get("max_retries")
    return int(retries) if isinstance(retries, int) else None


def includes_of(document: Mapping[str, Any], reading: Reading, pointer: Pointer) -> tuple[str, ...]:
    """The paths of `additional_includes`, relative to the manifest, each once; planning asks whether they are there."""
    found: dict[str, None] = {}
    for index, written in enumerate(document.get("additional_includes") or ()):
        path = str(written).strip().removeprefix("file:")
        if path.startswith("/") or "://" in path or "\\" in path or not path:
            message, hint = f"{written!r} is no path in the repository", "write it relative to this file, with `/`"
            reading.error(Code.INVALID_VALUE, message, hint, (*pointer, "additional_includes", index))
            continue
        found[path.rstrip("/")] = None
    return tuple(found)


def no_effect(document: Mapping[str, Any], reading: Reading, pointer: Pointer) -> None:
    """Warn of what is accepted, as Azure ML knows it, but would surprise who relies on it."""
    if document.get("services"):
        hint = "leave it out, or have the step write what the service would show to an output"
        reading.warning(Code.NO_EFFECT, "steps have no services here", hint, (*pointer, "services"))
    identity = document.get("identity")
    if isinstance(identity, Mapping) and str(identity.get("type", "")).lower() not in _OWN_IDENTITIES:
        message = f"the identity `{identity.get('type')}` is not taken on: steps run as the engine's user"
        hint = "leave it out, and pass what the step needs to log in through the operator's configuration"
        reading.warning(Code.NO_EFFECT, message, hint, (*pointer, "identity"))
    if document.get("queue_settings"):
        hint = "leave it out; how many steps run at once, the operator's configuration says"
        reading.warning(Code.NO_EFFECT, "there is no queue of this kind here", hint, (*pointer, "queue_settings"))
    if (document.get("resources") or {}).get("docker_args"):
        message = "`docker_args` are not taken from manifests: what a container may do, the operator decides"
        hint = "use `memory`, `cpus`, `shm_size`, `gpus` or `network` of `resources:` instead"
        reading.warning(Code.NO_EFFECT, message, hint, (*pointer, "resources", "docker_args"))
    if (document.get("retry_settings") or {}).get("timeout"):
        message, hint = "the time limit of an attempt is that of the step", "write `limits: {timeout: …}`"
        reading.warning(Code.NO_EFFECT, message, hint, (*pointer, "retry_settings", "timeout"))
    for name, port in (document.get("outputs") or {}).items():
        is_bound = isinstance(port, Mapping) and "${{parent.outputs" in str(port.get("path")).replace(" ", "")
        if isinstance(port, Mapping) and port.get("path") and not is_bound:
            message = f"no copy of the output goes to `{port['path']}`: it is kept in the store alone"
            hint = "leave `path:` out, or have a step write the copy"
            reading.warning(Code.NO_EFFECT, message, hint, (*pointer, "outputs", name, "path"))
