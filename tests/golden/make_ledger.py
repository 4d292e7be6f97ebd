"""Makes the golden ledger of a format: `python -m tests.golden.make_ledger FOLDER`.

It is made once for every released format, checked in, and never made again: that it is still read,
verified and derived again is the test. What it holds: shipped stories under the shipped rulebook
as it was then, one of them under a reform; a cohort of small trusts; people's acts; a decision of
which something is masked; a change of keys. The keys are made from published seeds, since nothing
rests on them.
"""

import contextlib
import datetime
import hashlib
import sqlite3
import sys
from pathlib import Path

from oversight_engine.cohort import compute_cohort
from oversight_engine.engine import decide
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.proofs import make_proof
from oversight_engine.ledger.recorder import decision_draft, objects_of
from oversight_engine.model.reform import Change, Reform, under_reform
from oversight_engine.model.rulebook import Basis, Principle
from oversight_engine.resources import shipped
from tests import builders as b
from tests import leagues
from tests.ledger.signers import signer_named

ORIGIN = "ledger.example/golden"
OLD, NEW = signer_named(ORIGIN, "old"), signer_named(ORIGIN, "new")
BY = {"name": "A. Person", "role": "director"}
START = datetime.datetime(2026, 11, 22, 9, tzinfo=datetime.UTC)
STORIES = 8


def decided(book, case, *, reform=None, cohort=None):
    under = book if reform is None else under_reform(book, reform)
    decision = decide(under, case, cohort=cohort, evaluators=("reference", "durable"))
    return decision_draft(decision, case, {}, objects_of(book, reform, cohort))


def stories():
    """Yield decisions on shipped stories, some of them in all outcomes, the last under a reform."""
    hewitt = load_rulebook(shipped("rules") / "hewitt-2023")
    cases = read_cases(shipped("cases") / "illustrative", hewitt)
    kinds: dict[str, list] = {}
    for case in cases:
        outcome = decide(hewitt, case, evaluators=("reference",)).label
        kinds.setdefault(outcome, []).append(case)
    chosen = [case for each in sorted(kinds) for case in kinds[each][: STORIES // len(kinds)]]
    yield from (decided(hewitt, case) for case in chosen)
    stricter = Reform(
        "stricter", "A stricter target", hewitt.id,
        (Change("cancer_62day_target_pct", (b.dated(95, datetime.date(2025, 4, 1)),)),),
    )  # fmt: skip
    [other] = [case for case in cases if case not in chosen][:1]
    yield decided(hewitt, other, reform=stricter)


def league():
    """Yield decisions on cases judged among each other."""
    ranking = leagues.Ranked("higher", leagues.constant(1), leagues.constant(4))
    book = b.rulebook(
        b.number("seen_pct", unit="%", decimals=1),
        findings=[leagues.ranked("score", "seen_pct", ranking)],
        rules=[
            b.when(
                b.at_least(b.finding("score"), 3),
                basis=Basis(policy_choice="for the golden ledger"),
            )
        ],
        principles=[Principle("fairness", "Fairness")],
        cohort=leagues.cohort_of(),
        id="golden-league",
    )
    cases = [b.case_of(code=f"T{n}", seen_pct=70 + 5 * n) for n in range(4)]
    cases.append(b.case_of(code="T9"))
    values = compute_cohort(book, cases, b.DAY)
    yield from (decided(book, case, cohort=values) for case in cases)


def make(folder: Path) -> None:
    folder.mkdir(parents=True)
    place = folder / "golden.ledger"
    now = START

    def clock():
        return now

    Ledger.create(str(place), signer=OLD, origin=ORIGIN, clock=clock)
    with Ledger.open(str(place), write=True) as ledger:
        drafts = [*stories(), *league()]
        ledger.append(drafts[:5], signer=OLD, clock=clock)
        now += datetime.timedelta(days=1)
        ledger.append(drafts[5:], signer=OLD, clock=clock)
        said = {"about": 2, "by": BY, "received_on": "2026-11-23", "text": "We see it otherwise."}
        ledger.append([Draft("representation", said)], signer=OLD, clock=clock)
        changed = {"key": NEW.verifier.text, "replaces": OLD.verifier.text}
        changed |= {"by": BY, "reason": "A new year."}
        ledger.append([Draft("key", changed)], signer=OLD, clock=clock)
        reviewed = {"about": 3, "by": BY, "on": "2026-11-24", "found": "As it should be."}
        ledger.append([Draft("review", reviewed)], signer=NEW, clock=clock)
        first = ledger.entry(4)
        fact = min(first.data["case"]["facts"])
        ledger.mask(
            4, [f"/case/facts/{fact}"], {"by": BY, "reason": "It named a person."},
            signer=NEW, clock=clock,
        )  # fmt: skip
        for number in (2, len(drafts)):
            entry = ledger.entry(number)
            proof = make_proof(
                entry=entry.content,
                objects={digest: ledger.object(digest) for digest in entry.objects},
                inclusion=ledger.inclusion(number),
                checkpoint=ledger.checkpoint(),
                verifiers=[NEW.verifier],
                signer=NEW,
            )
            (folder / f"entry-{number}.proof.json").write_bytes(proof)
    with contextlib.closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
    ]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
