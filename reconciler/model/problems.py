"""What is wrong with a manifest, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Pointer = tuple[str | int, ...]
"""The way to a value inside a document: `("jobs", "split", "inputs", "seed")`."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """The kinds of problem; each value is stable and documented in docs/errors.md."""

    SYNTAX = "syntax"
    DUPLICATE_KEY = "duplicate-key"
    DUPLICATE_NAME = "duplicate-name"
    UNKNOWN_PROPERTY = "unknown-property"
    INVALID_VALUE = "invalid-value"
    MISSING_PROPERTY = "missing-property"
    UNSUPPORTED_KIND = "unsupported-kind"
    NO_EFFECT = "no-effect"
    ODD_NAME = "odd-name"
    UNQUOTED_VERSION = "unquoted-version"
    UNMAPPED_ENVIRONMENT = "unmapped-environment"
    UNRESOLVED_REFERENCE = "unresolved-reference"
    UNRESOLVED_BINDING = "unresolved-binding"
    UNDECLARED_INPUT = "undeclared-input"
    UNDECLARED_OUTPUT = "undeclared-output"
    MISSING_INPUT = "missing-input"
    TYPE_MISMATCH = "type-mismatch"
    CYCLE = "cycle"
    MISSING_FILE = "missing-file"
    UNREACHABLE_DATA = "unreachable-data"
    UNMAPPED_DATASTORE = "unmapped-datastore"
    OUTSIDE_REPOSITORY = "outside-repository"
    VERSION_MUTATED = "version-mutated"
    VERSION_BUMP = "version-bump"
    UNNEEDED_BUMP = "unneeded-bump"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    Attributes:
        file: path in the repository.
        pointer: the way to the value in the document.
        part: what of a long value is meant, such as one expression of a command.
        line: from 1; 0 until the place has been looked up.
    """

    file: str
    code: Code
    message: str
    hint: str = ""
    pointer: Pointer = ()
    severity: Severity = Severity.ERROR
    line: int = 0
    column: int = 0
    part: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        hint = f" – {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message}{hint}"
