"""What uv builds, and when."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reconciler.environments.base import EnvironmentSpec
from reconciler.environments.venv import VenvBuilder
from reconciler.model.errors import EnvironmentBuildError

from .builds import MAKES_VENV, TINY, calls, conda_spec, context_spec, fake_uv, output_of

OURS = f"{sys.version_info.major}.{sys.version_info.minor}"
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
_INSTALLED = "import importlib.metadata as m; print(*sorted(f'{d.name}=={d.version}' for d in m.distributions()))"


def test_the_packages_of_the_pip_section_are_there_and_no_others(builder: VenvBuilder, log: Path) -> None:
    venv = builder.build(conda_spec(TINY, python=f"={OURS}"), log)
    assert output_of(venv, _INSTALLED) == TINY
    assert output_of(venv, "import sys; print(sys.prefix)") == venv


def test_packages_are_compiled_so_that_the_first_step_is_as_quick_as_the_second(
    builder: VenvBuilder, log: Path
) -> None:
    venv = Path(builder.build(conda_spec(TINY), log))
    assert list(venv.glob("lib/python*/site-packages/iniconfig/__pycache__/*.pyc"))


@pytest.mark.parametrize("python", ["", f"={OURS}", f">={OURS},<{OURS}.99", f"=={OURS}.*"])
def test_the_python_is_the_one_that_is_asked_for(builder: VenvBuilder, log: Path, python: str) -> None:
    assert output_of(builder.build(conda_spec(python=python), log), _VERSION) == OURS


def test_the_same_content_is_built_once(folder: Path, tmp_path: Path, log: Path) -> None:
    builder = VenvBuilder(folder, fake_uv(tmp_path, MAKES_VENV))
    first = builder.build(conda_spec(TINY, name="one"), log)
    second = VenvBuilder(folder, fake_uv(tmp_path, MAKES_VENV)).build(conda_spec(TINY, name="other"), log)
    assert first == second == builder.location(conda_spec(TINY, name="third"))
    assert [call.split()[0] for call in calls(tmp_path)] == ["venv", "pip"]


def test_other_content_is_another_environment(folder: Path, tmp_path: Path, log: Path) -> None:
    builder = VenvBuilder(folder, fake_uv(tmp_path, MAKES_VENV))
    assert builder.build(conda_spec("a"), log) != builder.build(conda_spec("b"), log)
    assert builder.location(conda_spec("c")) is None


def test_uv_is_given_each_requirement_as_one_argument_that_is_no_option(
    folder: Path, tmp_path: Path, log: Path
) -> None:
    script = f'{MAKES_VENV}\nfor argument in "$@"; do echo "<$argument>"; done'
    VenvBuilder(folder, fake_uv(tmp_path, script)).build(conda_spec("a >= 1, < 2", "b[x]; python_version>'3'"), log)
    assert "<-->\n<a >= 1, < 2>\n<b[x]; python_version>'3'>\n" in log.read_text()


def test_the_log_holds_what_uv_was_told_and_what_it_said(builder: VenvBuilder, log: Path) -> None:
    builder.build(conda_spec(TINY), log)
    text = log.read_text()
    assert "$ uv venv --python" in text
    assert f"+ {TINY}" in text
    assert "\x1b" not in text


def test_an_environment_that_was_deleted_is_built_anew(builder: VenvBuilder, log: Path) -> None:
    spec = conda_spec()
    venv = Path(builder.build(spec, log))
    (venv / "bin" / "python").unlink()
    assert builder.location(spec) is None
    assert output_of(builder.build(spec, log), _VERSION) == OURS


def test_a_python_that_was_removed_from_the_machine_makes_its_environments_unusable(
    builder: VenvBuilder, log: Path, tmp_path: Path
) -> None:
    spec = conda_spec()
    python = Path(builder.build(spec, log)) / "bin" / "python"
    python.unlink()
    python.symlink_to(tmp_path / "uninstalled" / "python")
    assert builder.location(spec) is None


def test_a_project_in_the_folder_where_the_program_was_started_has_no_say(
    folder: Path, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv takes settings from the folder it runs in, and relative paths mean that folder."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "uv.toml").write_text("this is no TOML")
    monkeypatch.chdir(project)
    assert VenvBuilder(folder).build(conda_spec(TINY), log)


def test_a_relative_folder_for_environments_is_that_of_where_the_program_was_started(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    venv = VenvBuilder(Path("state/environments")).build(conda_spec(), log)
    assert Path(venv).parent == tmp_path / "state" / "environments"


def test_uv_gets_no_secret_of_the_daemon(
    folder: Path, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package runs code of its own when it is built."""
    monkeypatch.setenv("GITHUB_TOKEN", "a secret")
    monkeypatch.setenv("UV_INDEX_STRATEGY", "first-index")
    VenvBuilder(folder, fake_uv(tmp_path, f"{MAKES_VENV}\nenv")).build(conda_spec(), log)
    assert "a secret" not in log.read_text()
    assert "UV_INDEX_STRATEGY=first-index" in log.read_text()


def test_packages_of_conda_are_refused_by_name_with_two_ways_out(builder: VenvBuilder, folder: Path, log: Path) -> None:
    with pytest.raises(EnvironmentBuildError) as refused:
        builder.build(conda_spec(TINY, packages=("cudatoolkit=11.8", "conda-forge::lightgbm")), log)
    assert refused.value.message == (
        "the process engine cannot install conda packages: cudatoolkit=11.8, conda-forge::lightgbm"
    )
    assert refused.value.hint == "move them to the pip section, or use the Docker engine"
    assert not folder.exists()


def test_an_image_stands_for_a_bare_python_and_says_so(builder: VenvBuilder, log: Path) -> None:
    spec = EnvironmentSpec("base", "1.0.0", "0" * 64, image="docker.io/library/python:3.12")
    assert builder.notes(spec) == [
        "the process engine has no images: docker.io/library/python:3.12 stands for a bare Python"
    ]
    assert output_of(builder.build(spec, log), _VERSION) == OURS
    assert log.read_text().startswith("note: the process engine has no images")


def test_options_of_pip_are_noted_as_not_honoured(builder: VenvBuilder) -> None:
    spec = conda_spec("--index-url https://example.org/simple", TINY)
    assert builder.notes(spec) == ["not honoured, indexes are the machine's: --index-url https://example.org/simple"]


def test_the_requirements_beside_a_dockerfile_are_installed(builder: VenvBuilder, log: Path, tmp_path: Path) -> None:
    dockerfile = f"FROM python:{OURS}-slim\nCOPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt\n"
    spec = context_spec(tmp_path / "context", dockerfile, requirements=f"# a comment\n{TINY}\n")
    assert output_of(builder.build(spec, log), _INSTALLED) == TINY


def test_one_whose_python_does_not_start_is_broken_and_discarded_is_built_anew(
    folder: Path, tmp_path: Path, log: Path
) -> None:
    builder, spec = VenvBuilder(folder, fake_uv(tmp_path, MAKES_VENV)), conda_spec(TINY)
    assert builder.broken(spec) == ""
    python = Path(builder.build(spec, log)) / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho no module named encodings >&2; exit 1\n")
    python.chmod(0o755)
    assert builder.broken(spec) == "its Python does not start: no module named encodings"
    builder.discard(spec)
    assert builder.location(spec) is None
    assert builder.build(spec, log)


def test_one_whose_python_works_is_not_broken(builder: VenvBuilder, log: Path) -> None:
    builder.build(conda_spec(), log)
    assert builder.broken(conda_spec()) == ""
