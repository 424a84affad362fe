"""`reconciler.yaml` at the root of a repository: settings that its authors may choose."""

from __future__ import annotations

from difflib import get_close_matches

from reconciler.manifests import yaml_reader
from reconciler.model.desired import Settings
from reconciler.model.problems import Code, Problem, Severity

SETTINGS_FILE = "reconciler.yaml"
_KEYS = ("environments", "versions")


def settings_of(content: bytes) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings, with what is wrong in the file."""
    document = yaml_reader.read(content, SETTINGS_FILE)
    if document.problems or not document.values or document.values[0] is None:
        return Settings(), document.problems
    if len(document.values) > 1:
        return Settings(), (_problem("the file holds several documents", "write one", ()),)
    values = document.values[0]
    if not isinstance(values, dict):
        return Settings(), (_problem("the file must be a mapping", "write `environments:`", ()),)
    problems = [_unknown(key) for key in values if key not in _KEYS]
    environments = values.get("environments") or {}
    if not isinstance(environments, dict):
        problems.append(_problem("`environments` must be a mapping", 'write `"AzureML-*": sklearn`', ("environments",)))
        environments = {}
    versions = values.get("versions", "refuse")
    if versions not in ("refuse", "warn"):
        problems.append(_problem(f"`versions` is {versions!r}", "write `refuse` or `warn`", ("versions",)))
    for pattern, name in environments.items():
        if not isinstance(name, str):
            hint = "name an environment of this repository"
            problems.append(_problem(f"`{pattern}` stands for {name!r}", hint, ("environments", pattern)))
    mapped = tuple((pattern, name) for pattern, name in environments.items() if isinstance(name, str))
    return Settings(mapped, versions != "warn"), tuple(problems)


def _unknown(key: str) -> Problem:
    nearest = get_close_matches(key, _KEYS, n=1)
    hint = f"did you mean `{nearest[0]}`?" if nearest else "known here: `environments`, `versions`"
    message = f"`{key}` is not known here and has no effect"
    return Problem(SETTINGS_FILE, Code.UNKNOWN_PROPERTY, message, hint, (key,), Severity.WARNING)


def _problem(message: str, hint: str, pointer: tuple[str, ...]) -> Problem:
    return Problem(SETTINGS_FILE, Code.INVALID_VALUE, message, hint, pointer)
