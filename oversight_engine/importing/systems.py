"""From decisions about trusts to facts about the systems they belong to."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

from oversight_engine.errors import InputError
from oversight_engine.language.forms import read_text
from oversight_engine.language.problems import Place, Problems
from oversight_engine.language.sheets import read_sheet
from oversight_engine.model.case import Case, StatedFact, System
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Rulebook, Span

TRUST, PREDECESSORS, SYSTEM = "trust_code", "predecessor_codes", "system_code"

COUNTED = {"providers_in_intensive_support": "published_of5007"}
"""Facts of a system: of how many of its trusts which fact is true."""

SUMMED_UP = {"financial override": "published_of5004", "intensive support": "published_of5007"}
"""What is told of a system's trusts beside their outcomes; most of it no rulebook asks for."""


@frozen
class TrustMap:
    """Which system each trust belongs to.

    Attributes:
        place: the file that says so.
        systems: by trust; those that belong to none are not there.
        known: every trust that the map has.
        predecessors: by a trust that has gone, the one it went into.
    """

    place: Place
    systems: Mapping[str, str]
    known: frozenset[str]
    predecessors: Mapping[str, str]

    def system_of(self, trust: str) -> str | None:
        """Return the system of *trust*, or of the one it went into."""
        return self.systems.get(trust) or self.systems.get(self.predecessors.get(trust, ""))

    def has(self, trust: str) -> bool:
        """Say whether the map has *trust*, be it without a system."""
        return trust in self.known or trust in self.predecessors


@frozen
class Tally:
    """How many of a system's trusts something is true of.

    Attributes:
        unknown: the trusts of which it is not known.
    """

    true: int
    unknown: tuple[str, ...]


@frozen
class SystemRow:
    """What was decided of the trusts of one system.

    Attributes:
        undecided: trusts that the map places in it, and of which there is no decision.
        outcomes: how many trusts came to each.
        tallies: by what is told of them.
    """

    code: str
    trusts: tuple[str, ...]
    undecided: tuple[str, ...]
    outcomes: Mapping[str, int]
    tallies: Mapping[str, Tally]


@frozen
class Gathered:
    """Cases of systems, and what they were made of.

    Attributes:
        placeless: trusts that were decided, and that the map places in no system.
    """

    cases: tuple[Case, ...]
    rows: tuple[SystemRow, ...]
    placeless: tuple[str, ...]


def read_map(path: Path, problems: Problems, column: str = SYSTEM) -> TrustMap:
    """Return the map in the CSV file at *path*, whose *column* names the system."""
    systems: dict[str, str] = {}
    known: set[str] = set()
    predecessors: dict[str, str] = {}
    for row in read_sheet(path, (TRUST, column), problems, others=None):
        trust = read_text(row.scalar(TRUST), "the code of the trust", problems)
        if trust is None:
            continue
        if trust in known:
            problems.add("duplicate-row", row.place, "this trust has a row already", got=trust)
            continue
        known.add(trust)
        if row[column]:
            systems[trust] = row[column]
        gone = re.findall(r"\w+", row.cells.get(PREDECESSORS, ""))
        predecessors.update(dict.fromkeys(gone, trust))
    return TrustMap(Place(str(path)), systems, frozenset(known), predecessors)


def gather(
    decisions: Sequence[Plain],
    places: TrustMap,
    rulebook: Rulebook,
    problems: Problems,
    *,
    onto: Iterable[Case] = (),
    as_of: datetime.date | None = None,
) -> Gathered:
    """Return what *decisions* about trusts say about their systems, as facts of *rulebook*.

    Args:
        decisions: of one cohort, as plain data.
        places: which system each trust belongs to.
        rulebook: that of the systems.
        problems: a trust that the map does not have is noted here.
        onto: cases of systems to which the facts are added. Without any, each system has a case
            of its own, in which nothing else is stated.
        as_of: the date of those cases, where it is not that of the decisions.

    Raises:
        InputError: the decisions are of several periods or days, or there are none; a case states
            already what is gathered, or is of an earlier date.
    """
    counted = [fact_id for fact_id in COUNTED if rulebook.has_fact(fact_id)]
    if not counted:
        raise InputError(f"{rulebook.id} has no fact that is gathered: {', '.join(COUNTED)}")
    period, day = _one_period(decisions)
    rows = _rows(decisions, places)
    gathered = {row.code: _facts(row, counted, decisions, period) for row in rows}
    given = tuple(onto)
    if given:
        cases = tuple(_added(case, gathered.get(case.system.code, {}), day) for case in given)
    else:
        cases = tuple(
            Case(System(code, code), as_of or day, facts, period)
            for code, facts in gathered.items()
        )
    codes = sorted(map(_code, decisions))
    for code in codes:
        if not places.has(code):
            problems.add(
                "unknown-organisation", places.place, "this trust is not in the map", got=code
            )
    return Gathered(cases, rows, tuple(c for c in codes if places.system_of(c) is None))


def _one_period(decisions: Sequence[Plain]) -> tuple[Span, datetime.date]:
    """Return the period of which all *decisions* are, and their day."""
    found = set()
    for decision in decisions:
        period = decision["case"].get("period", {})
        found.add((period.get("from", ""), period.get("to", ""), decision["as_of"]))
    if len(found) != 1:
        raise InputError(
            f"decisions of one cohort are wanted, and these are of {len(found)} periods and days"
        )
    [dates] = found
    if not all(dates):
        raise InputError("the decisions are of no period that has ended")
    start, end, day = map(datetime.date.fromisoformat, dates)
    return Span(start, end), day


def _rows(decisions: Sequence[Plain], places: TrustMap) -> tuple[SystemRow, ...]:
    """Return what was decided of each system's trusts, by the system's code."""
    trusts: dict[str, list[Plain]] = {code: [] for code in sorted({*places.systems.values()})}
    for decision in decisions:
        system = places.system_of(_code(decision))
        if system is not None:
            trusts[system].append(decision)
    decided = {_code(decision) for decision in decisions}
    # A trust that has gone since may have been decided in place of the one it went into.
    decided |= {places.predecessors[code] for code in decided & places.predecessors.keys()}
    return tuple(
        SystemRow(
            code,
            tuple(sorted(map(_code, members))),
            tuple(t for t, s in sorted(places.systems.items()) if s == code and t not in decided),
            Counter(member["decision"] for member in members),
            {name: _tally(members, fact_id) for name, fact_id in SUMMED_UP.items()},
        )
        for code, members in trusts.items()
    )


def _code(decision: Plain) -> str:
    code: str = decision["case"]["system"]["code"]
    return code


def _fact(decision: Plain, fact_id: str) -> Plain:
    """Return what *decision* read of the fact, which says at least whether it is known."""
    nothing: Plain = {"known": False}
    return next((fact for fact in decision["facts"] if fact["id"] == fact_id), nothing)


def _tally(decisions: Sequence[Plain], fact_id: str) -> Tally:
    facts = {_code(decision): _fact(decision, fact_id) for decision in decisions}
    return Tally(
        sum(1 for fact in facts.values() if fact["known"] and fact["value"] is True),
        tuple(sorted(code for code, fact in facts.items() if not fact["known"])),
    )


def _facts(
    row: SystemRow, counted: Sequence[str], decisions: Sequence[Plain], period: Span
) -> dict[str, StatedFact]:
    """Return the facts of a system: those that are known of every one of its trusts."""
    members = [decision for decision in decisions if _code(decision) in row.trusts]
    facts = {}
    for fact_id in counted if members and not row.undecided else ():
        tally = _tally(members, COUNTED[fact_id])
        if not tally.unknown:
            sources = {_fact(member, COUNTED[fact_id]).get("source", "") for member in members}
            facts[fact_id] = StatedFact(
                tally.true,
                "; ".join([*sorted(filter(None, sources)), "roll-up of host trusts"]),
                period.end,
                "derived",
                note=f"Of {', '.join(row.trusts)}.",
            )
    return facts


def _added(case: Case, facts: Mapping[str, StatedFact], day: datetime.date) -> Case:
    """Return *case* with *facts*, which nobody knew before *day*, added to its own."""
    if facts and case.as_of < day:
        raise InputError(
            f"the case of {case.system.code} is of {case.as_of}, and what is gathered was not "
            f"known before {day}"
        )
    for fact_id in facts:
        if fact_id in case.facts:
            raise InputError(f"the case of {case.system.code} states {fact_id} already")
    return evolve(case, facts={**case.facts, **facts})
