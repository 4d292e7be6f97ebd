"""Completion, pipes, terminals and signals: the command among other programs."""

import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from oversight_engine import command_line
from oversight_engine.__main__ import cli
from oversight_engine.errors import ExitCode
from oversight_engine.resources import shipped
from tests.commands import FREE, HELD_BACK, ILLUSTRATIVE, REFERENCE, REFERRED, run

# Completion


def completions(words, incomplete):
    environment = os.environ | {
        "_OVERSIGHT_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["oversight", *words, incomplete]),
        "COMP_CWORD": str(len(words) + 1),
    }
    printed = subprocess.run(
        [sys.executable, "-c", "from oversight_engine.__main__ import main; main()"],
        env=environment, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    return {line.partition(",")[2] for line in printed.splitlines()}


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        ([], "dec", {"decide"}),
        (["decide", "--format"], "json", {"json", "jsonl"}),
        (["decide", "--rulebook"], "hew", {"hewitt-2023", "hew"}),
        (["decide", "--fail-on"], "", {
            "lighter_reporting", "standard_oversight", "intervention", "referred",
        }),
        (["explain", "--why-not"], "int", {"intervention"}),
        (["facts"], "cancer_62", {"cancer_62day_pct"}),
        (["rules"], "in_segment_4", {"in_segment_4"}),
        (["schema"], "decis", {"decision", "decisions"}),
        (["decide"], "case", {"case"}),
    ],
)  # fmt: skip
def test_the_shell_completes_commands_formats_rulebooks_outcomes_and_ids(
    words, incomplete, offered
):
    assert completions(words, incomplete) == offered


def test_completion_is_silent_about_a_rulebook_that_cannot_be_read():
    complete = command_line.complete_ids("outcomes", "referred")
    context = click.Context(cli, info_name="decide")
    context.params = {"rulebook": "nowhere"}

    assert complete(context, None, "") == []


def test_bash_offers_the_rulebooks_that_ship_beside_folders():
    script = command_line.complete_rulebook(None, None, "")

    assert [item.type for item in script] == ["dir", *["plain"] * (len(script) - 1)]
    assert "hewitt-2023" in [item.value for item in script]


# Real streams


def start(*arguments, **more):
    environment = os.environ | more.pop("env", {})
    # Whoever runs the tests in the background may have told them to ignore the keyboard.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from oversight_engine.__main__ import main; main()"
    )
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, **more)


def test_a_closed_pipe_is_silent_and_no_failure():
    read, write = os.pipe()
    os.close(read)
    process = start(
        "decide", str(shipped("cases")), REFERENCE, "--format", "jsonl",
        stdout=write, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(write)
    _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (ExitCode.DONE, b"")


FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no device here is always full")


@needs_full
@pytest.mark.parametrize(
    "arguments",
    [["decide", FREE, REFERENCE], ["decide", FREE, REFERENCE, "--format=jsonl"], ["--help"]],
)
def test_a_full_disk_is_said_and_is_no_fault_of_ours(arguments):
    with FULL.open("wb") as full:
        process = start(*arguments, stdout=full, stderr=subprocess.PIPE)
        _, errors = process.communicate(timeout=60)

    assert process.returncode == ExitCode.BAD_INPUT
    assert errors.decode() == "error: the output cannot be written: No space left on device\n"


@needs_full
def test_where_nothing_can_be_said_the_exit_code_says_it():
    with FULL.open("wb") as full:
        process = start("decide", "nowhere.yaml", stdout=subprocess.PIPE, stderr=full)
        process.communicate(timeout=60)

    assert process.returncode == ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    ("case", "code"), [(FREE, ExitCode.DONE), (REFERRED, ExitCode.REFERRED), ("-", 2)]
)
def test_closed_streams_leave_the_exit_code_as_it_is(case, code):
    words = shlex.join([sys.executable, "-m", "oversight_engine", "decide", case, REFERENCE])
    ended = subprocess.run(["/bin/sh", "-c", f"{words} <&- >&- 2>&-"], check=False, timeout=60)

    assert ended.returncode == code


@pytest.mark.parametrize("moment", [0.3, 2], ids=["as it starts", "as it waits for a case"])
def test_an_interrupt_from_the_keyboard_ends_with_one_line(moment):
    read, write = os.pipe()
    process = start("decide", "-", stdin=read, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    os.close(read)
    os.close(write)

    assert process.returncode == ExitCode.INTERRUPTED
    assert errors.decode().strip() == "Interrupted."


def on_terminal(*arguments, columns=80, env=None):
    """Run the command on a terminal of its own and return what it shows."""
    main, other = pty.openpty()
    usual = {"COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "", "LC_ALL": "C.UTF-8"}
    process = start(
        *arguments,
        stdin=other, stdout=other, stderr=other,
        env=usual | (env or {}),
    )  # fmt: skip
    os.close(other)
    shown = b""
    while True:
        ready, _, _ = select.select([main], [], [], 60)
        try:
            part = os.read(main, 65536) if ready else b""
        except OSError:
            part = b""
        if not part:
            break
        shown += part
    os.close(main)
    process.wait(timeout=60)
    return shown.decode("utf-8", "replace").replace("\r\n", "\n")


def test_a_terminal_gets_colour_symbols_and_a_hint():
    shown = on_terminal("decide", HELD_BACK)

    assert "\x1b[1;33mStandard oversight\x1b[0m" in shown
    assert "●" in shown
    assert "`oversight explain` tells the rest." in shown


def test_no_color_and_quiet_are_heard_on_a_terminal():
    shown = on_terminal("decide", HELD_BACK, "--quiet", env={"NO_COLOR": "1"})

    assert "\x1b[" not in shown
    assert "tells the rest" not in shown


@pytest.mark.parametrize("arguments", [["decide", HELD_BACK], ["decide", ILLUSTRATIVE], ["check"]])
def test_nothing_is_wider_than_a_narrow_terminal(arguments):
    shown = on_terminal(*arguments, columns=40, env={"NO_COLOR": "1"})
    told, _, _ = shown.partition("parameters.yaml:")  # problems keep their line as it stands

    assert max(map(len, told.splitlines()[:-1])) <= 40


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1", "LC_ALL": "en_GB.ISO-8859-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX"},
    ],
)
@pytest.mark.parametrize("form", ["pretty", "plain", "markdown"])
def test_terminals_that_know_ascii_only_are_not_shown_anything_else(environment, form):
    process = start(
        "decide", REFERRED, REFERENCE, "--format", form, "--color", "always",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
    )  # fmt: skip
    output, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (ExitCode.REFERRED, b"")
    if form != "markdown":  # a file format, and always UTF-8
        assert output.isascii()


def test_what_is_printed_does_not_depend_on_where_it_goes():
    text = run("decide", HELD_BACK, REFERENCE).output

    assert "\x1b[" not in text
    assert "\x1b[" in run("decide", HELD_BACK, REFERENCE, "--color", "always").output
    assert command_line.DEFAULT_RULEBOOK in {path.name for path in shipped("rules").iterdir()}
