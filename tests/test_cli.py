"""The commands read, print and exit as their help says, on streams of every kind."""

import csv
import io
import json
import re
import shlex

import click
import pytest
from jsonschema import Draft202012Validator

from oversight_engine.__main__ import cli
from oversight_engine.errors import ExitCode
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped
from tests.commands import (
    FREE,
    HARSH,
    HELD_BACK,
    ILLUSTRATIVE,
    REFERENCE,
    REFERRED,
    every_command,
    run,
)
from tests.shown import hewitt, shipped_case, shipped_decision

# Help


@pytest.mark.parametrize(("words", "command"), [((), cli), *every_command()], ids=str)
def test_every_command_says_what_it_does_and_explains_each_option(words, command):
    result = run(*words, "--help")

    assert result.exit_code == 0
    assert command.help
    assert all(len(line) <= 80 for line in result.output.splitlines())
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.opts[-1] in result.output


def test_the_commands_are_these():
    assert [words[0] for words, _ in every_command() if len(words) == 1] == [
        "agree", "check", "cohort", "compare", "decide", "diff", "doctor", "explain", "facts",
        "import", "ledger", "new", "path", "replay", "robust", "rules", "schema", "sweep", "test",
    ]  # fmt: skip


@pytest.mark.parametrize("command", [(), ("decide",)])
def test_help_lists_every_exit_code(command):
    listed = re.findall(r"^\s+(\d+)  \w", run(*command, "--help").output, re.MULTILINE)

    assert [int(code) for code in listed] == [code.value for code in ExitCode]


# decide


def test_one_case_is_told_with_its_reasons():
    result = run("decide", HELD_BACK)

    assert result.exit_code == ExitCode.DONE
    assert result.output.startswith("Standard oversight\nCinder Hills (ZZ003)")
    assert "69.99%, less than 70%" in result.output
    assert "Rests on illustrative facts" in result.output
    assert result.stderr == ""


def test_many_cases_are_a_table_first_and_then_summaries():
    result = run("decide", ILLUSTRATIVE, REFERENCE)

    table, _, rest = result.output.partition("\n\n")
    assert "Code" in table.splitlines()[0]
    assert "ZZ003" in table
    assert re.search(r"\d+ systems decided or referred", rest)
    assert "By region" in rest
    assert result.exit_code == ExitCode.DONE


def test_details_tell_the_reasons_of_each_of_many_cases():
    brief, detailed = (run("decide", HELD_BACK, FREE, REFERENCE, *o) for o in ([], ["--details"]))

    assert "What it brings" not in brief.output
    assert detailed.output.count("What it brings") == 2
    assert detailed.output.startswith(brief.output)


def test_a_folder_means_every_case_below_it_and_both_evaluators_agree_on_all():
    result = run("decide", str(shipped("cases")), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.output)))

    assert len(rows) == len([*shipped("cases").rglob("*.yaml")])
    assert {row["evaluators"] for row in rows} == {"reference durable"}


def test_a_case_may_come_through_standard_input():
    text = shipped_case("cinder-hills").read_bytes()

    assert run("decide", "-", stdin=text).output.startswith("Standard oversight")


def test_json_holds_the_canonical_bytes_and_fits_its_schema():
    result = run("decide", HELD_BACK, REFERRED, REFERENCE, "--format", "json")

    Draft202012Validator(shipped_schema("decisions")).validate(json.loads(result.output))
    assert decision_bytes(shipped_decision("cinder-hills")) in result.stdout_bytes
    assert result.exit_code == ExitCode.DONE


def test_json_lines_are_one_decision_each():
    lines = run("decide", HELD_BACK, FREE, "--format", "jsonl").output.splitlines()

    assert [json.loads(line)["decision"]["decision"] for line in lines] == [
        "standard_oversight", "lighter_reporting",
    ]  # fmt: skip
    for line in lines:
        Draft202012Validator(shipped_schema("decided")).validate(json.loads(line))


@pytest.mark.parametrize("form", ["pretty", "plain", "json", "jsonl", "csv", "markdown"])
def test_every_format_says_what_the_outcome_rests_on_and_exits_alike(form):
    result = run("decide", HELD_BACK, REFERENCE, "--format", form)

    assert "illustrative" in result.output
    assert result.exit_code == ExitCode.DONE
    assert run("decide", REFERRED, REFERENCE, "--format", form).exit_code == ExitCode.REFERRED


def test_a_date_may_be_given_and_the_decision_says_so():
    result = run("decide", HELD_BACK, "--as-of", "2025-07-01", "--format", "json")
    decision = json.loads(result.output)["decisions"][0]["decision"]

    assert (decision["as_of"], decision["as_of_overridden"]) == ("2025-07-01", True)


def test_the_attestation_names_the_evaluators_that_were_asked_for():
    def evaluators(*options):
        document = json.loads(run("decide", FREE, "--format", "json", *options).output)
        return document["decisions"][0]["attestation"]["evaluators"]

    assert evaluators() == ["reference", "durable"]
    assert evaluators(REFERENCE) == ["reference"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([FREE], 0),
        ([HARSH], 0),
        ([REFERRED], 4),
        ([REFERRED, FREE], 0),
        ([REFERRED, FREE, "--fail-on", "referred"], 4),
        ([FREE, "--fail-on", "referred"], 0),
        ([HARSH, FREE, "--fail-on", "intervention"], 1),
        ([HELD_BACK, "--fail-on", "intervention"], 0),
        ([HELD_BACK, "--fail-on", "standard_oversight"], 1),
        ([FREE, "--exit-tier"], 10),
        ([HELD_BACK, FREE, "--exit-tier"], 11),
        ([HARSH, "--exit-tier"], 12),
        ([REFERRED, "--exit-tier"], 4),
        ([HARSH, "--exit-tier", "--fail-on", "intervention"], 1),
        (["nowhere.yaml"], 2),
        ([FREE, "--as-of", "2001-01-01"], 2),
        ([FREE, "--as-of", "yesterday"], 2),
        ([FREE, "--fail-on", "nowhere"], 2),
        ([FREE, "--evaluators", "oracle"], 2),
        ([FREE, "--format", "runes"], 2),
        ([FREE, "--rulebook-digest", "sha256:" + "0" * 64], 2),
        ([FREE, "--rulebook", "nowhere"], 3),
        ([FREE, FREE], 2),
        ([], 2),
    ],
)
def test_how_decide_exits(arguments, code):
    options = [] if "--evaluators" in arguments else [REFERENCE]

    assert run("decide", *arguments, *options).exit_code == code


def test_a_pinned_rulebook_is_taken_when_it_is_the_one():
    assert run("decide", FREE, REFERENCE, "--rulebook-digest", hewitt().digest).exit_code == 0


# explain


def test_explain_tells_every_rule_and_source():
    result = run("explain", HELD_BACK, REFERENCE, "--format", "plain")

    for rule in shipped_decision("cinder-hills").rules:
        assert rule.rule.title in result.output
    assert "Sources, and how well they are known:" in result.output
    assert result.exit_code == ExitCode.DONE


def test_explain_exits_zero_for_a_referral_too():
    assert run("explain", REFERRED, REFERENCE).exit_code == ExitCode.DONE


def test_why_not_tells_what_stands_in_the_way():
    result = run("explain", HELD_BACK, REFERENCE, "--why-not", "lighter_reporting")

    assert "Why not lighter reporting: 1 rule stands in the way" in result.output
    assert "must be at least 70% (now 69.99%)" in result.output


def test_an_explanation_as_json_fits_its_schema():
    result = run("explain", HELD_BACK, REFERENCE, "--format", "json")

    Draft202012Validator(shipped_schema("explanation")).validate(json.loads(result.output))


def test_one_of_several_systems_is_chosen_by_its_code():
    several = run("explain", ILLUSTRATIVE, REFERENCE)
    chosen = run("explain", ILLUSTRATIVE, REFERENCE, "--system", "ZZ003")

    assert several.exit_code == ExitCode.BAD_INPUT
    assert "choose one with --system" in several.stderr
    assert "Cinder Hills" in chosen.output


def test_an_outcome_that_is_none_is_refused_with_what_there_is():
    result = run("explain", HELD_BACK, "--why-not", "freedom")

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "use lighter_reporting, standard_oversight, intervention" in result.stderr


# diff


def test_diff_says_which_fact_moved_which_rule():
    result = run("diff", FREE, HELD_BACK, REFERENCE)

    assert "Lighter reporting, now standard oversight" in result.output
    assert "The cancer 62-day target is missed: does not apply, now applies" in result.output


def test_one_case_on_two_days_is_compared_with_itself():
    result = run("diff", HELD_BACK, "--new-as-of", "2025-08-01", REFERENCE)

    assert "Date of the decision: 2025-06-30, now 2025-08-01" in result.output
    assert run("diff", HELD_BACK).exit_code == ExitCode.BAD_INPUT


def test_stored_decisions_are_compared_with_each_other_and_with_cases(tmp_path):
    stored = tmp_path / "stored.json"
    stored.write_bytes(run("decide", FREE, "--format", "json").stdout_bytes)

    same = run("diff", str(stored), FREE, "--format", "json")
    other = run("diff", str(stored), HELD_BACK, "--format", "json")

    assert json.loads(same.output)["differences"][0]["changes"] == []
    assert json.loads(other.output)["differences"][0]["decision_changed"] is True
    Draft202012Validator(shipped_schema("differences")).validate(json.loads(other.output))
    refused = run("diff", str(stored), FREE, "--old-as-of", "2025-07-01")
    assert "which have their day already" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([FREE, HELD_BACK], 0),
        ([FREE, HELD_BACK, "--fail-on", "decision"], 1),
        ([FREE, HELD_BACK, "--fail-on", "any"], 1),
        ([FREE, FREE, "--fail-on", "any"], 0),
    ],
)
def test_how_diff_exits(arguments, code):
    assert run("diff", *arguments, REFERENCE).exit_code == code


def test_two_folders_are_compared_system_by_system():
    result = run("diff", ILLUSTRATIVE, ILLUSTRATIVE, REFERENCE)

    assert result.output.startswith("What changed\n")
    assert "ZZ003" in result.output


# check, facts, rules, schema, doctor, new


def test_check_tells_what_ships_to_be_sound():
    result = run("check")

    assert result.exit_code == ExitCode.DONE
    assert "hewitt-2023" in result.output
    assert "Better is never harsher: proved" in result.output


def test_check_reads_every_rulebook_even_if_the_first_is_bad(tmp_path):
    result = run("check", str(tmp_path), "hewitt-2023")

    assert result.exit_code == ExitCode.INVALID_RULEBOOK
    assert f"{tmp_path}: not sound" in result.output
    assert hewitt().digest in result.output
    assert str(tmp_path) in result.stderr


@pytest.mark.parametrize("command", ["check", "test", "rules --rulebook"])
def test_a_rulebook_that_is_not_there_is_answered_with_those_that_ship(command):
    result = run(*command.split(), "nope")

    assert result.exit_code == ExitCode.INVALID_RULEBOOK
    assert "there is no rulebook nope: name a folder, or one that ships (hewitt" in result.stderr


def test_each_warning_of_a_check_is_one_line_that_names_what_it_is_about():
    lines = run("check", "--no-proofs").stderr.splitlines()

    assert lines
    assert all(re.search(r":\d+:\d+: warning: [a-z-]+: `\w+`: ", line) for line in lines)


def test_warnings_fail_a_check_only_where_that_is_asked_for(tmp_path):
    run("new", "rulebook", str(tmp_path / "mine"))
    has_warnings = bool(run("check").stderr)

    assert run("check", str(tmp_path / "mine"), "--fail-on", "warning").exit_code == ExitCode.DONE
    assert run("check", "--fail-on", "warning").exit_code == has_warnings


def test_check_as_json_fits_its_schema(tmp_path):
    result = run("check", str(tmp_path), "hewitt-2023", "--format", "json")

    Draft202012Validator(shipped_schema("check")).validate(json.loads(result.output))
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("command", "known", "unknown"),
    [("facts", "cancer_62day_pct", "cancer_62day_pc"), ("rules", "in_segment_4", "in_segment_44")],
)
def test_lists_show_all_or_what_was_asked_for_and_suggest_a_name(command, known, unknown):
    everything, one, none = run(command), run(command, known), run(command, unknown)

    assert one.output.startswith(f"1 {command.removesuffix('s')}")
    assert known in everything.output
    assert none.exit_code == ExitCode.BAD_INPUT
    assert f"did you mean `{known}`?" in none.stderr
    table = list(csv.DictReader(io.StringIO(run(command, "--format", "csv").output)))
    assert known in {row["id"] for row in table}
    listed = json.loads(run(command, known, "--format", "json").output)
    Draft202012Validator(shipped_schema(command)).validate(listed)
    assert [item["id"] for item in listed[command]] == [known]


def test_rules_on_a_day_say_which_are_not_in_force(tmp_path):
    folder = str(tmp_path / "mine")
    run("new", "rulebook", folder)

    before, since = (
        run("rules", "target_missed", "--rulebook", folder, "--as-of", day).output
        for day in ("2025-03-31", "2025-04-01")
    )

    assert "Not in force on that day: the finding seen_on_time is not in force" in before
    assert "Not in force" not in since


def test_schemas_are_printed_for_cases_and_for_all_that_is_printed():
    for name in ("case", "decision", "decisions"):
        Draft202012Validator.check_schema(json.loads(run("schema", name).output))
    assert json.loads(run("schema").output)["title"].startswith("A case file for")
    refused = run("schema", "nothing")
    assert (refused.exit_code, "`nothing` is none of case, " in refused.stderr) == (2, True)


def test_every_schema_is_named_in_the_help_of_schema():
    text = " ".join(run("schema", "--help").output.split())

    for path in shipped("rules").parent.rglob("oversight_engine/schemas/*.json"):
        assert path.stem in text


def test_doctor_says_what_works():
    result = run("doctor")

    assert result.output.startswith("Everything works")
    assert "durable: works" in result.output
    Draft202012Validator(shipped_schema("doctor")).validate(
        json.loads(run("doctor", "--format", "json").output)
    )


def test_doctor_fails_where_something_does_not_work(monkeypatch):
    from oversight_engine.evaluators import strata

    monkeypatch.setattr(strata, "import_problem", lambda: "broken; mend it")

    assert run("doctor").exit_code == ExitCode.FINDINGS


def test_a_new_case_can_be_decided_at_once(tmp_path):
    path = tmp_path / "case.yaml"
    options = ["--code", "QXX", "--name", "Ours", "--as-of", "2025-06-30"]

    printed = run("new", "case", *options)
    written = run("new", "case", str(path), *options)

    assert printed.output == path.read_text(encoding="utf-8")
    assert written.stderr == f"Wrote {path}.\n"
    assert run("decide", str(path), REFERENCE).exit_code == ExitCode.REFERRED
    again = run("new", "case", str(path), *options)
    assert (again.exit_code, "is not overwritten" in again.stderr) == (2, True)


def test_a_new_case_is_dated_today_where_no_day_is_given():
    assert re.search(r"^as_of: 20\d\d-\d\d-\d\d$", run("new", "case").output, re.MULTILINE)


def test_a_new_rulebook_can_be_checked_and_used_at_once(tmp_path):
    folder, case = str(tmp_path / "mine"), tmp_path / "case.yaml"

    assert run("new", "rulebook", folder).exit_code == ExitCode.DONE
    assert run("check", folder).exit_code == ExitCode.DONE
    case.write_text(run("new", "case", "--rulebook", folder, "--as-of", "2025-06-30").output)
    assert run("decide", str(case), "--rulebook", folder).exit_code == ExitCode.REFERRED
    assert run("new", "rulebook", folder).exit_code == ExitCode.BAD_INPUT


def test_two_cases_of_one_system_are_never_decided_on_one_day(tmp_path):
    later = tmp_path / "later.yaml"
    text = shipped_case("dunmarsh").read_text()
    later.write_text(text.replace("as_of: 2025-06-30", "as_of: 2025-07-31", 1))
    assert later.read_text() != text

    apart = run("decide", FREE, str(later), REFERENCE)
    together = run("decide", FREE, str(later), REFERENCE, "--as-of", "2025-07-31")

    assert apart.exit_code == ExitCode.DONE
    assert together.exit_code == ExitCode.BAD_INPUT
    assert "would be decided on 2025-07-31: name one of each" in together.stderr


def test_names_of_evaluators_may_be_listed_with_spaces():
    assert run("decide", FREE, "--evaluators", "reference, durable").exit_code == ExitCode.DONE


CALLS = [
    (words, command) for words, command in every_command() if not isinstance(command, click.Group)
]


@pytest.mark.parametrize(("words", "command"), CALLS, ids=[" ".join(words) for words, _ in CALLS])
def test_the_example_of_every_command_is_one_that_it_takes(words, command):
    shown = run(*words, "--help").output.partition("For example:\n")[2].partition("\n\n")[0]
    assert all(len(line) <= 80 for line in shown.splitlines())
    called = shlex.split(shown.partition(" > ")[0].replace("\\\n", " "))

    assert called[: len(words) + 1] == ["oversight", *words]
    given = command.make_context(words[-1], called[len(words) + 1 :]).params
    assert any(given.values()), "it shows something of what may be given"
