"""What a ledger says could have happened, or it is named: by `ledger recheck` and by a replay."""

import json

from attrs import evolve
from jsonschema import Draft202012Validator

from oversight_engine.engine import decide as engine_decide
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.ledger.entries import Draft
from oversight_engine.ledger.recorder import decision_draft, objects_of
from oversight_engine.model.case import StatedFact
from oversight_engine.model.case_form import stated_data
from oversight_engine.report.schemas import shipped_schema
from oversight_engine.resources import shipped
from tests.commands import run
from tests.ledger.casework import (
    DIRECTOR,
    decide,
    did,
    slipped_in,
    written,
)


def rechecked():
    result = run("ledger", "recheck", "--ledger", "l.ledger", "--format", "json")
    found = json.loads(result.stdout)
    Draft202012Validator(shipped_schema("rechecked")).validate(found)
    assert (result.exit_code == 0) is found["sound"]
    return found


def test_a_whole_story_could_have_happened(story):
    did("confirm", "2", *DIRECTOR, "--on", "2025-07-10")
    decide(written(story, 0, critical_quality_concern_open="no"))

    assert rechecked() == {
        "format": "oversight-rechecked/1", "ledger": "l.ledger", "sound": True, "fault": None,
        "checked": 2, "masked": [],
    }  # fmt: skip
    shown = run("ledger", "recheck", "--ledger", "l.ledger", "--format", "plain").stdout
    assert "Every move was legal" in shown


def test_a_move_that_was_never_legal_is_named_though_it_is_signed(story):
    by = {"name": "C. Clerk", "role": "clerk"}
    slipped_in(Draft("confirmation", {"about": 2, "by": by, "on": "2025-07-10"}))
    assert run("ledger", "verify", "--ledger", "l.ledger").exit_code == 0

    fault = rechecked()["fault"]

    assert fault["entry"] == 3
    assert "is for regional_director or responsible_officer, not for clerk" in fault["message"]


def test_history_that_the_ledger_does_not_give_is_named_though_it_is_signed(story):
    """A decision with another memory than the ledger's, consistent in itself."""
    path = written(story, 0, critical_quality_concern_open="no")
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    [case] = read_cases(path, rulebook)
    value = StatedFact("lighter_reporting", "ledger entry 2", case.as_of, "derived")
    full = evolve(case, facts={**case.facts, "prior_outcome": value})
    history = {"prior_outcome": stated_data(value) | {"entry": 2}}
    decision = engine_decide(rulebook, full, evaluators=("reference",))
    slipped_in(decision_draft(decision, case, history, objects_of(rulebook)))
    assert run("ledger", "verify", "--ledger", "l.ledger").exit_code == 0

    fault = rechecked()["fault"]

    assert fault["entry"] == 3
    assert "and the entries before it give" in fault["message"]


def test_a_replay_names_a_history_that_the_ledger_does_not_give(story):
    """Every byte comes out again from the history as recorded; but that was never so."""
    test_history_that_the_ledger_does_not_give_is_named_though_it_is_signed(story)

    result = run("replay", "--ledger", "l.ledger", "--format", "json")
    found = json.loads(result.stdout)

    Draft202012Validator(shipped_schema("replay")).validate(found)
    assert (result.exit_code, found["agrees"], found["same"]) == (5, False, 2)
    [differing] = found["history"]["differing"]
    assert differing["entry"] == 3
    assert "and the entries before it give" in differing["because"]
    shown = run("replay", "--ledger", "l.ledger", "--format", "plain").stdout
    assert "HISTORY THAT THE LEDGER DOES NOT GIVE" in shown.upper()
    assert run("replay", "--ledger", "l.ledger", "--number", "2").exit_code == 0


def test_a_replay_draws_history_from_the_ledger_again(story):
    did("confirm", "2", *DIRECTOR, "--on", "2025-07-10")
    decide(written(story, 0, critical_quality_concern_open="no"))

    found = json.loads(run("replay", "--ledger", "l.ledger", "--format", "json").stdout)

    assert found["history"] == {"checked": 2, "masked": 0, "differing": []}
    assert found["processes"] == 1


def test_what_is_masked_is_left_out_and_that_is_said(story):
    decide(written(story, 0))
    args = ("--field", "/case/facts/cancer_62day_pct", *DIRECTOR, "--reason", "asked for")
    assert run("ledger", "mask", "2", *args).exit_code == 0

    found = rechecked()

    assert (found["sound"], found["checked"], found["masked"]) == (True, 0, [2, 3])
    assert "entry 2, 3" in run("ledger", "recheck", "--ledger", "l.ledger").stdout
