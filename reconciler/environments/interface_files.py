"""How the files that interfaces are read off are understood, for planning, which knows no YAML and no Dockerfiles."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.environments.dockerfile_reader import Instruction, filled_in, instructions, lines_of, words_of
from reconciler.manifests import yaml_reader
from reconciler.planning.named_files import Readers

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def first_document(content: bytes) -> object:
    """The first document of a YAML file as plain data, None where there is none."""
    values = yaml_reader.read(content, "").values
    return values[0] if values else None


def base_and_commands(dockerfile: str) -> tuple[str, list[str]]:
    """The image that the last stage builds on, "" where it cannot be told, and the commands of all stages."""
    lines = lines_of(dockerfile.removeprefix("\ufeff"))
    stages: dict[str, str] = {}
    variables: dict[str, str] = {}
    base = ""
    commands: list[str] = []
    for each in instructions(dockerfile):
        if each.name in ("ARG", "ENV"):
            variables |= _declared(each, variables)
        elif each.name == "FROM":
            words = each.value.split()
            image = (filled_in(words[0].strip("'\""), variables) or "") if words else ""
            base = stages.get(image.lower(), "" if image == "scratch" else image)
            if len(words) == 3 and words[1].upper() == "AS":
                stages[words[2].lower()] = base
        elif each.name == "RUN":
            beneath = "".join(lines[each.start + 1 : each.end]) if each.has_heredoc else ""
            commands.append(_with_values(f"{each.value}\n{beneath}" if beneath else each.value, variables))
    return base, commands


def _declared(instruction: Instruction, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that ARG or ENV give a value; `ENV NAME value` is an old form."""
    words = words_of(instruction.value)
    if instruction.name == "ENV" and len(words) > 1 and "=" not in words[0]:
        words = [f"{words[0]}={' '.join(words[1:])}"]
    pairs = (word.partition("=") for word in words)
    values = ((name, filled_in(value.strip("'\""), variables)) for name, is_given, value in pairs if is_given)
    return {name: value for name, value in values if value is not None}


def _with_values(command: str, variables: Mapping[str, str]) -> str:
    """A command with the values of the variables that the Dockerfile itself sets; the others stay as they are."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), command)


READERS = Readers(first_document, base_and_commands)
