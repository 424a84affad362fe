"""Copies of the state from before it was brought to a newer format."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.model.errors import StateError
from reconciler.state.backups import Backups
from reconciler.state.database import Database
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

FORMATS = [
    "CREATE TABLE numbers (value INTEGER PRIMARY KEY);\n",
    *(f"ALTER TABLE numbers ADD COLUMN column_{index} TEXT;\n" for index in range(5)),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def opened(path: Path, formats: int | Sequence[str]) -> Database:
    return Database(path, FORMATS[:formats] if isinstance(formats, int) else formats, Backups(path))


def add(path: Path, formats: int, value: int) -> None:
    database = opened(path, formats)
    database.execute("INSERT INTO numbers (value) VALUES (?)", (value,))
    database.close()


def copies(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if "backup" in each.name)


def content(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as copy:
        return copy.execute("SELECT * FROM numbers").fetchall()


def test_a_new_database_and_one_of_the_newest_format_need_no_copy(path: Path) -> None:
    add(path, 2, 1)
    add(path, 2, 2)
    assert copies(path) == []


def test_what_was_there_is_kept_as_it_was_whatever_becomes_of_it(path: Path) -> None:
    add(path, 1, 7)
    database = opened(path, 2)
    database.execute("DELETE FROM numbers")
    database.close()
    assert copies(path) == ["state.db.backup-1"]
    assert content(path.with_name("state.db.backup-1")) == [(7,)]


def test_the_copy_holds_what_lay_in_the_write_ahead_log(path: Path) -> None:
    writer = opened(path, 1)
    writer.execute("INSERT INTO numbers (value) VALUES (7)")
    assert path.with_name("state.db-wal").stat().st_size
    opened(path, 2).close()
    assert content(path.with_name("state.db.backup-1")) == [(7,)]
    writer.close()


def test_the_newest_three_are_kept(path: Path) -> None:
    for formats in range(1, 7):
        add(path, formats, formats)
    assert copies(path) == ["state.db.backup-3", "state.db.backup-4", "state.db.backup-5"]
    assert [row[0] for row in content(path.with_name("state.db.backup-5"))] == [1, 2, 3, 4, 5]


def test_who_went_back_and_forward_again_keeps_the_later_state_of_that_format(path: Path) -> None:
    add(path, 1, 1)
    opened(path, 2).close()
    path.with_name("state.db.backup-1").rename(path)
    add(path, 1, 2)
    opened(path, 2).close()
    assert content(path.with_name("state.db.backup-1")) == [(1,), (2,)]


def test_an_older_program_is_told_which_copy_it_can_read(path: Path) -> None:
    add(path, 1, 1)
    add(path, 2, 2)
    opened(path, 3).close()
    with pytest.raises(StateError) as refused:
        opened(path, 1)
    assert refused.value.hint is not None
    assert "; or put state.db.backup-1 in its place, and what came later is forgotten" in refused.value.hint
    path.with_name("state.db.backup-1").replace(path)
    assert content(path) == [(1,)]
    opened(path, 1).close()


def test_where_no_copy_can_be_made_nothing_is_changed(path: Path) -> None:
    add(path, 1, 7)
    path.with_name("state.db.backup-1").mkdir()  # in its way
    with pytest.raises(
        StateError, match="the state cannot be copied before it is brought to a newer format"
    ) as refused:
        opened(path, 2)
    assert refused.value.hint == "make room on its disk; nothing of it was changed"
    assert not path.with_name("state.db.backup-1.tmp").exists()
    add(path, 1, 8)
    assert content(path) == [(7,), (8,)]


def test_a_migration_that_fails_leaves_the_copy(path: Path) -> None:
    add(path, 1, 7)
    with pytest.raises(StateError, match="no such table"):
        opened(path, [FORMATS[0], "DROP TABLE none;\n"])
    assert content(path.with_name("state.db.backup-1")) == [(7,)]


def test_the_state_keeps_such_copies_and_its_cache_none(tmp_path: Path) -> None:
    State(StateFolder(tmp_path)).close()
    for name in ("state.db", "cache.db"):
        path = tmp_path / name
        path.unlink()
        with closing(sqlite3.connect(path)) as database:  # of a format that is older than the first
            database.execute("CREATE TABLE other (value INTEGER)")
            database.execute("PRAGMA user_version=0")
    State(StateFolder(tmp_path)).close()
    assert copies(tmp_path / "state.db") == []
