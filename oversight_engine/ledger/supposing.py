"""What would have been decided: recorded cases decided under another rulebook or reform.

What comes out is no decision and holds none. It has no bytes, no digest and no way into a ledger:
it says which outcomes would differ, and by which rules.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from oversight_engine.cohort import compute_cohort
from oversight_engine.errors import DisagreementError, OversightError
from oversight_engine.evaluators.stated import OddCaseError
from oversight_engine.ledger.bulk import Answer, find_reader
from oversight_engine.ledger.deriving import GENERATED, Deriver
from oversight_engine.ledger.entries import decided_case, read_entry
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.replayed import MOST_KEPT
from oversight_engine.ledger.replaying import EVERYTHING, Selection, contents_of
from oversight_engine.ledger.restoring import restore_case
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import REFERRAL, Rulebook


@frozen(eq=False, repr=False)
class Supposed(Noun):
    """One recorded case that would have come to something else.

    Attributes:
        number: of the entry.
        recorded, supposed: the outcomes, or `referral`.
        rules: the rules that make the difference: those that would bring the new outcome and did
            not before, or where there are none, those that brought the old one and would not.
    """

    number: int
    system: str
    as_of: str
    recorded: str
    supposed: str
    rules: tuple[str, ...]


@frozen(eq=False, repr=False)
class Supposition(Noun):
    """What would have been decided, compared with what was.

    Attributes:
        rulebook: the one supposed, under a reform if that is what is supposed.
        same: how many would have come to the same.
        moves: how many would have come from one outcome to another, by both.
        by_rule: how many of these each rule makes the difference in.
        changed: the first of those that would have come to something else.
        refused: the first of those that it cannot decide, and why; *refused_count* are all.
        masked: how many nobody can decide again.
    """

    rulebook: Rulebook
    same: int
    moves: tuple[tuple[str, str, int], ...]
    by_rule: tuple[tuple[str, int], ...]
    changed: tuple[Supposed, ...]
    refused: tuple[tuple[int, str], ...]
    refused_count: int
    masked: int
    reader: str

    @property
    def moved(self) -> int:
        """How many would have come to something else."""
        return sum(count for _, _, count in self.moves)

    @property
    def total(self) -> int:
        """How many decisions were asked about."""
        return self.same + self.moved + self.refused_count + self.masked


def suppose(
    ledger: Ledger,
    rulebook: Rulebook,
    selection: Selection = EVERYTHING,
    *,
    evaluators: Sequence[str] = (GENERATED,),
) -> Supposition:
    """Decide the recorded cases of *ledger* under *rulebook*, and compare the outcomes.

    Where it judges cases among others, those chosen that are of one day are the cohort of that
    day. What was drawn from the ledger as history stays what it was.

    Raises:
        CohortNeededError: the cases of a day are too few for a cohort.
        DisagreementError: two evaluators differ.
    """
    with ledger.reading():
        return _Supposing(ledger, rulebook, selection, evaluators).result()


def rulebooks_of(ledger: Ledger, selection: Selection = EVERYTHING) -> tuple[str, ...]:
    """Return the digests of the rulebooks under which the decisions of *ledger* were made."""
    _, read = find_reader()
    found: dict[str, None] = {}
    for _, content in contents_of(ledger, selection):
        try:
            answer = read(content)
            if answer is not None and selection.takes(answer):
                found[answer.basis.rulebook] = None
        except OddCaseError:
            continue  # a replay says what is wrong with it
    return tuple(found)


class _Supposing:
    def __init__(
        self, ledger: Ledger, rulebook: Rulebook, selection: Selection, evaluators: Sequence[str]
    ) -> None:
        self._ledger, self._rulebook, self._selection = ledger, rulebook, selection
        self._evaluators = evaluators
        self._reader, self._read = find_reader()
        self._derivers: dict[str, Deriver] = {}
        self._same = self._masked = self._refused_count = 0
        self._moves: Counter[tuple[str, str]] = Counter()
        self._rules: Counter[str] = Counter()
        self._changed: list[Supposed] = []
        self._refused: list[tuple[int, str]] = []

    def result(self) -> Supposition:
        try:
            for number, content, answer in self._chosen():
                try:
                    self._decide(answer, content)
                except DisagreementError:
                    raise
                except OversightError as error:
                    self._refuse(number, str(error))
        finally:
            for deriver in self._derivers.values():
                deriver.close()
        return Supposition(
            rulebook=self._rulebook,
            same=self._same,
            moves=tuple(
                (before, after, count) for (before, after), count in sorted(self._moves.items())
            ),
            by_rule=tuple(sorted(self._rules.items(), key=lambda each: (-each[1], each[0]))),
            changed=tuple(self._changed),
            refused=tuple(self._refused),
            refused_count=self._refused_count,
            masked=self._masked,
            reader=self._reader,
        )

    def _chosen(self) -> Iterator[tuple[int, bytes, Answer]]:
        for number, content in contents_of(self._ledger, self._selection):
            try:
                answer = self._read(content)
            except OddCaseError:
                self._refuse(number, "it is not as an entry of a decision is")
                continue
            if answer is None or not self._selection.takes(answer):
                continue
            if answer.question is None:
                self._masked += 1
            else:
                yield number, content, answer

    def _refuse(self, number: int, because: str) -> None:
        self._refused_count += 1
        if len(self._refused) < MOST_KEPT:
            self._refused.append((number, because))

    def _decide(self, answer: Answer, content: bytes) -> None:
        assert answer.question is not None, "what is masked is left aside before"
        derived = self._deriver(answer.day).derive(answer.question, lambda: _case_in(content))
        recorded, supposed = json.loads(answer.recorded), json.loads(derived)
        if recorded["decision"] == supposed["decision"]:
            self._same += 1
            return
        rules = self._responsible(recorded, supposed)
        self._moves[recorded["decision"], supposed["decision"]] += 1
        self._rules.update(rules)
        if len(self._changed) < MOST_KEPT:
            pair = recorded["decision"], supposed["decision"]
            self._changed.append(Supposed(answer.number, answer.system, answer.day, *pair, rules))

    def _responsible(self, recorded: Plain, supposed: Plain) -> tuple[str, ...]:
        """Return the rules that make the difference between two decisions."""
        before, after = _effects(recorded), _effects(supposed)
        outcome = supposed["decision"]
        bringing = [
            rule_id
            for rule_id, effect in after.items()
            if (effect == "refers" if outcome == REFERRAL else self._brings(rule_id, outcome))
        ]
        new = [rule_id for rule_id in bringing if after[rule_id] != before.get(rule_id)]
        gone = [rule_id for rule_id in before if before[rule_id] != after.get(rule_id)]
        return tuple(new or gone or bringing)

    def _brings(self, rule_id: str, outcome: str) -> bool:
        return self._rulebook.rule(rule_id).outcome == outcome

    def _deriver(self, day: str) -> Deriver:
        key = day if self._rulebook.cohort is not None else ""
        if key not in self._derivers:
            cohort = None
            if self._rulebook.cohort is not None:
                cases = [
                    restore_case(_case_in(content), self._rulebook)
                    for _, content, answer in self._chosen()
                    if answer.day == day
                ]
                cohort = compute_cohort(self._rulebook, cases, datetime.date.fromisoformat(day))
            self._derivers[key] = Deriver(self._rulebook, cohort, evaluators=self._evaluators)
        return self._derivers[key]


def _case_in(content: bytes) -> Plain:
    return decided_case(read_entry(content).data)


def _effects(decision: Plain) -> dict[str, str]:
    """Return what each rule did that did anything, by id and in the order of ids."""
    rows = sorted(decision["rules"].items())
    return {rule_id: effect for rule_id, (_, effect, _) in rows if effect in _DOING}


_DOING = ("holds", "holds_back", "refers")
