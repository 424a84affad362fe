"""The commits between two releases, and the message of a tag that lists them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.errors import SourceError
from reconciler.model.snapshot import Commit
from reconciler.source.changelog import changelog, commits_touching, one_line
from reconciler.source.plumbing import Git
from reconciler.source.publishing import NewTag, Publication

from .git_repository import Repository, git
from .user_repository import UserRepository


@pytest.fixture
def work(tmp_path: Path) -> UserRepository:
    return UserRepository(tmp_path / "work", tmp_path / "remote.git")


def subjects(folder: Path, paths: list[str], since: str | None = None, until: str = "HEAD") -> list[str]:
    return [commit.subject for commit in commits_touching(Git(None, folder=folder), paths, since, until)]


def test_the_commits_that_touched_a_folder_are_listed_newest_first(work: UserRepository) -> None:
    work.commit({"components/split/src/run.py": "1"}, "Code")
    work.commit({"pipelines/loans.yaml": "a: 2\n"}, "Something else")
    work.commit({"components/split/src/run.py": "2"}, "Better code")
    assert subjects(work.top, ["components/split"]) == ["Better code", "Code", "First"]
    assert subjects(work.top, ["pipelines", "components/split/src/run.py"]) == [
        *("Better code", "Something else", "Code", "First")
    ]
    assert subjects(work.top, []) == []


def test_those_after_a_commit_up_to_another_are_listed(work: UserRepository) -> None:
    since = work.head()
    until = work.commit({"a": "1"}, "Within")
    work.commit({"a": "2"}, "Later")
    assert subjects(work.top, ["a"], since) == ["Later", "Within"]
    assert subjects(work.top, [""], since, until) == ["Within"]
    assert subjects(work.top, ["a"], "HEAD") == []


def test_a_commit_is_told_with_its_author_and_moment(origin: Repository) -> None:
    commit = origin.commit({"a": "1"}, author="Zoë Ångström <zoe@example.org>", message="Größer\n\nAnd a body")
    told = Commit(commit, "Zoë Ångström <zoe@example.org>", "2023-11-14T22:13:20Z", "Größer")
    assert commits_touching(Git(origin.path), ["a"], None, "main") == [told]


def test_a_moment_that_no_calendar_has_is_the_last_one(work: UserRepository) -> None:
    head = f"tree {work.git('rev-parse', 'HEAD^{tree}')}\nauthor A <a@b> 99999999999999 +0100\n"
    content = f"{head}committer A <a@b> 1 +0100\n\nFar away"
    commit = git("hash-object", "-t", "commit", "-w", "--stdin", folder=work.top, given=content.encode())
    (told,) = commits_touching(Git(None, folder=work.top), ["pipelines"], None, commit)
    assert told.authored == "9999-12-31T23:59:59Z"


def test_paths_are_meant_literally_and_from_the_top(work: UserRepository) -> None:
    strange = [":(exclude)a", "*", "-x", "mit Blank/ü.yaml", 'q"uote']
    for path in strange:
        work.commit({path: "1"}, path)
    for path in strange:
        assert subjects(work.top / "pipelines", [path]) == [path]


def test_settings_of_the_user_do_not_change_what_is_listed(work: UserRepository) -> None:
    work.git("mv", "pipelines/loans.yaml", "pipelines/renamed.yaml")
    work.commit({}, "Renamed")
    for name, value in {"log.follow": "true", "log.showSignature": "true", "i18n.logOutputEncoding": "latin1"}.items():
        work.git("config", name, value)
    work.commit({"pipelines/renamed.yaml": "a: 3\n"}, "Größer")
    assert subjects(work.top, ["pipelines/renamed.yaml"]) == ["Größer", "Renamed"]


def test_commits_of_merged_branches_are_listed_and_merges_that_changed_nothing_are_not(work: UserRepository) -> None:
    since = work.head()
    work.git("switch", "--quiet", "-c", "side")
    work.commit({"components/split/a": "1"}, "On the side")
    work.git("switch", "--quiet", "main")
    work.commit({"components/split/b": "1"}, "On main")
    work.git("merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    assert sorted(subjects(work.top, ["components/split"], since)) == ["On main", "On the side"]


def test_a_merge_of_two_parts_of_one_file_changed_nothing_itself(work: UserRepository) -> None:
    lines = [f"{number}\n" for number in range(20)]
    since = work.commit({"pipelines/loans.yaml": "".join(lines)}, "Long")
    work.git("switch", "--quiet", "-c", "side")
    work.commit({"pipelines/loans.yaml": "".join(["first\n", *lines])}, "On the side")
    work.git("switch", "--quiet", "main")
    work.commit({"pipelines/loans.yaml": "".join([*lines, "last\n"])}, "On main")
    work.git("merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    assert sorted(subjects(work.top, ["pipelines"], since)) == ["On main", "On the side"]


def test_a_merge_that_settled_a_conflict_is_listed(work: UserRepository) -> None:
    since = work.head()
    work.git("switch", "--quiet", "-c", "side")
    work.commit({"pipelines/loans.yaml": "a: side\n"}, "On the side")
    work.git("switch", "--quiet", "main")
    work.commit({"pipelines/loans.yaml": "a: main\n"}, "On main")
    with pytest.raises(AssertionError):
        work.git("merge", "--quiet", "--no-ff", "side")
    work.commit({"pipelines/loans.yaml": "a: both\n"}, "Merge side")
    assert subjects(work.top, ["pipelines"], since)[0] == "Merge side"
    assert subjects(work.top, ["components"], since) == []


def test_the_same_change_on_two_branches_is_listed_twice(work: UserRepository) -> None:
    since = work.head()
    work.git("switch", "--quiet", "-c", "side")
    work.commit({"a": "1"}, "On the side")
    work.git("switch", "--quiet", "main")
    work.commit({"a": "1"}, "On main")
    work.git("merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    assert sorted(subjects(work.top, ["a"], since)) == ["On main", "On the side"]


def test_a_repository_of_sha256_is_read_too(tmp_path: Path) -> None:
    work = UserRepository(tmp_path / "work", tmp_path / "remote.git", object_format="sha256")
    assert [len(commit.id) for commit in commits_touching(Git(None, folder=work.top), ["pipelines"], None)] == [64]


@pytest.mark.parametrize("commit", ["1" * 40, "none", "--all", ""])
def test_a_commit_that_is_not_there_is_named_with_what_a_clone_may_lack(work: UserRepository, commit: str) -> None:
    with pytest.raises(SourceError) as refused:
        subjects(work.top, ["pipelines"], commit)
    assert refused.value.message == f"the repository has no commit `{commit}`"
    assert "git fetch --unshallow --tags" in str(refused.value.hint)


def a_commit(subject: str, author: str = "Ada Lovelace <ada@example.org>") -> Commit:
    return Commit("1a2b3c4d" * 5, author, "2024-01-01T00:00:00Z", subject)


def test_a_changelog_has_a_title_what_changed_and_the_commits() -> None:
    told = changelog(
        "component split 1.3.0",
        ["minor: optional input seed added", "patch: code changed"],
        [a_commit("Add a seed"), a_commit("Tidy", "bot")],
    )
    assert told == (
        "component split 1.3.0\n\n"
        "minor: optional input seed added\npatch: code changed\n\n"
        "- Add a seed (1a2b3c4d, Ada Lovelace)\n- Tidy (1a2b3c4d, bot)\n"
    )


def test_without_changes_or_commits_only_the_title_is_left() -> None:
    assert changelog("component split 1.3.0", [], []) == "component split 1.3.0\n"
    assert changelog("t", [], [a_commit("")]) == "t\n\n- (no subject) (1a2b3c4d, Ada Lovelace)\n"


def test_long_lists_and_subjects_are_cut_and_say_so() -> None:
    lines = changelog("t", ["patch: a"] * 201, [a_commit("x" * 300)] * 237).splitlines()
    assert (lines[202], lines[-1], len(lines)) == ("and 1 more", "and 37 more", 2 + 201 + 1 + 201)
    assert lines[204].startswith("- " + "x" * 199 + "… (")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred\x07", "a[31mred"),
        ("two\nlines\r\n\tand a tab", "two lines and a tab"),
        ("turned \u202eround\u2069", "turned round"),
        ("lone \udcff", "lone"),
        ("# not a comment", "# not a comment"),
        ("👩‍🔬 ü", "👩‍🔬 ü"),
    ],
)
def test_what_a_terminal_would_obey_is_left_out(text: str, shown: str) -> None:
    assert one_line(text) == shown


TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        "# comment",
        "-----BEGIN PGP SIGNATURE-----",
        "",
        "tree 1234",
        "# ------------------------ >8 ------------------------",
    ]
)


@settings(max_examples=25, deadline=None)
@given(title=TEXT.filter(lambda text: one_line(text) != ""), changes=st.lists(TEXT, max_size=3), said=st.lists(TEXT))
def test_whatever_commits_say_the_tag_holds_it_line_by_line(title: str, changes: list[str], said: list[str]) -> None:
    message = changelog(title, [f"minor: {each}" for each in changes], [a_commit(each, each) for each in said])
    with tempfile.TemporaryDirectory() as name:
        git("init", "--quiet", name)
        git("commit", "--quiet", "--allow-empty", "-m", "First", folder=Path(name))
        Publication(Path(name)).create_tags([NewTag("t", "HEAD", message)])
        held = git("cat-file", "tag", "t", folder=Path(name)).partition("\n\n")[2]
    # From the bytes, for which a form feed ends no line.
    assert held.split("\n") == message.rstrip("\n").split("\n")
    assert held.split("\n")[0] == one_line(title)
    assert len([line for line in held.split("\n") if line.startswith("- ")]) == len(said)
