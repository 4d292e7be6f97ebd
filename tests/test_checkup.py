"""What is wrong is shown with its place and the way out; what takes long shows that it goes on."""

import importlib.metadata
import io
import os

import pytest
from jsonschema import Draft202012Validator

from oversight_engine import checkup, resources
from oversight_engine.analysis.gaps import find_gaps
from oversight_engine.errors import InputError
from oversight_engine.evaluators import strata
from oversight_engine.explanation.wording import say_day
from oversight_engine.language import cache
from oversight_engine.language.problems import Place, Problem
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.report import blanks, checking
from oversight_engine.report.problems import error_data, problem_text
from oversight_engine.report.progress import PATIENCE, watched
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.report.terminal import Terminal
from oversight_engine.report.text import plain
from oversight_engine.resources import shipped
from tests.commands import Stream
from tests.shown import hewitt


def validate(document, schema):
    Draft202012Validator(schema).validate(document)


# Problems


def test_a_problem_is_shown_with_its_line_a_caret_and_the_way_out(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("first: 1\nsecond: wrong value\n")
    problem = Problem("unknown-fact", Place(str(path), 2, 9), "no such fact", "wrong", "try right")

    assert problem_text(InputError("bad", problems=[problem]), Terminal()) == (
        f"{path}:2:9: unknown-fact: no such fact\n"
        "    |\n"
        "  2 | second: wrong value\n"
        "    |         ^^^^^\n"
        "  help: try right\n"
        "\n"
        "1 problem found."
    )


def test_a_problem_in_a_long_line_is_shown_around_its_place(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("x" * 500 + "WRONG" + "y" * 500)
    problem = Problem("unknown-fact", Place(str(path), 1, 501), "no", "WRONG")

    _, _, excerpt, caret, *_ = problem_text(InputError("", problems=[problem]), Terminal()).split(
        "\n"
    )

    assert len(excerpt) < 120
    assert excerpt[caret.index("^") :].startswith("WRONG")


def test_a_problem_without_a_line_shows_what_was_got():
    located = Problem("unknown-fact", Place("<input>", path="$.facts"), "no such fact", "x" * 200)
    gone = Problem("unknown-fact", Place("nowhere.yaml", 3, 1), "no such fact")

    text = problem_text(InputError("", problems=[located, gone]), Terminal())

    assert "<input>: $.facts: unknown-fact: no such fact (got `xxx" in text
    assert "nowhere.yaml:3:1: unknown-fact: no such fact\n\n2 problems found." in text


def test_control_characters_of_a_file_never_reach_the_terminal(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text("a: \x1b[2Jx\n")
    problem = Problem("forbidden-character", Place(str(path), 1, 4), "hidden", "\x1b")

    assert "\x1b" not in problem_text(InputError("", problems=[problem]), Terminal())


def test_where_reading_stopped_the_count_says_that_there_may_be_more():
    found = [
        Problem("unknown-fact", Place("a"), "no"),
        Problem("too-many-problems", Place("a"), ""),
    ]

    text = problem_text(InputError("", problems=found), Terminal())

    assert text.endswith("1 problem found, and there may be more.")


def test_an_error_without_a_place_says_its_code():
    assert problem_text(InputError("no"), Terminal()) == "error: bad-input: no"


def test_errors_as_json_fit_their_schema():
    located = Problem("unknown-fact", Place("a.yaml", 1, 2), "no such fact", "x", "y")

    validate(error_data(InputError("no", problems=[located, "text"])), shipped_schema("errors"))


# Checking


def test_a_sound_rulebook_is_told_with_digest_counts_gaps_and_claims_proved():
    checked = [checking.examine("it", shipped("rules") / "hewitt-2023", with_proofs=True)]
    page = plain(checking.checked_page(checked))

    assert hewitt().digest in page
    assert f"{len(hewitt().rules)} rules" in page
    assert "Hiding never helps: proved" in page
    for gap in find_gaps(hewitt()):
        assert f"{gap.rule}, from {say_day(gap.span.start)}" in page
    validate(checking.checked_data(checked), shipped_schema("check"))


def test_an_unsound_rulebook_is_told_with_all_its_problems(tmp_path):
    blanks.write_blank_rulebook(tmp_path / "mine")
    facts = tmp_path / "mine" / "facts.yaml"
    facts.write_text(facts.read_text().replace("higher", "taller"))
    checked = [checking.examine("mine", tmp_path / "mine")]

    assert checked[0].rulebook is None
    assert plain(checking.checked_page(checked)).startswith("mine: not sound.")
    assert checking.problems_of(checked, Terminal()).count("taller") >= 2
    validate(checking.checked_data(checked), shipped_schema("check"))
    with pytest.raises(Exception, match="problem"):
        load_rulebook(tmp_path / "mine")


# What works here


def test_a_machine_on_which_all_works_is_well():
    found = checkup.examine("utf-8")

    assert checkup.is_well(found)
    assert plain(checkup.checkup_page(found)).startswith("Everything works.")
    assert {"reference", "durable"} <= {finding.name for finding in found}


def test_an_evaluator_that_does_not_work_says_why_and_what_mends_it(monkeypatch):
    monkeypatch.setattr(strata, "import_problem", lambda: "it cannot be imported; build it anew")

    found = checkup.examine("utf-8")
    page = plain(checkup.checkup_page(found))

    assert not checkup.is_well(found)
    assert "(fault) durable: it cannot be imported" in page
    assert "To mend it: build it anew" in page
    validate(checkup.checkup_data(found), shipped_schema("doctor"))


def test_an_evaluator_that_loads_and_answers_wrongly_does_not_work(monkeypatch):
    monkeypatch.setattr(strata.Stratum, "fire", lambda *_: frozenset())

    page = plain(checkup.checkup_page(checkup.examine("utf-8")))

    assert "(fault) durable: durable-rules as built here cannot be relied on" in page
    assert "To mend it: this builds it" in page


def test_missing_packages_files_and_caches_are_told(monkeypatch, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.setattr(checkup, "DEPENDENCIES", ("no-such-package",))
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "elsewhere")
    monkeypatch.setattr(cache, "folder", lambda: closed / "cache")
    monkeypatch.setattr(os, "access", lambda *_: False)

    page = plain(checkup.checkup_page(checkup.examine("ascii")))

    assert "(fault) no-such-package: not installed" in page
    assert "(fault) shipped rules: the shipped rules are neither in" in page
    assert f"(fault) cache: {closed / 'cache'} cannot be written" in page


def test_no_cache_is_no_fault(monkeypatch):
    monkeypatch.setattr(cache, "folder", lambda: None)

    assert checkup.is_well(checkup.examine("utf-8"))


# Progress


class Clock:
    def __init__(self, *times):
        self.times = list(times)

    def __call__(self):
        return self.times.pop(0) if len(self.times) > 1 else self.times[0]


def test_nothing_is_shown_for_what_is_quick_or_to_nobody():
    stream = io.StringIO()

    assert list(watched([1, 2, 3], Terminal(is_live=True), stream, Clock(0, 0))) == [1, 2, 3]
    assert list(watched([1, 2, 3], Terminal(), stream, Clock(0, 99))) == [1, 2, 3]
    assert stream.getvalue() == ""


def test_a_bar_is_shown_to_somebody_who_waits_and_every_item_comes_once():
    stream = Stream(tty=True)
    items = list(range(50))

    seen = list(watched(items, Terminal(is_live=True), stream, Clock(0, PATIENCE + 1)))

    assert seen == items
    assert "Deciding" in stream.getvalue()
    assert "/50" in stream.getvalue()


def test_what_mends_durable_rules_is_one_command_wherever_it_is_missed(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    monkeypatch.setattr(strata, "import_problem", lambda: "not there; build it so")

    mending = {finding.name: finding.mending for finding in checkup.examine("utf-8")}

    assert mending["durable"] == mending["durable_rules"] == "build it so"
    assert mending["attrs"].endswith("-m pip install attrs")
