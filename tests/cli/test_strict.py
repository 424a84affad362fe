"""`--strict` and `strict: true`: carelessness is an error for every verb, and for the daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .lending import FILES, LENDING
from .program import Answer, reconciler
from .test_validate import laid_out

MISSPELT = LENDING.replace("type: pipeline\n", "type: pipeline\nexperimentname: loans\n")
UNSUPPORTED: dict[str, str | None] = {
    "spark.yaml": "$schema: https://azuremlschemas.azureedge.net/latest/sparkJob.schema.json\ntype: spark\n"
}
ON: dict[str, str | None] = {"reconciler.yaml": "strict: true\n"}


def _verb(verb: str, tree: Path, state: Path, *options: str) -> Answer:
    what: tuple[str | Path, ...] = (tree,)
    if verb == "apply":
        what = ("-f", tree, "--engine", "process", "--tracking", "none")
    if verb == "daemon":
        what = ("--source", tree, "--engine", "process", "--tracking", "none", "--once")
    return reconciler(verb, *what, "--state", state, *options)


@pytest.fixture
def careless(tmp_path: Path) -> Path:
    return laid_out(tmp_path, {**FILES, "pipelines/lending.yaml": MISSPELT})


@pytest.mark.parametrize("verb", ["validate", "plan", "apply"])
def test_an_unknown_key_is_an_error_with_strict(careless: Path, state: Path, verb: str) -> None:
    answer = _verb(verb, careless, state, "--strict")
    assert answer.code == 1
    assert "error: `experimentname` is not known here and has no effect [unknown-property]" in answer.out
    assert "did you mean `experiment_name`?" in answer.out
    assert "1 error, 0 warnings" in answer.out + answer.err


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_it_is_a_warning_without(careless: Path, state: Path, verb: str) -> None:
    answer = _verb(verb, careless, state)
    assert answer.code == 0
    assert "warning: `experimentname`" in answer.out


@pytest.mark.parametrize("verb", ["validate", "plan", "apply", "daemon"])
def test_a_repository_may_ask_for_it_itself(tmp_path: Path, state: Path, verb: str) -> None:
    tree = laid_out(tmp_path, {**FILES, **ON, "pipelines/lending.yaml": MISSPELT})
    answer = _verb(verb, tree, state)
    assert answer.code == 1
    assert "`experimentname` is not known here" in answer.out


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_the_severity_in_json_is_the_judged_one(careless: Path, state: Path, verb: str) -> None:
    answer = _verb(verb, careless, state, "--strict", "-o", "json")
    (problem,) = json.loads(answer.out)["errors"]
    assert (problem["code"], problem["severity"]) == ("unknown-property", "error")


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_what_is_not_done_here_holds_up_nothing(tmp_path: Path, state: Path, verb: str) -> None:
    tree = laid_out(tmp_path, {**FILES, **ON, **UNSUPPORTED})
    answer = _verb(verb, tree, state, "--strict")
    assert answer.code == 0
    assert "[unsupported-kind]" in answer.out
