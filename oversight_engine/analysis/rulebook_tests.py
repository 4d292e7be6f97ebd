"""Running the tests of a rulebook: each is decided, and held against what must come of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import NamedTuple

from attrs import frozen

from oversight_engine import semantics
from oversight_engine.analysis.paths import Pathfinder
from oversight_engine.combining import combine
from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.model.case import Case, Value
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.decision import Decision
from oversight_engine.model.in_force import InForce, find_in_force
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import written
from oversight_engine.model.reform import under_reform
from oversight_engine.model.rulebook import REFERRAL, Rulebook
from oversight_engine.model.rulebook_tests import Expected, RulebookTest, Suite
from oversight_engine.model.trace import Conclusion, Effect, Trace
from oversight_engine.model.truth import FALSE, Truth

ACTS: tuple[Effect, ...] = ("holds", "holds_back", "refers")
"""What a rule does that is among the reasons of a decision."""

CohortOf = Callable[[Rulebook, Sequence[Case], datetime.date], CohortValues]
"""What computes the values of a cohort; given, because it stands beside the analysis."""


class Answer(NamedTuple):
    """What a test can ask of a decision.

    Attributes:
        consequences: what each comes to; false for one that the outcome does not carry.
        missing, measure: asked for where a test wants them, since they take the whole decision.
    """

    label: str
    effects: Mapping[str, Effect]
    possible: tuple[str, ...]
    findings: Mapping[str, Conclusion]
    consequences: Mapping[str, Truth]
    missing: Callable[[], tuple[str, ...]]
    measure: Callable[[], str]


@frozen(eq=False, repr=False)
class Result(Noun):
    """A test that was run.

    Attributes:
        failures: in words, what came of it that should not have.
    """

    test: RulebookTest
    decision: Decision
    failures: tuple[str, ...]


@frozen(eq=False, repr=False)
class Situation(Noun):
    """A test made ready to be looked at from inside: what is in force, known and true in it.

    Attributes:
        among: the cases of its cohort, where it has one.
    """

    test: RulebookTest
    in_force: InForce
    known: Mapping[str, Value]
    trace: Trace
    among: tuple[Case, ...] = ()

    @property
    def day(self) -> datetime.date:
        """The day of the test."""
        return self.test.case.as_of


def suite_of_cases(cases: Iterable[Case]) -> Suite:
    """Return those of *cases* that say what is expected of them, as tests."""
    tests = []
    for case in cases:
        if case.expect is not None:
            expected = Expected(case.expect.outcome, case.expect.because, case.expect.only)
            name = PurePath(case.place.partition(":")[0]).stem.replace("-", " ")
            tests.append(RulebookTest(name or case.system.name, case, expected, case.place))
    return Suite(tuple(tests))


def run_tests(
    rulebook: Rulebook,
    suites: Iterable[Suite],
    cohort_of: CohortOf,
    *,
    evaluators: Iterable[str] = EVALUATORS,
) -> Iterator[Result]:
    """Decide every test of *suites* under *rulebook*, and say what is not as expected.

    Raises what `Engine` and `Engine.decide` raise.
    """
    evaluators = tuple(evaluators)
    for suite in suites:
        book = reformed(rulebook, suite)
        by_day: dict[datetime.date, list[RulebookTest]] = {}
        for test in suite.tests:  # a cohort is of one day, and any other suite has one engine
            by_day.setdefault(test.case.as_of if book.cohort else datetime.date.min, []).append(
                test
            )
        for day, tests in by_day.items():
            cohort = cohort_of(book, suite.among, day) if book.cohort is not None else None
            with Engine(book, cohort=cohort, evaluators=evaluators) as engine:
                finder = Pathfinder(engine)
                for test in tests:
                    decision = engine.decide(test.case)
                    failures = [*find_failures(test.expected, answer_of(decision))]
                    yield Result(test, decision, (*failures, *_of_path(test, finder)))


def situations_of(
    rulebook: Rulebook, suites: Iterable[Suite], cohort_of: CohortOf
) -> tuple[Situation, ...]:
    """Return every test of *suites* with what is in force, known and true in it."""
    found = []
    for suite in suites:
        book = reformed(rulebook, suite)
        in_force: dict[datetime.date, InForce] = {}
        for test in suite.tests:
            day = test.case.as_of
            if day not in in_force:
                cohort = cohort_of(book, suite.among, day) if book.cohort is not None else None
                in_force[day] = find_in_force(book, day, cohort)
            found.append(situation_of(test, in_force[day], suite.among))
    return tuple(found)


def situation_of(test: RulebookTest, in_force: InForce, among: tuple[Case, ...] = ()) -> Situation:
    """Return *test* with what is known and true in it, by the reference evaluator."""
    day = test.case.as_of
    known = semantics.known_facts(in_force.rulebook, test.case, day)
    return Situation(test, in_force, known, semantics.evaluate(in_force, known, day), among)


def reformed(rulebook: Rulebook, suite: Suite) -> Rulebook:
    """Return *rulebook* as it stands under the reform of *suite*, if that has one."""
    return rulebook if suite.reform is None else under_reform(rulebook, suite.reform)


def answer_of(decision: Decision) -> Answer:
    """Return what a test can ask of *decision*."""
    carried = {result.consequence.id: result.truth for result in decision.consequences}
    return Answer(
        label=decision.label,
        effects={result.rule.id: result.effect for result in decision.rules},
        possible=decision.possible,
        findings={result.finding.id: result.conclusion for result in decision.findings},
        consequences=carried,
        missing=lambda: decision.missing,
        measure=lambda: decision.measure,
    )


def answer_of_trace(
    in_force: InForce,
    trace: Trace,
    missing: Callable[[], tuple[str, ...]],
    measure: Callable[[], str],
) -> Answer:
    """Return what a test can ask of the decision that *trace* comes to."""
    verdict = combine(in_force, trace.rules)
    label = verdict.outcome or REFERRAL
    carried = {
        item.id: trace.consequences[item.id]
        for item in in_force.consequences
        if label in item.outcomes
    }
    return Answer(
        label, verdict.effects, verdict.possible, trace.findings, carried, missing, measure
    )


def find_failures(expected: Expected, answer: Answer) -> Iterator[str]:
    """Yield, in words, each way in which *answer* is not as *expected*."""
    if answer.label != expected.outcome:
        yield f"it came to {answer.label}, and {expected.outcome} is expected"
    yield from _of_reasons(expected, answer)
    yield from _of_values("finding", expected.findings, answer.findings)
    carried = {
        item_id: answer.consequences.get(item_id, FALSE) for item_id, _ in expected.consequences
    }
    yield from _of_values("consequence", expected.consequences, carried)
    if expected.possible is not None and answer.possible != expected.possible:
        yield f"possible are {_listed(answer.possible)}, and {_listed(expected.possible)} expected"
    if expected.missing is not None and set(missing := answer.missing()) != set(expected.missing):
        yield f"missing are {_listed(missing)}, and {_listed(expected.missing)} expected"
    if expected.measure is not None and (measure := answer.measure()) != expected.measure:
        yield f"the measure is {measure or 'none'}, and {expected.measure} is expected"


def _of_path(test: RulebookTest, finder: Pathfinder) -> Iterator[str]:
    """Yield what is not as expected of the least path, if anything is expected of it."""
    expected = test.expected.path
    if expected is None:
        return
    paths = finder.find(test.case, expected.to).paths
    wanted = set(expected.facts)
    least = [path for path in paths if path.total == paths[0].total]
    found = [tuple(change.fact.id for change in path.changes) for path in least]
    if wanted and not any(set(facts) == wanted for facts in found):
        told = "; or ".join(map(_listed, found)) or "there is none"
        yield f"the path to {expected.to}: {told}, and {_listed(expected.facts)} expected"
    elif found and not wanted:
        yield f"the path to {expected.to}: {_listed(found[0])}, and none is expected"


def _of_reasons(expected: Expected, answer: Answer) -> Iterator[str]:
    did = {rule_id for rule_id, effect in answer.effects.items() if effect in ACTS}
    for rule_id in expected.because:
        if rule_id not in did:
            there = "did nothing" if rule_id in answer.effects else "is not in force"
            yield f"the rule {rule_id} {there}, and is expected among the reasons"
    if expected.only:
        for rule_id in sorted(did.difference(expected.because)):
            yield f"the rule {rule_id} {answer.effects[rule_id].replace('_', ' ')}, unexpectedly"
    if expected.refers is not None:
        refers = sorted(rule_id for rule_id in did if answer.effects[rule_id] == "refers")
        if refers != sorted(expected.refers):
            yield f"referred by {_listed(refers)}, and {_listed(expected.refers)} is expected"


def _of_values(
    kind: str, expected: Iterable[tuple[str, Conclusion]], found: Mapping[str, Conclusion]
) -> Iterator[str]:
    for item_id, wanted in expected:
        if item_id not in found:
            yield f"the {kind} {item_id} is not in force, and {_said(wanted)} is expected"
        elif found[item_id] != wanted:
            yield (
                f"the {kind} {item_id} is {_said(found[item_id])}, and {_said(wanted)} is expected"
            )


def _said(conclusion: Conclusion) -> str:
    if isinstance(conclusion, Truth):
        return conclusion.value
    if conclusion is None:
        return "unknown"
    return conclusion if isinstance(conclusion, str) else written(conclusion)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
