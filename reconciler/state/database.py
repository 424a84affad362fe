"""One SQLite database: opened, migrated, and written to in transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from reconciler import __version__
from reconciler.model.errors import StateError
from reconciler.state.backups import Backups

BUSY_TIMEOUT_SECONDS = 30.0
Row = sqlite3.Row
_US = f"reconciler {__version__}"
Parameters = Sequence[object] | Mapping[str, object]


class Database:
    """A connection that threads share; each statement or transaction has it to itself.

    Write-ahead logging with `synchronous=NORMAL`: a killed process loses no committed transaction, a power cut
    at most the last ones, which are then simply done again.

    Attributes:
        lock: held by a thread as long as it has the connection to itself. What is remembered of the database is guarded
            by it as well: with a lock of its own, two threads could each hold the one that the other waits for.
    """

    def __init__(self, path: Path, migrations: Sequence[str], backups: Backups | None = None) -> None:
        """Open the database, and bring it to the newest format.

        Args:
            backups: keep it as it was before that; None where it is not worth keeping.

        Raises:
            StateError: it cannot be opened, or a newer version of the program has written it.
        """
        self.lock = threading.RLock()
        self._depth = 0
        self._shut_out: set[int] = set()
        try:
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute("PRAGMA foreign_keys=ON")
            self._migrate(path, migrations, backups)
        except sqlite3.Error as error:
            raise StateError(f"the state cannot be opened: {error}", place=str(path), hint=_mend(error)) from error

    def _migrate(self, path: Path, migrations: Sequence[str], backups: Backups | None) -> None:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == len(migrations):
            return
        if version > len(migrations):
            known = len(migrations)
            message = f"the state has format {version}, newer than this program knows: {_US} goes up to format {known}"
            kept = None if backups is None else backups.newest(known)
            hint = "run the version of reconciler that wrote it, or a newer one"
            hint += "" if kept is None else f"; or put {kept.name} in its place, and what came later is forgotten"
            raise StateError(message, place=str(path), hint=hint)
        with self.transaction():
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if backups is not None and 0 < version < len(migrations):
                backups.keep(version)  # who migrates is alone, so that it is kept as it is here
            for index in range(version, len(migrations)):
                for statement in migrations[index].split(";\n"):
                    if statement.strip():
                        self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version={index + 1}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside are kept together or not at all; transactions may nest."""
        with self.lock:
            if self._depth:
                yield
                return
            self._check()
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:  # a full disk ends it without being asked
                    self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read inside is of one moment, whatever others write meanwhile; nothing may be written."""
        with self.lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN")
            self._depth = 1
            try:
                yield
            finally:
                self._depth = 0
                self._connection.execute("COMMIT")

    def shut_out(self, thread: int) -> None:
        """Have a thread, which somebody else has taken the place of, write nothing more.

        What it has begun is kept as a whole. A number stands for another thread once this one has ended: `let_in`
        first.
        """
        self._shut_out.add(thread)

    def let_in(self, thread: int) -> None:
        self._shut_out.discard(thread)

    def _check(self) -> None:
        """Refuse a thread that was shut out, unless it is in the middle of a transaction."""
        if not self._depth and threading.get_ident() in self._shut_out:
            raise StateError("somebody else has taken over, so that this is not kept any more")

    def version(self) -> int:
        """A number that is another one once another connection has written; it costs next to nothing to ask."""
        with self.lock:
            number: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            return number

    def execute(self, statement: str, parameters: Parameters = ()) -> None:
        with self.lock:
            self._check()
            self._connection.execute(statement, parameters)

    def execute_many(self, statement: str, parameters: Iterable[Parameters]) -> None:
        with self.transaction():
            self._connection.executemany(statement, parameters)

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        with self.lock:
            return self._connection.execute(statement, parameters).fetchall()

    def row(self, statement: str, parameters: Parameters = ()) -> Row | None:
        with self.lock:
            found: Row | None = self._connection.execute(statement, parameters).fetchone()
            return found

    def close(self) -> None:
        with self.lock:
            self._connection.close()


def _mend(error: sqlite3.Error) -> str:
    """What to do about a database that cannot be opened."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return "the file is damaged: put a backup in its place, or move it away to begin anew"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return "it takes the right to write to it: be the user of the daemon, or ask the daemon with --server"
        case _:
            return "is another program holding the file, or the disk full?"
