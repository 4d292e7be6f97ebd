"""What programs read: JSON that fits the schemas that ship, cases by schema, CSV."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from oversight_engine import checkup
from oversight_engine.engine import decide
from oversight_engine.explanation import explain
from oversight_engine.language.cases import examine_cases
from oversight_engine.language.problems import Problems
from oversight_engine.language.source import read_file
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.report import data, listing, sheet
from oversight_engine.report.case_schema import case_schema
from oversight_engine.report.schemas import schema_names, shipped_schema
from oversight_engine.resources import shipped
from tests import builders as b
from tests import shown, strategies
from tests.shown import decided, hewitt, shipped_decision

SOME = settings(max_examples=max(1, settings.default.max_examples // 3))
STORIES = sorted(shipped("cases").rglob("*.yaml"))


def validate(document, schema):
    Draft202012Validator(schema).validate(document)


# JSON


def test_the_bytes_of_a_decision_lie_untouched_in_every_envelope():
    decision = decided(seen_pct=60)
    line, document = data.decided(decision), b"".join(data.decisions([decision, decision]))

    assert decision_bytes(decision) in line
    assert document.count(decision_bytes(decision)) == 2
    assert line.count(b"\n") == 1
    assert json.loads(line) == json.loads(document)["decisions"][0]


def test_what_the_command_prints_fits_the_schema_that_ships():
    decisions = [shipped_decision(path.stem) for path in STORIES]

    validate(json.loads(b"".join(data.decisions(decisions))), shipped_schema("decisions"))
    validate(
        json.loads(data.explanation(decisions[0], explain(decisions[0]))),
        shipped_schema("explanation"),
    )
    validate(listing.facts_data(hewitt(), hewitt().facts), shipped_schema("facts"))
    validate(listing.rules_data(hewitt(), hewitt().rules), shipped_schema("rules"))
    found = checkup.examine("utf-8")
    validate(checkup.checkup_data(found), shipped_schema("doctor"))


@pytest.mark.parametrize("name", schema_names())
def test_every_schema_that_ships_is_one_and_refers_to_nothing_outside_itself(name):
    schema = shipped_schema(name)

    Draft202012Validator.check_schema(schema)
    known = json.dumps(schema)
    for part in known.split('"$ref": "')[1:]:
        target = part.partition('"')[0]
        assert target.startswith("#") or f'"$id": "{target}"' in known


@pytest.mark.parametrize(
    "change",
    [
        {"decision": None},
        {"semantics": "1"},
        {"burden": {"least": 1.5, "most": 2}},
        {"surprise": 1},
        {"missing_evidence": ["Not An Id"]},
        {"facts": [{"id": "a", "known": True, "consulted": True}]},
    ],
)
def test_the_schema_of_a_decision_refuses_what_is_none(change):
    decision = json.loads(decision_bytes(decided())) | change

    with pytest.raises(ValidationError):
        validate(decision, shipped_schema("decision"))


@SOME
@given(st.data())
def test_any_decision_fits_the_schema_and_holds_no_float(data_):
    book = data_.draw(strategies.rulebooks())
    decision = decide(book, data_.draw(strategies.cases(book)), evaluators=("reference",))

    def refuse(text):
        raise AssertionError(f"a float: {text}")

    document = json.loads(data.decided(decision), parse_float=refuse)
    validate(document, shipped_schema("decided"))


# The schema of cases


def as_an_editor_reads(path):
    """Return a case file as JSON has it: texts, and whole numbers where the schema wants them."""
    return _plain(read_file(path, Problems()))


def _plain(node, key=""):
    if hasattr(node, "entries"):
        return {name.text: _plain(value, name.text) for name, value in node.entries}
    if hasattr(node, "items"):
        return [_plain(item) for item in node.items]
    return int(node.text) if key == "agreed" else node.text


def test_every_shipped_case_fits_the_schema_of_its_rulebook():
    schema = Draft202012Validator(case_schema(hewitt()))

    for path in STORIES:
        schema.validate(as_an_editor_reads(path))


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("cancer_62day_pct", 101),
        ("cancer_62day_pct", "69.123"),
        ("cancer_62day_pc", 60),
        ("plan_agreed", "perhaps"),
        ("maturity_level", "ripe"),
        ("external_review_date", "yesterday"),
        ("years_in_balance", 1.5),
        ("cancer_62day_pct", {"value": 60, "unit": "people"}),
    ],
)
def test_the_schema_of_cases_refuses_what_the_reader_refuses(fact, value):
    case = {
        "format": "oversight-case/1",
        "system": {"code": "QXX", "name": "A"},
        "as_of": "2025-06-30",
        "facts": {fact: value},
    }

    with pytest.raises(ValidationError):
        validate(case, case_schema(hewitt()))
    readable = json.loads(json.dumps(case), parse_float=str)
    _, problems = examine_cases(readable, hewitt())
    assert problems.errors


def test_a_rulebook_without_identifier_or_local_priorities_has_a_schema_too():
    schema = case_schema(b.rulebook(b.number("a", range=(None, 3)), b.number("c", decimals=1)))
    case = {
        "format": "oversight-case/1", "system": {"code": "?", "name": "A"},
        "cases": [], "as_of": "2025-06-30", "facts": {"a": -4, "c": "0.5"},
    }  # fmt: skip
    del case["cases"]

    validate(case, schema)
    assert "local_priorities" not in schema["$defs"]["case"]["properties"]


# CSV


def test_a_sheet_has_one_row_for_each_decision_and_numbers_as_text():
    decisions = [decided(), decided(harm_found=None, plan_agreed=None)]
    text = sheet.sheet(sheet.COLUMNS, map(sheet.row_of, decisions))
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [row["decision"] for row in rows] == ["free", "referral"]
    assert rows[1]["missing_evidence"] == "harm_found plan_agreed"
    assert rows[1]["possible_outcomes"] == "free directed"
    assert rows[0]["rulebook_digest"] == shown.book().digest
    assert rows[0]["review_on"] == "2025-09-29"


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless():
    text = sheet.sheet(("a", "b"), [("=1+1", "-3.5"), ("@x", "-x")])

    assert text.splitlines() == ["a,b", "'=1+1,-3.5", "'@x,'-x"]
