"""Records a second: appended, verified and derived again, beside what bounds each of them."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import itertools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import rfc8785
from attrs import evolve

from benchmarks.cases import cases_of
from benchmarks.timing import Timed, rounds_of, table
from oversight_engine.engine import Engine
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.ledger import bulk
from oversight_engine.ledger.entries import Draft, decided_case, digest_of
from oversight_engine.ledger.folding import terms_by
from oversight_engine.ledger.history import Story, with_history
from oversight_engine.ledger.keys import Signer, load_signer, make_key
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.recorder import decision_draft, objects_of
from oversight_engine.ledger.replaying import replay, replay_in_parts
from oversight_engine.ledger.standing import A_DAY, Day
from oversight_engine.ledger.verification import verify
from oversight_engine.model.case import Case, System
from oversight_engine.model.decision import Decision
from oversight_engine.model.plain import Plain, canonical
from oversight_engine.model.rulebook import Rulebook, Span
from oversight_engine.resources import shipped

SYSTEMS = 10
"""How many systems each distinct case is recorded for, so that a ledger is long enough to time."""
QUARTERS = 10
"""For how many quarters a system is decided whose decisions remember those before."""
BATCH = 500
SINGLE = 100
"""How many decisions are appended one by one, each with its own commit."""
BY = {"name": "A. Director", "role": "regional_director"}
NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


def report(number: int, rounds: int, entries: int) -> str:
    """Return the rates of a ledger of decisions on *number* distinct cases for several systems.

    What is held in memory is measured for a ledger of so many *entries*, and for one of a tenth.
    """
    with tempfile.TemporaryDirectory() as folder:
        rates = _report(Path(folder), number, rounds)
    return rates + "\n\n" + memory(entries)


def _report(folder: Path, number: int, rounds: int) -> str:
    make_key(folder / "key", "benchmark")
    signer = load_signer(folder / "key")
    drafts = _drafts(number)
    place = str(folder / "ledger")
    Ledger.create(place, signer=signer, origin="benchmark", clock=lambda: NOW)
    with Ledger.open(place, write=True) as ledger:
        for start in range(0, len(drafts), BATCH):
            ledger.append(drafts[start : start + BATCH], signer=signer, clock=lambda: NOW)
        contents = [entry.content for entry in ledger.entries(kind="decision")]
    mean = sum(map(len, contents)) / len(contents)
    heading = (
        f"## Recording: a ledger of {len(contents):,} decisions under the Hewitt rulebook, "
        f"{number:,} distinct cases, {mean:,.0f} bytes an entry"
    )
    return "\n\n".join(
        [
            heading,
            _rendering(drafts[:number], rounds),
            _reading(place, contents, rounds),
            _appending(folder, drafts, signer, rounds),
            _remembering(folder, number // QUARTERS, signer, rounds),
        ]
    )


def _drafts(number: int) -> list[Draft]:
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    objects = objects_of(rulebook)
    with Engine(rulebook, evaluators=["reference"]) as engine:
        ours = [
            decision_draft(engine.decide(case), case, {}, objects)
            for case in cases_of(rulebook, number)
        ]
    return [_for_system(draft, number) for number, draft in enumerate(ours * SYSTEMS)]


def _for_system(draft: Draft, number: int) -> Draft:
    """Return the same decision for the system of that *number*, whose code is as codes are."""
    code = f"{number:05X}"
    case: Plain = draft.data["case"] | {"system": draft.data["case"]["system"] | {"code": code}}
    digest = digest_of(canonical(decided_case(draft.data | {"case": case})))
    decision = draft.data["decision"] | {"system": code, "case": digest}
    data = draft.data | {"system": code, "case": case, "decision": decision}
    return Draft("decision", data, draft.objects)


def _rendering(drafts: Sequence[Draft], rounds: int) -> str:
    """Compare what makes canonical bytes of recorded decisions."""
    recorded = [json.loads(canonical(draft.data["decision"])) for draft in drafts]
    fast = msgspec.json.Encoder(order="sorted").encode
    assert all(rfc8785.dumps(each) == canonical(each) == fast(each) for each in recorded)
    times = rounds_of(
        {
            "rfc8785": lambda: [rfc8785.dumps(each) for each in recorded],
            "json, as we do": lambda: [canonical(each) for each in recorded],
            "msgspec": lambda: [fast(each) for each in recorded],
        },
        rounds,
    )
    return "Canonical bytes of recorded decisions.\n\n" + _rates(times, len(recorded), "rfc8785")


def _reading(place: str, contents: Sequence[bytes], rounds: int) -> str:
    def hashed() -> None:
        for content in contents:
            hashlib.sha256(content).digest()

    def verified(*, quick: bool) -> None:
        with Ledger.examine(place) as ledger:
            assert verify(ledger, quick=quick).damage is None

    def replayed(*, history: bool = False) -> None:
        with Ledger.open(place) as ledger:
            assert replay(ledger, history=history).same == len(contents)

    def in_parts() -> None:
        found = replay_in_parts(place, jobs=2, share=BATCH, history=False)
        assert (found.same, found.processes) == (len(contents), 2)

    def plainly() -> None:
        with _without_msgspec():
            replayed()

    times = rounds_of(
        {
            "SHA-256 of each entry: the limit": hashed,
            "verify, stored bytes": lambda: verified(quick=True),
            "verify, every entry read": lambda: verified(quick=False),
            "replay with all reasons, one process": replayed,
            "replay, two processes": in_parts,
            "replay, and history drawn again": lambda: replayed(history=True),
            "replay without msgspec": plainly,
        },
        rounds,
    )
    return (
        "The ledger read again; opening it, the rulebook and the code generated from it are part "
        "of each time.\n\n" + _rates(times, len(contents), "SHA-256 of each entry: the limit")
    )


# Decisions that remember


def _remembering(folder: Path, systems: int, signer: Signer, rounds: int) -> str:
    """Compare replays of a ledger in which each system was decided quarter after quarter."""
    place = str(folder / "remembering")
    _fill_with_histories(place, systems, signer)

    def replayed(*, history: bool) -> None:
        with Ledger.open(place) as ledger:
            assert replay(ledger, history=history).same == systems * QUARTERS

    def in_parts() -> None:
        found = replay_in_parts(place, jobs=2, share=BATCH)
        assert (found.history_checked, found.processes) == (systems * QUARTERS, 2)

    alone = "replay with all reasons, one process"
    times = rounds_of(
        {
            alone: lambda: replayed(history=False),
            "replay, and history drawn again": lambda: replayed(history=True),
            "the same, two processes": in_parts,
        },
        rounds,
    )
    return (
        f"{systems:,} systems decided for {QUARTERS} quarters, each decision with the history of "
        "those before, and half of the interventions confirmed.\n\n"
        + _rates(times, systems * QUARTERS, alone)
    )


def _fill_with_histories(place: str, systems: int, signer: Signer) -> None:
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    objects = objects_of(rulebook)
    terms = terms_by(objects.__getitem__)
    cases = iter(cases_of(rulebook, systems * QUARTERS))
    stories = [Story(terms) for _ in range(systems)]
    Ledger.create(place, signer=signer, origin="benchmark", clock=lambda: NOW)
    with (
        Ledger.open(place, write=True) as ledger,
        Engine(rulebook, evaluators=["reference"]) as engine,
    ):
        for quarter in range(QUARTERS):
            drafts = []
            for number, story in enumerate(stories):
                case = _in_quarter(next(cases), quarter, number, rulebook)
                full, history = with_history(case, rulebook, story, case.as_of, terms=terms)
                drafts.append(decision_draft(engine.decide(full), case, history, objects))
            made = ledger.append(drafts, signer=signer, clock=lambda: NOW)
            recorded = [each.entry for each in made]
            acts = [
                Draft("confirmation", {"about": entry.number, "on": entry.data["as_of"], "by": BY})
                for entry in recorded[::2]
                if entry.data["decision"]["decision"] == rulebook.harshest
            ]
            done = ledger.append(acts, signer=signer, clock=lambda: NOW)
            on = dict(zip([entry.number for entry in recorded], stories, strict=True))
            for entry in (*recorded, *(each.entry for each in done)):
                on[entry.about or entry.number].add(entry)


def _in_quarter(case: Case, quarter: int, number: int, rulebook: Rulebook) -> Case:
    """Return the case as that of a later quarter of a system, its history left to the ledger."""
    start = Day(2025 + quarter // 4, 1 + 3 * (quarter % 4), 1)
    end = (start + 95 * A_DAY).replace(day=1) - A_DAY
    later = end + 90 * A_DAY - case.as_of
    facts = {
        fact.id: evolve(stated, as_at=stated.as_at and stated.as_at + later)
        for fact in rulebook.facts
        if fact.history is None and (stated := case.facts.get(fact.id)) is not None
    }
    return evolve(
        case,
        system=System(f"{number:05X}", "Made up"),
        as_of=end + 90 * A_DAY,
        period=Span(start, end),
        facts=facts,
    )


@contextlib.contextmanager
def _without_msgspec() -> Iterator[None]:
    fast = bulk.find_reader
    bulk.find_reader = lambda: ("json", bulk.read_plainly)
    from oversight_engine.ledger import replaying

    replaying.find_reader = bulk.find_reader
    try:
        yield
    finally:
        bulk.find_reader = replaying.find_reader = fast


def _appending(folder: Path, drafts: Sequence[Draft], signer: Signer, rounds: int) -> str:
    """Compare an append of each decision with the bare insertion of the same bytes.

    Each goes on in one file of its own, with one commit for each decision, and in turn.
    """
    place, turns = str(folder / "appended"), {"ours": itertools.count(), "bare": itertools.count()}
    rows = [canonical(draft.data) for draft in drafts]
    Ledger.create(place, signer=signer, origin="benchmark", clock=lambda: NOW)

    def turn(whose: str) -> range:
        start = next(turns[whose]) * SINGLE
        return range(start, start + SINGLE)

    with (
        Ledger.open(place, write=True) as ledger,
        contextlib.closing(sqlite3.connect(folder / "inserted", isolation_level=None)) as bare,
    ):
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, content BLOB)")

        def appended() -> None:
            for number in turn("ours"):
                ledger.append([drafts[number]], signer=signer, clock=lambda: NOW)

        def inserted() -> None:
            for number in turn("bare"):
                bare.execute("BEGIN IMMEDIATE")
                bare.execute("INSERT INTO rows (content) VALUES (?)", (rows[number],))
                bare.execute("COMMIT")

        beside = "SQLite: INSERT and COMMIT of the same bytes"
        times = rounds_of({beside: inserted, "append, one decision at a time": appended}, rounds)
    return "Appended one by one, each on the disk when it returns.\n\n" + _rates(
        times, SINGLE, beside
    )


# Memory

MEASURED = {
    "open and verify, quick": ("ledger", "verify", "--quick"),
    "verify": ("ledger", "verify"),
    "show one system": ("ledger", "show"),
    "export": ("ledger", "export"),
    "replay": ("replay",),
}
_CHILD = """
import sys
from pathlib import Path
from oversight_engine.__main__ import cli
code = cli.main(sys.argv[1:], standalone_mode=False)
assert not code, code
for line in Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmHWM:"):
        sys.stderr.write(line.split()[1])
"""


def memory(entries: int) -> str:
    """Return the most memory that a process held which worked on a ledger, by its length."""
    lengths = (entries // 10, entries)
    with tempfile.TemporaryDirectory() as name:
        folder, held = Path(name), dict[str, list[int]]()
        make_key(folder / "key", "benchmark")
        signer = load_signer(folder / "key")
        place, drafts = str(folder / "ledger"), _small_drafts()
        Ledger.create(place, signer=signer, origin="benchmark", clock=lambda: NOW)
        for length in lengths:
            _grow(place, length, drafts, signer)
            for what, command in MEASURED.items():
                held.setdefault(what, []).append(_most_held(folder, place, command, length))
    rows = [(what, *(f"{each / 1024:.0f}" for each in found)) for what, found in held.items()]
    return "Most memory held, in MiB, by a process of its own.\n\n" + table(
        ["what", *(f"{length:,} entries" for length in lengths)], rows
    )


def _small_drafts() -> list[Draft]:
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    objects = objects_of(rulebook)
    with Engine(rulebook, evaluators=["reference"]) as engine:
        return [
            decision_draft(*_decided(engine, case), objects)
            for case in cases_of(rulebook, BATCH, unknown=0.9)
        ]


def _decided(engine: Engine, case: Case) -> tuple[Decision, Case, dict[str, Plain]]:
    """Return the decision on a system that was never decided, as `decide --ledger` makes it."""
    full, history = with_history(case, engine.rulebook, (), case.as_of, terms=terms_by(bytes))
    return engine.decide(full), case, history


def _grow(place: str, length: int, drafts: Sequence[Draft], signer: Signer) -> None:
    with Ledger.open(place, write=True) as ledger:
        while ledger.size < length:
            start = ledger.size
            more = [
                _for_system(draft, start + place)
                for place, draft in enumerate(drafts[: length - start])
            ]
            ledger.append(more, signer=signer, clock=lambda: NOW)


def _most_held(folder: Path, place: str, command: Sequence[str], length: int) -> int:
    more = {
        "show": ["00001"],  # the second entry
        "export": ["--output", str(folder / f"export-{length}")],
    }.get(command[-1], [])
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *command, *more],
        env={**os.environ, "OVERSIGHT_LEDGER": place},
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stderr.split()[-1])


def _rates(times: dict[str, Timed], number: int, beside: str) -> str:
    rows = []
    for name, timed in times.items():
        rate, low, high = (number / each for each in (timed.median, timed.most, timed.least))
        share = times[beside].median / timed.median
        rows.append((name, f"{rate:,.0f} ({low:,.0f}..{high:,.0f})", f"{share:.2f}"))
    return table(["what", "a second", f"beside {beside.partition(':')[0]}"], rows)
