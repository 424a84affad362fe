"""The branch that the daemon keeps upgrades on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.execution.site import Site
from reconciler.model.configuration import UpgradeSettings
from reconciler.model.upgrades import UpgradePolicy

from .following import Following
from .origin import Origin
from .site import Clock

BRANCH = "reconciler/upgrades"
FILE = "greet.yaml"
Follow = Callable[..., Following]


def component(version: str) -> str:
    return (
        f"name: hello\nversion: {version}\ntype: command\noutputs: {{text: {{type: uri_file}}}}\n"
        "command: echo hello > ${{outputs.text}}\nenvironment: {image: python}\n"
    )


def greet(wanted: str) -> str:
    return f"type: pipeline\nname: greet\njobs:\n  one: {{component: 'azureml:hello@{wanted}'}}  # the first\n"


@pytest.fixture
def released(origin: Origin) -> Origin:
    """Hello 1.0.0 is pinned, 1.1.0 and 2.0.0 are released."""
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        origin.push({"hello.yaml": component(version), FILE: greet("1.0.0")})
        release(origin, version)
    return origin


def release(origin: Origin, version: str) -> None:
    origin.git("tag", f"component/hello/v{version}")
    origin.git("push", "-q", "origin", f"component/hello/v{version}")


@pytest.fixture
def follow(site: Site, released: Origin) -> Iterator[Follow]:
    """Follows with the settings that are said, None for none."""
    begun: list[Following] = []

    def follow(settings: UpgradeSettings | None = None, **changes: object) -> Following:
        upgrades = replace(settings or UpgradeSettings(), **changes)  # type: ignore[arg-type]
        begun.append(Following(site, released, upgrades=upgrades))
        return begun[-1]

    yield follow
    for following in begun:
        following.follower.stop()


def on_branch(origin: Origin, form: str = "%H") -> str:
    """What the remote's branch holds, "" where there is none."""
    if not origin.git("ls-remote", "origin", f"refs/heads/{BRANCH}"):
        return ""
    origin.git("fetch", "-q", "origin", f"+refs/heads/{BRANCH}:refs/remotes/origin/{BRANCH}")
    return origin.git("show", "--no-patch", f"--format={form}", f"origin/{BRANCH}")


def file_on_branch(origin: Origin) -> str:
    on_branch(origin)
    return origin.git("show", f"origin/{BRANCH}:{FILE}") + "\n"


def refuse_pushes(origin: Origin, told: str) -> Path:
    """A remote that may only be read."""
    hook = origin.url / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\necho {told} >&2\nexit 1\n")
    hook.chmod(0o755)
    return hook


def test_nothing_is_pushed_where_nothing_is_said_of_it(site: Site, released: Origin) -> None:
    following = Following(site, released)
    following.turn()
    following.follower.stop()
    assert on_branch(released) == ""


def test_the_branch_holds_one_commit_on_top_of_the_applied_revision(follow: Follow, released: Origin) -> None:
    revision = follow().turn().revision
    assert f"main@sha1:{on_branch(released, '%P')}" == revision
    assert file_on_branch(released) == greet("1.1.0")
    assert released.git("diff", "--name-only", "HEAD", f"origin/{BRANCH}") == FILE
    assert on_branch(released, "%an <%ae>, %cn <%ce>") == ", ".join(["reconciler <reconciler@localhost>"] * 2)
    assert on_branch(released, "%B").strip().splitlines() == [
        "Upgrade hello@1.0.0 to hello@1.1.0",
        "",
        "greet.yaml:4: hello@1.0.0 → hello@1.1.0  (greet)",
    ]


def test_the_followed_branch_and_its_condition_stay(follow: Follow, released: Origin) -> None:
    head = released.git("rev-parse", "HEAD")
    following = follow()
    following.turn()
    assert released.git("ls-remote", "origin", "refs/heads/main").split()[0] == head
    assert following.source_reason == ("Applied", f"applied main@sha1:{head}")


def test_to_the_newest_by_another_name(follow: Follow, released: Origin) -> None:
    follow(policy=UpgradePolicy.LATEST, author=("bot", "bot@example.org")).turn()
    assert file_on_branch(released) == greet("2.0.0")
    assert on_branch(released, "%an <%ae>") == "bot <bot@example.org>"


def test_what_is_on_the_branch_already_is_not_pushed_again(follow: Follow, released: Origin) -> None:
    following = follow()
    following.turn()
    before = on_branch(released)
    refuse_pushes(released, "no")  # so that another push would be told
    following.turn()
    following.restart()
    following.turn()
    assert on_branch(released) == before
    assert following.source_reason[1] == f"applied {following.source.applied_revision}"


def test_the_same_content_under_another_message_stays(follow: Follow, released: Origin) -> None:
    following = follow()
    following.turn()
    on_branch(released)
    released.git("switch", "-q", "-c", "mine", f"origin/{BRANCH}")
    released.git("commit", "-q", "--amend", "-m", "in my words")
    released.git("push", "-q", "--force", "origin", f"HEAD:{BRANCH}")
    before = on_branch(released)
    following.restart()
    following.turn()
    assert (on_branch(released), on_branch(released, "%s")) == (before, "in my words")


def test_a_tag_that_comes_alone_moves_the_branch(follow: Follow, released: Origin) -> None:
    following = follow()
    following.turn()
    released.git("switch", "-q", "--detach")
    (released.work_tree / "hello.yaml").write_text(component("1.2.0"))
    released.git("commit", "-q", "-am", "1.2.0")
    release(released, "1.2.0")
    following.turn()
    assert file_on_branch(released) == greet("1.2.0")


def test_a_newer_revision_moves_the_branch(follow: Follow, released: Origin) -> None:
    following = follow()
    following.turn()
    commit = released.push({"notes.txt": "more\n"})
    following.turn()
    assert on_branch(released, "%P") == commit


def test_once_merged_nothing_more_is_committed(follow: Follow, released: Origin) -> None:
    following = follow()
    following.turn()
    on_branch(released)
    released.git("merge", "-q", "--ff-only", f"origin/{BRANCH}")
    released.git("push", "-q", "origin", "HEAD:main", f":{BRANCH}")
    following.turn()
    assert on_branch(released) == ""


def test_what_somebody_else_committed_stays(follow: Follow, released: Origin) -> None:
    following = follow()
    following.turn()
    on_branch(released)
    released.git("switch", "-q", "-c", "mine", f"origin/{BRANCH}")
    released.git("commit", "-q", "--allow-empty", "-m", "what the new version needs")
    released.git("push", "-q", "origin", f"HEAD:{BRANCH}")
    released.git("switch", "-q", "main")
    before = on_branch(released)
    released.push({"notes.txt": "more\n"})
    following.turn()
    assert on_branch(released) == before
    reason, message = following.source_reason
    assert reason == "Applied"
    assert f"`{BRANCH}` holds a commit of somebody else, {before[:12]}, which stays" in message
    assert "merge the branch or delete it" in message


def test_a_remote_that_refuses_holds_nothing_up_and_is_told_once(
    follow: Follow, released: Origin, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    refuse_pushes(released, "this repository is read-only")
    following = follow()
    with caplog.at_level(logging.WARNING, logger="reconciler"):
        outcome = following.turn()
        for _ in range(3):
            following.turn("interval")
        clock.advance(4000)
        following.follower.retry()
        following.turn("interval")
    assert outcome.is_good
    assert [run.status.is_good for run in following.runs] == [True]
    (warning,) = [record.getMessage() for record in caplog.records if "upgrades" in record.getMessage()]
    assert warning.startswith(f"upgrades are not on `{BRANCH}`: {released.url}: the remote refused `{BRANCH}`: ")
    assert "pre-receive hook declined: this repository is read-only" in warning
    assert following.source_reason == ("Applied", f"applied {outcome.revision}; {warning}")


def test_a_push_that_failed_is_tried_again_when_it_is_due(follow: Follow, released: Origin, clock: Clock) -> None:
    hook = refuse_pushes(released, "not now")
    following = follow(retry_seconds=600.0)
    following.turn()
    hook.unlink()
    following.turn("interval")
    assert on_branch(released) == ""
    due = following.follower.next_due()
    assert due is not None
    assert clock() < due <= clock() + 600
    clock.advance(601)
    following.follower.retry()
    following.turn("interval")
    assert file_on_branch(released) == greet("1.1.0")
    assert following.follower.next_due() is None
    assert following.source_reason[1] == f"applied {following.source.applied_revision}"


def test_without_a_push_the_commit_is_in_the_mirror_alone(follow: Follow, released: Origin, site: Site) -> None:
    follow(is_pushed=False).turn()
    assert on_branch(released) == ""
    mirror = site.state.folder.sources / "main.git"
    kept = released.git(f"--git-dir={mirror}", "show", f"refs/own/{BRANCH}:{FILE}")
    assert f"{kept}\n" == greet("1.1.0")


def test_a_revision_that_is_refused_moves_nothing(follow: Follow, released: Origin) -> None:
    following = follow()
    following.turn()
    before = on_branch(released)
    released.push({"broken.yaml": "type: pipeline\njobs: [\n"})
    following.turn()
    assert on_branch(released) == before


def test_what_was_pushed_is_told_as_an_event(follow: Follow, released: Origin) -> None:
    following = follow()
    following.turn()
    pushed = [each for each in following.site.state.events.recent("source") if each.reason == "UpgradesPushed"]
    assert [each.message for each in pushed] == [f"pushed {on_branch(released)[:10]} with 1 upgrades to {BRANCH}"]
