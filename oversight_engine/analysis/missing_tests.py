"""Tests that are missing: for what no test shows, and for slips that no test would notice.

Each is a test that is there with a few facts changed. What comes of it is asked of the engine, and
stands in the proposed test as what is expected: whether that is as it should be is for a reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from attrs import evolve

from oversight_engine import semantics
from oversight_engine.analysis.coverage import Uncovered, shown_sides
from oversight_engine.analysis.covering import Found, Known, changed, find_case
from oversight_engine.analysis.mutants import Trial, find_owner
from oversight_engine.analysis.mutations import Mutant
from oversight_engine.analysis.rulebook_tests import (
    ACTS,
    Answer,
    Situation,
    answer_of,
    situation_of,
)
from oversight_engine.analysis.slices import names_in, replaced, rested_on
from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.explanation.wording import capital, in_sentence, say_list, say_value
from oversight_engine.model.case import Case, StatedFact, Value
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.in_force import InForce, Owner
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.rulebook_tests import Expected, RulebookTest
from oversight_engine.model.trace import Conclusion
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, Truth

MOST_ASKED = 400
"""How many cases in which a change can matter are decided in full, before it is given up."""

CohortFor = Callable[[Situation], CohortValues | None]
"""What gives the cohort values that a test is judged among."""


class Proposed(NamedTuple):
    """A test that is missing.

    Attributes:
        seed: the test it begins with.
        changes: what is another there; None is unknown.
        shows: what no test before it shows, in words.
    """

    test: RulebookTest
    answer: Answer
    seed: Situation
    changes: dict[str, Value | None]
    shows: str

    @property
    def situation(self) -> Situation:
        """The proposed test, ready to be looked at from inside."""
        return situation_of(self.test, self.seed.in_force, self.seed.among)


class Finder:
    """Finds the tests that are missing, beginning with those there are."""

    def __init__(
        self,
        seeds: Sequence[Situation],
        trial: Trial,
        cohort_for: CohortFor,
        evaluators: Iterable[str] = EVALUATORS,
    ) -> None:
        """Begin with the tests of *seeds*, in their order; *trial* asks any of a mutant."""
        self._seeds = seeds
        self._trial = trial
        self._cohort_for = cohort_for
        self._evaluators = tuple(evaluators)
        self._names = {seed.test.name for seed in seeds}

    def covering(self, uncovered: Uncovered) -> Proposed | None:
        """Return a test that shows what is *uncovered*, or None where none is found."""
        shows = _said(uncovered)
        if uncovered.what == "outcome":
            return None  # some rule brings it, and a test of that rule shows it
        parts: dict[int, InForce | None] = {}

        def part_of(in_force: InForce) -> InForce | None:
            owner = find_owner(in_force, uncovered.kind, uncovered.id)
            part = None if owner is None else rested_on(in_force, owner)
            parts[id(in_force)] = part
            return part

        def reached(seed: Situation, known: Known) -> bool:
            part = parts[id(seed.in_force)]
            assert part is not None, "a test is begun with only where there is something to see"
            trace = semantics.evaluate(part, known, seed.day)
            if uncovered.what == "rule":
                return trace.rules[uncovered.id] is uncovered.truth
            key = uncovered.kind, uncovered.id, uncovered.number
            if uncovered.truth is UNKNOWN:
                owner = (uncovered.kind, uncovered.id)
                return trace.leaves[part.owners[owner]][uncovered.number] is UNKNOWN
            return (key, uncovered.truth) in set(shown_sides(part, trace))

        found = find_case(self._seeds, part_of, reached)
        if found is None:
            return None
        of_finding = (uncovered.id,) if uncovered.kind == "finding" else ()
        of_consequence = (uncovered.id,) if uncovered.kind == "consequence" else ()
        return self._proposed(found, shows, of_finding, of_consequence)

    def noticing(self, mutant: Mutant) -> Proposed | None:
        """Return a test that would fail under *mutant*, or None where none is found."""
        search = _Search(mutant, self._seeds, self._trial)
        shows = f"{mutant.how.replace('_', ' ')} in {mutant.id}: {mutant.change}"
        for which in (
            _decides_otherwise,
            _refers_otherwise,
            _allows_otherwise,
            _concludes_otherwise,
        ):
            found = find_case(self._seeds, search.part_of, search.asking(which))
            if found is None:
                continue
            findings: tuple[str, ...] = ()
            items: tuple[str, ...] = ()
            if which is _concludes_otherwise:
                known = changed(found.seed.known, found.changes)
                findings, items = _where_different(*search.answers(found.seed, known))
            proposed = self._proposed(found, shows, findings[:1], items[:1])
            return _asking_more(proposed, which)
        return None

    def _proposed(
        self,
        found: Found,
        shows: str,
        findings: tuple[str, ...],
        consequences: tuple[str, ...],
    ) -> Proposed:
        """Return the test; what is expected is what the engine decides."""
        seed = found.seed
        rulebook = seed.in_force.rulebook
        facts = dict(seed.test.case.facts)
        for fact_id, value in found.changes.items():
            facts.pop(fact_id, None)
            if value is not None:
                facts[fact_id] = StatedFact(value)
        case: Case = evolve(seed.test.case, facts=facts, local_priorities=(), expect=None)
        cohort = self._cohort_for(seed)
        with Engine(rulebook, cohort=cohort, evaluators=self._evaluators) as engine:
            decision = engine.decide(case)
        answer = answer_of(decision)
        acting = tuple(sorted(_acting(answer)))
        expected = Expected(
            outcome=answer.label,
            because=acting,
            only=True,
            findings=tuple((name, answer.findings[name]) for name in findings),
            consequences=tuple(
                (name, answer.consequences.get(name, FALSE)) for name in consequences
            ),
        )
        name = self._name(_title(rulebook, found, acting, expected), seed.test.name)
        return Proposed(RulebookTest(name, case, expected), answer, seed, found.changes, shows)

    def _name(self, title: str, seed: str) -> str:
        number, name = 1, title
        while name in self._names:
            name = f"{title} ({seed}" + (f", {number})" if number > 1 else ")")
            number += 1
        self._names.add(name)
        return name


def _asking_more(proposed: Proposed, which: Callable[[Answer, Answer], bool]) -> Proposed:
    """Return *proposed*, asking also for what shows a difference of that kind."""
    test, answer = proposed.test, proposed.answer
    expected = test.expected
    if which is _refers_otherwise:
        expected = evolve(expected, refers=_referring(answer))
    elif which is _allows_otherwise:
        expected = evolve(expected, possible=answer.possible)
    return proposed._replace(test=evolve(test, expected=expected))


class _Search:
    """Looks for a case in which a mutant is noticed."""

    def __init__(self, mutant: Mutant, seeds: Sequence[Situation], trial: Trial) -> None:
        self._mutant = mutant
        self._trial = trial
        self._seeds = {id(seed.in_force): seed for seed in seeds}
        self._mutated: dict[int, tuple[InForce, InForce]] = {}  # all of it, what may be another
        self._looked_at: dict[int, tuple[InForce, InForce]] = {}  # what is changed, and was

    def part_of(self, in_force: InForce) -> InForce | None:
        """Return of what is *in_force* that which is changed, and what it rests on."""
        mutant, key = self._mutant, id(in_force)
        both = self._trial.changed(self._seeds[key], mutant)
        if both is None:
            return None
        owner = find_owner(in_force, mutant.kind, mutant.id)
        if owner is None:
            before = _readers(in_force, mutant)
            after = evolve(before, parameters=both[0].parameters)
        else:
            before = rested_on(in_force, owner)
            after = before if mutant.new is None else replaced(before, owner, mutant.new)
        self._mutated[key], self._looked_at[key] = both, (before, after)
        return before

    def asking(self, which: Callable[[Answer, Answer], bool]) -> Callable[[Situation, Known], bool]:
        """Return a goal: that the answers of both rulebooks differ in *which* way."""
        asked = 0

        def goal(seed: Situation, known: Known) -> bool:
            nonlocal asked
            if asked > MOST_ASKED or not self._can_matter(seed, known):
                return False
            asked += 1
            return which(*self.answers(seed, known))

        return goal

    def _can_matter(self, seed: Situation, known: Known) -> bool:
        """Say, quickly, whether the change makes a difference to what is changed itself."""
        mutant = self._mutant
        before, after = self._looked_at[id(seed.in_force)]
        trace = semantics.evaluate(before, known, seed.day)
        if mutant.how == "if_unknown":
            return trace.rules[mutant.id] is UNKNOWN
        if mutant.how == "outcome" or (mutant.new is None and mutant.moved is None):
            return trace.rules[mutant.id] is not FALSE
        other = semantics.evaluate(after, known, seed.day)
        return (trace.rules, trace.findings, trace.consequences) != (
            other.rules, other.findings, other.consequences
        )  # fmt: skip

    def answers(self, seed: Situation, known: Known) -> tuple[Answer, Answer]:
        """Return what the rulebook as it is and the mutated one come to."""
        trace = semantics.evaluate(seed.in_force, known, seed.day)
        here = evolve(seed, known=known, trace=trace)
        mutated, part = self._mutated[id(seed.in_force)]
        answer = self._trial.answer(here, seed.in_force, trace)
        return answer, self._trial.answer(here, mutated, self._trial.trace(here, part))


def _where_different(one: Answer, other: Answer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the findings and the consequences that come to something else."""
    carried, else_carried = _carried(one), _carried(other)
    return (
        tuple(name for name in one.findings if one.findings[name] != other.findings.get(name)),
        tuple(
            item
            for item in {**carried, **else_carried}
            if carried.get(item, FALSE) != else_carried.get(item, FALSE)
        ),
    )


def _readers(in_force: InForce, mutant: Mutant) -> InForce:
    """Return what mentions the parameter that moves, and what that rests on."""
    assert mutant.moved is not None, "only a parameter has no owner"
    owners: tuple[Owner, ...] = (*in_force.findings, *in_force.rules, *in_force.consequences)
    reading = [owner for owner in owners if mutant.moved.parameter.id in names_in(owner)]
    parts = [rested_on(in_force, owner) for owner in reading]
    wanted = {
        id(each) for part in parts for each in (*part.findings, *part.rules, *part.consequences)
    }
    return evolve(
        in_force,
        findings=tuple(each for each in in_force.findings if id(each) in wanted),
        rules=tuple(each for each in in_force.rules if id(each) in wanted),
        consequences=tuple(each for each in in_force.consequences if id(each) in wanted),
    )


def _acting(answer: Answer) -> frozenset[str]:
    return frozenset(rule for rule, effect in answer.effects.items() if effect in ACTS)


def _referring(answer: Answer) -> tuple[str, ...]:
    return tuple(sorted(rule for rule, did in answer.effects.items() if did == "refers"))


def _decides_otherwise(one: Answer, other: Answer) -> bool:
    return one.label != other.label or _acting(one) != _acting(other)


def _refers_otherwise(one: Answer, other: Answer) -> bool:
    return _referring(one) != _referring(other)


def _allows_otherwise(one: Answer, other: Answer) -> bool:
    return one.possible != other.possible


def _concludes_otherwise(one: Answer, other: Answer) -> bool:
    return one.findings != other.findings or _carried(one) != _carried(other)


def _carried(answer: Answer) -> dict[str, Truth]:
    return {item: truth for item, truth in answer.consequences.items() if truth is not FALSE}


def _said(uncovered: Uncovered) -> str:
    truth = uncovered.truth.value if uncovered.truth is not None else "reached"
    return f"{uncovered.kind} {uncovered.id}: {uncovered.text} is {truth}"


def _title(rulebook: Rulebook, found: Found, acting: Sequence[str], expected: Expected) -> str:
    """Return in words what is another, and what comes of it."""
    changes = [_change(rulebook, fact_id, value) for fact_id, value in found.changes.items()]
    before = {rule for rule, truth in found.seed.trace.rules.items() if truth is not FALSE}
    new = [in_sentence(rulebook.rule(rule).title) for rule in acting if rule not in before]
    ends = say_list(new[:2]) + (f", and {len(new) - 2} more" if len(new) > 2 else "")  # noqa: PLR2004
    if not new and (expected.findings or expected.consequences):
        ends = say_list(
            [
                *map(_of_finding(rulebook), expected.findings),
                *map(_of_consequence(rulebook), expected.consequences),
            ]
        )
    if not new and not ends:
        ends = "nothing else follows" if acting else "nothing holds it back"
    start = say_list(changes) or found.seed.test.name
    return capital(f"{start}: {ends}")


def _change(rulebook: Rulebook, fact_id: str, value: Value | None) -> str:
    fact = rulebook.fact(fact_id)
    title, said = in_sentence(fact.title), say_value(value, fact.unit)
    if value is None:
        return f"{title} unknown"
    return f"{title} at {said}" if fact.type == "number" else f"{title} ({said})"


def _of_finding(rulebook: Rulebook) -> Callable[[tuple[str, Conclusion]], str]:
    def said(pair: tuple[str, Conclusion]) -> str:
        finding = rulebook.finding(pair[0])
        if pair[1] is TRUE:
            return in_sentence(finding.title)
        if pair[1] is FALSE:
            return f"not so that {in_sentence(finding.title)}"
        return f"{in_sentence(finding.title)} is {say_value(pair[1])}"

    return said


def _of_consequence(rulebook: Rulebook) -> Callable[[tuple[str, Truth]], str]:
    titles = {item.id: item.title for item in rulebook.consequences}
    words = {TRUE: "it brings", FALSE: "it does not bring", UNKNOWN: "it may bring"}

    def said(pair: tuple[str, Truth]) -> str:
        return f"{words[pair[1]]} {in_sentence(titles[pair[0]])}"

    return said


def propose(
    finder: Finder,
    uncovered: Iterable[Uncovered],
    survivors: Iterable[Mutant],
    trial_of: Callable[[Sequence[Situation]], Trial],
) -> Iterator[tuple[Uncovered | Mutant, Proposed | None]]:
    """Yield for each thing *uncovered* and each survivor the test that is missing, if one is found.

    What a test proposed before shows as well is left out.
    """
    before: list[Proposed] = []
    sides: set[object] = set()
    rules: set[object] = set()
    for each in uncovered:
        key = (each.kind, each.id, each.number), each.truth
        if key in sides or (each.what == "rule" and (each.id, each.truth) in rules):
            continue
        proposed = finder.covering(each)
        if proposed is not None:
            situation = proposed.situation
            sides |= set(shown_sides(situation.in_force, situation.trace))
            rules |= set(situation.trace.rules.items())
            before.append(proposed)
        yield each, proposed
    for mutant in survivors:
        if trial_of([each.situation for each in before]).noticed_by(mutant) is not None:
            continue
        proposed = finder.noticing(mutant)
        if proposed is not None:
            before.append(proposed)
        yield mutant, proposed
