"""Dockerfiles as the process engine reads them: a version of Python, a requirements file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reconciler.environments.venv import VenvBuilder
from reconciler.model.errors import EnvironmentBuildError

from .builds import MAKES_VENV, calls, context_spec, fake_uv

OURS = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def faked(folder: Path, tmp_path: Path) -> VenvBuilder:
    return VenvBuilder(folder, fake_uv(tmp_path, MAKES_VENV))


@pytest.mark.parametrize(
    ("line", "python"),
    [
        ("FROM python:3.10", "3.10"),
        ("FROM python:3.12.1-slim AS base", "3.12.1"),
        ("FROM docker.io/library/python:3.10-slim", "3.10"),
        ("FROM --platform=linux/amd64 python:3.10", "3.10"),
        ("from python:3.10", "3.10"),
        ("FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", OURS),
        ("FROM ubuntu:22.04", OURS),
    ],
)
def test_the_python_is_that_of_the_base_image(
    faked: VenvBuilder, tmp_path: Path, log: Path, line: str, python: str
) -> None:
    faked.build(context_spec(tmp_path / "context", f"{line}\n", requirements=""), log)
    assert calls(tmp_path)[0].startswith(f"venv --python {python} ")


@pytest.mark.parametrize(
    ("lines", "file"),
    [
        ("RUN pip install -r requirements.txt", "requirements.txt"),
        ("RUN pip install --no-cache-dir --requirement=/tmp/other.txt", "other.txt"),
        ("RUN pip3 install -r other.txt", "other.txt"),
        ("RUN python -m pip install --no-cache-dir \\\n    -r other.txt", "other.txt"),
        ("RUN uv pip install --system -r other.txt", "other.txt"),
        ("RUN useradd -r app && pip install -r other.txt", "other.txt"),
        ("RUN rm -r /var/lib/apt/lists\nRUN pip install -r other.txt", "other.txt"),
        ("RUN pip install -r other.txt && cp -r /tmp/a /tmp/b", "other.txt"),
        ("RUN pip install wheel && rm -r /tmp/a", "requirements.txt"),
        ("RUN pip install wheel\nRUN rm -r /tmp/a", "requirements.txt"),
        ("# RUN pip install -r old.txt\nRUN pip install -r other.txt", "other.txt"),
        ("CMD python", "requirements.txt"),
    ],
)
def test_the_requirements_are_those_that_pip_is_given(
    faked: VenvBuilder, tmp_path: Path, log: Path, lines: str, file: str
) -> None:
    faked.build(context_spec(tmp_path / "context", f"FROM python\n{lines}\n", requirements="", other=""), log)
    assert calls(tmp_path)[1].endswith(f"--requirement {tmp_path / 'context' / file}")


def test_commands_that_only_an_image_can_have_are_noted(builder: VenvBuilder, tmp_path: Path) -> None:
    dockerfile = (
        "FROM python\nRUN apt-get update && \\\n  apt-get install -y git\nRUN pip3 install -r requirements.txt\n"
    )
    notes = builder.notes(context_spec(tmp_path / "context", dockerfile, requirements=""))
    assert notes == [
        "the process engine installs the requirements beside the Dockerfile; the image itself is not built",
        "not honoured: RUN apt-get update &&    apt-get install -y git",
    ]


def test_a_dockerfile_without_requirements_is_refused_with_two_ways_out(
    builder: VenvBuilder, tmp_path: Path, log: Path
) -> None:
    with pytest.raises(EnvironmentBuildError) as refused:
        builder.build(context_spec(tmp_path / "context", "FROM python\nRUN pip install numpy\n"), log)
    assert refused.value.message == "there is no requirements.txt beside the Dockerfile of `context`"
    assert refused.value.hint == (
        "the process engine installs from a requirements file; add one, or use the Docker engine"
    )
