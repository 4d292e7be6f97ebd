"""What somebody can do to the file that a ledger in SQLite is."""

# ruff: noqa: E501 - sentences and messages stand as they are read

import os
import shutil
import sqlite3
from pathlib import Path

from oversight_engine.ledger.log import Ledger
from tests.ledger.tampered.good import FOREIGN, decided
from tests.ledger.tampered.hands import VERIFY
from tests.ledger.tampered.tampering import OTHER_TABLES, Tampering
from tests.ledger.tampered.without_a_key import LATER, each, run


def overwrite(place, content):
    def do(hands):
        with Path(hands.location).open("r+b") as file:
            file.seek(place)
            file.write(content)

    return do


def page_of_entries(hands):
    """Fill the page on which the entries begin with zeros."""
    [(page,)] = hands.change("SELECT rootpage FROM sqlite_schema WHERE name = 'entries'")
    [(size,)] = hands.change("PRAGMA page_size")
    overwrite((page - 1) * size, bytes(size))(hands)


def swap_indexes(hands):
    """Let each of two indexes stand for the other."""
    path = hands.location
    connection = sqlite3.connect(path, isolation_level=None)
    query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
    names = ("entries_by_kind", "entries_by_system")
    [one, other] = [connection.execute(query, (name,)).fetchone()[0] for name in names]
    connection.execute("PRAGMA writable_schema = ON")
    write = "UPDATE sqlite_schema SET rootpage = ? WHERE name = ?"
    connection.executemany(write, [(other, names[0]), (one, names[1])])
    connection.close()


def lay_another_log_beside(hands):
    """Lay beside the file the write-ahead log of another ledger, which SQLite then reads."""
    other = f"{hands.location}.other"
    Ledger.create(other, signer=FOREIGN, origin="other.example", clock=lambda: LATER)
    with Ledger.open(other, write=True) as ledger:
        ledger.append([decided(ledger, "S7")], signer=FOREIGN, clock=lambda: LATER)
        shutil.copyfile(f"{other}-wal", f"{hands.location}-wal")
    Path(other).unlink()


def cut_file(hands):
    os.truncate(hands.location, Path(hands.location).stat().st_size // 2)


t = Tampering

# fmt: off
TAMPERED = [
    t("trigger", "A trigger forgets overrides as they are recorded.",
      run("CREATE TRIGGER forget AFTER INSERT ON entries WHEN new.kind = 'override' "
          "BEGIN DELETE FROM entries WHERE number = new.number; END"),
      {VERIFY: OTHER_TABLES}, quick=True, only_sqlite=True),
    t("view", "There is a view.", run("CREATE VIEW more AS SELECT * FROM entries"),
      {VERIFY: OTHER_TABLES}, quick=True,
      only_sqlite=True),
    t("extra table", "There is another table.", run("CREATE TABLE more (number INTEGER)"),
      {VERIFY: OTHER_TABLES}, quick=True,
      only_sqlite=True),
    t("table replaced by a view", "What answers for the entries is a view without overrides.",
      each(run("ALTER TABLE entries RENAME TO all_entries"),
           run("CREATE VIEW entries AS SELECT * FROM all_entries WHERE kind <> 'override'")),
      {VERIFY: OTHER_TABLES}, quick=True,
      only_sqlite=True),
    t("removed index", "The index that keeps decisions from being recorded twice is gone.",
      run("DROP INDEX entries_by_identity"),
      {VERIFY: OTHER_TABLES}, quick=True, only_sqlite=True),
    t("swapped indexes", "Two indexes stand for each other, and hide entries from whoever asks.",
      swap_indexes,
      {VERIFY: "the file is damaged: …"}, quick=True, only_sqlite=True),
    t("changed application_id", "The file says that it is of another program.",
      run("PRAGMA application_id = 1"),
      {VERIFY: "LEDGER is no ledger: it is a file of another program, or empty"}, quick=True, only_sqlite=True),
    t("changed user_version", "The file says that it is of a later format.",
      run("PRAGMA user_version = 2"),
      {VERIFY: "LEDGER is a ledger of format 2; this reads format 1"}, quick=True, only_sqlite=True),
    t("corrupt page", "A page of the file is filled with zeros.", page_of_entries,
      {VERIFY: "the file is damaged: …"}, quick=True,
      only_sqlite=True),
    t("corrupt header", "The first bytes of the file are others.", overwrite(0, b"Sqlite"),
      {VERIFY: "LEDGER is no ledger: file is not a database"}, quick=True,
      only_sqlite=True),
    t("file cut in half", "The second half of the file is gone.", cut_file,
      {VERIFY: "LEDGER is damaged: …"}, quick=True,
      only_sqlite=True),
    t("log of another ledger", "The write-ahead log of another ledger lies beside the file.",
      lay_another_log_beside,
      {VERIFY: "LEDGER is damaged: …"}, quick=True, only_sqlite=True),
]
