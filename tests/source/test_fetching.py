"""Mirrors that bring the content of files here only once it is needed, and then all of it at once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.errors import SourceAwayError
from reconciler.model.followed import Access, Fetch, Fetching
from reconciler.source.edited_trees import Author, commit_edits
from reconciler.source.mirror import Mirror
from reconciler.source.own_branch import OwnBranch
from reconciler.source.reverting import revert_to

from .git_over_http import serving
from .git_repository import Repository, git

BOT = Author("bot", "bot@example.org")
OLD, NEW = "the old content", "the new content"


class Served:
    """A repository behind HTTP, and what was asked for of it."""

    def __init__(self, origin: Repository, host: str, asked: list[str], folder: Path) -> None:
        self.origin = origin
        self.url = f"http://{host}/origin.git"
        self._asked = asked
        self._folder = folder
        self.opened: list[Mirror] = []

    def mirror(self, fetch: Fetch = Fetch.AUTO, name: str = "mirror.git", access: Access | None = None) -> Mirror:
        mirror = Mirror(self.url, "main", self._folder / name, access=access, fetching=Fetching(fetch))
        self.opened.append(mirror)
        return mirror

    def questions(self) -> int:
        """How many questions came since the last call."""
        count = len(self._asked)
        self._asked.clear()
        return count


@pytest.fixture
def served(origin: Repository, tmp_path: Path) -> Iterator[Served]:
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("config", "http.receivepack", "true")
    asked: list[str] = []
    with serving(tmp_path, asked=asked) as host:
        made = Served(origin, host, asked, tmp_path)
        yield made
        for mirror in made.opened:
            mirror.close()


def _here(mirror: Mirror, *contents: str) -> list[bool]:
    oids = [git("hash-object", "--stdin", given=content.encode()) for content in contents]
    missing = mirror.fetcher.missing(oids)
    return [oid not in missing for oid in oids]


def _two_commits(origin: Repository) -> tuple[str, str]:
    return origin.commit({"code/a": OLD, "b": "b"}), origin.commit({"code/a": NEW, "b": "b", "code/c": "c"})


def test_of_another_machine_only_commits_and_folders_are_fetched(served: Served) -> None:
    first, second = _two_commits(served.origin)
    mirror = served.mirror()
    assert mirror.fetch() == second
    assert mirror.fetcher.is_blobless
    assert _here(mirror, OLD, NEW) == [False, False]
    assert mirror.snapshot(second).entries.keys() == {"b", "code", "code/a", "code/c"}
    changed = mirror.last_change(second, ["code"])
    assert changed is not None
    assert changed.id == second
    assert mirror.last_change(second, ["b"]) == mirror.commit(first)


def test_of_this_machine_everything_is_fetched(origin: Repository, mirror: Mirror) -> None:
    _two_commits(origin)
    mirror.fetch()
    assert not mirror.fetcher.is_blobless
    assert _here(mirror, OLD, NEW) == [True, True]


def test_of_another_machine_everything_is_fetched_where_that_is_asked_for(served: Served) -> None:
    _two_commits(served.origin)
    mirror = served.mirror(Fetch.FULL)
    mirror.fetch()
    assert not mirror.fetcher.is_blobless
    assert _here(mirror, OLD, NEW) == [True, True]


def test_what_is_read_comes_with_one_question_however_much_it_is(served: Served) -> None:
    files = {f"code/{number}": str(number) for number in range(200)}
    commit = served.origin.commit(files)
    mirror = served.mirror()
    mirror.fetch()
    entries = mirror.snapshot(commit).entries
    served.questions()
    read = mirror.objects.read_many(entries[path].oid for path in files)
    assert {path: read[entries[path].oid].decode() for path in files} == files
    assert served.questions() == 1
    mirror.objects.read_many(entries[path].oid for path in files)
    assert served.questions() == 0


@pytest.mark.parametrize("way", ["tree", "entries", "file"])
def test_what_is_exported_is_fetched(served: Served, tmp_path: Path, way: str) -> None:
    _, commit = _two_commits(served.origin)
    mirror = served.mirror()
    mirror.fetch()
    entries = mirror.snapshot(commit).entries
    target = tmp_path / "exported"
    if way == "file":
        mirror.objects.export_file(entries["code/a"].oid, target)
        assert target.read_text() == NEW
        return
    if way == "tree":
        mirror.objects.export_tree(entries["code"].oid, target)
    else:
        mirror.objects.export_entries({"a": entries["code/a"], "c": entries["code/c"]}, target)
    assert {path.name: path.read_text() for path in target.iterdir()} == {"a": NEW, "c": "c"}


def test_what_was_brought_outlives_the_remote_and_the_removal_of_garbage(
    served: Served, origin: Repository, tmp_path: Path
) -> None:
    _, commit = _two_commits(origin)
    mirror = served.mirror()
    mirror.fetch()
    mirror.objects.bring([mirror.snapshot(commit).entries["code"].oid])
    mirror.close()
    origin.path.rename(tmp_path / "gone.git")
    pack = ("-c", "remote.followed.promisor=true", "gc", "--quiet", "--prune=now")
    git(*pack, folder=tmp_path / "mirror.git")
    mirror.objects.bring([mirror.snapshot(commit).entries["code"].oid])
    mirror.objects.export_tree(mirror.snapshot(commit).entries["code"].oid, tmp_path / "exported")
    assert (tmp_path / "exported" / "a").read_text() == NEW
    with pytest.raises(SourceAwayError) as refused:
        mirror.objects.read(mirror.snapshot(commit).entries["b"].oid)
    assert refused.value.place == served.url


def test_reading_never_asks_the_remote_by_itself(served: Served) -> None:
    """Git would, one object at a time and without a deadline, if the repository's own settings named the remote."""
    _, commit = _two_commits(served.origin)
    mirror = served.mirror()
    mirror.fetch()
    assert served.url.encode() not in (served.opened[0].git.git_dir or Path()).joinpath("config").read_bytes()
    served.questions()
    assert mirror.fetcher.missing([mirror.snapshot(commit).entries["b"].oid])
    assert served.questions() == 0


def test_credentials_of_the_address_do_not_reach_the_mirror(served: Served, tmp_path: Path) -> None:
    _, commit = _two_commits(served.origin)
    url = served.url.replace("http://", "http://ada:the-secret@")
    mirror = Mirror(url, "main", tmp_path / "another.git")
    mirror.fetch()
    mirror.objects.read(mirror.snapshot(commit).entries["b"].oid)
    mirror.close()
    files = [file for file in (tmp_path / "another.git").rglob("*") if file.is_file()]
    assert not [file for file in files if b"the-secret" in file.read_bytes()]


def test_a_server_that_knows_no_filters_sends_everything(served: Served) -> None:
    served.origin.git("config", "uploadpack.allowFilter", "false")
    _two_commits(served.origin)
    mirror = served.mirror()
    mirror.fetch()
    assert _here(mirror, OLD, NEW) == [True, True]


def test_a_mirror_is_completed_once_everything_is_asked_for(served: Served) -> None:
    _two_commits(served.origin)
    served.mirror().fetch()
    mirror = served.mirror(Fetch.FULL)
    mirror.fetch()
    assert not mirror.fetcher.is_blobless
    assert _here(mirror, OLD, NEW) == [True, True]


def test_a_whole_mirror_stays_whole_where_nothing_is_said(served: Served) -> None:
    _two_commits(served.origin)
    served.mirror(Fetch.FULL).fetch()
    mirror = served.mirror()
    served.origin.commit({"d": "another"})
    mirror.fetch()
    assert not mirror.fetcher.is_blobless
    assert _here(mirror, "another") == [True]


def test_later_commits_build_on_what_is_missing(served: Served, tmp_path: Path) -> None:
    served.origin.commit({"data": "\n".join(map(str, range(5000)))})
    mirror = served.mirror()
    mirror.fetch()
    text = "\n".join(map(str, range(5001)))
    commit = served.origin.commit({"data": text})
    assert mirror.fetch() == commit
    assert mirror.objects.read(mirror.snapshot(commit).entries["data"].oid).decode() == text


def test_the_ids_of_what_tags_hold_are_known_without_it(served: Served) -> None:
    first, second = _two_commits(served.origin)
    mirror = served.mirror()
    mirror.fetch()
    asked = [(first, "code/a"), (second, "code/a"), (first, "none"), (first, "b"), (first, "code"), (first, "code/c")]
    ids = {text: served.origin.blob(text.encode()) for text in (OLD, NEW, "b")}
    code = served.origin.git("rev-parse", f"{first}:code")
    assert mirror.tags.ids_at(asked) == [ids[OLD], ids[NEW], None, ids["b"], code, None]
    assert _here(mirror, OLD) == [False]


def test_edits_are_committed_and_pushed_without_the_rest_of_the_content(served: Served) -> None:
    _, second = _two_commits(served.origin)
    mirror = served.mirror()
    mirror.fetch()
    made = commit_edits(mirror.git, second, {"b": b"edited"}, "Edit", BOT)
    assert OwnBranch(mirror, "bot/edits").bring(made, BOT)
    assert served.origin.git("show", "bot/edits:b") == "edited"
    again = commit_edits(mirror.git, second, {"b": b"edited anew"}, "Edit", BOT)
    assert OwnBranch(mirror, "bot/edits").bring(again, BOT)
    assert _here(mirror, NEW) == [False]


def test_a_revert_to_what_is_not_here_is_pushed(served: Served) -> None:
    first, second = _two_commits(served.origin)
    mirror = served.mirror()
    mirror.fetch()
    made = revert_to(mirror.git, second, first, "it was better", BOT)
    assert OwnBranch(mirror, "bot/revert").bring(made, BOT)
    assert served.origin.git("show", "bot/revert:code/a") == OLD


def test_what_the_branch_of_ours_held_elsewhere_is_looked_at_without_its_content(
    served: Served, tmp_path: Path
) -> None:
    _, second = _two_commits(served.origin)
    one, other = served.mirror(), served.mirror(name="other.git")
    for mirror in (one, other):
        mirror.fetch()
    made = commit_edits(one.git, second, {"b": b"edited"}, "Edit", BOT)
    assert OwnBranch(one, "bot/edits").bring(made, BOT)
    again = commit_edits(other.git, second, {"b": b"edited anew"}, "Edit", BOT)
    assert OwnBranch(other, "bot/edits").bring(again, BOT)
    assert served.origin.git("show", "bot/edits:b") == "edited anew"


def test_a_rewritten_branch_is_followed_and_what_was_brought_stays(served: Served, tmp_path: Path) -> None:
    first = served.origin.commit({"a": OLD})
    mirror = served.mirror()
    mirror.fetch()
    mirror.objects.bring([mirror.snapshot(first).entries["a"].oid])
    mirror.keep(first)
    second = served.origin.commit({"a": NEW}, rewrites=True)
    served.origin.git("reflog", "expire", "--expire=now", "--all")
    served.origin.git("gc", "--quiet", "--prune=now")
    gone = subprocess.run(["git", f"--git-dir={served.origin.path}", "cat-file", "-e", first], check=False)
    assert gone.returncode
    assert mirror.fetch() == second
    assert mirror.is_rewritten(first, second)
    assert mirror.objects.read(mirror.snapshot(first).entries["a"].oid).decode() == OLD
    assert mirror.objects.read(mirror.snapshot(second).entries["a"].oid).decode() == NEW
