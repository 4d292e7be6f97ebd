"""Facts that are history, and who confirms: what a rulebook may say of them, and what not."""

import copy

import pytest

from oversight_engine.errors import RulebookError
from oversight_engine.language.rulebooks import examine_rulebook, load_rulebook, rulebook_from_data
from oversight_engine.language.writer import write_rulebook
from oversight_engine.model.people import Confirmation, HistoryDeclaration
from oversight_engine.model.rulebook_form import rulebook_data
from tests.language.bad_files import GOOD

DATA = rulebook_data(load_rulebook(GOOD / "everything"))
LEVELS = ["emerging", "developing", "maturing", "thriving"]


def with_fact(**fact):
    """Return the rulebook with everything, and a fact `x` besides, which a rule reads."""
    data = copy.deepcopy(DATA)
    data["facts"].append({"id": "x", "title": "X", "better": "neither", **copy.deepcopy(fact)})
    reading = {"boolean": "x", "number": "x > 1", "category": "x == 'a'"}[fact["type"]]
    rule = next(rule for rule in data["rules"] if rule["id"] == "remembered")
    values = fact.get("values")
    rule["when"] = reading.replace("'a'", f"'{values[0]}'") if values else reading
    return data


SOUND = {
    "boolean of a condition": {
        "type": "boolean", "history": {"of": "finding", "finding": "in_deficit"},
    },
    "number of a number": {
        "type": "number", "unit": "%", "decimals": 1,
        "history": {"of": "finding", "finding": "mean_level"},
    },
    "category of a category": {
        "type": "category", "values": ["none", "early", "late", "never"],
        "history": {"of": "finding", "finding": "stage"},
    },
    "periods of a condition": {
        "type": "number", "history": {"of": "finding", "finding": "in_deficit", "as": "periods"},
    },
    "whether no rule held": {"type": "boolean", "history": {"of": "no_rule_held"}},
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_a_fact_may_be_this_history(name):
    rulebook = rulebook_from_data(with_fact(**SOUND[name]))
    said = SOUND[name]["history"]

    assert rulebook.fact("x").history == HistoryDeclaration(
        said["of"], said.get("as", "value"), said.get("finding", "")
    )


UNSOUND = {
    "periods of a number": (
        {"type": "number", "history": {"of": "finding", "finding": "mean_level", "as": "periods"}},
        "`mean_level` is a number, and only a condition holds for some periods",
    ),
    "boolean of a number": (
        {"type": "boolean", "history": {"of": "finding", "finding": "mean_level"}},
        "`mean_level` is a number, and the fact a boolean",
    ),
    "another unit": (
        {"type": "number", "unit": "£m", "history": {"of": "finding", "finding": "mean_level"}},
        "the unit of `mean_level` is another",
    ),
    "a category without `none`": (
        {"type": "category", "values": ["early", "late", "never"],
         "history": {"of": "finding", "finding": "stage"}},
        "this history can be `none`, which the fact cannot",
    ),
    "a fact, not a finding": (
        {"type": "boolean", "history": {"of": "finding", "finding": "met"}},
        "no finding has this name",
    ),
    "a number of whether no rule held": (
        {"type": "number", "history": {"of": "no_rule_held"}},
        "this history is a boolean, and the fact a number",
    ),
    "a range that begins above nothing": (
        {"type": "number", "range": ["1", "9"], "history": {"of": "engine_outcome", "as": "days"}},
        "days and periods are counted in whole numbers from 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSOUND)
def test_a_fact_may_not_be_this_history(name):
    fact, message = UNSOUND[name]

    with pytest.raises(RulebookError) as refused:
        rulebook_from_data(with_fact(**fact))

    assert [problem.message for problem in refused.value.problems] == [message]


@pytest.mark.parametrize("read_by_history", [True, False])
def test_a_finding_that_only_a_history_reads_is_used(tmp_path, read_by_history):
    data = with_fact(**SOUND["boolean of a condition"])
    data["findings"].append({"id": "alone", "title": "Alone", "when": "met"})
    if read_by_history:
        data["facts"][-1]["history"]["finding"] = "alone"
    write_rulebook(rulebook_from_data(data), tmp_path / "book")
    _, problems = examine_rulebook(tmp_path / "book")
    unused = [problem.got for problem in problems if problem.code == "unused"]

    assert ("alone" in unused) is not read_by_history


def test_who_confirms_is_read_and_its_order_makes_no_difference():
    rulebook = rulebook_from_data(DATA)
    other = copy.deepcopy(DATA)
    other["confirmation"]["outcomes"].reverse()
    other["confirmation"]["roles"].reverse()

    assert rulebook.confirmation == Confirmation(
        ("standard", "harsh"), ("chief_executive", "regional_director"), rulebook.confirmation.basis
    )
    assert rulebook_from_data(other).digest == rulebook.digest


def test_confirmation_and_history_are_part_of_what_identifies_a_rulebook():
    without = {key: value for key, value in DATA.items() if key != "confirmation"}
    bare = copy.deepcopy(DATA)
    del bare["facts"][[f["id"] for f in bare["facts"]].index("outcome_before")]["history"]
    digests = {rulebook_from_data(data).digest for data in (DATA, without, bare)}

    assert len(digests) == len((DATA, without, bare))
