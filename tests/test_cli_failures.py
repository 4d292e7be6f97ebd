"""Whatever goes wrong is said with its place, in the format asked for, and has its exit code."""

import errno
import json
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator

from oversight_engine import engine
from oversight_engine.__main__ import cli
from oversight_engine.errors import DisagreementError, ExitCode
from oversight_engine.report.schemas import shipped_schema
from tests.commands import FREE, HELD_BACK, REFERENCE, REFERRED, run
from tests.shown import shipped_case


@pytest.fixture
def bad_case(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        "format: oversight-case/1\nsystem: {code: QXX, name: A}\nas_of: 2025-06-30\n"
        "facts:\n  cancer_62day_pc: 70\n  mhis_met: maybe\n"
    )
    return str(path)


def test_every_problem_of_a_case_is_shown_at_once_with_place_and_way_out(bad_case):
    result = run("decide", bad_case, FREE)

    assert result.exit_code == ExitCode.BAD_INPUT
    assert result.stdout == ""
    assert f"{bad_case}:5:3: unknown-fact:" in result.stderr
    assert "  5 |   cancer_62day_pc: 70\n    |   ^^^^^^^^^^^^^^^\n" in result.stderr
    assert "help: did you mean `cancer_62day_pct`?" in result.stderr
    assert f"{bad_case}:6:13:" in result.stderr
    assert "2 problems found." in result.stderr


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_programs_are_told_what_is_wrong_as_json_on_standard_error(bad_case, form):
    result = run("decide", bad_case, "--format", form)
    error = json.loads(result.stderr)

    Draft202012Validator(shipped_schema("errors")).validate(error)
    assert (result.exit_code, error["exit_code"], len(error["problems"])) == (2, 2, 2)
    assert result.stdout == ""


def test_keep_going_decides_the_rest_and_still_exits_two(bad_case):
    result = run("decide", bad_case, FREE, HELD_BACK, "--keep-going", "--format", "csv")

    assert result.exit_code == ExitCode.BAD_INPUT
    assert len(result.stdout.splitlines()) == 3
    assert "unknown-fact" in result.stderr


def test_keep_going_leaves_out_what_cannot_be_decided_on_the_day():
    day = ["--as-of", "2025-06-30"]
    later = str(shipped_case("yewbarrow"))
    result = run("decide", later, FREE, *day, "--keep-going", "--format", "csv", REFERENCE)

    assert result.exit_code == ExitCode.BAD_INPUT
    assert [row.split(",")[0] for row in result.stdout.splitlines()[1:]] == ["ZZ004"]
    assert "after the decision's date" in result.stderr


def test_keep_going_with_nothing_left_prints_nothing(bad_case):
    result = run("decide", bad_case, "--keep-going")

    assert (result.exit_code, result.stdout) == (ExitCode.BAD_INPUT, "")


def test_evaluators_that_disagree_leave_no_decision_behind(monkeypatch):
    def disagree(self, *arguments, **more):
        raise DisagreementError("they differ", traces={}, differences=("rules: a",))

    monkeypatch.setattr(engine.Engine, "decide", disagree)
    result = run("decide", FREE, "--keep-going")

    assert (result.exit_code, result.stdout) == (ExitCode.DISAGREEMENT, "")
    assert "evaluators-disagree" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("decide", "x" * 5000),
        ("check", "x" * 5000),
        ("replay", "x" * 5000),
        ("decide", FREE, "--rulebook", "x" * 5000),
        ("ledger", "init", "--ledger", "l", "--key", "x" * 5000),
        ("ledger", "verify", "--ledger", "d/" * 3000 + "l"),
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_a_name_too_long_for_a_file_is_no_fault_of_ours(arguments):
    result = run(*arguments)

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "long" in result.stderr


def test_a_file_that_nobody_may_look_for_is_no_fault_of_ours(monkeypatch):
    """Whoever runs the tests may look into every folder, so the system's answer is stood in for."""

    def refuse(self):
        raise PermissionError(errno.EACCES, "Permission denied", "closed/case.yaml")

    monkeypatch.setattr(Path, "is_dir", refuse)
    result = run("decide", "closed/case.yaml", "--rulebook", "closed")

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "error: bad-input: closed/case.yaml cannot be used: Permission denied" in result.stderr


def test_a_fault_of_ours_is_said_without_a_traceback_unless_asked(monkeypatch):
    def fail(self, *arguments, **more):
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(engine.Engine, "decide", fail)
    monkeypatch.delenv("OVERSIGHT_DEBUG", raising=False)
    quiet, verbose = run("decide", FREE), run("decide", FREE, "--verbose")

    assert quiet.exit_code == verbose.exit_code == ExitCode.BUG
    assert "A fault of ours" in quiet.stderr
    assert "ZeroDivisionError: by nought" in quiet.stderr
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in verbose.stderr
    monkeypatch.setenv("OVERSIGHT_DEBUG", "1")
    assert "Traceback" in run("decide", FREE).stderr


def test_an_interruption_is_one_line_and_its_own_exit_code(monkeypatch):
    def interrupt(self, *arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine.Engine, "decide", interrupt)
    result = run("decide", FREE)

    assert (result.exit_code, result.stderr) == (ExitCode.INTERRUPTED, "Interrupted.\n")


def test_whoever_calls_the_command_from_python_may_have_its_code_instead_of_an_exit():
    assert cli.main(["decide", REFERRED, REFERENCE, "--format", "csv"], standalone_mode=False) == 4
    with pytest.raises(click.UsageError):
        cli.main(["decide"], standalone_mode=False)


def test_an_abort_before_any_command_runs_is_an_interruption(monkeypatch):
    def abort(context):
        raise click.Abort

    monkeypatch.setattr(cli, "parse_args", lambda *_: abort(None))
    result = run("decide", FREE)

    assert (result.exit_code, result.stderr) == (ExitCode.INTERRUPTED, "Interrupted.\n")
