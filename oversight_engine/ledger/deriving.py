"""Decisions derived again from what a ledger holds, under what it recorded them under."""

from __future__ import annotations

import bisect
import datetime
import json
from collections.abc import Callable, Mapping, Sequence

from oversight_engine import semantics
from oversight_engine.assembly import prepare
from oversight_engine.engine import MOST_TOLD, Engine, refuse_day
from oversight_engine.errors import (
    CohortMismatchError,
    DisagreementError,
    IntegrityError,
    OversightError,
)
from oversight_engine.evaluators.generated import GeneratedPeriod
from oversight_engine.evaluators.stated import OddCaseError, Question
from oversight_engine.ledger.bulk import Basis
from oversight_engine.ledger.divergence import find_divergences
from oversight_engine.ledger.restoring import (
    restore_case,
    restore_cohort,
    restore_reform,
    restore_rulebook,
)
from oversight_engine.model.cohort import CohortValues
from oversight_engine.model.in_force import InForce, change_days, find_in_force
from oversight_engine.model.plain import Plain
from oversight_engine.model.recorded import recorded_bytes
from oversight_engine.model.rulebook import Rulebook

GENERATED = "generated"
"""The evaluator that derives decisions fastest; some are derived by the reference as well."""
CHECKED_EVERY = 1000
"""Of so many decisions by generated code one is derived by the reference too, the first always."""

Engines = Callable[..., Engine]

SEMANTICS: Mapping[int, Engines] = {semantics.VERSION: Engine}
"""What derives the decisions of each version of the semantics; none is ever taken away."""

Find = Callable[[str], bytes]
"""Returns the object of a digest; raises IntegrityError where there is none."""


class Deriver:
    """Derives decisions under one rulebook, reform and cohort, in one version of the semantics.

    Attributes:
        rulebook: under the reform, if there was one.
        remembers: whether it takes facts from earlier decisions.
        checked: how many decisions of generated code were derived by the reference too.
        by_reference: how many were left to the reference altogether.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        cohort: CohortValues | None = None,
        *,
        version: int = semantics.VERSION,
        evaluators: Sequence[str] = (GENERATED,),
    ) -> None:
        """Make ready.

        Args:
            rulebook: under a reform, where there is one.
            cohort: what was taken from the cohort, where the rulebook declares one.
            version: of the semantics.
            evaluators: `generated`, or those of an `Engine`, which then derive every decision.

        Raises:
            IntegrityError: no such version of the semantics is known.
            EvaluatorUnavailableError: an evaluator cannot run on this machine.
        """
        engines = SEMANTICS.get(version)
        if engines is None:
            known = ", ".join(map(str, sorted(SEMANTICS)))
            raise IntegrityError(
                f"it was derived by version {version} of the semantics, and this engine knows "
                f"{known}: a newer one is needed"
            )
        self.rulebook = rulebook
        self.remembers = any(fact.history is not None for fact in rulebook.facts)
        self.cohort = cohort
        self.checked = self.by_reference = 0
        others = [name for name in evaluators if name != GENERATED]
        self._engine = engines(rulebook, cohort=cohort, evaluators=others)
        self._is_generated = GENERATED in evaluators and version == semantics.VERSION
        self._checks_all = bool(others) or not self._is_generated
        self._change_days = change_days(rulebook)
        self._periods: dict[int, GeneratedPeriod] = {}
        self._of_days: dict[str, GeneratedPeriod] = {}
        self._derived = 0

    def close(self) -> None:
        """Give back what evaluators hold."""
        self._engine.close()

    def derive(self, question: Question, case: Callable[[], Plain]) -> bytes:
        """Return the recorded bytes of the decision that answers *question*.

        Args:
            question: as read from an entry that has nothing masked.
            case: returns the case that was decided, as plain data.

        Raises:
            OversightError: what was recorded allows no decision.
            DisagreementError: generated code differs from the reference.
        """
        self._derived += 1
        if not self._checks_all:
            try:
                day = question.day
                period = self._of_days.get(day) or self._period(day)
                generated = period.derive(question)
            except OddCaseError:
                self.by_reference += 1
                return self._by_engine(question, case)
            if self._derived % CHECKED_EVERY == 1:
                self._compare(question, generated, self._by_engine(question, case))
            return generated
        expected = self._by_engine(question, case)
        if self._is_generated:
            # Whatever is odd, the engine has refused.
            self._compare(question, self._period(question.day).derive(question), expected)
        return expected

    def in_force(self, day: str) -> InForce:
        """Return what holds of the rulebook on that *day*."""
        return find_in_force(self.rulebook, datetime.date.fromisoformat(day), self.cohort)

    def _compare(self, question: Question, generated: bytes, expected: bytes) -> None:
        self.checked += 1
        if generated != expected:
            pair = json.loads(expected), json.loads(generated)
            found = tuple(map(str, find_divergences(*pair, self.in_force(question.day))))
            raise DisagreementError(
                f"reference and {GENERATED} disagree on {question.system} on {question.day}: "
                + "; ".join(found[:MOST_TOLD]),
                traces={},
                differences=found,
            )

    def _by_engine(self, question: Question, case: Callable[[], Plain]) -> bytes:
        restored = restore_case(case(), self.rulebook)
        day = datetime.date.fromisoformat(question.day)
        return recorded_bytes(self._engine.decide(restored, as_of=day))

    def _period(self, text: str) -> GeneratedPeriod:
        """Return what was generated for the day with this text, if there is a decision that day."""
        try:
            day = datetime.date.fromisoformat(text)
        except ValueError:
            raise OddCaseError from None
        refuse_day(self.rulebook, day)
        if self.cohort is not None and self.cohort.day != day:
            raise CohortMismatchError(
                f"the cohort values are of {self.cohort.day}, and the decision is of {day}"
            )
        number = bisect.bisect_right(self._change_days, day)
        period = self._periods.get(number)
        if period is None:
            in_force = find_in_force(self.rulebook, day, self.cohort)
            period = self._periods[number] = GeneratedPeriod(prepare(in_force, self.cohort))
        if len(self._of_days) > CHECKED_EVERY:
            self._of_days.clear()
        self._of_days[text] = period
        return period


class Derivers:
    """A deriver for every basis that a ledger has; each is made once.

    Attributes:
        find: gives the objects that they need.
        evaluators: what derives.
    """

    def __init__(self, find: Find, evaluators: Sequence[str]) -> None:
        """Make none yet; *find* gives what they will need."""
        self.find = find
        self.evaluators = tuple(evaluators)
        self._made: dict[Basis, Deriver | OversightError] = {}
        self._rulebooks: dict[str, Rulebook] = {}

    def under(self, basis: Basis) -> Deriver:
        """Return the deriver under that *basis*.

        Raises:
            OversightError: there can be none; the same each time it is asked for.
        """
        found = self._made.get(basis)
        if found is None:
            try:
                found = self._make(basis)
            except OversightError as error:
                found = error
            self._made[basis] = found
        if isinstance(found, OversightError):
            raise found
        return found

    def rulebook(self, digest: str) -> Rulebook:
        """Return the rulebook of that *digest*, under no reform.

        Raises:
            OversightError: it is not there, or is none.
        """
        found = self._rulebooks.get(digest)
        if found is None:
            found = self._rulebooks[digest] = restore_rulebook(self.find(digest), digest)
        return found

    def _make(self, basis: Basis) -> Deriver:
        rulebook = self.rulebook(basis.rulebook)
        if basis.reform:
            rulebook = restore_reform(self.find(basis.reform), rulebook)
        cohort = restore_cohort(self.find(basis.cohort)) if basis.cohort else None
        return Deriver(rulebook, cohort, version=basis.semantics, evaluators=self.evaluators)

    @property
    def checked(self) -> int:
        """How many decisions of generated code were derived by the reference too."""
        return sum(deriver.checked for deriver in self._derivers())

    @property
    def by_reference(self) -> int:
        """How many decisions were left to the reference altogether."""
        return sum(deriver.by_reference for deriver in self._derivers())

    def _derivers(self) -> list[Deriver]:
        return [each for each in self._made.values() if isinstance(each, Deriver)]

    def close(self) -> None:
        """Give back what they hold."""
        for deriver in self._derivers():
            deriver.close()
