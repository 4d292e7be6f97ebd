"""What a cohort gives a rulebook: parameters and step tables, computed once from all members."""

from __future__ import annotations

import datetime
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from attrs import frozen

from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact, written
from oversight_engine.model.rulebook import Rulebook

COHORT_FORMAT = "oversight-cohort/1"


@frozen(eq=False, repr=False)
class StepTable(Noun):
    """From a number to its score, as the members of a cohort make it.

    Attributes:
        better: which numbers are better.
        steps: numbers and their scores, the numbers ascending and each there once.
        otherwise: the score of a number that is worse than every one listed.
    """

    better: Literal["higher", "lower"]
    steps: tuple[tuple[Exact, Exact], ...]
    otherwise: Exact

    def score(self, number: Exact) -> Exact:
        """Return the score of the best listed number that is no better than *number*."""
        scale, numbers = self._scaled
        shifted = number.numerator * scale
        if self.better == "higher":
            place = bisect_right(numbers, shifted // number.denominator) - 1
        else:
            place = bisect_left(numbers, -(-shifted // number.denominator))
        return self.steps[place][1] if 0 <= place < len(numbers) else self.otherwise

    @cached_property
    def _scaled(self) -> tuple[int, list[int]]:
        """The listed numbers times what makes them all whole: whole ones compare fast."""
        scale = math.lcm(*(number.denominator for number, _ in self.steps))
        return scale, [int(number * scale) for number, _ in self.steps]

    @property
    def scores(self) -> tuple[Exact, ...]:
        """Every score it can give."""
        return (self.otherwise, *(score for _, score in self.steps))

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the canonical form: what identifies the table."""
        from oversight_engine.model.plain import digest

        return digest(table_data(self))


@frozen(eq=False, repr=False)
class Excluded(Noun):
    """A case that is no member of the cohort, and why."""

    code: str
    because: str


@frozen(eq=False, repr=False)
class CohortValues(Noun):
    """What a rulebook takes from one cohort on one day.

    Attributes:
        rulebook: the digest of the rulebook that asked for them.
        reform: the digest of the reform it was under, or empty.
        members: the codes of the members, sorted.
        excluded: by code.
        parameters: by id; one for which no member had a value is not there.
        steps: by the id of the ranked finding.
        left_out: by the id of a parameter or ranked finding, for how many members it is unknown;
            those for which it is known for all are not there.
    """

    rulebook: str
    day: datetime.date
    members: tuple[str, ...]
    excluded: tuple[Excluded, ...] = ()
    parameters: Mapping[str, Exact] = {}
    steps: Mapping[str, StepTable] = {}
    left_out: Mapping[str, int] = {}
    reform: str = ""

    @cached_property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the canonical form: what identifies the values."""
        from oversight_engine.model.plain import digest

        return digest(cohort_data(self))


def some_cohort(rulebook: Rulebook, day: datetime.date) -> CohortValues:
    """Return values of no cohort in particular: for asking what is in force once there is one."""
    anything = StepTable("higher", (), 0)
    return CohortValues(
        rulebook=rulebook.digest,
        day=day,
        members=(),
        parameters={p.id: 0 for p in rulebook.parameters if p.cohort is not None},
        steps={f.id: anything for f in rulebook.findings if f.ranked is not None},
    )


def table_data(table: StepTable) -> dict[str, Any]:
    """Return *table* as plain data."""
    return {
        "better": table.better,
        "steps": [[written(number), written(score)] for number, score in table.steps],
        "otherwise": written(table.otherwise),
    }


def cohort_data(values: CohortValues) -> dict[str, Any]:
    """Return *values* as plain data; each step table is there once, under its digest."""
    data: dict[str, Any] = {
        "format": COHORT_FORMAT,
        "rulebook": values.rulebook,
        "as_of": values.day.isoformat(),
        "members": list(values.members),
        "excluded": [{"code": each.code, "because": each.because} for each in values.excluded],
        "parameters": {id_: written(values.parameters[id_]) for id_ in sorted(values.parameters)},
        "scores": {id_: values.steps[id_].digest for id_ in sorted(values.steps)},
        "tables": {
            table.digest: table_data(table)
            for table in sorted(values.steps.values(), key=lambda table: table.digest)
        },
        "left_out": {id_: values.left_out[id_] for id_ in sorted(values.left_out)},
    }
    return data | ({"reform": values.reform} if values.reform else {})
