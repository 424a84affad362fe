"""The Dockerfile that installs a conda file on an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.environments.base_images import names_for
from reconciler.environments.conda_file import CondaFile, read_conda_file
from reconciler.environments.dockerfile import base_images, needs_buildkit
from reconciler.environments.generated_dockerfile import Generated, default_base, with_micromamba, with_uv
from reconciler.model.configuration import BuildSecret, BuildSettings

SETTINGS = BuildSettings()
UV = Path("/usr/bin/uv")


def _conda(*dependencies: Any, **more: Any) -> dict[str, Any]:
    return {"dependencies": list(dependencies), **more}


def _read(*dependencies: Any) -> CondaFile:
    return read_conda_file(_conda(*dependencies), "tiny")


def _micromamba(written: dict[str, Any], settings: BuildSettings = SETTINGS) -> Generated:
    return with_micromamba("debian:12", read_conda_file(written, "tiny"), written, settings)


def _conda_yaml(generated: Generated) -> Any:
    content = generated.files["conda.yaml"]
    assert isinstance(content, bytes)
    return yaml.safe_load(content)


def _run_lines(generated: Generated) -> list[str]:
    return [line for line in generated.dockerfile.splitlines() if line.startswith("RUN")]


class TestWithUv:
    def test_the_packages_of_the_pip_section_are_installed_line_by_line(self) -> None:
        conda = _read("python=3.11", "pip", {"pip": ["a >= 1, < 2", "b[x]; python_version>'3'"]})
        generated = with_uv("python:3.11-slim", conda, UV, SETTINGS, "3.12")
        assert generated.files["requirements.txt"] == b"a >= 1, < 2\nb[x]; python_version>'3'\n"

    def test_the_image_gets_what_was_installed_and_not_what_was_needed_for_it(self) -> None:
        generated = with_uv("python:3.11-slim", _read("python=3.11"), UV, SETTINGS, "3.12")
        stages = generated.dockerfile.split("FROM python:3.11-slim")
        assert [stage.count("install.sh") for stage in stages] == [0, 2, 0]
        assert stages[2].splitlines()[1:] == [
            "COPY --from=installed /opt/reconciler /opt/reconciler",
            'ENV VIRTUAL_ENV=/opt/reconciler/environment PATH="/opt/reconciler/environment/bin:$PATH"',
        ]

    def test_our_own_uv_is_copied_from_the_context(self) -> None:
        generated = with_uv("debian:12", _read(), UV, SETTINGS, "3.12")
        assert "\nCOPY uv /tmp/reconciler/uv\n" in generated.dockerfile
        assert generated.files["uv"] == UV

    def test_uv_is_taken_from_an_image_where_ours_does_not_run(self) -> None:
        generated = with_uv("debian:12", _read(), "ghcr.io/astral-sh/uv:0.9.1", SETTINGS, "3.12")
        assert "\nCOPY --from=ghcr.io/astral-sh/uv:0.9.1 /uv /tmp/reconciler/uv\n" in generated.dockerfile
        assert set(generated.files) == {"install.sh", "requirements.txt"}
        assert base_images(generated.dockerfile, {}) == ("debian:12", "ghcr.io/astral-sh/uv:0.9.1")

    @pytest.mark.parametrize(
        ("python", "argument"),
        [("=3.11", "3.11"), (">=3.11,<3.12", "'>=3.11,<3.12'"), ("", "3.12"), ("=3; rm -rf /", "'=3; rm -rf /'")],
    )
    def test_the_python_is_one_word_of_the_shell_and_ours_where_none_is_asked_for(
        self, python: str, argument: str
    ) -> None:
        generated = with_uv("debian:12", _read(f"python{python}"), UV, SETTINGS, "3.12")
        assert _run_lines(generated) == [f"RUN sh /tmp/reconciler/install.sh {argument}"]
        script = generated.files["install.sh"]
        assert isinstance(script, bytes)
        assert b'/uv venv --python "$1" ' in script

    def test_every_builder_can_read_it_where_no_secret_is_needed(self) -> None:
        assert not needs_buildkit(with_uv("debian:12", _read(), UV, SETTINGS, "3.12").dockerfile)


class TestWithMicromamba:
    def test_all_that_the_file_asks_for_is_installed_pip_section_included(self) -> None:
        written = _conda("python>=3.11,<3.12", "pip", "nvidia::cuda=12", {"pip": ["a>=1", "b"]}, channels=["defaults"])
        assert _conda_yaml(_micromamba(written)) == {
            "channels": ["defaults"],
            "dependencies": ["python>=3.11,<3.12", "pip", "nvidia::cuda=12", {"pip": ["a>=1", "b"]}],
        }

    @pytest.mark.parametrize("channels", [{}, {"channels": []}, {"channels": None}])
    def test_packages_come_from_conda_forge_where_the_file_names_no_channel(self, channels: dict[str, Any]) -> None:
        assert _conda_yaml(_micromamba(_conda("numpy", **channels)))["channels"] == ["conda-forge"]

    @pytest.mark.parametrize("pip", [[], ["--index-url https://example.org/simple"]])
    def test_a_pip_section_without_packages_is_left_out(self, pip: list[str]) -> None:
        assert _conda_yaml(_micromamba(_conda("numpy", "pip", {"pip": pip})))["dependencies"] == ["numpy", "pip"]

    def test_options_of_pip_are_no_packages(self) -> None:
        written = _conda("numpy", {"pip": ["--extra-index-url https://example.org", "a"]})
        assert _conda_yaml(_micromamba(written))["dependencies"] == ["numpy", {"pip": ["a"]}]

    def test_micromamba_comes_from_the_image_that_the_configuration_names(self) -> None:
        settings = BuildSettings(micromamba="registry.example.org/micromamba:2")
        generated = _micromamba(_conda("numpy"), settings)
        assert base_images(generated.dockerfile, {}) == ("registry.example.org/micromamba:2", "debian:12")
        assert generated.dockerfile.splitlines()[-3:] == [
            "FROM debian:12",
            "COPY --from=installed /opt/reconciler /opt/reconciler",
            'ENV CONDA_PREFIX=/opt/reconciler/environment PATH="/opt/reconciler/environment/bin:$PATH"',
        ]


class TestSecrets:
    settings = BuildSettings(
        secrets=(
            BuildSecret("pip", file="/etc/pip.conf", target="/etc/pip.conf"),
            BuildSecret("netrc", variable="NETRC", target="/root/.netrc"),
            BuildSecret("of-dockerfiles", variable="TOKEN"),
        )
    )
    mounts = "RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=netrc,target=/root/.netrc "

    def test_a_secret_with_a_target_is_mounted_where_something_is_installed(self) -> None:
        by_uv = with_uv("debian:12", _read(), UV, self.settings, "3.12")
        by_micromamba = _micromamba(_conda("numpy"), self.settings)
        for generated in (by_uv, by_micromamba):
            (line,) = _run_lines(generated)
            assert line.startswith(self.mounts)
            assert line.count("--mount") == 2
            assert needs_buildkit(generated.dockerfile)


class TestBases:
    @pytest.mark.parametrize(
        ("dependencies", "base"),
        [
            (["python=3.11"], "python:3.11-slim"),
            (["python=3.11.4"], "python:3.11-slim"),
            (["python==3.11.*"], "python:3.11-slim"),
            (["python>=3.11,<3.12"], "python:3-slim"),
            (["python=3"], "python:3-slim"),
            (["python"], "python:3-slim"),
            ([], "python:3-slim"),
            (["python=3.11", "numpy"], "debian:bookworm-slim"),
        ],
    )
    def test_the_base_where_the_manifest_names_none_is_the_python_that_is_asked_for(
        self, dependencies: list[str], base: str
    ) -> None:
        assert default_base(_read(*dependencies)) == base

    @pytest.mark.parametrize(
        ("image", "conda", "names"),
        [
            ("ubuntu:24.04", None, ("ubuntu:24.04",)),
            (None, None, ()),
            ("ubuntu:24.04", _read("python=3.11"), ("ubuntu:24.04",)),
            (None, _read("python=3.11"), ("python:3.11-slim",)),
            ("ubuntu:24.04", _read("numpy"), ("ubuntu:24.04", SETTINGS.micromamba)),
            (None, _read("numpy"), ("debian:bookworm-slim", SETTINGS.micromamba)),
        ],
    )
    def test_the_images_behind_an_environment_are_its_base_and_what_installs_it(
        self, image: str | None, conda: CondaFile | None, names: tuple[str, ...]
    ) -> None:
        assert names_for(image, conda, SETTINGS) == names

    @pytest.mark.parametrize("dependencies", [["python=3.11"], ["numpy"]])
    def test_they_are_the_images_of_the_dockerfile_that_is_generated(self, dependencies: list[str]) -> None:
        conda = _read(*dependencies)
        names = names_for(None, conda, SETTINGS)
        by_uv = with_uv(default_base(conda), conda, UV, SETTINGS, "3.12")
        generated = _micromamba(_conda(*dependencies)) if conda.packages else by_uv
        assert set(base_images(generated.dockerfile.replace("debian:12", default_base(conda)), {})) == set(names)
