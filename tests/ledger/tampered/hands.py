"""What somebody can do to a ledger who can write to its store, and what finds it."""

# ruff: noqa: S608 - tables and columns are named by us

import contextlib
import json
import re
import sqlite3

from oversight_engine.errors import OversightError
from oversight_engine.ledger.entries import digest_of, identity_of
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.merkle import Frontier, leaf_hash
from oversight_engine.ledger.notes import Checkpoint, sign_note
from oversight_engine.ledger.rechecking import recheck
from oversight_engine.ledger.replaying import replay
from oversight_engine.ledger.store import is_database
from oversight_engine.ledger.verification import verify
from oversight_engine.model.plain import canonical
from tests.ledger.ledgers import ORIGIN
from tests.ledger.tampered.good import FOREIGN, KEPT_SIZE, NEW, OLD, OTHER, SIZE

ENTRY = "number, leaf, content, kind, system, about, recorded_at, identity"


class Hands:
    """The hands of somebody who can write to the store of the ledger at *location*.

    They write by SQL, past this package: tables are named in braces, as `{entries}`.
    """

    def __init__(self, location):
        self.location = location
        self.is_database = is_database(location)
        self._connection = None

    def close(self):
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()

    # The store

    def change(self, query, *values, many=None):
        """Run *query*, with *values* or once for each of *many*; return what it found."""
        prefix = "ledger_" if self.is_database else ""
        names = ("entries", "objects", "checkpoints", "head")
        text = query.format(**{name: prefix + name for name in names})
        if self.is_database:
            import psycopg

            if self._connection is None:
                self._connection = psycopg.connect(self.location, autocommit=True)
            return self._run(self._connection.cursor(), text.replace("?", "%s"), values, many)
        with contextlib.closing(sqlite3.connect(self.location)) as connection, connection:
            return self._run(connection.cursor(), text, values, many)

    def _run(self, cursor, text, values, many):
        if many is not None:
            cursor.executemany(text, many)
        else:
            cursor.execute(text, values)
        return cursor.fetchall() if cursor.description else []

    def rows(self):
        """Return the rows of all entries, in order."""
        return self.change(f"SELECT {ENTRY} FROM {{entries}} ORDER BY number")

    def contents(self):
        return [bytes(row[2]) for row in self.rows()]

    def content(self, number):
        query = "SELECT content FROM {entries} WHERE number = ?"
        [(content,)] = self.change(query, number)
        return bytes(content)

    def data(self, number):
        return json.loads(self.content(number))

    def note(self, size):
        [(note,)] = self.change("SELECT note FROM {checkpoints} WHERE size = ?", size)
        return bytes(note)

    def put(self, number, content):
        """Put other bytes in the place of an entry's, and leave its hash."""
        self.change("UPDATE {entries} SET content = ? WHERE number = ?", content, number)

    def put_note(self, size, note):
        self.change("UPDATE {checkpoints} SET note = ? WHERE size = ?", note, size)

    def hash_again(self, number):
        """Let the stored hash be that of the bytes that stand there."""
        leaf = leaf_hash(self.content(number))
        self.change("UPDATE {entries} SET leaf = ? WHERE number = ?", leaf, number)

    def edit(self, number, old, new):
        self.put(number, replaced(self.content(number), old, new))

    def cut(self, size):
        """Take away what comes after *size* entries, and set the head back to them."""
        self.change("DELETE FROM {entries} WHERE number > ?", size)
        self.change("DELETE FROM {checkpoints} WHERE size > ?", size)
        rows = self.rows()
        frontier = Frontier()
        frontier.extend(bytes(row[1]) for row in rows)
        hashes = b"".join(frontier.hashes)
        query = "UPDATE {head} SET size = ?, frontier = ?, recorded_at = ?"
        self.change(query, size, hashes, rows[-1][6])

    # The whole of it, as somebody who has a key could write it

    def write(self, contents, *, old=OLD, new=NEW):
        """Write the ledger again from its first entry, so that it agrees with itself.

        Columns, leaves, tree, head and checkpoints are those of *contents*; the checkpoints are of
        the sizes they were, signed by the *old* key and, once it is recorded, by the *new* one.
        """
        leaves = {row[0]: bytes(row[1]) for row in self.rows()}
        sizes = {size for (size,) in self.change("SELECT size FROM {checkpoints}")}
        rows, notes, frontier, systems, signer = [], [], Frontier(), {}, old
        for place, content in enumerate(contents, 1):
            data = json.loads(content)
            kind, about = data["kind"], data.get("about")
            leaf = leaves[place] if data.get("masked") else leaf_hash(content)
            systems[place] = data.get("system", systems.get(about))
            identity = identity_of(data) if kind == "decision" else None
            if identity in {row[-1] for row in rows}:  # the store lets none stand twice
                identity = None
            row = (place, leaf, content, kind, systems[place], about, data["recorded_at"], identity)
            rows.append(row)
            frontier.append(leaf)
            if place in sizes or place == len(contents):
                checkpoint = Checkpoint(ORIGIN, place, frontier.root())
                notes.append((place, sign_note(checkpoint.text, signer)))
            signer = new if kind == "key" else signer
        self.change("DELETE FROM {entries}")
        self.change("DELETE FROM {checkpoints}")
        self.change(f"INSERT INTO {{entries}} ({ENTRY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", many=rows)
        self.change("INSERT INTO {checkpoints} (size, note) VALUES (?, ?)", many=notes)
        query = "UPDATE {head} SET size = ?, frontier = ?, recorded_at = ?"
        self.change(query, len(rows), b"".join(frontier.hashes), rows[-1][6])

    def write_with(self, number, change, **signers):
        """Write the ledger again with one entry's data changed; the digests in it follow."""
        contents = self.contents()
        contents[number - 1] = changed(contents[number - 1], change)
        self.write(contents, **signers)

    def hold(self, content):
        """Put an object into the store, and return its digest."""
        digest = digest_of(content)
        self.change("INSERT INTO {objects} (digest, content) VALUES (?, ?)", digest, content)
        return digest


def replaced(content, old, new):
    assert old in content, f"{old} is not in {content}"
    return content.replace(old, new, 1)


def changed(content, change):
    """Return the bytes of an entry whose data *change* changed."""
    data = json.loads(content)
    change(data)
    return canonical(data)


# What finds it


def kept_notes(location):
    """Return the two checkpoints that somebody keeps elsewhere: an older one and the newest."""
    with contextlib.closing(Hands(location)) as hands:
        return {"KEPT": hands.note(KEPT_SIZE), "NEWEST": hands.note(SIZE)}


SIGNERS = {"OLD KEY": OLD, "KEY": NEW, "FOREIGN KEY": FOREIGN, "OTHER FOREIGN KEY": OTHER}
VERIFY, QUICK, TRUST = "ledger verify", "ledger verify --quick", "ledger verify --trust KEY"
KEPT, NEWEST = "ledger verify --checkpoint KEPT", "ledger verify --checkpoint NEWEST"
RECHECK, REPLAY = "ledger recheck", "replay"
COMMANDS = (VERIFY, TRUST, KEPT, NEWEST, RECHECK, REPLAY)


def found_by(command, location, notes):
    """Return what *command* says is wrong with the ledger, or None."""
    try:
        said = _run(command, location, notes)
    except OversightError as error:
        said = str(error)
    return None if said is None else shown(said, location)


def _run(command, location, notes):
    if command == RECHECK:
        with Ledger.open(location) as ledger:
            fault = recheck(ledger).fault
        return fault and f"entry {fault.number}: {fault.message}"
    if command == REPLAY:
        with Ledger.open(location) as ledger:
            found = replay(ledger)
        told = [(each.number, str(each.divergences[0])) for each in found.diverging]
        told += [(each.number, each.because) for each in found.refused]
        return f"entry {min(told)[0]}: {min(told)[1]}" if told else None
    more = {}
    if command == TRUST:
        more["verifiers"] = [NEW.verifier]
    if command in {KEPT, NEWEST}:
        more["checkpoint"] = notes[command.rpartition(" ")[2]]
    with Ledger.examine(location) as ledger:
        damage = verify(ledger, quick=command == QUICK, **more).damage
    return damage and str(damage)


def shown(message, location):
    """Return *message* as the catalogue has it: places, keys and digests by what they are."""
    message = message.replace(location.partition("?")[0], "LEDGER")
    message = re.sub(r"LEDGER\?options=[-%\w]+", "LEDGER", message)
    for name, signer in SIGNERS.items():
        short = f"{signer.name}+{signer.key_hash.hex()}"
        message = message.replace(signer.verifier.text, name).replace(short, name)
    return re.sub(r"\b[0-9a-f]{64}\b", "…", message)
