"""Documents against the JSON Schemas in `schemas/`: a fast gate, and an explanation where it is shut.

jsonschema-rs says yes or no in microseconds; only a document that fails is read again by jsonschema, whose
errors say where and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.model.problems import Code, Pointer, Problem, Severity
from reconciler.shipped import shipped_folder

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_MAXIMUM_PROBLEMS = 100
_TYPES = {
    "integer": "a whole number",
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "null": "empty",
    "boolean": "true or false",
}


@cache
def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((shipped_folder("schemas") / name).read_text(encoding="utf-8"))
    return schema


@cache
def _gate(kind: str) -> Any:
    import jsonschema_rs

    # Schemas refer to each other by file name, so that editors find them too.
    return jsonschema_rs.validator_for(
        _schema(f"{kind}.schema.json"), retriever=lambda uri: _schema(uri.rpartition("/")[2])
    )


@cache
def _explainer(kind: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    registry: Registry[Any] = Registry(retrieve=lambda uri: DRAFT202012.create_resource(_schema(uri)))  # type: ignore[call-arg]
    return Draft202012Validator(_schema(f"{kind}.schema.json"), registry=registry)


def check(kind: str, document: object, file: str) -> list[Problem]:
    """What the document has against the schema of its kind; unknown keys are warnings, the rest errors.

    Args:
        kind: a `Kind` of manifests, or `configuration`.
    """
    if _gate(kind).is_valid(document):
        return []
    # Errors first, for no crowd of warnings may hide them.
    errors = sorted(_explainer(kind).iter_errors(document), key=lambda error: error.validator == "additionalProperties")
    problems = (problem for error in errors for problem in _explain(error, file))
    return list(dict.fromkeys(islice(problems, _MAXIMUM_PROBLEMS)))


def _explain(error: ValidationError, file: str) -> Iterator[Problem]:
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
        example = _inline(described["examples"][0]) if "examples" in described else "…"
        hint = f"is `{nearest[0]}` meant to be `{key}`?" if nearest else f"add `{key}: {example}`"
        yield Problem(file, Code.MISSING_PROPERTY, f"`{key}` is missing", hint, pointer)


def _wrong_type(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else [str(name) for name in wanted]  # type: ignore[union-attr]
    expected = " or ".join(_TYPES.get(name, f"a {name}") for name in names if name != "null")
    message = f"{_named(pointer)} must be {expected}, not {_inline(error.instance)}"
    yield Problem(file, Code.INVALID_VALUE, message, _example(error) or f"write {expected}", pointer)


def _not_allowed(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    nearest = get_close_matches(str(error.instance), [str(value) for value in allowed], n=1)
    hint = f"did you mean `{nearest[0]}`?" if nearest else f"allowed: {_listed(allowed)}"
    message = f"{_named(pointer)} is {_inline(error.instance)}, which is not supported"
    code = Code.UNSUPPORTED_KIND if _is_kind_of_job(pointer) else Code.INVALID_VALUE
    yield Problem(file, code, message, hint, pointer)


def _is_kind_of_job(pointer: Pointer) -> bool:
    is_of_job = len(pointer) == 3 or (len(pointer) == 4 and pointer[2] in ("component", "trial"))
    return is_of_job and pointer[0] == "jobs" and pointer[-1] == "type"


def _none_of(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    keys = [key for option in error.validator_value for key in option.get("required", [])]  # type: ignore[union-attr]
    message = f"one of {_listed(keys)} is missing"
    yield Problem(file, Code.MISSING_PROPERTY, message, f"add `{keys[0]}:`", pointer)


def _bad_name(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    is_name = "propertyNames" in error.absolute_schema_path or pointer[-1:] == ("name",)
    if not is_name and _example(error):
        message = f"{_named(pointer)} is {_inline(error.instance)}, which is not of the form asked for"
        yield Problem(file, Code.INVALID_VALUE, message, _example(error), pointer)
        return
    message = f"{_inline(error.instance)} is not a name that can be used here"
    hint = "use letters, digits and underscores, starting with a letter"
    name = (str(error.instance),) if "propertyNames" in error.absolute_schema_path else ()
    yield Problem(file, Code.INVALID_VALUE, message, hint, (*pointer, *name))


def _invalid(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    message = f"{_named(pointer)}: {error.message}"
    yield Problem(file, Code.INVALID_VALUE, message, _example(error) or "correct the value", pointer)


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
