"""Whether the tests of a rulebook would notice a slip of the pen in it.

Each small change (see `mutations`) is made by itself, and every test is asked again of the changed
rulebook until one fails. The reference evaluator computes this, over no more than what is changed
and what rests on it; all else keeps the truth it had.

A change is *equivalent* where it is proved to make no difference to anything in any case; then
no test could notice it, and it does not count. What is neither noticed nor proved is a survivor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from attrs import evolve, frozen

from oversight_engine import semantics
from oversight_engine.analysis.mutations import Mutant, mutants_of
from oversight_engine.analysis.rulebook_tests import (
    Answer,
    CohortOf,
    Situation,
    answer_of_trace,
    find_failures,
)
from oversight_engine.analysis.slices import kind_of, names_in, replaced, resting_on
from oversight_engine.assembly import assemble, prepare, read_facts
from oversight_engine.combining import combine
from oversight_engine.model.decision import Attestation, Decision
from oversight_engine.model.in_force import InForce, Owner, find_in_force, names_in_computed
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import DatedValue, Rule, Rulebook
from oversight_engine.model.trace import Trace
from oversight_engine.model.truth import TRUE, UNKNOWN, Truth


class Proof(Protocol):
    """What can tell that a change makes no difference in any case."""

    def why_equivalent(self, mutant: Mutant) -> str:
        """Return how it is proved that *mutant* is the same in every case, or nothing."""


@frozen(eq=False, repr=False)
class Noticed(Noun):
    """A change and the first test that fails because of it."""

    mutant: Mutant
    by: str


@frozen(eq=False, repr=False)
class Equivalent(Noun):
    """A change that makes no difference, and how that is proved."""

    mutant: Mutant
    because: str


@frozen(eq=False, repr=False)
class MutationRun(Noun):
    """What became of every change."""

    noticed: tuple[Noticed, ...]
    equivalent: tuple[Equivalent, ...]
    survivors: tuple[Mutant, ...]

    @property
    def asked(self) -> int:
        """How many changes a test could notice."""
        return len(self.noticed) + len(self.survivors)

    @property
    def tenths(self) -> int:
        """The share that is noticed, in tenths of a percent, rounded down; all of none."""
        return 1000 * len(self.noticed) // self.asked if self.asked else 1000


def run_mutants(
    rulebook: Rulebook,
    situations: Sequence[Situation],
    cohort_of: CohortOf,
    proof: Proof | None = None,
) -> MutationRun:
    """Ask the tests of *situations*, all of which pass, of *rulebook* with each small change."""
    noticed, equivalent, survivors = [], [], []
    trial = Trial(situations, cohort_of)
    for mutant in mutants_of(rulebook):
        by = trial.noticed_by(mutant)
        if by is not None:
            noticed.append(Noticed(mutant, by.test.name))
        elif proof is not None and (because := proof.why_equivalent(mutant)):
            equivalent.append(Equivalent(mutant, because))
        else:
            survivors.append(mutant)
    return MutationRun(tuple(noticed), tuple(equivalent), tuple(survivors))


class Trial:
    """Tests, ready to be asked of one changed rulebook after the other."""

    def __init__(self, situations: Sequence[Situation], cohort_of: CohortOf) -> None:
        """Ask the tests of *situations*; cohorts are computed anew where a change is in them."""
        self._situations = situations
        self._cohort_of = cohort_of
        self._parts: dict[tuple[int, str, str], InForce] = {}

    def noticed_by(self, mutant: Mutant) -> Situation | None:
        """Return the first test that fails under *mutant*, or None where all pass."""
        changed: dict[int, tuple[InForce, InForce] | None] = {}
        for situation in self._situations:
            key = id(situation.in_force)
            if key not in changed:
                changed[key] = self.changed(situation, mutant)
            both = changed[key]
            if both is not None and self._fails(situation, mutant, *both):
                return situation
        return None

    def changed(self, situation: Situation, mutant: Mutant) -> tuple[InForce, InForce] | None:
        """Return what is in force under *mutant*, and the part of it that may be another.

        None where the change is not in force on the day.
        """
        in_force = situation.in_force
        if mutant.moved is not None:
            parameter, dated, value = mutant.moved
            if in_force.parameters.get(parameter.id) != dated:
                return None
            if parameter.id in names_of_cohort(in_force.rulebook):
                return self._judged_anew(situation, mutant)
            moved = in_force.parameters | {parameter.id: evolve(dated, value=value)}
            part = self._part(in_force, "parameter", parameter.id)
            return evolve(in_force, parameters=moved), evolve(part, parameters=moved)
        old = find_owner(in_force, mutant.kind, mutant.id)
        if old is None:
            return None
        part = self._part(in_force, mutant.kind, mutant.id)
        if mutant.new is None:
            assert isinstance(old, Rule), "only a rule can be gone"
            rules = tuple(rule for rule in in_force.rules if rule is not old)
            return evolve(in_force, rules=rules), evolve(part, rules=())
        return replaced(in_force, old, mutant.new), replaced(part, old, mutant.new)

    def _judged_anew(self, situation: Situation, mutant: Mutant) -> tuple[InForce, InForce]:
        """Return what is in force where the change is in what the cohort comes to."""
        assert mutant.moved is not None, "what moves a cohort is a parameter"
        book = with_moved(situation.in_force.rulebook, mutant)
        cohort = self._cohort_of(book, situation.among, situation.day)
        in_force = find_in_force(book, situation.day, cohort)
        return in_force, in_force

    def _part(self, in_force: InForce, kind: str, name: str) -> InForce:
        key = id(in_force), kind, name
        if key not in self._parts:
            is_parameter = kind == "parameter"
            self._parts[key] = resting_on(
                in_force,
                set() if is_parameter else {(kind, name)},
                {name} if is_parameter else set(),
            )
        return self._parts[key]

    def _fails(
        self, situation: Situation, mutant: Mutant, in_force: InForce, part: InForce
    ) -> bool:
        trace = self.trace(situation, part)
        same = (
            trace.rules == situation.trace.rules
            and trace.findings == situation.trace.findings
            and trace.consequences == situation.trace.consequences
        )
        if same and mutant.how not in {"outcome", "if_unknown", "dropped"}:
            return False
        answer = self.answer(situation, in_force, trace)
        expected = situation.test.expected
        return any(find_failures(expected, answer))

    def trace(self, situation: Situation, part: InForce) -> Trace:
        """Return the truths of *situation* where those of *part* are computed anew."""
        before = situation.trace
        again = {finding.id for finding in part.findings}
        known = dict(situation.known)
        for name, conclusion in before.findings.items():
            if name not in again and conclusion is not None and conclusion is not UNKNOWN:
                known[name] = conclusion is TRUE if isinstance(conclusion, Truth) else conclusion
        found = semantics.evaluate(part, known, situation.day)
        return Trace(
            findings={**before.findings, **found.findings},
            rules={**before.rules, **found.rules},
            consequences={**before.consequences, **found.consequences},
            leaves=(),
        )

    def answer(self, situation: Situation, in_force: InForce, trace: Trace) -> Answer:
        """Return what a test can ask of the decision that *trace* comes to."""

        def decision() -> Decision:
            return _decided(situation, in_force)

        return answer_of_trace(
            in_force, trace, lambda: decision().missing, lambda: decision().measure
        )


def _decided(situation: Situation, in_force: InForce) -> Decision:
    """Return the whole decision, by the reference evaluator."""
    case, day = situation.test.case, situation.day
    period = prepare(in_force)
    trace = semantics.evaluate(in_force, situation.known, day)
    verdict = combine(in_force, trace.rules)
    attestation = Attestation("", ("reference",))
    return assemble(case, day, period, read_facts(case, day, period), trace, verdict, attestation)


def find_owner(in_force: InForce, kind: str, name: str) -> Owner | None:
    """Return the finding, rule or consequence of that *kind* and *name* that is *in_force*."""
    owners: Iterable[Owner] = (*in_force.findings, *in_force.rules, *in_force.consequences)
    return next((o for o in owners if o.id == name and kind_of(o) == kind), None)


def names_of_cohort(rulebook: Rulebook) -> frozenset[str]:
    """Return the ids of everything from which *rulebook* computes what it takes from a cohort."""
    names = {
        name.id
        for parameter in rulebook.parameters
        if parameter.cohort is not None
        for name in names_in_computed(parameter)
    }
    for finding in reversed(rulebook.findings):
        if finding.ranked is not None or finding.id in names:
            names |= names_in(finding)
    return frozenset(names)


def with_moved(rulebook: Rulebook, mutant: Mutant) -> Rulebook:
    """Return *rulebook* with the parameter moved."""
    assert mutant.moved is not None, "it is a parameter that moves"
    parameter, dated, value = mutant.moved

    def moved(values: Iterable[DatedValue]) -> Iterator[DatedValue]:
        for each in values:
            yield evolve(dated, value=value) if each == dated else each

    parameters = tuple(
        evolve(p, values=tuple(moved(p.values))) if p.id == parameter.id else p
        for p in rulebook.parameters
    )
    return evolve(rulebook, parameters=parameters)
