"""Where published figures and ours agree, and why they do not where they do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache, cached_property
from typing import Literal

from attrs import evolve, frozen

from oversight_engine import semantics
from oversight_engine.analysis.ranks import Scale, is_from, smallest_cohort
from oversight_engine.errors import InputError
from oversight_engine.explanation.wording import say_few
from oversight_engine.model.case import Value
from oversight_engine.model.decision import Decision
from oversight_engine.model.expression import Formula
from oversight_engine.model.in_force import (
    InForce,
    find_in_force,
    names_in_computed,
    names_in_finding,
)
from oversight_engine.model.number import Exact, decimal_places, rounded, written
from oversight_engine.model.published import TAKEN_AS_GIVEN, PublishedCell, half_unit
from oversight_engine.model.rulebook import Fact, Finding, Rulebook, Span
from oversight_engine.model.together import Threshold

Verdict = Literal["equal", "different", "not comparable"]

Reason = Literal[
    "",
    "rounded scores",  # a mean of scores that were rounded only for publication
    "rounded values",  # a rank among values that tie only as published
    "ranked by kind",  # a rank among organisations of one kind
    "another cohort",  # computed among others than those at hand
    "taken as given",  # the published figure is a fact of the case
    "unknown here",  # a fact is missing
    "not computed",  # no finding is in force that computes it
    "no case",  # nobody asked
    "unexplained",
]
"""Why a published figure and ours differ, or cannot be compared."""


@frozen
class Compared:
    """A published cell, and ours.

    Attributes:
        ours: what the decision came to; None where there is nothing to compare.
        because: the reason in a sentence.
    """

    cell: PublishedCell
    ours: Exact | None
    verdict: Verdict
    reason: Reason = ""
    because: str = ""

    @property
    def is_unexplained(self) -> bool:
        """Whether it differs, and nothing shows why."""
        return self.reason == "unexplained"


@frozen
class Agreement:
    """Every published cell, compared; by metric, then by code."""

    rulebook: Rulebook
    compared: tuple[Compared, ...]

    @cached_property
    def by_metric(self) -> Mapping[str, tuple[Compared, ...]]:
        """The cells of each metric."""
        metrics: dict[str, list[Compared]] = defaultdict(list)
        for each in self.compared:
            metrics[each.cell.metric].append(each)
        return {metric: tuple(metrics[metric]) for metric in sorted(metrics)}

    def of(self, verdict: Verdict) -> tuple[Compared, ...]:
        """Return the cells of that *verdict*."""
        return tuple(each for each in self.compared if each.verdict == verdict)

    @property
    def unexplained(self) -> tuple[Compared, ...]:
        """The cells that differ, and nothing shows why."""
        return tuple(each for each in self.compared if each.is_unexplained)


def compare(decisions: Iterable[Decision], cells: Iterable[PublishedCell]) -> Agreement:
    """Return how the findings of *decisions*, all under one rulebook, agree with *cells*.

    Raises:
        InputError: no cell speaks of a system and period that was decided.
    """
    decided = {(d.case.system.code, d.case.period): d for d in decisions}
    ordered = sorted(cells, key=lambda cell: (cell.metric, cell.period.start, cell.code))
    if not any((cell.code, cell.period) in decided for cell in ordered):
        raise InputError(
            f"none of the {len(ordered)} published cells is of a system and period that was decided"
        )
    rulebook = next(iter(decided.values())).rulebook
    comparison = _Comparison(rulebook, decided, ordered)
    return Agreement(rulebook, tuple(comparison.of(cell) for cell in ordered))


Decided = Mapping[tuple[str, Span | None], Decision]


class _Comparison:
    """What is asked of one cell after another."""

    def __init__(
        self, rulebook: Rulebook, decided: Decided, cells: Sequence[PublishedCell]
    ) -> None:
        self._findings = {finding.id: finding for finding in rulebook.findings}
        self._rulebook = rulebook
        self._decided = decided
        self._rests_on = cache(self._find_rests_on)
        self._by_rank = _RankedScores(decided, cells)
        self._rounded = _rounded_facts(decided.values())

    def of(self, cell: PublishedCell) -> Compared:
        """Return *cell* compared with what was decided."""
        decision = self._decided.get((cell.code, cell.period))
        finding = self._findings.get(cell.metric)
        if decision is None:
            return _not_comparable(cell, "no case", "no case is of this system and period")
        if finding is None:
            because = f"{self._rulebook.id} has no such finding"
            return _not_comparable(cell, "not computed", because)
        result = next((r for r in decision.findings if r.finding.id == finding.id), None)
        if result is None:
            absent = [n.because for n in decision.not_in_force if n.id == finding.id]
            return _not_comparable(cell, "not computed", absent[0])
        rests_on = self._rests_on(finding.id)
        if any(
            r.fact.id == TAKEN_AS_GIVEN + cell.metric and r.value is not None
            for r in decision.facts
            if r.fact.id in rests_on
        ):
            return _not_comparable(cell, "taken as given", "the case states the published figure")
        computed = {p.id for p in self._rulebook.parameters if p.cohort is not None}
        if cell.absent and computed & rests_on:
            because = f"it is computed among all, and of {', '.join(cell.absent)} nothing is here"
            return _not_comparable(cell, "another cohort", because)
        ours = result.conclusion
        if not isinstance(ours, int | Fraction):
            missing = [
                r.fact.id for r in decision.facts if r.value is None and r.fact.id in rests_on
            ]
            # Where the case was referred, what it lacks is known more narrowly.
            missing = [fact for fact in decision.missing if fact in rests_on] or missing
            return _not_comparable(cell, "unknown here", f"it needs {say_few(missing)}")
        if ours == cell.value:
            return Compared(cell, ours, "equal")
        reason, because = self._why(finding, decision, cell)
        return Compared(cell, ours, "different", reason, because)

    def _why(self, finding: Finding, decision: Decision, cell: PublishedCell) -> tuple[Reason, str]:
        if finding.ranked is not None:
            return self._by_rank.why(finding, cell)
        least, mean, most = self._range_of(finding, decision)
        if least - cell.half_unit <= cell.value <= most + cell.half_unit:
            return "rounded scores", (
                f"ours is {_short(mean)} before rounding; unrounded scores allow "
                f"{_short(least)} to {_short(most)}"
            )
        return "unexplained", f"ours is {_short(mean)} before rounding"

    def _find_rests_on(self, finding_id: str) -> frozenset[str]:
        """Return the ids of all that the finding mentions, and what that mentions, and so on."""
        found: set[str] = set()
        waiting = [finding_id]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            if name in self._findings:
                waiting += [each.id for each in names_in_finding(self._findings[name])]
            waiting += [
                each.id
                for parameter in self._rulebook.parameters
                if parameter.id == name
                for each in names_in_computed(parameter)
            ]
        return frozenset(found - {finding_id})

    def _range_of(self, finding: Finding, decision: Decision) -> tuple[Exact, Exact, Exact]:
        """Return what *finding* may come to, given that published scores were rounded.

        In the middle is what the scores as published come to; nothing is rounded on the way.
        """
        rests_on = self._rests_on(finding.id)
        in_force = find_in_force(decision.rulebook, decision.as_of, decision.cohort)
        needed = tuple(
            evolve(f, rounded=None) for f in in_force.findings if f.id in {*rests_on, finding.id}
        )
        narrowed = evolve(in_force, findings=needed, rules=(), consequences=())
        given = [self._number(narrowed, decision, finding.id, shift) for shift in (-1, 0, 1)]
        return given[0], given[1], given[2]

    def _number(self, in_force: InForce, decision: Decision, finding_id: str, shift: int) -> Exact:
        known: dict[str, Value] = {}
        for reading in decision.facts:
            value, fact = reading.value, reading.fact
            if value is None:
                continue
            known[fact.id] = value
            if fact.id in self._rounded and isinstance(value, int | Fraction):
                known[fact.id] = _within(fact, value + shift * half_unit(fact.decimals))
        number = semantics.evaluate(in_force, known, decision.as_of).findings[finding_id]
        assert isinstance(number, int | Fraction), "it was a number in the decision"
        return number


def _not_comparable(cell: PublishedCell, reason: Reason, because: str) -> Compared:
    return Compared(cell, None, "not comparable", reason, because)


def _rounded_facts(decisions: Iterable[Decision]) -> frozenset[str]:
    """Return the facts that take published scores which were rounded.

    A score that is whole for everybody comes from bands, and nothing was rounded.
    """
    return frozenset(
        reading.fact.id
        for decision in decisions
        for reading in decision.facts
        if reading.fact.id.startswith(TAKEN_AS_GIVEN) and isinstance(reading.value, Fraction)
    )


def _within(fact: Fact, value: Exact) -> Exact:
    """Return *value*, or the end of the range of *fact* that it is beyond."""
    least, most = fact.range
    value = value if least is None else max(least, value)
    return value if most is None else min(most, value)


def _short(number: Exact) -> str:
    """Return *number* as people write it: exactly, or with four decimals where that is long."""
    return written(
        number if decimal_places(number) is not None else rounded(number, 4, "half_even")
    )


class _RankedScores:
    """Which cohort the published scores by rank come from, metric by metric."""

    def __init__(self, decided: Decided, cells: Sequence[PublishedCell]) -> None:
        self._decided = decided
        self._cells = cells
        self._found = cache(self._find)

    def why(self, finding: Finding, cell: PublishedCell) -> tuple[Reason, str]:
        """Return why *cell* is not the score that *finding* came to."""
        return self._found(finding, cell.period, cell.group)

    def _find(self, finding: Finding, period: Span, group: str) -> tuple[Reason, str]:
        """Return the first cohort from which all scores of the *group* can be."""
        cells = {
            cell.code: cell
            for cell in self._cells
            if (cell.metric, cell.period, cell.group) == (finding.id, period, group)
        }
        values = {
            code: value
            for (code, of), decision in self._decided.items()
            if of == period and (value := _ranked_value(finding, decision)) is not None
        }
        decision = next(d for (_, of), d in self._decided.items() if of == period)
        scale = _scale_of(finding, decision, next(iter(cells.values())).half_unit)
        scored = [(values[code], cell.value) for code, cell in cells.items() if code in values]
        if all(is_from(scale, each, [*values.values()]) for each in scored):
            return "rounded values", "its value ties with others at the published decimals"
        alike = [values[code] for code in cells if code in values]
        if all(is_from(scale, each, alike) for each in scored):
            return "ranked by kind", (
                f"ranked among the {len(alike)} of the kind {group} alone, every score comes out "
                "as published, but for ties at the published decimals"
            )
        size = smallest_cohort(scale, scored)
        if size is not None:  # more than are here: among those alone it would have come out above
            ranked = sum(1 for value in alike if scale.fixed(value) is None)
            here = f"{ranked} of them {'is' if ranked == 1 else 'are'} here"
            return "another cohort", f"at least {size} were ranked, and {here}"
        return "unexplained", "no cohort in which scores are spread evenly by rank gives them"


def _ranked_value(finding: Finding, decision: Decision) -> Exact | None:
    """Return the number that is ranked, where the case is a member of the cohort."""
    if decision.cohort is None or decision.case.system.code not in decision.cohort.members:
        return None
    asked = Finding("asked", "", value=finding.value)
    known = {r.fact.id: r.value for r in decision.facts if r.value is not None}
    in_force = find_in_force(decision.rulebook, decision.as_of, decision.cohort)
    narrowed = evolve(in_force, findings=(*in_force.findings, asked), rules=(), consequences=())
    value = semantics.evaluate(narrowed, known, decision.as_of).findings["asked"]
    return value if isinstance(value, int | Fraction) else None


def _scale_of(finding: Finding, decision: Decision, tolerance: Exact) -> Scale:
    ranked = finding.ranked
    assert ranked is not None, "the finding is scored by rank"
    in_force = find_in_force(decision.rulebook, decision.as_of, decision.cohort)

    def worth(constant: Formula) -> Exact:
        number = semantics.number_of(constant.quantity, in_force, decision.as_of)
        assert number is not None, "a finding in force has all of its constants"
        return number

    def both(threshold: Threshold | None) -> tuple[Exact, Exact] | None:
        return None if threshold is None else (worth(threshold.at), worth(threshold.score))

    return Scale(
        1 if ranked.better == "higher" else -1,
        worth(ranked.best),
        worth(ranked.worst),
        both(ranked.standard),
        both(ranked.floor),
        tolerance,
    )
