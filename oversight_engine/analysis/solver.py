"""Claims about all cases, asked of z3: the second opinion on the cells, and their stand-in.

The only door of z3, which is an extra: `pip install 'oversight-engine[proof]'`. What z3 answers is
a proof only where it says that no case breaks the claim. Any case it names is decided by the
engine, and shown only if the engine agrees that it breaks the claim; giving up is no answer.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Literal, NamedTuple

from attrs import evolve, frozen

from oversight_engine.analysis.encoded_program import World, encode
from oversight_engine.analysis.encoding import Bool, Encoding, Found, Reading, Whole
from oversight_engine.analysis.examples import example_case, with_few_facts
from oversight_engine.analysis.relations import breaks
from oversight_engine.compiler import compile_program
from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.errors import (
    EvaluatorError,
    EvaluatorLimitError,
    EvaluatorUnavailableError,
)
from oversight_engine.model.case import Case, StatedFact
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.in_force import InForce
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import Claim, Rulebook
from oversight_engine.model.truth import TRUE

if TYPE_CHECKING:
    from oversight_engine.analysis.levers import Lever, Weight

SECONDS = 60.0
"""How long z3 may think about one question before it gives up."""

Answer = Literal["proved", "refuted", "undecided"]
Item = tuple[Literal["rule", "outcome"], str]
"""A rule or an outcome, by its id."""


@frozen(eq=False, repr=False)
class Opinion(Noun):
    """What z3 says of a law, for the cases of a period in which nothing in force changes.

    Attributes:
        before, after: of a refuted law about two cases, such a pair; both are decided again.
        fact: in which fact they differ.
        never: of a refuted law about what can occur, what never does: `rule` or `outcome`, and id.
        occurs: by the same, a case in which it does; decided again.
        because: why it is undecided.
        questions: how many z3 was asked.
    """

    law: Claim
    day: datetime.date
    answer: Answer
    before: Case | None = None
    after: Case | None = None
    fact: str = ""
    never: tuple[Item, ...] = ()
    occurs: Mapping[Item, Case] = {}
    because: str = ""
    questions: int = 0


def load_z3() -> ModuleType:
    """Return z3.

    Raises:
        EvaluatorUnavailableError: it is not installed.
    """
    try:
        import z3
    except ImportError as error:
        raise EvaluatorUnavailableError(
            "z3 is not installed: pip install 'oversight-engine[proof]'"
        ) from error
    module: ModuleType = z3
    return module


def refute(
    law: Claim,
    in_force: InForce,
    day: datetime.date,
    *,
    cohort: CohortValues | None = None,
    seconds: float = SECONDS,
    evaluators: Iterable[str] = EVALUATORS,
) -> Opinion:
    """Look for a case that breaks *law* under what is *in_force* on *day*.

    Cases are all that the engine would decide: each fact is unknown, or anything within its range.

    Raises:
        EvaluatorUnavailableError: z3 is not installed.
        EvaluatorError: the engine does not confirm what z3 found, which is a fault of ours.
    """
    encoding = Encoding(load_z3(), (in_force.rulebook,), day, seconds)
    try:
        question = _Question(encoding, in_force, cohort, tuple(evaluators))
        opinion = question.occurrences() if law == "everything_can_occur" else question.steps(law)
    except EvaluatorLimitError as error:
        opinion = Opinion(law, day, "undecided", because=str(error))
    return evolve(opinion, questions=encoding.asked)


class _Question:
    """A law, asked of one program."""

    def __init__(
        self,
        encoding: Encoding,
        in_force: InForce,
        cohort: CohortValues | None,
        evaluators: tuple[str, ...],
    ) -> None:
        self.encoding = encoding
        self.rulebook = in_force.rulebook
        self.cohort = cohort
        self.evaluators = evaluators
        self.program = compile_program(in_force)
        self.facts = encoding.facts([self.program])
        self.world = encode(encoding, self.program, self.facts)

    def engine(self, evaluators: Iterable[str] = ("reference",)) -> Engine:
        return Engine(self.rulebook, cohort=self.cohort, evaluators=evaluators)

    def case_of(self, found: Found, facts: Mapping[str, Reading], about: str = "") -> Case:
        values = self.encoding.values_of(found, facts)
        return example_case(self.rulebook, self.encoding.day, values, about=about)

    # Laws about two cases

    def steps(self, law: Claim) -> Opinion:
        """Look at all steps at once: what breaks the law in many facts breaks it in one of them."""
        encoding, day = self.encoding, self.encoding.day
        moved, conditions = self.hidden()
        if law == "better_is_never_harsher":
            moved, conditions = self.better()
        after = encode(encoding, self.program, moved)
        found = encoding.ask(*conditions, self.breaking(law, after))
        if found.is_impossible:
            return Opinion(law, day, "proved")
        if found.because:
            return Opinion(law, day, "undecided", because=found.because)
        return self.refuted(law, self.case_of(found, self.facts), self.case_of(found, moved))

    def hidden(self) -> tuple[dict[str, Reading], list[Bool]]:
        """Return the facts with some of them hidden."""
        moved = {i: Reading(self.encoding.fact(i).known, r.value) for i, r in self.facts.items()}
        return moved, [
            self.encoding.implies(reading.known, self.facts[fact_id].known)
            for fact_id, reading in moved.items()
        ]

    def better(self) -> tuple[dict[str, Reading], list[Bool]]:
        """Return the facts with some of them better."""
        encoding, moved, conditions = self.encoding, dict(self.facts), []
        for fact_id, before in self.facts.items():
            fact = self.rulebook.fact(fact_id)
            if fact.better == "neither":
                continue
            new = encoding.fact(fact_id).value
            is_upwards = (fact.better == "higher") != (fact.type == "date")  # in days since then
            is_better = new > before.value if is_upwards else new < before.value
            if fact.outside_order:
                inside = ((None, len(fact.values) - 1),)
                is_better = encoding.all_of(
                    (is_better, encoding.inside(before.value, inside), encoding.inside(new, inside))
                )
            moved[fact_id] = Reading(before.known, new)
            conditions.append(encoding.any_of((new == before.value, is_better)))
        return moved, conditions

    def breaking(self, law: Claim, after: World) -> Bool:
        """Return that the step to the world *after* breaks *law*."""
        encoding = self.encoding
        befores, afters = ((*world.decided, world.referred) for world in (self.world, after))
        labels = (*self.program.outcomes, None)
        return encoding.any_of(
            encoding.all_of((before, later))
            for one, before in zip(labels, befores, strict=True)
            for other, later in zip(labels, afters, strict=True)
            if breaks(law, self.rulebook, one, other)
        )

    def refuted(self, law: Claim, before: Case, after: Case) -> Opinion:
        """Return the one step that breaks *law* on the way from *before* to *after*."""
        with self.engine() as engine:

            def is_broken(one: Case, fact_id: str, stated: StatedFact | None) -> bool:
                outcomes = (
                    engine.decide(case).outcome for case in (one, _with(one, fact_id, stated))
                )
                return fact_id in one.facts and breaks(law, self.rulebook, *outcomes)

            case = before
            for fact_id, stated in before.facts.items():
                new = after.facts.get(fact_id)
                if new == stated:
                    continue
                if is_broken(case, fact_id, new):
                    case = with_few_facts(
                        self.rulebook,
                        case,
                        lambda one: is_broken(one, fact_id, new),  # noqa: B023
                    )
                    break
                case = _with(case, fact_id, new)
            else:
                raise EvaluatorError(f"z3 finds a case that breaks {law}, and the engine does not")
        step = _with(case, fact_id, new)
        with self.engine(self.evaluators) as both:
            outcomes = [both.decide(each).outcome for each in (case, step)]
        assert breaks(law, self.rulebook, *outcomes), "the evaluators agree"
        return Opinion(law, self.encoding.day, "refuted", before=case, after=step, fact=fact_id)

    # What can occur

    def occurrences(self) -> Opinion:
        """Look for a case of each rule and outcome; one case may show several."""
        encoding, day = self.encoding, self.encoding.day
        law: Claim = "everything_can_occur"
        waiting: dict[Item, Bool] = {
            ("rule", rule_id): said.true for rule_id, said in self.world.rules.items()
        }
        outcomes = zip(self.program.outcomes, self.world.decided, strict=True)
        waiting |= {("outcome", outcome): decided for outcome, decided in outcomes}
        shown: dict[Item, Case] = {}
        with self.engine(self.evaluators) as engine:
            while waiting:
                found = encoding.ask(
                    encoding.realisable(self.facts), encoding.any_of(waiting.values())
                )
                if found.because:
                    return Opinion(law, day, "undecided", because=found.because, occurs=shown)
                if found.is_impossible:
                    never = tuple(waiting)
                    return Opinion(law, day, "refuted", never=never, occurs=shown)
                showing = [
                    item for item, truth in waiting.items() if encoding.is_true(found, truth)
                ]
                case = self.case_of(found, self.facts)
                decision = engine.decide(case)
                occurring = {("rule", r.rule.id) for r in decision.rules if r.truth is TRUE}
                if not {*occurring, ("outcome", decision.outcome)}.issuperset(showing):
                    raise EvaluatorError(f"z3 and the engine differ on {showing}")
                for item in showing:
                    shown[item] = case
                    del waiting[item]
        return Opinion(law, day, "proved", occurs=shown)


def _with(case: Case, fact_id: str, stated: StatedFact | None) -> Case:
    """Return *case* with a fact as *stated*, or without it."""
    facts = {i: f for i, f in case.facts.items() if i != fact_id}
    return evolve(case, facts=facts if stated is None else {**facts, fact_id: stated})


# The least change


class Least(NamedTuple):
    """The least that a change of a case can count.

    Attributes:
        weight: None where no change brings the outcome.
        moved: for each lever that moves, by its place, the place of its option.
        because: why nobody knows; empty where it is known.
    """

    weight: Weight | None
    because: str = ""
    moved: Mapping[int, int] = MappingProxyType({})


def least_change(
    in_force: InForce,
    day: datetime.date,
    known: Mapping[str, int],
    levers: Sequence[Lever],
    to: str,
    *,
    seconds: float = SECONDS,
) -> Least:
    """Return what the least change counts that brings the outcome *to*.

    Local priorities go on adding up, where they do.

    Args:
        in_force: what the rulebook says on *day*.
        day: the date of the decision.
        known: the facts that are known, as terms of the program.
        levers: which facts can move, how far, and what that counts.
        to: an outcome.
        seconds: how long z3 may think about it.

    Raises:
        EvaluatorLimitError: the program cannot be said to z3 exactly.
        EvaluatorUnavailableError: z3 is not installed.
    """
    encoding = Encoding(load_z3(), (in_force.rulebook,), day, seconds)
    program = compile_program(in_force)
    facts = encoding.facts([program])
    moves = [_move_of(encoding, in_force.rulebook, facts, lever) for lever in levers]
    movable = {fact_id for lever in levers for fact_id in lever.facts}
    for fact_id, reading in facts.items():
        if fact_id not in movable:
            numbers = (known[fact_id],) if fact_id in known else ()
            encoding.hold(in_force.rulebook.fact(fact_id), reading, numbers)
    encoding.where(*_adding_up(encoding, in_force.rulebook, facts, known))
    decided = encode(encoding, program, facts).decided[in_force.rulebook.severity(to)]
    amounts = [encoding.total(move.weight[place] for move in moves) for place in (0, 1)]
    found = encoding.least(amounts, decided)
    if found.model is None:
        return Least(None, found.because)
    first, second = (encoding.number(found, amount) for amount in amounts)
    moved = {
        place: levers[place].options.index(encoding.number(found, move.option))
        for place, move in enumerate(moves)
        if encoding.is_true(found, move.moved)
    }
    return Least((first, second), moved=moved)


class _Move(NamedTuple):
    """Whether a lever moves, to which of its options, and what that counts."""

    moved: Bool
    option: Whole
    weight: tuple[Whole, Whole]


def _move_of(
    encoding: Encoding,
    rulebook: Rulebook,
    facts: Mapping[str, Reading],
    lever: Lever,
) -> _Move:
    """Let the facts of *lever* move as it says."""
    moved = encoding.fact(lever.facts[0]).known
    option = encoding.number_named("option")
    encoding.where(encoding.one_of(option, lever.options))
    for fact_id, base in zip(lever.facts, lever.bases, strict=True):
        reading = facts.get(fact_id)
        if reading is None:
            continue
        term = encoding.term_of(rulebook.fact(fact_id), reading.value)
        if lever.stays is None:
            encoding.where(reading.known == moved, encoding.implies(moved, term == option))
        else:
            encoding.where(reading.known, term == base + option)
    if lever.stays is not None:
        encoding.where(moved == (option != 0))
    nought = encoding.whole(0)
    units = nought if lever.stays is None else encoding.if_else(option < 0, -option, option)
    first, second = (
        encoding.if_else(moved, flat + rate * units, nought)
        for flat, rate in zip(lever.flat, lever.rate, strict=True)
    )
    return _Move(moved, option, (first, second))


def _adding_up(
    encoding: Encoding,
    rulebook: Rulebook,
    facts: Mapping[str, Reading],
    known: Mapping[str, int],
) -> list[Bool]:
    """Return that the local priorities that are known add up, if they do so now."""
    names = rulebook.local_priorities
    if names is None or names.agreed not in facts:
        return []
    ids = (names.agreed, names.on_track, names.not_on_track, names.unknown)
    agreed, *parts = (known.get(fact_id) for fact_id in ids)
    if agreed is not None and None not in parts and agreed != sum(part or 0 for part in parts):
        return []
    first, *others = (facts[fact_id] for fact_id in ids)
    unknown = (encoding.negation(facts[fact_id].known) for fact_id in ids)
    adds_up = first.value == encoding.total(other.value for other in others)
    return [encoding.any_of((*unknown, adds_up))]
