"""What a command says that is called in a way it is not: a code, what is wrong, and the way out."""

import json

import pytest
from jsonschema import Draft202012Validator

from oversight_engine.errors import ExitCode
from oversight_engine.report.schemas import shipped_schema
from tests.commands import FREE, REFERENCE, run


def refused(*arguments):
    """Return how the command refuses, in one line."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (ExitCode.BAD_INPUT, "")
    return " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("decide",), "Missing argument 'CASE...'. help: `oversight decide --help`"),
        (("decide", FREE, "--keepgoing"), "Did you mean '--keep-going'?"),
        (("decid", FREE), "Did you mean 'decide'? help: `oversight --help` says how it is called"),
        (("ledger", "verify", "l.ledger"), "unexpected extra argument (l.ledger)"),
        (("ledger", "prove", "two"), "'two' is not a valid number of an entry"),
        (("decide", FREE, "--fail-on", "light"), "Invalid value for '--fail-on': `light` is no"),
    ],
)
def test_wrong_usage_has_a_code_and_says_where_to_look(arguments, said):
    told = refused(*arguments)

    assert told.startswith("error: bad-input: ")
    assert said in told


@pytest.mark.parametrize("command", [("decide", FREE, "--as-of"), ("ledger", "due", "--on")])
@pytest.mark.parametrize(
    "day", ["30/06/2025", "2025-6-30", "20250630", "2025-W26-1", "", "٢٠٢٥-٠٦-٣٠"]
)
def test_a_date_in_another_form_is_refused_and_the_form_is_shown(command, day):
    assert f"`{day}` is no date: write it like 2025-06-30" in refused(*command, day)


def test_a_day_that_no_calendar_has_is_refused():
    assert "`2025-02-30` is no day of the calendar" in refused("decide", FREE, "--as-of=2025-02-30")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["--format", "json"], ["--format", "csv"]),
        (["--as-of=2025-06-30"], ["--as-of=2025-07-30"]),
        (["--ledger", "a"], ["--ledger", "b"]),
    ],
)
def test_of_two_values_where_one_is_wanted_neither_is_chosen(first, second):
    told = refused("decide", FREE, REFERENCE, *first, *second)

    assert f"{first[0].partition('=')[0]} is given 2 times: give one" in told


def test_what_may_be_given_twice_may(tmp_path):
    told = run(
        "path", FREE, "--to=lighter_reporting", "--without=mhis_met", "--without=plan_agreed"
    )

    assert told.exit_code == ExitCode.DONE
    assert run("decide", FREE, "--quiet", "--quiet").exit_code == ExitCode.DONE


@pytest.mark.parametrize("order", [1, -1])
def test_a_program_is_told_in_json_wherever_it_asks_for_that(order):
    wrong = [["--as-of", "today"], ["--format", "json"]][::order]
    result = run("decide", FREE, *wrong[0], *wrong[1])

    told = json.loads(result.stderr)
    Draft202012Validator(shipped_schema("errors")).validate(told)
    assert (told["error"], told["exit_code"]) == ("bad-input", 2)
    assert "`today` is no date" in told["message"]
