"""The Hewitt rulebook broken on purpose: each break is refuted by cases that the engine decides.

A file of `broken/` says why, which law is broken, and what stands in which file instead.
"""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from oversight_engine.__main__ import cli
from oversight_engine.analysis.laws import counterexamples, prove
from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.errors import ExitCode
from oversight_engine.language.cases import read_cases
from oversight_engine.language.cohort_files import read_cohort
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.language.writer import cases_text
from oversight_engine.resources import shipped
from tests.laws.relations import is_never_harsher, is_never_helped

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.txt"))
KEEPS = {"better_is_never_harsher": is_never_harsher, "hiding_never_helps": is_never_helped}


def break_it(description, folder):
    """Write the rulebook that *description* asks for, and return what it says of it."""
    heading, _, change = description.read_text().partition("--- instead of\n")
    old, _, new = change.partition("--- it says\n")
    said = dict(line.split(": ", 1) for line in heading.splitlines())
    shutil.copytree(shipped("rules") / "hewitt-2023", folder)
    file = folder / said["file"]
    text = file.read_text()
    assert text.count(old) == 1, "the break fits the rulebook as it ships"
    file.write_text(text.replace(old, new))
    return said


def test_the_rulebook_is_broken_in_at_least_ten_ways_and_each_law_in_some():
    assert len(BROKEN) >= 10
    laws = {description.read_text().splitlines()[1] for description in BROKEN}
    assert laws == {*(f"law: {law}" for law in KEEPS), "law: everything_can_occur"}


@pytest.mark.parametrize("description", BROKEN, ids=lambda path: path.stem)
def test_a_broken_rulebook_is_refuted_by_cases_that_can_be_run(description, tmp_path):
    said = break_it(description, tmp_path / "broken")
    book = load_rulebook(tmp_path / "broken")
    proof = prove(book, solver=False)

    refuted = [answer for answer in proof.answers(said["law"]) if answer.result == "refuted"]

    assert refuted
    assert proof.failed
    if said["law"] == "everything_can_occur":
        assert said["never"] in {name for answer in refuted for name in answer.never}
        return
    file = tmp_path / "cases.yaml"
    file.write_text(cases_text(counterexamples(proof)[said["law"]], book))
    before, after = read_cases(file, book)
    with Engine(book, evaluators=EVALUATORS) as engine:
        assert not KEEPS[said["law"]](book, engine.decide(before), engine.decide(after))
    (changed,) = {
        fact
        for fact in {*before.facts, *after.facts}
        if before.facts.get(fact) != after.facts.get(fact)
    }
    assert changed == refuted[0].fact
    assert (changed not in after.facts) == (said["law"] == "hiding_never_helps")


def run(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def test_check_exits_3_and_writes_the_cases_where_a_claimed_law_fails(tmp_path):
    description = next(path for path in BROKEN if path.stem == "order-read-backwards")
    break_it(description, tmp_path / "broken")
    arguments = ("check", str(tmp_path / "broken"))

    result = run(*arguments, "--counterexamples", str(tmp_path / "cases"), "--format", "json")
    law = json.loads(result.stdout)["rulebooks"][0]["proof"]["periods"][0]["laws"][0]

    assert result.exit_code == ExitCode.INVALID_RULEBOOK
    assert (law["law"], law["result"]) == ("better_is_never_harsher", "refuted")
    (written,) = (tmp_path / "cases").glob("*better_is_never_harsher.yaml")
    decided = run("decide", str(written), "--rulebook", str(tmp_path / "broken"))
    assert decided.exit_code == ExitCode.DONE
    assert run(*arguments, "--no-proofs").exit_code == ExitCode.DONE


# What ships


@pytest.mark.parametrize("name", ["hewitt-2023", "nof-2025-26", "nof-2026-27"])
def test_every_claim_of_a_rulebook_that_ships_is_proved(name):
    book = load_rulebook(shipped("rules") / name)
    proof = prove(book, solver=False)

    for law in book.claims:
        assert {answer.result for answer in proof.answers(law)} <= {"proved"}
    assert bool(proof.periods) == (name != "nof-2026-27")  # that one decides nothing by itself


def test_what_is_shown_for_an_example_of_a_cohort_says_so():
    told = " ".join(run("check", "nof-2025-26", "--format", "plain").stdout.split())
    checked = json.loads(run("check", "nof-2025-26", "--format", "json").stdout)
    laws = checked["rulebooks"][0]["proof"]["periods"][0]["laws"]

    assert "Everything can occur: proved, by cells, for an example of a cohort" in told
    assert [law.get("of_example") for law in laws] == [None, True, True]


def test_cases_against_a_rulebook_of_a_cohort_come_with_the_cohort_they_are_of(tmp_path):
    result = run("check", "nof-2025-26", "--counterexamples", str(tmp_path))

    assert result.exit_code == ExitCode.DONE  # law 4 is refuted there, and not claimed
    (cases,), (cohort,) = tmp_path.glob("*.yaml"), tmp_path.glob("*-cohort.json")
    book = load_rulebook(shipped("rules") / "nof-2025-26")
    before, after = read_cases(cases, book)
    with Engine(book, cohort=read_cohort(cohort), evaluators=EVALUATORS) as engine:
        assert not is_never_helped(book, engine.decide(before), engine.decide(after))
