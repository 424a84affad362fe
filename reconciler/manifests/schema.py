"""Documents against the JSON Schemas in `schemas/`: a fast gate, and an explanation where it is shut.

jsonschema-rs says yes or no in microseconds; only a document that fails is read again by jsonschema, whose
errors say where and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.model.manifests import Kind
from reconciler.model.problems import Code, Pointer, Problem, Severity
from reconciler.shipped import shipped_folder

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "null": "empty",
    "boolean": "true or false",
}


@cache
def _schema(kind: Kind) -> dict[str, Any]:
    text = (shipped_folder("schemas") / f"{kind}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _gate(kind: Kind) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(_schema(kind))


def check(kind: Kind, document: object, file: str) -> list[Problem]:
    """What the document has against the schema of its kind; unknown keys are warnings, the rest errors."""
    if _gate(kind).is_valid(document):
        return []
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(_schema(kind)).iter_errors(document)
    problems = [problem for error in errors for problem in _explain(error, file)]
    return list(dict.fromkeys(problems))


def _explain(error: ValidationError, file: str) -> Iterator[Problem]:
    if error.context and error.validator in ("if", "allOf"):
        for inner in error.context:
            yield from _explain(inner, file)
        return
    pointer: Pointer = tuple(error.absolute_path)
    explain = _EXPLANATIONS.get(str(error.validator), _invalid)
    yield from explain(error, file, pointer)


def _unknown_properties(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    schema: dict[str, Any] = error.schema  # type: ignore[assignment]
    known = list(schema.get("properties", {}))
    for key in error.instance:  # type: ignore[union-attr]
        if key in known:
            continue
        nearest = get_close_matches(str(key), known, n=1)
        hint = f"did you mean `{nearest[0]}`?" if nearest else f"known here: {_listed(known)}"
        message = f"`{key}` is not known here and has no effect"
        yield Problem(file, Code.UNKNOWN_PROPERTY, message, hint, (*pointer, str(key)), Severity.WARNING)


def _missing_property(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    schema: dict[str, Any] = error.schema  # type: ignore[assignment]
    for key in error.validator_value:  # type: ignore[union-attr]
        if key in error.instance:  # type: ignore[operator]
            continue
        nearest = get_close_matches(str(key), [str(k) for k in error.instance], n=1)  # type: ignore[union-attr]
        described = schema.get("properties", {}).get(key, {})
        example = described.get("examples", [None])[0]
        hint = f"is `{nearest[0]}` meant to be `{key}`?" if nearest else f"add `{key}: {_inline(example)}`"
        yield Problem(file, Code.MISSING_PROPERTY, f"`{key}` is missing", hint, pointer)


def _wrong_type(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else [str(name) for name in wanted]  # type: ignore[union-attr]
    expected = " or ".join(_TYPES.get(name, f"a {name}") for name in names if name != "null")
    message = f"{_named(pointer)} must be {expected}, not {_inline(error.instance)}"
    yield Problem(file, Code.INVALID_VALUE, message, _example(error), pointer)


def _not_allowed(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    nearest = get_close_matches(str(error.instance), [str(value) for value in allowed], n=1)
    hint = f"did you mean `{nearest[0]}`?" if nearest else f"allowed: {_listed(allowed)}"
    message = f"{_named(pointer)} is {_inline(error.instance)}, which is not supported"
    is_kind = bool(pointer) and pointer[-1] == "type" and "jobs" in pointer
    code = Code.UNSUPPORTED_KIND if is_kind else Code.INVALID_VALUE
    yield Problem(file, code, message, hint, pointer)


def _none_of(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    keys = [key for option in error.validator_value for key in option.get("required", [])]  # type: ignore[union-attr]
    message = f"one of {_listed(keys)} is missing"
    yield Problem(file, Code.MISSING_PROPERTY, message, f"add `{keys[0]}:`", pointer)


def _bad_name(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    message = f"{_inline(error.instance)} is not a name that can be used here"
    hint = "use letters, digits and underscores, starting with a letter"
    name = (str(error.instance),) if "propertyNames" in error.absolute_schema_path else ()
    yield Problem(file, Code.INVALID_VALUE, message, hint, (*pointer, *name))


def _invalid(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    yield Problem(file, Code.INVALID_VALUE, f"{_named(pointer)}: {error.message}", _example(error), pointer)


_EXPLANATIONS = {
    "additionalProperties": _unknown_properties,
    "required": _missing_property,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "anyOf": _none_of,
    "pattern": _bad_name,
}


def _named(pointer: Pointer) -> str:
    return f"`{'.'.join(str(part) for part in pointer)}`" if pointer else "the document"


def _example(error: ValidationError) -> str:
    schema = error.schema if isinstance(error.schema, dict) else {}
    examples = schema.get("examples")
    return f"for example {_inline(examples[0])}" if examples else ""


def _inline(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def _listed(values: Iterable[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)
