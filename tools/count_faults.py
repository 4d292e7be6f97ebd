"""Counts what a ledger loses when it is killed, cut off and crowded: `docs/reference/ledger.md`.

Run by maintainers when the stores change; it takes about a minute, on Linux with a C compiler:

    OVERSIGHT_TEST_POSTGRES=postgresql://… python tools/count_faults.py

It kills a process at every write, cuts the power after every write, and lets processes append at
once, and writes the table of the section "Faults". No number in it is typed. It ends with 1 if
anything was lost.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

import psycopg  # noqa: E402 - the checkout comes first
from psycopg.sql import SQL, Identifier  # noqa: E402

from oversight_engine.ledger.log import Ledger  # noqa: E402
from oversight_engine.ledger.verification import verify  # noqa: E402
from tests.ledger.faults import harness  # noqa: E402
from tests.ledger.ledgers import made  # noqa: E402

PAGE = ROOT / "docs" / "reference" / "ledger.md"
BEGIN, END = "<!-- Written by tools/count_faults.py. -->\n", "<!-- The end of what it wrote. -->\n"
DATABASE = os.environ.get("OVERSIGHT_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
OWN, SHARED = 25, 10

HEAD = ("what was done", "times", "lost", "half-written", "damaged", "not once")
KINDS = {"lost": "lost", "half-written": "half-written", "damaged": "damaged", "not": "not once"}

Row = tuple[str, int, dict[str, int]]


def killed_and_cut() -> Iterator[Row]:
    """Kill at every write and cut the power after every call."""
    found = harness.run(0)
    killed, cut = found["killed"], found["cut"]
    boundaries = killed["write boundaries"]
    told = f"killed (`kill -9`) before each of {boundaries} writes, and in the middle of it"
    yield told, killed["kills"], _by_kind(killed["faults"])
    told = "power cut after each call, with all, none and some of what was not synced"
    yield told, cut["power cuts"], _by_kind(cut["faults"])


def _by_kind(faults: list[str]) -> dict[str, int]:
    counts = dict.fromkeys(KINDS.values(), 0)
    for fault in faults:
        print(fault, file=sys.stderr)
        word = fault.partition(": ")[2].split()[0].rstrip(":")
        counts[KINDS[word]] += 1
    return counts


def crowded(store: str, location: str, workers: int) -> Row:
    """Let *workers* append to a ledger at *location* at once."""
    made(location)
    command = [sys.executable, "-m", "tests.ledger.appending", location]
    counts = [str(count) for count in (workers, OWN, SHARED)]
    done = subprocess.run([*command, *counts], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    said = [line.split() for line in done.stdout.decode().splitlines()]
    with Ledger.examine(location) as ledger:
        found = verify(ledger)
        systems = {str(e.number): e.data["system"] for e in ledger.entries(kind="decision")}
    wanted = workers * OWN + SHARED
    return (
        f"{workers} processes appending at once, {store}: acknowledgements",
        len(said),
        {
            "lost": sum(systems.get(number) != system for number, system in said),
            "half-written": abs(found.size - 1 - wanted),
            "damaged": int(found.damage is not None),
            "not once": len(systems) - len(set(systems.values())),
        },
    )


@contextmanager
def schema() -> Iterator[str]:
    """Make a schema for one ledger, and take it away again."""
    name = f"ledger_{secrets.token_hex(6)}"
    with psycopg.connect(DATABASE, autocommit=True) as connection:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        yield f"{DATABASE}?options=-csearch_path%3D{name}"
        connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(name)))


def rows() -> Iterator[Row]:
    """Do everything there is to do, and yield what came of each."""
    yield from killed_and_cut()
    with tempfile.TemporaryDirectory() as folder:
        for workers in (2, 8):
            yield crowded("SQLite", str(Path(folder) / str(workers)), workers)
    for workers in (2, 8):
        with schema() as location:
            yield crowded("PostgreSQL", location, workers)


def table(found: list[Row]) -> str:
    """Return the rows as Markdown."""
    lines = ["| " + " | ".join(HEAD) + " |", "| --- |" + " ---: |" * (len(HEAD) - 1)]
    lines += [
        f"| {told} | {times} | " + " | ".join(str(counts[kind]) for kind in HEAD[2:]) + " |"
        for told, times, counts in found
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Count, and write the table."""
    found = list(rows())
    page = PAGE.read_text(encoding="utf-8")
    part = re.compile(re.escape(BEGIN) + ".*" + re.escape(END), re.DOTALL)
    assert part.search(page), f"{PAGE} has no place for the table"
    written = part.sub(lambda _: f"{BEGIN}\n{table(found)}\n{END}", page)
    PAGE.write_text(written, encoding="utf-8")
    sys.exit(any(any(counts.values()) for _, _, counts in found))


if __name__ == "__main__":
    main()
