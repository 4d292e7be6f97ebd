"""A reform changes numbers on the days that it states, on no other, and a decision says so."""

import datetime
import itertools
import json
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.cohort import compute_cohort
from oversight_engine.engine import Engine, decide
from oversight_engine.errors import (
    CohortMismatchError,
    ExitCode,
    InputError,
    ParameterNeededError,
)
from oversight_engine.language.reforms import examine_reform, read_reform, reform_from_data
from oversight_engine.language.rulebooks import load_rulebook, rulebook_from_data
from oversight_engine.model.decision_form import decision_data
from oversight_engine.model.plain import canonical
from oversight_engine.model.reform import Change, Reform, reform_data, under_reform
from oversight_engine.model.rulebook import Principle, Span
from oversight_engine.model.rulebook_form import rulebook_data
from tests import builders as b
from tests import leagues
from tests.language.bad_files import GOOD

FIRST = datetime.date(2025, 1, 1)


def day(number):
    return FIRST + datetime.timedelta(days=number)


@st.composite
def dated_values(draw, least):
    """Draw values that hold on spans of a few days which do not overlap; the last may be open."""
    cuts = sorted(draw(st.sets(st.integers(0, 20), max_size=6)))
    spans = [Span(day(start), day(end - 1)) for start, end in itertools.pairwise(cuts)]
    if cuts and draw(st.booleans()):
        spans.append(Span(day(cuts[-1]), None))
    kept = [span for span in spans if draw(st.integers(0, 2))]
    return tuple(b.dated(least + n, span.start, span.end) for n, span in enumerate(kept))


def reform_of(*changes, **more):
    return Reform("test-reform", "A reform for a test", "test", changes, **more)


def worth(parameter, on):
    dated = parameter.on(on)
    return None if dated is None else dated.value


@given(dated_values(0), dated_values(100))
def test_on_each_day_the_reforms_value_holds_or_else_the_rulebooks_own(own, new):
    parameter = b.parameter_of("few", *own)
    book = b.rulebook(b.number("a"), parameters=[parameter])

    merged = under_reform(book, reform_of(Change("few", new))).parameter("few")

    for number in range(-2, 25):
        on = day(number)
        reformed = next((v.value for v in new if on in v.span), None)
        assert worth(merged, on) == (reformed if reformed is not None else worth(parameter, on))
    starts = [dated.span.start for dated in merged.values]
    assert starts == sorted(set(starts))
    assert all(v.span.end is None or v.span.start <= v.span.end for v in merged.values)
    # No day has two values.
    for number in range(25):
        assert sum(day(number) in dated.span for dated in merged.values) <= 1


def test_a_value_without_end_is_cut_around_the_reform_and_keeps_its_source():
    book = b.rulebook(b.number("a"), parameters=[b.parameter_of("few", b.dated(1, day(0)))])

    merged = under_reform(book, reform_of(Change("few", (b.dated(2, day(5), day(9)),))))

    spans = [(v.span.start, v.span.end, v.value) for v in merged.parameter("few").values]
    assert spans == [(day(0), day(4), 1), (day(5), day(9), 2), (day(10), None, 1)]
    assert merged.parameter("few").values[2].basis == book.parameter("few").values[0].basis


def test_a_reform_to_the_last_day_there_is_leaves_nothing_after_it():
    book = b.rulebook(b.number("a"), parameters=[b.parameter_of("few", b.dated(1, day(0)))])
    change = Change("few", (b.dated(2, day(5), datetime.date.max),))

    merged = under_reform(book, reform_of(change)).parameter("few").values

    assert [v.value for v in merged] == [1, 2]


def test_a_rulebook_under_a_reform_keeps_its_digest_and_names_the_reform():
    book = b.rulebook(b.number("a"), parameters=[b.parameter_of("few", 1)])
    reform = reform_of(Change("few", (b.dated(2),)))

    reformed = under_reform(book, reform)

    assert reformed.digest == book.digest
    assert reformed != book
    assert (reformed.reform.id, reformed.reform.digest) == ("test-reform", reform.digest)
    with pytest.raises(AssertionError):
        under_reform(reformed, reform)


def test_the_digest_of_a_reform_covers_what_it_changes_and_not_the_order():
    one, other = Change("a", (b.dated(1),)), Change("b", (b.dated(2),))

    assert reform_of(one, other).digest == reform_of(other, one).digest
    assert reform_of(one).digest != reform_of(other).digest
    assert reform_of(one).digest != reform_of(one, pinned="sha256:0").digest
    assert reform_of(one).digest != reform_of(attrs.evolve(one, values=(b.dated(3),))).digest
    assert canonical(reform_data(reform_of(one))) == canonical(reform_data(reform_of(one)))


def test_a_decision_under_a_reform_says_both_what_it_is_by_and_under():
    book = b.rulebook(
        b.number("a"),
        parameters=[b.parameter_of("few", 1)],
        rules=[b.when(b.at_least("a", b.parameter("few")))],
    )
    reform = reform_of(Change("few", (b.dated(5, b.days_before(10), b.DAY),)))
    case = b.case_of(a=3)

    plain = decision_data(decide(book, case))
    data = decision_data(decide(under_reform(book, reform), case))

    assert (plain["outcome"], data["outcome"]) == (b.MIDDLE, b.LIGHT)
    assert "reform" not in plain
    assert data["reform"] == {
        "id": "test-reform", "title": "A reform for a test", "digest": reform.digest,
    }  # fmt: skip
    assert data["rulebook"] == plain["rulebook"]
    assert [p["value"] for p in data["parameters"]] == ["5"]
    assert decide(under_reform(book, reform), case, as_of=b.days_before(-1)).outcome == b.MIDDLE


def test_what_is_required_is_refused_by_name_on_each_day_without_a_value_until_it_is_supplied():
    needed = [
        b.parameter_of("first", required=True),
        b.parameter_of("second", b.dated(1, end=b.days_before(5)), required=True),
        b.parameter_of("third", required=False),
    ]
    book = b.rulebook(b.number("a"), parameters=needed)

    with pytest.raises(ParameterNeededError) as raised:
        decide(book, b.case_of(a=1))

    error = raised.value
    assert error.exit_code is ExitCode.INVALID_RULEBOOK
    assert error.code == "parameter-needed"
    assert "no value is known for first, second;" in str(error)
    assert error.problems == ("first: First", "second: Second")
    with pytest.raises(ParameterNeededError, match="known for first;"):
        decide(book, b.case_of(a=1), as_of=b.days_before(5))
    supplied = reform_of(*(Change(p.id, (b.dated(1),)) for p in needed[:2]))
    assert decide(under_reform(book, supplied), b.case_of(a=1)).outcome == b.LIGHT


def test_cohort_values_are_of_one_reform_and_no_other():
    ranking = leagues.Ranked("higher", leagues.constant(1), b.formula(b.parameter("worst")))
    book = b.rulebook(
        b.number("a"),
        parameters=[b.parameter_of("worst", 4)],
        findings=[leagues.ranked("score", "a", ranking)],
        cohort=leagues.cohort_of(),
    )
    reformed = under_reform(book, reform_of(Change("worst", (b.dated(10),))))
    cases = [b.case_of(code=code, a=n) for n, code in enumerate(("QA", "QB"))]
    plain, other = (compute_cohort(each, cases, b.DAY) for each in (book, reformed))

    assert (plain.reform, other.reform) == ("", reformed.reform.digest)
    assert plain.steps["score"].score(0) == 4
    assert other.steps["score"].score(0) == 10
    for rulebook, values in ((book, other), (reformed, plain)):
        with pytest.raises(CohortMismatchError, match=r"under the reform .* no reform|no reform, "):
            Engine(rulebook, cohort=values)


# Files

REFORM = """\
format: oversight-reform/1
id: test-reform
title: A reform for a test
about: What if?
rulebook: {id: small}
parameters:
  - id: target
    values:
      - {from: 2026-01-01, value: 90, instrument: {document: act, at: section 9}}
      - {from: 2025-01-01, to: 2025-01-31, value: 72.5, policy_choice: What if?}
"""


@pytest.fixture
def small():
    return load_rulebook(GOOD / "small")


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "reform.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def errors(path, rulebook):
    reform, problems = examine_reform(path, rulebook)
    assert reform is None
    return [(problem.code, problem.got) for problem in problems.errors]


def test_a_reform_is_read_with_all_it_says(small, write):
    reform = read_reform(write(REFORM), small)

    assert (reform.id, reform.title, reform.about) == (
        "test-reform", "A reform for a test", "What if?",
    )  # fmt: skip
    [change] = reform.changes
    assert [(v.span.start.isoformat(), v.value) for v in change.values] == [
        ("2025-01-01", Fraction(145, 2)), ("2026-01-01", 90),
    ]  # fmt: skip
    assert change.values[1].basis.sources[0].document == "act"
    values = under_reform(small, reform).parameter("target").values
    assert [v.value for v in values] == [70, Fraction(145, 2), 70, 80, 90]


@given(dated_values(0), st.booleans())
def test_a_reform_is_read_from_its_canonical_form(own, pin):
    book = rulebook_from_data(rulebook_data(with_a_rule(b.parameter_of("few", 1))))
    values = own or (b.dated(Fraction(5, 2)),)
    reform = reform_of(Change("few", values), pinned=book.digest if pin else "", about="What if?")

    found = reform_from_data(json.loads(canonical(reform_data(reform))), book)

    assert found == reform
    assert found.digest == reform.digest


def with_a_rule(parameter):
    """Return a rulebook that a file could hold: it has a rule, and the principle that it serves."""
    return b.rulebook(
        b.number("a"),
        parameters=[parameter],
        rules=[b.when(b.at_least("a", b.parameter(parameter.id)), basis=leagues.CHOSEN)],
        principles=[Principle("fairness", "Fairness")],
    )


def test_plain_data_that_is_no_reform_is_refused(small):
    with pytest.raises(InputError) as raised:
        reform_from_data({"format": "oversight-reform/1"}, small)

    assert {problem.code for problem in raised.value.problems} == {"missing-key"}


def test_a_reform_of_the_rulebook_as_it_stands_may_pin_its_digest(small, write):
    pinned = REFORM.replace("{id: small}", f'{{id: small, digest: "{small.digest}"}}')

    assert read_reform(write(pinned), small).pinned == small.digest
    stale = REFORM.replace("{id: small}", '{id: small, digest: "sha256:0"}')
    [problem] = examine_reform(write(stale), small)[1].errors
    assert problem.code == "other-rulebook"
    assert small.digest in problem.help


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{id: small}", "{id: smaller}", [("other-rulebook", "smaller")]),
        ("id: target", "id: targett", [("unknown-parameter", "targett")]),
        ("document: act,", "document: acts,", [("unknown-document", "acts")]),
        (", policy_choice: What if?", "", [("no-instrument", "")]),
        ("to: 2025-01-31", "to: 2026-01-31", [("overlapping-dates", "")]),
        ("from: 2026-01-01, value", "from: 2030-01-01, value", [("never-in-force", "")]),
        ("oversight-reform/1", "oversight-reform/2", [("unknown-format", "oversight-reform/2")]),
        ("title: A reform for a test\n", "", [("missing-key", "")]),
        ("about: What if?", "abuot: What if?", [("unknown-key", "abuot")]),
    ],
)
def test_a_reform_with_problems_is_refused_with_all_of_them(small, write, old, new, expected):
    assert old in REFORM

    assert errors(write(REFORM.replace(old, new, 1)), small) == expected


def test_a_parameter_is_changed_in_one_place_and_something_is_changed(small, write):
    head, tail = REFORM.split("  - id: target")
    assert errors(write(REFORM + "  - id: target" + tail), small) == [("duplicate-id", "target")]
    assert errors(write(head.replace("parameters:\n", "parameters: []\n")), small) == [
        ("missing-value", "")
    ]


def test_a_parameter_that_the_cohort_gives_its_value_is_not_reformed(write):
    book = load_rulebook(GOOD / "league")
    text = (
        REFORM.replace("small", "league").replace("target", "low_quarter").replace("act", "manual")
    )

    assert errors(write(text), book) == [("computed-parameter", "low_quarter")]


def test_a_rulebook_that_is_not_sound_under_the_reform_is_refused(write, tmp_path):
    book = load_rulebook(GOOD / "everything")
    text = REFORM.replace("small", "every-construct").replace("target", "cancer_target_pct")
    text = text.replace("document: act,", "document: act-2022,").replace("value: 72.5", "value: 40")

    found = examine_reform(write(text), book)[1].errors

    assert {problem.code for problem in found} == {"unsound-under-reform"}
    assert "under this reform, every-construct: " in found[0].message
    assert any("overlapping-rows" in problem.message for problem in found)


def test_a_reform_that_is_no_file_is_bad_input(small, tmp_path):
    with pytest.raises(InputError) as raised:
        read_reform(tmp_path / "none.yaml", small)

    assert raised.value.exit_code is ExitCode.BAD_INPUT
    assert [problem.code for problem in raised.value.problems] == ["no-such-file"]
