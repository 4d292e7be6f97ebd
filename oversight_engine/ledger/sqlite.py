"""A ledger in one SQLite file: the only module that knows SQLite."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from oversight_engine.errors import InputError, IntegrityError, LedgerUnavailableError
from oversight_engine.ledger.store import Fill, Head, Row, StoredCheckpoint

_UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and bytes of a name that are no text."""

APPLICATION = 0x4F564C47  # "OVLG": what tells a ledger from another program's file
VERSION = 1
PATIENCE = 60.0
"""Seconds that one who appends waits for another."""

_TABLES = (
    (
        "CREATE TABLE entries (number INTEGER PRIMARY KEY, leaf BLOB NOT NULL, "
        "kind TEXT NOT NULL, system TEXT, about INTEGER, recorded_at TEXT NOT NULL, "
        "identity TEXT, content BLOB NOT NULL)"
    ),
    "CREATE INDEX entries_by_kind ON entries (kind)",
    "CREATE INDEX entries_by_system ON entries (system)",
    "CREATE UNIQUE INDEX entries_by_identity ON entries (identity)",
    "CREATE TABLE objects (digest TEXT PRIMARY KEY, content BLOB NOT NULL)",
    "CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL)",
    (
        "CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), size INTEGER NOT NULL, "
        "frontier BLOB NOT NULL, recorded_at TEXT NOT NULL)"
    ),
)
"""All there is in the file. The bytes come last, so that whoever looks for a kind skips them."""

# A column of SQLite holds whatever somebody put there: what is to be bytes is read as bytes.
_COLUMNS = (
    "SELECT number, CAST(leaf AS BLOB), CAST(content AS BLOB), kind, system, about, recorded_at, "
    "identity FROM entries "
)
_CHECKPOINTS = "SELECT size, CAST(note AS BLOB) FROM checkpoints "
_ROWS = {
    (False, False): _COLUMNS + "WHERE number BETWEEN ? AND ? ORDER BY number LIMIT ?",
    (True, False): _COLUMNS + "WHERE kind = ? AND number BETWEEN ? AND ? ORDER BY number LIMIT ?",
    (False, True): _COLUMNS + "WHERE system = ? AND number BETWEEN ? AND ? ORDER BY number LIMIT ?",
    (True, True): _COLUMNS
    + "WHERE kind = ? AND system = ? AND number BETWEEN ? AND ? ORDER BY number LIMIT ?",
}
"""By whether a kind and whether a system is asked for, in this order; an index serves each."""

_ADD_ENTRY = (
    "INSERT INTO entries (number, leaf, content, kind, system, about, recorded_at, identity) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def create(location: str, fill: Fill) -> None:
    """Make a ledger's file at *location*: it is there as a whole, or not at all.

    Raises:
        InputError: something is there already, or its folder cannot be written to.
        LedgerUnavailableError: it cannot be written.
    """
    path = _checked(location)
    if path.exists():
        raise InputError(f"{path} is there already: a new ledger needs a place of its own")
    draft = path.with_name(f".{secrets.token_hex(8)}.ledger")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    try:
        _fill(draft, fill, str(path))
        os.link(draft, path)  # unlike a renaming, it never replaces what came there meanwhile
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        for leftover in (draft, *_beside(draft)):
            leftover.unlink(missing_ok=True)


def _fill(draft: Path, fill: Fill, place: str) -> None:
    with _said_of(place):
        connection = _connected(draft, "rw")
        with contextlib.closing(connection):
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            for table in _TABLES:
                connection.execute(table)
    store = SqliteStore(str(draft), write=True)
    store.place = place
    with contextlib.closing(store), store.appending():
        fill(store)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> list[Path]:
    """Return the files that SQLite keeps beside the one at *path* while it is open."""
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _checked(location: str) -> Path:
    """Return the path that *location* is, if a ledger may be there."""
    path = Path(location)
    if not path.name or _UNSEEN.search(location):  # nothing that a message could not show
        raise InputError(f"{location!r} is no name of a file")
    try:
        _check_path(path)
    except OSError as error:  # the name is too long, say
        raise InputError(f"{path} cannot be a ledger's file: {error.strerror}") from error
    return path


def _check_path(path: Path) -> None:
    for each in (path, *_beside(path)):
        if each.is_symlink():
            raise InputError(f"{each} is a link to somewhere else: name the ledger's own file")
    if path.is_dir():
        raise InputError(f"{path} is a folder: a ledger is one file")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is no file")
    if not path.parent.is_dir():
        raise InputError(f"{path.parent} is no folder")


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    # An address, so that nothing is made where there is nothing; everything odd in it is quoted.
    address = f"file:{quote(str(path.absolute()))}?{mode if '=' in mode else f'mode={mode}'}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=PATIENCE)


class SqliteStore:
    """A ledger's file. What is written is on the disk when `appending` ends."""

    def __init__(self, location: str, *, write: bool) -> None:
        """Open the file at *location*, to read it only or to *write* as well.

        Raises:
            InputError: there is none, or it is no ledger.
            LedgerUnavailableError: it cannot be opened.
        """
        path = _checked(location)
        if not path.exists():
            raise InputError(f"there is no ledger {path}: `oversight ledger init` makes one")
        self.place = str(path)
        with _said_of(self.place):
            self._connection = _opened(path, write=write)

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """Return a span in which everything read is of one moment."""
        return self._within("BEGIN")

    def appending(self) -> contextlib.AbstractContextManager[None]:
        """Return a span of which all is written or nothing, while nobody else writes."""
        return self._within("BEGIN IMMEDIATE")

    @contextlib.contextmanager
    def _within(self, begin: str) -> Iterator[None]:
        with _said_of(self.place):
            self._connection.execute(begin)
        try:
            yield
            with _said_of(self.place):
                self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # what went wrong before is what is said
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            raise

    def _read(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with _said_of(self.place):
            return self._connection.execute(query, values).fetchall()

    def head(self) -> Head:
        """Return what the ledger says of its own size."""
        found = self._read(
            "SELECT CAST(size AS INTEGER), CAST(frontier AS BLOB), CAST(recorded_at AS TEXT) "
            "FROM head"
        )
        if len(found) != 1:
            raise IntegrityError(f"{self.place} does not say how long it is")
        return Head(*found[0])  # type: ignore[arg-type]

    def rows(
        self,
        first: int,
        last: int,
        *,
        kind: str | None = None,
        system: str | None = None,
        limit: int,
    ) -> Sequence[Row]:
        """Return at most *limit* entries from number *first* to *last*, in order."""
        query = _ROWS[kind is not None, system is not None]
        asked = [each for each in (kind, system) if each is not None]
        found = self._read(query, (*asked, first, last, limit))
        return [Row(*row) for row in found]  # type: ignore[arg-type]

    def systems(self, first: int, last: int) -> Sequence[tuple[str | None, int]]:
        """Return the systems of entries, what is on none first, with how many each has of them."""
        query = (
            "SELECT system, COUNT(*) FROM entries WHERE +number BETWEEN ? AND ? "
            "GROUP BY system ORDER BY system"
        )
        return self._read(query, (first, last))  # type: ignore[return-value]

    def stories(
        self, begin: str | None, end: str | None, last: int
    ) -> Generator[tuple[str | None, int, bytes]]:
        """Yield system, number and bytes of entries, system by system, one being held at a time."""
        if begin is None:
            yield from self._stories("system IS NULL", last)
        bounds = {"system >= ?": begin, "system <= ?": end}
        asked = {bound: each for bound, each in bounds.items() if each is not None}
        which = " AND ".join(("system IS NOT NULL", *asked))
        yield from self._stories(which, last, *asked.values())

    def _stories(
        self, which: str, last: int, *values: str
    ) -> Generator[tuple[str | None, int, bytes]]:
        # The plus keeps SQLite to the index by system, which has the order that is asked for.
        query = (
            "SELECT system, number, CAST(content AS BLOB) FROM entries "  # noqa: S608 - our words
            f"WHERE {which} AND +number <= ? ORDER BY system, number"
        )
        with _said_of(self.place):
            yield from self._connection.execute(query, (*values, last))

    def leaves(self, first: int, last: int) -> Sequence[bytes]:
        """Return the leaf hashes of the entries from number *first* to *last*, in order."""
        query = (
            "SELECT CAST(leaf AS BLOB) FROM entries WHERE number BETWEEN ? AND ? ORDER BY number"
        )
        return [leaf for (leaf,) in self._read(query, (first, last))]  # type: ignore[misc]

    def contents(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, leaf hash and bytes of every entry, in order, one being held at a time."""
        query = (
            "SELECT number, CAST(leaf AS BLOB), CAST(content AS BLOB) FROM entries ORDER BY number"
        )
        with _said_of(self.place):
            yield from self._connection.execute(query)

    def number_of(self, identity: str) -> int | None:
        """Return the number of the entry of that *identity*."""
        found = self._read("SELECT number FROM entries WHERE identity = ?", (identity,))
        return found[0][0] if found else None  # type: ignore[return-value]

    def object(self, digest: str) -> bytes | None:
        """Return the bytes of the object of that *digest*."""
        found = self._read("SELECT CAST(content AS BLOB) FROM objects WHERE digest = ?", (digest,))
        return found[0][0] if found else None  # type: ignore[return-value]

    def digests(self) -> Sequence[str]:
        """Return the digests under which objects are held, in order."""
        query = "SELECT CAST(digest AS TEXT) FROM objects ORDER BY digest"
        return [digest for (digest,) in self._read(query)]  # type: ignore[misc]

    def checkpoints(self, after: int, limit: int) -> Sequence[StoredCheckpoint]:
        """Return at most *limit* checkpoints of a size beyond *after*, in order."""
        query = (
            "SELECT size, CAST(note AS BLOB) FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?"
        )
        found = self._read(query, (after, limit))
        return [StoredCheckpoint(*row) for row in found]  # type: ignore[arg-type]

    def last_checkpoint(self) -> StoredCheckpoint | None:
        """Return the checkpoint of the greatest size."""
        found = self._read(
            "SELECT size, CAST(note AS BLOB) FROM checkpoints ORDER BY size DESC LIMIT 1"
        )
        return StoredCheckpoint(*found[0]) if found else None  # type: ignore[arg-type]

    def add(
        self,
        rows: Iterable[Row],
        objects: Iterable[tuple[str, bytes]],
        checkpoint: StoredCheckpoint,
        head: Head,
    ) -> None:
        """Write new entries with what goes with them; only within `appending`."""
        write = self._connection
        with _said_of(self.place):
            write.executemany(
                "INSERT OR IGNORE INTO objects (digest, content) VALUES (?, ?)", objects
            )
            write.executemany(_ADD_ENTRY, rows)
            write.execute("INSERT INTO checkpoints (size, note) VALUES (?, ?)", checkpoint)
            write.execute(
                "INSERT OR REPLACE INTO head (only, size, frontier, recorded_at) "
                "VALUES (1, ?, ?, ?)",
                head,
            )

    def replace(self, number: int, content: bytes) -> None:
        """Put masked bytes in the place of an entry's, and keep its leaf; within `appending`."""
        with _said_of(self.place):
            self._connection.execute("PRAGMA secure_delete = ON")  # what was masked is overwritten
            query = "UPDATE entries SET content = ? WHERE number = ?"
            self._connection.execute(query, (content, number))

    def faults(self) -> Sequence[str]:
        """Return what is wrong with the store itself: with its tables and indexes."""
        # An index that lacks an entry would hide it from whoever asks by system or kind.
        found = [" ".join(str(row[0]).split()) for row in self._read("PRAGMA integrity_check(1)")]
        return [] if found == ["ok"] else [f"the file is damaged: {fault}" for fault in found]

    def close(self) -> None:
        """Give back what it holds."""
        with _said_of(self.place):
            self._connection.close()


def _opened(path: Path, *, write: bool) -> sqlite3.Connection:
    if write and not _may_write(path):
        raise LedgerUnavailableError(f"{path} is read-only: nothing can be recorded in it")
    connection = _connected(path, "rw" if write else "ro")
    try:
        try:
            _check_file(connection, path)
        except sqlite3.OperationalError:
            if write or _may_write(path.parent) or _may_be_open(path):
                raise
            # Nobody can have it open to write here, and SQLite needs to write beside what it
            # reads, unless it is told that the file does not change.
            connection.close()
            connection = _connected(path, "immutable=1")
            _check_file(connection, path)
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
            # Each commit is on the disk when it returns; NORMAL would lose some with the power.
            connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _may_be_open(path: Path) -> bool:
    """Say whether not all of it may be in the file: an empty log is what a reader left behind."""
    log, shared, _ = _beside(path)
    return shared.exists() or (log.exists() and log.stat().st_size > 0)


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _check_file(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is no ledger, without changing it."""
    try:
        [(application,)] = connection.execute("PRAGMA application_id").fetchall()
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
        tables = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
        ).fetchall()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        raise InputError(f"{path} is no ledger: {error}") from error
    if application != APPLICATION:
        raise InputError(f"{path} is no ledger: it is a file of another program, or empty")
    if version != VERSION:
        raise InputError(f"{path} is a ledger of format {version}; this reads format {VERSION}")
    # A trigger or a view would let somebody else answer for the ledger.
    if {sql for (sql,) in tables} != {*_TABLES}:
        raise IntegrityError(f"{path} has other tables, indexes or triggers than a ledger has")


@contextlib.contextmanager
def _said_of(place: str) -> Iterator[None]:
    """Turn what SQLite raises into what this package raises."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnavailableError(
            f"{place} cannot be used now ({error}); nothing was recorded by this attempt"
        ) from error
    except sqlite3.DatabaseError as error:
        raise IntegrityError(f"{place} is damaged: {error}") from error
