"""Fields that several kinds share: names, versions, ports, references, and what identifies a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any, TypedDict

from reconciler.model.digests import digest_of
from reconciler.model.literals import literal_problem
from reconciler.model.manifests import InputPort, OutputPort
from reconciler.model.problems import Code, Pointer, Problem, Severity
from reconciler.model.references import Reference, parse_reference
from reconciler.model.versions import parse_version

_DESCRIPTIVE = (
    "$schema",
    "name",
    "version",
    "description",
    "display_name",
    "tags",
    "properties",
    "on_new_revision",
    "promotion",
    "suspended",
)


@dataclass
class Reading:
    """One document while it becomes a manifest: where it lies, and the problems met on the way.

    Attributes:
        place: the way from the top of the file to a document that stands inside another.
    """

    file: str
    problems: list[Problem] = field(default_factory=list)
    place: Pointer = ()

    def within(self, pointer: Pointer) -> Reading:
        """The reading of what stands inline at the pointer; its problems are ours."""
        return Reading(self.file, self.problems, (*self.place, *pointer))

    def error(self, code: Code, message: str, hint: str, pointer: Pointer, part: str = "") -> None:
        self.problems.append(Problem(self.file, code, message, hint, (*self.place, *pointer), part=part))

    def warning(self, code: Code, message: str, hint: str, pointer: Pointer) -> None:
        self.problems.append(Problem(self.file, code, message, hint, (*self.place, *pointer), Severity.WARNING))


# What Azure ML asks of the names of each kind; real repositories do not keep to it, so that it is only a warning.
_NAMES = {
    "component": (re.compile(r"[a-z][a-z0-9_]*"), "small letters, digits and underscores, starting with a letter"),
    "job": (re.compile(r"[a-z_][a-z0-9_]*"), "small letters, digits and underscores, starting with a letter"),
    "input": (re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"), "letters, digits and underscores"),
    "output": (re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"), "letters, digits and underscores"),
}


def check_name(what: str, name: str, reading: Reading, pointer: Pointer) -> None:
    """Warn of a name that Azure ML itself would not take."""
    pattern, allowed = _NAMES[what]
    if not pattern.fullmatch(name):
        suggested = re.sub(r"\W", "_", name.lower())
        message = f"`{name}` is an odd name for {'an' if what[0] in 'aeiou' else 'a'} {what}"
        reading.warning(Code.ODD_NAME, message, f"Azure ML takes {allowed}: `{suggested}`", pointer)


def check_names(what: str, named: Mapping[str, Any], reading: Reading, pointer: Pointer) -> None:
    """Warn of odd names, and of two that only differ in small and capital letters."""
    seen: dict[str, str] = {}
    for name in named:
        check_name(what, name, reading, (*pointer, name))
        other = seen.setdefault(name.lower(), name)
        if other != name:
            message = f"`{name}` and `{other}` only differ in small and capital letters"
            reading.warning(Code.ODD_NAME, message, "give one of the two another name", (*pointer, name))


class SharedFields(TypedDict):
    """What all kinds of manifest say of themselves, as the arguments of their classes."""

    file: str
    name: str
    version: str | None
    description: str
    identity: str
    is_named: bool
    place: Pointer


def shared_fields(document: Mapping[str, Any], reading: Reading, default_name: str) -> SharedFields:
    """The fields of a document that all kinds have; `default_name` is for one that does not say its name."""
    return {
        "file": reading.file,
        "name": str(document.get("name") or default_name),
        "version": version_of(document, reading),
        "description": document.get("description") or "",
        "identity": identity(document),
        "is_named": "name" in document,
        "place": reading.place,
    }


def identity(document: Mapping[str, Any]) -> str:
    """Digest of what a document says, without what only describes it."""
    kept: dict[str, Any] = {key: value for key, value in document.items() if key not in _DESCRIPTIVE}
    for section in ("inputs", "outputs"):
        ports = kept.get(section)
        if isinstance(ports, Mapping):
            kept[section] = {name: _without_description(port) for name, port in ports.items()}
    return digest_of(kept)


def _without_description(port: object) -> object:
    if isinstance(port, Mapping):
        return {key: value for key, value in port.items() if key != "description"}
    return port


def version_of(document: Mapping[str, Any], reading: Reading) -> str | None:
    """The version as `major.minor.patch`, None where none is given; 3 is read as 3.0.0."""
    written = document.get("version")
    if written is None:
        return None
    if isinstance(written, float):
        message = f"the version {written} is a number without its quotes, so that 1.10 would be 1.1"
        reading.warning(Code.UNQUOTED_VERSION, message, f'write `version: "{written}"`', ("version",))
    try:
        return str(parse_version(str(written)))
    except ValueError:
        message = f"{written!r} is not a semantic version"
        reading.error(Code.INVALID_VALUE, message, "write major.minor.patch, for example 1.0.0", ("version",))
        return None


def input_ports(document: Mapping[str, Any], reading: Reading) -> tuple[InputPort, ...]:
    """The declared inputs; a default outside `enum`, `min` or `max` is an error."""
    ports = []
    check_names("input", document.get("inputs") or {}, reading, ("inputs",))
    for name, port in (document.get("inputs") or {}).items():
        read = InputPort(
            name=intern(name),  # the same few in every manifest
            type=_port_type(port, reading, ("inputs", name)),
            description=port.get("description") or "",
            default=port.get("default"),
            is_optional=bool(port.get("optional", False)),
            minimum=port.get("min"),
            maximum=port.get("max"),
            enum=tuple(port.get("enum", ())),
        )
        if read.default is not None:
            wrong = literal_problem(read, read.default)
            if wrong:
                reading.error(Code.INVALID_VALUE, wrong[0], wrong[1], ("inputs", name, "default"))
        ports.append(read)
    return tuple(ports)


def _port_type(port: Mapping[str, Any], reading: Reading, pointer: Pointer) -> str:
    """The declared type; `path`, which Azure ML still takes, is what `uri_folder` was called before."""
    if port["type"] == "path":
        hint = "write `type: uri_folder`, or `uri_file` for a single file"
        reading.warning(Code.INVALID_VALUE, "`path` is an old name of `uri_folder`", hint, (*pointer, "type"))
        return "uri_folder"
    return intern(port["type"])


def output_ports(document: Mapping[str, Any], reading: Reading) -> tuple[OutputPort, ...]:
    check_names("output", document.get("outputs") or {}, reading, ("outputs",))
    return tuple(
        OutputPort(intern(name), _port_type(port, reading, ("outputs", name)), port.get("description") or "")
        for name, port in (document.get("outputs") or {}).items()
    )


def variables_of(document: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in (document.get("environment_variables") or {}).items()}


def reference_at(text: str, reading: Reading, pointer: Pointer) -> Reference | None:
    """The reference, or None with a problem noted."""
    try:
        return parse_reference(text)
    except ValueError:
        hint = "write `azureml:name@^1.0`, `azureml:name:1.2.0` or `./file.yaml`"
        reading.error(Code.UNRESOLVED_REFERENCE, f"{text!r} is not a reference", hint, pointer)
        return None


def timeout_of(document: Mapping[str, Any], key: str = "timeout") -> float | None:
    timeout = (document.get("limits") or {}).get(key)
    return float(timeout) if isinstance(timeout, int | float) else None
