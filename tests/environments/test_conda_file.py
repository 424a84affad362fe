"""Conda files as they are found in the wild."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.environments.conda_file import CondaFile, python_version, read_conda_file
from reconciler.model.errors import EnvironmentBuildError


def _read(text: str) -> CondaFile:
    return read_conda_file(yaml.safe_load(text), "env.yaml")


def test_a_file_as_azure_ml_users_write_it() -> None:
    conda = _read("""
name: sklearn
channels: [conda-forge, defaults]
dependencies:
  - python=3.11
  - pip=23.2
  - pip:
      - scikit-learn==1.9.1   # pinned
      - mlflow-skinny[databricks]>=3,<4
      - "tomli; python_version < '3.11'"
""")
    pip = ("scikit-learn==1.9.1", "mlflow-skinny[databricks]>=3,<4", "tomli; python_version < '3.11'")
    assert conda == CondaFile(python="3.11", pip=pip, packages=())


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("python", None),
        ("python=3.11", "3.11"),
        ("python==3.11.7", "3.11.7"),
        ("python = 3.11", "3.11"),
        ("python 3.11", "3.11"),
        ("python=3.11.*", "3.11"),
        ("python==3.11.*", "3.11"),
        ("python=3.11.4=h955ad1f_0", "3.11.4"),
        ("conda-forge::python=3.11", "3.11"),
        ("Python=3.11", "3.11"),
        ("python>=3.11,<3.13", ">=3.11,<3.13"),
        ("python >=3.11", ">=3.11"),
        ("python!=3.12", "!=3.12"),
        ("python=3", "3"),
    ],
)
def test_the_version_of_python_is_understood_in_all_its_spellings(written: str, understood: str | None) -> None:
    assert read_conda_file({"dependencies": [written]}, "env").python == understood


@given(st.lists(st.integers(0, 99), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts))))
def test_an_exact_version_stays_what_it_is_with_one_equals_sign_or_two(version: str) -> None:
    assert python_version(f"={version}") == python_version(f"=={version}") == python_version(version) == version


@pytest.mark.parametrize(
    ("package", "is_conda"),
    [
        ("numpy=1.26", True),
        ("conda-forge::lightgbm>=4", True),
        ("cudatoolkit", True),
        ("python-dateutil", True),
        ("pip-tools", True),
        ("pip", False),
        ("pip>=23", False),
        ("python=3.11", False),
    ],
)
def test_packages_besides_python_and_pip_are_those_of_conda(package: str, is_conda: bool) -> None:
    assert read_conda_file({"dependencies": [package]}, "env").packages == ((package,) if is_conda else ())


def test_options_of_pip_are_kept_apart_from_requirements() -> None:
    conda = _read("dependencies: [{pip: [--index-url https://example.org/simple, --pre, numpy]}]")
    assert conda.pip == ("numpy",)
    assert conda.options == ("--index-url https://example.org/simple", "--pre")


@pytest.mark.parametrize("content", [{}, {"name": "x"}, {"dependencies": []}, {"dependencies": [{"pip": None}]}])
def test_a_file_that_asks_for_nothing_is_a_bare_python(content: dict[str, Any]) -> None:
    assert read_conda_file(content, "env") == CondaFile(None, (), ())


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"dependencies": "numpy"}, "`dependencies` of the conda file is no list"),
        ({"dependencies": None}, "`dependencies` of the conda file is no list"),
        ({"dependencies": {"pip": ["numpy"]}}, "`dependencies` of the conda file is no list"),
        ({"dependencies": [{"pip": "numpy"}]}, "`pip` of the conda file is no list"),
        ({"dependencies": [{"pip": {"numpy": "1.26"}}]}, "`pip` of the conda file is no list"),
        ({"dependencies": [{"pip": ["-r requirements.txt"]}]}, "points to what is not in it: -r requirements.txt"),
        ({"dependencies": [{"pip": ["-e ."]}]}, "points to what is not in it: -e ."),
        ({"dependencies": [{"pip": ["--constraint=c.txt"]}]}, "points to what is not in it: --constraint=c.txt"),
    ],
)
def test_what_cannot_be_understood_is_named_with_the_way_to_write_it(content: dict[str, Any], named: str) -> None:
    with pytest.raises(EnvironmentBuildError) as refused:
        read_conda_file(content, "env.yaml")
    assert named in refused.value.message
    assert refused.value.place == "env.yaml"
    assert refused.value.hint
