"""On the command line a cohort is decided together, kept, compared; reforms apply and are named."""

import json

import pytest
from jsonschema import Draft202012Validator

from oversight_engine.errors import ExitCode
from oversight_engine.language.cohort_files import read_cohort
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.plain import digest
from oversight_engine.report.schemas import shipped_schema
from tests.commands import run
from tests.language.bad_files import GOOD

LEAGUE = GOOD / "league"
RULEBOOK = f"--rulebook={LEAGUE}"
CASES = """\
format: oversight-case/1
as_of: 2025-06-30
cases:
  - {{system: {{code: C1, name: Ashby}}, facts: {{wait_days: 3, seen_pct: 95, kind: country}}}}
  - {{system: {{code: C2, name: Bourne}}, facts: {{wait_days: 9, seen_pct: 61}}}}
  - {{system: {{code: C3, name: Corby}}, facts: {{wait_days: 5, seen_pct: {seen}}}}}
  - {{system: {{code: C4, name: Deal}}, facts: {{met: yes}}}}
"""
REFORM = """\
format: oversight-reform/1
id: supplied
title: The number that was missing
rulebook: {id: league}
parameters:
  - {id: needed, values: [{from: 2025-04-01, value: 3, policy_choice: a test}]}
"""


@pytest.fixture
def files(tmp_path):
    """Return where a cohort and the reform that its rulebook waits for lie."""
    cases, reform = tmp_path / "cases.yaml", tmp_path / "reform.yaml"
    cases.write_text(CASES.format(seen=88), encoding="utf-8")
    reform.write_text(REFORM, encoding="utf-8")
    return str(cases), f"--reform={reform}"


@pytest.fixture
def kept(files, tmp_path):
    """Return where the values of the cohort were written by the command."""
    cases, reform = files
    path = tmp_path / "values.json"
    assert run("cohort", cases, RULEBOOK, reform, "-o", str(path)).exit_code == 0
    return path


def test_all_cases_that_are_given_are_the_cohort_and_who_belongs_to_it_is_told(files):
    cases, reform = files

    result = run("decide", cases, RULEBOOK, reform)

    assert result.exit_code == 0
    assert result.stderr == (
        "Judged among 3 members: Clinics that report; 1 excluded.\n"
        "Excluded: C4: `known(wait_days) or known(seen_pct)` is false.\n"
    )
    assert "Judged among" not in run("decide", cases, RULEBOOK, reform, "--quiet").stderr
    for form in ("json", "jsonl", "csv", "markdown"):
        assert run("decide", cases, RULEBOOK, reform, "--format", form).stderr == ""


def test_who_is_proposed_stands_below_the_decisions(files):
    cases, reform = files

    text = run("decide", cases, RULEBOOK, reform, "--format=plain").output

    assert "Proposed as pilots:\n" in text
    assert (
        "Rank: 1; Code: C1; System: Ashby; Proposed: yes; Why: number 1 of 1 for 2 places" in text
    )
    assert "3 systems: the decision brings no eligibility: C2, C3 and C4" in text


def test_json_has_the_cohort_once_and_the_proposals_beside_the_decisions(files):
    cases, reform = files

    data = json.loads(run("decide", cases, RULEBOOK, reform, "--format=json").output)

    Draft202012Validator(shipped_schema("decisions")).validate(data)
    decisions = [entry["decision"] for entry in data["decisions"]]
    assert {d["cohort"]["digest"] for d in decisions} == {digest(data["cohort"])}
    assert [d["cohort"]["is_member"] for d in decisions] == [True, True, True, False]
    assert {d["reform"]["id"] for d in decisions} == {"supplied"}
    assert {d["rulebook"]["digest"] for d in decisions} == {load_rulebook(LEAGUE).digest}
    assert [(p["system"], p["rank"], p["proposed"]) for p in data["proposals"]] == [
        ("C1", 1, True), ("C2", None, False), ("C3", None, False), ("C4", None, False),
    ]  # fmt: skip


def test_one_decision_is_made_again_from_stored_values_byte_for_byte(files, kept, tmp_path):
    cases, reform = files
    together = run("decide", cases, RULEBOOK, reform, "--format=jsonl").output.splitlines()
    one = tmp_path / "one.yaml"
    lines = CASES.format(seen=88).splitlines()
    one.write_text("\n".join([*lines[:3], lines[4]]), encoding="utf-8")

    alone = run("decide", str(one), RULEBOOK, reform, f"--cohort={kept}", "--format=jsonl").output

    assert alone == together[1] + "\n"
    explained = run("explain", str(one), RULEBOOK, reform, f"--cohort={kept}").output
    assert "Judged among 3 members: Clinics that report; 1 excluded" in explained
    assert "Under the reform supplied: The number that was missing" in explained
    assert read_cohort(kept).digest.removeprefix("sha256:")[:40] in explained


def test_explaining_one_of_a_file_judges_it_among_all_of_the_file(files):
    cases, reform = files

    text = run("explain", cases, "--system=C4", RULEBOOK, reform).output

    assert "Judged among 3 members" in text
    assert "This one is no member: the members' values are applied to it" in text


def test_the_values_are_shown_written_and_read_again(files, kept):
    cases, reform = files

    page = run("cohort", cases, RULEBOOK, reform, "--format=plain").output
    data = json.loads(run("cohort", cases, RULEBOOK, reform, "--format=json").output)

    assert "Judged among 3 members: Clinics that report; 1 excluded." in page
    assert "C4: `known(wait_days) or known(seen_pct)` is false" in page
    assert "Id: low_quarter; Parameter: Lower quartile; Value: 1.5 score" in page
    assert "Id: seen_score; Score by rank: Score of those seen; Values: 5; From: 60; To: 95" in page
    Draft202012Validator(shipped_schema("cohort")).validate(data)
    assert json.loads(kept.read_bytes()) == data


def test_stored_values_are_compared_with_the_cases(files, kept):
    cases, reform = files
    same = run("cohort", cases, RULEBOOK, reform, "--check", str(kept))
    assert same.exit_code == 0
    assert read_cohort(kept).digest in same.output
    with open(cases, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a name is given
        stream.write(CASES.format(seen=70))

    other = run("cohort", cases, RULEBOOK, reform, "--check", str(kept))

    assert other.exit_code == ExitCode.INTEGRITY
    assert "parameters typical_pct: 88 is stated, and it is 70\n" in other.output


def test_values_that_were_changed_by_hand_are_an_integrity_failure(files, kept):
    cases, reform = files
    kept.write_text(kept.read_text().replace('"2.5"', '"1.5"'), encoding="utf-8")

    result = run("decide", cases, RULEBOOK, reform, f"--cohort={kept}")

    assert result.exit_code == ExitCode.INTEGRITY
    assert "integrity-failure" in result.stderr


def test_a_cohort_rulebook_refuses_too_few_cases_and_cases_of_several_days(files, tmp_path):
    _, reform = files
    lines = CASES.format(seen=88).splitlines()
    few, days = tmp_path / "few.yaml", tmp_path / "days.yaml"
    few.write_text("\n".join(lines[:4]), encoding="utf-8")
    days.write_text(
        "\n".join([*lines[:5], lines[5].replace("{system", "{as_of: 2025-07-01, system")]),
        encoding="utf-8",
    )

    alone = run("decide", str(few), RULEBOOK, reform)
    mixed = run("decide", str(days), RULEBOOK, reform)

    assert (alone.exit_code, mixed.exit_code) == (2, 2)
    assert "cohort-needed: 1 of 1 cases are members" in alone.stderr
    assert "of 2025-06-30, 2025-07-01: choose one with --as-of" in mixed.stderr
    assert run("decide", str(days), RULEBOOK, reform, "--as-of=2025-07-02").exit_code == 0


def test_stored_values_of_another_day_or_without_the_reform_are_refused(files, kept, tmp_path):
    cases, reform = files
    other = tmp_path / "other.yaml"
    other.write_text(REFORM.replace("value: 3", "value: 2"), encoding="utf-8")

    late = run("decide", cases, RULEBOOK, reform, f"--cohort={kept}", "--as-of=2025-07-01")
    unlike = run("decide", cases, RULEBOOK, f"--reform={other}", f"--cohort={kept}")

    assert (late.exit_code, unlike.exit_code) == (2, 2)
    assert "cohort-mismatch: the cohort values are of 2025-06-30" in late.stderr
    assert "cohort-mismatch: the cohort values are under the reform" in unlike.stderr


def test_what_is_required_and_missing_is_named_by_check_and_refused_by_decide(files):
    cases, reform = files

    refused = run("decide", cases, RULEBOOK)
    checked = run("check", str(LEAGUE), "--format=json")
    supplied = run("check", str(LEAGUE), reform, "--format=json")

    assert refused.exit_code == ExitCode.INVALID_RULEBOOK
    assert "parameter-needed" in refused.stderr
    assert "needed" in refused.stderr
    assert checked.exit_code == 0
    [told], [then] = (json.loads(each.output)["rulebooks"] for each in (checked, supplied))
    Draft202012Validator(shipped_schema("check")).validate(json.loads(checked.output))
    assert told["needs"] == [{"parameter": "needed", "from": "2024-04-01", "to": "2027-03-31"}]
    assert then["needs"] == [{"parameter": "needed", "from": "2024-04-01", "to": "2025-03-31"}]
    assert told["gaps"] == []
    page = run("check", str(LEAGUE), "--format=plain").output
    assert "What a reform must supply before anything is decided:" in page
    assert "Under the reform supplied" in run("check", str(LEAGUE), reform).output


def test_a_reform_with_problems_is_told_in_full_and_nothing_is_decided(files, tmp_path):
    cases, _ = files
    bad = tmp_path / "bad.yaml"
    bad.write_text(REFORM.replace("id: needed", "id: neded"), encoding="utf-8")

    decided = run("decide", cases, RULEBOOK, f"--reform={bad}")
    checked = run("check", str(LEAGUE), f"--reform={bad}")

    assert decided.exit_code == ExitCode.BAD_INPUT
    assert "unknown-parameter" in decided.stderr
    assert "did you mean `needed`?" in decided.stderr
    assert checked.exit_code == ExitCode.INVALID_RULEBOOK
    assert "unknown-parameter" in checked.stderr


def test_cohort_values_are_no_use_to_a_rulebook_that_declares_none(kept, files):
    cases = str(GOOD / "cases" / "one.yaml")

    decided = run("decide", cases, f"--rulebook={GOOD / 'everything'}", f"--cohort={kept}")
    computed = run("cohort", cases, f"--rulebook={GOOD / 'everything'}")

    assert (decided.exit_code, computed.exit_code) == (2, 2)
    assert "declares no cohort" in decided.stderr
    assert "declares no cohort" in computed.stderr


def test_rules_that_only_wait_for_a_cohort_are_not_called_out_of_force(files):
    listed = run("rules", RULEBOOK, "--as-of=2025-06-30").output

    assert "no cohort is given" not in listed


def test_a_difference_names_the_reform_and_the_cohort_where_they_differ(files, tmp_path):
    cases, reform = files
    other, stored = tmp_path / "other.yaml", tmp_path / "before.json"
    other.write_text(CASES.format(seen=70), encoding="utf-8")
    stored.write_text(
        run("decide", cases, RULEBOOK, reform, "--format=json").output, encoding="utf-8"
    )
    changed = reform.replace("--reform", "--new-reform")

    result = run("diff", str(stored), str(other), RULEBOOK, changed, "--format=json")

    assert result.exit_code == 0
    found = json.loads(result.output)["differences"]
    settings = [{s["name"] for s in each["settings"]} for each in found]
    assert settings == [{"cohort values"}] * 4
    Draft202012Validator(shipped_schema("differences")).validate(json.loads(result.output))


def test_a_case_is_compared_with_itself_under_a_reform(tmp_path):
    reform = tmp_path / "reform.yaml"
    text = REFORM.replace("league", "every-construct").replace("needed", "cancer_target_pct")
    reform.write_text(text.replace("value: 3", "value: 90"), encoding="utf-8")
    case = str(GOOD / "cases" / "one.yaml")
    book = f"--rulebook={GOOD / 'everything'}"

    result = run("diff", case, book, f"--new-reform={reform}", "--format=json")

    assert result.exit_code == 0, result.stderr
    [found] = json.loads(result.output)["differences"]
    assert [(s["name"], s["before"]) for s in found["settings"]] == [("reform", "none")]
    changed = {(c["kind"], c["id"]) for c in found["changes"]}
    assert ("parameter", "cancer_target_pct") in changed


def test_stored_decisions_are_under_no_reform_any_more(files, tmp_path):
    cases, reform = files
    stored = tmp_path / "before.json"
    stored.write_text(
        run("decide", cases, RULEBOOK, reform, "--format=json").output, encoding="utf-8"
    )

    result = run("diff", str(stored), RULEBOOK, reform.replace("--reform", "--new-reform"))

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "which no reform changes any more" in result.stderr
