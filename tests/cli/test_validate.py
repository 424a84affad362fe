"""`validate`: every problem with its place, and how to mend it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.daemon.origin import Origin

from .contracts import VALIDATION, keeps
from .lending import FILES, LENDING
from .program import reconciler

BROKEN = LENDING.replace("split@^1.0", "spilt@^1.0")


def laid_out(folder: Path, files: Mapping[str, str | None]) -> Path:
    """A work tree with these files committed."""
    origin = Origin(folder / "git")
    origin.push({**files})
    return origin.work_tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return laid_out(tmp_path, FILES)


def test_what_is_sound_is_valid(tree: Path, state: Path) -> None:
    answer = reconciler("validate", tree, "--state", state)
    assert (answer.code, answer.out, answer.err) == (0, "4 manifests in 4 YAML files: valid\n", "")


def test_the_json_keeps_the_contract(tree: Path, state: Path) -> None:
    sound = reconciler("validate", tree, "--state", state, "-o", "json")
    assert sound.data == {"files": 4, "manifests": 4, "errors": []}
    (tree / "pipelines" / "lending.yaml").write_text(BROKEN)
    broken = reconciler("validate", tree, "--state", state, "-o", "json")
    assert broken.code == 1
    assert keeps(VALIDATION, broken.data)
    assert [problem["code"] for problem in broken.data["errors"]] == ["unresolved-reference"]
    assert reconciler("validate", tree, "--state", state, "-o", "yaml").yaml == broken.data


def test_a_problem_is_shown_at_its_place_with_a_caret_and_a_hint(tree: Path, state: Path) -> None:
    (tree / "pipelines" / "lending.yaml").write_text(BROKEN)
    answer = reconciler("validate", tree, "--state", state)
    assert answer.code == 1
    place, line, caret, hint, total = answer.out.splitlines()
    assert place == "pipelines/lending.yaml:5:5: error: there is no component `spilt` [unresolved-reference]"
    assert line == "     5 |     component: azureml:spilt@^1.0"
    assert caret == "       |     ^"
    assert hint.strip() == "hint: did you mean `split`?"
    assert total == "4 manifests in 4 YAML files: 1 error, 0 warnings"


def test_a_warning_is_shown_and_is_no_error(tree: Path, state: Path) -> None:
    untyped = LENDING.replace("inputs: {data: {type: uri_file}, rate", "inputs: {data: {type: uri_folder}, rate")
    (tree / "pipelines" / "lending.yaml").write_text(untyped)
    answer = reconciler("validate", tree, "--state", state)
    assert answer.code == 0
    assert "warning: " in answer.out
    assert answer.out.endswith("0 errors, 1 warning\n")


@pytest.mark.parametrize("path", ["components", "components/split/component.yaml", "data"])
def test_only_what_lies_at_the_path_is_judged(tree: Path, state: Path, path: str) -> None:
    (tree / "pipelines" / "lending.yaml").write_text(BROKEN)
    assert reconciler("validate", tree / path, "--state", state).code == 0
    assert reconciler("validate", path, "--state", state, folder=tree).code == 0


@pytest.mark.parametrize("path", [".", "pipelines", "pipelines/lending.yaml"])
def test_references_lead_to_the_whole_repository(tree: Path, state: Path, path: str) -> None:
    (tree / "components" / "split" / "component.yaml").unlink()
    answer = reconciler("validate", tree / path, "--state", state)
    assert answer.code == 1
    assert "there is no component `split`" in answer.out


def test_a_link_is_judged_where_it_leads(tree: Path, state: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lending.yaml").write_text(BROKEN)
    (tree / "link.yaml").symlink_to(elsewhere / "lending.yaml")
    answer = reconciler("validate", tree / "link.yaml", "--state", state)
    assert answer.code == 1
    assert answer.out.startswith("lending.yaml:")


def test_all_problems_are_told_at_once_by_file_and_line(tree: Path, state: Path) -> None:
    (tree / "pipelines" / "lending.yaml").write_text(BROKEN.replace("inputs:\n", "inpust: {}\ninputs:\n", 1))
    (tree / "components" / "split" / "component.yaml").write_text("name: [\n$schema: azureml\n")
    (tree / "reconciler.yaml").write_text("strict: maybe\nversion: warn\n")
    answer = reconciler("validate", tree, "--state", state)
    places = re.findall(r"^(\S+?):(\d+):\d+: ", answer.out, re.MULTILINE)
    assert [file for file, _ in places] == sorted(file for file, _ in places)
    assert {file for file, _ in places} == {
        "components/split/component.yaml",
        "pipelines/lending.yaml",
        "reconciler.yaml",
    }
    assert re.search(r"\d errors, \d warnings?\n\Z", answer.out)


@pytest.mark.parametrize("form", ["table", "json", "yaml", "github"])
@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_no_escape_sequence_of_a_manifest_reaches_the_terminal(tree: Path, state: Path, form: str, verb: str) -> None:
    evil = "# \u202e\n" + LENDING + '"\\e]0;owned\\a\\x9b2J\\u202e": 1\n"a\\nb": 2\n'
    (tree / "pipelines" / "lending.yaml").write_text(evil, encoding="utf-8")
    answer = reconciler(verb, tree, "--state", state, "-o", form)
    assert "unknown-property" in answer.out
    assert not set(answer.out) & {"\x1b", "\x07", "\x9b"}
    assert form == "yaml" or "\u202e" not in answer.out
    assert "Traceback" not in answer.out + answer.err


def test_colours_are_for_terminals_that_want_them(tree: Path, state: Path) -> None:
    (tree / "pipelines" / "lending.yaml").write_text(BROKEN)
    assert "\x1b[31merror\x1b[0m" in _on_a_terminal(tree, state, {"TERM": "xterm"})
    for plain in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        said = _on_a_terminal(tree, state, plain)
        assert ": error: there is no component `spilt`" in said
        assert "\x1b" not in said


def _on_a_terminal(tree: Path, state: Path, environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "validate", str(tree), "--state", str(state)]
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    try:
        subprocess.run(command, stdout=theirs, env={**plain, **environment}, check=False)
        return os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
