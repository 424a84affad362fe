"""Components from their documents."""

from __future__ import annotations

from typing import Any

from reconciler.manifests.assets import environment
from reconciler.manifests.fields import (
    Reading,
    identity,
    input_ports,
    output_ports,
    reference_at,
    variables_of,
    version_of,
)
from reconciler.manifests.resources import resources_of
from reconciler.model.commands import expressions_in, optional_inputs_in, unknown_expressions_in
from reconciler.model.manifests import Component, Environment
from reconciler.model.problems import Code, Pointer
from reconciler.model.references import Reference


def component(document: dict[str, Any], reading: Reading, default_name: str) -> Component:
    """A command component; its command may only name inputs and outputs that it declares."""
    read = Component(
        file=reading.file,
        name=str(document.get("name") or default_name),
        version=version_of(document, reading),
        description=document.get("description") or "",
        identity=identity(document),
        inputs=input_ports(document, reading),
        outputs=output_ports(document),
        command=document["command"],
        code=document.get("code"),
        environment=environment_at(document, reading, ("environment",), default_name),
        is_deterministic=document.get("is_deterministic", True),
        variables=variables_of(document),
        resources=resources_of(document, reading, ()),
    )
    check_command(read, reading, ("command",))
    return read


def environment_at(
    document: dict[str, Any], reading: Reading, pointer: Pointer, owner: str
) -> Reference | Environment | None:
    """The environment of a component or job: a reference, an inline environment, or none."""
    written = document.get("environment")
    if isinstance(written, str):
        return reference_at(written, reading, pointer)
    if isinstance(written, dict):
        return environment(written, reading.within(pointer), f"{owner}-environment")
    return None


def check_command(read: Component, reading: Reading, pointer: Pointer) -> None:
    """Note the expressions of a command that nothing can fill in."""
    inputs = {port.name: port for port in read.inputs}
    outputs = {port.name for port in read.outputs}
    guarded = optional_inputs_in(read.command)
    for text in unknown_expressions_in(read.command):
        hint = "a command may hold `${{inputs.x}}` and `${{outputs.x}}`"
        reading.error(Code.UNRESOLVED_BINDING, f"`{text}` cannot be filled in", hint, pointer)
    for section, name in dict.fromkeys(expressions_in(read.command)):
        known = outputs if section == "outputs" else set(inputs)
        if section == "search_space":
            continue
        if name not in known:
            code = Code.UNDECLARED_OUTPUT if section == "outputs" else Code.UNDECLARED_INPUT
            hint = f"declare it under `{section}:`" if not known else f"declared: {', '.join(sorted(known))}"
            reading.error(code, f"the command uses `{section}.{name}`, which is not declared", hint, pointer)
        elif section == "inputs" and inputs[name].is_optional and inputs[name].default is None and name not in guarded:
            hint = f"write `$[[ … ${{{{inputs.{name}}}}} ]]`"
            message = f"the optional input `{name}` stands outside `$[[ ]]`"
            reading.error(Code.MISSING_INPUT, message, hint, pointer)
