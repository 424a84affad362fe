"""Manifests are untrusted: no path in one leads out of the repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from reconciler.model.problems import Code

from .conftest import Checked
from .repository import place, where

Check = Callable[[Mapping[str, str]], Checked]

ENVIRONMENT = "name: sklearn\nimage: python\nconda_file: conda.yaml\n"
COMPONENT = "type: command\nname: split\ncommand: ls\ncode: ./src\nenvironment: azureml:sklearn@latest\n"
PIPELINE = "type: pipeline\nname: lending\njobs:\n  split:\n    component: ../components/split.yaml\n"
FILES = {
    "environments/environment.yaml": ENVIRONMENT,
    "environments/conda.yaml": "dependencies: [python]\n",
    "components/split.yaml": COMPONENT,
    "components/src/run.py": "",
    "pipelines/lending.yaml": PIPELINE,
    "data/loans.csv": "a,b\n",
}
OUTSIDE = ["../..", "../../secret", "../../../etc", "../components/../../secret", "/etc", "src/../../../secret"]


def test_paths_that_stay_in_the_repository_are_right(check_files: Check) -> None:
    checked = check_files(FILES)
    assert checked.problems == ()
    assert len(checked.desired.manifests) == 3


@pytest.mark.parametrize("path", OUTSIDE)
def test_code_outside_the_repository_is_refused(check_files: Check, path: str) -> None:
    text = COMPONENT.replace("./src", path)
    problem = check_files({**FILES, "components/split.yaml": text}).problems[0]
    assert (problem.code, problem.file) == (Code.OUTSIDE_REPOSITORY, "components/split.yaml")
    assert where(problem) == place(text, "code:")
    assert problem.message == f"`{path}` leads out of the repository"


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_conda_file_outside_the_repository_is_refused(check_files: Check, path: str) -> None:
    text = ENVIRONMENT.replace("conda.yaml", path)
    problem = check_files({**FILES, "environments/environment.yaml": text}).problems[0]
    assert problem.code is Code.OUTSIDE_REPOSITORY
    assert where(problem) == place(text, "conda_file:")


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_build_context_outside_the_repository_is_refused(check_files: Check, path: str) -> None:
    text = f"name: sklearn\nbuild:\n  path: {path}\n"
    problem = check_files({**FILES, "environments/environment.yaml": text}).problems[0]
    assert problem.code is Code.OUTSIDE_REPOSITORY
    assert where(problem) == place(text, "path:")


@pytest.mark.parametrize("path", ["../../Dockerfile", "/etc/passwd", "../conda.yaml"])
def test_a_dockerfile_outside_its_build_context_is_refused(check_files: Check, path: str) -> None:
    text = f"name: sklearn\nbuild:\n  path: .\n  dockerfile_path: {path}\n"
    problem = check_files({**FILES, "environments/environment.yaml": text}).problems[0]
    assert problem.code is Code.MISSING_FILE
    assert where(problem) == place(text, "build:")


@pytest.mark.parametrize("path", ["../../split.yaml", "/etc/split.yaml", "file:../../split.yaml"])
def test_a_component_outside_the_repository_is_refused(check_files: Check, path: str) -> None:
    text = PIPELINE.replace("../components/split.yaml", path)
    problem = check_files({**FILES, "pipelines/lending.yaml": text}).problems[0]
    assert problem.code is Code.OUTSIDE_REPOSITORY
    assert where(problem) == place(text, "component:")


@pytest.mark.parametrize("path", ["../../environment.yaml", "/etc/environment.yaml"])
def test_an_environment_outside_the_repository_is_refused(check_files: Check, path: str) -> None:
    text = COMPONENT.replace("azureml:sklearn@latest", path)
    problem = check_files({**FILES, "components/split.yaml": text}).problems[0]
    assert problem.code is Code.OUTSIDE_REPOSITORY
    assert where(problem) == place(text, "environment:")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../../loans.csv", Code.OUTSIDE_REPOSITORY),
        ("file:../../loans.csv", Code.OUTSIDE_REPOSITORY),
        ("../data/../../loans.csv", Code.OUTSIDE_REPOSITORY),
        ("/etc/passwd", Code.MISSING_FILE),
        ("file:///etc/passwd", Code.MISSING_FILE),
    ],
)
def test_data_outside_the_repository_is_refused_unless_the_operator_allows_it(
    check_files: Check, path: str, code: Code
) -> None:
    component = COMPONENT.replace("command: ls", "command: cat ${{inputs.x}}\ninputs: {x: {type: uri_file}}")
    text = PIPELINE + f"    inputs:\n      x: {{type: uri_file, path: '{path}'}}\n"
    checked = check_files({**FILES, "components/split.yaml": component, "pipelines/lending.yaml": text})
    (problem,) = checked.problems
    assert problem.code is code
    assert where(problem) == place(text, "x: {type")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("components/split.yaml", COMPONENT.replace("./src", "link")),
        ("components/split.yaml", COMPONENT.replace("./src", "link/src")),
        ("environments/environment.yaml", ENVIRONMENT.replace("conda.yaml", "link")),
        ("environments/environment.yaml", ENVIRONMENT.replace("conda.yaml", "link/conda.yaml")),
    ],
)
def test_a_link_is_no_way_out(check_folder: Callable[[Path], Checked], tmp_path: Path, written: str, text: str) -> None:
    outside = tmp_path / "outside"
    (outside / "src").mkdir(parents=True)
    (outside / "conda.yaml").write_text("dependencies: []\n")
    repository = tmp_path / "repository"
    for path, content in {**FILES, written: text}.items():
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text(content)
    for folder in ("components", "environments"):
        (repository / folder / "link").symlink_to(outside)
    problem = check_folder(repository).problems[0]
    assert (problem.code, problem.file) == (Code.MISSING_FILE, written)
