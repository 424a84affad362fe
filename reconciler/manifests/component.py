"""Components from their documents."""

from __future__ import annotations

from typing import Any

from reconciler.manifests.assets import environment
from reconciler.manifests.fields import (
    Reading,
    check_name,
    input_ports,
    output_ports,
    reference_at,
    shared_fields,
    timeout_of,
    variables_of,
)
from reconciler.manifests.resources import resources_of
from reconciler.manifests.run_settings import includes_of, no_effect, processes_of, retries_of
from reconciler.model.commands import expressions_in, has_open_part, optional_inputs_in, unknown_expressions_in
from reconciler.model.manifests import Component, Environment, InputPort, OutputPort
from reconciler.model.nearest import did_you_mean
from reconciler.model.problems import Code, Pointer
from reconciler.model.references import Reference


def component(
    document: dict[str, Any],
    reading: Reading,
    default_name: str,
    extra_inputs: tuple[InputPort, ...] = (),
    extra_outputs: tuple[OutputPort, ...] = (),
) -> Component:
    """A command component; its command may only name inputs and outputs that it declares.

    Args:
        extra_inputs: ports that it has besides, of the sweep whose trial it is.
    """
    if "name" in document:
        check_name("component", str(document["name"]), reading, ("name",))
    no_effect(document, reading, ())
    name = str(document.get("name") or default_name)
    read = Component(
        **shared_fields(document, reading, default_name),
        inputs=(*input_ports(document, reading), *extra_inputs),
        outputs=(*output_ports(document, reading), *extra_outputs),
        command=document["command"],
        code=document.get("code"),
        environment=environment_at(document, reading, ("environment",), name),
        is_deterministic=document.get("is_deterministic", True),
        variables=variables_of(document),
        resources=resources_of(document, reading, ()),
        distribution=processes_of(document, reading, ()),
        timeout_seconds=timeout_of(document),
        retries=retries_of(document) or 0,
        includes=includes_of(document, reading, ()),
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
    if has_open_part(read.command):
        hint = "end the optional part with `]]`"
        reading.error(Code.UNRESOLVED_BINDING, "`$[[` is never closed", hint, pointer, "$[[")
    for text in unknown_expressions_in(read.command):
        hint = "a command may hold `${{inputs.x}}` and `${{outputs.x}}`"
        reading.error(Code.UNRESOLVED_BINDING, f"`{text}` cannot be filled in", hint, pointer, text)
    for section, name in dict.fromkeys(expressions_in(read.command)):
        known = outputs if section == "outputs" else set(inputs)
        if section == "search_space":
            continue
        if name not in known:
            code = Code.UNDECLARED_OUTPUT if section == "outputs" else Code.UNDECLARED_INPUT
            message = f"the command uses `{section}.{name}`, which is not declared"
            reading.error(code, message, _nearest(name, section, known), pointer, f"{section}.{name}")
        elif section == "inputs" and inputs[name].is_optional and inputs[name].default is None and name not in guarded:
            hint = f"write `$[[ … ${{{{inputs.{name}}}}} ]]`"
            message = f"the optional input `{name}` stands outside `$[[ ]]`"
            reading.error(Code.MISSING_INPUT, message, hint, pointer, f"inputs.{name}")


def _nearest(name: str, section: str, known: set[str]) -> str:
    if not known:
        return f"declare it under `{section}:`"
    return did_you_mean(name, sorted(known), f"declared: {', '.join(sorted(known))}")
