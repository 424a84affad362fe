"""A branch and its tags on the way to a remote: all or nothing, and what is said where it refuses."""

from __future__ import annotations

import shlex
import socket
import subprocess
import time
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError, UsageError
from reconciler.source.plumbing import Git
from reconciler.source.publishing import NewTag, Publication
from reconciler.source.pushing import Pushed, default_remote, push_command

from .git_over_http import serving
from .git_repository import git
from .user_repository import UserRepository

TAGS = ("component/split/v1.3.0", "pipeline/loans/v2.0.0")
LATER = "git push --atomic origin main tag component/split/v1.3.0 tag pipeline/loans/v2.0.0"


@pytest.fixture
def work(tmp_path: Path) -> UserRepository:
    """A work tree with a commit and two tags that its remote does not have."""
    work = UserRepository(tmp_path / "work", tmp_path / "remote.git")
    publication = Publication(work.top)
    commit = publication.commit_edits({"components/split/component.yaml": b"version: 1.3.0\n"}, "Release")
    publication.create_tags([NewTag(tag, commit, f"{tag}\n") for tag in TAGS])
    return work


def push(work: UserRepository, branch: str | None = "main", remote: str = "origin", seconds: float = 60) -> Pushed:
    return Publication(work.top).push(remote, branch, TAGS, seconds)


def refused_push(work: UserRepository, branch: str | None = "main", seconds: float = 60) -> SourceError:
    with pytest.raises(SourceError) as refused:
        push(work, branch, seconds=seconds)
    return refused.value


def refs(work: UserRepository) -> dict[str, str]:
    listed = work.at_remote("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ") for line in listed)


def somebody_pushes(work: UserRepository, *names: str) -> Path:
    """A commit on the remote's main by somebody else, and tags of theirs."""
    other = work.top.parent / "other"
    git("clone", "--quiet", str(work.remote), str(other))
    git("commit", "--quiet", "--allow-empty", "-m", "Theirs", folder=other)
    for name in names:
        git("tag", "-a", "-m", "theirs", name, folder=other)
    git("push", "--quiet", "origin", "main", *names, folder=other)
    return other


def test_branch_and_tags_arrive(work: UserRepository) -> None:
    assert push(work) == Pushed("origin", ("main", *TAGS), is_atomic=True)
    arrived = refs(work)
    assert arrived["refs/heads/main"] == work.head()
    assert arrived.keys() == {"refs/heads/main", *(f"refs/tags/{tag}" for tag in TAGS)}
    assert work.at_remote("rev-parse", f"{TAGS[0]}^{{commit}}") == work.head()
    assert push(work).arrived == ("main", *TAGS)


def test_only_what_is_named_is_pushed(work: UserRepository) -> None:
    work.git("tag", "-a", "-m", "mine", "mine")
    work.git("config", "push.followTags", "true")
    work.git("config", "remote.origin.push", "+refs/*:refs/*")
    before = refs(work)
    assert push(work, branch=None).arrived == TAGS
    assert refs(work).keys() == {*before, *(f"refs/tags/{tag}" for tag in TAGS)}
    assert refs(work)["refs/heads/main"] == before["refs/heads/main"]
    assert Publication(work.top).push("origin", None, []) == Pushed("origin", ())


def test_a_branch_that_follows_one_of_another_name_is_pushed_there(work: UserRepository) -> None:
    work.git("switch", "--quiet", "-c", "work/größer")
    work.git("branch", "--quiet", "--set-upstream-to=origin/main")
    head = work.commit({}, "More")
    push(work, "work/größer")
    assert refs(work)["refs/heads/main"] == head
    assert "refs/heads/work/größer" not in refs(work)


def test_a_linked_work_tree_and_a_repository_of_sha256_are_pushed(tmp_path: Path) -> None:
    work = UserRepository(tmp_path / "work", tmp_path / "remote.git", object_format="sha256")
    linked = tmp_path / "linked"
    work.git("worktree", "add", "--quiet", "-b", "side", str(linked))
    publication = Publication(linked / "components")
    publication.create_tags([NewTag("a", "HEAD", "a\n")])
    assert publication.push("origin", "side", ["a"]).arrived == ("side", "a")
    assert work.at_remote("rev-parse", "side") == work.head()


def test_a_server_that_cannot_do_all_or_nothing_gets_one_after_the_other(work: UserRepository) -> None:
    work.at_remote("config", "receive.advertiseAtomic", "false")
    assert push(work) == Pushed("origin", ("main", *TAGS), is_atomic=False)
    assert refs(work)["refs/heads/main"] == work.head()
    assert len(refs(work)) == 3


def test_there_what_arrived_before_a_refusal_is_told(work: UserRepository) -> None:
    work.at_remote("config", "receive.advertiseAtomic", "false")
    work.hook("update", 'case $1 in refs/tags/pipeline/*) echo "no pipelines"; exit 1;; esac', at_remote=True)
    refused = refused_push(work)
    assert refused.message == (
        "the remote refused `pipeline/loans/v2.0.0`: hook declined: no pipelines; "
        "this arrived: main, component/split/v1.3.0"
    )
    assert str(refused.hint).endswith(f"`{LATER.replace(' --atomic', '')}`")
    assert refs(work).keys() == {"refs/heads/main", "refs/tags/component/split/v1.3.0"}


def test_there_no_tag_is_pushed_whose_branch_was_refused(work: UserRepository) -> None:
    work.at_remote("config", "receive.advertiseAtomic", "false")
    somebody_pushes(work)
    assert "has commits that are not here" in refused_push(work).message
    assert refs(work).keys() == {"refs/heads/main"}


def test_what_a_hook_refuses_stays_here_and_the_command_for_later_works(work: UserRepository) -> None:
    work.hook("pre-receive", "echo 'closed for the night'; echo 'ask Ada' >&2; exit 1", at_remote=True)
    before = (work.head(), work.tags(), refs(work))
    refused = refused_push(work)
    assert refused.message == (
        "the remote refused `main`, `component/split/v1.3.0`, `pipeline/loans/v2.0.0`: "
        "pre-receive hook declined: closed for the night\nask Ada"
    )
    assert refused.hint == f"mend what the remote says; push it later with `{LATER}`"
    assert refused.place == f"file://{work.remote}"
    assert (work.head(), work.tags(), refs(work)) == before
    (work.remote / "hooks" / "pre-receive").unlink()
    subprocess.run(shlex.split(LATER), cwd=work.top, check=True, capture_output=True)
    assert len(refs(work)) == 3


def test_of_an_atomic_push_the_one_that_was_refused_is_named(work: UserRepository) -> None:
    work.hook("update", 'case $1 in refs/tags/pipeline/*) echo "no pipelines"; exit 1;; esac', at_remote=True)
    assert refused_push(work).message == "the remote refused `pipeline/loans/v2.0.0`: hook declined: no pipelines"
    assert refs(work).keys() == {"refs/heads/main"}


def test_a_protected_branch_is_told_as_one(work: UserRepository) -> None:
    said = "GitLab: You are not allowed to push code to protected branches on this project."
    work.hook("update", f'case $1 in refs/heads/*) echo "{said}"; exit 1;; esac', at_remote=True)
    refused = refused_push(work)
    assert refused.message == f"the remote refused `main`: hook declined: {said}"
    assert "allow the one who releases to push there" in str(refused.hint)


def test_commits_of_others_are_to_be_pulled_first_and_then_it_works(work: UserRepository) -> None:
    somebody_pushes(work)
    refused = refused_push(work)
    assert refused.message == "the remote's `main` has commits that are not here"
    assert "`git pull --no-rebase origin main`" in str(refused.hint)
    assert str(refused.hint).endswith(f"`{LATER}`")
    assert refs(work).keys() == {"refs/heads/main"}
    work.git("pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main")
    push(work)
    assert work.at_remote("merge-base", "--is-ancestor", TAGS[0], "main") == ""


def test_a_tag_that_somebody_else_made_is_named(work: UserRepository) -> None:
    somebody_pushes(work, TAGS[1])
    before = refs(work)
    refused = refused_push(work)
    assert refused.message == f"the remote has another tag `{TAGS[1]}` already"
    assert refused.hint == f"somebody released it too: `git tag -d {TAGS[1]}`, pull, and release the next version"
    assert refs(work) == before


def test_the_users_own_hook_may_refuse(work: UserRepository) -> None:
    work.hook("pre-push", "echo 'two tests fail'; echo 'see above' >&2; exit 1")
    refused = refused_push(work)
    assert refused.message == "two tests fail\nsee above"
    assert str(refused.hint).startswith("mend what git or its hook says")
    assert refs(work).keys() == {"refs/heads/main"}


@pytest.mark.parametrize("given", ["", "ada:the-secret@"])
def test_without_the_right_credentials_the_hint_speaks_of_them_and_nothing_tells_them(
    work: UserRepository, given: str
) -> None:
    with serving(work.remote.parent, credentials="ada:another") as host:
        work.git("remote", "set-url", "origin", f"http://{given}{host}/remote.git")
        refused = refused_push(work)
    assert "the remote does not let you in" in str(refused.hint)
    assert "the-secret" not in str(refused)
    assert host in str(refused.place)


def test_over_http_with_credentials_it_arrives(work: UserRepository) -> None:
    work.at_remote("config", "http.receivepack", "true")
    with serving(work.remote.parent, credentials="ada:secret") as host:
        work.git("remote", "set-url", "--push", "origin", f"http://ada:secret@{host}/remote.git")
        assert push(work).arrived == ("main", *TAGS)
    assert refs(work)["refs/heads/main"] == work.head()


def test_a_remote_that_is_gone_or_down_is_named_with_what_to_check(work: UserRepository) -> None:
    work.git("remote", "set-url", "origin", f"file://{work.top.parent}/none.git")
    assert "check the address with `git remote -v`" in str(refused_push(work).hint)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    work.git("remote", "set-url", "origin", f"http://127.0.0.1:{port}/a.git")
    refused = refused_push(work)
    assert "is the network up" in str(refused.hint)
    assert refused.place == f"http://127.0.0.1:{port}/a.git"


def test_a_remote_that_never_answers_is_given_up_after_a_while(work: UserRepository) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        work.git("remote", "set-url", "origin", f"http://ada:secret@127.0.0.1:{silent.getsockname()[1]}/a.git")
        started = time.monotonic()
        refused = refused_push(work, seconds=0.3)
        assert time.monotonic() - started < 5
    assert refused.message == "the push was not done within 0.3 seconds, and may have arrived or not"
    assert str(refused.hint).endswith(f"Pushing once more does no harm: `{LATER}`")
    assert "secret" not in str(refused)


def test_a_branch_that_does_not_exist_is_told(work: UserRepository) -> None:
    assert "src refspec refs/heads/none does not match any" in refused_push(work, "none").message


def test_a_remote_that_is_not_configured_is_told_with_those_that_are(work: UserRepository) -> None:
    with pytest.raises(UsageError, match="there is no remote `--upload-pack=x`") as refused:
        push(work, remote="--upload-pack=x")
    assert refused.value.hint == "the remotes are origin"
    work.git("remote", "remove", "origin")
    with pytest.raises(UsageError) as refused:
        push(work)
    assert refused.value.hint == "add one with `git remote add origin URL`"


def test_the_command_to_type_does_the_same(work: UserRepository) -> None:
    work.git("tag", "v1")
    work.commit({"README.md": "more"})
    command = push_command(work.top, "origin", "main", ["v1"])
    assert command == "git push --atomic origin main tag v1"
    work.git(*shlex.split(command)[1:])
    assert work.at_remote("rev-parse", "main") == work.head()
    with pytest.raises(UsageError, match="there is no remote `upstream`"):
        push_command(work.top, "upstream", "main", ["v1"])


# Which remote


@pytest.fixture
def plain(tmp_path: Path) -> Git:
    """A repository of one commit that has no remote yet."""
    git("init", "--quiet", "--initial-branch=main", str(tmp_path / "plain"))
    git("commit", "--quiet", "--allow-empty", "-m", "First", folder=tmp_path / "plain")
    return Git(None, folder=tmp_path / "plain")


def add(repository: Git, *remotes: str) -> None:
    for remote in remotes:
        repository.run("remote", "add", remote, "file:///nowhere.git")


def test_the_remote_that_the_branch_follows_comes_first(plain: Git) -> None:
    add(plain, "origin", "company")
    plain.run("config", "branch.main.remote", "company")
    plain.run("config", "branch.main.merge", "refs/heads/trunk")
    assert default_remote(plain, "main") == "company"
    assert default_remote(plain, "other") == default_remote(plain, None) == "origin"


@pytest.mark.parametrize("followed", [".", "gone"])
def test_a_branch_that_follows_none_of_them_goes_to_origin(plain: Git, followed: str) -> None:
    add(plain, "company", "origin")
    plain.run("config", "branch.main.remote", followed)
    plain.run("config", "branch.main.merge", "refs/heads/main")
    assert default_remote(plain, "main") == "origin"


def test_the_only_one_is_taken_whatever_its_name(plain: Git) -> None:
    add(plain, "company")
    assert default_remote(plain, "main") == "company"


def test_without_a_remote_or_with_several_it_says_what_to_type(plain: Git) -> None:
    with pytest.raises(UsageError, match="there is no remote to push to") as refused:
        default_remote(plain, "main")
    assert refused.value.hint == "add one with `git remote add origin URL`"
    add(plain, "a", "b")
    with pytest.raises(UsageError, match="none is called origin") as refused:
        default_remote(plain, "main")
    assert str(refused.value.hint).startswith("name one of a, b")
