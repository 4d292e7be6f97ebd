"""The laws of a rulebook, answered over all cases: proved, or refuted by cases that break them.

Every case that is shown was decided again by the engine, and does what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from attrs import evolve, frozen

from oversight_engine.analysis.cells import MOST_ENTRIES, Space
from oversight_engine.analysis.cohorts import example_cohort, is_added_only, rules_of_cohort
from oversight_engine.analysis.examples import example_case
from oversight_engine.analysis.gaps import periods_of
from oversight_engine.analysis.occurring import Occurrences, find_occurrences
from oversight_engine.analysis.relations import breaks
from oversight_engine.analysis.steps import (
    BetterReviewer,
    Break,
    HiddenReviewer,
    Review,
    Reviewer,
)
from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.errors import EvaluatorError, EvaluatorUnavailableError
from oversight_engine.model.case import Case
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import Claim, Rulebook, Span

LAWS: tuple[Claim, ...] = (
    "better_is_never_harsher", "hiding_never_helps", "everything_can_occur",
)  # fmt: skip
"""Those that depend on the rulebook: laws 3, 4 and 6 of the semantics."""

Result = Literal["proved", "refuted", "undecided"]
Method = Literal["form", "cells", "solver"]


@frozen(eq=False, repr=False)
class Answer(Noun):
    """What is certain of a law, for all cases on the days of a period.

    Attributes:
        span: days between which nothing in force changes.
        method: what the answer rests on: the form of the conditions alone; their cells; the solver.
        before, after: of a refuted law about two cases, such cases.
        fact, rule: in which fact they differ, and which rule makes the difference.
        never: of a refuted law about what can occur: what does not.
        because: why it is undecided.
        looked_at: how many pairs of a rule and a fact were looked at, or things that may occur.
        tried: how many combinations of cells were searched.
        of_example: whether it is shown for an example of a cohort, and for that one alone.
    """

    law: Claim
    span: Span
    result: Result
    method: Method
    before: Case | None = None
    after: Case | None = None
    fact: str = ""
    rule: str = ""
    never: tuple[str, ...] = ()
    because: str = ""
    looked_at: int = 0
    tried: int = 0
    of_example: bool = False


@frozen(eq=False, repr=False)
class PeriodProof(Noun):
    """What is certain of a rulebook on the days of a period.

    Attributes:
        cells, groups: how many there are; `largest` is the most combinations of a group.
        occurrences: what can occur, and what cannot.
    """

    span: Span
    answers: tuple[Answer, ...]
    occurrences: Occurrences
    facts: int
    axes: int
    cells: int
    groups: int
    largest: int


@frozen(eq=False, repr=False)
class Proof(Noun):
    """What is certain of a rulebook in every period in which it decides anything."""

    rulebook: Rulebook
    periods: tuple[PeriodProof, ...]

    def answers(self, law: Claim) -> Iterator[Answer]:
        """Yield what is certain of *law*, period by period."""
        for period in self.periods:
            yield from (answer for answer in period.answers if answer.law == law)

    @property
    def failed(self) -> tuple[Answer, ...]:
        """The answers that refute what the rulebook claims."""
        return tuple(
            answer
            for law in self.rulebook.claims
            for answer in self.answers(law)
            if answer.result == "refuted"
        )


def prove(
    rulebook: Rulebook,
    *,
    bound: int = MOST_ENTRIES,
    solver: bool = True,
    evaluators: Iterable[str] = EVALUATORS,
) -> Proof:
    """Return what is certain of *rulebook*.

    Args:
        rulebook: a checked rulebook, under a reform or not.
        bound: how many entries a table may have; beyond it the solver is asked.
        solver: whether to ask it at all, where it is installed.
        evaluators: those that decide every case that is shown.

    Raises:
        EvaluatorError: the engine does not confirm a case, which is a fault of ours.
    """
    asked = tuple(evaluators)
    return Proof(
        rulebook,
        tuple(
            _prove_period(rulebook, span, bound, asked, solver=solver)
            for span in decided_periods(rulebook)
        ),
    )


def decided_periods(rulebook: Rulebook) -> Iterator[Span]:
    """Yield the spans in which nothing in force changes, those left out that decide nothing."""
    for span in periods_of(rulebook):
        if not any(p.required and p.on(span.start) is None for p in rulebook.parameters):
            yield span


def _prove_period(
    rulebook: Rulebook, span: Span, bound: int, evaluators: tuple[str, ...], *, solver: bool
) -> PeriodProof:
    cohort = example_cohort(rulebook, span.start)
    period = _Period(rulebook, span, cohort, bound, evaluators)
    occurrences = find_occurrences(period.space)
    answers = [
        period.steps("better_is_never_harsher", BetterReviewer(period.space)),
        period.steps("hiding_never_helps", HiddenReviewer(period.space)),
        period.occurring(occurrences),
    ]
    if solver and cohort is None:
        answers = [period.second_opinion(answer) for answer in answers]
    groups = period.space.groups
    return PeriodProof(
        span=span,
        answers=tuple(answers),
        occurrences=occurrences,
        facts=len(period.space.axes),
        axes=len(period.space.every),
        cells=period.space.cells,
        groups=len(groups),
        largest=max((group.combinations for group in groups), default=1),
    )


class _Period:
    """A rulebook on the days of one period."""

    def __init__(
        self,
        rulebook: Rulebook,
        span: Span,
        cohort: CohortValues | None,
        bound: int,
        evaluators: tuple[str, ...],
    ) -> None:
        self.rulebook = rulebook
        self.span = span
        self.cohort = cohort
        self.evaluators = evaluators
        self.in_force = find_in_force(rulebook, span.start, cohort)
        self.space = Space.of(self.in_force, span.start, bound=bound)

    def steps(self, law: Claim, reviewer: Reviewer) -> Answer:
        """Answer a law about two cases that are a step of one fact apart."""
        review = reviewer.review()
        looked_at = review.by_form + review.by_cells + review.searched
        answer = Answer(
            law, self.span, "proved",
            "cells" if review.by_cells or review.searched else "form",
            looked_at=looked_at, tried=review.tried,
        )  # fmt: skip
        if review.broken is not None:
            return self.refuted(answer, review.broken)
        if review.open:
            rule, fact, because = review.open[0]
            return evolve(answer, result="undecided", rule=rule, fact=fact, because=because)
        return self.for_every_cohort(answer, review)

    def for_every_cohort(self, answer: Answer, review: Review) -> Answer:
        """Keep *answer* only if it rests on nothing that another cohort would change."""
        if self.cohort is None:
            return answer
        rules = rules_of_cohort(self.in_force)
        resting = review.beyond_form & rules
        if not is_added_only(self.in_force):
            because = "a factor, a weight or a count is computed from the cohort"
        elif resting:
            because = f"{min(resting)} keeps it for the example of a cohort, not by its form"
        elif rules and review.searched:
            because = "whether rules stand above others depends on the cohort"
        else:
            return answer
        return evolve(answer, result="undecided", because=because)

    def refuted(self, answer: Answer, broken: Break) -> Answer:
        """Return *answer* as refuted, by cases that the engine decided as they have to be."""
        values = [
            {fact: self.space.value_of(fact, number) for fact, number in numbers.items()}
            for numbers in (broken.before, broken.after)
        ]
        names = sorted({*values[0], *values[1]})
        with (
            Engine(self.rulebook, cohort=self.cohort, evaluators=("reference",)) as quick,
            Engine(self.rulebook, cohort=self.cohort, evaluators=self.evaluators) as engine,
        ):

            def pair() -> tuple[Case, Case]:
                before, after = (
                    example_case(self.rulebook, self.span.start, each, number=number, about=about)
                    for number, (each, about) in enumerate(
                        zip(values, _abouts(answer.law, broken.fact), strict=True)
                    )
                )
                return before, after

            def do_break(judge: Engine) -> bool:
                before, after = (judge.decide(case).outcome for case in pair())
                return breaks(answer.law, self.rulebook, before, after)

            if not do_break(engine):
                raise EvaluatorError(
                    f"the analysis says that {broken.rule} breaks {answer.law} by {broken.fact}, "
                    "and the engine decides otherwise: a fault of ours"
                )
            for name in names:  # what the point does not need is left out
                if name == broken.fact:
                    continue
                kept = [dict(each) for each in values]
                for each in values:
                    each.pop(name, None)
                if not do_break(quick):
                    values = kept
            if not do_break(engine):
                raise EvaluatorError(f"the evaluators differ on the cases against {answer.law}")
            before, after = pair()
        return evolve(
            answer, result="refuted", before=before, after=after,
            fact=broken.fact, rule=broken.rule, of_example=self.cohort is not None,
        )  # fmt: skip

    def occurring(self, found: Occurrences) -> Answer:
        """Answer whether everything can occur."""
        answer = Answer(
            "everything_can_occur", self.span, "proved", "cells",
            looked_at=found.looked_at, tried=found.tried, of_example=self.cohort is not None,
        )  # fmt: skip
        if found.never and self.cohort is None:
            return evolve(answer, result="refuted", never=found.never)
        missing = (*found.never, *found.open)
        if missing:
            because = f"no case was found for {', '.join(missing)}"
            return evolve(answer, result="undecided", because=because)
        return answer

    def second_opinion(self, answer: Answer) -> Answer:
        """Ask the solver where the cells left a law open."""
        if answer.result != "undecided":
            return answer
        from oversight_engine.analysis.solver import refute

        try:
            opinion = refute(answer.law, self.in_force, self.span.start, evaluators=self.evaluators)
        except EvaluatorUnavailableError as error:
            return evolve(answer, because=f"{answer.because}; {error}")
        if opinion.answer == "undecided":
            return evolve(answer, because=f"{answer.because}; the solver: {opinion.because}")
        return evolve(
            answer, result=opinion.answer, method="solver", because="", rule="",
            before=opinion.before, after=opinion.after, fact=opinion.fact,
            never=tuple(" ".join(item) for item in opinion.never),
        )  # fmt: skip


def _abouts(law: Claim, fact: str) -> tuple[str, str]:
    if law == "hiding_never_helps":
        return f"Before {fact} is hidden.", f"After {fact} is hidden; nothing else differs."
    return f"Before {fact} is made better.", f"After {fact} is made better; nothing else differs."


def counterexamples(proof: Proof) -> Mapping[str, tuple[Case, Case]]:
    """Return by name, for every law that is refuted by two cases, those of its first period."""
    found: dict[str, tuple[Case, Case]] = {}
    for law in LAWS:
        for answer in proof.answers(law):
            if answer.before is not None and answer.after is not None:
                found.setdefault(law, (answer.before, answer.after))
    return found
