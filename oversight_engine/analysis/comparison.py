"""Two rulebooks over all cases: is the second ever lighter or harsher than the first, and where?

Both programs are asked about the same case. A fact that both rulebooks declare has one value,
within what both allow; it can be known to one of them alone only where they differ in the
statuses they accept or in how old a value may be. A referral is neither lighter nor more severe
than an outcome, so steps to it and from it are claims of their own.

What the cells rule out needs no solver. Whatever is left z3 is asked about; what it finds is shown
by a case that both rulebooks have decided.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from attrs import evolve, frozen

from oversight_engine.analysis.differing import Differing, Example
from oversight_engine.analysis.encoding import Encoding
from oversight_engine.analysis.ruled_out import ruled_out
from oversight_engine.analysis.sides import (
    Kind,
    Side,
    differing_days,
    differing_facts,
    kinds_of,
    side_of,
)
from oversight_engine.analysis.solver import SECONDS, Answer, load_z3
from oversight_engine.engine import EVALUATORS
from oversight_engine.errors import (
    CohortNeededError,
    EvaluatorLimitError,
    EvaluatorUnavailableError,
    InputError,
)
from oversight_engine.model.noun import Noun
from oversight_engine.model.rulebook import Rulebook

Method = Literal["programs", "cells", "solver"]
"""What answers: that both programs are the same, their cells, or z3."""


@frozen(eq=False, repr=False)
class Verdict(Noun):
    """Whether the second rulebook ever does what a *kind* of difference says.

    Attributes:
        answer: `proved` says that no case differs so.
        method: what answers.
        because: why it is undecided.
    """

    kind: Kind
    answer: Answer
    method: Method
    because: str = ""


@frozen(eq=False, repr=False)
class OverAllCases(Noun):
    """How two rulebooks differ over all cases.

    Attributes:
        days: those asked about.
        on_every_day: whether they stand for all days on which both decide.
        verdicts: one for each kind of difference that there could be.
        examples: for each pair of outcomes that some case has, one for every rule that alone has
            to answer for it; where none does so alone, one.
        questions: how many z3 was asked.
    """

    days: tuple[datetime.date, ...]
    verdicts: tuple[Verdict, ...]
    examples: tuple[Example, ...] = ()
    questions: int = 0
    on_every_day: bool = False

    @property
    def is_same(self) -> bool:
        """Whether every case is decided alike, and that is proved."""
        return all(verdict.answer == "proved" for verdict in self.verdicts)


def compare_rulebooks(
    first: Rulebook,
    second: Rulebook,
    *,
    as_of: datetime.date | None = None,
    seconds: float = SECONDS,
    evaluators: Iterable[str] = EVALUATORS,
) -> OverAllCases:
    """Return where the *second* rulebook decides otherwise than the *first*, over all cases.

    Args:
        first: a checked rulebook.
        second: another, or the same under a reform.
        as_of: the one day to ask about; without it, every day on which both decide.
        seconds: how long z3 may think about one question.
        evaluators: those that decide every case that is shown.

    Raises:
        CohortNeededError: one of them judges a case among others.
        InputError: they never both decide, or facts of one name are not the same thing in both.
        NotInForceError, ParameterNeededError: one of them decides nothing on that day.
    """
    days = (as_of,) if as_of else differing_days(first, second)
    why_not = why_not_compared(first, second, days)
    if why_not:
        raise (CohortNeededError if days else InputError)(why_not)
    asked = tuple(evaluators)
    found = [
        compare_over_all_cases(
            side_of(first, day), side_of(second, day), day, seconds=seconds, evaluators=asked
        )
        for day in days
    ]
    return evolve(_together(found), on_every_day=as_of is None)


def _together(found: Sequence[OverAllCases]) -> OverAllCases:
    """Return what was *found* on several days as one: proved is only what is so on each."""
    shown: dict[object, Example] = {}
    for example in (example for each in found for example in each.examples):
        move = example.kind, example.before.outcome, example.after.outcome, example.rules
        shown.setdefault(move, example)
    return OverAllCases(
        tuple(day for each in found for day in each.days),
        tuple(
            max(verdicts, key=lambda verdict: (_FORCE[verdict.answer], _METHODS[verdict.method]))
            for verdicts in zip(*(each.verdicts for each in found), strict=True)
        ),
        tuple(shown.values()),
        sum(each.questions for each in found),
    )


_FORCE: Mapping[Answer, int] = {"proved": 0, "undecided": 1, "refuted": 2}
_METHODS: Mapping[Method, int] = {"programs": 0, "cells": 1, "solver": 2}


def why_not_compared(first: Rulebook, second: Rulebook, days: Collection[datetime.date]) -> str:
    """Return why nothing can be said of all cases on these *days*, if so it is."""
    if not days:
        return f"{first.id} {first.version} and {second.id} {second.version} never both decide"
    for rulebook in (first, second):
        if rulebook.cohort is not None:
            return (
                f"{rulebook.id} judges a case among others, so what it makes of one depends on "
                "the rest; name the cases of a cohort"
            )
    return ""


def compare_over_all_cases(
    first: Side,
    second: Side,
    day: datetime.date,
    *,
    seconds: float = SECONDS,
    evaluators: Iterable[str] = EVALUATORS,
) -> OverAllCases:
    """Return where the *second* rulebook decides otherwise than the *first*, over all cases.

    Raises:
        InputError: facts of one name are not the same thing in both.
    """
    differing_facts(first.rulebook, second.rulebook)
    kinds = kinds_of(first.rulebook, second.rulebook)
    if first.program == second.program and first.rulebook.facts == second.rulebook.facts:
        same: tuple[Verdict, ...] = tuple(Verdict(kind, "proved", "programs") for kind in kinds)
        return OverAllCases((day,), same)
    verdicts = {kind: Verdict(kind, "proved", "cells") for kind in ruled_out(first, second, day)}
    left = [kind for kind in kinds if kind not in verdicts]
    examples: list[Example] = []
    questions = 0
    try:
        if left:
            encoding = Encoding(load_z3(), (first.rulebook, second.rulebook), day, seconds)
            differing = Differing(encoding, first, second, tuple(evaluators))
            for kind, shown in differing.find(left).items():
                examples += shown.examples
                answer: Answer = "refuted" if shown.examples else "proved"
                if shown.because and not shown.examples:
                    answer = "undecided"
                verdicts[kind] = Verdict(kind, answer, "solver", shown.because)
            questions = encoding.asked
    except (EvaluatorLimitError, EvaluatorUnavailableError) as error:
        verdicts |= {kind: Verdict(kind, "undecided", "solver", str(error)) for kind in left}
    ordered = tuple(verdicts[kind] for kind in kinds)
    return OverAllCases((day,), ordered, tuple(examples), questions)
