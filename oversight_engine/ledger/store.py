"""Where a ledger's bytes are kept: what every store can do, and which one a location names."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import NamedTuple, Protocol

from oversight_engine.errors import InputError

LATEST = 2**63 - 1
"""A number that no entry reaches: where a range has no end."""


class Row(NamedTuple):
    """An entry as a store holds it: its bytes, its leaf hash, and columns to find it by."""

    number: int
    leaf: bytes
    content: bytes
    kind: str
    system: str | None
    about: int | None
    recorded_at: str
    identity: str | None


class Head(NamedTuple):
    """What must be kept of a ledger to append to it: its size and its tree's frontier."""

    size: int
    frontier: bytes
    recorded_at: str


class StoredCheckpoint(NamedTuple):
    """A signed statement of size and root, as a note, by its size."""

    size: int
    note: bytes


class Store(Protocol):
    """One ledger's bytes. Every error of the database is one of `errors.py` when it leaves."""

    place: str
    """The location as messages may name it: without a password."""

    def reading(self) -> AbstractContextManager[None]:
        """Return a span in which everything read is of one moment."""
        ...

    def appending(self) -> AbstractContextManager[None]:
        """Return a span of which all is written or nothing, while nobody else writes."""
        ...

    def head(self) -> Head:
        """Return what the ledger says of its own size."""
        ...

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
        ...

    def systems(self, first: int, last: int) -> Sequence[tuple[str | None, int]]:
        """Return the systems of the entries from number *first* to *last*, with how many each has.

        They are in the store's own order of systems, what is on none first.
        """
        ...

    def stories(
        self, begin: str | None, end: str | None, last: int
    ) -> Generator[tuple[str | None, int, bytes]]:
        """Yield system, number and bytes of entries up to *last*: system by system, each in order.

        From the system *begin* to the system *end*; without *begin* from what is on none, without
        *end* to the last. Only a few are held at a time.
        """
        ...

    def leaves(self, first: int, last: int) -> Sequence[bytes]:
        """Return the leaf hashes of the entries from number *first* to *last*, in order."""
        ...

    def contents(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, leaf hash and bytes of every entry, in order, one being held at a time."""
        ...

    def number_of(self, identity: str) -> int | None:
        """Return the number of the entry of that *identity*."""
        ...

    def object(self, digest: str) -> bytes | None:
        """Return the bytes of the object of that *digest*."""
        ...

    def digests(self) -> Sequence[str]:
        """Return the digests under which objects are held, in order."""
        ...

    def checkpoints(self, after: int, limit: int) -> Sequence[StoredCheckpoint]:
        """Return at most *limit* checkpoints of a size beyond *after*, in order."""
        ...

    def last_checkpoint(self) -> StoredCheckpoint | None:
        """Return the checkpoint of the greatest size."""
        ...

    def add(
        self,
        rows: Iterable[Row],
        objects: Iterable[tuple[str, bytes]],
        checkpoint: StoredCheckpoint,
        head: Head,
    ) -> None:
        """Write new entries with what goes with them; only within `appending`."""
        ...

    def replace(self, number: int, content: bytes) -> None:
        """Put masked bytes in the place of an entry's, and keep its leaf; within `appending`."""
        ...

    def faults(self) -> Sequence[str]:
        """Return what is wrong with the store itself: with its tables and indexes."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


def is_database(location: str) -> bool:
    """Say whether *location* names a database server, and not a file."""
    return location.startswith(("postgresql:", "postgres:", "postgresql+psycopg:"))


def create_store(location: str, fill: Fill) -> None:
    """Make a store at *location*, where there is none, and let *fill* write the first entry.

    Raises:
        InputError: something is there already, or nothing can be there.
        LedgerUnavailableError: the store cannot be written.
    """
    if is_database(location):
        _need_extra()
        from oversight_engine.ledger import postgres

        postgres.create(location, fill)
    else:
        from oversight_engine.ledger import sqlite

        sqlite.create(location, fill)


def open_store(location: str, *, write: bool = False) -> Store:
    """Open the store at *location*.

    Raises:
        InputError: there is none, or it is something else.
        LedgerUnavailableError: it cannot be opened now.
    """
    if is_database(location):
        _need_extra()
        from oversight_engine.ledger import postgres

        return postgres.PostgresStore(location)
    from oversight_engine.ledger import sqlite

    return sqlite.SqliteStore(location, write=write)


def _need_extra() -> None:
    if any(find_spec(package) is None for package in ("sqlalchemy", "psycopg")):
        raise InputError(
            "a ledger in PostgreSQL needs more packages: "
            "python -m pip install 'oversight-engine[postgres]'"
        )


class Fill(Protocol):
    """What writes the first entry into a new store."""

    def __call__(self, store: Store) -> None:
        """Write it; the store is within `appending`."""
        ...
