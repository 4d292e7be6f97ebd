"""Nothing acknowledged is ever lost, and nothing half-written is ever accepted.

A few points are tried here; `OVERSIGHT_FAULT_POINTS=0` tries them all, and
`tools/count_faults.py` does so and writes what it counted into the documentation.
"""

import os
import shutil
import subprocess
import sys

import pytest

from oversight_engine.errors import InputError, LedgerUnavailableError
from oversight_engine.ledger import sqlite
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.verification import verify
from tests.ledger.faults import harness
from tests.ledger.ledgers import append, connection_of, draft, made, review

POINTS = int(os.environ.get("OVERSIGHT_FAULT_POINTS", "8"))


def sound_size(location):
    """Return how long the ledger is, which is whole."""
    with Ledger.examine(location) as opened:
        found = verify(opened)
        assert found.damage is None, found.damage
        return found.size


@pytest.mark.skipif(harness.compiler() is None, reason="there is no C compiler")
@pytest.mark.skipif(sys.platform != "linux", reason="the shim is for Linux")
@pytest.mark.checkout
def test_a_process_killed_at_any_write_loses_nothing_and_leaves_nothing_half_done():
    found = harness.run(POINTS)

    assert found["killed"]["write boundaries"] > 200
    assert found["killed"]["kills"] >= 2 * min(POINTS or 200, 200)
    assert found["killed"]["faults"] == []
    assert found["cut"]["power cuts"] >= 3 * min(POINTS or 200, 200)
    assert found["cut"]["faults"] == []


def test_without_waiting_for_the_disk_a_power_cut_would_lose_entries(tmp_path):
    """The harness itself is right: it notices what it is there to notice."""
    from tests.ledger.faults.killing import Disk

    disk = Disk()
    disk.apply("W", "/l", "", 0, b"first")
    disk.apply("S", "/l", "", 0, b"")
    disk.apply("W", "/l", "", 5, b"second")
    disk.cut(tmp_path, lambda: 0)
    kept = (tmp_path / "l").read_bytes()
    disk.cut(tmp_path, lambda: 0.5)
    torn = (tmp_path / "l").read_bytes()

    assert (kept, torn) == (b"first", b"firstsec")


def test_a_full_disk_refuses_and_loses_nothing(tmp_path):
    location = made(str(tmp_path / "ledger"))
    acknowledged = []

    def append_until_full(ledger):
        for number in range(1000):
            acknowledged.extend(append(ledger, draft(number)))

    with Ledger.open(location, write=True) as ledger:
        connection = connection_of(ledger)
        [(pages,)] = connection.execute("PRAGMA page_count").fetchall()
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(LedgerUnavailableError, match=r"full.*nothing was recorded"):
            append_until_full(ledger)
    assert acknowledged
    assert sound_size(location) == 1 + len(acknowledged)
    with Ledger.open(location, write=True) as ledger:  # the disk has room again
        assert append(ledger, draft(2000))[0].entry.number == 2 + len(acknowledged)


FULL = """
import resource, signal, sys
from oversight_engine.errors import LedgerUnavailableError
from oversight_engine.ledger.log import Ledger
from tests.ledger.ledgers import append, draft
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
drafts = [draft(number) for number in range(60)]
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
with Ledger.open(sys.argv[1], write=True) as ledger:
    try:
        for each in drafts:
            print(append(ledger, each)[0].entry.number, flush=True)
    except LedgerUnavailableError as error:
        print(error)
"""


@pytest.mark.checkout
def test_files_that_may_not_grow_refuse_and_lose_nothing(tmp_path):
    location = made(str(tmp_path / "ledger"))
    done = subprocess.run(
        [sys.executable, "-c", FULL, location], capture_output=True, text=True, check=True
    )
    *numbers, said = done.stdout.splitlines()

    assert "nothing was recorded by this attempt" in said
    assert numbers == [str(number) for number in range(2, 2 + len(numbers))]
    assert sound_size(location) == 1 + len(numbers)


def test_a_new_ledger_that_cannot_be_filled_is_not_there(tmp_path, monkeypatch):
    def fail(*_):
        raise LedgerUnavailableError("the disk is full")

    monkeypatch.setattr(sqlite.SqliteStore, "add", fail)
    with pytest.raises(LedgerUnavailableError):
        made(str(tmp_path / "ledger"))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def nobody():
    """Become a user to whom file modes apply, if this one is root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def readable_by_all(folder):
    for each in (folder, *folder.parents):
        if each.stat().st_uid == os.geteuid() and each != each.parent:
            each.chmod(each.stat().st_mode | 0o055)


@pytest.mark.parametrize("left_behind", [(), ("ledger-wal",), ("ledger-wal", "ledger-shm")])
def test_a_read_only_ledger_is_read_and_verified_and_not_written(tmp_path, request, left_behind):
    location = made(str(tmp_path / "ledger"))
    with Ledger.open(location, write=True) as ledger:
        append(ledger, draft(1))
    for name in left_behind:  # as by somebody who read it while the folder could be written
        (tmp_path / name).touch()
    readable_by_all(tmp_path)
    (tmp_path / "ledger").chmod(0o444)
    tmp_path.chmod(0o555)
    request.getfixturevalue("nobody")

    with pytest.raises(LedgerUnavailableError, match="is read-only"):
        Ledger.open(location, write=True)
    with Ledger.open(location) as ledger:
        assert ledger.entry(2).kind == "decision"
    assert sound_size(location) == 2
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        made(str(tmp_path / "another"))
    assert {path.name for path in tmp_path.iterdir()} == {"ledger", *left_behind}


def test_a_log_that_holds_entries_is_not_passed_by_where_nothing_can_be_written(tmp_path, request):
    location = made(str(tmp_path / "ledger"))
    copy = tmp_path / "copy"
    copy.mkdir()
    with Ledger.open(location, write=True) as ledger:
        append(ledger, draft(1))
        for name in ("ledger", "ledger-wal"):
            shutil.copyfile(tmp_path / name, copy / name)
    readable_by_all(copy)
    copy.chmod(0o555)
    request.getfixturevalue("nobody")

    with pytest.raises(LedgerUnavailableError, match="cannot be used now"):
        Ledger.open(str(copy / "ledger"))


@pytest.mark.checkout
@pytest.mark.parametrize("workers", [2, 8])
def test_processes_that_append_at_once_lose_nothing_and_share_what_is_the_same(location, workers):
    own, shared = 8 // workers, 2
    made(location)
    command = [sys.executable, "-m", "tests.ledger.appending", location]
    counts = [str(count) for count in (workers, own, shared)]
    done = subprocess.run([*command, *counts], stdout=subprocess.PIPE, text=True, check=True)
    said = [line.split() for line in done.stdout.splitlines()]

    assert sound_size(location) == 1 + workers * own + shared
    with Ledger.open(location) as ledger:
        numbers = {e.data["system"]: str(e.number) for e in ledger.entries(kind="decision")}
    assert len(said) == workers * (own + shared)
    assert all(numbers[system] == number for number, system in said)


def test_a_connection_lost_within_a_transaction_leaves_nothing_of_it(schema, database):
    import psycopg

    made(schema)

    def cut(ledger):
        raw = connection_of(ledger).connection.dbapi_connection
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [raw.info.backend_pid])

    ledger = Ledger.open(schema, write=True)
    with pytest.raises(LedgerUnavailableError, match="nothing was recorded by this attempt"):
        append(ledger, draft(1), check=cut)
    ledger.close()
    assert sound_size(schema) == 1
    with Ledger.open(schema, write=True) as again:
        assert append(again, draft(1))[0].is_new


def test_a_connection_lost_while_it_commits_says_that_nobody_knows(schema, database, monkeypatch):
    import psycopg

    made(schema)
    ledger = Ledger.open(schema, write=True)
    add = ledger.store.add

    def add_and_cut(*parts):
        add(*parts)
        raw = connection_of(ledger).connection.dbapi_connection
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [raw.info.backend_pid])

    monkeypatch.setattr(ledger.store, "add", add_and_cut)
    with pytest.raises(LedgerUnavailableError, match="it may be recorded or not"):
        append(ledger, draft(1))
    ledger.close()
    with Ledger.open(schema, write=True) as again:
        append(again, draft(1))
    assert sound_size(schema) == 2


def test_one_who_waits_too_long_is_told_so(location, monkeypatch):
    made(location)
    with Ledger.open(location, write=True) as first, Ledger.open(location, write=True) as second:
        if hasattr(second.store, "_connection"):
            connection_of(second).execute("PRAGMA busy_timeout = 50")
        else:
            monkeypatch.setattr("oversight_engine.ledger.postgres.PATIENCE", "50ms")

        def wait(_):
            with pytest.raises(InputError, match="no such gossip"):  # it need not wait to hear so
                append(second, Draft("gossip", {}))
            with pytest.raises(LedgerUnavailableError, match="lock"):
                append(second, draft(1))

        append(first, draft(2), check=wait)
        assert append(second, draft(1))[0].entry.number == 3
    assert sound_size(location) == 3


def test_a_bulk_run_that_was_cut_off_resumes_exactly_once_for_each_case(location):
    made(location)
    drafts = [draft(number) for number in range(20)]
    with Ledger.open(location, write=True) as ledger:
        append(ledger, *drafts[:5])
        append(ledger, *drafts[5:10])
    with Ledger.open(location, write=True) as ledger:  # the same run, from its start
        found = [each for at in range(0, 20, 4) for each in append(ledger, *drafts[at : at + 4])]
        append(ledger, review(2))

    assert [each.is_new for each in found] == [False] * 10 + [True] * 10
    assert [each.entry.data["system"] for each in found] == [f"S{n}" for n in range(20)]
    assert sound_size(location) == 22
