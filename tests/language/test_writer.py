"""Reading what was written gives the same model, and writing is canonical."""

import io
import json

import attrs
import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from oversight_engine.errors import InputError, RulebookError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook, rulebook_from_data
from oversight_engine.language.writer import (
    case_text,
    cases_text,
    rulebook_texts,
    write_rulebook,
)
from oversight_engine.model.case import Expectation, StatedFact
from oversight_engine.model.case_form import case_data
from oversight_engine.model.plain import canonical, digest
from oversight_engine.model.rulebook_form import rulebook_data
from oversight_engine.resources import shipped
from tests import strategies
from tests.language.bad_files import GOOD, every_construct

RULEBOOKS = [GOOD / "small", GOOD / "everything", shipped("rules") / "hewitt-2023"]


def trees(rulebook):
    """Return every condition and quantity, which equality of models leaves to their texts."""
    for finding in rulebook.findings:
        yield from (statement.condition for statement in finding.statements)
        formulas = [finding.value]
        if finding.table is not None:
            formulas += [row.value for row in finding.table.rows] + [finding.table.otherwise]
        yield from (getattr(formula, "quantity", None) for formula in formulas)
    for owner in (*rulebook.rules, *rulebook.consequences):
        if owner.statement is not None:
            yield owner.statement.condition
            yield [leaf.text for leaf in owner.statement.leaves]


def read_back(case, rulebook):
    text = case_text(case, rulebook)
    (found,) = read_cases("-", rulebook, stdin=io.BytesIO(text.encode()))
    return found


@pytest.mark.parametrize("folder", RULEBOOKS, ids=lambda folder: folder.name)
def test_a_rulebook_that_was_written_is_read_as_the_same(folder, tmp_path):
    rulebook = load_rulebook(folder)

    write_rulebook(rulebook, tmp_path)

    found = load_rulebook(tmp_path)
    assert found == rulebook
    assert found.digest == rulebook.digest
    assert list(trees(found)) == list(trees(rulebook))
    assert rulebook_texts(found) == rulebook_texts(rulebook)


@pytest.mark.parametrize("folder", RULEBOOKS, ids=lambda folder: folder.name)
def test_a_rulebook_is_read_from_its_canonical_form(folder):
    rulebook = load_rulebook(folder)

    data = json.loads(canonical(rulebook_data(rulebook)))

    found = rulebook_from_data(data, digest=rulebook.digest)
    assert found == rulebook
    assert list(trees(found)) == list(trees(rulebook))


def read_or_skip(rulebook):
    """Read the canonical form, unless a table drawn at random has a row that never holds."""
    try:
        return rulebook_from_data(rulebook_data(rulebook))
    except RulebookError as error:
        if any(problem.code != "row-never-holds" for problem in error.problems):
            raise
        reject()


@given(strategies.rulebooks())
def test_any_rulebook_is_read_from_its_canonical_form(rulebook):
    found = read_or_skip(rulebook)
    assert found.digest == rulebook.digest
    by_id = {finding.id: finding for finding in rulebook.findings}
    same = attrs.evolve(
        rulebook,
        findings=tuple(by_id[finding.id] for finding in found.findings),
        rules=tuple(sorted(rulebook.rules, key=lambda rule: rule.id)),
        consequences=tuple(sorted(rulebook.consequences, key=lambda each: each.id)),
    )
    assert list(trees(found)) == list(trees(same))


@pytest.mark.parametrize("name", ["one.yaml", "many.yaml", "one.json"])
def test_a_case_that_was_written_is_read_as_the_same(name):
    rulebook = every_construct()

    for case in read_cases(GOOD / "cases" / name, rulebook):
        found = read_back(case, rulebook)

        assert found == case
        assert (found.about, found.expect) == (case.about, case.expect)
        assert [s.note for s in found.facts.values()] == [
            case.facts[fact_id].note for fact_id in found.facts
        ]
        assert digest(case_data(found)) == digest(case_data(case))
        assert case_text(found, rulebook) == case_text(case, rulebook)


def test_every_shipped_case_that_was_written_is_read_as_the_same():
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    folders = [path for path in shipped("cases").iterdir() if path.is_dir()]

    for case in read_cases(folders, rulebook):
        assert read_back(case, rulebook) == case


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Cn"]),
    min_size=1,
).map(str.strip)


@given(TEXTS | st.sampled_from(["yes", "null", "~", "1.5", "2025-01-01", "a: b", "a #b", "- a", "[", "'", '"', "a:"]))  # fmt: skip  # noqa: E501
def test_any_text_survives_being_written(text):
    assume(text)
    rulebook = every_construct()
    (case,) = read_cases(GOOD / "cases" / "one.json", rulebook)
    stated = attrs.evolve(case.facts["met"], source=text, note=text)
    case = attrs.evolve(case, about=text, facts={**case.facts, "met": stated})

    found = read_back(case, rulebook)

    assert found == case
    assert (found.about, found.facts["met"].note) == (text, text)


def test_facts_that_follow_from_local_priorities_are_written_as_priorities():
    rulebook = every_construct()
    (case,) = read_cases(GOOD / "cases" / "one.yaml", rulebook)

    text = case_text(case, rulebook)

    assert "local_priorities:\n  agreed: 6\n" in text
    assert "local_on_track" not in text


def test_facts_that_do_not_follow_from_local_priorities_stay_facts():
    rulebook = every_construct()
    (case,) = read_cases(GOOD / "cases" / "one.json", rulebook)
    case = attrs.evolve(case, facts={**case.facts, "local_agreed": StatedFact(3)})

    assert "local_priorities" not in case_text(case, rulebook)
    assert read_back(case, rulebook) == case


def test_a_case_whose_priorities_and_facts_differ_is_not_written():
    rulebook = every_construct()
    (case,) = read_cases(GOOD / "cases" / "one.yaml", rulebook)
    case = attrs.evolve(case, facts={**case.facts, "local_on_track": StatedFact(5)})

    with pytest.raises(InputError, match="QE1 cannot be written"):
        case_text(case, rulebook)


def test_an_expectation_is_written_as_short_as_it_is():
    rulebook = every_construct()
    (case,) = read_cases(GOOD / "cases" / "one.json", rulebook)
    case = attrs.evolve(case, expect=Expectation("harsh"))

    assert case_text(case, rulebook).endswith("expect: {outcome: harsh}\n")


def test_a_case_with_priorities_the_rulebook_does_not_know_is_not_written():
    (case,) = read_cases(GOOD / "cases" / "one.yaml", every_construct())

    with pytest.raises(InputError, match="cannot be written"):
        case_text(case, load_rulebook(GOOD / "small"))


def test_four_noughts_stated_as_facts_stay_facts():
    """Where none was agreed the list makes nothing known; here it is known that there is none."""
    rulebook = every_construct()
    (case,) = read_cases(GOOD / "cases" / "one.json", rulebook)
    names = ("local_agreed", "local_on_track", "local_not_on_track", "local_unknown")
    case = attrs.evolve(case, facts={**case.facts, **dict.fromkeys(names, StatedFact(0))})

    assert read_back(case, rulebook) == case


def read_all_back(cases, rulebook):
    text = cases_text(cases, rulebook)
    return text, read_cases("-", rulebook, stdin=io.BytesIO(text.encode()))


def test_many_cases_in_one_file_are_read_as_the_same():
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    folders = sorted(path for path in shipped("cases").iterdir() if path.is_dir())

    for folder in folders:
        cases = read_cases(folder, rulebook)

        _, found = read_all_back(cases, rulebook)

        assert [attrs.evolve(case, place="") for case in found] == [
            attrs.evolve(case, place="") for case in cases
        ]
        assert [case.expect for case in found] == [case.expect for case in cases]
    assert read_all_back((), rulebook)[1] == ()


def test_what_many_cases_have_in_common_is_said_once():
    rulebook = every_construct()
    (one,) = read_cases(GOOD / "cases" / "one.json", rulebook)
    stated = StatedFact(True, "S", status="derived")
    other = attrs.evolve(stated, source="T")
    cases = [
        attrs.evolve(one, system=attrs.evolve(one.system, code=code), facts={"met": fact})
        for code, fact in (("QE1", stated), ("QE2", stated), ("QE3", other))
    ]

    text, found = read_all_back(cases, rulebook)

    assert [case.facts for case in found] == [case.facts for case in cases]
    assert text.count("as_of:") == text.count("derived") == 1
    assert [line.strip() for line in text.splitlines() if "met" in line] == [
        "facts: {met: yes}", "facts: {met: yes}", "facts: {met: {value: yes, source: T}}",
    ]  # fmt: skip


def test_what_one_of_many_cases_does_not_say_is_no_default_for_it():
    rulebook = every_construct()
    (one,) = read_cases(GOOD / "cases" / "one.json", rulebook)
    cases = [
        attrs.evolve(one, system=attrs.evolve(one.system, code=code), facts={"met": fact})
        for code, fact in (("QE1", StatedFact(True, "S")), ("QE2", StatedFact(True)))
    ]

    _, found = read_all_back(cases, rulebook)

    assert [case.facts["met"].source for case in found] == ["S", ""]
