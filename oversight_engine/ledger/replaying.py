"""Replay: every recorded decision derived again, and its bytes compared with those recorded.

A replay needs nothing but the ledger: the case, the rulebook, the reform and the cohort values
are all in it. It says nothing of whether the ledger is whole; `oversight ledger verify` does.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from attrs import evolve, frozen

from oversight_engine.errors import DisagreementError, IntegrityError, OversightError
from oversight_engine.evaluators.stated import OddCaseError, Question
from oversight_engine.ledger.bulk import Answer, basis_of, find_reader
from oversight_engine.ledger.deriving import GENERATED, Deriver, Derivers, Find
from oversight_engine.ledger.divergence import Divergence, find_divergences
from oversight_engine.ledger.entries import Entry, decided_case, read_entry
from oversight_engine.ledger.folding import fold, terms_by
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.rechecking import recheck_systems
from oversight_engine.ledger.store import LATEST
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain, canonical

BATCH = 512
"""How many entries are read at a time."""
SHARE = 10_000
"""The fewest entries for which another process is begun: fewer are sooner derived than it is."""
MOST_KEPT = 100
"""How many of a kind a replay tells one by one; it counts all."""


@frozen(eq=False, repr=False)
class Selection(Noun):
    """Which decisions of a ledger are replayed: those that meet everything that is asked.

    Attributes:
        first, last: numbers of entries, both included.
        systems: codes; empty for all.
        since, until: days of decisions, both included.
        rulebook: how its digest begins, or empty for all.
        numbers: only these entries, where any are given.
    """

    first: int = 1
    last: int | None = None
    systems: tuple[str, ...] = ()
    since: datetime.date | None = None
    until: datetime.date | None = None
    rulebook: str = ""
    numbers: frozenset[int] | None = None

    def takes(self, answer: Answer) -> bool:
        """Say whether the decision is among them, its number's range aside."""
        return (
            (self.numbers is None or answer.number in self.numbers)
            and (not self.systems or answer.system in self.systems)
            and (self.since is None or answer.day >= self.since.isoformat())
            and (self.until is None or answer.day <= self.until.isoformat())
            and (not self.rulebook or basis_of(answer.recorded).rulebook.startswith(self.rulebook))
        )


EVERYTHING = Selection()


def held_on(
    ledger: Ledger, day: datetime.date, known_on: datetime.date | None = None
) -> frozenset[int]:
    """Return the entries of the decisions that held on *day*: of each system the last of its days.

    Args:
        ledger: open to be read.
        day: decisions of a later day are left aside, and so are those superseded or withdrawn.
        known_on: leave out what was recorded after that day.

    Raises:
        IntegrityError: the entries are no possible sequence of moves.
    """
    folded = fold(ledger.entries(), terms_by(ledger.object), known_on=known_on)
    until = [
        [decided.number for decided in standing.live if decided.as_of <= day]
        for standing in folded.standings.values()
    ]
    return frozenset(numbers[-1] for numbers in until if numbers)


def known_until(ledger: Ledger, day: datetime.date) -> int:
    """Return the number of the last entry that was recorded on *day* or before."""
    low, high = 0, ledger.size
    while low < high:  # entries are in the order in which they were recorded
        middle = (low + high + 1) // 2
        if ledger.entry(middle).recorded_at.date() <= day:
            low = middle
        else:
            high = middle - 1
    return low


class Diverging(NamedTuple):
    """A decision that was not derived as recorded: every difference, the first one first."""

    number: int
    system: str
    as_of: str
    divergences: tuple[Divergence, ...]


class Masked(NamedTuple):
    """A decision that nobody can derive again, since something of what was asked is masked."""

    number: int
    system: str
    as_of: str
    fields: tuple[str, ...]


class Misremembered(NamedTuple):
    """The first decision on a system whose history is not what the ledger gives, and why."""

    number: int
    because: str


class Refused(NamedTuple):
    """A decision that cannot be derived from what was recorded, and why."""

    number: int
    because: str


@frozen(eq=False, repr=False)
class Replay(Noun):
    """What came of replaying some decisions.

    Attributes:
        same: how many came to the bytes that were recorded.
        diverging, masked, refused: the first of the others; the counts are of all.
        checked: how many that generated code derived were derived by the reference evaluator too.
        by_reference: how many were left to the reference altogether.
        misremembered: by system, the first whose history is not what the ledger gives.
        history_checked: how many had their history drawn from the ledger again.
        history_masked: how many did not, because something is masked that it may rest on.
        systems: the codes of those with decisions that take something from earlier ones.
        processes: how many it was done in.
        evaluators: what derived them.
        reader: what read the entries: `msgspec`, or the standard library's `json`.
    """

    same: int = 0
    diverging: tuple[Diverging, ...] = ()
    masked: tuple[Masked, ...] = ()
    refused: tuple[Refused, ...] = ()
    diverging_count: int = 0
    masked_count: int = 0
    refused_count: int = 0
    checked: int = 0
    by_reference: int = 0
    misremembered: tuple[Misremembered, ...] = ()
    history_checked: int = 0
    history_masked: int = 0
    systems: frozenset[str] = frozenset()
    processes: int = 1
    evaluators: tuple[str, ...] = (GENERATED,)
    reader: str = ""

    @property
    def total(self) -> int:
        """How many decisions were chosen."""
        return self.same + self.diverging_count + self.masked_count + self.refused_count

    @property
    def agrees(self) -> bool:
        """Whether all that can be derived again came out as recorded."""
        return not self.diverging_count and not self.refused_count and not self.misremembered

    def then(self, other: Replay) -> Replay:
        """Return what came of both, this one being of the earlier entries."""
        return Replay(
            same=self.same + other.same,
            diverging=(*self.diverging, *other.diverging)[:MOST_KEPT],
            masked=(*self.masked, *other.masked)[:MOST_KEPT],
            refused=(*self.refused, *other.refused)[:MOST_KEPT],
            diverging_count=self.diverging_count + other.diverging_count,
            masked_count=self.masked_count + other.masked_count,
            refused_count=self.refused_count + other.refused_count,
            checked=self.checked + other.checked,
            by_reference=self.by_reference + other.by_reference,
            systems=self.systems | other.systems,
            evaluators=self.evaluators,
            reader=self.reader or other.reader,
        )


def replay(
    ledger: Ledger,
    selection: Selection = EVERYTHING,
    *,
    evaluators: Sequence[str] = (GENERATED,),
    history: bool = True,
) -> Replay:
    """Derive the decisions of *ledger* again, and compare what comes out with what is recorded.

    Args:
        ledger: open to be read.
        selection: which decisions.
        evaluators: `generated`, of whose decisions the reference checks some; or those of an
            `Engine`, which must agree in every one.
        history: draw the history of each from the ledger again, too.

    Raises:
        DisagreementError: two evaluators differ, so that there is nothing to compare with.
        EvaluatorUnavailableError: an evaluator cannot run on this machine.
    """
    with ledger.reading():
        found = _replay(ledger, selection, evaluators)
        return _remembered(ledger, selection, found) if history else found


def _replay(ledger: Ledger, selection: Selection, evaluators: Sequence[str]) -> Replay:
    contents = contents_of(ledger, selection)
    return replay_contents(contents, ledger.object, selection, evaluators=evaluators)


def _remembered(ledger: Ledger, selection: Selection, found: Replay) -> Replay:
    """Return what was *found*, and whether the ledger gives the history that is recorded.

    What is derived again takes history as recorded. Here it is drawn again, system by system.
    """
    takes_all = evolve(selection, first=1, last=None) == EVERYTHING

    def takes(entry: Entry) -> bool:
        last = entry.number if selection.last is None else selection.last
        is_between = selection.first <= entry.number <= last
        return is_between and (takes_all or selection.takes(_answer_of(entry)))

    histories = recheck_systems(ledger, found.systems, takes)
    faults = sorted(each.fault for each in histories if each.fault is not None)
    return evolve(
        found,
        misremembered=tuple(Misremembered(*fault) for fault in faults),
        history_checked=sum(each.checked for each in histories),
        history_masked=sum(len(each.masked) for each in histories),
    )


def _answer_of(entry: Entry) -> Answer:
    data = entry.data
    recorded = canonical(data["decision"])
    return Answer(entry.number, data["system"], data["as_of"], recorded, None)


def contents_of(ledger: Ledger, selection: Selection) -> Iterator[tuple[int, bytes]]:
    """Yield numbers and bytes of the entries among which those of the *selection* are."""
    first, last = selection.first, LATEST - 1 if selection.last is None else selection.last
    one = len(selection.systems) == 1
    system = selection.systems[0] if one else None
    # Most entries are decisions: to pass over the others is faster than to look them up by kind.
    kind = "decision" if one else None
    while rows := ledger.store.rows(first, last, kind=kind, system=system, limit=BATCH):
        yield from ((row.number, row.content) for row in rows)
        first = rows[-1].number + 1


def replay_contents(
    contents: Iterable[tuple[int, bytes]],
    find: Find,
    selection: Selection = EVERYTHING,
    *,
    evaluators: Sequence[str] = (GENERATED,),
) -> Replay:
    """Derive the decisions in the entries of these *contents* again, as `replay` does.

    Args:
        contents: numbers and bytes of entries of the kind decision.
        find: returns the object of a digest.
        selection: which of them.
        evaluators: as for `replay`.
    """
    name, read = find_reader()
    derivers = Derivers(find, evaluators)
    tally = _Tally()
    takes = None if selection == EVERYTHING else selection.takes
    try:
        for number, content in contents:
            try:
                answer = read(content)
                if answer is None or (takes is not None and not takes(answer)):
                    continue
                if answer.question is None:
                    tally.masked(answer)
                else:
                    _replay_one(answer, answer.question, content, derivers, tally)
            except DisagreementError:
                raise
            except OddCaseError:
                tally.refuse(number, _why_odd(content))
            except OversightError as error:
                tally.refuse(number, str(error))
        return tally.result(
            evaluators=tuple(evaluators),
            reader=name,
            checked=sum(deriver.checked for deriver in derivers.made),
            by_reference=sum(deriver.by_reference for deriver in derivers.made),
        )
    finally:
        derivers.close()


def _replay_one(
    answer: Answer, question: Question, content: bytes, derivers: Derivers, tally: _Tally
) -> None:
    def case() -> Plain:
        return decided_case(read_entry(content).data)

    likely = derivers.likely(answer.recorded)
    if likely is not None and _comes_out(likely, answer, question, case):
        tally.same += 1
        if likely.remembers or answer.remembers:
            tally.systems.add(answer.system)
        return
    if answer.remembers:
        tally.systems.add(answer.system)
    deriver = derivers.under(basis_of(answer.recorded))
    if deriver.remembers:
        tally.systems.add(answer.system)
    derived = deriver.derive(question, case)
    if derived == answer.recorded:
        tally.same += 1
    else:
        pair = json.loads(answer.recorded), json.loads(derived)
        tally.diverged(answer, find_divergences(*pair, deriver.in_force(answer.day)))


def _comes_out(
    likely: Deriver, answer: Answer, question: Question, case: Callable[[], Plain]
) -> bool:
    """Say whether a guess at what the decision was derived under brings what was recorded.

    The bytes name everything they were derived under: if they are the same, so is that. If not,
    the guess may have been wrong, and whatever it brings says nothing.
    """
    try:
        return likely.derive(question, case) == answer.recorded
    except DisagreementError:
        raise
    except OversightError:
        return False


def _why_odd(content: bytes) -> str:
    try:
        read_entry(content)
    except IntegrityError as error:
        return str(error)
    return "its case does not have the shape of one"


class _Tally:
    """Counts, and keeps the first of each kind."""

    def __init__(self) -> None:
        self.same = 0
        self.systems: set[str] = set()
        self._diverging: list[Diverging] = []
        self._masked: list[Masked] = []
        self._refused: list[Refused] = []
        self._counts = {"diverging": 0, "masked": 0, "refused": 0}

    def diverged(self, answer: Answer, divergences: Iterable[Divergence]) -> None:
        self._counts["diverging"] += 1
        if len(self._diverging) < MOST_KEPT:
            found = tuple(divergences)
            self._diverging.append(Diverging(answer.number, answer.system, answer.day, found))

    def masked(self, answer: Answer) -> None:
        self._counts["masked"] += 1
        if len(self._masked) < MOST_KEPT:
            self._masked.append(Masked(answer.number, answer.system, answer.day, answer.masked))

    def refuse(self, number: int, because: str) -> None:
        self._counts["refused"] += 1
        if len(self._refused) < MOST_KEPT:
            self._refused.append(Refused(number, because))

    def result(self, **more: Any) -> Replay:
        return Replay(
            same=self.same,
            systems=frozenset(self.systems),
            diverging=tuple(self._diverging),
            masked=tuple(self._masked),
            refused=tuple(self._refused),
            diverging_count=self._counts["diverging"],
            masked_count=self._counts["masked"],
            refused_count=self._counts["refused"],
            **more,
        )


# In several processes


def replay_in_parts(
    location: str,
    selection: Selection = EVERYTHING,
    *,
    evaluators: Sequence[str] = (GENERATED,),
    jobs: int,
    share: int = SHARE,
    history: bool = True,
) -> Replay:
    """Replay the ledger at *location* in at most so many processes, each reading a part of it.

    Args:
        location: of the ledger.
        selection: which decisions.
        evaluators: as for `replay`.
        jobs: how many processes, this one included; what was used is in the result.
        share: the fewest entries for which another process is begun.
        history: as for `replay`.

    Raises what `replay` raises.
    """
    from concurrent.futures import ProcessPoolExecutor

    with Ledger.open(location) as ledger:
        last = ledger.size if selection.last is None else min(ledger.size, selection.last)
        first, *others = _parts(selection, last, jobs, share)
        if not others:
            return replay(ledger, selection, evaluators=evaluators, history=history)
        # With a limit of tasks, processes start afresh rather than as copies of this one.
        with ProcessPoolExecutor(len(others), max_tasks_per_child=1) as pool:
            begun = [pool.submit(_replay_part, location, part, evaluators) for part in others]
            with ledger.reading():
                found = _replay(ledger, first, evaluators)
            for part in begun:
                found = found.then(part.result())
        if history:
            with ledger.reading():
                found = _remembered(ledger, evolve(selection, last=last), found)
        return evolve(found, processes=1 + len(others))


def _parts(selection: Selection, last: int, jobs: int, share: int) -> list[Selection]:
    number = last - selection.first + 1
    step = -(-number // max(1, min(jobs, number // share)))
    return [
        evolve(selection, first=first, last=min(first + step - 1, last))
        for first in range(selection.first, last + 1, max(1, step))
    ] or [selection]


def _replay_part(location: str, selection: Selection, evaluators: Sequence[str]) -> Replay:
    with Ledger.open(location) as ledger, ledger.reading():
        return _replay(ledger, selection, evaluators)
