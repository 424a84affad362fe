"""`reconciler.yaml` at the root of a repository: settings that its authors may choose."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from reconciler.manifests import yaml_reader
from reconciler.manifests.schema import check
from reconciler.model.data_paths import BadPathError, InRepository, data_place
from reconciler.model.desired import Settings
from reconciler.model.manifests import Kind
from reconciler.model.problems import Code, Pointer, Problem
from reconciler.model.releases import KIND_NAME_VERSION, NAME_VERSION, RELEASED_KINDS, BadPatternError, TagPattern
from reconciler.model.versions import InvalidRangeError, parse_range

SETTINGS_FILE = "reconciler.yaml"


def settings_of(content: bytes) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings, with what is wrong in the file; where a value is wrong, its default holds."""
    document = yaml_reader.read(content, SETTINGS_FILE)
    if document.problems:
        return Settings(), document.problems
    written = [value for value in document.values if value is not None]
    if len(written) > 1:
        return Settings(), (_problem("the file holds several documents", "write one", ()),)
    values = written[0] if written else {}
    problems = check("reconciler", values, SETTINGS_FILE)
    if not isinstance(values, dict):
        return Settings(), tuple(problems)
    datastores = _texts(values, "datastores")
    problems.extend(_unusable(datastores))
    tags, wrong_pattern = _tags(values)
    problems.extend(wrong_pattern)
    labels = list(_labels(values))
    problems.extend(_unreadable(labels))
    wrong = {problem.pointer for problem in problems}
    settings = Settings(
        environments=tuple(_right(_texts(values, "environments"), "environments", wrong)),
        mutated_versions_are_errors=values.get("versions") != "warn",
        datastores=tuple(_right(datastores, "datastores", wrong)),
        is_strict=values.get("strict") is True,
        is_tags_only=values.get("registry") == "tags-only",
        tags=tags,
        labels={key: wanted for pointer, key, wanted in labels if pointer not in wrong},
        is_pruned=values.get("prune") is not False,
    )
    return settings, tuple(problems)


def _texts(values: Mapping[str, object], key: str) -> dict[str, str]:
    mapping = values.get(key)
    if not isinstance(mapping, dict):
        return {}
    return {name: value for name, value in mapping.items() if isinstance(value, str) and value}


def _tags(values: Mapping[str, object]) -> tuple[TagPattern, list[Problem]]:
    written = values.get("tags")
    if not isinstance(written, str) or not written:
        return TagPattern(), []
    try:
        return TagPattern(written), []
    except BadPatternError as bad:
        hint = f'write `tags: "{KIND_NAME_VERSION}"` or `tags: "{NAME_VERSION}"`'
        return TagPattern(), [_problem(f"`{written}` is no pattern of tags: {bad}", hint, ("tags",))]


def _labels(values: Mapping[str, object]) -> Iterator[tuple[Pointer, tuple[Kind, str, str], str]]:
    """The labels with the way to each; what the schema refuses is left out."""
    of_names = values.get("labels")
    for written, labels in of_names.items() if isinstance(of_names, dict) else ():
        kind, _, name = str(written).partition("/")
        if kind not in RELEASED_KINDS or not name or not isinstance(labels, dict):
            continue
        for label, wanted in labels.items():
            if isinstance(wanted, str):
                yield ("labels", written, label), (Kind(kind), name, str(label)), wanted


def _unreadable(labels: Iterable[tuple[Pointer, tuple[Kind, str, str], str]]) -> Iterator[Problem]:
    for pointer, (kind, name, label), wanted in labels:
        try:
            parse_range(wanted)
        except InvalidRangeError as error:
            hint = f"write a version or a range that `{kind}/{name}@{label}` stands for, such as `^1.2`"
            yield _problem(str(error), hint, pointer)


def _unusable(datastores: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with the folders and URLs by themselves; whether something is there shows when it is read."""
    for name, target in datastores.items():
        pointer = ("datastores", name)
        if target.lower().startswith("azureml:"):
            hint = "name the folder or URL where its content lies for this machine, such as `./data`"
            yield _problem(f"`{target}` can be read at Azure only", hint, pointer)
            continue
        try:
            place = data_place(target)
        except BadPathError as bad:
            yield Problem(SETTINGS_FILE, bad.code, bad.message, bad.hint, pointer)
            continue
        if isinstance(place, InRepository) and posixpath.normpath(place.path).split("/")[0] == "..":
            message = f"`{target}` leads out of the repository"
            hint = "name a folder of the repository, an absolute path below a `--data-root`, or a URL"
            yield Problem(SETTINGS_FILE, Code.OUTSIDE_REPOSITORY, message, hint, pointer)


def _right(mapping: Mapping[str, str], key: str, wrong: set[Pointer]) -> Iterator[tuple[str, str]]:
    for name, value in mapping.items():
        if (key, name) not in wrong:
            yield name, value


def _problem(message: str, hint: str, pointer: Pointer) -> Problem:
    return Problem(SETTINGS_FILE, Code.INVALID_VALUE, message, hint, pointer)
