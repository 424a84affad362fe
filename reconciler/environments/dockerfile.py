"""Dockerfiles: which images they build on, and the same file with those pinned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

_HEREDOC = re.compile(r"<<-?([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")
_TAKES_HEREDOC = re.compile(r"\s*(RUN|COPY|ADD)\b", re.IGNORECASE)
_FROM = re.compile(r"(?P<head>\s*FROM\s+(?:--\S+\s+)*)(?P<image>\S+)(?P<tail>.*)", re.IGNORECASE | re.DOTALL)
_COPY_FROM = re.compile(r"(?P<head>.*?--from=)(?P<image>\S+)(?P<tail>.*)", re.DOTALL)
_NEEDS_BUILDKIT = re.compile(r"^\s*RUN\s+(?:--\S+\s+)*--(?:mount|network|security)=", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BaseUse:
    """One place where a Dockerfile names an image.

    Attributes:
        image: with the values of its ARGs filled in.
        start, end: the lines of the instruction, from 0, both included.
    """

    image: str
    start: int
    end: int
    is_stage: bool


def base_images(dockerfile: str, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """The images that a Dockerfile takes something from, each once; its own stages and `scratch` are none."""
    return tuple(dict.fromkeys(use.image for use in _uses(dockerfile, arguments)))


def pinned(dockerfile: str, names: Mapping[str, str], arguments: Mapping[str, str]) -> str:
    """The Dockerfile with each base image under another name, and every argument declared in every stage.

    Args:
        names: what is to stand in place of each of `base_images`.
        arguments: build arguments; a Dockerfile that does not declare one could not see it.
    """
    lines = dockerfile.splitlines(keepends=True)
    for use in sorted(_uses(dockerfile, arguments), key=lambda use: -use.start):
        instruction = "".join(lines[use.start : use.end + 1])
        matched = (_FROM if use.is_stage else _COPY_FROM).match(instruction)
        if matched is not None:
            renamed = matched["head"] + names[use.image] + matched["tail"]
            lines[use.start : use.end + 1] = [renamed]
    text = "".join(lines)
    return _with_arguments(text, arguments) if arguments else text


def needs_buildkit(dockerfile: str) -> bool:
    """Whether the classic builder could not read it."""
    return _NEEDS_BUILDKIT.search(dockerfile) is not None or _without_heredocs(dockerfile) != dockerfile


def _with_arguments(dockerfile: str, arguments: Mapping[str, str]) -> str:
    declared = "".join(f"ARG {name}\n" for name in arguments)
    lines = dockerfile.splitlines(keepends=True)
    for instruction in reversed(_structure(dockerfile)):
        if instruction["instruction"] == "FROM":
            end = instruction["endline"]
            lines[end] = lines[end].rstrip("\n") + "\n"
            lines.insert(end + 1, declared)
    return "".join(lines)


def _uses(dockerfile: str, arguments: Mapping[str, str]) -> Iterator[BaseUse]:
    stages: set[str] = set()
    images = iter(_parser(dockerfile, arguments).parent_images)
    for instruction in _structure(dockerfile):
        start, end = instruction["startline"], instruction["endline"]
        if instruction["instruction"] == "FROM":
            image = next(images)
            if image.lower() not in stages and image != "scratch":
                yield BaseUse(image, start, end, is_stage=True)
            alias = re.search(r"\sAS\s+(\S+)\s*$", instruction["value"], re.IGNORECASE)
            if alias:
                stages.add(alias[1].lower())
        elif instruction["instruction"] == "COPY":
            named = re.match(r"(?:--\S+\s+)*?--from=(\S+)", instruction["value"])
            if named and not named[1].isdecimal() and named[1].lower() not in stages and "$" not in named[1]:
                yield BaseUse(named[1], start, end, is_stage=False)


def _structure(dockerfile: str) -> list[dict[str, Any]]:
    structure: list[dict[str, Any]] = _parser(dockerfile, {}).structure
    return structure


def _parser(dockerfile: str, arguments: Mapping[str, str]) -> Any:
    from dockerfile_parse import DockerfileParser

    content = BytesIO(_without_heredocs(dockerfile).encode(errors="replace"))
    return DockerfileParser(fileobj=content, build_args=dict(arguments))


def _without_heredocs(dockerfile: str) -> str:
    """The file with here-documents as comments, line by line: what stands in them is no instruction."""
    lines: list[str] = []
    waiting: list[str] = []
    for line in dockerfile.splitlines(keepends=True):
        if waiting:
            if line.strip() == waiting[0]:
                waiting.pop(0)
            lines.append("#\n")
            continue
        lines.append(line)
        if _TAKES_HEREDOC.match(line):
            waiting = [match[2] for match in _HEREDOC.finditer(line)]
    return "".join(lines)
