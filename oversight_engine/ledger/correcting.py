"""A corrected case, decided in the place of a recorded one."""

from __future__ import annotations

import datetime

from oversight_engine.engine import Engine
from oversight_engine.errors import InputError
from oversight_engine.language.cases import CaseSource, read_cases
from oversight_engine.ledger.entries import Draft, Entry
from oversight_engine.ledger.folding import terms_by
from oversight_engine.ledger.history import with_history
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.recorder import decision_draft
from oversight_engine.ledger.restoring import restore_cohort, restore_reform, restore_rulebook
from oversight_engine.model.case_form import case_data
from oversight_engine.model.plain import Plain


def correction_of(ledger: Ledger, entry: Entry, source: CaseSource) -> tuple[Plain, Draft]:
    """Return the corrected case of *source* as plain data, and what is decided on it.

    All but the facts stays as it was: rulebook, reform, cohort values and the day come from the
    *ledger*; history is drawn from it again, as it is known now.

    Raises:
        InputError: the entry is no decision, or the case is of another system or day.
    """
    if entry.kind != "decision":
        raise InputError(
            f"entry {entry.number} is a {entry.kind}, and only a decision is corrected"
        )
    recorded = entry.data["decision"]
    digest = recorded["rulebook"]
    rulebook = restore_rulebook(ledger.object(digest), digest)
    if "reform" in recorded:
        rulebook = restore_reform(ledger.object(recorded["reform"]), rulebook)
    cohort = restore_cohort(ledger.object(recorded["cohort"])) if "cohort" in recorded else None
    found = [c for c in read_cases(source, rulebook) if c.system.code == entry.data["system"]]
    if len(found) != 1:
        raise InputError(
            f"{source} holds {len(found)} cases of {entry.data['system']}: give the corrected one"
        )
    [given] = found
    as_of = datetime.date.fromisoformat(entry.data["as_of"])
    chosen = as_of if recorded["as_of_overridden"] else None
    if chosen is None and given.as_of != as_of:
        raise InputError(
            f"the corrected case is as of {given.as_of}, and entry {entry.number} as of {as_of}: "
            "correct the facts, and leave the day"
        )
    terms = terms_by(ledger.object)
    entries = ledger.entries(system=given.system.code)
    full, history = with_history(given, rulebook, entries, as_of, terms=terms)
    with Engine(rulebook, cohort=cohort) as engine:
        decision = engine.decide(full, as_of=chosen)
    objects = {key: ledger.object(key) for key in (digest, recorded.get("reform"),
                                                   recorded.get("cohort")) if key}  # fmt: skip
    draft = decision_draft(decision, given, history, objects, supersedes=entry.number)
    return case_data(given), draft
