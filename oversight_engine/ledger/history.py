"""History facts: what a rulebook takes from the earlier decisions on a system.

A fact with a `history` is filled in from the ledger: only from decisions of an earlier day on the
same system under the same rulebook, and from what people did about them until the day of the
decision. What is filled in is recorded with the decision, so that a replay need not look it up.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import takewhile
from operator import itemgetter
from typing import Any, NamedTuple

from attrs import evolve

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger.folding import Fold, Told, fold, span_in
from oversight_engine.ledger.standing import A_DAY, MASKED, Decided, InForce, Standing, Terms
from oversight_engine.model.case import Case, StatedFact, Value
from oversight_engine.model.case_form import value_data
from oversight_engine.model.number import exact, scaled, written
from oversight_engine.model.people import NO_OUTCOME, NOT_APPLICABLE, HistoryDeclaration, HistoryOf
from oversight_engine.model.plain import Plain
from oversight_engine.model.recorded import LETTERS
from oversight_engine.model.rulebook import Fact, Rulebook, Span
from oversight_engine.model.truth import FALSE, TRUE

NOTHING_EARLIER = "no earlier decision in the ledger"
"""The source of a history fact where the ledger holds nothing that comes before."""

Day = datetime.date
History = dict[str, Plain]


class Drawn(NamedTuple):
    """What a ledger gives for a fact, and the number of the entry it was drawn from.

    With *entry* 0 nothing earlier is there. A *value* of None leaves the fact unknown.
    """

    value: Value | None
    entry: int


def with_history(
    case: Case,
    rulebook: Rulebook,
    entries: Iterable[Told],
    as_of: Day,
    known_on: Day | None = None,
    *,
    terms: Callable[[str], Terms],
) -> tuple[Case, History]:
    """Return *case* with its history facts, and these as the entry of the decision records them.

    Args:
        case: as given; what it says itself of a history fact must be what the ledger gives.
        rulebook: under which it is to be decided; it says which facts are history.
        entries: those of the case's system, or of all, in order.
        as_of: the day of the decision; only decisions of an earlier day are history.
        known_on: leave out what was recorded after that day.
        terms: those of the rulebook of a digest.

    Raises:
        InputError: the case states a history fact differently, or states no period where periods
            are counted; the message names every such fact.
        IntegrityError: the entries are no possible sequence of moves.
    """
    memory = Memory(rulebook)
    if not memory.facts:
        return case, {}
    past = _Past(case.system.code, case.period, rulebook, entries, as_of, known_on, terms)
    stated = {fact_id: fact.value for fact_id, fact in case.facts.items()}
    drawn = _drawn(memory, past, stated)
    filled = {
        fact_id: StatedFact(each.value, _source(each), as_of, "derived")
        for fact_id, each in drawn.items()
    }
    return evolve(case, facts={**case.facts, **filled}), _history(drawn, as_of.isoformat())


class Memory:
    """What a rulebook remembers.

    Attributes:
        facts: those that are history.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        """Find them, once for all decisions under *rulebook*."""
        self.rulebook = rulebook
        self.facts = tuple(fact for fact in rulebook.facts if fact.history is not None)


def _drawn(memory: Memory, past: _Past, stated: Mapping[str, Value | None]) -> dict[str, Drawn]:
    """Return what is filled in, by fact, where a case states what is *stated* itself.

    Raises:
        InputError: it is stated differently, or cannot be drawn; the message names every fact.
    """
    found: dict[str, Drawn] = {}
    faults: list[str] = []
    for fact in memory.facts:
        try:
            drawn = past.draw(fact)
        except InputError as error:
            faults.append(str(error))
            continue
        is_stated = fact.id in stated
        if drawn.value is None or (not drawn.entry and is_stated):
            continue
        if is_stated and stated[fact.id] not in (None, drawn.value):
            faults.append(
                f"the case of {past.system} states {fact.id} = {value_data(stated[fact.id])}, "
                f"and entry {drawn.entry} of the ledger gives {value_data(drawn.value)}"
            )
            continue
        found[fact.id] = drawn
    if faults:
        raise InputError("; ".join(faults))
    return found


def _source(drawn: Drawn) -> str:
    return f"ledger entry {drawn.entry}" if drawn.entry else NOTHING_EARLIER


def _history(drawn: Mapping[str, Drawn], as_of: str) -> History:
    """Return what is filled in as the entry of the decision records it."""
    history: History = {}
    for fact_id, each in drawn.items():
        history[fact_id] = {
            "as_at": as_of,
            "source": _source(each),
            "status": "derived",
            "value": value_data(each.value),
        }
        if each.entry:
            history[fact_id]["entry"] = each.entry
    return history


def _value_of(fact: Fact, written_as: Any) -> Value | None:
    if not isinstance(written_as, str):
        return None if written_as is None else bool(written_as)
    if fact.type == "date":
        return Day.fromisoformat(written_as)
    return exact(written_as) if fact.type == "number" else written_as


def check_history(
    entry: Told, earlier: Iterable[Told], memory: Memory, *, terms: Callable[[str], Terms]
) -> None:
    """Refuse the decision's *entry* if the history it records is not what *earlier* entries give.

    Args:
        entry: of a decision.
        earlier: the entries before it, of its system or of all, in order; or their story.
        memory: of the rulebook under which it was decided.
        terms: those of the rulebook of a digest.

    Raises:
        IntegrityError: the message names the first fact that differs.
    """
    data = entry.data
    recorded: History = data.get("history", {})
    if not memory.facts and not recorded:
        return
    as_of = Day.fromisoformat(data["as_of"])
    try:
        stated = {
            fact.id: _value_of(fact, entry.value_of(fact.id))
            for fact in memory.facts
            if entry.states(fact.id)
        }
        period = span_in(data["case"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError("its case does not have the shape of one") from error
    past = _Past(data["system"], period, memory.rulebook, earlier, as_of, None, terms)
    try:
        drawn = _drawn(memory, past, stated)
    except InputError as error:
        raise IntegrityError(f"entry {entry.number}: {error}") from error
    given = _history(drawn, data["as_of"])
    for fact_id in sorted({*recorded, *given}) if recorded != given else ():
        if recorded.get(fact_id) != given.get(fact_id):
            raise IntegrityError(
                f"entry {entry.number} records {fact_id} as {_said(recorded, fact_id)}, and the "
                f"entries before it give {_said(given, fact_id)}"
            )


class Story:
    """All entries on one system so far, and the standings after them: folded once, as they come.

    To draw one history after another from it takes no longer the more there were.
    """

    def __init__(self, terms: Callable[[str], Terms]) -> None:
        """Begin with no entry; *terms* are those of the rulebook of a digest."""
        self.folded = Fold(terms)
        self.entries: dict[int, Told] = {}
        self._latest: Day | None = None

    def add(self, entry: Told) -> None:
        """Take the next *entry* in.

        Raises:
            MoveError: it is no legal move.
        """
        self.folded.add(entry)
        self.entries[entry.number] = entry
        if entry.kind == "decision":
            day = Day.fromisoformat(entry.data["as_of"])
            self._latest = day if self._latest is None else max(day, self._latest)

    def __iter__(self) -> Iterator[Told]:
        """Yield the entries, in order."""
        return iter(self.entries.values())

    def is_before(self, day: Day) -> bool:
        """Say whether every decision in it is of a day before *day*."""
        return self._latest is None or self._latest < day


def _said(history: History, fact_id: str) -> str:
    if fact_id not in history:
        return "nothing"
    fact = history[fact_id]
    return f"{fact['value']} ({fact.get('source')})"


# What is drawn


class _Past:
    """What came before a case: the standing of its system, and what its decisions recorded."""

    def __init__(
        self,
        system: str,
        period: Span | None,
        rulebook: Rulebook,
        entries: Iterable[Told],
        as_of: Day,
        known_on: Day | None,
        terms: Callable[[str], Terms],
    ) -> None:
        """Keep of *entries* those about decisions on the *system* of an earlier day."""
        if isinstance(entries, Story) and entries.is_before(as_of) and known_on is None:
            kept, folded = entries.entries, entries.folded
        else:
            kept = {}
            for entry in entries:
                if entry.kind == "decision":
                    is_ours = entry.data["system"] == system
                    is_kept = is_ours and Day.fromisoformat(entry.data["as_of"]) < as_of
                else:
                    is_kept = entry.about in kept
                if is_kept:
                    kept[entry.number] = entry
            folded = fold(kept.values(), terms, known_on=known_on)
        place = system, rulebook.id
        self.system = system
        self._standing = folded.standings.get(place) or Standing(*place)
        self._live = self._standing.live
        self._entries = kept
        self._period, self._rulebook, self._day = period, rulebook, as_of

    @cached_property
    def _in_force(self) -> InForce:
        """The outcome in force on the day of the decision that is to be."""
        return self._standing.in_force(self._day)

    def draw(self, fact: Fact) -> Drawn:
        """Return what the ledger gives for *fact*.

        Raises:
            InputError: periods are counted and the case states none, or the fact cannot hold it.
        """
        history = fact.history
        assert history is not None, "asked of history facts only"
        if not self._live:
            return Drawn(_before_everything(fact, history), 0)
        if history.shown == "value":
            drawn = self._value(fact, history)
        elif history.shown == "days":
            drawn = self._days(fact, history)
        else:
            drawn = self._periods(fact, history)
        self._check(fact, drawn)
        return drawn

    def _value(self, fact: Fact, history: HistoryDeclaration) -> Drawn:
        last = self._live[-1]
        if history.of == "outcome_in_force":
            held = self._in_force
            if held.outcome == MASKED:
                raise self._masked(fact.id)
            return Drawn(held.outcome, held.entry or last.number)
        if history.of == "engine_outcome":
            decided = [d for d in self._live if d.outcome]
            if decided:
                return Drawn(decided[-1].outcome, decided[-1].number)
            return Drawn(self._stated(fact.id) or NO_OUTCOME, self._live[0].number)
        if history.of == "exit_criteria":
            return self._exit(history)
        if history.of == "no_rule_held":
            return Drawn(self._is_clear(last, history), last.number)
        return Drawn(self._concluded(last, fact, history), last.number)

    def _days(self, fact: Fact, history: HistoryDeclaration) -> Drawn:
        first = self._live[0]
        if history.of == "outcome_in_force":
            present = self._standing.spell(self._day)
            assert present is not None, "a decision of an earlier day is there"
            outcome, start, entry = present.outcome, present.start, present.entry
        else:
            decided = [d for d in self._live if d.outcome]
            if not decided:
                return Drawn(0, self._live[-1].number)
            outcome = decided[-1].outcome or NO_OUTCOME
            run = list(takewhile(lambda d: d.outcome == outcome, reversed(decided)))
            start, entry = run[-1].as_of, run[-1].number
        if outcome == NO_OUTCOME:
            return Drawn(0, entry or first.number)
        days = (self._day - start).days
        if start == first.as_of and self._outcome_before(history.of) == outcome:
            days += self._stated_count(fact.id)
        return Drawn(days, entry)

    def _periods(self, fact: Fact, history: HistoryDeclaration) -> Drawn:
        chain = self._chain(fact)
        held = (self._held(history, period, eve) for period, eve in chain)
        run = list(takewhile(lambda each: each is not False, held))
        count = sum(each is True for each in run)
        is_whole = bool(chain) and len(run) == len(chain)
        reaches_back = is_whole and self._live[0] in chain[-1][0]
        if reaches_back and self._goes_on(history):
            count += self._stated_count(fact.id)
        return Drawn(count, self._live[-1].number)

    def _chain(self, fact: Fact) -> list[tuple[list[Decided], Day]]:
        """Return the periods before the case's, each ending the day before the next, latest first.

        Each is its decisions by their day, and the last day before the next one's first decision.
        """
        own = self._period
        if own is None:
            raise InputError(
                f"{fact.id} counts periods, and the case of {self.system} states no "
                "`period`: say from when to when it is"
            )
        by_span: dict[tuple[Day, Day | None], list[Decided]] = {}
        for decided in self._live:
            if decided.period is not None:
                span = decided.period.start, decided.period.end
                by_span.setdefault(span, []).append(decided)
        # The case's own period may have been decided on an earlier day.
        again = by_span.pop((own.start, own.end), [])
        chain: list[tuple[list[Decided], Day]] = []
        eve, ends = (again[0].as_of - A_DAY if again else self._day), own.start - A_DAY
        for start, end in sorted(by_span, key=itemgetter(0), reverse=True):
            if end != ends:
                break
            period = by_span[start, end]
            chain.append((period, eve))
            eve, ends = period[0].as_of - A_DAY, start - A_DAY
        return chain

    def _held(self, history: HistoryDeclaration, period: list[Decided], eve: Day) -> bool | None:
        """Say whether what is counted held in *period*; None where that neither counts nor ends it.

        A referral is no outcome: of the engine's own outcomes it leaves the run as it is.
        """
        last = period[-1]
        if history.of == "outcome_in_force":
            present = self._in_force.outcome
            return present != NO_OUTCOME and self._standing.in_force(eve).outcome == present
        if history.of == "engine_outcome":
            decided = [d.outcome for d in period if d.outcome]
            return decided[-1] == self._engine_outcome() if decided else None
        if history.of == "no_rule_held":
            return self._is_clear(last, history)
        return self._conclusion(last, history) == LETTERS[TRUE]

    def _goes_on(self, history: HistoryDeclaration) -> bool:
        """Say whether a run that reaches the first decision goes on before it."""
        if history.of not in ("outcome_in_force", "engine_outcome"):
            return True
        if history.of == "outcome_in_force":
            present = self._in_force.outcome
        else:
            present = self._engine_outcome()
        return present != NO_OUTCOME and self._outcome_before(history.of) == present

    def _engine_outcome(self) -> str:
        """Return the engine's own latest outcome."""
        return next((d.outcome for d in reversed(self._live) if d.outcome), NO_OUTCOME)

    # What decisions recorded

    def _is_clear(self, decided: Decided, history: HistoryDeclaration) -> bool:
        held = self._entries[decided.number].held
        return held.issubset(history.apart_from)

    def _conclusion(self, decided: Decided, history: HistoryDeclaration) -> str | None:
        """Return what the finding came to, as recorded; None where it was unknown or not there."""
        recorded = self._entries[decided.number].data["decision"]
        found = recorded["findings"].get(history.finding)
        return None if found is None else found[0]

    def _concluded(self, decided: Decided, fact: Fact, history: HistoryDeclaration) -> Value | None:
        found = self._conclusion(decided, history)
        if fact.type == "boolean":
            return {LETTERS[TRUE]: True, LETTERS[FALSE]: False}.get(found or "")
        return exact(found) if found is not None and fact.type == "number" else found

    def _exit(self, history: HistoryDeclaration) -> Drawn:
        """Return how far the exit criteria of the harshest outcome are met."""
        held = self._in_force
        entry = held.entry or self._live[-1].number
        if held.outcome != self._rulebook.harshest:
            return Drawn(NOT_APPLICABLE, entry)
        agreed, criteria = self._standing.criteria(self._day)
        if not agreed:
            return Drawn("not_agreed", entry)
        found = [r for r in self._standing.reviews if r.number > agreed and r.on <= self._day]
        found.sort(key=lambda review: (review.on, review.number))
        met = list(takewhile(lambda r: set(criteria) <= set(r.met), reversed(found)))
        if not met:
            return Drawn("not_met", found[-1].number if found else agreed)
        is_sustained = (met[0].on - met[-1].on).days >= (history.sustained_for or 0)
        return Drawn("met_and_sustained" if is_sustained else "met_for_now", met[0].number)

    # What the first case says of what came before it

    def _stated(self, fact_id: str) -> str:
        """Return what the first case in the ledger states of *fact_id*, or nothing."""
        first = self._entries[self._live[0].number]
        path = f"/case/facts/{fact_id}"
        if {path, f"{path}/value"} & {*first.masked}:
            raise self._masked(fact_id)
        return str(first.value_of(fact_id) or "")

    def _masked(self, fact_id: str) -> InputError:
        return InputError(
            f"what the case of entry {self._live[0].number} stated of {fact_id} is masked, and the "
            "history rests on it"
        )

    def _stated_count(self, fact_id: str) -> int:
        stated = self._stated(fact_id)
        return int(stated) if stated.isdecimal() else 0

    def _outcome_before(self, of: HistoryOf) -> str:
        """Return the outcome that the first case states in the fact that has it for its value."""
        wanted = HistoryDeclaration(of)
        names = [fact.id for fact in self._rulebook.facts if fact.history == wanted]
        return self._stated(names[0]) if names else ""

    def _check(self, fact: Fact, drawn: Drawn) -> None:
        """Refuse a number that *fact* cannot state: nothing is rounded, and nothing cut off."""
        number = drawn.value
        if fact.type != "number" or number is None:
            return
        assert not isinstance(number, str | datetime.date), "the rulebook was checked"
        places = scaled(number, fact.decimals)
        least, most = fact.scaled_range
        if places is None:
            fault = f"has more than {fact.decimals} decimals"
        elif (least is not None and places < least) or (most is not None and places > most):
            fault = "is outside its range"
        else:
            return
        raise InputError(
            f"the ledger gives {fact.id} = {written(number)}, which {fault}: mend the rulebook"
        )


def _before_everything(fact: Fact, history: HistoryDeclaration) -> Value | None:
    """Return the value of *fact* for a system that was never decided."""
    if history.shown != "value":
        return 0
    if history.of == "exit_criteria":
        return NOT_APPLICABLE
    return NO_OUTCOME if fact.type == "category" else None
