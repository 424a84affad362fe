"""What a forge holds of one repository, in no forge's words."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

REPOSITORY, PROJECT_ID = "ml/loans", 7
BOT, ADA, EVE = "reconciler-bot", "ada", "eve"
MADE = "2026-01-01T00:00:{:02}Z"


def commit(number: int) -> str:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def uuid_of(user: str) -> str:
    return f"{{{uuid.uuid5(uuid.NAMESPACE_DNS, user)}}}"


@dataclass(frozen=True)
class Pull:
    """A pull request; `state` is open, closed or merged."""

    number: int
    title: str = "Split by year"
    state: str = "open"
    is_draft: bool = False
    author: str = ADA
    head_commit: str = commit(10)
    head_branch: str = "by-year"
    head_repository: str = REPOSITORY
    base_branch: str = "main"
    base_commit: str = commit(1)
    labels: tuple[str, ...] = ()
    merge_commit: str = ""


@dataclass(frozen=True)
class Note:
    id: int
    number: int
    author: str
    body: str
    second: int


@dataclass
class Hosted:
    """The repository, guarded by one lock as a database guards it."""

    pulls: dict[int, Pull] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    statuses: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    writers: set[str] = field(default_factory=lambda: {ADA})
    readers: set[str] = field(default_factory=lambda: {EVE})
    checks: list[dict[str, Any]] = field(default_factory=list)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    made: int = 0

    def add(self, *pulls: Pull) -> None:
        self.pulls.update({pull.number: pull for pull in pulls})

    def say(self, number: int, author: str, body: str) -> Note:
        with self.lock:
            self.made += 1
            note = Note(100 + self.made, number, author, body, self.made)
            self.notes.append(note)
            return note

    def edit(self, id: int, body: str) -> Note | None:
        with self.lock:
            for index, note in enumerate(self.notes):
                if note.id == id:
                    self.notes[index] = replace(note, body=body)
                    return self.notes[index]
        return None

    def take_away(self, id: int) -> bool:
        with self.lock:
            before = len(self.notes)
            self.notes = [note for note in self.notes if note.id != id]
            return len(self.notes) < before

    def of(self, number: int) -> list[Note]:
        with self.lock:
            return [note for note in self.notes if note.number == number]
