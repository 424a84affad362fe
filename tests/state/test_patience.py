"""What waits for the state: a database that somebody else holds, and a disk that is full."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.model.errors import StateAwayError
from reconciler.state.patience import Patience
from reconciler.state.trouble import Trouble


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "a.db", timeout=0, isolation_level=None, check_same_thread=False)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE notes (text)")
        yield made


@pytest.fixture
def holder(tmp_path: Path, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Somebody else, who has the database to himself."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


def test_what_can_be_written_is_written_once() -> None:
    assert Patience()(lambda: "written") == "written"


def test_a_database_that_somebody_holds_is_waited_for(
    connection: sqlite3.Connection, holder: sqlite3.Connection
) -> None:
    done = threading.Event()
    tries = []

    def write() -> None:
        tries.append("try")
        connection.execute("INSERT INTO notes VALUES ('a')")

    def work() -> None:
        Patience(pause_seconds=0.01)(write)
        done.set()

    threading.Thread(target=work, daemon=True).start()
    while len(tries) < 3:
        assert not done.wait(0.01)
    holder.execute("ROLLBACK")
    assert done.wait(20)
    assert connection.execute("SELECT * FROM notes").fetchall() == [("a",)]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_room_on_the_disk_is_waited_for(number: int) -> None:
    trouble = [OSError(number, "no room"), OSError(number, "no room")]

    def write() -> str:
        if trouble:
            raise trouble.pop()
        return "written"

    assert Patience(pause_seconds=0.0)(write) == "written"


def test_a_full_database_is_waited_for(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count=2")
    tries = []

    def write() -> None:
        tries.append("try")
        if len(tries) == 3:
            connection.execute("PRAGMA max_page_count=1000")
        connection.execute("INSERT INTO notes VALUES (zeroblob(20000))")

    Patience(pause_seconds=0.0)(write)
    assert len(tries) == 3


def test_what_will_not_pass_is_not_waited_for(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        Patience()(lambda: connection.execute("INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(FileNotFoundError):
        Patience()(lambda: Path("/nowhere/at all").read_text())


def test_whoever_has_lost_patience_waits_no_more(connection: sqlite3.Connection, holder: sqlite3.Connection) -> None:
    patience = Patience(pause_seconds=1000)
    threading.Timer(0.05, patience.lose).start()
    with pytest.raises(StateAwayError, match="database is locked"):
        patience(lambda: connection.execute("INSERT INTO notes VALUES ('a')"))


def test_what_is_waited_for_is_said_where_it_takes_no_room(tmp_path: Path) -> None:
    trouble = Trouble(tmp_path / "trouble")
    trouble.reserve()
    size, said = (tmp_path / "trouble").stat().st_size, []
    full = [OSError(errno.ENOSPC, "no room")]

    def write() -> None:
        said.append(trouble.text)
        if full:
            raise full.pop()

    Patience(trouble, 0.0)(write)
    assert said == ["", "the state cannot be written, and what runs waits for it: [Errno 28] no room"]
    assert trouble.text == ""
    assert (tmp_path / "trouble").stat().st_size == size


def test_trouble_of_a_process_that_is_gone_is_said_no_more(tmp_path: Path) -> None:
    trouble = Trouble(tmp_path / "trouble")
    assert trouble.text == ""
    (tmp_path / "trouble").write_text("1000 the state cannot be written")
    assert trouble.text == ""


def test_whatever_stands_there_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "trouble").write_bytes(b"\xff\xfe nothing of ours")
    assert Trouble(tmp_path / "trouble").text == ""
    Trouble(tmp_path / "nowhere" / "trouble").note("no room")
