"""`oversight sweep`: what it prints in every format, and what it refuses."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from oversight_engine.__main__ import cli
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped

pytest.importorskip("numpy")

STORIES = str(shipped("cases") / "illustrative")
VALUES = ("--from", "60", "--to", "80", "--step", "0.5", "--as-of", "2025-06-30")
LATER = (*VALUES[:-1], "2026-03-31")


def run(*arguments):
    return CliRunner().invoke(cli, ["sweep", *arguments], prog_name="oversight")


def test_values_that_come_to_the_same_are_one_row_for_people():
    result = run("cancer_62day_target_pct", STORIES, *LATER, "--format", "plain")
    rows = [line for line in result.output.splitlines() if line.startswith("value:")]

    assert result.exit_code == 0
    assert rows[0].startswith("value: 60% to ")
    assert 1 < len(rows) < 41


def test_json_is_as_its_schema_says_and_counts_every_case_at_every_value():
    result = run("cancer_62day_target_pct", STORIES, *LATER, "--format", "json")
    data = json.loads(result.output)

    Draft202012Validator(shipped_schema("sweep")).validate(data)
    assert len(data["counts"]) == 41
    assert {sum(each["cases"]) for each in data["counts"]} == {62}


def test_a_sheet_has_a_row_for_each_value():
    result = run("cancer_62day_target_pct", STORIES, *LATER, "--format", "csv")
    rows = list(csv.reader(io.StringIO(result.output)))

    assert rows[0] == [
        "cancer_62day_target_pct", "lighter_reporting", "standard_oversight", "intervention",
        "referral",
    ]  # fmt: skip
    assert [row[0] for row in rows[1:4]] == ["60", "60.5", "61"]
    assert len(rows) == 42


def test_cases_of_several_days_are_decided_each_on_its_own():
    result = run("cancer_62day_target_pct", STORIES, *VALUES[:6], "--format", "json")

    assert {sum(each["cases"]) for each in json.loads(result.output)["counts"]} == {62}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cancer_62day_target", STORIES, *LATER), "did you mean `cancer_62day_target_pct`?"),
        (
            ("cancer_62day_target_pct", STORIES, "--from", "1", "--to", "2", "--step", "0"),
            "above 0",
        ),
        (("cancer_62day_target_pct", STORIES, "--from", "2", "--to", "1", "--step", "1"), "go up"),
        (("cancer_62day_target_pct", STORIES, "--from", "1e3", "--to", "2", "--step", "1"), "1e3"),
        (
            ("cancer_62day_target_pct", STORIES, "--from", "0", "--to", "99", "--step", "0.0001"),
            "at most 100,000",
        ),
    ],
)
def test_what_cannot_be_swept_is_wrong_usage(arguments, said):
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
