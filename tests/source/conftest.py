"""Git as it comes, without the settings of who runs the tests; a repository and its mirror."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.source.mirror import Mirror

from .git_repository import Repository


@pytest.fixture(autouse=True)
def user_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the user's git settings, with an identity and nothing else."""
    settings = tmp_path_factory.mktemp("home") / "gitconfig"
    settings.write_text("[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return settings


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "origin.git")


@pytest.fixture
def mirror(origin: Repository, tmp_path: Path) -> Iterator[Mirror]:
    followed = Mirror(origin.url, "main", tmp_path / "mirror.git")
    yield followed
    followed.close()
