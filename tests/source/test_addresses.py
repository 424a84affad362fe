"""What is read off the address of a repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.source.addresses import absolute, repository_of, scheme_of, server_of


@pytest.mark.parametrize(
    ("url", "scheme", "server"),
    [
        ("https://ada:p@Example.org/a.git", "https", "example.org"),
        ("http://127.0.0.1:8080/a.git", "http", "127.0.0.1:8080"),
        ("ssh://git@example.org:2222/a.git", "ssh", "example.org:2222"),
        ("git@Example.org:team/a.git", "ssh", "example.org"),
        ("file:///srv/a.git", "file", ""),
        ("/srv/a.git", "file", ""),
        ("./a@b/c:d", "file", ""),
    ],
)
def test_the_scheme_and_the_server_of_an_address(url: str, scheme: str, server: str) -> None:
    assert scheme_of(url) == scheme
    assert server_of(url) == (scheme, server)


def test_a_path_is_taken_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("./a") == str(tmp_path / "a")
    assert absolute("git@example.org:a") == "git@example.org:a"
    assert absolute("https://example.org/a") == "https://example.org/a"


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:p@Example.org/team/loans.git",
        "https://***@example.org/team/loans",
        "ssh://git@example.org:2222/team/loans.git/",
        "git@example.org:team/loans.git",
    ],
)
def test_one_repository_is_known_by_all_its_addresses(url: str) -> None:
    assert repository_of(url) == ("example.org", "team/loans")


def test_a_repository_of_this_machine_is_known_by_its_folder(tmp_path: Path) -> None:
    known = repository_of(f"file://{tmp_path}/loans.git")
    assert known == repository_of("../loans.git", tmp_path / "work") == repository_of(str(tmp_path / "loans"))
    assert known != repository_of(str(tmp_path / "fraud"))
