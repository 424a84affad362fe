"""Which YAML files a change can reach, told from their text alone: the others need not be read as manifests.

Whatever refers to a manifest holds its name or its path as a word: files which hold neither stand apart from it.
All that is found here is a superset: a word may mean something else, and then a file too many is read.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

_MOST = 200  # names or paths to be looked for; from there on reading everything costs no more
_WORD = re.compile(rb"[\w.\x80-\xff-]+")
_NAME = re.compile(rb"name[\"']?\s*:\s*[\"']?([\w.\x80-\xff-]+)")
_PATH = re.compile(rb"[^\s\"'#,:{}\[\]()]+(?:/|\.ya?ml)[^\s\"'#,:{}\[\]()]*", re.IGNORECASE)
_FOLDER = re.compile(rb"(?<=[\s\"':=])(?:\.{1,2}[/\\])*\.{1,2}[/\\]?(?=[\s\"',}\]])")
_THERE_AND_BACK = re.compile(rb"[^./\\\s\"']\s*[/\\]\.\.")
_UNUSUAL = re.compile(r"[^\w./-]", re.ASCII)
_ENDS_PATH = frozenset(b" \t\r\n\"'#,:{}[]()")
_ENDS_WORD = re.compile(rb"[\w\x80-\xff-]")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a change can reach.

    Attributes:
        touched: the files that it may mean something else for.
        needed: those and all that they refer to.
    """

    touched: frozenset[str]
    needed: frozenset[str]


class Texts:
    """The YAML files of a repository by path; of one that changed, its text before and after.

    Args:
        texts: what YAML makes other text of, such as escapes, stands in them as well as it is meant.
        names: what a file is called where it does not say, by path.
    """

    def __init__(self, texts: Mapping[str, bytes], names: Mapping[str, str]) -> None:
        self._paths = sorted(texts)
        self._texts = texts
        self._starts: list[int] = []
        position = 0
        for path in self._paths:
            self._starts.append(position)
            position += len(texts[path]) + 1
        self._all = b"\n".join(texts[path] for path in self._paths)
        self._called = {
            path: frozenset((*_NAME.findall(texts[path]), names[path].encode(errors="surrogateescape")))
            for path in self._paths
        }
        self._with_name: dict[bytes, list[str]] = {}
        for path, called in self._called.items():
            for name in called:
                self._with_name.setdefault(name, []).append(path)
        self._unclear = frozenset(
            path for path in self._paths if _UNUSUAL.search(path) or _THERE_AND_BACK.search(texts[path])
        )
        self._at_folders: dict[str, set[str]] | None = None

    def reach(self, changed: Collection[str], aliased: Collection[str], has_datastores: bool) -> Reach | None:
        """What can be reached from files that changed, None for more than is worth telling.

        Args:
            changed: paths of all files that came, went or differ, YAML or not.
            aliased: names that may be meant by others.
            has_datastores: whether data may be named from the root of the repository.
        """
        others = frozenset(name.encode() for name in aliased)
        touched = set(self._unclear)
        waiting = [*changed, *self._unclear]
        looked_for: set[bytes] = set()
        touched.update(path for path in changed if path in self._texts)
        if has_datastores:
            touched.update(self._naming(b"datastores/"))
        seen: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            names = self._called.get(path, frozenset()) - looked_for
            looked_for |= names
            if len(looked_for) > _MOST or len(seen) > _MOST or not others.isdisjoint(names):
                return None
            found = {file for name in names for file in (*self._naming(name), *self._with_name[name])}
            found |= set(self._leading_to(path))
            waiting.extend(found - touched)
            touched |= found
        return Reach(frozenset(touched), frozenset(self._with_needs(touched, others)))

    # --- backwards: who names this? ---

    def _naming(self, word: bytes) -> Iterator[str]:
        """The files that hold a word."""
        for position in self._found(word):
            before, after = self._all[position - 1 : position], self._all[position + len(word) :][:1]
            if not _ENDS_WORD.match(before) and not _ENDS_WORD.match(after):
                yield self._at(position)

    def _leading_to(self, path: str) -> Iterator[str]:
        """The files that name a path, or a folder that it lies in, in words that start at their own folder."""
        parts = path.split("/")
        for count in range(len(parts), 0, -1):
            target = "/".join(parts[:count])
            is_unusual = _UNUSUAL.search(target) is not None
            last = parts[count - 1].encode(errors="surrogateescape")
            for position in self._found(last):
                file = self._at(position)
                if is_unusual or _joined(file, self._run_around(position, len(last))) == target:
                    yield file
            yield from self._naming_folder(target)
        yield from self._naming_folder("")

    def _naming_folder(self, folder: str) -> Iterable[str]:
        """The files that name a folder by dots alone."""
        if self._at_folders is None:
            self._at_folders = {}
            for found in _FOLDER.finditer(self._all):
                file = self._at(found.start())
                self._at_folders.setdefault(_joined(file, found[0]), set()).add(file)
        return self._at_folders.get(folder, ())

    def _run_around(self, position: int, length: int) -> bytes:
        start, end = position, position + length
        while start > 0 and self._all[start - 1] not in _ENDS_PATH:
            start -= 1
        while end < len(self._all) and self._all[end] not in _ENDS_PATH:
            end += 1
        return self._all[start:end]

    def _found(self, word: bytes) -> Iterator[int]:
        position = self._all.find(word)
        while position >= 0 and word:
            yield position
            position = self._all.find(word, position + 1)

    def _at(self, position: int) -> str:
        return self._paths[bisect_right(self._starts, position) - 1]

    # --- forwards: what does this name? ---

    def _with_needs(self, touched: Iterable[str], names: Iterable[bytes]) -> set[str]:
        needed: set[str] = set()
        waiting = [*touched, *(file for name in names for file in self._with_name.get(name, ()))]
        while waiting:
            path = waiting.pop()
            if path in needed:
                continue
            needed.add(path)
            waiting.extend(file for file in self._named_by(path) if file not in needed)
        return needed

    def _named_by(self, path: str) -> Iterator[str]:
        """The files that may be meant by the words of one, and those that might be taken for it."""
        for name in self._called[path]:
            yield from self._with_name[name]
        for word in set(_WORD.findall(self._texts[path])):
            yield from self._with_name.get(word, ())
            if b"." in word:  # where two files have one name, their folders stand before it
                for part in word.split(b"."):
                    yield from self._with_name.get(part, ())
        for run in set(_PATH.findall(self._texts[path])):
            named = _joined(path, run)
            if named in self._texts:
                yield named


def _joined(file: str, run: bytes) -> str:
    """What a path in a file means in the repository; one that leads out of it begins with `..`."""
    written = run.decode(errors="surrogateescape").replace("\\", "/")
    written = written.removeprefix("//")
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(file), written))
    return "" if joined == "." else joined
