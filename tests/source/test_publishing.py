"""What a release writes into a user's repository: one commit, and all of its tags or none."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError, UsageError
from reconciler.source.publishing import NewTag, Publication

from .git_repository import git
from .user_repository import UserRepository

COMPONENT = "components/split/component.yaml"
EDITS = {COMPONENT: b"version: 1.3.0\n"}


@pytest.fixture
def work(tmp_path: Path) -> UserRepository:
    return UserRepository(tmp_path / "work", tmp_path / "remote.git")


@pytest.fixture
def publication(work: UserRepository) -> Publication:
    return Publication(work.top)


def state(work: UserRepository) -> tuple[str, str, str, dict[str, tuple[bytes, int]]]:
    """All that a failure must leave as it was: HEAD, what is staged, what git sees and every file."""
    files = {
        str(file.relative_to(work.top)): (file.read_bytes(), file.stat().st_mode)
        for file in work.top.rglob("*")
        if file.is_file() and ".git" not in file.relative_to(work.top).parts
    }
    return work.head(), work.git("ls-files", "--stage"), work.git("status", "--porcelain"), files


# A work tree that may be written to


def test_a_clean_work_tree_with_untracked_files_is_fine(work: UserRepository, publication: Publication) -> None:
    (work.top / "notes.txt").write_text("mine")
    publication.require_clean()
    assert (publication.top, publication.branch, publication.head) == (work.top, "main", work.head())


@pytest.mark.parametrize("staged", [False, True])
def test_uncommitted_changes_are_named_with_what_to_do(
    work: UserRepository, publication: Publication, staged: bool
) -> None:
    work.commit({"mit Blank/größer.yaml": "1"})
    (work.top / "mit Blank" / "größer.yaml").write_text("2")
    (work.top / COMPONENT).unlink()
    if staged:
        work.git("add", "--all")
    with pytest.raises(UsageError) as refused:
        publication.require_clean()
    assert refused.value.message == f"there are uncommitted changes in `{COMPONENT}`, `mit Blank/größer.yaml`"
    assert refused.value.hint == "commit them, or put them aside with `git stash`"
    assert refused.value.place == str(work.top)


def test_of_many_changes_the_first_are_named(work: UserRepository, publication: Publication) -> None:
    for number in range(8):
        (work.top / f"new-{number}").write_text("1")
    work.git("add", "--all")
    with pytest.raises(UsageError, match="`new-4` and 3 more"):
        publication.require_clean()


@pytest.mark.parametrize(
    ("command", "operation"),
    [
        ("merge side", "merge"),
        ("rebase side", "rebase"),
        ("cherry-pick side", "cherry-pick"),
        ("revert side", "revert"),
    ],
)
def test_an_operation_under_way_is_named_with_how_to_end_it(
    work: UserRepository, publication: Publication, command: str, operation: str
) -> None:
    work.git("branch", "side")
    work.git("switch", "--quiet", "side")
    work.commit({"pipelines/loans.yaml": "a: side\n"})
    work.git("switch", "--quiet", "main")
    work.commit({"pipelines/loans.yaml": "a: main\n"})
    with pytest.raises(AssertionError):
        work.git(*command.split())
    with pytest.raises(UsageError) as refused:
        publication.require_clean()
    assert refused.value.message == f"a {operation} is under way"
    assert f"git {operation} --abort" in str(refused.value.hint)


def test_a_bisection_counts_as_well(work: UserRepository, publication: Publication) -> None:
    work.git("bisect", "start")
    with pytest.raises(UsageError, match="a bisection is under way"):
        publication.require_clean()


def test_outside_a_work_tree_it_says_where_to_go(work: UserRepository, tmp_path: Path) -> None:
    for folder in (tmp_path, work.remote, work.top / ".git"):
        with pytest.raises(UsageError, match="there is no work tree of a Git repository"):
            Publication(folder)


# The commit


def test_edits_are_committed_on_the_branch_and_nothing_else(work: UserRepository, publication: Publication) -> None:
    before = work.head()
    (work.top / "notes.txt").write_text("mine")
    commit = publication.commit_edits(EDITS, "Release split 1.3.0\n\n# not a comment\n")
    assert commit == work.head() == work.git("rev-parse", "main")
    assert work.git("rev-parse", "HEAD^") == before
    assert work.git("show", "--format=%an <%ae>%n%B", "--name-only", "HEAD").splitlines() == [
        *("Ada Lovelace <ada@example.org>", "Release split 1.3.0", "", "# not a comment", "", "", COMPONENT)
    ]
    assert work.git("show", f"HEAD:{COMPONENT}") == "version: 1.3.0"
    assert (work.top / COMPONENT).read_bytes() == EDITS[COMPONENT]
    assert work.git("status", "--porcelain") == "?? notes.txt"


def test_names_are_taken_as_they_are(work: UserRepository) -> None:
    names = ["mit Blank/größer ü.yaml", "-dash/-x.yaml", "*.yaml", ":(top)a", 'q"uote', os.fsdecode(b"latin\xe9.yaml")]
    work.commit(dict.fromkeys(["other.yaml", *names], "version: 1\n"))
    commit = Publication(work.top / "mit Blank").commit_edits(dict.fromkeys(names, b"version: 2\n"), "Release")
    listed = work.git("diff-tree", "-r", "-z", "--no-commit-id", "--name-only", commit).rstrip("\0").split("\0")
    assert sorted(listed) == sorted(names)
    assert work.git("status", "--porcelain") == ""


def test_modes_are_kept(work: UserRepository, publication: Publication) -> None:
    (work.top / COMPONENT).chmod(0o750)
    work.commit({}, "Executable")
    publication.commit_edits(EDITS, "Release")
    assert (work.top / COMPONENT).stat().st_mode & 0o777 == 0o750
    assert work.git("ls-files", "--stage", COMPONENT).startswith("100755")


@pytest.mark.parametrize("given", [b"version: 1.3.0\n", b"version: 1.3.0\r\n"])
@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_line_ends_stay_as_they_are_on_disk(work: UserRepository, given: bytes, autocrlf: str) -> None:
    work.git("config", "core.autocrlf", autocrlf)
    work.commit({COMPONENT: "version: 1.2.1\r\n"})
    Publication(work.top).commit_edits({COMPONENT: given}, "Release")
    assert (work.top / COMPONENT).read_bytes() == b"version: 1.3.0\r\n"
    expected = b"version: 1.3.0\r\n" if autocrlf == "false" else b"version: 1.3.0\n"
    shown = subprocess.run(["git", "show", f"HEAD:{COMPONENT}"], cwd=work.top, capture_output=True, check=True)
    assert shown.stdout == expected
    assert work.git("status", "--porcelain") == ""


def test_edits_that_change_nothing_make_no_commit(work: UserRepository, publication: Publication) -> None:
    before = state(work)
    assert publication.commit_edits({COMPONENT: b"version: 1.2.0\n"}, "Release") == before[0]
    assert publication.commit_edits({}, "Release") == before[0]
    assert state(work) == before


def test_a_linked_work_tree_commits_on_its_own_branch(work: UserRepository, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    work.git("worktree", "add", "--quiet", "-b", "side", str(linked))
    commit = Publication(linked / "components").commit_edits(EDITS, "Release")
    assert work.git("rev-parse", "side") == commit != work.head()
    assert git("status", "--porcelain", folder=linked) == work.git("status", "--porcelain") == ""


def test_a_repository_of_sha256_is_committed_to_and_tagged(tmp_path: Path) -> None:
    work = UserRepository(tmp_path / "work", tmp_path / "remote.git", object_format="sha256")
    publication = Publication(work.top)
    commit = publication.commit_edits(EDITS, "Release")
    publication.create_tags([NewTag("component/split/v1.3.0", commit, "component split 1.3.0\n")])
    assert len(commit) == 64
    assert work.git("rev-parse", "component/split/v1.3.0^{commit}") == commit


def test_hooks_of_the_user_run_and_may_change_what_is_committed(
    work: UserRepository, publication: Publication, tmp_path: Path
) -> None:
    (tmp_path / "hooks").mkdir()
    work.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    hook = tmp_path / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\necho '# formatted' >> {COMPONENT}\ngit add {COMPONENT}\n")
    hook.chmod(0o755)
    commit = publication.commit_edits(EDITS, "Release")
    assert work.git("show", f"{commit}:{COMPONENT}") == "version: 1.3.0\n# formatted"
    assert work.git("status", "--porcelain") == ""


@pytest.mark.parametrize("name", ["pre-commit", "commit-msg"])
def test_where_a_hook_refuses_all_is_as_before_and_its_words_are_told(
    work: UserRepository, publication: Publication, name: str
) -> None:
    work.hook(name, "echo 'line 3 is too long'\necho\necho 'one check failed' >&2\ntouch left; git add left; exit 1")
    (work.top / COMPONENT).chmod(0o755)
    work.git("config", "core.fileMode", "false")
    before = state(work)
    with pytest.raises(SourceError) as refused:
        publication.commit_edits(EDITS, "Release")
    assert refused.value.message == "git did not commit: line 3 is too long\none check failed"
    assert refused.value.hint == "mend what git or its hook says; files and index are as they were"
    (work.top / "left").unlink()
    assert state(work) == before


def test_where_the_commit_cannot_be_signed_all_is_as_before(work: UserRepository, publication: Publication) -> None:
    work.git("config", "commit.gpgSign", "true")
    work.git("config", "gpg.program", "false")
    before = state(work)
    with pytest.raises(SourceError, match="gpg failed to sign the data"):
        publication.commit_edits(EDITS, "Release")
    assert state(work) == before


def test_where_another_git_is_at_work_all_is_as_before(work: UserRepository, publication: Publication) -> None:
    (work.top / ".git" / "index.lock").touch()
    before = state(work)
    with pytest.raises(SourceError, match=r"index\.lock"):
        publication.commit_edits(EDITS, "Release")
    assert state(work) == before


def test_where_a_later_file_cannot_be_written_the_earlier_are_as_before(work: UserRepository) -> None:
    work.commit({"large/a.yaml": "version: 1\n"})
    before = state(work)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(SourceError) as refused:
            Publication(work.top).commit_edits({**EDITS, "large/a.yaml": b"x" * 200_000}, "Release")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (refused.value.place, refused.value.message) == (
        "large/a.yaml",
        "the file cannot be written: File too large",
    )
    assert state(work) == before


def test_a_file_that_git_was_told_not_to_look_at_is_not_released_without_its_version(
    work: UserRepository, publication: Publication
) -> None:
    work.git("update-index", "--assume-unchanged", COMPONENT)
    before = state(work)
    with pytest.raises(SourceError, match="git sees no change in what was written") as refused:
        publication.commit_edits(EDITS, "Release")
    assert refused.value.place == COMPONENT
    assert state(work) == before


def test_a_file_outside_a_sparse_checkout_is_named(work: UserRepository, publication: Publication) -> None:
    work.git("sparse-checkout", "set", "pipelines")
    with pytest.raises(UsageError, match="the file cannot be read") as refused:
        publication.commit_edits(EDITS, "Release")
    assert (refused.value.place, "sparse-checkout" in str(refused.value.hint)) == (COMPONENT, True)


@pytest.mark.parametrize(
    "path", ["none", "../outside", "/etc/hostname", "components", "link", ".git/config", "new", ""]
)
def test_only_files_that_git_tracks_are_edited(work: UserRepository, publication: Publication, path: str) -> None:
    (work.top / "link").symlink_to(COMPONENT)
    work.commit({})
    (work.top / "new").write_text("untracked")
    before = state(work)
    with pytest.raises((UsageError, SourceError)):
        publication.commit_edits({path: b"1"}, "Release")
    assert state(work) == before


def test_what_is_not_clean_is_not_committed_to(work: UserRepository, publication: Publication) -> None:
    (work.top / "pipelines" / "loans.yaml").write_text("a: 2\n")
    before = state(work)
    with pytest.raises(UsageError, match="uncommitted changes"):
        publication.commit_edits(EDITS, "Release")
    assert state(work) == before


def test_a_detached_head_is_tagged_but_not_committed_to(work: UserRepository, publication: Publication) -> None:
    work.git("checkout", "--quiet", "--detach")
    publication.require_clean()
    publication.create_tags([NewTag("a", work.head(), "a\n")])
    assert (publication.branch, work.tags()) == (None, ["a"])
    with pytest.raises(UsageError, match="HEAD is detached") as refused:
        publication.commit_edits(EDITS, "Release")
    assert "git switch BRANCH" in str(refused.value.hint)


def test_without_an_identity_nothing_is_written_and_the_lines_to_type_are_told(
    work: UserRepository, publication: Publication, user_settings: Path
) -> None:
    user_settings.write_text("")
    before = state(work)
    for act in (
        lambda: publication.commit_edits(EDITS, "Release"),
        lambda: publication.create_tags([NewTag("a", "HEAD", "a")]),
    ):
        with pytest.raises(UsageError) as refused:
            act()
        hint = 'type `git config user.name "YOUR NAME"` and `git config user.email YOU@EXAMPLE.ORG`'
        assert refused.value.hint == hint
    assert (state(work), work.tags()) == (before, [])


def test_an_interrupt_while_a_hook_runs_leaves_all_as_before(work: UserRepository) -> None:
    work.hook("pre-commit", "touch ../waiting\nsleep 60")
    before = state(work)
    code = (
        "import sys; from pathlib import Path; from reconciler.source.publishing import Publication\n"
        f"Publication(Path(sys.argv[1])).commit_edits({EDITS!r}, 'Release')"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(work.top)], stderr=subprocess.PIPE, process_group=0)
    try:
        while not (work.top.parent / "waiting").exists():
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it, to git and its hook as well
        assert b"KeyboardInterrupt" in process.communicate(timeout=30)[1]
    finally:
        process.kill()
        process.wait()
    assert state(work) == before


def test_a_commit_is_taken_back_with_all_that_belongs_to_it(work: UserRepository, publication: Publication) -> None:
    (work.top / "notes.txt").write_text("mine")
    before = state(work)
    commit = publication.commit_edits(EDITS, "Release")
    publication.take_back(commit, before[0])
    assert state(work) == before


def test_a_commit_on_which_others_follow_is_not_taken_back(work: UserRepository, publication: Publication) -> None:
    before = work.head()
    commit = publication.commit_edits(EDITS, "Release")
    work.commit({"README.md": "more"})
    after = state(work)
    publication.take_back(commit, before)
    assert state(work) == after


# The tags


def test_tags_are_annotated_with_their_message_as_it_is(work: UserRepository, publication: Publication) -> None:
    first = work.git("rev-parse", "HEAD")
    second = work.commit({"a": "1"})
    message = "component split 1.3.0\n\n- #1 mended (1a2b3c4d, Ada)\n# a line\n"
    publication.create_tags([NewTag("component/split/v1.3.0", first, message), NewTag("split@v1.3.0", second, "t\n")])
    assert work.git("cat-file", "tag", "component/split/v1.3.0").partition("\n\n")[2] == message.rstrip("\n")
    assert work.git("rev-parse", "component/split/v1.3.0^{commit}", "split@v1.3.0^{commit}").split() == [first, second]
    assert "tagger Ada Lovelace <ada@example.org>" in work.git("cat-file", "tag", "split@v1.3.0")


@pytest.mark.parametrize(
    ("names", "place"), [(["new", "old"], "old"), (["new", "new"], "new"), (["new", "a b"], "a b"), (["x..y"], "x..y")]
)
def test_a_name_that_is_taken_or_impossible_is_told_before_any_tag_is_made(
    work: UserRepository, publication: Publication, names: list[str], place: str
) -> None:
    publication.create_tags([NewTag("old", work.head(), "old\n")])
    with pytest.raises(UsageError) as refused:
        publication.create_tags([NewTag(name, work.head(), "t\n") for name in names])
    assert (refused.value.place, work.tags()) == (place, ["old"])


@pytest.mark.parametrize(("name", "commit"), [("old/new", "HEAD"), ("-x", "HEAD"), ("last", "1" * 40)])
def test_where_a_later_tag_fails_the_earlier_are_taken_back(
    work: UserRepository, publication: Publication, name: str, commit: str
) -> None:
    publication.create_tags([NewTag("old", work.head(), "old\n")])
    with pytest.raises(SourceError) as refused:
        publication.create_tags([NewTag("a", "HEAD", "a\n"), NewTag("b", "HEAD", "b\n"), NewTag(name, commit, "t\n")])
    assert (refused.value.place, work.tags()) == (name, ["old"])
    assert refused.value.hint == "no tag was made; mend what git says and run it again"


@pytest.mark.parametrize("setting", ["tag.gpgSign", "tag.forceSignAnnotated"])
def test_tags_are_signed_where_the_settings_say_so(
    work: UserRepository, publication: Publication, setting: str, tmp_path: Path
) -> None:
    signer = tmp_path / "gpg"
    signer.write_text(
        "#!/bin/sh\necho '[GNUPG:] SIG_CREATED ' >&2\ncat >/dev/null\necho '-----BEGIN PGP SIGNATURE-----'\n"
    )
    signer.chmod(0o755)
    work.git("config", setting, "true")
    work.git("config", "gpg.program", str(signer))
    publication.create_tags([NewTag("a", "HEAD", "a\n")])
    assert "-----BEGIN PGP SIGNATURE-----" in work.git("cat-file", "tag", "a")
    signer.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(SourceError, match="git did not tag"):
        publication.create_tags([NewTag("b", "HEAD", "b\n")])
    assert work.tags() == ["a"]


def test_no_tags_are_made_of_nothing(work: UserRepository, publication: Publication) -> None:
    publication.create_tags([])
    assert work.tags() == []


def test_a_repository_whose_hook_started_it_is_not_written_to(
    work: UserRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "--quiet", str(tmp_path / "hooked"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "hooked" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "hooked" / ".git" / "index"))
    publication = Publication(work.top)
    commit = publication.commit_edits(EDITS, "Release")
    publication.create_tags([NewTag("a", commit, "a\n")])
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert (work.head(), work.tags()) == (commit, ["a"])
    assert git("for-each-ref", folder=tmp_path / "hooked") == ""
