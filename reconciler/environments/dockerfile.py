"""Dockerfiles: which images they build on, and the same file with those pinned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.environments.dockerfile_reader import Instruction, filled_in, instructions, lines_of, words_of

_OF_CLASSIC = re.compile(r"--(from|chown|platform|interval|timeout|start-period|start-interval|retries)=")
_AFTER_SPACE, _AFTER_FROM = r"(?:^|(?<=\s))", r"(?<=from=)"


@dataclass(frozen=True, slots=True)
class _BaseUse:
    """One place where a Dockerfile names an image.

    Attributes:
        image: with the values of its variables filled in.
        written: as it stands there; `before` is a pattern for what stands right in front of it.
    """

    image: str
    written: str
    before: str
    instruction: Instruction


def base_images(dockerfile: str, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """The images that a Dockerfile takes something from, each once.

    Its own stages and `scratch` are none; nor are names that only the builder can fill in, such as
    `base-$TARGETARCH`.
    """
    return tuple(dict.fromkeys(use.image for use in _uses(dockerfile, arguments)))


def pinned(dockerfile: str, names: Mapping[str, str], arguments: Mapping[str, str]) -> str:
    """The Dockerfile with each base image under another name, and every argument declared in every stage.

    Args:
        names: what is to stand in place of each of `base_images`.
        arguments: build arguments; a Dockerfile that does not declare one could not see it.
    """
    lines = lines_of(dockerfile)
    for use in _uses(dockerfile, arguments):
        _rename(lines, use, names[use.image])
    declared = "".join(f"ARG {name}\n" for name in arguments)
    for instruction in instructions(dockerfile):
        if instruction.name == "FROM" and declared:
            lines[instruction.end] = lines[instruction.end].rstrip("\n") + "\n" + declared
    return "".join(lines)


def needs_buildkit(dockerfile: str) -> bool:
    """Whether the classic builder could not read it."""
    return any(
        each.has_heredoc or any(not _OF_CLASSIC.match(flag) for flag in each.flags)
        for each in instructions(dockerfile)
        if each.name in ("RUN", "COPY", "ADD")
    )


def _rename(lines: list[str], use: _BaseUse, name: str) -> None:
    """Put another name in the place of an image, which stands on one of the instruction's lines."""
    wanted = re.compile(rf"{use.before}{re.escape(use.written)}(?=[\s,\\`]|$)")
    for number in range(use.instruction.start, use.instruction.end + 1):
        renamed, count = wanted.subn(lambda _: name, lines[number], count=1)
        if count:
            lines[number] = renamed
            return


def _uses(dockerfile: str, arguments: Mapping[str, str]) -> Iterator[_BaseUse]:
    stages: set[str] = {"scratch"}
    variables: dict[str, str] = {}
    has_begun = False
    for each in instructions(dockerfile):
        if each.name == "ARG" and not has_begun:
            _declare(each, variables, arguments)
        elif each.name == "FROM":
            has_begun = True
            yield from _of_stage(each, variables, stages)
        elif each.name in ("COPY", "RUN"):
            for flag in each.flags:
                named = _from_of(flag)
                if named and "$" not in named and not named.isdecimal() and named.lower() not in stages:
                    yield _BaseUse(named, named, _AFTER_FROM, each)


def _declare(instruction: Instruction, variables: dict[str, str], arguments: Mapping[str, str]) -> None:
    """What an ARG before the first stage makes known to the FROMs after it."""
    for word in words_of(instruction.value):
        name, is_given, default = word.partition("=")
        value = arguments.get(name)
        if value is None and is_given:
            value = filled_in(default.strip("'\""), variables)
        if value is not None:
            variables[name] = value


def _of_stage(instruction: Instruction, variables: Mapping[str, str], stages: set[str]) -> Iterator[_BaseUse]:
    words = instruction.value.split()
    if not words:
        return
    image = filled_in(words[0].strip("'\""), variables)
    if image and image.lower() not in stages:
        yield _BaseUse(image, words[0], _AFTER_SPACE, instruction)
    if len(words) == 3 and words[1].upper() == "AS":
        stages.add(words[2].lower())


def _from_of(flag: str) -> str:
    """The image or stage of `--from=…` or `--mount=type=bind,from=…`."""
    if flag.startswith("--from="):
        return flag.removeprefix("--from=")
    if not flag.startswith("--mount="):
        return ""
    options = dict(option.partition("=")[::2] for option in flag.removeprefix("--mount=").split(","))
    return options.get("from", "")
