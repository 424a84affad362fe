"""Literals against the ports that take them: types coerced as Azure ML does, limits and enums checked."""

from __future__ import annotations

from math import isfinite

from reconciler.model.manifests import InputPort, Scalar


def coerce(port: InputPort, value: Scalar) -> Scalar:
    """A literal as the type that the port declares, as Azure ML does: "1" for a number, 0.2 for a string.

    Raises:
        ValueError: the value cannot be one of that type.
    """
    match port.type:
        case "string":
            return value if isinstance(value, str) else str(value)
        case "boolean":
            return _boolean(value)
        case "integer":
            return _integer(value)
        case "number":
            return _number(value)
        case _:
            return value


def _integer(value: Scalar) -> int:
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
        return int(value)
    number = _number(value)
    if isinstance(number, float) and not number.is_integer():
        raise ValueError(value)
    return int(number)


def _number(value: Scalar) -> int | float:
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, int):
        return value
    number = float(value)
    if not isfinite(number):
        raise ValueError(value)
    return number


def _boolean(value: Scalar) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise ValueError(value)


def literal_problem(port: InputPort, value: Scalar) -> tuple[str, str] | None:
    """Why a literal does not fit the port, with a hint; None where it fits."""
    try:
        fitted = coerce(port, value)
    except ValueError:
        return (
            f"`{port.name}` is declared as {port.type}, {value!r} is none",
            f"write a value of type {port.type}",
        )
    if port.enum and fitted not in port.enum:
        allowed = ", ".join(str(choice) for choice in port.enum)
        return f"`{port.name}` is {fitted!r}, which is not allowed", f"allowed: {allowed}"
    if isinstance(fitted, int | float):
        if port.minimum is not None and fitted < port.minimum:
            return f"`{port.name}` is {fitted}, less than its minimum {port.minimum}", "raise the value"
        if port.maximum is not None and fitted > port.maximum:
            return f"`{port.name}` is {fitted}, more than its maximum {port.maximum}", "lower the value"
    return None
