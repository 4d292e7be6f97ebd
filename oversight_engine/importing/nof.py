"""What NHS England's long CSV files of the NHS Oversight Framework say about trusts."""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from attrs import field, frozen

from oversight_engine.explanation.wording import say_few
from oversight_engine.importing.importer import Imported, ImportedCohort, Use, UsedRows
from oversight_engine.language.cases import fault_of_code
from oversight_engine.language.forms import read_choice, read_number, read_text
from oversight_engine.language.problems import Place, Problems, TooManyProblemsError
from oversight_engine.language.sheets import Row, read_sheet
from oversight_engine.model.case import Case, StatedFact, System, Value
from oversight_engine.model.number import Exact, scaled
from oversight_engine.model.published import TAKEN_AS_GIVEN, PublishedCell
from oversight_engine.model.rulebook import Fact, Rulebook, Span
from oversight_engine.model.validity import fault_of_value

NEEDED = (
    "Quarter", "Region", "Trust_type", "Trust_code", "Trust_name", "Metric_ID",
    "Metric_description", "Reporting_date", "Units", "Value",
)  # fmt: skip
OTHERS = (
    "Trust_subtype", "Domain", "Sub-domain", "Median_value", "Lower_quartile", "Upper_quartile",
    "Rank",
)  # fmt: skip

GROUPS = ("Acute trust", "Ambulance trust", "Mental health and community trust")
"""The kinds of trust among which the framework takes its quartiles, all of them together."""

DAYS = {"Q1 2025/26": datetime.date(2025, 9, 9), "Q2 2025/26": datetime.date(2025, 12, 11)}
"""When a decision on a quarter is dated. The first is the day on which it was published."""
CHOSEN = {"Q2 2025/26"}
"""Quarters whose day of publication we do not know: a day after it is chosen."""

AVERAGE = "OF5002"
"""It enters a case only where none of the scores does of which it is the mean."""
FINAL = "OF5005"
"""The last thing the framework says of a trust, which every trust has."""

_QUARTER = re.compile(r"Q([1-4]) (20[0-9]{2})/([0-9]{2})")
_METRIC = re.compile(r"OF[0145][0-9]{3}")
_SCORE = re.compile(r"OF1[0-9]{3}")


@frozen
class Kind:
    """What the values of a metric can be.

    Attributes:
        zero_is_missing: the publication writes 0 where there is no score.
    """

    least: int
    most: int
    decimals: int
    zero_is_missing: bool


KINDS = {
    "score": Kind(1, 4, 2, zero_is_missing=True),
    "segment": Kind(1, 5, 0, zero_is_missing=True),
    "flag": Kind(0, 1, 0, zero_is_missing=False),
}
"""By unit. What has another unit is the value of a metric, and any number."""


class NofImporter:
    """Reads the quarterly files of every kind of trust, in any order."""

    name: ClassVar[str] = "nof"
    reads: ClassVar[str] = (
        "NHS England's long CSV files of the NHS Oversight Framework: one row for each trust and "
        "metric."
    )
    rulebook: ClassVar[str] = "nof-2025-26"

    def read(
        self, files: Sequence[Path], rulebook: Rulebook, as_of: datetime.date | None
    ) -> Imported:
        """Return what the *files* say to *rulebook*, a cohort for each quarter."""
        reading = _Reading(rulebook, as_of)
        try:
            for path in files:
                reading.read(path)
            reading.check()
        except TooManyProblemsError:
            pass  # the problems say so themselves
        quarters = [q for _, q in sorted(reading.quarters.items()) if q is not None and q.trusts]
        return Imported(
            cohorts=tuple(_Gathering(reading, quarter).cohort() for quarter in quarters),
            rows_read=reading.rows_read,
            rows_used=tuple(
                UsedRows(*key, number=number) for key, number in sorted(reading.used.items())
            ),
            problems=reading.problems,
        )


@frozen
class _Trust:
    """What a row says of its trust, and where."""

    name: str
    region: str
    group: str
    place: Place = field(eq=False)


@frozen
class _Entry:
    """A sound row that has a value."""

    value: Exact
    kind: Kind | None
    row: Row

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{Path(self.row.place.file).name}:{self.row.line}"


@frozen
class _Quarter:
    """What was read of one quarter.

    Attributes:
        day: the date of the decisions.
        entries: by trust, then by metric.
    """

    name: str
    span: Span
    day: datetime.date
    trusts: dict[str, _Trust] = field(factory=dict)
    entries: dict[str, dict[str, _Entry]] = field(factory=lambda: defaultdict(dict))

    @property
    def label(self) -> str:
        """Its name as it may be part of a file's."""
        return re.sub("[ /]", "-", self.name.lower())


class _Reading:
    """The rows of all files, by quarter; problems are noted on the way."""

    def __init__(self, rulebook: Rulebook, as_of: datetime.date | None) -> None:
        self.problems = Problems()
        self.quarters: dict[str, _Quarter | None] = {}
        self.rows_read: dict[str, int] = {}
        self.used: Counter[tuple[str, str, str, Use]] = Counter()
        self._rulebook = rulebook
        self._findings = {finding.id for finding in rulebook.findings}
        self._as_of = as_of
        self._places: dict[tuple[str, str, str], Place] = {}
        self._unknown: set[tuple[str, str]] = set()

    def read(self, path: Path) -> None:
        """Read the file at *path*."""
        rows = read_sheet(path, NEEDED, self.problems, others=OTHERS)
        self.rows_read[str(path)] = self.rows_read.get(str(path), 0) + len(rows)
        for row in rows:
            use = self._read_row(row)
            if use is not None:
                self.note_use(row, use)

    def note_use(self, row: Row, use: Use) -> None:
        """Note what became of *row*."""
        self.used[row.place.file, row["Metric_ID"], row["Metric_description"], use] += 1

    def fact(self, metric: str) -> Fact | None:
        """Return the fact that states *metric*, if the rulebook declares one."""
        for fact_id in (metric.lower(), TAKEN_AS_GIVEN + metric.lower()):
            if self._rulebook.has_fact(fact_id):
                return self._rulebook.fact(fact_id)
        return None

    def is_finding(self, metric: str) -> bool:
        """Say whether the rulebook computes *metric*."""
        return metric.lower() in self._findings

    def _read_row(self, row: Row) -> Use | None:
        """Keep *row* if it has a value that is of use, or return what else becomes of it.

        None means that it is kept, or left out with a problem.
        """
        quarter = self._quarter(row)
        if quarter is None or not self._is_sound(row, quarter):
            return None
        metric = row["Metric_ID"]
        if not _METRIC.fullmatch(metric):
            return self._warn_of(row, "the framework has no metric of such an id")
        if not row["Value"]:
            return "no value"
        kind = KINDS.get(row["Units"].casefold())
        value = self._value(row, kind)
        if value is None:
            return None
        if value == 0 and kind is not None and kind.zero_is_missing:
            return "no value"
        if self.fact(metric) is None and not self.is_finding(metric):
            if _SCORE.fullmatch(metric):
                return self._warn_of(row, f"{self._rulebook.id} knows no such score")
            return "contextual"
        if self._fits(row, value):
            quarter.entries[row["Trust_code"]][metric] = _Entry(value, kind, row)
        return None

    def _quarter(self, row: Row) -> _Quarter | None:
        """Return the quarter of *row*, or None; why there is none is said at its first row."""
        name = row["Quarter"]
        if name not in self.quarters:
            self.quarters[name] = self._new_quarter(name, row.scalar("Quarter").place)
        return self.quarters[name]

    def _new_quarter(self, name: str, place: Place) -> _Quarter | None:
        match = _QUARTER.fullmatch(name)
        if match is None or (int(match[2]) + 1) % 100 != int(match[3]):
            self.problems.add(
                "unknown-period", place, "this is no quarter of a financial year", got=name,
                help="a quarter is written as in Q1 2025/26",
            )  # fmt: skip
            return None
        first, last = _months(int(match[1]), int(match[2]))
        day = self._as_of or DAYS.get(name)
        if day is None:
            self.problems.add(
                "no-date", place, f"when {name} was published is not known here", got=name,
                help="say the date of the decisions with --as-of",
            )  # fmt: skip
            return None
        if day < last:
            self.problems.add(
                "as-at-too-late", place, f"{name} ends after the date of the decision, {day}",
                got=name,
            )  # fmt: skip
            return None
        return _Quarter(name, Span(first, last), day)

    def _is_sound(self, row: Row, quarter: _Quarter) -> bool:
        """Say whether *row* speaks of one trust, as other rows do, and for the first time."""
        before = len(self.problems)
        code = read_text(row.scalar("Trust_code"), "the code of the trust", self.problems)
        name = read_text(row.scalar("Trust_name"), "the name of the trust", self.problems)
        group = read_choice(
            row.scalar("Trust_type"), "the type of the trust", self.problems, GROUPS
        )
        if code is None or name is None or group is None:
            return False
        identifier = self._rulebook.identifier
        fault = fault_of_code(code, identifier) if identifier is not None else ""
        if fault:
            self.problems.add("bad-identifier", row.scalar("Trust_code").place, fault, got=code)
        trust = _Trust(name, row["Region"], group, row.place)
        known = quarter.trusts.setdefault(code, trust)
        if known != trust:
            self.problems.add(
                "conflicting-rows", row.scalar("Trust_name").place,
                f"{code} is {known.name}, {known.region}, {known.group} at {known.place}",
                got=f"{name}, {trust.region}, {trust.group}",
            )  # fmt: skip
        key = quarter.name, code, row["Metric_ID"]
        if key in self._places:
            self.problems.add(
                "duplicate-row", row.scalar("Metric_ID").place,
                f"{code} has this metric already, at {self._places[key]}",
                got=row["Metric_ID"], help="keep one",
            )  # fmt: skip
        self._places.setdefault(key, row.place)
        return len(self.problems) == before

    def _warn_of(self, row: Row, message: str) -> Use:
        """Warn once in each file of a metric that nothing reads; all its rows are counted."""
        metric = row["Metric_ID"]
        if (row.place.file, metric) not in self._unknown:
            self._unknown.add((row.place.file, metric))
            self.problems.add(
                "unknown-metric", row.scalar("Metric_ID").place, message, got=metric,
                help=self.problems.did_you_mean(metric, [name.upper() for name in self._findings]),
            )  # fmt: skip
        return "unknown metric"

    def _value(self, row: Row, kind: Kind | None) -> Exact | None:
        """Return the value of *row*, or None with a problem where its kind cannot have it."""
        scalar = row.scalar("Value")
        value = read_number(scalar, "the value", self.problems)
        if value is None or kind is None or (value == 0 and kind.zero_is_missing):
            return value
        if scaled(value, kind.decimals) is not None and kind.least <= value <= kind.most:
            return value
        whole = "" if kind.decimals else "a whole number "
        self.problems.add(
            "impossible-value", scalar.place,
            f"a {row['Units'].casefold()} is {whole}from {kind.least} to {kind.most}",
            got=scalar.text, help="compare the row with the source",
        )  # fmt: skip
        return None

    def _fits(self, row: Row, value: Exact) -> bool:
        """Say whether the fact that states *value* can have it, and note the problem if not."""
        fact = self.fact(row["Metric_ID"])
        fault = fault_of_value(fact, value) if fact is not None and fact.type == "number" else ""
        if fact is not None and fault:
            is_in_place = scaled(value, fact.decimals) is not None
            self.problems.add(
                "out-of-range" if is_in_place else "too-many-decimals", row.scalar("Value").place,
                f"`{fact.id}`: {fault}", got=row["Value"],
            )  # fmt: skip
        return not fault

    def check(self) -> None:
        """Warn of trusts of which the last thing that is said of a trust is not said."""
        for quarter in filter(None, self.quarters.values()):
            missing: dict[str, list[str]] = defaultdict(list)
            for code, trust in sorted(quarter.trusts.items()):
                if FINAL not in quarter.entries[code]:
                    missing[trust.place.file].append(code)
            for file, codes in missing.items():
                self.problems.add(
                    "incomplete-publication", Place(file),
                    f"{FINAL} of {quarter.name} is missing for {say_few(codes)}",
                    help="if the source has it, the file was cut; download it again",
                )  # fmt: skip


def _months(number: int, year: int) -> tuple[datetime.date, datetime.date]:
    """Return the first and the last day of a quarter; the financial year begins in *year*."""
    first = datetime.date(year + number // 4, (3 * number) % 12 + 1, 1)
    after = (first + datetime.timedelta(days=100)).replace(day=1)
    return first, after - datetime.timedelta(days=1)


# From rows to cases


class _Gathering:
    """The cases and cells of one quarter."""

    def __init__(self, reading: _Reading, quarter: _Quarter) -> None:
        self.reading = reading
        self.quarter = quarter
        self._source = f"NHS England, NHS Oversight Framework, trust data for {quarter.name}"
        present = {trust.group for trust in quarter.trusts.values()}
        self._absent = tuple(group for group in GROUPS if group not in present)

    def cohort(self) -> ImportedCohort:
        cases = []
        cells: list[PublishedCell] = []
        for code in sorted(self.quarter.trusts):
            entries = self.quarter.entries[code]
            stated = {
                metric: entry
                for metric, entry in entries.items()
                if self.reading.fact(metric) is not None
                and not (metric == AVERAGE and any(map(_SCORE.fullmatch, entries)))
            }
            compared = {
                metric: entry
                for metric, entry in entries.items()
                if self.reading.is_finding(metric) and not (metric == AVERAGE and metric in stated)
            }
            for metric, entry in entries.items():
                self.reading.note_use(entry.row, _use(metric, stated, compared))
            cases.append(self._case(code, stated))
            cells += (self._cell(code, *each) for each in sorted(compared.items()))
        return ImportedCohort(self.quarter.label, tuple(cases), tuple(cells))

    def _case(self, code: str, stated: Mapping[str, _Entry]) -> Case:
        trust = self.quarter.trusts[code]
        facts = {}
        for metric, entry in sorted(stated.items()):
            fact = self.reading.fact(metric)
            assert fact is not None, "what is stated is a fact"
            value: Value = bool(entry.value) if fact.type == "boolean" else entry.value
            note = f"{entry.row['Reporting_date']}; {entry.place}"
            facts[fact.id] = StatedFact(value, self._source, self.quarter.span.end, note=note)
        return Case(
            System(code, trust.name, trust.region),
            self.quarter.day,
            facts,
            self.quarter.span,
            about=" ".join(self._remarks(stated)),
            place=str(trust.place),
        )

    def _remarks(self, stated: Mapping[str, _Entry]) -> Iterator[str]:
        if AVERAGE in stated:
            yield "No metric score is at hand: the average enters as it was published."
        if self.quarter.name in CHOSEN and self.quarter.day == DAYS[self.quarter.name]:
            yield "The date is chosen: the day of publication is not known here."

    def _cell(self, code: str, metric: str, entry: _Entry) -> PublishedCell:
        return PublishedCell(
            code=code,
            period=self.quarter.span,
            metric=metric.lower(),
            value=entry.value,
            decimals=entry.kind.decimals if entry.kind is not None else 0,
            group=self.quarter.trusts[code].group,
            absent=self._absent,
            source=entry.place,
        )


def _use(metric: str, stated: Mapping[str, _Entry], compared: Mapping[str, _Entry]) -> Use:
    if metric not in compared:
        return "fact"
    return "fact and compared" if metric in stated else "compared"
