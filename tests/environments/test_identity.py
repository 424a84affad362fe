"""When an environment of the repository is the same environment, and when it is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.environments.base import EnvironmentSpec
from reconciler.environments.venv import VenvBuilder
from reconciler.manifests.loader import Loader
from reconciler.planning.environment_specs import environment_spec
from reconciler.source.worktree import worktree_snapshot

from .builds import MAKES_VENV, calls, fake_uv

CONDA = "dependencies:\n  - python=3.11\n  - pip:\n      - iniconfig==2.0.0\n"
WITH_FILE = "name: tiny\nversion: 1.0.0\nimage: ubuntu\nconda_file: conda.yaml\n"
INLINE = """name: tiny
version: 1.0.0
image: ubuntu
conda_file:
  name: x
  dependencies: [python=3.11, {pip: [a, b]}]
"""
CONTEXT = "name: tiny\nversion: 1.0.0\nbuild: {path: ., dockerfile_path: Dockerfile}\n"


def _digest(tmp_path: Path, files: dict[str, str]) -> str:
    """The digest of the only environment of a repository."""
    scratch = tmp_path / f"scratch{len(list(tmp_path.iterdir()))}"
    folder = scratch / "tree"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (scratch / "scratch").mkdir()
    worktree = worktree_snapshot(folder, scratch / "scratch")
    try:
        desired = Loader().load(worktree.snapshot, worktree.objects)
        assert desired.problems == ()
        [environment] = desired.environments
        return environment_spec(environment, desired).digest
    finally:
        worktree.objects.close()


def _with_file(manifest: str = WITH_FILE, conda: str = CONDA) -> dict[str, str]:
    return {"env/environment.yaml": manifest, "env/conda.yaml": conda}


def _with_context(manifest: str = CONTEXT, **files: str) -> dict[str, str]:
    names = {"environment.yaml": manifest, "Dockerfile": "FROM python\n", "requirements.txt": "a\n", **files}
    return {f"env/{name}": text for name, text in names.items()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_with_file(), _with_file(WITH_FILE.replace("1.0.0", "1.0.1"))),
        (_with_file(), _with_file(WITH_FILE.replace("tiny", "renamed"))),
        (_with_file(), _with_file(f"# a comment\n{WITH_FILE}description: another\n")),
        (_with_file(), {"elsewhere/environment.yml": WITH_FILE, "elsewhere/conda.yaml": CONDA}),
        (_with_file(), {**_with_file(), "env/notes.txt": "beside it"}),
        ({"e.yaml": INLINE}, {"e.yaml": INLINE.replace("  name: x\n", "") + "  name: x\n"}),
        ({"e.yaml": INLINE}, {"e.yaml": INLINE.replace("  name: x", "  # a comment\n  name: x")}),
        (_with_context(), _with_context(CONTEXT.replace("1.0.0", "2.0.0"))),
    ],
    ids=[
        "a new version",
        "a new name",
        "a comment in the manifest",
        "another folder",
        "a file beside the conda file",
        "another order of keys in an inline conda file",
        "a comment in an inline conda file",
        "a new version of a build context",
    ],
)
def test_what_is_built_the_same_has_the_same_digest(tmp_path: Path, one: dict[str, str], other: dict[str, str]) -> None:
    assert _digest(tmp_path, one) == _digest(tmp_path, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_with_file(), _with_file(conda=CONDA.replace("2.0.0", "2.0.1"))),
        (_with_file(), _with_file(conda=f"# a comment\n{CONDA}")),
        (_with_file(), _with_file(WITH_FILE.replace("ubuntu", "debian"))),
        ({"e.yaml": INLINE}, {"e.yaml": INLINE.replace("[a, b]", "[b, a]")}),
        (_with_context(), _with_context(**{"requirements.txt": "b\n"})),
        (_with_context(), _with_context(Dockerfile="FROM python:3.12\n")),
        (_with_context(), _with_context(**{"extra.txt": "in the context"})),
    ],
    ids=[
        "another requirement",
        "another byte of the conda file, even in a comment",
        "another image",
        "another order of requirements",
        "another requirements file",
        "another Dockerfile",
        "another file in the build context",
    ],
)
def test_what_may_be_built_differently_has_another_digest(
    tmp_path: Path, one: dict[str, str], other: dict[str, str]
) -> None:
    assert _digest(tmp_path, one) != _digest(tmp_path, other)


def test_a_new_version_with_the_same_content_builds_nothing(tmp_path: Path, folder: Path, log: Path) -> None:
    builder = VenvBuilder(folder, fake_uv(tmp_path, MAKES_VENV))
    for version in ("1.0.0", "1.0.1"):
        digest = _digest(tmp_path, _with_file(WITH_FILE.replace("1.0.0", version)))
        builder.build(EnvironmentSpec("tiny", version, digest), log)
    assert [call.split()[0] for call in calls(tmp_path)] == ["venv"]
