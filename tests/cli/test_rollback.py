"""`rollback` and `unpin`, with a daemon and without one."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli.person import caller
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.daemon.daemon_process import DaemonProcess, runs, to_its_end, until
from tests.daemon.origin import Origin, pipeline

from .program import reconciler

GREET = "greet.yaml"


class Followed:
    """A pipeline that changed in each of three revisions, each of which was applied and run."""

    def __init__(self, origin: Origin, state: Path, commits: list[str]) -> None:
        self.origin = origin
        self.state = state
        self.commits = commits

    def push(self, word: str) -> None:
        self.commits.append(self.origin.push({GREET: pipeline(f"echo {word}")}))

    def once(self) -> int:
        return to_its_end(self.origin.url, self.state, "--once").code

    @property
    def current(self) -> tuple[str, str]:
        """The newest run: its number, and the run that it restored."""
        newest = runs(self.state)[-1]
        return newest.id, newest.restored_from

    def row(self, kind: str, name: str) -> dict[str, str]:
        rows = reconciler("get", kind, "--state", self.state).table
        return next(row for row in rows if row["NAME"] == name)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """Copied by each test: to follow takes longer than all else."""
    folder = tmp_path_factory.mktemp("followed")
    made = Followed(Origin(folder / "git"), folder / "state", [])
    for word in ("one", "two", "three"):
        made.push(word)
        assert made.once() == 0
    return made


@pytest.fixture
def followed(template: Followed, tmp_path: Path, state: Path) -> Followed:
    shutil.copytree(template.state.parent, tmp_path, dirs_exist_ok=True)
    origin = template.origin.moved(tmp_path / "git")
    kept = State(StateFolder(state))
    source = kept.sources.get("main")
    assert source is not None
    kept.sources.save(replace(source, url=str(origin.url)))
    kept.close()
    return Followed(origin, state, [*template.commits])


class TestWithoutDaemon:
    def test_a_pipeline_goes_back_by_one_and_stays_there(self, followed: Followed) -> None:
        answer = reconciler("rollback", "greet", "--reason", "worse  recall", "--state", followed.state)
        assert (answer.code, answer.err) == (0, "")
        first, second = answer.out.splitlines()
        told = f"pinned to main@sha1:{followed.commits[1][:10]} by {caller()} since 20"
        assert first.startswith(f"pipeline greet: {told}")
        assert first.endswith(": worse recall")
        assert second == "newer revisions start nothing of it until `reconciler unpin greet`"
        assert followed.once() == 0
        assert followed.current == ("greet-4", "greet-2")
        followed.push("four")
        assert followed.once() == 0
        assert followed.current == ("greet-4", "greet-2")
        assert followed.row("pipelines", "greet")["MESSAGE"].startswith(told)
        described = reconciler("describe", "pipeline", "greet", "--state", followed.state).out
        assert f"pinned     to main@sha1:{followed.commits[1][:10]} by {caller()}" in described

    def test_again_it_goes_back_further_until_there_is_nothing_more(self, followed: Followed) -> None:
        for expected in ("greet-2", "greet-1"):
            assert reconciler("rollback", "greet", "--state", followed.state).code == 0
            followed.once()
            assert followed.current[1] == expected
        answer = reconciler("rollback", "greet", "--state", followed.state)
        assert answer.code == 1
        assert answer.err.splitlines()[0] == "error: pipeline greet has no earlier revision to go back to"

    def test_let_go_of_it_follows_git_again(self, followed: Followed) -> None:
        reconciler("rollback", "greet", "--state", followed.state)
        followed.once()
        answer = reconciler("unpin", "greet", "--state", followed.state)
        assert (answer.code, answer.out.startswith("pipeline greet: let go of; it was pinned to")) == (0, True)
        followed.once()
        assert followed.current == ("greet-5", "greet-3")
        assert reconciler("unpin", "greet", "--state", followed.state).out == "pipeline greet is not pinned\n"

    @pytest.mark.parametrize("target", ["main", "source/main"])
    def test_a_source_goes_back_as_a_whole(self, followed: Followed, target: str) -> None:
        assert reconciler("rollback", target, "--state", followed.state).code == 0
        followed.once()
        assert followed.current == ("greet-4", "greet-2")
        row = followed.row("sources", "main")
        assert row["REASON"] == "Pinned"
        assert row["REVISION"] == f"main@sha1:{followed.commits[1][:10]}"

    @pytest.mark.parametrize("target", ["main", "greet"])
    def test_a_revision_may_be_named_by_the_beginning_of_its_commit(self, followed: Followed, target: str) -> None:
        answer = reconciler("rollback", target, followed.commits[0][:8], "--state", followed.state)
        assert answer.code == 0
        followed.once()
        assert followed.current == ("greet-4", "greet-1")

    def test_the_plan_says_that_nothing_newer_starts(self, followed: Followed) -> None:
        reconciler("rollback", "greet", "--reason", "worse", "--state", followed.state)
        followed.once()
        (made,) = reconciler("plan", "--state", followed.state, "-o", "json", folder=followed.origin.work_tree).data[
            "pipelines"
        ]
        assert made["action"] == "none"
        assert made["reasons"][0].startswith(f"pinned to main@sha1:{followed.commits[1][:10]} by ")

    def test_it_is_told_as_data_too(self, followed: Followed) -> None:
        reconciler("rollback", "greet", "--reason", "worse", "--state", followed.state)
        (greet,) = reconciler("get", "pipeline", "greet", "--state", followed.state, "-o", "json").data
        assert greet["pin"]["revision"] == f"main@sha1:{followed.commits[1]}"
        assert (greet["pin"]["by"], greet["pin"]["reason"]) == (caller(), "worse")


class TestRefusals:
    @pytest.mark.parametrize("target", ["main", "greet"])
    def test_a_revision_that_was_never_applied_is_refused_with_those_that_were(
        self, followed: Followed, target: str
    ) -> None:
        answer = reconciler("rollback", target, "0000000", "--state", followed.state)
        assert answer.code == 1
        error, hint = answer.err.splitlines()
        assert error.startswith("error: `0000000` was never applied to ")
        listed = ", ".join(commit[:10] for commit in reversed(followed.commits))
        assert hint == f"hint: choose one of: {listed}"

    def test_what_there_is_not_is_refused(self, followed: Followed) -> None:
        answer = reconciler("rollback", "gret", "--state", followed.state)
        expected = "error: there is no source and no pipeline `gret`\nhint: did you mean `greet`?\n"
        assert (answer.code, answer.err) == (1, expected)

    def test_of_two_of_the_same_name_one_has_to_be_told(self, tmp_path: Path, state: Path) -> None:
        origin = Origin(tmp_path / "git")
        for word in ("one", "two"):
            origin.push({"main.yaml": pipeline(f"echo {word}", name="main")})
            to_its_end(origin.url, state, "--once")
        answer = reconciler("rollback", "main", "--state", state)
        assert answer.err.splitlines() == [
            "error: `main` is a source and a pipeline",
            "hint: write `source/main` or `pipeline/main`",
        ]
        assert reconciler("rollback", "pipeline/main", "--state", state).code == 0


class TestOpeningARevert:
    def test_a_commit_that_puts_it_back_is_pushed_to_a_branch_and_nothing_is_pinned(self, followed: Followed) -> None:
        answer = reconciler(
            *("rollback", "main", followed.commits[0][:8], "--open-revert", "reverts/1", "--reason", "worse"),
            *("--state", followed.state),
        )
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith("pushed: branch reverts/1, whose commit ")
        git = followed.origin.git
        git("fetch", "-q", "origin")
        assert git("rev-parse", "origin/reverts/1^{tree}") == git("rev-parse", f"{followed.commits[0]}^{{tree}}")
        assert git("rev-parse", "origin/reverts/1^") == followed.commits[2]
        message = git("log", "-1", "--format=%B", "origin/reverts/1").splitlines()
        assert message[:3] == [f"Revert to {followed.commits[0][:10]}", "", "worse"]
        assert len([line for line in message if line.startswith("- ")]) == 2
        assert followed.row("sources", "main")["REASON"] == "Applied"

    def test_merged_it_restores_the_run_of_then(self, followed: Followed) -> None:
        reconciler("rollback", "main", "--open-revert", "reverts/1", "--state", followed.state)
        git = followed.origin.git
        git("fetch", "-q", "origin")
        git("push", "-q", "origin", "origin/reverts/1:main")
        assert followed.once() == 0
        assert followed.current == ("greet-4", "greet-2")

    def test_asked_for_twice_it_is_pushed_once(self, followed: Followed) -> None:
        for told in ("pushed", "held already"):
            answer = reconciler("rollback", "main", "--open-revert", "reverts/1", "--state", followed.state)
            assert answer.out.startswith(f"{told}: branch reverts/1")

    def test_what_is_as_it_was_needs_none(self, followed: Followed) -> None:
        followed.push("two")
        followed.once()
        told = followed.commits[1]
        answer = reconciler("rollback", "main", told, "--open-revert", "reverts/1", "--state", followed.state)
        assert answer.out == "branch `main` holds exactly that already: there is nothing to revert\n"

    @pytest.mark.parametrize(
        ("target", "branch", "message"),
        [
            ("main", "main", "`main` is followed, so that nobody would have looked at the revert"),
            ("greet", "reverts/1", "a revert is one of all that its revision holds, not of one pipeline"),
        ],
    )
    def test_what_cannot_be_is_refused(self, followed: Followed, target: str, branch: str, message: str) -> None:
        answer = reconciler("rollback", target, "--open-revert", branch, "--state", followed.state)
        assert (answer.code, answer.err.splitlines()[0]) == (1, f"error: {message}")

    def test_a_branch_that_somebody_else_writes_is_left_alone(self, followed: Followed) -> None:
        followed.origin.git("push", "-q", "origin", "HEAD:refs/heads/reverts/1")
        answer = reconciler("rollback", "main", "--open-revert", "reverts/1", "--state", followed.state)
        assert answer.code == 1
        assert "`reverts/1` holds a commit of somebody else" in answer.err


def test_a_daemon_puts_it_back_at_once_and_lets_go_of_it(followed: Followed) -> None:
    with DaemonProcess(followed.origin.url, followed.state):
        until(lambda: reconciler("reconcile", "--state", followed.state).code == 0)
        assert reconciler("rollback", "greet", "--state", followed.state).code == 0
        assert followed.current == ("greet-4", "greet-2")
        followed.push("four")
        assert reconciler("reconcile", "--state", followed.state).code == 0
        assert followed.current == ("greet-4", "greet-2")
        assert reconciler("unpin", "greet", "--state", followed.state).code == 0
        until(lambda: followed.current == ("greet-5", ""))
