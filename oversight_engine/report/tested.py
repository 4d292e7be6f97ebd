"""What came of the tests of rulebooks: passed or not, what they show, what they would notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from attrs import frozen

from oversight_engine.analysis.coverage import Coverage, Uncovered
from oversight_engine.analysis.missing_tests import Proposed
from oversight_engine.analysis.mutants import MutationRun
from oversight_engine.analysis.mutations import HOWS, Mutant
from oversight_engine.analysis.rulebook_tests import Result
from oversight_engine.explanation.page import Block, Headline, Line, Page, Table, section
from oversight_engine.explanation.wording import say_count
from oversight_engine.model.noun import Noun
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.report.listing import identity_data

TESTED_FORMAT = "oversight-tested/1"
HUNDRED = 1000
"""All of it, in tenths of a percent."""

COUNTED = {
    "outcomes": "outcomes and the referral",
    "rules": "rules, true and false",
    "leaves": "conditions, true, false and unknown",
    "conditions": "conditions, either side deciding",
}
"""What coverage counts, in words."""

IN_WORDS = {
    "threshold": "a threshold moved by one unit",
    "strictness": "a comparison made strict, or not",
    "dropped": "a condition or rule dropped",
    "value": "a table's value moved",
    "outcome": "an outcome moved along the scale",
    "if_unknown": "if_unknown changed",
    "when_unless": "when and unless swapped",
}
"""The changes of a mutation run, in words."""


@frozen(eq=False, repr=False)
class Tested(Noun):
    """A rulebook whose tests were run.

    Attributes:
        results: one for each test, in the order of the files.
        coverage, mutation: None where nobody asked, or a test fails.
        proposed: tests that are missing, where they were asked for.
        missing: for how many things no test was found.
        threshold: the least share that is wanted, in tenths of a percent; None for none.
    """

    rulebook: Rulebook
    results: tuple[Result, ...]
    coverage: Coverage | None = None
    mutation: MutationRun | None = None
    proposed: tuple[Proposed, ...] = ()
    not_found: int = 0
    threshold: int | None = None

    @property
    def failed(self) -> tuple[Result, ...]:
        """The tests that fail."""
        return tuple(result for result in self.results if result.failures)

    @property
    def shortfalls(self) -> tuple[str, ...]:
        """Each share, in words, that is below the threshold."""
        if self.threshold is None:
            return ()
        shares = []
        if self.coverage is not None:
            shares.append(("conditions shown on either side", tenths(*self.coverage.of_conditions)))
        if self.mutation is not None:
            shares.append(("changes noticed", self.mutation.tenths))
        return tuple(
            f"{what}: {percent(share)}, and at least {percent(self.threshold)} are wanted"
            for what, share in shares
            if share < self.threshold
        )

    @property
    def is_well(self) -> bool:
        """Whether every test passes and no share is below the threshold."""
        return not self.failed and not self.shortfalls


def tenths(part: int, whole: int) -> int:
    """Return the share in tenths of a percent, rounded down; all of none."""
    return HUNDRED * part // whole if whole else HUNDRED


def percent(share: int) -> str:
    """Return a share given in tenths of a percent, as `98.1%` or `100%`."""
    whole, tenth = divmod(share, 10)
    return f"{whole}.{tenth}%" if tenth else f"{whole}%"


# A page


def tested_page(tested: Sequence[Tested]) -> Page:
    """Return what came of the tests of each rulebook, for people."""
    return Page(tuple(block for one in tested for block in _blocks(one)))


def _blocks(one: Tested) -> Iterator[Block]:
    book, failed = one.rulebook, one.failed
    number = say_count(len(one.results), "test")
    said = f"{len(failed)} of {number} failed" if failed else f"{number} passed"
    yield Headline(
        f"{book.id} {book.version}: {said}",
        "harshest" if not one.is_well else "plain",
        (book.title,),
        one.shortfalls,
    )
    for result in failed:
        where = f"{result.test.name} ({result.test.place})"
        yield from section(where, [Line(each, 0, "fault") for each in result.failures])
    if one.coverage is not None:
        yield from _of_coverage(one.coverage)
    if one.mutation is not None:
        yield from _of_mutation(one.mutation)
    if one.proposed or one.not_found:
        yield from section("Tests that are missing", map(_proposed, one.proposed))
        if one.not_found:
            text = f"For {one.not_found} of what is not shown no test was found."
            yield from section("Not found", [Line(text, 0, "warning")])


def _of_coverage(coverage: Coverage) -> Iterator[Block]:
    rows = tuple(
        (
            words,
            str(coverage.shown(what)),
            str(coverage.totals[what]),
            percent(tenths(coverage.shown(what), coverage.totals[what])),
        )
        for what, words in COUNTED.items()
    )
    yield Table("What the tests show", ("what", "shown", "of", "share"), rows)
    for what in ("outcomes", "rules", "conditions"):
        lines = [Line(_uncovered(each), 0, "warning") for each in coverage.uncovered[what]]
        yield from section(f"Not shown: {COUNTED[what]}", lines)
    if coverage.never:
        yield from section("In force on no day", [Line(n, 0, "item") for n in coverage.never])


def _uncovered(each: Uncovered) -> str:
    if each.truth is None:
        return each.id
    return f"{each.place}: {each.kind} {each.id}: `{each.text}` {each.truth.value}"


def _of_mutation(run: MutationRun) -> Iterator[Block]:
    rows = [
        (
            IN_WORDS[how],
            str(sum(each.mutant.how == how for each in run.noticed)),
            str(sum(each.mutant.how == how for each in run.equivalent)),
            str(sum(mutant.how == how for mutant in run.survivors)),
        )
        for how in HOWS
    ]
    rows.append(
        (
            "all",
            str(len(run.noticed)),
            str(len(run.equivalent)),
            str(len(run.survivors)),
        )
    )
    columns = ("small change", "noticed", "equivalent", "survived")
    title = f"What the tests would notice: {percent(run.tenths)} of {run.asked:,} changes"
    yield Table(title, columns, tuple(rows))
    lines = [Line(f"{_mutant(e.mutant)}: {e.because}", 0, "item") for e in run.equivalent]
    yield from section("Equivalent: proved to make no difference", lines)
    survivors = [Line(_mutant(mutant), 0, "warning") for mutant in run.survivors]
    yield from section("Survived: noticed by no test", survivors)


def _mutant(mutant: Mutant) -> str:
    where = "" if mutant.where == mutant.id else f" in `{mutant.where}`"
    return f"{mutant.place}: {mutant.kind} {mutant.id}: {mutant.change}{where}"


def _proposed(proposed: Proposed) -> Line:
    outcome = proposed.test.expected.outcome.replace("_", " ")
    return Line(f"{proposed.test.name} ({outcome}): {proposed.shows}", 0, "item")


# JSON


def tested_data(tested: Sequence[Tested]) -> Plain:
    """Return what came of the tests as plain data."""
    return {"format": TESTED_FORMAT, "rulebooks": [_data(one) for one in tested]}


def _data(one: Tested) -> Plain:
    data: Plain = {
        "rulebook": identity_data(one.rulebook),
        "well": one.is_well,
        "tests": [
            {
                "name": result.test.name,
                "place": result.test.place,
                "outcome": result.decision.label,
                "passed": not result.failures,
                "failures": list(result.failures),
            }
            for result in one.results
        ],
        "shortfalls": list(one.shortfalls),
    }
    if one.coverage is not None:
        data["coverage"] = {
            what: {
                "shown": one.coverage.shown(what),
                "of": one.coverage.totals[what],
                "not_shown": [_uncovered_data(each) for each in one.coverage.uncovered[what]],
            }
            for what in COUNTED
        }
    if one.mutation is not None:
        run = one.mutation
        data["mutation"] = {
            "noticed": len(run.noticed),
            "of": run.asked,
            "equivalent": [
                _mutant_data(each.mutant) | {"because": each.because} for each in run.equivalent
            ],
            "survivors": [_mutant_data(mutant) for mutant in run.survivors],
        }
    if one.proposed or one.not_found:
        data["missing"] = {
            "proposed": [
                {
                    "name": each.test.name,
                    "begins_with": each.seed.test.name,
                    "shows": each.shows,
                    "outcome": each.test.expected.outcome,
                }
                for each in one.proposed
            ],
            "not_found": one.not_found,
        }
    return data


def _uncovered_data(each: Uncovered) -> Plain:
    return {
        "kind": each.kind,
        "id": each.id,
        "condition": each.text if each.what == "condition" else None,
        "truth": each.truth.value if each.truth is not None else None,
        "place": each.place,
    }


def _mutant_data(mutant: Mutant) -> Plain:
    return {
        "how": mutant.how,
        "kind": mutant.kind,
        "id": mutant.id,
        "where": mutant.where,
        "change": mutant.change,
        "place": mutant.place,
    }


# JUnit


def junit(tested: Sequence[Tested]) -> bytes:
    """Return what came of the tests in the XML that build servers read."""
    root = ElementTree.Element("testsuites", name="oversight test")
    for one in tested:
        shortfalls = one.shortfalls
        count = len(one.results) + len(shortfalls)
        failed = len(one.failed) + len(shortfalls)
        suite = ElementTree.SubElement(
            root, "testsuite",
            name=one.rulebook.id, tests=str(count), failures=str(failed), errors="0", skipped="0",
        )  # fmt: skip
        for result in one.results:
            _element(suite, result.test.place.partition(":")[0], result.test.name, result.failures)
        for shortfall in shortfalls:
            _element(suite, one.rulebook.id, "threshold", (shortfall,))
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _element(suite: ElementTree.Element, file: str, name: str, failures: Sequence[str]) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=file, name=name)
    if failures:
        failure = ElementTree.SubElement(case, "failure", message=failures[0])
        failure.text = "\n".join(failures)
