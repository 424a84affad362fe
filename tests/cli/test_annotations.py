"""Problems as GitHub takes them: one command a line, which nothing in a manifest can end or begin."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.cli.show_problems import annotate
from reconciler.model.problems import Code, Problem, Severity

from .lending import FILES
from .program import reconciler
from .test_validate import BROKEN, laid_out

_COMMAND = re.compile(r"::(error|warning) file=([^,:]*),line=(\d+),col=(\d+),title=([^,:]*)::(.*)")


def _annotation(problem: Problem, capsys: pytest.CaptureFixture[str]) -> tuple[str, ...]:
    annotate([problem])
    (line,) = capsys.readouterr().out.split("\n")[:-1]
    matched = _COMMAND.fullmatch(line)
    assert matched is not None, line
    return matched.groups()


def test_an_error_and_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    error = Problem("a/b.yaml", Code.CYCLE, "one → one", "remove it", line=3, column=5)
    assert _annotation(error, capsys) == ("error", "a/b.yaml", "3", "5", "cycle", "one → one%0Ahint: remove it")
    warning = Problem("b.yaml", Code.ODD_NAME, "odd", severity=Severity.WARNING, line=1, column=1)
    assert _annotation(warning, capsys) == ("warning", "b.yaml", "1", "1", "odd-name", "odd")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("100 %", "100 %25"),
        ("%0A", "%250A"),
        ("a\r\nb", "a%0D%0Ab"),
        ("\n::error::x", "%0A::error::x"),
        ("a: b, c", "a: b, c"),
    ],
)
def test_what_would_end_a_message_is_escaped(text: str, escaped: str, capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("a.yaml", Code.SYNTAX, text, line=1, column=1)
    assert _annotation(problem, capsys)[-1] == escaped


def test_a_file_name_cannot_end_its_property(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("a,line=9::x\r\n%.yaml", Code.SYNTAX, "broken", line=1, column=1)
    assert _annotation(problem, capsys)[1] == "a%2Cline=9%3A%3Ax%0D%0A%25.yaml"


@pytest.mark.parametrize("verb", ["validate", "plan"])
@pytest.mark.parametrize("place", [".", "pipelines"])
def test_files_are_named_from_the_root_of_the_repository(tmp_path: Path, state: Path, verb: str, place: str) -> None:
    tree = laid_out(tmp_path, {**FILES, "pipelines/lending.yaml": BROKEN})
    answer = reconciler(verb, place, "-o", "github", "--state", state, folder=tree)
    assert answer.code == 1
    (command,) = [line for line in answer.out.splitlines() if line.startswith("::")]
    assert command == (
        "::error file=pipelines/lending.yaml,line=5,col=5,title=unresolved-reference::"
        "there is no component `spilt`%0Ahint: did you mean `split`?"
    )
    assert "1 error, 0 warnings" in answer.out


@pytest.mark.parametrize("command", ["get", "runs", "doctor", "gc", "trace x"])
def test_only_validate_and_plan_annotate(command: str, state: Path) -> None:
    answer = reconciler(*command.split(), "-o", "github", "--state", state)
    assert answer.code == 2
    assert "github" in answer.err
