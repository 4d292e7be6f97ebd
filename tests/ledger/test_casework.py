"""On the command line people confirm, refuse, override, hear, answer, review, correct, withdraw."""

import pytest

from oversight_engine.errors import ExitCode
from oversight_engine.ledger import correcting
from oversight_engine.ledger.correcting import correction_of
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.log import Ledger
from tests.commands import run
from tests.ledger.casework import (
    CLERK,
    CODE,
    DIRECTOR,
    RAVENSEA,
    asked,
    decide,
    did,
    history_of,
    in_force,
    refused,
    slipped_in,
    standing,
    written,
)


def test_an_intervention_is_recommended_until_a_named_role_confirms_it(story):
    before = in_force("2025-07-15")
    assert (before["outcome"], before["because"]) == ("standard_oversight", "statement")
    assert (before["engine"], before["engine_state"]) == ("intervention", "recommended")

    did("confirm", "2", *DIRECTOR, "--on", "2025-07-10")

    after = in_force("2025-07-15")
    assert (after["outcome"], after["because"], after["entry"]) == (
        "intervention", "confirmation", 3,
    )  # fmt: skip
    assert after["since"] == "2025-07-10"


def test_whoever_decides_is_told_what_waits_for_people(home):
    told = ("--ledger", "l.ledger", "--evaluators", "reference")
    one = run("decide", str(RAVENSEA), *told)
    assert "not in force: `oversight ledger confirm 2`, or `refuse`." in one.stderr
    again = run("decide", str(RAVENSEA), *told)
    assert "recommended" not in again.stderr

    folder = RAVENSEA.parent
    others = [str(folder / f"{name}.yaml") for name in (
        "nettlecombe-undertakings-breached", "larkfield-vale-no-plan", "ashmere-fells-earned",
    )]  # fmt: skip
    many = run("decide", *others, *told)
    assert "2 are recommended, and not in force: `oversight ledger due` lists them." in many.stderr


def test_somebody_else_may_not_confirm_and_is_told_who_may(story):
    told = refused("confirm", "2", *CLERK)

    assert "is for regional_director or responsible_officer, not for clerk" in told
    with Ledger.open("l.ledger") as ledger:
        assert ledger.size == 2


def test_what_cannot_be_done_is_refused_and_the_way_out_is_told(story):
    did("refuse", "2", *DIRECTOR, "--reason", "the concern was closed", "--on", "2025-07-10")
    told = refused("confirm", "2", *DIRECTOR)

    assert "illegal-move" in told
    assert "legal now: override, represent, review, correct, withdraw" in told
    assert in_force("2025-08-01")["outcome"] == "standard_oversight"


def test_an_override_has_an_author_a_reason_and_an_end(story):
    did("override", "2", *DIRECTOR, "--outcome", "lighter_reporting", "--reason", "an experiment",
        "--from", "2025-07-01", "--until", "2025-09-30")  # fmt: skip

    held = in_force("2025-09-30")
    assert (held["outcome"], held["until"]) == ("lighter_reporting", "2025-09-30")
    assert (held["engine"], held["engine_state"]) == ("intervention", "overridden")
    assert in_force("2025-10-01")["outcome"] == "standard_oversight"
    [override] = standing()["overrides"]
    assert (override["by"]["name"], override["reason"]) == ("R. Director", "an experiment")
    did("withdraw", "3", *DIRECTOR, "--reason", "it was too early")
    assert in_force("2025-08-01")["outcome"] == "standard_oversight"


def test_a_representation_is_due_until_it_is_answered(story):
    said = ("--by", "The chair", "--role", "chair", "--text", "This is closed.")
    did("represent", "2", *said, "--received-on", "2025-07-03")

    def waiting():
        return [each["entry"] for each in asked("due", "--on", "2025-07-20")["due"]
                if each["kind"] == "representation"]  # fmt: skip

    assert waiting() == [3]
    did("answer", "3", *DIRECTOR, "--text", "We have looked again.")
    assert waiting() == []
    [made] = standing()["representations"]
    assert made["answer"] == 4
    assert (made["text"], made["answered"]) == ("This is closed.", "We have looked again.")


def test_what_was_said_answered_and_found_is_shown_until_it_is_masked(story):
    said = ("--by", "The chair", "--role", "chair", "--text", "This is closed.")
    did("represent", "2", *said, "--received-on", "2025-07-03")
    did("answer", "3", *DIRECTOR, "--text", "We have looked again.")
    did("review", "2", *DIRECTOR, "--on", "2025-07-30", "--found", "All open.")

    shown = run("ledger", "show", CODE, "--format", "plain").stdout
    for line in ("  This is closed.", "  Answer: We have looked again.", "  All open."):
        assert line in shown.splitlines()
    assert "on 30 July 2025 by R. Director (regional director)." in shown

    for entry, field in (("3", "/text"), ("4", "/text"), ("5", "/found")):
        masked = ("mask", entry, "--field", field, *DIRECTOR, "--reason", "asked for")
        assert run("ledger", *masked).exit_code == 0
    shown = run("ledger", "show", CODE, "--format", "plain").stdout
    for line in ("  What they said is masked.", "  Answer: masked", "  What it found is masked."):
        assert line in shown.splitlines()
    [made], [review] = standing()["representations"], standing()["reviews"]
    assert (made["text"], made["answered"], review["found"]) == (None, None, None)


def test_reviews_and_confirmations_are_due_and_an_override_that_ran_out_is(story):
    def due(day):
        return [(e["kind"], e["entry"], e["since"]) for e in asked("due", "--on", day)["due"]]

    assert due("2025-07-29") == [("confirmation", 2, "2025-06-30")]
    assert due("2025-07-30") == [
        ("confirmation", 2, "2025-06-30"), ("review", 2, "2025-07-30"),
    ]  # fmt: skip
    did("confirm", "2", *DIRECTOR, "--on", "2025-07-01")
    did("review", "2", *DIRECTOR, "--on", "2025-07-30", "--found", "All open.",
        "--next-on", "2025-08-30")  # fmt: skip
    assert due("2025-07-30") == []
    did("override", "2", *DIRECTOR, "--outcome", "standard_oversight", "--reason", "a trial",
        "--from", "2025-08-01", "--until", "2025-08-20")  # fmt: skip
    assert due("2025-08-30") == [("expiry", 5, "2025-08-20"), ("review", 2, "2025-08-30")]


def test_a_correction_supersedes_and_edits_nothing(story):
    mended = story / "mended.yaml"
    text = RAVENSEA.read_text(encoding="utf-8")
    mended.write_text(
        text.replace("critical_quality_concern_open: yes", "critical_quality_concern_open: no"),
        encoding="utf-8",
    )
    with Ledger.open("l.ledger") as ledger:
        before = ledger.entry(2).content

    found = did("correct", "2", str(mended), *DIRECTOR, "--reason", "the concern was another's")

    assert [each["kind"] for each in found["entries"]] == ["correction", "decision"]
    old, new = standing()["decisions"]
    assert (old["state"], new["supersedes"], new["entry"]) == ("superseded", 2, 4)
    assert new["outcome"] != "intervention"
    with Ledger.open("l.ledger") as ledger:
        assert ledger.entry(2).content == before
        assert ledger.entry(4).data["decision"]["rulebook"] == ledger.entry(2).objects[0]
    assert "superseded" in refused("confirm", "2", *DIRECTOR)


def test_a_correction_leaves_the_day_and_the_system(story):
    other = story / "other.yaml"
    text = RAVENSEA.read_text(encoding="utf-8")
    other.write_text(text.replace("as_of: 2025-06-30", "as_of: 2025-07-31"), encoding="utf-8")
    told = refused("correct", "2", str(other), *DIRECTOR, "--reason", "x")
    assert "correct the facts, and leave the day" in told

    other.write_text(text.replace(CODE, "ZZ999"), encoding="utf-8")
    assert "holds 0 cases of ZZ018" in refused(
        "correct", "2", str(other), *DIRECTOR, "--reason", "x"
    )
    assert "only a decision is corrected" in refused(
        "correct", "1", str(RAVENSEA), *DIRECTOR, "--reason", "x"
    )


def test_a_correction_is_not_recorded_over_what_came_in_meanwhile(story, monkeypatch):
    """What was decided in its place rests on what the ledger said when it was decided."""

    def interrupted(*arguments):
        found = correction_of(*arguments)
        by = {"name": "The chair", "role": "chair"}
        said = {"about": 2, "by": by, "received_on": "2025-07-03", "text": "Wait."}
        slipped_in(Draft("representation", said))
        return found

    monkeypatch.setattr(correcting, "correction_of", interrupted)
    told = refused("correct", "2", str(RAVENSEA), *DIRECTOR, "--reason", "a figure was wrong")

    assert "somebody recorded something on ZZ018 meanwhile: do it again" in told
    with Ledger.open("l.ledger") as ledger:
        assert [entry.kind for entry in ledger.entries(first=2)] == ["decision", "representation"]


def test_the_next_decision_takes_its_history_from_the_ledger(story):
    did("confirm", "2", *DIRECTOR, "--on", "2025-07-10", "--criterion", "no concern is open")
    did("review", "2", *DIRECTOR, "--on", "2025-09-01", "--found", "Closed.",
        "--met", "no concern is open")  # fmt: skip

    decided = decide(written(story, 0, critical_quality_concern_open="no"))

    assert history_of(5) == {
        "prior_outcome": ("intervention", 3),
        "qualifying_quarters_before": ("0", 2),
        "exit_criteria_status": ("met_for_now", 4),
    }
    rules = {rule["id"]: rule["truth"] for rule in decided["decisions"][0]["decision"]["rules"]}
    assert (rules["straight_from_intervention"], rules["exit_criteria_not_met"]) == ("true", "true")


def test_exit_criteria_that_are_met_and_sustained_end_an_intervention(story):
    did("confirm", "2", *DIRECTOR, "--on", "2025-07-01", "--criterion", "no concern is open")
    for day in ("2025-07-02", "2025-12-31"):
        did("review", "2", *DIRECTOR, "--on", day, "--found", "Closed.",
            "--met", "no concern is open")  # fmt: skip

    decide(written(story, 1, critical_quality_concern_open="no"))

    assert history_of(6)["exit_criteria_status"] == ("met_and_sustained", 5)
    assert in_force("2025-12-31")["outcome"] == "standard_oversight"


def test_a_refused_intervention_is_not_what_the_next_decision_remembers(story):
    did("refuse", "2", *DIRECTOR, "--on", "2025-07-10", "--reason", "the concern was closed")

    decide(written(story, 0, critical_quality_concern_open="no"))

    assert history_of(4)["prior_outcome"] == ("standard_oversight", 2)


def test_a_case_that_remembers_otherwise_is_refused(story):
    path = written(story, 0, keep_history=True, prior_outcome="lighter_reporting")
    result = run("decide", str(path), "--ledger", "l.ledger", "--evaluators", "reference")

    assert result.exit_code == ExitCode.BAD_INPUT
    assert (
        "states prior_outcome = lighter_reporting, and entry 2 of the ledger gives "
        "standard_oversight" in " ".join(result.stderr.split())
    )


def test_a_second_decision_on_the_same_day_is_a_correction_or_nothing(story):
    text = RAVENSEA.read_text(encoding="utf-8")
    text = text.replace("return_completeness_pct: 97.5", "return_completeness_pct: 98.5")
    path = story / "again.yaml"
    path.write_text(text, encoding="utf-8")
    result = run("decide", str(path), "--ledger", "l.ledger", "--evaluators", "reference")

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "in entry 2: correct that one, or withdraw it" in " ".join(result.stderr.split())


def test_what_was_not_known_yet_is_left_out(story):
    assert asked("in-force", "--on", "2025-07-15", "--known-on", "2020-01-01")["systems"] == []
    assert asked("show", CODE, "--known-on", "2020-01-01")["standings"] == []


def test_a_system_that_a_ledger_does_not_know_is_a_slip(story):
    told = refused("show", CODE.lower(), "--on", "2025-07-01")

    assert "l.ledger has nothing on zz018: `oversight ledger in-force` lists" in told


@pytest.mark.parametrize("form", ["pretty", "plain", "markdown"])
def test_people_read_what_was_done_by_whom_and_what_waits(story, form):
    did("represent", "2", "--by", "The chair", "--role", "chair", "--text", "A secret.",
        "--received-on", "2025-07-03")  # fmt: skip
    did("override", "2", *DIRECTOR, "--outcome", "standard_oversight", "--reason", "An experiment.",
        "--from", "2025-07-01", "--until", "2025-09-30")  # fmt: skip
    shown = run("ledger", "show", CODE, "--on", "2025-07-15", "--format", form).stdout
    text = " ".join(shown.split())

    for words in ("ZZ018: standard oversight", "R. Director (regional director)", "An experiment.",
                  "The chair (chair), not answered", "overridden", "30 September 2025",
                  "a representation to be answered"):  # fmt: skip
        assert words in text, words
    for command in ("in-force", "due"):
        listed = run("ledger", command, "--on", "2025-07-15", "--format", form)
        assert listed.exit_code == 0
        assert CODE in listed.stdout


def test_nothing_is_recorded_without_a_key(story, monkeypatch):
    monkeypatch.delenv("OVERSIGHT_LEDGER_KEY")

    assert "nothing is recorded without a key" in refused("confirm", "2", *DIRECTOR)


def test_the_first_entry_is_about_no_system(story):
    assert "entry 1 of l.ledger is about no system" in refused("confirm", "1", *DIRECTOR)
    assert "has no entry 9" in refused("confirm", "9", *DIRECTOR)


@pytest.mark.parametrize(
    "field", ["/case", "/case/period", "/case/facts", "/case/system/code", "/case/as_of"]
)
def test_what_later_decisions_rest_on_is_not_masked(story, field):
    told = refused("mask", "2", "--field", field, *DIRECTOR, "--reason", "asked for")

    assert f"{field} cannot be masked: what comes later rests on it" in told


def test_a_masked_name_and_reason_leave_what_was_done(story):
    did("override", "2", *DIRECTOR, "--outcome", "lighter_reporting", "--reason", "an experiment",
        "--from", "2025-07-01", "--until", "2025-09-30")  # fmt: skip
    for field in ("/by/name", "/reason"):
        result = run("ledger", "mask", "3", "--field", field, *DIRECTOR, "--reason", "asked for")
        assert result.exit_code == 0, result.stderr
    told = refused("mask", "3", "--field", "/by/role", *DIRECTOR, "--reason", "asked for")
    assert "/by/role cannot be masked" in told

    shown = run("ledger", "show", CODE, "--on", "2025-07-15").stdout

    assert "lighter reporting" in shown
    assert "masked (regional director)" in shown
    assert "an experiment" not in shown
    assert in_force("2025-07-15")["outcome"] == "lighter_reporting"


def test_people_record_in_either_store(location, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERSIGHT_LEDGER", location)
    monkeypatch.setenv("OVERSIGHT_LEDGER_KEY", "k")
    assert run("ledger", "key", "new", "k", "--name", "example.org/l").exit_code == 0
    assert run("ledger", "init").exit_code == 0
    told = ("--ledger", location, "--evaluators", "reference", "--format", "json")
    assert run("decide", str(RAVENSEA), *told).exit_code == 0

    did("confirm", "2", *DIRECTOR, "--on", "2025-07-10", "--criterion", "no concern is open")
    did(
        "review",
        "2",
        *DIRECTOR,
        "--on",
        "2025-08-01",
        "--found",
        "x",
        "--met",
        "no concern is open",
    )
    did("correct", "2", str(RAVENSEA), *DIRECTOR, "--reason", "a source was named wrongly")

    assert [each["state"] for each in standing()["decisions"]] == ["superseded", "recommended"]
    assert run("ledger", "recheck").exit_code == 0
    assert run("ledger", "verify").exit_code == 0
