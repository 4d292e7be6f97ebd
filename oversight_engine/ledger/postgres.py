"""A ledger in a PostgreSQL database: the only module that knows SQLAlchemy and psycopg."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sql
from psycopg import errors
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from oversight_engine.errors import InputError, IntegrityError, LedgerUnavailableError
from oversight_engine.ledger.store import Fill, Head, Row, StoredCheckpoint

VERSION = 1
PATIENCE = "60s"
"""How long one who appends waits for another."""

AT_ONCE = 256
"""How many entries are fetched at a time."""

_ALL = sql.MetaData()
_ENTRIES = sql.Table(
    "ledger_entries",
    _ALL,
    sql.Column("number", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("leaf", sql.LargeBinary, nullable=False),
    sql.Column("content", sql.LargeBinary, nullable=False),
    sql.Column("kind", sql.Text, nullable=False),
    sql.Column("system", sql.Text),
    sql.Column("about", sql.BigInteger),
    sql.Column("recorded_at", sql.Text, nullable=False),
    sql.Column("identity", sql.Text, unique=True),
    sql.Index("ledger_entries_by_kind", "kind", "number"),
    sql.Index("ledger_entries_by_system", "system", "number"),
)
_OBJECTS = sql.Table(
    "ledger_objects",
    _ALL,
    sql.Column("digest", sql.Text, primary_key=True),
    sql.Column("content", sql.LargeBinary, nullable=False),
)
_CHECKPOINTS = sql.Table(
    "ledger_checkpoints",
    _ALL,
    sql.Column("size", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("note", sql.LargeBinary, nullable=False),
)
_HEAD = sql.Table(
    "ledger_head",
    _ALL,
    sql.Column("format", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("size", sql.BigInteger, nullable=False),
    sql.Column("frontier", sql.LargeBinary, nullable=False),
    sql.Column("recorded_at", sql.Text, nullable=False),
)

_UNIQUE = {
    (table.name, column.name)
    for table in _ALL.tables.values()
    for column in table.columns
    if column.primary_key or column.unique
}
"""The columns in which nothing stands twice: what keeps a decision from being recorded again."""

_SHAPES = sql.text(
    """
    SELECT c.relname,
        c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relrowsecurity
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid)
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)),
        ARRAY(
            SELECT a.attname::text
            FROM pg_catalog.pg_index x JOIN pg_catalog.pg_attribute a
                ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
            WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid AND x.indnkeyatts = 1
                AND x.indpred IS NULL AND x.indexprs IS NULL)
    FROM pg_catalog.pg_class c
    WHERE c.oid = ANY (SELECT to_regclass(name)::oid FROM unnest(cast(:names AS text[])) name)
    """
).bindparams(names=sorted(_ALL.tables))
"""Of each table, whether it is one that keeps what is put there, and its unique columns."""

_NO_TABLES = errors.UndefinedTable, errors.InvalidSchemaName
_THERE_ALREADY = errors.DuplicateTable, errors.UniqueViolation, errors.DuplicateObject


def create(location: str, fill: Fill) -> None:
    """Make a ledger's tables at *location*, with its first entry: all of it, or nothing.

    Raises:
        InputError: a ledger is there already, or it is no address of a database.
        LedgerUnavailableError: the database cannot be reached or written.
    """
    store = PostgresStore(location, is_new=True)
    with contextlib.closing(store), store.within("BEGIN"):
        try:
            _ALL.create_all(store.connection, checkfirst=False)
        except DBAPIError as error:
            if isinstance(error.orig, _THERE_ALREADY):
                raise InputError(
                    f"a ledger is at {store.place} already: a new one needs a database or a "
                    "schema of its own"
                ) from error
            raise _said(error, store.place) from error
        fill(store)


class PostgresStore:
    """A ledger's tables. What is written is on the server's disk when `appending` ends."""

    def __init__(self, location: str, *, is_new: bool = False) -> None:
        """Connect to *location*, where a ledger is unless it *is_new*.

        Raises:
            InputError: it is no address of a database, or no ledger is there.
            LedgerUnavailableError: the database cannot be reached.
        """
        url = _address(location)
        self.place = url.set(drivername="postgresql").render_as_string(hide_password=True)
        self._engine = sql.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        try:
            self.connection: Connection = self._engine.connect()
        except DBAPIError as error:
            raise _said(error, self.place) from error
        try:
            # A server may be set up to acknowledge before it has written; not to us.
            [level] = self._read(sql.text("SHOW synchronous_commit"))[0]
            if level == "off":
                self._run(sql.text("SET synchronous_commit = on"))
            if not is_new:
                self._check_version()
                self._check_tables()
        except BaseException:
            self.close()
            raise

    def _check_version(self) -> None:
        found = [version for (version,) in self._read(sql.select(_HEAD.c.format))]
        if found and found != [VERSION]:  # where there is none, `head` says what that means
            raise InputError(
                f"{self.place} holds a ledger of format {found}; this reads format {VERSION}"
            )

    def _check_tables(self) -> None:
        """Refuse tables of which something else would answer, or lose what it is given."""
        shapes = self._read(_SHAPES)
        unique = {(name, column) for name, _, columns in shapes for column in columns}
        is_whole = {name for name, is_plain, _ in shapes if is_plain} == {*_ALL.tables}
        if not is_whole or not unique >= _UNIQUE:
            raise IntegrityError(
                f"{self.place} has other tables, indexes or triggers than a ledger has"
            )

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """Return a span in which everything read is of one moment."""
        return self.within("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    @contextlib.contextmanager
    def appending(self) -> Iterator[None]:
        """Return a span of which all is written or nothing, while nobody else writes."""
        with self.within("BEGIN"):
            self._read(sql.select(sql.func.set_config("lock_timeout", PATIENCE, True)))  # noqa: FBT003 - for this transaction
            self._read(sql.select(_HEAD.c.size).with_for_update())
            yield

    @contextlib.contextmanager
    def within(self, begin: str) -> Iterator[None]:
        """Run what is inside as one transaction."""
        self._run(sql.text(begin))
        try:
            yield
        except BaseException:
            with contextlib.suppress(SQLAlchemyError):  # what went wrong before is what is said
                self.connection.execute(sql.text("ROLLBACK"))
            raise
        try:
            self.connection.execute(sql.text("COMMIT"))
        except DBAPIError as error:
            raise LedgerUnavailableError(
                f"{self.place} was lost while it was asked to keep what was written "
                f"({_first_line(error)}): it may be recorded or not; do it again: what is "
                "recorded is not recorded twice"
            ) from error

    def _run(self, statement: sql.Executable, values: Any = None) -> None:
        try:
            self.connection.execute(statement, values)
        except DBAPIError as error:
            raise _said(error, self.place) from error

    def _read(self, query: sql.Executable) -> Sequence[Any]:
        try:
            return self.connection.execute(query).fetchall()
        except DBAPIError as error:
            raise _said(error, self.place) from error

    def head(self) -> Head:
        """Return what the ledger says of its own size."""
        query = sql.select(_HEAD.c.size, _HEAD.c.frontier, _HEAD.c.recorded_at)
        found = self._read(query)
        if len(found) != 1:
            raise IntegrityError(f"{self.place} does not say how long it is")
        return Head(*found[0])

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
        columns = [_ENTRIES.c[name] for name in Row._fields]
        query = sql.select(*columns).where(_ENTRIES.c.number.between(first, last))
        if kind is not None:
            query = query.where(_ENTRIES.c.kind == kind)
        if system is not None:
            query = query.where(_ENTRIES.c.system == system)
        return [Row(*row) for row in self._read(query.order_by(_ENTRIES.c.number).limit(limit))]

    def systems(self, first: int, last: int) -> Sequence[tuple[str | None, int]]:
        """Return the systems of entries, what is on none first, with how many each has of them."""
        system, count = _ENTRIES.c.system, sql.func.count()
        query = sql.select(system, count).where(_ENTRIES.c.number.between(first, last))
        found = self._read(query.group_by(system).order_by(system.nulls_first()))
        return [(each, number) for each, number in found]

    def stories(
        self, begin: str | None, end: str | None, last: int
    ) -> Generator[tuple[str | None, int, bytes]]:
        """Yield system, number and bytes of entries, system by system, a few held at a time."""
        system, number = _ENTRIES.c.system, _ENTRIES.c.number
        query = sql.select(system, number, _ENTRIES.c.content).where(number <= last)
        if begin is None:
            after = 0
            nowhere = query.where(system.is_(None)).order_by(number).limit(AT_ONCE)
            while found := self._read(nowhere.where(number > after)):
                yield from ((each[0], each[1], each[2]) for each in found)
                after = found[-1][1]
        query = query.where(system.is_not(None) if begin is None else system >= begin)
        query = query if end is None else query.where(system <= end)
        query, place = query.order_by(system, number).limit(AT_ONCE), sql.tuple_(system, number)
        found = self._read(query)
        while found:
            yield from ((each[0], each[1], each[2]) for each in found)
            found = self._read(query.where(place > sql.tuple_(*found[-1][:2])))

    def leaves(self, first: int, last: int) -> Sequence[bytes]:
        """Return the leaf hashes of the entries from number *first* to *last*, in order."""
        query = sql.select(_ENTRIES.c.leaf).where(_ENTRIES.c.number.between(first, last))
        return [leaf for (leaf,) in self._read(query.order_by(_ENTRIES.c.number))]

    def contents(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, leaf hash and bytes of every entry, in order, a few held at a time."""
        number, last = _ENTRIES.c.number, 0
        query = sql.select(number, _ENTRIES.c.leaf, _ENTRIES.c.content).order_by(number)
        while found := self._read(query.where(number > last).limit(AT_ONCE)):
            yield from ((each, leaf, content) for each, leaf, content in found)
            last = found[-1][0]

    def number_of(self, identity: str) -> int | None:
        """Return the number of the entry of that *identity*."""
        found = self._read(sql.select(_ENTRIES.c.number).where(_ENTRIES.c.identity == identity))
        return found[0][0] if found else None

    def object(self, digest: str) -> bytes | None:
        """Return the bytes of the object of that *digest*."""
        found = self._read(sql.select(_OBJECTS.c.content).where(_OBJECTS.c.digest == digest))
        return found[0][0] if found else None

    def digests(self) -> Sequence[str]:
        """Return the digests under which objects are held, in order."""
        return sorted(digest for (digest,) in self._read(sql.select(_OBJECTS.c.digest)))

    def checkpoints(self, after: int, limit: int) -> Sequence[StoredCheckpoint]:
        """Return at most *limit* checkpoints of a size beyond *after*, in order."""
        size = _CHECKPOINTS.c.size
        query = sql.select(size, _CHECKPOINTS.c.note).where(size > after)
        return [StoredCheckpoint(*row) for row in self._read(query.order_by(size).limit(limit))]

    def last_checkpoint(self) -> StoredCheckpoint | None:
        """Return the checkpoint of the greatest size."""
        size = _CHECKPOINTS.c.size
        query = sql.select(size, _CHECKPOINTS.c.note).order_by(size.desc()).limit(1)
        found = self._read(query)
        return StoredCheckpoint(*found[0]) if found else None

    def add(
        self,
        rows: Iterable[Row],
        objects: Iterable[tuple[str, bytes]],
        checkpoint: StoredCheckpoint,
        head: Head,
    ) -> None:
        """Write new entries with what goes with them; only within `appending`."""
        held = [{"digest": digest, "content": content} for digest, content in objects]
        if held:
            self._run(insert(_OBJECTS).on_conflict_do_nothing(), held)
        self._run(insert(_ENTRIES), [row._asdict() for row in rows])
        self._run(insert(_CHECKPOINTS), [checkpoint._asdict()])
        written = insert(_HEAD).values(format=VERSION, **head._asdict())
        self._run(written.on_conflict_do_update(index_elements=["format"], set_=head._asdict()))

    def replace(self, number: int, content: bytes) -> None:
        """Put masked bytes in the place of an entry's, and keep its leaf; within `appending`."""
        self._run(sql.update(_ENTRIES).where(_ENTRIES.c.number == number).values(content=content))

    def faults(self) -> Sequence[str]:
        """Return nothing: the server sees to its own tables and indexes."""
        return ()

    def close(self) -> None:
        """Give back what it holds."""
        self.connection.close()
        self._engine.dispose()


def _address(location: str) -> URL:
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:  # the second where the port is no number
        raise InputError("that is no address of a database: postgresql://user@host/name") from error
    if url.drivername.partition("+")[0] not in {"postgresql", "postgres"}:
        raise InputError(f"a ledger is in no database of the kind {url.drivername}")
    return url.set(drivername="postgresql+psycopg")


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]


def _said(error: DBAPIError, place: str) -> InputError | IntegrityError:
    """Return what to raise for what the database or the way to it says."""
    if isinstance(error.orig, _NO_TABLES):
        return InputError(f"no ledger is at {place}: `oversight ledger init` makes one")
    if isinstance(error.orig, errors.OperationalError | errors.InternalError):
        return LedgerUnavailableError(
            f"{place} cannot be used now ({_first_line(error)}); nothing was recorded by this "
            "attempt"
        )
    return IntegrityError(f"{place} does not behave as a ledger does: {_first_line(error)}")
