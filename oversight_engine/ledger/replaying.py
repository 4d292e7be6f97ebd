"""Replay: every recorded decision derived again, and its bytes compared with those recorded.

A replay needs nothing but the ledger: the case, the rulebook, the reform and the cohort values
are all in it. It says nothing of whether the ledger is whole; `oversight ledger verify` does.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from attrs import evolve, frozen

from oversight_engine.errors import DisagreementError, IntegrityError, OversightError
from oversight_engine.evaluators.stated import OddCaseError
from oversight_engine.ledger.bulk import Answer, find_reader, outline_of, read_quickly
from oversight_engine.ledger.deriving import GENERATED, Derivers
from oversight_engine.ledger.entries import decided_case, read_entry
from oversight_engine.ledger.folding import fold, terms_by
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.rechecking import Memories, Rechecker
from oversight_engine.ledger.replayed import Replay, Tally
from oversight_engine.ledger.store import LATEST
from oversight_engine.model.noun import Noun

BATCH = 512
"""How many entries are read at a time."""
PARTS = 16
"""Into how many parts the work of several processes is divided, for each of them."""
SHARE = 10_000
"""The fewest entries for which another process is begun: fewer are sooner derived than it is."""


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

    def takes_number(self, number: int) -> bool:
        """Say whether the entry of that number may be one of them."""
        is_between = self.first <= number and (self.last is None or number <= self.last)
        return is_between and (self.numbers is None or number in self.numbers)

    def takes(self, answer: Answer) -> bool:
        """Say whether the decision is among them."""
        return (
            self.takes_number(answer.number)
            and (not self.systems or answer.system in self.systems)
            and (self.since is None or answer.day >= self.since.isoformat())
            and (self.until is None or answer.day <= self.until.isoformat())
            and (not self.rulebook or answer.basis.rulebook.startswith(self.rulebook))
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


Row = tuple[str | None, int, bytes]
"""System, number and bytes of an entry."""
Range = tuple[str | None, str | None]
"""The first and the last of systems that a store has one after the other; None for its ends."""
Part = list[Range]


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
    [part] = _parts(ledger, selection, 1)
    with closing(Derivers(ledger.object, evaluators)) as derivers:
        return _replay(ledger, part, selection, derivers, history=history)


def _replay(
    ledger: Ledger, part: Part, selection: Selection, derivers: Derivers, *, history: bool
) -> Replay:
    def stories() -> Generator[Row]:
        for begin, end in part:
            with closing(ledger.store.stories(begin, end, _last(selection))) as rows:
                yield from rows

    with ledger.reading(), closing(stories()) as found:
        return replay_stories(found, derivers, selection, history=history)


def _last(selection: Selection) -> int:
    return LATEST - 1 if selection.last is None else selection.last


def contents_of(ledger: Ledger, selection: Selection) -> Iterator[tuple[int, bytes]]:
    """Yield numbers and bytes of the entries among which those of the *selection* are."""
    first, last = selection.first, _last(selection)
    one = len(selection.systems) == 1
    system = selection.systems[0] if one else None
    # Most entries are decisions: to pass over the others is faster than to look them up by kind.
    kind = "decision" if one else None
    while rows := ledger.store.rows(first, last, kind=kind, system=system, limit=BATCH):
        yield from ((row.number, row.content) for row in rows)
        first = rows[-1].number + 1


def replay_stories(
    stories: Iterable[Row],
    derivers: Derivers,
    selection: Selection = EVERYTHING,
    *,
    history: bool = True,
) -> Replay:
    """Derive the decisions in these entries again, as `replay` does.

    Args:
        stories: systems, numbers and bytes of entries: system by system, and each's in order.
        derivers: what derives them; it may have derived others.
        selection: which of them.
        history: as for `replay`; what is held for it is of one system at a time.
    """
    before = derivers.checked, derivers.by_reference
    replaying = _Replaying(derivers, selection)
    for _, entries in groupby(stories, key=itemgetter(0)):
        replaying.story(entries, history=history)
    return replaying.tally.result(
        evaluators=derivers.evaluators,
        reader=replaying.reader,
        checked=derivers.checked - before[0],
        by_reference=derivers.by_reference - before[1],
    )


class _Replaying:
    """Derives decisions system after system, and counts what comes of it."""

    def __init__(self, derivers: Derivers, selection: Selection) -> None:
        self.tally = Tally()
        self.reader, self._read = find_reader()
        self._derivers, self._selection = derivers, selection
        self._takes = None if selection == EVERYTHING else selection.takes
        self._terms = terms_by(derivers.find)
        self._memories = Memories(derivers.rulebook)

    def story(self, entries: Iterable[Row], *, history: bool) -> None:
        """Replay the *entries* of one system."""
        rechecker = Rechecker(self._terms, self._memories) if history else None
        remembers = False
        for _, number, content in entries:
            try:
                answer = self._read(content)
            except OddCaseError:
                is_taken = self._selection.takes_number(number)
                if is_taken:
                    self.tally.refuse(number, _why_odd(content))
                if rechecker is not None:
                    self._take_slowly(rechecker, number, content, draws=is_taken)
                continue
            is_taken = answer is not None and (self._takes is None or self._takes(answer))
            if answer is not None and is_taken:
                remembers = self._derive(answer, content) or remembers
            if rechecker is None:
                continue
            if answer is not None and answer.question is not None:
                rechecker.take(outline_of(answer, answer.question), draws=is_taken)
            else:
                self._take_slowly(rechecker, number, content, draws=is_taken)
        if rechecker is not None and remembers:
            self.tally.remembered(rechecker.found())

    def _take_slowly(
        self, rechecker: Rechecker, number: int, content: bytes, *, draws: bool
    ) -> None:
        try:
            rechecker.take(read_quickly(content), draws=draws)
        except IntegrityError as error:
            rechecker.lose(number, str(error))

    def _derive(self, answer: Answer, content: bytes) -> bool:
        """Derive a decision again, and say whether facts of it are from earlier entries."""
        remembers, tally = bool(answer.history), self.tally
        if answer.question is None:
            tally.masked(answer)
            return remembers
        try:
            deriver = self._derivers.under(answer.basis)
            remembers = remembers or deriver.remembers
            derived = deriver.derive(
                answer.question, lambda: decided_case(read_entry(content).data)
            )
            if derived == answer.recorded:
                tally.same += 1
            else:
                tally.diverged(answer, derived, deriver)
        except DisagreementError:
            raise
        except OddCaseError:
            tally.refuse(answer.number, _why_odd(content))
        except OversightError as error:
            tally.refuse(answer.number, str(error))
        return remembers


def _why_odd(content: bytes) -> str:
    try:
        read_entry(content)
    except IntegrityError as error:
        return str(error)
    return "its case does not have the shape of one"


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
    """Replay the ledger at *location* in at most so many processes.

    Each takes some systems after the other until none is left.

    Args:
        location: of the ledger.
        selection: which decisions.
        evaluators: as for `replay`.
        jobs: how many processes, this one included; what was used is in the result.
        share: the fewest entries for which another process is begun.
        history: as for `replay`.

    Raises what `replay` raises.
    """
    with Ledger.open(location) as ledger:
        if selection.last is None:  # all processes read up to the same entry
            selection = evolve(selection, last=ledger.size)
        number = max(1, min(jobs, (_last(selection) - selection.first + 1) // share))
        parts = _parts(ledger, selection, number * PARTS if number > 1 else 1)
        if len(parts) == 1 or number == 1:
            return replay(ledger, selection, evaluators=evaluators, history=history)
        return _together(
            ledger, location, _Work(selection, tuple(evaluators), history), parts, number
        )


class _Work(NamedTuple):
    """What is done with each part: as for `replay`."""

    selection: Selection
    evaluators: tuple[str, ...]
    history: bool


def _together(ledger: Ledger, location: str, work: _Work, parts: list[Part], number: int) -> Replay:
    """Replay the *parts* in so many processes.

    Others take them from the first on, and this one from the last, until none is left: so one
    that begins later, or is slower, does less, and none waits for another.
    """
    from concurrent.futures import ProcessPoolExecutor

    with (
        closing(Derivers(ledger.object, work.evaluators)) as derivers,
        # With a limit of tasks, which none reaches, processes start afresh, and not as copies.
        ProcessPoolExecutor(number - 1, max_tasks_per_child=len(parts) + 1) as pool,
    ):
        begun = [pool.submit(_replay_part, location, work, part) for part in parts]
        try:
            found = [
                _replay(ledger, part, work.selection, derivers, history=work.history)
                for part, elsewhere in reversed(list(zip(parts, begun, strict=True)))
                if elsewhere.cancel()
            ]
            found += [each.result() for each in begun if not each.cancelled()]
        finally:
            for each in begun:
                each.cancel()
    return evolve(functools.reduce(Replay.beside, found), processes=number)


def _replay_part(location: str, work: _Work, part: Part) -> Replay:
    ledger, derivers = _opened(location, work.evaluators)
    return _replay(ledger, part, work.selection, derivers, history=work.history)


@functools.cache
def _opened(location: str, evaluators: tuple[str, ...]) -> tuple[Ledger, Derivers]:
    """Return, in a process that was begun to help, what it replays part after part with."""
    ledger = Ledger.open(location)
    return ledger, Derivers(ledger.object, evaluators)


def _parts(ledger: Ledger, selection: Selection, number: int) -> list[Part]:
    """Return where the systems are that are replayed, in at most so many parts of like size."""
    is_whole = selection.first == 1 and not selection.systems
    if is_whole and number == 1:
        return [[(None, None)]]
    found = ledger.store.systems(selection.first, _last(selection))
    if selection.systems:
        found = [each for each in found if each[0] in selection.systems]
    most = -(-sum(count for _, count in found) // number)
    parts: list[list[str | None]] = []
    room = 0
    for system, count in found:
        if room <= 0:
            parts.append([])
            room = most
        parts[-1].append(system)
        room -= count
    if not is_whole:
        return [[(system, system or "") for system in part] for part in parts] or [[]]
    ends = [part[-1] or "" for part in parts[:-1]]
    starts = [part[0] for part in parts[1:]]
    return [[each] for each in zip([None, *starts], [*ends, None], strict=True)]
