"""Decisions on their way into a ledger: none is handed on before its entry is kept for good."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from oversight_engine.errors import InputError
from oversight_engine.ledger.bulk import find_codec, read_quickly
from oversight_engine.ledger.entries import Draft, Written, identity_of
from oversight_engine.ledger.folding import Fold, fold
from oversight_engine.ledger.history import History, with_history
from oversight_engine.ledger.keys import Signer
from oversight_engine.ledger.log import Clock, Ledger, Recorded
from oversight_engine.ledger.standing import Standing, Terms, terms_of
from oversight_engine.model.case import Case
from oversight_engine.model.case_form import case_data
from oversight_engine.model.cohort import CohortValues, cohort_data
from oversight_engine.model.decision import Decision
from oversight_engine.model.decision_form import attestation_data
from oversight_engine.model.plain import Plain, canonical
from oversight_engine.model.recorded import recorded_data
from oversight_engine.model.reform import Reform, reform_data
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.rulebook_form import rulebook_data

AT_ONCE = 100
"""How many decisions one transaction records, so that many need not wait for the disk each."""


class _Drawn(NamedTuple):
    """What a decision is made on beside its case as given: what the ledger says of its system.

    Attributes:
        history: as `with_history` returns it.
        standings: of the system, before the decision.
        size: how many entries the ledger had: what is drawn is from these.
    """

    given: Case
    history: History
    standings: Mapping[tuple[str, str], Standing]
    size: int


class _Waiting(NamedTuple):
    decision: Decision
    draft: Draft
    drawn: _Drawn


class Recorder:
    """Records decisions under one rulebook, and hands each on once it is recorded.

    Attributes:
        entries: by system and day, what each decision was recorded as.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        rulebook: Rulebook,
        reform: Reform | None = None,
        cohort: CohortValues | None = None,
        signer: Signer,
        clock: Clock,
        more: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        """Record in *ledger*, open to be written, under *rulebook*, not yet changed by *reform*.

        What decisions refer to besides, a proof certificate say, is given by digest as *more*.
        """
        self.entries: dict[tuple[str, datetime.date], Recorded] = {}
        self._ledger, self._rulebook = ledger, rulebook
        self._origin = ledger.origin
        self._signer, self._clock = signer, clock
        self._objects = objects_of(rulebook, reform, cohort) | dict(more)
        self._drawn: dict[tuple[str, datetime.date], _Drawn] = {}
        self._waiting: list[_Waiting] = []
        self._ready: list[Decision] = []
        self._terms: dict[str, Terms] = {}

    def prepare(self, case: Case, as_of: datetime.date) -> Case:
        """Return *case* as it is to be decided: with the history that its rulebook declares.

        Raises:
            InputError: the case states otherwise than the ledger.
        """
        if any(each.drawn.given.system.code == case.system.code for each in self._waiting):
            self._record()  # what waits is history already
        filled, self._drawn[case.system.code, as_of] = self._draw(case, as_of)
        return filled

    def _draw(self, given: Case, as_of: datetime.date) -> tuple[Case, _Drawn]:
        size = self._ledger.size
        entries = [*self._ledger.entries(last=size, system=given.system.code, read=read_quickly)]
        filled, history = with_history(given, self._rulebook, entries, as_of, terms=self._terms_of)
        standings = fold(entries, self._terms_of).standings
        return filled, _Drawn(given, history, standings, size)

    def recorded(self, decisions: Iterable[Decision]) -> Iterator[Decision]:
        """Yield each of *decisions* after it was recorded; what cannot be recorded is not issued.

        Raises:
            InputError: a decision is no legal move, or the ledger says something else by now.
            LedgerUnavailableError: the ledger cannot be written.
        """
        for decision in decisions:
            drawn = self._drawn.pop((decision.case.system.code, decision.as_of))
            draft = decision_draft(decision, drawn.given, drawn.history, self._objects)
            self._waiting.append(_Waiting(decision, draft, drawn))
            if len(self._waiting) == AT_ONCE:
                self._record()
            yield from self._issued()
        self._record()
        yield from self._issued()

    @property
    def place(self) -> str:
        """Where the ledger is, as messages may say it."""
        return self._ledger.place

    @property
    def recommended(self) -> list[int]:
        """The numbers of the new entries whose outcome waits for somebody's confirmation."""
        confirmed = self._terms_of(self._rulebook.digest).confirmed
        return [
            each.entry.number
            for each in self.entries.values()
            if each.is_new and each.entry.data["decision"]["decision"] in confirmed
        ]

    def recorded_data(self, decision: Decision) -> Plain:
        """Return as plain data where *decision* was recorded."""
        recorded = self.entries[decision.case.system.code, decision.as_of]
        return {
            "ledger": self._origin,
            "entry": recorded.entry.number,
            "recorded_at": recorded.entry.data["recorded_at"],
            "new": recorded.is_new,
        }

    def _issued(self) -> list[Decision]:
        issued, self._ready = self._ready, []
        return issued

    def _record(self) -> None:
        if not self._waiting:
            return
        drafts = [each.draft for each in self._waiting]
        found = self._ledger.append(
            drafts, signer=self._signer, clock=self._clock, check=self._check
        )
        for each, recorded in zip(self._waiting, found, strict=True):
            self.entries[each.drawn.given.system.code, each.decision.as_of] = recorded
            self._ready.append(each.decision)
        self._waiting = []

    def _check(self, ledger: Ledger) -> None:
        """Refuse what is no legal move, or was decided on what the ledger does not say any more."""
        now, number, write = self._clock(), ledger.size + 1, find_codec().write
        for decision, draft, drawn in self._waiting:
            written = Written(draft.data, write)
            if ledger.store.number_of(identity_of(draft.data, written)) is not None:
                continue  # recorded already: nothing is added
            code = drawn.given.system.code
            # Nothing that is recorded changes but by an entry that says so, on the same system.
            if next(ledger.entries(drawn.size + 1, system=code), None) is not None:
                _, drawn = self._draw(drawn.given, decision.as_of)  # noqa: PLW2901
                if drawn.history != draft.data.get("history", {}):
                    raise InputError(
                        f"the ledger's history of {code} changed while it was decided: decide it "
                        "again"
                    )
            folded = Fold(self._terms_of)
            folded.standings.update(drawn.standings)
            folded.add(draft.entry(number, now, written=written))

    def _terms_of(self, digest: str) -> Terms:
        if digest not in self._terms:
            held = self._objects.get(digest) or self._ledger.object(digest)
            self._terms[digest] = terms_of(json.loads(held))
        return self._terms[digest]


def objects_of(
    rulebook: Rulebook, reform: Reform | None = None, cohort: CohortValues | None = None
) -> dict[str, bytes]:
    """Return what decisions under these refer to, by digest: a replay needs nothing else."""
    found = {rulebook.digest: canonical(rulebook_data(rulebook))}
    if reform is not None:
        found[reform.digest] = canonical(reform_data(reform))
    if cohort is not None:
        found[cohort.digest] = canonical(cohort_data(cohort))
    return found


def decision_draft(
    decision: Decision,
    given: Case,
    history: History,
    objects: Mapping[str, bytes],
    *,
    supersedes: int | None = None,
) -> Draft:
    """Return *decision* as an entry to be.

    Args:
        decision: of the case with its history.
        given: the case as it was given.
        history: what was drawn from the ledger, as `with_history` returns it.
        objects: what it refers to, by digest.
        supersedes: the number of the decision that it takes the place of.
    """
    data: Plain = {
        "system": given.system.code,
        "as_of": decision.as_of.isoformat(),
        "case": case_data(given),
        "decision": recorded_data(decision),
        "attestation": attestation_data(decision),
    }
    if history:
        data["history"] = history
    if supersedes is not None:
        data["supersedes"] = supersedes
    return Draft("decision", data, objects)
