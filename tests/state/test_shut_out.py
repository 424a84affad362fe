"""A thread whose place somebody else has taken writes nothing more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.model.errors import StateError
from reconciler.state.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "a.db", ("CREATE TABLE notes (words TEXT);\n",))
    yield database
    database.close()


def _write(database: Database, words: str) -> None:
    database.execute("INSERT INTO notes VALUES (?)", (words,))


def _words(database: Database) -> list[str]:
    return [row["words"] for row in database.rows("SELECT words FROM notes ORDER BY rowid")]


@pytest.mark.parametrize(
    "write",
    [
        lambda database: _write(database, "late"),
        lambda database: database.execute_many("INSERT INTO notes VALUES (?)", [("late",)]),
    ],
)
def test_what_it_writes_is_refused_and_what_others_write_is_not(
    database: Database, write: Callable[[Database], None]
) -> None:
    database.shut_out(threading.get_ident())
    with pytest.raises(StateError, match="taken over"):
        write(database)
    other = threading.Thread(target=_write, args=(database, "in time"))
    other.start()
    other.join()
    assert _words(database) == ["in time"]
    database.let_in(threading.get_ident())
    write(database)
    assert _words(database) == ["in time", "late"]


def test_what_it_is_in_the_middle_of_is_kept_as_a_whole(database: Database) -> None:
    with database.transaction():
        _write(database, "first")
        database.shut_out(threading.get_ident())
        _write(database, "second")
    assert _words(database) == ["first", "second"]
    with pytest.raises(StateError), database.transaction():
        _write(database, "third")
    assert _words(database) == ["first", "second"]
