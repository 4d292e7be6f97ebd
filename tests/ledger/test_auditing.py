"""An audit report says what is in a ledger and whether it holds; a record marks every gap."""

import datetime
import json
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from oversight_engine.__main__ import cli
from oversight_engine.errors import ExitCode
from oversight_engine.explanation.wording import say_day
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.log import Ledger
from oversight_engine.model.plain import canonical
from oversight_engine.report import audits
from oversight_engine.report.audits import STATES, WORDS
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.report.transparency import GAP
from oversight_engine.resources import shipped
from tests.golden.make_ledger import NEW
from tests.ledger.ledgers import BY, clock
from tests.ledger.signers import signer_named

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "ledger-v1" / "golden.ledger"
RAVENSEA = shipped("cases") / "illustrative" / "ravensea-harm-on-the-wards.yaml"
DIRECTOR = ("--by", "R. Director", "--role", "regional_director")
AFTER = "after the day it was decided for"
SPELL = "from 1 September 2025 to 31 October 2025"
FIRST = "received on 1 January 2026, answered in entry 4"
SAID = ("system", "as_of", "case", "decision", "attestation")


def run(*arguments, code=ExitCode.DONE):
    result = CliRunner().invoke(cli, ["ledger", *map(str, arguments)])
    assert result.exit_code == code, result.output + result.stderr
    return result


def data_of(command, *arguments, code=ExitCode.DONE):
    """Return what the *command* printed as JSON, which fits its schema."""
    found = json.loads(run(command, *arguments, "--format", "json", code=code).stdout)
    schema = {"report": "audit"}.get(command, command)
    Draft202012Validator(shipped_schema(schema)).validate(found)
    return found


def text_of(ledger, *arguments, code=ExitCode.DONE):
    """Return the report as plain text: one sentence to a line."""
    return run("report", "--ledger", ledger, *arguments, "--format", "plain", code=code).stdout


def sections_of(text):
    """Return the lines under each title of a page of plain text."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return {lines[0].removesuffix(":"): lines[1:] for lines in blocks}


@pytest.fixture
def golden(tmp_path):
    """Return a ledger of two rulebooks, two keys and two days, with an entry that is masked."""
    return Path(shutil.copyfile(GOLDEN, tmp_path / "golden.ledger"))


@pytest.fixture
def story(tmp_path, monkeypatch):
    """Return a ledger in which people did one thing of every kind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERSIGHT_LEDGER", "l.ledger")
    monkeypatch.setenv("OVERSIGHT_LEDGER_KEY", "k")
    run("key", "new", "k", "--name", "example.org/l")
    run("init")
    decided = ["decide", str(RAVENSEA), "--ledger", "l.ledger", "--evaluators", "reference"]
    assert CliRunner().invoke(cli, decided).exit_code == ExitCode.DONE
    chair = ("--by", "A. Chair", "--role", "chair", "--text", "It was closed in May.")
    run("represent", 2, *chair, "--received-on", "2026-01-01")  # 3
    run("answer", 3, *DIRECTOR, "--text", "It was opened again.")  # 4
    run("represent", 2, *chair, "--received-on", "2026-01-02")  # 5
    run("confirm", 2, *DIRECTOR, "--on", "2025-07-10", "--reason", "The evidence stands.")  # 6
    run(
        "override",
        2,
        *DIRECTOR,
        "--outcome",
        "standard_oversight",
        "--from",
        "2025-09-01",
        "--until",
        "2025-10-31",
        "--reason",
        "A new board took office.",
    )  # 7
    run(
        "review",
        2,
        *DIRECTOR,
        "--on",
        "2025-09-10",
        "--found",
        "Better.",
        "--next-on",
        "2025-12-01",
    )  # 8
    text = RAVENSEA.read_text("utf-8").replace("Ravensea", "Raven Sea")
    Path("corrected.yaml").write_text(text, "utf-8")
    run("correct", 2, "corrected.yaml", *DIRECTOR, "--reason", "The name was wrong.")  # 9, 10
    run("refuse", 10, *DIRECTOR, "--on", "2025-11-01", "--reason", "Undertakings were given.")  # 11
    run("withdraw", 7, *DIRECTOR, "--reason", "It was of a decision that is no more.")  # 12
    run("mask", 3, "--field", "/by/name", *DIRECTOR, "--reason", "She asked for it.")  # 13
    return tmp_path / "l.ledger"


# What is in it


def test_decisions_are_counted_by_rulebook_and_outcome_as_they_stand_in_the_entries(golden):
    with Ledger.open(str(golden)) as ledger:
        entries = [entry.data for entry in ledger.entries()]
    decisions = [data["decision"] for data in entries if data["kind"] == "decision"]
    expected = Counter((each["rulebook"], each["decision"]) for each in decisions)

    contents = data_of("report", "--ledger", golden)["contents"]

    counted = {
        (rulebook["digest"], outcome): count
        for rulebook in contents["rulebooks"]
        for outcome, count in rulebook["outcomes"].items()
        if count
    }
    assert counted == expected
    assert contents["entries"] == Counter(data["kind"] for data in entries)
    assert sum(contents["states"].values()) == len(decisions)
    assert [book["decisions"] for book in contents["rulebooks"]] == [9, 5]
    assert [len(book["documents"]) > 30 for book in contents["rulebooks"]] == [True, False]
    assert contents["evaluators"] == {"reference, durable": len(decisions)}


def test_the_report_says_who_signed_and_which_versions_and_documents_it_rests_on(golden):
    text = text_of(golden)

    for part in (
        "ledger.example/golden+7d6d15bb+AVx/3PQFlhIeRd6Fxtf6MZu6jK6XH0cOIBI43v7KaYE0, from the",
        "+faed09fc+AdEfrUb8U+AblHUlTAEp2yDZLoUVGklKvDjPe6McBgSL, from entry 17 on",
        "(hewitt-2023), version 1.0.0",
        "sha256:ede212031ab8b1d149ab0e19f5cc8dea08f6d93493b23d99db34c3dbfd2192c5",
        "recorded between 22 November 2026 and 23 November 2026: 14 decisions, 3 things that",
        "by the Health and Care Act 2022; legislation.gov.uk; read in full",
    ):
        assert part in text


def test_what_people_did_is_told_with_author_reason_expiry_and_how_long_it_took(story):
    found = sections_of(text_of(story, "--on", "2025-09-15"))
    today = data_of("report", "--ledger", story)["contents"]["recorded_from"]
    days = (_day(today) - _day("2026-01-01")).days

    assert found["Confirmed and refused"] == [
        f"Entry 6, ZZ018: entry 2 confirmed on 10 July 2025, 10 days {AFTER}",
        f"  By R. Director (regional director), recorded on {_said(today)}",
        "  Reason: The evidence stands.",
        f"Entry 11, ZZ018: entry 10 refused on 1 November 2025, 124 days {AFTER}",
        f"  By R. Director (regional director), recorded on {_said(today)}",
        "  Reason: Undertakings were given.",
    ]
    assert found["Overrides"] == [
        f"Entry 7, ZZ018: standard oversight in place of entry 2, {SPELL}",
        f"  By R. Director (regional director), recorded on {_said(today)}",
        "  Reason: A new board took office.",
    ]
    assert found["Representations"] == [
        f"Entry 3, ZZ018: about entry 2, {FIRST} after {days} days",
        f"  By masked (chair), recorded on {_said(today)}",
        "Entry 5, ZZ018: about entry 2, received on 2 January 2026, not answered",
        f"  By A. Chair (chair), recorded on {_said(today)}",
    ]
    assert found["Reviews"][0] == (
        "Entry 8, ZZ018: entry 2 reviewed on 10 September 2025; next on 1 December 2025"
    )
    assert found["Corrections"][0] == (
        "Entry 9, ZZ018: the facts of entry 2 corrected; decided anew in entry 10"
    )
    assert found["Withdrawals"][0] == "Entry 12, ZZ018: entry 7 withdrawn"
    assert found["Masked"] == [
        "Entry 13, ZZ018: in entry 3: /by/name",
        f"  By R. Director (regional director), recorded on {_said(today)}",
        "  Reason: She asked for it.",
    ]
    assert found["What became of decisions"] == [
        f"State: {state.capitalize()}; Which means: {STATES[state]}; Decisions: 1"
        for state in ("refused", "superseded")
    ]


def _day(text):
    return datetime.date.fromisoformat(text)


def _said(text):
    return say_day(_day(text))


def test_what_somebody_wrote_at_length_is_not_repeated(story):
    told = run("report", "--ledger", story, "--format", "json").stdout + text_of(story)

    assert "It was closed in May." not in told
    assert "It was opened again." not in told


def test_of_what_did_not_happen_the_report_says_none(golden):
    found = sections_of(text_of(golden))

    for title in ("Confirmed and refused", "Overrides", "Corrections", "Withdrawals"):
        assert found[title] == ["None."]
    assert found["Recommended, and neither confirmed nor refused"] == [
        "Entry 3, ZZ007: intervention of 30 June 2025",
        "Entry 2, ZZ028: intervention of 31 December 2025",
    ]


def test_of_what_waits_the_first_are_told_and_the_rest_are_counted(golden, monkeypatch):
    monkeypatch.setattr(audits, "MOST_TOLD", 1)

    found = sections_of(text_of(golden, "--on", "2026-01-01"))

    assert found["Recommended, and neither confirmed nor refused"] == [
        "Entry 3, ZZ007: intervention of 30 June 2025",
        "And 1 more: `--format json` has all that is due.",
    ]
    assert len(found["What else waits for people on 1 January 2026"]) == 2
    assert len(data_of("report", "--ledger", golden, "--on", "2026-01-01")["contents"]["due"]) == 6


def test_how_things_stand_is_said_of_the_day_that_is_asked_about(story):
    def standing(day):
        return data_of("report", "--ledger", story, "--on", day)["contents"]["in_force"]

    # Refused, superseded and withdrawn as they are now, what the case stated holds all along.
    assert standing("2025-06-29") == {"none": 1}
    assert standing("2025-09-15") == {"standard_oversight": 1}


def test_what_was_recorded_after_a_day_is_left_out(golden):
    known = data_of("report", "--ledger", golden, "--known-on", "2026-11-22")
    contents = known["contents"]

    assert contents["entries"] == {"ledger": 1, "decision": 5}
    assert contents["acts"] == []
    assert known["replay"]["total"] == 5
    assert known["verification"]["size"] == 19  # the whole ledger is verified all the same
    assert (
        data_of("report", "--ledger", golden, "--known-on", "2026-11-21")["contents"]["entries"]
        == {}
    )


def test_one_system_can_be_reported_on_alone(golden):
    contents = data_of("report", "--ledger", golden, "--system", "ZZ007")

    assert contents["contents"]["entries"] == {"decision": 1, "review": 1}
    assert [act["entry"] for act in contents["contents"]["acts"]] == [18]
    assert contents["replay"]["total"] == 1
    refused = run("report", "--ledger", golden, "--system", "ZZ999", code=ExitCode.BAD_INPUT)
    assert "has nothing on ZZ999" in refused.stderr


# Whether it holds


def test_decisions_are_really_derived_again_and_what_was_not_is_said(golden):
    found = data_of("report", "--ledger", golden)

    assert (found["replay"]["total"], found["replay"]["same"], found["replay"]["masked"]) == (
        14, 13, 1,
    )  # fmt: skip
    assert found["holds"]
    assert "Entry 4, ZZ027 on 2025-06-30: /case/facts/ae_4hr_pct" in text_of(golden)


def test_a_decision_that_does_not_follow_is_named_with_its_condition_and_ends_with_5(golden):
    with Ledger.open(str(golden), write=True) as ledger:
        entry = ledger.entry(5)
        data = json.loads(canonical({key: entry.data[key] for key in SAID}))
        rule = min(data["decision"]["rules"])
        data["decision"]["rules"][rule][0] = "t"
        data["as_of"] = data["decision"]["as_of"] = "2025-07-01"
        moment = ledger.entry(ledger.size).recorded_at
        ledger.append([Draft("decision", data)], signer=NEW, clock=clock(moment))

    text = text_of(golden, code=ExitCode.INTEGRITY)

    assert "1 not as recorded" in text
    assert "Note: Not everything holds: see what is marked below." in text
    assert any("Entry 20, ZZ001" in line for line in sections_of(text)["Not as recorded"])
    assert not data_of("report", "--ledger", golden, code=ExitCode.INTEGRITY)["holds"]


def test_what_was_not_replayed_is_said_to_be_not_replayed(golden):
    assert data_of("report", "--ledger", golden, "--no-replay")["replay"] is None
    text = text_of(golden, "--no-replay")

    assert sections_of(text)["Replay"] == ["(note) Not run: --no-replay was given."]
    assert "Not replayed" in text
    assert "derived again as recorded" not in text


def test_of_a_damaged_ledger_nothing_is_reported_but_the_damage(golden):
    with sqlite3.connect(golden) as connection:
        [content] = connection.execute("SELECT content FROM entries WHERE number = 8").fetchone()
        changed = content.replace(b"ZZ026", b"ZZ062") if isinstance(content, bytes) else (
            content.replace("ZZ026", "ZZ062")
        )  # fmt: skip
        for [name] in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE entries SET content = ? WHERE number = 8", [changed])
    connection.close()

    found = data_of("report", "--ledger", golden, code=ExitCode.INTEGRITY)
    text = text_of(golden, code=ExitCode.INTEGRITY)

    assert (found["contents"], found["replay"], found["recheck"]) == (None, None, None)
    assert found["verification"]["damage"]["first"] == 8
    assert "The ledger is damaged: entry 8" in text
    assert "Decisions:" not in text
    refused = run("transparency", "--ledger", golden, code=ExitCode.INTEGRITY)
    assert "no record is made of it" in refused.stderr


def test_a_move_that_was_never_legal_is_found_and_changes_nothing(golden):
    before = data_of("report", "--ledger", golden)["contents"]["states"]
    with Ledger.open(str(golden), write=True) as ledger:
        said = {"about": 5, "by": BY, "on": "2025-07-01"}  # of an outcome that nobody confirms
        moment = ledger.entry(ledger.size).recorded_at
        ledger.append([Draft("confirmation", said)], signer=NEW, clock=clock(moment))

    found = data_of("report", "--ledger", golden, code=ExitCode.INTEGRITY)
    text = text_of(golden, code=ExitCode.INTEGRITY)

    assert found["recheck"]["fault"]["entry"] == 20
    assert "Rechecked: entry 20: the decision in entry 5 is decided, so there is nothing" in text
    assert found["contents"]["states"] == before
    assert found["contents"]["entries"]["confirmation"] == 1


# What it cannot show by itself


def test_without_a_key_to_compare_the_report_says_so_and_how_to(golden):
    lines = sections_of(text_of(golden))["What this ledger alone cannot show"]

    assert lines[0].startswith("(note) Whose the keys are. Anybody can make a ledger")
    assert lines[1] == f"  oversight ledger verify --ledger {golden} --trust KEY"


def test_with_a_trusted_key_and_a_kept_checkpoint_both_are_said_to_have_been_compared(
    golden, tmp_path
):
    kept = tmp_path / "kept.txt"
    run("checkpoint", "--ledger", golden, "--output", kept)
    compared = ("--trust", NEW.verifier.text, "--checkpoint", kept)

    lines = sections_of(text_of(golden, *compared))["What this ledger alone cannot show"]
    found = data_of("report", "--ledger", golden, *compared)

    assert lines[:2] == [
        "Whose the keys are: one of them is a key that you named.",
        "Whether it was written anew: it begins with the checkpoint that you kept.",
    ]
    assert found["checkpoint_compared"]
    assert found["verification"]["trusted"]


def test_a_ledger_of_somebody_elses_key_is_damaged_for_whoever_trusts_another(golden):
    foreign = signer_named("ledger.example/other").verifier.text

    text_of(golden, "--trust", foreign, code=ExitCode.INTEGRITY)


@pytest.mark.parametrize("form", ["pretty", "plain", "markdown"])
def test_every_format_explains_the_words_in_a_line_each(golden, form):
    text = " ".join(run("report", "--ledger", golden, "--format", form).stdout.split())

    for word, meaning in WORDS:
        assert f"{word}: {meaning}" in text
        assert len(meaning) < 100


# The public record


def test_every_field_says_something_or_marks_its_gap_and_what_nobody_here_knows_is_a_gap(golden):
    found = data_of("transparency", "--ledger", golden, "--rulebook", "hewitt-2023")
    fields = {each["number"]: each for each in found["fields"]}

    assert all(each["said"] or each["to_fill_in"] for each in fields.values())
    for number in ("1.3", "1.4", "2.1.1", "2.1.2", "2.1.3", "2.2.3", "2.2.4", "2.3.4", "2.4.4.2",
                   "2.4.4.5", "2.5.1"):  # fmt: skip
        assert fields[number]["said"] == []
        assert fields[number]["to_fill_in"]
    assert len(fields) == len(found["fields"])
    assert [*fields] == sorted(fields, key=lambda text: [*map(int, text.split("."))])


def test_each_gap_stands_marked_in_the_page_and_they_are_counted_in_its_headline(golden):
    found = data_of("transparency", "--ledger", golden, "--rulebook", "hewitt-2023")
    gaps = [each["to_fill_in"] for each in found["fields"] if each["to_fill_in"]]

    page = run(
        "transparency", "--ledger", golden, "--rulebook", "hewitt-2023", "--format", "plain"
    ).stdout

    assert page.count(f"(note) {GAP}:") == len(gaps)
    assert f"A draft: {len(gaps)} of {len(found['fields'])} fields" in page
    assert all(f"{GAP}: {gap}." in page for gap in gaps)


def test_a_record_counts_what_was_decided_under_its_rulebook_and_nothing_else(golden):
    def said(rulebook, number):
        fields = data_of("transparency", "--ledger", golden, "--rulebook", rulebook)["fields"]
        [field] = [each for each in fields if each["number"] == number]
        return " ".join(each["text"] for each in field["said"])

    assert said("hewitt-2023", "2.3.3").startswith("9 decisions under hewitt-2023 1.0.0")
    assert said("golden-league", "2.3.3").startswith("5 decisions under golden-league 1.0.0")
    assert said("hewitt-2023", "2.3.5") == (
        "1 representation recorded, 0 answered. 1 review recorded."
    )
    assert said("golden-league", "2.3.5") == (
        "0 representations recorded, 0 answered. 0 reviews recorded."
    )
    assert "cases that are decided together" in said("golden-league", "2.4.3")
    assert "regional director or responsible officer: intervention" in said("hewitt-2023", "2.3.2")


def test_a_record_is_of_one_rulebook_and_of_decisions_that_were_made(golden, story):
    several = run("transparency", "--ledger", golden, code=ExitCode.BAD_INPUT)
    assert "golden-league, hewitt-2023" in several.stderr
    none = run("transparency", "--ledger", golden, "--rulebook", "nobodys", code=ExitCode.BAD_INPUT)
    assert "has no decision under nobodys" in none.stderr

    record = run("transparency", "--ledger", story).stdout
    days = data_of("report", "--ledger", story)["contents"]["acts"][0]["days"]
    assert f"2 representations recorded, 1 answered, after {days} to {days} days." in record
    assert "1 confirmation, 1 refusal, 1 override, 1 correction and 1 withdrawal" in record


def test_a_record_names_every_rule_and_every_fact_of_the_rulebook(golden):
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    found = data_of("transparency", "--ledger", golden, "--rulebook", "hewitt-2023")
    texts = {
        each["number"]: " ".join(said["text"] for said in each["said"]) for each in found["fields"]
    }

    assert all(rule.title in texts["2.2.1"] for rule in rulebook.rules)
    assert all(fact.title in texts["2.4.1.2"] for fact in rulebook.facts)
    assert all(outcome.title in texts["2.4.1.3"] for outcome in rulebook.outcomes)
    assert found["rulebook"]["digest"] == rulebook.digest
