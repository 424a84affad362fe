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

from reconciler.model.nearest import did_you_mean
from reconciler.model.problems import Code, Pointer, Problem, Severity
from reconciler.shipped import shipped_folder

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_MAXIMUM_PROBLEMS = 100
_MOST_LISTED = 12
_LONGEST_MESSAGE = 300  # jsonschema's own hold the whole value
_TYPES = {
    "integer": "a whole number",
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "null": "empty",
    "boolean": "true or false",
}
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}


@cache
def schema_named(name: str) -> dict[str, Any]:
    """A schema by the name of its file."""
    schema: dict[str, Any] = json.loads((shipped_folder("schemas") / name).read_text(encoding="utf-8"))
    return schema


@cache
def _gate(kind: str) -> Any:
    import jsonschema_rs

    # Schemas refer to each other by file name, so that editors find them too.
    return jsonschema_rs.validator_for(
        schema_named(f"{kind}.schema.json"), retriever=lambda uri: schema_named(uri.rpartition("/")[2])
    )


@cache
def _explainer(kind: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    registry: Registry[Any] = Registry(retrieve=lambda uri: DRAFT202012.create_resource(schema_named(uri)))  # type: ignore[call-arg]
    return Draft202012Validator(schema_named(f"{kind}.schema.json"), registry=registry)


def check(kind: str, document: object, file: str) -> list[Problem]:
    """What the document has against the schema of its kind; unknown keys are warnings, the rest errors.

    Args:
        kind: a `Kind` of manifests, or `configuration`.
    """
    if _gate(kind).is_valid(document):
        return []
    explained = _with_few_jobs(kind, document)
    # Errors first, for no crowd of warnings may hide them.
    errors = sorted(
        _explainer(kind).iter_errors(explained), key=lambda error: error.validator == "additionalProperties"
    )
    problems = (problem for error in errors for problem in _explain(error, file))
    return list(dict.fromkeys(islice(problems, _MAXIMUM_PROBLEMS)))


def _with_few_jobs(kind: str, document: object) -> object:
    """A document of very many jobs with those alone that are wrong, as explaining takes a millisecond for each.

    What is an error comes before what is only unknown, as it does in the problems.
    """
    jobs = document.get("jobs") if isinstance(document, dict) else None
    if not isinstance(jobs, dict) or len(jobs) <= _MAXIMUM_PROBLEMS:
        return document
    names = list(jobs)
    wrong: dict[str, None] = {}
    careless: dict[str, None] = {}
    while names and len(wrong) < _MAXIMUM_PROBLEMS:
        some = {name: jobs[name] for name in names[:_MAXIMUM_PROBLEMS]}
        del names[:_MAXIMUM_PROBLEMS]
        for error in _gate(kind).iter_errors({**document, "jobs": some}):  # type: ignore[dict-item]
            if len(error.instance_path) > 1 and error.instance_path[0] == "jobs":
                is_only_unknown = error.schema_path[-1] == "additionalProperties"
                (careless if is_only_unknown else wrong)[error.instance_path[1]] = None
    kept = {*wrong, *list(careless)[:_MAXIMUM_PROBLEMS]} or {next(iter(jobs))}
    return {**document, "jobs": {name: described for name, described in jobs.items() if name in kept}}  # type: ignore[dict-item]


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
        more = ", …" if len(known) > _MOST_LISTED else ""
        hint = did_you_mean(str(key), known, f"known here: {_listed(known[:_MOST_LISTED])}{more}")
        message = f"`{key}` is not known here and has no effect"
        yield Problem(file, Code.UNKNOWN_PROPERTY, message, hint, (*pointer, str(key)), Severity.WARNING)


def _missing_property(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    schema: dict[str, Any] = error.schema  # type: ignore[assignment]
    for key in error.validator_value:  # type: ignore[union-attr]
        if key in error.instance:  # type: ignore[operator]
            continue
        meant = {*schema.get("properties", {}), *error.validator_value}  # type: ignore[misc]
        others = [str(other) for other in error.instance if other not in meant]  # type: ignore[union-attr]
        nearest = get_close_matches(str(key), others, n=1)
        described = schema.get("properties", {}).get(key, {})
        example = _inline(described["examples"][0]) if "examples" in described else "…"
        hint = f"is `{nearest[0]}` meant to be `{key}`?" if nearest else f"add `{key}: {example}`"
        yield Problem(file, Code.MISSING_PROPERTY, f"`{key}` is missing", hint, pointer)


def _wrong_type(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else [str(name) for name in wanted]  # type: ignore[union-attr]
    redundant = {"null", "integer"} if "number" in names else {"null"}
    expected = " or ".join(_TYPES.get(name, f"a {name}") for name in names if name not in redundant)
    message = f"{_named(pointer)} must be {expected}, not {_inline(error.instance)}"
    hint = f"write {expected}" if names == ["boolean"] else _example(error) or f"write {expected}"
    yield Problem(file, Code.INVALID_VALUE, message, hint, pointer)


def _not_allowed(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    hint = did_you_mean(str(error.instance), map(str, allowed), f"allowed: {_listed(allowed)}")
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
    is_key = "propertyNames" in error.absolute_schema_path
    hint = (_example(error) if is_key else "") or "use letters, digits and underscores, starting with a letter"
    name = (str(error.instance),) if is_key else ()
    yield Problem(file, Code.INVALID_VALUE, message, hint, (*pointer, *name))


def _outside_range(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    allowed = f"{_BOUNDS[str(error.validator)]} {error.validator_value}"
    message = f"{_named(pointer)} must be {allowed}, not {_inline(error.instance)}"
    yield Problem(file, Code.INVALID_VALUE, message, _example(error) or f"write a number that is {allowed}", pointer)


def _wrong_size(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    is_long = str(error.validator).startswith("max")
    said = f"{_inline(error.instance)}, which is too {'long' if is_long else 'short'}" if error.instance else "empty"
    message = f"{_named(pointer)} is {said}"
    yield Problem(file, Code.INVALID_VALUE, message, _example(error) or "correct the value", pointer)


def _invalid(error: ValidationError, file: str, pointer: Pointer) -> Iterator[Problem]:
    message = f"{_named(pointer)}: {error.message[:_LONGEST_MESSAGE]}"
    yield Problem(file, Code.INVALID_VALUE, message, _example(error) or "correct the value", pointer)


_EXPLANATIONS = {
    "additionalProperties": _unknown_properties,
    "required": _missing_property,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "anyOf": _none_of,
    "pattern": _bad_name,
    **dict.fromkeys(_BOUNDS, _outside_range),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "minProperties"), _wrong_size),
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
