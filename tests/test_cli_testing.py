"""`oversight test`: what it prints, in every format, and how it ends."""

import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from oversight_engine.__main__ import cli
from oversight_engine.language.rulebook_tests import read_tests
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped

RULEBOOK = """\
format: oversight-rulebook/1
id: tiny
version: 1.0.0
title: A tiny rulebook
in_force: {from: 2025-01-01}
outcomes:
  - {id: light, title: Light}
  - {id: heavy, title: Heavy}
principles:
  - {id: fairness, title: Fairness}
documents: []
facts:
  - id: rate
    title: Rate
    type: number
    unit: "%"
    decimals: 0
    range: [0, 100]
    better: higher
    policy_choice: a test
rules:
  - id: missed
    title: The rate is missed
    principle: fairness
    unless: rate >= 70
    outcome: heavy
    policy_choice: a test
"""
TESTS = """\
format: oversight-test/1
as_of: 2025-06-30
tests:
  - {name: Well above, facts: {rate: 90}, expect: {outcome: light, only: yes}}
"""


@pytest.fixture
def tiny(tmp_path):
    (tmp_path / "tiny.yaml").write_text(RULEBOOK, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "more.yaml").write_text(TESTS, encoding="utf-8")
    return tmp_path


def run(tiny, *arguments, tests="more.yaml"):
    return CliRunner().invoke(
        cli,
        ["test", str(tiny / "tiny.yaml"), "--tests", str(tiny / tests), *arguments],
        prog_name="oversight",
    )


def test_tests_that_pass_end_with_0(tiny):
    result = run(tiny, "--format", "plain")

    assert (result.exit_code, result.output) == (
        0, "tiny 1.0.0: 1 test passed.\nA tiny rulebook.\n"
    )  # fmt: skip


def test_a_test_that_fails_is_named_with_its_place_and_ends_with_1(tiny):
    wrong = TESTS.replace("outcome: light", "outcome: heavy")
    (tiny / "more.yaml").write_text(wrong, encoding="utf-8")
    result = run(tiny, "--coverage", "--mutation")

    assert result.exit_code == 1
    assert "it came to light, and heavy is expected" in result.output
    assert "more.yaml:4:5" in result.output
    assert "What the tests show" not in result.output  # nothing to rely on


def test_bad_tests_are_bad_input_with_every_problem(tiny):
    wrong = TESTS.replace("rate:", "rat:").replace("light", "lihgt")
    (tiny / "more.yaml").write_text(wrong, encoding="utf-8")
    result = run(tiny)

    assert result.exit_code == 2
    assert "unknown-fact" in result.output
    assert "did you mean `light`?" in result.output


def test_a_rulebook_without_tests_says_where_they_go(tiny):
    result = CliRunner().invoke(cli, ["test", str(tiny / "tiny.yaml")])

    assert result.exit_code == 2
    assert "has no tests: write some into the folder `tests`" in " ".join(result.output.split())


def test_what_is_missing_is_written_to_be_reviewed_and_then_nothing_is_missing(tiny):
    before = run(tiny, "--coverage", "--mutation", "--threshold", "95", "--format", "plain")
    assert before.exit_code == 1
    assert "and at least 95% are wanted" in before.output

    written = run(tiny, "--mutation", "--write-missing", str(tiny / "review"))
    assert written.exit_code == 0, written.output
    [file] = (tiny / "review").iterdir()
    read_tests([tiny / "more.yaml", file], load_rulebook(tiny / "tiny.yaml"))  # as they stand

    after = CliRunner().invoke(
        cli,
        ["test", str(tiny / "tiny.yaml"), "--tests", str(tiny / "more.yaml"), "--tests", str(file),
         "--coverage", "--mutation", "--threshold", "100", "--format", "json"],
    )  # fmt: skip
    data = json.loads(after.output)
    [one] = data["rulebooks"]

    assert after.exit_code == 0
    assert one["coverage"]["conditions"]["not_shown"] == []
    assert one["mutation"]["survivors"] == []
    assert run(tiny, "--write-missing", str(tiny / "review")).exit_code == 2  # nothing is replaced


@pytest.mark.parametrize("options", [[], ["--coverage", "--mutation", "--threshold", "99"]])
def test_json_is_as_its_schema_says(tiny, options):
    result = run(tiny, *options, "--write-missing", str(tiny / "r"), "--format", "json")

    Draft202012Validator(shipped_schema("tested")).validate(json.loads(result.stdout))


def test_build_servers_read_what_passed_failed_and_fell_short(tiny):
    result = run(tiny, "--coverage", "--threshold", "100", "--format", "junit")
    root = ElementTree.fromstring(result.stdout)  # noqa: S314 - our own
    cases = {each.get("name"): each.find("failure") for each in root.iter("testcase")}

    assert result.exit_code == 1
    assert cases["Well above"] is None
    assert "conditions shown on either side" in cases["threshold"].get("message")
    assert root.find("testsuite").attrib == {
        "name": "tiny", "tests": "2", "failures": "1", "errors": "0", "skipped": "0"
    }  # fmt: skip


def test_a_threshold_of_nothing_is_wrong_usage(tiny):
    assert run(tiny, "--threshold", "95").exit_code == 2


@pytest.mark.parametrize("name", ["hewitt-2023", "nof-2025-26", "nof-2026-27"])
def test_the_tests_of_every_rulebook_that_ships_pass_with_both_evaluators(name):
    result = CliRunner().invoke(cli, ["test", str(shipped("rules") / name), "--format", "json"])

    assert result.exit_code == 0
    assert all(test["passed"] for test in json.loads(result.stdout)["rulebooks"][0]["tests"])
