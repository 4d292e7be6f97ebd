"""Rulebooks: what a folder, a file or plain data is read as, and what is said of it as a whole."""

import datetime
import shutil
from fractions import Fraction

import pytest

from oversight_engine import resources
from oversight_engine.errors import DigestError, ExitCode, RulebookError
from oversight_engine.language.folder import files_of
from oversight_engine.language.rulebooks import (
    examine_rulebook,
    load_rulebook,
    rulebook_from_data,
)
from oversight_engine.model import expression as x
from oversight_engine.model.rulebook import REFER
from tests.language.bad_files import GOOD, every_construct


@pytest.fixture
def small(tmp_path):
    return shutil.copytree(GOOD / "small", tmp_path / "small")


def codes(folder):
    return [problem.code for problem in examine_rulebook(folder)[1].errors]


def warnings(folder):
    rulebook, problems = examine_rulebook(folder)
    assert rulebook is not None
    return {(problem.code, problem.got) for problem in problems}


def test_the_order_of_items_and_files_makes_no_difference(small):
    before = load_rulebook(small)
    rule = (small / "rules" / "base.yaml").read_text()
    (small / "rules" / "another.yaml").write_text(rule.replace("id: base", "id: zzz"))
    one = load_rulebook(small)
    (small / "rules" / "another.yaml").rename(small / "rules" / "aaa.yaml")
    facts = (small / "facts.yaml").read_text().splitlines(keepends=True)
    (small / "facts.yaml").write_text("".join([facts[0], *facts[2:], facts[1]]))

    other = load_rulebook(small)

    assert other == one != before
    assert other.digest == one.digest


def test_comments_and_spacing_make_no_difference(small):
    before = load_rulebook(small)
    path = small / "rules" / "base.yaml"
    path.write_text("# a comment\n" + path.read_text().replace("unless: met", "unless:   met  "))

    assert load_rulebook(small).digest == before.digest


def test_a_rulebook_may_be_one_file(small, tmp_path):
    parts = [path.read_text() for path in files_of(small)]
    (tmp_path / "one.yaml").write_text("".join(parts))

    assert load_rulebook(tmp_path / "one.yaml") == load_rulebook(small)


def test_a_pinned_rulebook_must_have_its_digest(small):
    digest = load_rulebook(small).digest

    assert load_rulebook(small, digest=digest).digest == digest
    with pytest.raises(DigestError, match="sha256:") as caught:
        load_rulebook(small, digest="sha256:" + "0" * 64)
    assert caught.value.exit_code == ExitCode.BAD_INPUT


def test_every_problem_of_every_file_is_in_one_error(small):
    (small / "facts.yaml").write_text((small / "facts.yaml").read_text() + "  - {id: x}\n")
    (small / "rules" / "bad.yaml").write_text("rules:\n  - {id: y, when: scor < 1}\n  - 3\n")
    heading = (small / "rulebook.yaml").read_text()
    (small / "rulebook.yaml").write_text(heading.replace("title: Small\n", ""))

    with pytest.raises(RulebookError) as caught:
        load_rulebook(small)

    assert caught.value.exit_code == ExitCode.INVALID_RULEBOOK
    found = [(p.place.file.rpartition("small/")[2], p.code) for p in caught.value.problems]
    assert found == [
        ("facts.yaml", "missing-key"),
        ("rulebook.yaml", "missing-key"),
        ("rules/bad.yaml", "missing-key"),
        ("rules/bad.yaml", "missing-key"),
        ("rules/bad.yaml", "missing-key"),
        ("rules/bad.yaml", "no-source"),
        ("rules/bad.yaml", "unknown-name"),
        ("rules/bad.yaml", "wrong-shape"),
    ]
    assert "8 problems; the first: " in str(caught.value)


def test_a_file_that_cannot_be_read_does_not_make_others_look_wrong(small):
    (small / "facts.yaml").write_text("facts: [")
    (small / "rules" / "bad.yaml").write_text("rules:\n  - {id: base}\n")

    found = codes(small)

    assert "unknown-name" not in found
    assert found[0] == "yaml-syntax"
    assert "duplicate-id" in found


def test_a_heading_that_cannot_be_read_does_not_make_others_look_wrong(small):
    (small / "rulebook.yaml").write_text("title: a: b")

    assert codes(small) == ["yaml-syntax"]


def test_a_broken_fact_does_not_make_the_conditions_that_mention_it_look_wrong(small):
    facts = (small / "facts.yaml").read_text()
    (small / "facts.yaml").write_text(facts.replace("id: met, title: Met,", "id: met,"))

    assert codes(small) == ["missing-key"]


def test_a_broken_finding_does_not_make_the_findings_on_it_look_wrong(small):
    (small / "findings.yaml").write_text(
        "findings:\n"
        "  - {id: a, title: A, table: {rows: [{when: met, value: nobody}], otherwise: 2}}\n"
        "  - id: b\n    title: B\n"
        "    table: {rows: [{when: a == 1, value: 1}, {when: a == 2, value: 2}]}\n"
    )

    assert codes(small) == ["unknown-name"]


def test_a_folder_without_the_files_it_needs_says_which(tmp_path):
    (tmp_path / "findings.yaml").write_text("findings: []\n")
    _, problems = examine_rulebook(tmp_path)

    assert [(p.code, p.message) for p in problems] == [
        ("missing-file", "the rulebook has no `rulebook.yaml`"),
        ("missing-file", "the rulebook has no `facts.yaml`"),
        ("missing-file", "the rulebook has no `rules/*.yaml`"),
    ]


def test_a_folder_of_other_things_is_one_problem(tmp_path):
    for name in ("riverside.yaml", "hillside.yaml", "notes.txt"):
        (tmp_path / name).write_text("format: oversight-case/1\n")

    _, problems = examine_rulebook(tmp_path)

    assert [(p.code, p.message) for p in problems] == [
        ("missing-file", "this folder holds no rulebook")
    ]


def test_a_case_given_for_a_rulebook_is_one_problem():
    case = resources.shipped("cases") / "illustrative/dunmarsh-cancer-just-met.yaml"

    _, problems = examine_rulebook(case)

    assert [(p.code, p.got) for p in problems] == [("unknown-format", "oversight-case/1")]


def test_a_rulebook_that_is_not_there_is_a_problem(tmp_path):
    assert codes(tmp_path / "nowhere") == ["no-such-file"]


def test_a_folder_that_cannot_be_read_is_one_problem(small, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(small), "iterdir", refuse)

    assert codes(small) == ["unreadable-file"]


def test_a_file_nobody_would_read_is_a_problem(small):
    (small / "finding.yaml").write_text("findings: []")
    (small / "rules" / "more.yml").write_text("rules: []")
    (small / ".hidden.yaml").write_text("not: read")
    (small / "README.md").write_text("# For people")
    (small / "cases").mkdir()
    (small / "cases" / "one.yaml").write_text("not: read")

    _, problems = examine_rulebook(small)

    assert [(p.code, p.got) for p in problems.errors] == [
        ("unknown-file", "finding.yaml"), ("unknown-file", "rules/more.yml"),
    ]  # fmt: skip
    assert "did you mean `findings.yaml`?" in str(problems.errors[0])


def test_what_nobody_uses_is_a_warning(small):
    found = warnings(small)

    assert ("unused", "score") in found
    assert ("unused", "target") in found
    assert ("unserved", "harsh") in found
    assert ("unserved", "warning") in found
    assert ("unserved", "act") in found
    assert ("unserved", "fairness") not in found
    assert ("unused", "met") not in found


def test_nothing_is_unused_in_a_rulebook_that_uses_everything():
    assert warnings(GOOD / "everything") == set()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([("2024-04-01", None)], []),
        ([("2024-04-01", "2027-03-31")], []),
        ([("2020-01-01", "2026-03-31"), ("2026-04-01", None)], []),
        ([("2024-05-01", None)], ["from 2024-04-01 to 2024-04-30"]),
        ([("2024-04-01", "2027-03-30")], ["from 2027-03-31 to 2027-03-31"]),
        (
            [("2024-04-01", "2025-03-31"), ("2025-04-02", "2026-01-01")],
            ["from 2025-04-01 to 2025-04-01", "from 2026-01-02 to 2027-03-31"],
        ),
    ],
)
def test_days_on_which_a_parameter_has_no_value_are_a_warning(small, values, expected):
    spans = [
        f"{{from: {start}{f', to: {end}' if end else ''}, value: 1, policy_choice: a test}}"
        for start, end in values
    ]
    (small / "parameters.yaml").write_text(
        f"parameters: [{{id: goal, title: Goal, values: [{', '.join(spans)}]}}]"
    )

    _, problems = examine_rulebook(small)

    gaps = [problem.message for problem in problems if problem.code == "parameter-gap"]
    said = [gap.removeprefix("there is no value ").partition(",")[0] for gap in gaps]
    assert said == ([" and ".join(expected)] if expected else [])


def test_what_is_left_out_takes_what_the_format_says():
    rulebook = every_construct()

    fact = rulebook.fact("met")
    assert (fact.unit, fact.decimals, fact.range) == ("", 0, (None, None))
    assert fact.accepts == ("final", "provisional", "estimated", "derived", "illustrative")
    assert rulebook.fact("status").better == "neither"
    assert rulebook.rule("failing").if_unknown == "refer"
    assert rulebook.rule("too_many_signs").if_unknown == "hold_back"
    assert (rulebook.rule("nothing_known").outcome, rulebook.rule("nothing_known").if_unknown) == (
        REFER, "hold_back",
    )  # fmt: skip


def test_what_is_stated_is_what_is_read():
    rulebook = every_construct()

    fact = rulebook.fact("cancer_62day_pct")
    assert (fact.decimals, fact.range, fact.max_age) == (2, (0, 100), 200)
    assert fact.accepts == ("final", "derived", "illustrative")
    assert [source.document for source in fact.basis.sources] == ["act-2022", "letter"]
    assert rulebook.fact("plan_surplus_deficit_pct").range == (-25, Fraction(51, 2))
    assert rulebook.fact("people_waiting").range == (0, None)
    target = rulebook.parameter("cancer_target_pct")
    assert [dated.value for dated in target.values] == [70, Fraction(301, 4), 80]
    assert rulebook.about == "What a rulebook can say, on two lines."
    assert rulebook.span.end is None
    rule = rulebook.rule("cancer_missed")
    assert rule.negated
    assert rule.statement.text == (
        "cancer_62day_pct >= cancer_target_pct or cancer_change_pp > 2 * 1.5"
    )
    assert rule.place.endswith("rules/cancer.yaml:2:5")


def test_findings_come_after_those_they_mention():
    seen = set()
    for finding in every_construct().findings:
        mentioned = {
            name.id
            for statement in finding.statements
            for name in x.names_in_condition(statement.condition)
            if name.referent == "finding"
        }
        assert mentioned <= seen
        seen.add(finding.id)


def test_bands_are_the_table_they_stand_for():
    table = every_construct().finding("cancer_score").table

    assert [(row.when.text, row.value.text) for row in table.rows] == [
        ("cancer_62day_pct < 50", "4"),
        ("cancer_62day_pct >= 50 and cancer_62day_pct <= cancer_target_pct - 5", "3"),
        ("cancer_62day_pct > cancer_target_pct - 5 and cancer_62day_pct < cancer_target_pct", "2"),
        ("cancer_62day_pct >= cancer_target_pct", "1"),
    ]
    assert table.otherwise is None


def test_a_cycle_is_named_once_from_its_first_name_on(small):
    (small / "findings.yaml").write_text(
        "findings:\n"
        "  - {id: d, title: D, when: c}\n"
        "  - {id: c, title: C, when: b}\n"
        "  - {id: b, title: B, when: a}\n"
        "  - {id: a, title: A, when: c and met}\n"
        "  - {id: e, title: E, when: e or met}\n"
    )

    _, problems = examine_rulebook(small)

    assert [problem.message for problem in problems.errors] == [
        "this finding rests on itself: a → c → b → a",
        "this finding rests on itself: e → e",
    ]


def test_plain_data_with_problems_is_located_by_key_path():
    with pytest.raises(RulebookError) as caught:
        rulebook_from_data({"format": "oversight-rulebook/1", "facts": [{"id": 3}], "rules": {}})

    assert "rulebook: $.facts[0].id: bad-id: " in "\n".join(map(str, caught.value.problems))


def test_the_day_a_rulebook_is_read_makes_no_difference(small):
    """Nothing here looks at the clock; a rulebook long out of force is read all the same."""
    for path in (small / "rulebook.yaml", small / "parameters.yaml"):
        text = path.read_text()
        for year in ("2024", "2025", "2027"):
            text = text.replace(f"{year}-0", f"{int(year) - 100}-0")
        path.write_text(text)

    assert load_rulebook(small).span.start == datetime.date(1924, 4, 1)


def test_a_scale_that_cannot_be_read_does_not_make_consequences_look_wrong(small):
    heading = (small / "rulebook.yaml").read_text()
    (small / "rulebook.yaml").write_text(heading.replace("{id: light,", "{id: Light,"))
    (small / "consequences.yaml").write_text(
        "consequences:\n"
        "  - {id: a, kind: freedom, title: A, outcomes: [light, mercy], policy_choice: a test}\n"
    )

    assert codes(small) == ["bad-id"]


def test_a_fact_with_problems_is_not_missed_among_local_priorities(small):
    heading = (small / "rulebook.yaml").read_text()
    local = "{agreed: bodies, on_track: wait, not_on_track: wait_share, unknown: since}"
    (small / "rulebook.yaml").write_text(f"{heading}local_priorities: {local}\n")
    facts = (small / "facts.yaml").read_text()
    (small / "facts.yaml").write_text(facts.replace("id: since, title: Since,", "id: since,"))

    assert codes(small) == ["missing-key"]


def test_bands_between_parameters_that_never_hold_together_are_sound(small):
    (small / "parameters.yaml").write_text(
        "parameters:\n"
        "  - {id: one, title: One, values: "
        "[{from: 2024-04-01, to: 2025-03-31, value: 5, policy_choice: a test}]}\n"
        "  - {id: two, title: Two, values: "
        "[{from: 2025-04-01, value: 3, policy_choice: a test}]}\n"
    )
    (small / "findings.yaml").write_text(
        "findings:\n"
        "  - id: a\n    title: A\n    bands:\n      of: bodies\n"
        "      rows: [{below: one + 1, value: 1}, {below: two + 1, value: 2}, {value: 3}]\n"
    )

    assert codes(small) == []


def test_reading_stops_at_a_thousand_problems(small):
    (small / "facts.yaml").write_text("facts:\n" + "  - {}\n" * 1_000)

    with pytest.raises(RulebookError, match="1001 problems"):
        load_rulebook(small)
    with pytest.raises(RulebookError, match="1001 problems"):
        rulebook_from_data({"facts": [{}] * 1_000})


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("{from: 2027-03-31}", []),
        ("{from: 2020-01-01, to: 2024-04-01}", []),
        ("{from: 2025-01-01, to: 2025-01-01}", []),
        ("{from: 2027-04-01}", ["never-in-force"]),
        ("{from: 2020-01-01, to: 2024-03-31}", ["never-in-force"]),
        ("{from: 2025-01-02, to: 2025-01-01}", ["dates-reversed"]),
    ],
)
def test_one_day_in_force_is_enough(small, span, expected):
    path = small / "rules" / "base.yaml"
    path.write_text(path.read_text() + f"    in_force: {span}\n")

    assert codes(small) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("below: 10", "up_to: 10", []),
        ("below: 10", "below: 11", []),
        ("below: 10", "below: 10", ["bad-band"]),
        ("up_to: 10", "up_to: 10", ["bad-band"]),
        ("up_to: 10", "below: 10", ["bad-band"]),
    ],
)
def test_each_bound_of_bands_lies_above_the_one_before(small, first, second, expected):
    (small / "findings.yaml").write_text(
        "findings:\n"
        "  - id: a\n    title: A\n    bands:\n      of: score\n"
        f"      rows: [{{{first}, value: 1}}, {{{second}, value: 2}}, {{value: 3}}]\n"
    )

    assert codes(small)[:1] == expected
