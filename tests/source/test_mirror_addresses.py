"""Which addresses are those of a repository; those that could run a program are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import SourceError, UsageError
from reconciler.source.mirror import Mirror

from .git_repository import Repository


@pytest.mark.parametrize(
    "address",
    [
        "",
        "-u",
        "--upload-pack=touch was-run",
        "-oProxyCommand=x@example.org:a.git",
        "ext::sh -c 'touch was-run'",
        "fd::3",
        "transport::/srv/a.git",
        "ftp://example.org/a.git",
        "javascript://a",
        "git://example.org/a.git",
    ],
)
def test_what_is_no_address_of_a_repository_is_refused_before_git_sees_it(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        Mirror(address, "main", tmp_path / "mirror.git")
    assert refused.value.place == address
    assert refused.value.hint == "name a folder, or a URL that starts with https://, ssh:// or file://"


def test_a_refused_address_is_shown_without_its_credentials(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        Mirror("ftp://ada:secret@example.org/a.git", "main", tmp_path / "mirror.git")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/team/a.git",
        "http://127.0.0.1:8080/a.git",
        "ssh://git@example.org:2222/a.git",
        "git@github.com:team/a.git",
        "file:///srv/git/a.git",
        "/srv/git/a.git",
        "./a",
        "../a",
        "~/a",
        "a",
        "team/a",
    ],
)
def test_folders_and_the_usual_urls_are_addresses(address: str, tmp_path: Path) -> None:
    Mirror(address, "main", tmp_path / "mirror.git").close()


@pytest.mark.parametrize(
    "address", ["ssh://-oProxyCommand=touch%20{mark}/a", "ssh://-oProxyCommand=touch${{IFS}}{mark}/a"]
)
def test_a_host_that_would_be_an_option_of_ssh_runs_nothing(address: str, tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    with pytest.raises(SourceError):
        Mirror(address.format(mark=mark), "main", tmp_path / "mirror.git").remote_head()
    assert not mark.exists()


def test_the_home_folder_is_written_as_a_tilde(
    origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = origin.commit({"a": "1"})
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Mirror("~/origin.git", "main", tmp_path / "mirror.git").remote_head() == commit


def test_a_file_url_is_followed(origin: Repository, tmp_path: Path) -> None:
    commit = origin.commit({"a": "1"})
    assert Mirror(f"file://{origin.path}", "main", tmp_path / "mirror.git").fetch() == commit
