"""The tags of a repository, and what the commits that they lead to hold."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence, Set

from reconciler.model.errors import SourceError
from reconciler.model.releases import Tag
from reconciler.model.snapshot import Entry, Mount
from reconciler.source.fetching import Fetcher
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git
from reconciler.source.tree import ids_in, read_listing

_FORMAT = "%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname:strip=2)"
APPLIED = "refs/applied"  # what tags were when a revision was applied
_UNASKABLE = re.compile(r"\n|\r\Z|\A\.\.?/")  # git would read another path, or two


class Tags:
    """Reads the tags of one repository.

    Args:
        namespace: where they are kept, with one level below `refs`.
        fetcher: what fills the repository, where something does that may leave content out.
    """

    def __init__(self, git: Git, namespace: str = "refs/tags", fetcher: Fetcher | None = None) -> None:
        self._git = git
        self._fetcher = fetcher
        self._namespace = namespace
        self._seen: tuple[bytes, tuple[Tag, ...]] = (b"", ())

    def all(self) -> tuple[Tag, ...]:
        """The tags that lead to commits, by name; the very same value as long as none comes, goes or moves.

        Raises:
            SourceError: git cannot read them.
        """
        listed = self._git.run("for-each-ref", f"--format={_FORMAT}", self._namespace)
        if listed != self._seen[0]:
            lines = listed.decode(errors="surrogateescape").split("\n")[:-1]
            self._seen = listed, tuple(tag for line in lines if (tag := self._tag(line)) is not None)
        return self._seen[1]

    def keep_as(self, namespace: str) -> None:
        """Have another namespace hold what this one does, and nothing else.

        Raises:
            SourceError: git cannot write there.
        """
        kept = {tag.name: tag.commit for tag in Tags(self._git, namespace).all()}
        now = {tag.name: tag.commit for tag in self.all()}
        changed = [f"update {namespace}/{name} {commit}" for name, commit in now.items() if kept.get(name) != commit]
        gone = [f"delete {namespace}/{name}" for name in kept.keys() - now.keys()]
        for lines in (gone, changed):  # one after the other: a name may stand where a folder of names stood
            if lines:
                commands = "".join(f"{line}\n" for line in lines)
                self._git.run("update-ref", "--stdin", input=commands.encode(errors="surrogateescape"))

    def ids_at(self, wanted: Sequence[tuple[str, str]]) -> list[str | None]:
        """The ids of the objects at paths of commits, None where there is nothing; one git process for all.

        Raises:
            SourceError: git cannot read the repository.
        """
        lines = [f"{commit}:{path}" if not _UNASKABLE.search(path) else "" for commit, path in wanted]
        if not any(lines):
            return [None] * len(wanted)
        answers = self._check("%(objectname)", lines)
        ids = [None if answer.endswith(b" missing") else answer.decode() for answer in answers]
        if self._fetcher is None or not self._fetcher.is_blobless:
            return ids
        unknown = {each for each, line, oid in zip(wanted, lines, ids, strict=True) if line and oid is None}
        listed = self._listed_at(unknown)
        return [oid or listed.get(each) for each, oid in zip(wanted, ids, strict=True)]

    def _listed_at(self, wanted: Set[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The ids that folders list for objects which are not here themselves; two git processes for all."""
        folders = list(dict.fromkeys((commit, posixpath.dirname(path)) for commit, path in wanted))
        answers = self._check("%(objecttype) %(objectname)", [f"{commit}:{folder}" for commit, folder in folders])
        trees = {
            folder: answer.removeprefix(b"tree ").decode()
            for folder, answer in zip(folders, answers, strict=True)
            if answer.startswith(b"tree ")
        }
        names: dict[str, set[str]] = {}
        for commit, path in wanted:
            folder, name = posixpath.split(path)
            if (commit, folder) in trees:
                names.setdefault(trees[commit, folder], set()).add(name)
        with Objects(self._git) as objects:  # one after the other: a folder may be large, and every version has its own
            found = {tree: ids_in(objects.read(tree), each, len(tree) // 2) for tree, each in names.items()}
        listed: dict[tuple[str, str], str] = {}
        for commit, path in wanted:
            folder, name = posixpath.split(path)
            oid = found.get(trees.get((commit, folder), ""), {}).get(name)
            if oid is not None:
                listed[commit, path] = oid
        return listed

    def _check(self, form: str, lines: Iterable[str]) -> list[bytes]:
        asked = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
        return self._git.run("cat-file", f"--batch-check={form}", input=asked).split(b"\n")[:-1]

    def mount(self, commit: str, paths: Iterable[str]) -> Mount:
        """What a commit holds at and below paths; `""` is the root. What is not there is left out.

        Raises:
            SourceError: the commit is not there, as in a clone that is not whole.
        """
        wanted = sorted(set(paths))
        if not wanted:
            return Mount(commit, "", {})
        is_whole = "" in wanted
        tree = self._git.run("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip() if is_whole else ""
        command = ("ls-tree", "-r", "-t", "-z", "--full-tree", commit, "--", *(() if is_whole else wanted))
        entries: Mapping[str, Entry] = read_listing(self._git.run(*command, env={"GIT_LITERAL_PATHSPECS": "1"}))
        return Mount(commit, tree, entries)

    def _tag(self, line: str) -> Tag | None:
        kind, name, rest = line.split(" ", 2)
        inner_kind, inner_name, tag = rest.split(" ", 2)
        if kind == "commit":
            return Tag(tag, name)
        if inner_kind == "commit":
            return Tag(tag, inner_name)
        return self._of_tag(tag) if inner_kind == "tag" else None

    def _of_tag(self, tag: str) -> Tag | None:
        """A tag of a tag, however many there are."""
        try:
            found = self._git.run("rev-parse", "--verify", "--quiet", f"{self._namespace}/{tag}^{{commit}}")
        except SourceError:
            return None
        return Tag(tag, found.decode().strip())
