"""What environments promise, read off conda files, Dockerfiles and what those name."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.planning.packages import asked_by_command, asked_by_conda, asked_by_requirements
from tests.manifests.documents import environment

from .history import Files
from .interface_repository import Repository


def _environment(files: Files, **changes: object) -> Any:
    return Repository({"env/env.yaml": environment(**changes), **files}).interface("env/env.yaml")


def _packages(files: Files, **changes: object) -> dict[str, str]:
    found: dict[str, str] = _environment(files, **changes)["packages"]
    return found


def _built(dockerfile: str, **files: str) -> Any:
    context = {f"env/{name.replace('_', '.')}": text for name, text in files.items()}
    return _environment({"env/Dockerfile": dockerfile, **context}, image=..., build={"path": "."})


def test_an_image_alone() -> None:
    found = _environment({}, image="ubuntu:22.04")
    assert found == {"python": None, "packages": {}, "images": ["ubuntu:22.04"]}


def test_an_image_that_is_named_for_its_python() -> None:
    for image in ("python:3.11-slim", "docker.io/library/python:3.11.4"):
        assert _environment({}, image=image)["python"].startswith("3.11")
    assert _environment({}, image="python:latest")["python"] is None


CONDA = """
name: sklearn
channels: [conda-forge]
dependencies:
  - python=3.11.4=h955ad1f_0
  - pip=23.2
  - conda-forge::NumPy>=1.26, <2
  - pandas 1.5.*
  - pip:
      - Scikit_Learn==1.9.1   # pinned
      - mlflow-skinny[databricks]>=3,<4
      - "tomli; python_version < '3.11'"
      - --index-url https://example.org/simple
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_conda_file(ending: str) -> None:
    found = _environment({"env/conda.yaml": CONDA.replace("\n", ending)}, image="x:1", conda_file="conda.yaml")
    assert found == {
        "python": "3.11.4",
        "packages": {
            "numpy": ">=1.26,<2",
            "pandas": "1.5.*",
            "scikit-learn": "==1.9.1",
            "mlflow-skinny": ">=3,<4",
            "tomli": "",
        },
        "images": ["x:1"],
    }


def test_a_conda_file_within_the_manifest() -> None:
    conda = {"dependencies": ["python=3.11", {"pip": ["numpy==2.1"]}]}
    found = _environment({}, image="x", conda_file=conda)
    assert (found["python"], found["packages"]) == ("3.11", {"numpy": "==2.1"})


def test_requirements_that_a_conda_file_points_to_lie_beside_it() -> None:
    files = {
        "env/deep/conda.yaml": "dependencies: [{pip: [-r requirements.txt, -r more/dev.txt]}]",
        "env/deep/requirements.txt": "numpy==2.1",
        "env/deep/more/dev.txt": "-r ../last.txt\npytest",
        "env/deep/last.txt": "six\n-r requirements.txt",
    }
    assert _packages(files, image="x", conda_file="deep/conda.yaml") == {"numpy": "==2.1", "pytest": "", "six": ""}


@pytest.mark.parametrize("conda", ["[", "numpy", "dependencies: numpy", "", "\0", "dependencies: [{pip: [-r no.txt]}]"])
def test_of_a_conda_file_that_cannot_be_read_no_packages_are_known(conda: str) -> None:
    assert _environment({"env/conda.yaml": conda}, image="x", conda_file="conda.yaml")["packages"] is None


def test_files_that_are_not_there_or_lead_out_of_the_repository_are_not_known() -> None:
    for path in ("no.yaml", "../../etc/passwd", "/etc/passwd", "."):
        assert _environment({}, image="x", conda_file=path)["packages"] is None
    assert _environment({}, image=..., build={"path": "../.."})["packages"] is None


def test_a_package_that_is_named_twice_keeps_both_pins() -> None:
    conda = "dependencies: [{pip: [\"a==1; python_version<'3.9'\", \"a==2; python_version>='3.9'\"]}]"
    assert _packages({"env/conda.yaml": conda}, image="x", conda_file="conda.yaml") == {"a": "==1 | ==2"}


DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.11
FROM golang:1.22 AS tools
FROM python:${PYTHON}-slim AS base
ENV XGBOOST=2.0.3
FROM base
COPY requirements.txt /tmp/requirements.txt
RUN --mount=type=cache,target=/root/.cache apt-get update && apt-get install -y git \\
    # a comment in between
    && pip install --no-cache-dir -r /tmp/requirements.txt "xgboost==${XGBOOST}" -i https://example.org/simple
RUN ["pip", "install", "shap"]
"""


def test_a_dockerfile_with_what_it_installs() -> None:
    assert _built(DOCKERFILE, requirements_txt="numpy==2.1 --hash=sha256:00\n") == {
        "python": "3.11",
        "packages": {"numpy": "==2.1", "xgboost": "==2.0.3", "shap": ""},
        "images": ["python:3.11-slim"],
    }


@pytest.mark.parametrize(
    ("command", "packages"),
    [
        ("pip install a b==1.0 'c>=2,<3'", {"a": "", "b": "==1.0", "c": ">=2,<3"}),
        ("pip3.11 install --upgrade pip setuptools wheel && pip3 install a", {"a": ""}),
        ("python -m pip install a[x,y]~=1.4 > log 2>&1 || true", {"a": "~=1.4"}),
        ("uv pip install --system --python 3.11 a", {"a": ""}),
        ("pip install -e . ./local git+https://example.org/x.git x.whl https://example.org/y.zip a", {"a": ""}),
        ("pip install 'a; python_version > \"3\"'; pip install b", {"a": "", "b": ""}),
        ("pip install a==$UNKNOWN", {"a": "==$UNKNOWN"}),
        ("pip install 'a", {}),
        ("conda install -y -c conda-forge a=1.4 b=1.2.3=py_0 && conda clean -a", {"a": "=1.4", "b": "=1.2.3"}),
        ("micromamba install --name base 'a>=1.4'", {"a": ">=1.4"}),
        ("conda run -n base pip install a==1", {"a": "==1"}),
        ("mamba create -n x a", {"a": ""}),
        ('["sh", "-c", "pip install a && pip install b"]', {"a": "", "b": ""}),
        ("pip uninstall -y a; apt-get install -y python3-pip; pip download b; echo pip", {}),
        ("<<EOF\n# don't\npip install a # nor 'this\npip install b\nEOF", {"a": "", "b": ""}),
        ("[ -f x ] && pip install a", {"a": ""}),
    ],
)
def test_commands_that_install(command: str, packages: dict[str, str]) -> None:
    assert _built(f"FROM x\nRUN {command}\n")["packages"] == packages


def test_conda_may_install_python_in_a_dockerfile() -> None:
    assert _built("FROM continuumio/miniconda3\nRUN conda install python=3.10")["python"] == "3.10"


def test_a_dockerfile_installs_from_files_of_its_context() -> None:
    repository = Repository(
        {
            "env/env.yaml": environment(image=..., build={"path": "context", "dockerfile_path": "docker/Dockerfile"}),
            "env/context/docker/Dockerfile": "FROM x\nRUN pip install -r deps/a.txt\nRUN conda env update -f /b.yaml",
            "env/context/deps/a.txt": "-r more.txt\na",
            "env/context/deps/more.txt": "more",
            "env/context/docker/b.yaml": "dependencies: [b=2]",
            "env/context/other.txt": "other",
        }
    )
    assert repository.interface("env/env.yaml")["packages"] == {"a": "", "more": "", "b": "=2"}
    assert repository.read == [
        ["env/context/docker/Dockerfile"],
        ["env/context/deps/a.txt", "env/context/docker/b.yaml"],
        ["env/context/deps/more.txt"],
    ]


@pytest.mark.parametrize(
    ("dockerfile", "images"),
    [
        ("FROM a:1 AS one\nFROM b:2", ["b:2"]),
        ("FROM a:1 AS one\nFROM ONE AS two\nFROM two", ["a:1"]),
        ("FROM scratch", []),
        ("FROM $BASE", []),
        ("ARG BASE=a:1\nFROM ${BASE}", ["a:1"]),
        ("FROM --platform=linux/amd64 a:1", ["a:1"]),
        ("RUN x", []),
        ("FROM", []),
        ("", []),
    ],
)
def test_the_image_that_the_last_stage_builds_on(dockerfile: str, images: list[str]) -> None:
    assert _built(dockerfile)["images"] == images


def test_a_file_that_the_dockerfile_makes_itself_leaves_packages_unknown() -> None:
    found = _built("FROM python:3.11\nRUN echo numpy > r.txt && pip install -r r.txt")
    assert found == {"python": "3.11", "packages": None, "images": ["python:3.11"]}


@settings(max_examples=60)
@given(st.text(), st.text(), st.binary(max_size=200))
def test_no_dockerfile_and_no_requirements_are_a_reason_to_stop(command: str, text: str, more: bytes) -> None:
    _built(f"FROM {text}\nRUN {command}\nRUN pip install -r r.txt {text}\n{text}", r_txt=f"{text}{more!r}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(("dependencies", "pip", "x")), inner),
)


@given(st.fixed_dictionaries({"dependencies": st.lists(JSON | st.fixed_dictionaries({"pip": JSON}))}) | JSON)
def test_no_conda_file_is_a_reason_to_stop(document: object) -> None:
    asked_by_conda(document)


@pytest.mark.parametrize(
    "piece", ["a", " ", "-", "=", "'", '"', "\\", "a ", "a\n", "#", " #", "[", "1.", "&&", "-r x\n", "a=="]
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + "!"
    began = time.process_time()
    for each in (text, f"a{text}", f"pip install a {text}"):
        asked_by_requirements(each)
        asked_by_command(each)
        asked_by_conda({"dependencies": [each, {"pip": [each]}]})
    assert time.process_time() - began < 5
