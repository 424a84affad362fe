"""One SQLite database: transactions that hold or leave nothing, migrations, and what is refused."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.model.errors import StateError
from reconciler.state.database import Database

FIRST = "CREATE TABLE numbers (value INTEGER PRIMARY KEY);\n"
SECOND = "ALTER TABLE numbers ADD COLUMN name TEXT NOT NULL DEFAULT 'none';\nCREATE INDEX by_name ON numbers (name);\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path, [FIRST])
    yield opened
    opened.close()


def add(database: Database, value: int) -> None:
    database.execute("INSERT INTO numbers (value) VALUES (?)", (value,))


def numbers(database: Database) -> list[int]:
    return [row["value"] for row in database.rows("SELECT value FROM numbers ORDER BY value")]


def test_what_was_written_is_there_when_it_is_opened_again(path: Path, database: Database) -> None:
    add(database, 1)
    database.close()
    assert numbers(Database(path, [FIRST])) == [1]


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    add(database, 1)
    with pytest.raises(RuntimeError, match="stop"), database.transaction():
        add(database, 2)
        raise RuntimeError("stop")
    assert numbers(database) == [1]
    add(database, 3)
    assert numbers(database) == [1, 3]


def test_an_inner_transaction_belongs_to_the_outer_one(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"), database.transaction():
        with database.transaction():
            add(database, 1)
        database.execute_many("INSERT INTO numbers (value) VALUES (?)", [(2,), (3,)])
        raise RuntimeError("stop")
    assert numbers(database) == []


def test_of_many_rows_all_are_kept_or_none(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        database.execute_many("INSERT INTO numbers (value) VALUES (?)", [(1,), (2,), (1,)])
    assert numbers(database) == []


def test_a_transaction_is_not_seen_before_it_ends(path: Path, database: Database) -> None:
    reader = Database(path, [FIRST])
    with database.transaction():
        add(database, 1)
        assert numbers(reader) == []
    assert numbers(reader) == [1]
    reader.close()


def test_threads_share_a_connection_without_mixing_their_transactions(database: Database) -> None:
    def append(_: int) -> None:
        for _ in range(25):
            with database.transaction():
                row = database.row("SELECT COALESCE(MAX(value), 0) + 1 AS next FROM numbers")
                assert row is not None
                add(database, row["next"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(4)))
    assert numbers(database) == list(range(1, 101))


_DIES_WITHIN_A_TRANSACTION = """
import os, signal, sys
from pathlib import Path
from reconciler.state.database import Database
database = Database(Path(sys.argv[1]), sys.argv[2:])
database.execute("INSERT INTO numbers (value) VALUES (1)")
with database.transaction():
    database.execute("INSERT INTO numbers (value) VALUES (2)")
with database.transaction():
    database.execute("INSERT INTO numbers (value) VALUES (3)")
    os.kill(os.getpid(), signal.SIGKILL)
"""
_WAITS_AND_APPENDS = """
import sys
from pathlib import Path
from reconciler.state.database import Database
sys.stdin.read()
database = Database(Path(sys.argv[1]), sys.argv[2:])
for _ in range(5):
    database.execute("INSERT INTO numbers (value) VALUES ((SELECT COALESCE(MAX(value), 0) + 1 FROM numbers))")
"""


def test_a_killed_process_loses_no_transaction_that_ended_and_keeps_none_that_did_not(path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", _DIES_WITHIN_A_TRANSACTION, str(path), FIRST], check=False)
    assert died.returncode == -signal.SIGKILL
    assert numbers(Database(path, [FIRST])) == [1, 2]


def test_processes_that_open_a_new_database_at_the_same_time_all_can(path: Path) -> None:
    command = [sys.executable, "-c", _WAITS_AND_APPENDS, str(path), FIRST, SECOND]
    openers = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(4)]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.close()
    assert [opener.wait(60) for opener in openers] == [0, 0, 0, 0]
    assert numbers(Database(path, [FIRST, SECOND])) == list(range(1, 21))


def test_what_is_read_together_is_of_one_moment(path: Path, database: Database) -> None:
    other = Database(path, [FIRST])
    add(database, 1)
    with database.snapshot():
        assert numbers(database) == [1]
        add(other, 2)
        assert numbers(database) == [1]
    assert numbers(database) == [1, 2]
    other.close()


def test_readers_do_not_wait_for_a_writer(path: Path, database: Database) -> None:
    assert database.row("PRAGMA journal_mode")["journal_mode"] == "wal"  # type: ignore[index]
    with database.transaction():
        add(database, 1)
        assert numbers(Database(path, [FIRST])) == []


def test_an_older_format_is_migrated_with_its_content(path: Path, database: Database) -> None:
    add(database, 1)
    database.close()
    newer = Database(path, [FIRST, SECOND])
    assert [tuple(row) for row in newer.rows("SELECT value, name FROM numbers")] == [(1, "none")]
    newer.close()
    Database(path, [FIRST, SECOND]).close()


def test_a_migration_that_fails_leaves_the_format_before(path: Path, database: Database) -> None:
    add(database, 1)
    database.close()
    with pytest.raises(StateError, match="the state cannot be opened: no such table: none"):
        Database(path, [FIRST, SECOND, "DROP TABLE numbers;\nDROP TABLE none;\n"])
    again = Database(path, [FIRST])
    assert [tuple(row) for row in again.rows("SELECT * FROM numbers")] == [(1,)]


def test_a_newer_format_is_refused_and_left_as_it_is(path: Path) -> None:
    Database(path, [FIRST, SECOND]).close()
    before = path.read_bytes()
    with pytest.raises(
        StateError, match=r"format 2, newer than this program knows: reconciler .* goes up to format 1"
    ) as refused:
        Database(path, [FIRST])
    assert refused.value.place == str(path)
    assert refused.value.hint == "run the version of reconciler that wrote it, or a newer one"
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_text("This was something else. " * 100)
    with pytest.raises(StateError, match="the state cannot be opened: file is not a database") as refused:
        Database(path, [FIRST])
    assert refused.value.place == str(path)
    assert refused.value.hint == "the file is damaged: put a backup in its place, or move it away to begin anew"
    assert path.read_text() == "This was something else. " * 100


def test_a_database_in_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="unable to open database file") as refused:
        Database(tmp_path / "none" / "state.db", [FIRST])
    assert (refused.value.hint or "").startswith("it takes the right to write to it")


def test_a_full_disk_is_told_as_such_and_what_was_there_stays(database: Database) -> None:
    add(database, 1)
    database.execute("PRAGMA max_page_count=4")
    with pytest.raises(sqlite3.OperationalError, match="full"), database.transaction():
        for value in range(2, 5000):
            add(database, value)
    assert numbers(database) == [1]
    database.execute("PRAGMA max_page_count=1000000")
    add(database, 2)
    assert numbers(database) == [1, 2]


def test_rows_that_refer_to_none_are_refused(path: Path) -> None:
    database = Database(path, [f"{FIRST}CREATE TABLE names (value INTEGER NOT NULL REFERENCES numbers (value));\n"])
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("INSERT INTO names (value) VALUES (1)")
