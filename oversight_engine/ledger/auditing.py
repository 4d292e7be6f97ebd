"""What an auditor asks of a ledger: what is in it, whether it holds, and what people did."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from attrs import frozen

from oversight_engine.errors import MoveError
from oversight_engine.ledger.due import Due, due_on
from oversight_engine.ledger.entries import Entry
from oversight_engine.ledger.folding import Fold, terms_by
from oversight_engine.ledger.keys import Verifier
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.rechecking import Rechecked, recheck
from oversight_engine.ledger.replayed import Replay
from oversight_engine.ledger.replaying import Selection, known_until, replay
from oversight_engine.ledger.restoring import restore_rulebook
from oversight_engine.ledger.standing import Day, Decided
from oversight_engine.ledger.verification import Verification, verify
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import REFERRAL, Rulebook


@frozen(eq=False, repr=False)
class Scope(Noun):
    """What is asked about.

    Attributes:
        on: the day on which things are said to stand.
        known_on: what was recorded after that day is left out; None for all of it.
        system: the code of the only system asked about; empty for all.
        rulebook: the id of the only rulebook asked about, in any version; empty for all.
    """

    on: Day
    known_on: Day | None = None
    system: str = ""
    rulebook: str = ""


@frozen(eq=False, repr=False)
class Under(Noun):
    """What was decided under one rulebook.

    Attributes:
        outcomes: how many decisions came to each; a referral counts as `referral`.
        reforms, cohorts: digests of those that decisions name.
        first, last: the days of the earliest and of the latest decision.
    """

    rulebook: Rulebook
    outcomes: Mapping[str, int]
    reforms: tuple[str, ...]
    cohorts: tuple[str, ...]
    first: Day
    last: Day

    @property
    def total(self) -> int:
        """How many decisions."""
        return sum(self.outcomes.values())


@frozen(eq=False, repr=False)
class Act(Noun):
    """What somebody did: the entry, the system it is on, and the entry it is about.

    Attributes:
        days: how long the answer to a representation, or the word on a recommendation, took.
        follows: the number of the entry that answers a representation, or of the decision that
            takes the place of a corrected one; 0 without one.
    """

    entry: Entry
    system: str
    days: int | None = None
    follows: int = 0


@frozen(eq=False, repr=False)
class Contents(Noun):
    """What is in the part of a ledger that was asked about.

    Attributes:
        last: the number of the last entry that was looked at.
        kinds: how many entries there are of each kind.
        recorded: when the first and the last of them was recorded; None where there is none.
        engines, evaluators: how many decisions name each version, and each set of evaluators.
        remarks: how many decisions carry each remark of the engine.
        certified: how many decisions name a proof certificate.
        sources: how many facts name each source.
        states: how many decisions are in each state of the table of moves.
        in_force: on the day asked about, how many systems each outcome is in force of.
        waiting: the recommendations that nobody confirmed or refused, by system.
        due: what waits for people on that day.
        acts: what people did, in order.
    """

    last: int
    kinds: Mapping[str, int]
    recorded: tuple[datetime.datetime, datetime.datetime] | None
    under: tuple[Under, ...]
    engines: Mapping[str, int]
    evaluators: Mapping[str, int]
    remarks: Mapping[str, int]
    certified: int
    sources: Mapping[str, int]
    states: Mapping[str, int]
    in_force: Mapping[str, int]
    waiting: tuple[tuple[str, Decided], ...]
    due: tuple[Due, ...]
    acts: tuple[Act, ...]

    @property
    def decisions(self) -> int:
        """How many decisions."""
        return self.kinds.get("decision", 0)


@frozen(eq=False, repr=False)
class Audit(Noun):
    """What was found of a ledger.

    Attributes:
        has_checkpoint: whether it was compared with a checkpoint kept from earlier.
        contents: None of a damaged ledger: what it says cannot be relied on.
        replayed: None where nothing was replayed.
        rechecked: None of a damaged ledger.
    """

    place: str
    scope: Scope
    verification: Verification
    has_checkpoint: bool
    contents: Contents | None = None
    replayed: Replay | None = None
    rechecked: Rechecked | None = None

    @property
    def holds(self) -> bool:
        """Whether everything that was looked at holds."""
        return (
            self.verification.damage is None
            and (self.replayed is None or self.replayed.agrees)
            and (self.rechecked is None or self.rechecked.fault is None)
        )


def audit(
    location: str,
    scope: Scope,
    *,
    verifiers: Iterable[Verifier] = (),
    checkpoint: bytes | None = None,
    replays: bool = True,
) -> Audit:
    """Verify the ledger at *location*, replay it, and say what is in it.

    Args:
        location: of the ledger.
        scope: what is asked about; the whole ledger is verified all the same.
        verifiers: keys of which one must be the ledger's.
        checkpoint: a signed note kept from earlier, with which the ledger must begin.
        replays: whether decisions are derived again.

    Raises:
        InputError: there is no ledger, or it has nothing on the system asked about.
        DisagreementError: two evaluators differ, so that nothing can be replayed.
        LedgerUnavailableError: it cannot be read now.
    """
    with Ledger.examine(location) as examined:
        found = verify(examined, verifiers=verifiers, checkpoint=checkpoint)
        place = examined.place
    has_checkpoint = checkpoint is not None
    if found.damage is not None:
        return Audit(place, scope, found, has_checkpoint)
    with Ledger.open(location) as ledger:
        last = found.size
        if scope.known_on is not None:
            last = min(last, known_until(ledger, scope.known_on))
        chosen = Selection(last=last, systems=(scope.system,) if scope.system else ())
        return Audit(
            place=place,
            scope=scope,
            verification=found,
            has_checkpoint=has_checkpoint,
            contents=contents_of(ledger, scope, last),
            replayed=replay(ledger, chosen) if replays else None,
            rechecked=recheck(ledger),
        )


def contents_of(ledger: Ledger, scope: Scope, last: int) -> Contents:
    """Return what is in *ledger*, up to the entry *last*, about what the *scope* names."""
    gatherer = _Gatherer(ledger, scope.rulebook)
    for entry in ledger.entries(last=last, system=scope.system or None) if last else ():
        gatherer.take(entry)
    return gatherer.contents(scope, last)


class _Gatherer:
    """Counts entries as they come, and keeps what people did."""

    def __init__(self, ledger: Ledger, rulebook: str) -> None:
        self._ledger = ledger
        self._rulebook = rulebook
        self._terms = terms_by(ledger.object)
        self._fold = Fold(self._terms)
        self._kinds: Counter[str] = Counter()
        self._under: dict[str, _Tally] = {}
        self._attested = _Attested()
        self._first: datetime.datetime | None = None
        self._last: datetime.datetime | None = None
        self._acts: list[Entry] = []
        self._moments: dict[int, datetime.datetime] = {}
        self._follows: dict[int, int] = {}
        self._corrections: dict[int, int] = {}
        self._sources: Counter[str] = Counter()

    def take(self, entry: Entry) -> None:
        if self._rulebook and not self._is_under(entry):
            return
        self._kinds[entry.kind] += 1
        self._first, self._last = self._first or entry.recorded_at, entry.recorded_at
        with suppress(MoveError):  # what was never legal changes nothing; `recheck` names it
            self._fold.add(entry)
        if entry.kind == "decision":
            self._decision(entry)
        elif entry.kind not in {"ledger", "key"}:
            self._acts.append(entry)
        about = entry.about or 0
        if entry.kind == "answer":
            self._follows[about] = entry.number
            self._moments[about] = entry.recorded_at
        elif entry.kind == "correction":
            self._corrections[about] = entry.number

    def _is_under(self, entry: Entry) -> bool:
        """Say whether *entry* is a decision under the rulebook asked about, or about one."""
        if entry.kind == "decision":
            return self._terms(entry.data["decision"]["rulebook"]).rulebook == self._rulebook
        return entry.about is None or self._fold.place_of(entry.about) is not None

    def _decision(self, entry: Entry) -> None:
        recorded = entry.data["decision"]
        facts = entry.data["case"].get("facts", {}).values()
        self._sources.update(fact["source"] for fact in facts if "source" in fact)
        self._under.setdefault(recorded["rulebook"], _Tally()).take(recorded)
        self._attested.take(entry.data["attestation"])
        correction = self._corrections.get(entry.data.get("supersedes", 0))
        if correction is not None:
            self._follows[correction] = entry.number

    def contents(self, scope: Scope, last: int) -> Contents:
        standings = [self._fold.standings[place] for place in sorted(self._fold.standings)]
        decided = [(each.system, one) for each in standings for one in each.decisions]
        due = [one for each in standings for one in due_on(each, scope.on)]
        return Contents(
            last=last,
            kinds=self._kinds,
            recorded=(self._first, self._last) if self._first and self._last else None,
            under=tuple(self._each_under()),
            engines=self._attested.engines,
            evaluators=self._attested.evaluators,
            remarks=self._attested.remarks,
            certified=self._attested.certified,
            sources=self._sources,
            states=Counter(one.state for _, one in decided),
            in_force=Counter(each.in_force(scope.on).outcome for each in standings),
            waiting=tuple(each for each in decided if each[1].state == "recommended"),
            due=tuple(sorted(due, key=lambda one: (one.day, one.entry))),
            acts=tuple(map(self._act, self._acts)),
        )

    def _each_under(self) -> Iterator[Under]:
        for digest, tally in self._under.items():
            rulebook = restore_rulebook(self._ledger.object(digest), digest)
            yield tally.under(rulebook)

    def _act(self, entry: Entry) -> Act:
        about = entry.about
        assert about is not None, "what people do is about something"
        days = None
        if entry.kind == "representation":
            answered = self._moments.get(entry.number)
            if answered is not None:
                days = (answered.date() - _day(entry, "received_on")).days
        elif entry.kind in {"confirmation", "refusal"}:
            days = self._days_after(about, _day(entry, "on"))
        system = self._ledger.system_of(entry) or ""
        return Act(entry, system, days, self._follows.get(entry.number, 0))

    def _days_after(self, number: int, day: Day) -> int | None:
        """Return how long after the day of the decision in that entry *day* is."""
        place = self._fold.place_of(number)
        if place is None:  # it was never legal
            return None
        return (day - self._fold.standings[place].decision(number).as_of).days


def _day(entry: Entry, key: str) -> Day:
    return Day.fromisoformat(entry.data[key])


class _Tally:
    """Counts what was decided under one rulebook."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._reforms: set[str] = set()
        self._cohorts: set[str] = set()
        self._first = self._last = ""

    def take(self, recorded: Mapping[str, str]) -> None:
        self._outcomes[recorded["decision"] or REFERRAL] += 1
        self._reforms |= {recorded["reform"]} if "reform" in recorded else set()
        self._cohorts |= {recorded["cohort"]} if "cohort" in recorded else set()
        day = recorded["as_of"]
        self._first = min(self._first or day, day)
        self._last = max(self._last, day)

    def under(self, rulebook: Rulebook) -> Under:
        return Under(
            rulebook=rulebook,
            outcomes=self._outcomes,
            reforms=tuple(sorted(self._reforms)),
            cohorts=tuple(sorted(self._cohorts)),
            first=Day.fromisoformat(self._first),
            last=Day.fromisoformat(self._last),
        )


class _Attested:
    """Counts what attestations say."""

    def __init__(self) -> None:
        self.engines: Counter[str] = Counter()
        self.evaluators: Counter[str] = Counter()
        self.remarks: Counter[str] = Counter()
        self.certified = 0

    def take(self, attestation: Mapping[str, object]) -> None:
        self.engines[str(attestation["engine_version"])] += 1
        names = attestation["evaluators"]
        assert isinstance(names, list), "an entry is checked when it is read"
        self.evaluators[", ".join(map(str, names))] += 1
        remarks = attestation["remarks"]
        assert isinstance(remarks, list), "an entry is checked when it is read"
        self.remarks.update(map(str, remarks))
        self.certified += "certificate" in attestation
