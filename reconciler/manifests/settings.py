"""`reconciler.yaml` at the root of a repository: settings that its authors may choose."""

from __future__ import annotations

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
    values = document.values[0]
    if not isinstance(values, dict):
        return Settings(), (_problem("the file must be a mapping", "write `environments:`", ()),)
    problems = [
        Problem(
            SETTINGS_FILE,
            Code.UNKNOWN_PROPERTY,
            f"`{key}` is not known here",
            "",
            (str(key),),
            Severity.WARNING,
        )
        for key in values
        if key not in _KEYS
    ]
    environments = values.get("environments") or {}
    if not isinstance(environments, dict):
        problems.append(_problem("`environments` must be a mapping", 'write `"AzureML-*": sklearn`', ("environments",)))
        environments = {}
    versions = values.get("versions", "refuse")
    if versions not in ("refuse", "warn"):
        problems.append(_problem(f"`versions` is {versions!r}", "write `refuse` or `warn`", ("versions",)))
    mapped = tuple((str(pattern), str(name)) for pattern, name in environments.items())
    return Settings(mapped, versions != "warn"), tuple(problems)


def _problem(message: str, hint: str, pointer: tuple[str, ...]) -> Problem:
    return Problem(SETTINGS_FILE, Code.INVALID_VALUE, message, hint, pointer)
