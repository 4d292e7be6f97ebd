"""decide(): a rulebook and a case in, one Decision out; computed by every evaluator asked for."""

from __future__ import annotations

import bisect
import datetime
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from types import TracebackType
from typing import Protocol, Self

from oversight_engine import semantics
from oversight_engine._version import __version__
from oversight_engine.assembly import Period, assemble, prepare, read_facts
from oversight_engine.combining import combine
from oversight_engine.errors import (
    CohortMismatchError,
    CohortNeededError,
    DisagreementError,
    InputError,
    NotInForceError,
    ParameterNeededError,
)
from oversight_engine.model.case import Case, Value
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.decision import Attestation, Decision
from oversight_engine.model.in_force import InForce, change_days, find_in_force
from oversight_engine.model.rulebook import REFERRAL, Rulebook
from oversight_engine.model.trace import Trace, Verdict
from oversight_engine.model.truth import Truth
from oversight_engine.model.validity import find_faults, is_day

EVALUATORS = ("reference", "durable")
"""The evaluators of a single decision, the normative one first."""
MOST_TOLD = 8
"""How many differences the message of a disagreement names; the error carries all."""


class Evaluator(Protocol):
    """Another way to compute what `semantics.evaluate` defines."""

    def evaluate(
        self, in_force: InForce, known: Mapping[str, Value], as_of: datetime.date
    ) -> Trace:
        """Return the truth of everything in force, and the label it leads to."""

    def close(self) -> None:
        """Give back what it holds."""


class Engine:
    """A rulebook made ready to decide cases; safe to share between threads.

    Use it as a context manager, or call `close()`: durable-rules holds memory of its own.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        *,
        cohort: CohortValues | None = None,
        evaluators: Iterable[str] = EVALUATORS,
        certificate: str = "",
    ) -> None:
        """Make *rulebook* ready.

        Args:
            rulebook: a checked rulebook.
            cohort: what the rulebook takes from the cohort, where it declares one; what is then
                decided is decided on the cohort's day.
            evaluators: those that compute each decision and must agree. `reference` is always
                among them.
            certificate: the digest of a proof certificate of the rulebook, which each decision's
                attestation then carries; that it is of this rulebook is for the caller to see to.

        Raises:
            CohortNeededError: the rulebook declares a cohort, and there are no values of one.
            CohortMismatchError: the values are of another rulebook or reform.
            EvaluatorUnavailableError: an evaluator cannot run on this machine.
            InputError: no evaluator has that name.
        """
        self.rulebook = rulebook
        self.cohort = cohort
        self.certificate = certificate
        _check_cohort(rulebook, cohort)
        self.evaluators = tuple(dict.fromkeys(("reference", *evaluators)))
        unknown = [name for name in self.evaluators if name not in EVALUATORS]
        if unknown:
            raise InputError(f"no evaluator is called `{unknown[0]}`: use {', '.join(EVALUATORS)}")
        self._change_days = change_days(rulebook)
        self._periods: dict[int, Period] = {}
        self._others: dict[str, Evaluator] = {}
        if "durable" in self.evaluators:
            from oversight_engine.evaluators.durable import DurableEvaluator

            self._others["durable"] = DurableEvaluator(rulebook)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what the evaluators hold.

        An engine that was to ask any but the reference raises EvaluatorError from then on.
        """
        for evaluator in self._others.values():
            evaluator.close()

    def decide(self, case: Case, *, as_of: datetime.date | None = None) -> Decision:
        """Decide *case*.

        Args:
            case: the facts of one system.
            as_of: the date of the decision, where it is not the case's own.

        Raises:
            NotInForceError: the rulebook does not hold on that date.
            ParameterNeededError: a parameter that it requires has no value on that date.
            CohortMismatchError: the cohort values are of another date.
            InputError: the case states what this rulebook does not declare, or out of range.
            DisagreementError: two evaluators differ.
        """
        day = as_of or case.as_of
        if not is_day(day):
            raise InputError(f"the date of a decision is a day, and {day!r} is not")
        refuse_day(self.rulebook, day)
        if self.cohort is not None and day != self.cohort.day:
            raise CohortMismatchError(
                f"the cohort values are of {self.cohort.day}, and the decision is of {day}"
            )
        faults = find_faults(self.rulebook, case, day)
        if faults:
            raise InputError(f"{case.place or case.system.code}: " + "; ".join(faults))
        period = self._period(day)
        readings = read_facts(case, day, period)
        known = {fact.id: value for fact, _, value, _, _ in readings if value is not None}
        trace = semantics.evaluate(period.in_force, known, day)
        verdict = combine(period.in_force, trace.rules)
        remarks: list[str] = []
        for name, evaluator in self._others.items():
            other = evaluator.evaluate(period.in_force, known, day)
            _compare(period.in_force, trace, name, other, verdict)
            remarks += [f"{name}: {remark}" for remark in other.remarks]
        attestation = Attestation(__version__, self.evaluators, tuple(remarks), self.certificate)
        return assemble(case, day, period, readings, trace, verdict, attestation)

    def _period(self, day: datetime.date) -> Period:
        number = bisect.bisect_right(self._change_days, day)
        period = self._periods.get(number)
        if period is None:
            in_force = find_in_force(self.rulebook, day, self.cohort)
            period = self._periods[number] = prepare(in_force, self.cohort)
        return period


def decide(
    rulebook: Rulebook,
    case: Case,
    *,
    as_of: datetime.date | None = None,
    cohort: CohortValues | None = None,
    evaluators: Iterable[str] = EVALUATORS,
) -> Decision:
    """Decide one *case* under *rulebook*; for many cases keep an `Engine`.

    Raises what `Engine` and `Engine.decide` raise.
    """
    with Engine(rulebook, cohort=cohort, evaluators=evaluators) as engine:
        return engine.decide(case, as_of=as_of)


def _compare(
    in_force: InForce, reference: Trace, name: str, other: Trace, verdict: Verdict
) -> None:
    differences = find_differences(in_force, reference, other, verdict.outcome)
    if differences:
        more = len(differences) - MOST_TOLD
        raise DisagreementError(
            f"reference and {name} disagree: "
            + "; ".join(differences[:MOST_TOLD])
            + (f"; and {more} more" if more > 0 else ""),
            traces={"reference": reference, name: other},
            differences=differences,
        )


def find_differences(
    in_force: InForce, reference: Trace, other: Trace, outcome: str | None
) -> tuple[str, ...]:
    """Return, in words, where *other* differs from *reference* and the *outcome* it leads to."""
    found: list[str] = []

    def note(what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            found.append(f"{what}: {_said(ours)} against {_said(theirs)}")

    for kind in ("finding", "rule", "consequence"):
        ours, theirs = getattr(reference, kind + "s"), getattr(other, kind + "s")
        if ours != theirs:
            for key in sorted({*ours, *theirs}):
                note(f"{kind} {key}", ours.get(key), theirs.get(key))
    if reference.leaves != other.leaves:
        for (kind, key), where in in_force.owners.items():
            rows = in_force.leaves[where], reference.leaves[where], other.leaves[where]
            for leaf, ours, theirs in zip_longest(*rows):
                note(f"{kind} {key}, `{leaf.text}`", ours, theirs)
    note("decision", outcome or REFERRAL, other.label)
    return tuple(found)


def _said(truth_or_value: object) -> str:
    if isinstance(truth_or_value, Truth):
        return truth_or_value.value
    return "nothing" if truth_or_value in (None, "") else str(truth_or_value)


def refuse_day(rulebook: Rulebook, day: datetime.date) -> None:
    """Refuse a *day* on which *rulebook* decides nothing.

    Raises:
        NotInForceError: it does not hold on that day.
        ParameterNeededError: a parameter that it requires has no value on that day.
    """
    if day not in rulebook.span:
        end = f" to {rulebook.span.end}" if rulebook.span.end else ""
        raise NotInForceError(
            f"the rulebook {rulebook.id} {rulebook.version} is in force from "
            f"{rulebook.span.start}{end}, not on {day}"
        )
    missing = [p for p in rulebook.parameters if p.required and p.on(day) is None]
    if missing:
        raise ParameterNeededError(
            f"the rulebook {rulebook.id} {rulebook.version} decides nothing on {day}: no value is "
            f"known for {', '.join(parameter.id for parameter in missing)}; a reform can supply "
            "what is missing",
            problems=[f"{parameter.id}: {parameter.title}" for parameter in missing],
        )


def _check_cohort(rulebook: Rulebook, cohort: CohortValues | None) -> None:
    if cohort is None:
        if rulebook.cohort is None:
            return
        raise CohortNeededError(
            f"the rulebook {rulebook.id} judges a case among others ({rulebook.cohort.title}), "
            "and no cohort values are given"
        )
    reform = rulebook.reform.digest if rulebook.reform is not None else ""
    if cohort.rulebook != rulebook.digest:
        raise CohortMismatchError(
            f"the cohort values are for the rulebook {cohort.rulebook}, and {rulebook.id} is "
            f"{rulebook.digest}"
        )
    if cohort.reform != reform:
        raise CohortMismatchError(
            f"the cohort values are {_under(cohort.reform)}, and the rulebook is {_under(reform)}"
        )


def _under(reform: str) -> str:
    return f"under the reform {reform}" if reform else "under no reform"
