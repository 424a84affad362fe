"""docs/errors.md says what each code means, and shows what the program really prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.forges import errors as forge_errors
from reconciler.model import errors
from reconciler.model.errors import ReconcilerError
from reconciler.model.problems import Code

from .broken_repository import BROKEN, CHANGED, SOUND, write
from .error_page import calls_with_a_computed_reason, condition_reasons, emitted_codes, example, sections
from .program import commit, masked, reconciler

_BRANCHLESS = ("--branch", "production")
_CONDA = "name: gpu\nversion: 1.0.0\nimage: ubuntu\nconda_file: {dependencies: [python=3.11, cudatoolkit=11.8]}\n"


def _pipeline(command: str, environment: str = "{image: ubuntu}") -> dict[str, str]:
    job = f"    command: {json.dumps(command)}\n    environment: {environment}\n"
    return {"pipeline.yaml": f"type: pipeline\nname: lending_club\njobs:\n  train:\n{job}"}


_FAILING = _pipeline("echo reading; echo no column loan_repaid >&2; exit 3")


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    assert list(sections("Problems in manifests")) == [str(code) for code in Code]


def test_every_code_can_be_emitted() -> None:
    assert emitted_codes() == {code.name for code in Code}


def test_every_reason_of_a_condition_has_a_section_and_every_section_a_reason() -> None:
    assert set(sections("Conditions")) == condition_reasons()
    assert calls_with_a_computed_reason() == []


def test_every_error_has_a_section_and_every_section_an_error() -> None:
    classes = [*vars(errors).values(), *vars(forge_errors).values()]
    known = dict.fromkeys(each.__name__ for each in classes if isinstance(each, type))
    assert list(sections("Errors")) == [name for name in known if name != ReconcilerError.__name__]


def test_every_section_says_more_than_it_shows() -> None:
    for chapter in ("Problems in manifests", "Conditions", "Errors"):
        for title, section in sections(chapter).items():
            meaning, _, rest = section.partition("```text")
            mending = rest.partition("\n```")[2]
            assert meaning.strip(), title
            assert mending.strip(), title


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `validate` says of a broken repository, and `plan` of one that was applied and changed."""
    top = tmp_path_factory.mktemp("problems")
    broken = write(top / "broken", SOUND, BROKEN)
    said = reconciler("validate", ".", folder=broken, state=top / "broken-state")
    applied = write(top / "applied", SOUND)
    commit(applied)
    reconciler(*_once(applied), folder=top, state=top / "state")
    write(applied, CHANGED)
    return said + reconciler("plan", ".", folder=applied, state=top / "state")


@pytest.mark.parametrize("code", list(Code))
def test_the_example_of_a_code_is_what_the_program_prints(printed: str, code: Code) -> None:
    shown = example(sections("Problems in manifests")[code])
    assert f"[{code}]" in shown
    assert masked(shown) in masked(printed)


@pytest.mark.parametrize(
    ("reason", "files", "options"),
    [
        ("InvalidManifests", {"env/environment.yaml": "name: sklearn\nversion: 1.0.0\nconda_file: conda.yaml\n"}, ()),
        ("NoRevision", SOUND, _BRANCHLESS),
        ("SourceUnavailable", {}, ()),
        ("RunFailed", _FAILING, ()),
        ("BuildFailed", {**_pipeline("true", "azureml:gpu@latest"), "environment.yaml": _CONDA}, ()),
    ],
)
def test_the_example_of_a_condition_is_what_get_says(
    tmp_path: Path, reason: str, files: dict[str, str], options: tuple[str, ...]
) -> None:
    source, state = tmp_path / "lending", tmp_path / "state"
    if files:
        commit(write(source, files))
    reconciler(*_once(source), *options, folder=tmp_path, state=state)
    said = reconciler("get", folder=tmp_path, state=state).replace(str(source), "/srv/git/lending")
    assert masked(example(sections("Conditions")[reason])) in masked(said)


def test_the_example_of_a_version_that_changed_is_what_get_says(tmp_path: Path) -> None:
    source, state = write(tmp_path / "lending", SOUND), tmp_path / "state"
    commit(source)
    reconciler(*_once(source), folder=tmp_path, state=state)
    conda = "environments/sklearn/conda.yaml"
    commit(write(source, {conda: CHANGED[conda]}))
    reconciler(*_once(source), folder=tmp_path, state=state)
    said = reconciler("get", folder=tmp_path, state=state)
    assert masked(example(sections("Conditions")["VersionMutated"])) in masked(said)


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        ("UsageError", ("apply", "-f", "failing", "--engine", "kubernetes")),
        ("TrackingError", ("apply", "-f", "failing", "--tracking", "ftp://mlflow.example.org")),
        ("StateError", ("runs",)),
        ("EnvironmentBuildError", ("apply", "-f", "gpu", "--tracking", "none")),
        ("StepError", ("apply", "-f", "failing", "--tracking", "none")),
        ("EngineError", ("apply", "-f", "null", "--tracking", "none")),
    ],
)
def test_the_example_of_an_error_is_what_the_program_prints(
    tmp_path: Path, error: str, arguments: tuple[str, ...]
) -> None:
    state, folder = tmp_path / "state", tmp_path / "repositories"
    write(folder / "failing", _FAILING)
    write(folder / "null", _pipeline("echo \0"))
    write(folder / "gpu", _pipeline("true", "azureml:gpu@latest"), {"environment.yaml": _CONDA})
    if error == "StateError":
        write(state, {"state.db": "this is no database, but long enough to be looked at as one\n" * 20})
    said = reconciler(*arguments, folder=folder, state=state).replace(str(state), "/var/lib/reconciler")
    assert masked(example(sections("Errors")[error])) in masked(said)


def test_the_example_of_a_source_error_is_what_the_daemon_prints(tmp_path: Path) -> None:
    said = reconciler(*_once(tmp_path / "lending"), folder=tmp_path, state=tmp_path / "state")
    shown = example(sections("Errors")["SourceError"])
    assert masked(shown) in masked(said.replace(str(tmp_path), "/srv/git"))


def _once(source: Path) -> tuple[str | Path, ...]:
    return ("daemon", "--source", source, "--once", "--tracking", "none")
