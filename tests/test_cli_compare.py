"""`oversight compare`: two rulebooks, or a rulebook and a reform, for people and for pipelines."""

import json

import attrs
import pytest
from jsonschema import Draft202012Validator

from oversight_engine.analysis import comparison
from oversight_engine.engine import decide
from oversight_engine.language.cases import read_cases
from oversight_engine.language.reforms import read_reform
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.reform import under_reform
from oversight_engine.report.blanks import write_blank_rulebook
from oversight_engine.report.rulebook_changes import find_changes
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped
from tests.commands import run
from tests.shown import small_rulebook

FAST = "--evaluators=reference"
REFORM = """\
format: oversight-reform/1
id: {id}
title: {id}
rulebook: {{id: {book}}}
parameters:
  - id: seen_on_time_target_pct
    values:
      - {{from: 2025-04-01, to: 2026-03-31, value: {value}, policy_choice: a trial}}
"""
CASE = """\
format: oversight-case/1
system: {code: EXAMPLE, name: Somewhere}
as_of: 2025-06-30
facts:
  seen_on_time_pct: {value: 72.5, source: invented, as_at: 2025-06-01}
  plan_agreed: {value: yes, source: invented}
"""


@pytest.fixture
def folder(tmp_path):
    write_blank_rulebook(tmp_path / "a")
    for name, value in (("stricter", 80), ("laxer", 60)):
        text = REFORM.format(id=name, book="my-rulebook", value=value)
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def compare(folder, *arguments):
    result = run("compare", str(folder / "a"), *map(str, arguments), FAST)
    assert "Traceback" not in result.stderr
    return result


def data_of(result):
    data = json.loads(result.stdout)
    Draft202012Validator(shipped_schema("comparison")).validate(data)
    return data


def verdicts(data):
    return {each["kind"]: each["answer"] for each in data["over_all_cases"]["verdicts"]}


@pytest.mark.parametrize(
    ("reform", "fail_on", "code"),
    [
        ("stricter", None, 0),
        ("stricter", "lighter", 0),
        ("stricter", "harsher", 1),
        ("stricter", "any", 1),
        ("laxer", "lighter", 1),
        ("laxer", "harsher", 0),
    ],
)
def test_a_pipeline_fails_on_what_it_asks_about(folder, reform, fail_on, code):
    options = ["--fail-on", fail_on] if fail_on else []

    result = compare(folder, "--reform", folder / f"{reform}.yaml", *options)

    assert result.exit_code == code


def reform_of_the_shipped_one(folder):
    text = REFORM.format(id="cancer", book="hewitt-2023", value=75)
    text = text.replace("seen_on_time_target_pct", "cancer_62day_target_pct")
    reform = folder / "reform.yaml"
    reform.write_text(text, encoding="utf-8")
    return str(reform)


def test_a_pipeline_fails_where_nothing_is_proved(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "ruled_out", lambda *_: frozenset())  # it is all left to z3
    reform = reform_of_the_shipped_one(tmp_path)
    asked = ("compare", "hewitt-2023", "--reform", reform, "--fail-on=lighter", FAST)

    assert run(*asked).exit_code == 0
    hurried = run(*asked, "--seconds=0.001")
    assert (hurried.exit_code, "not known: z3 gave up" in hurried.stdout) == (1, True)


def test_identical_rulebooks_do_not_differ(folder):
    data = data_of(compare(folder, folder / "a", "--format=json"))

    assert {each["method"] for each in data["over_all_cases"]["verdicts"]} == {"programs"}
    assert set(verdicts(data).values()) == {"proved"}
    assert data["changes"] == data["cases"] == data["over_all_cases"]["examples"] == []
    assert compare(folder, folder / "a", "--fail-on=any").exit_code == 0


def test_an_example_is_written_so_that_both_decide_it_as_is_said(folder):
    book = load_rulebook(folder / "a")
    reform = folder / "stricter.yaml"

    data = data_of(
        compare(folder, "--reform", reform, "--format=json", "--examples", folder / "new" / "ones")
    )

    examples = data["over_all_cases"]["examples"]
    assert verdicts(data)["harsher"] == "refuted"
    assert examples
    reformed = under_reform(book, read_reform(reform, book))
    for example in examples:
        [path] = example["files"]
        [case] = read_cases(path, book)
        labels = [decide(each, case, evaluators=["reference"]).label for each in (book, reformed)]
        assert labels == [example["before"], example["after"]]
        assert example["before"] in case.about


def test_what_becomes_of_given_cases_is_told_by_outcome_and_by_rule(folder):
    (folder / "case.yaml").write_text(CASE, encoding="utf-8")

    plain = compare(folder, folder / "case.yaml", "--reform", folder / "stricter.yaml")
    data = data_of(
        compare(folder, folder / "case.yaml", "--reform", folder / "stricter.yaml", "--format=json")
    )

    assert data["cases"] == [
        {
            "system": "EXAMPLE", "as_of": "2025-06-30", "before": "light", "after": "normal",
            "kind": "harsher", "rules": ["target_missed"],
        },
    ]  # fmt: skip
    assert "What becomes of the cases" in plain.stdout


def test_the_shipped_stories_move_by_the_rule_that_answers_for_them(tmp_path):
    reform = reform_of_the_shipped_one(tmp_path)
    stories = str(shipped("cases") / "illustrative")

    result = run("compare", "hewitt-2023", stories, "--reform", reform, FAST, "--format=json")

    cases = data_of(result)["cases"]
    moved = [case for case in cases if case["kind"] != "same"]
    assert len(cases) > len(moved) > 0
    assert all(case["kind"] in {"harsher", "referred"} and case["rules"] for case in moved)
    assert {case["kind"] for case in cases if case["before"] == case["after"]} == {"same"}


@pytest.mark.parametrize("form", ["pretty", "plain", "markdown"])
def test_people_read_what_is_proved_what_differs_and_what_was_changed(folder, form):
    result = compare(folder, "--reform", folder / "stricter.yaml", "--format", form)

    said = " ".join(result.stdout.split())
    for words in (
        "Never lighter", "harsher in some cases", "Where they differ", "Numbers of policy",
        "Target for people seen on time", "70%, now 80%",
    ):  # fmt: skip
        assert words in said


def test_a_rulebook_that_judges_among_others_is_compared_by_cases_alone():
    result = run("compare", "nof-2025-26", "nof-2025-26", "--format=json", FAST)

    data = data_of(result)
    assert "judges a case among others" in data["over_all_cases"]["not_asked"]
    hasty = run("compare", "nof-2025-26", "nof-2025-26", "--fail-on=lighter", FAST)
    assert hasty.exit_code == 1  # nothing was looked at


def test_rulebooks_that_never_both_decide_are_compared_as_they_read():
    data = data_of(run("compare", "nof-2025-26", "nof-2026-27", "--format=json", FAST))

    assert "never both decide" in data["over_all_cases"]["not_asked"]
    assert {"rules", "parameters"} <= {change["section"] for change in data["changes"]}


def test_without_a_second_rulebook_it_is_said_what_to_name(folder):
    result = compare(folder)

    assert (result.exit_code, "name B" in result.stderr) == (2, True)


class TestWhatDiffersInTheRulebooks:
    BOOK = small_rulebook()

    def changes(self, **changed):
        return find_changes(self.BOOK, attrs.evolve(self.BOOK, **changed))

    def test_nothing_differs_from_itself(self):
        assert find_changes(self.BOOK, self.BOOK) == ()

    def test_a_rule_is_added_removed_or_changed_in_words(self):
        first, *others = self.BOOK.rules
        [removed] = self.changes(rules=tuple(others))
        [added] = find_changes(attrs.evolve(self.BOOK, rules=tuple(others)), self.BOOK)
        turned = attrs.evolve(first, negated=not first.negated)
        [changed] = self.changes(rules=(turned, *others))

        assert [(c.section, c.what, c.id) for c in (removed, added, changed)] == [
            ("rules", "removed", first.id), ("rules", "added", first.id),
            ("rules", "changed", first.id),
        ]  # fmt: skip
        [says] = [each for each in changed.attributes if each.name == "says"]
        assert {says.before.split()[0], says.after.split()[0]} == {"when", "unless"}

    def test_a_value_is_told_for_the_days_on_which_it_differs(self):
        [parameter] = [p for p in self.BOOK.parameters if p.id == "seen_target_pct"]
        first, second = parameter.values
        moved = attrs.evolve(parameter, values=(first, attrs.evolve(second, value=78)))
        others = [p for p in self.BOOK.parameters if p is not parameter]

        [change] = self.changes(parameters=(*others, moved))

        assert change.attributes == (("from 1 April 2026", "75%", "78%"),)

    @pytest.mark.parametrize(
        "name", ["facts", "findings", "rules", "parameters", "consequences", "outcomes"]
    )
    def test_nothing_that_the_canonical_form_tells_apart_is_left_out(self, name):
        for place, item in enumerate(getattr(self.BOOK, name)):
            for field in ("about", "title"):
                other = attrs.evolve(item, **{field: "Told otherwise"})
                items = list(getattr(self.BOOK, name))
                items[place] = other

                [change] = self.changes(**{name: tuple(items)})

                assert (change.section, change.id) == (name, item.id)
                assert change.attributes[0].after == "Told otherwise"
