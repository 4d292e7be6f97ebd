"""Cases: what files, streams and mappings say, and what follows from what they say."""

import datetime
import io
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import attrs
import pytest

from oversight_engine.errors import ExitCode, InputError
from oversight_engine.language.cases import examine_cases, read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import StatedFact
from oversight_engine.model.rulebook import Span
from tests.language.bad_files import GOOD, every_construct

CASES = GOOD / "cases"


@pytest.fixture
def rulebook():
    return every_construct()


def day(text):
    return datetime.date.fromisoformat(text)


def mapping(**more):
    return {
        "format": "oversight-case/1",
        "system": {"code": "QE1", "name": "Lancashire"},
        "as_of": "2025-06-30",
        "facts": {},
        **more,
    }


def only(source, rulebook):
    (case,) = read_cases(source, rulebook)
    return case


def test_a_file_says_what_it_says(rulebook):
    case = only(CASES / "one.yaml", rulebook)

    assert (case.system.code, case.system.region) == ("QE1", "North West")
    assert case.as_of == day("2025-06-30")
    assert case.period == Span(day("2025-01-01"), day("2025-03-31"))
    assert case.facts["met"] == StatedFact(
        True, "Published statistics", day("2025-03-31"), "provisional"
    )
    assert case.facts["cancer_62day_pct"] == StatedFact(
        Fraction(6923, 100), "Provider extract", day("2025-02-28"), "derived",
        (Fraction(689, 10), Fraction(139, 2)),
    )  # fmt: skip
    assert case.facts["people_waiting"].value is None
    assert case.facts["people_waiting"].status == "suppressed"
    assert case.facts["maturity_level"].value == "none"
    assert case.facts["last_review"].value == day("2024-11-30")
    assert case.expect.because == ("nothing_known", "failing")
    assert case.place.endswith("one.yaml:1:1")


def test_local_priorities_become_four_facts_with_their_provenance(rulebook):
    case = only(CASES / "one.yaml", rulebook)

    provenance = ("Joint forward plan", day("2025-03-31"), "final")
    assert [priority.on_track for priority in case.local_priorities] == [True, False, True, None]
    assert {name: stated.value for name, stated in case.facts.items() if "local" in name} == {
        "local_agreed": 6, "local_on_track": 2, "local_not_on_track": 1, "local_unknown": 3,
    }  # fmt: skip
    stated = case.facts["local_unknown"]
    assert (stated.source, stated.as_at, stated.status) == provenance


@pytest.mark.parametrize(
    ("priority", "on_track"),
    [
        ({"target": 5, "actual": 5, "better": "higher"}, True),
        ({"target": 5, "actual": Decimal("4.9"), "better": "higher"}, False),
        ({"target": 5, "actual": 5, "better": "lower"}, True),
        ({"target": 5, "actual": Decimal("5.1"), "better": "lower"}, False),
        ({"target": 5, "actual": 4, "better": "higher", "on_track": True}, True),
        ({"target": 5, "better": "higher"}, None),
        ({"actual": 5}, None),
        ({}, None),
    ],
)
def test_a_priority_is_on_track_if_it_says_so_or_its_figures_do(rulebook, priority, on_track):
    listed = [{"name": "Falls", **priority}]
    case = only(mapping(local_priorities={"agreed": 1, "source": "Plan", "list": listed}), rulebook)

    assert case.local_priorities[0].on_track is on_track


def test_where_no_priority_was_agreed_nothing_is_known_of_any(rulebook):
    case = only(mapping(local_priorities={"agreed": 0, "source": "Plan"}), rulebook)

    assert case.facts == {}


def test_a_rulebook_without_local_priorities_refuses_them():
    rulebook = load_rulebook(GOOD / "small")

    _, problems = examine_cases(mapping(local_priorities={"agreed": 0, "source": "Plan"}), rulebook)

    assert [problem.code for problem in problems] == ["misplaced-key"]


def test_many_cases_of_a_file_share_what_it_says_once(rulebook):
    first, second = read_cases(CASES / "many.yaml", rulebook)

    assert (first.system.code, first.as_of) == ("QF7", day("2025-06-30"))
    assert first.facts["met"] == StatedFact(False, "Published statistics")
    assert second.as_of == day("2025-07-01")
    assert second.period == Span(day("2025-04-01"), day("2025-06-30"))
    assert second.facts == {}


def test_a_fact_takes_what_it_does_not_say_from_the_defaults_of_its_case_and_of_its_file(rulebook):
    def stated(defaults, fact):
        shared = {"source": "A", "as_at": "2025-03-31", "status": "estimated"}
        case = mapping(defaults=defaults, facts={"met": fact})
        del case["format"], case["as_of"]
        file = {"format": "oversight-case/1", "as_of": "2025-06-30", "defaults": shared}
        found = only({**file, "cases": [case]}, rulebook).facts["met"]
        return found.source, str(found.as_at), found.status

    assert stated({}, True) == ("A", "2025-03-31", "estimated")
    assert stated({"source": "B"}, True) == ("B", "2025-03-31", "estimated")
    assert stated({"status": "final"}, {"value": True}) == ("A", "2025-03-31", "final")
    assert stated({"as_at": "2025-02-28"}, {"value": True}) == ("A", "2025-02-28", "estimated")
    assert stated({"as_at": "2025-02-28"}, {"value": True, "as_at": "2025-01-31"}) == (
        "A", "2025-01-31", "estimated",
    )  # fmt: skip


def test_json_and_yaml_give_the_same_case(rulebook):
    case = only(CASES / "one.json", rulebook)
    text = (CASES / "one.json").read_text()

    (same,) = read_cases("-", rulebook, stdin=io.BytesIO(text.encode()))
    assert same == case
    assert case.facts["cancer_62day_pct"].value == Fraction(346, 5)
    assert case.facts["met"].value is False


def test_a_folder_stands_for_the_case_files_in_it(rulebook):
    cases = read_cases(CASES, rulebook)

    assert [case.system.code for case in cases] == ["QF7", "QWO", "QHM", "QE1"]
    assert read_cases(str(CASES), rulebook) == cases


def test_a_folder_without_cases_is_a_problem(rulebook, tmp_path):
    (tmp_path / "README.md").write_text("# Nothing")

    _, problems = examine_cases(tmp_path, rulebook)

    assert [problem.code for problem in problems] == ["missing-file"]


def test_a_rulebook_given_for_cases_is_one_problem(rulebook, tmp_path):
    heading = tmp_path / "rulebook.yaml"
    heading.write_text("format: oversight-rulebook/1\nid: mine\n")
    (tmp_path / "facts.yaml").write_text("facts: []\n")

    for place, code in ((tmp_path, "missing-file"), (heading, "unknown-format")):
        _, problems = examine_cases(place, rulebook)

        assert [problem.code for problem in problems] == [code]


def test_a_folder_that_cannot_be_read_is_a_problem_and_not_passed_over(
    rulebook, tmp_path, monkeypatch
):
    (tmp_path / "closed").mkdir()
    (tmp_path / "good.yaml").write_bytes((CASES / "one.yaml").read_bytes())
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    _, problems = examine_cases(tmp_path, rulebook)

    assert [problem.code for problem in problems] == ["unreadable-file"]
    assert [problem.place.file for problem in problems] == [str(tmp_path / "closed")]


def test_files_streams_and_mappings_go_together(rulebook):
    text = (CASES / "one.json").read_bytes()

    cases = read_cases(
        [CASES / "one.yaml", "-", mapping(system={"code": "QF7", "name": "A"})],
        rulebook,
        stdin=io.BytesIO(text),
    )

    assert [case.system.code for case in cases] == ["QE1", "QHM", "QF7"]


def test_a_mapping_takes_exact_python_values(rulebook):
    facts = {
        "cancer_62day_pct": Decimal("69.20"),
        "people_waiting": 12,
        "met": True,
        "last_review": day("2024-11-30"),
        "maturity_level": "thriving",
        "plan_surplus_deficit_pct": {"value": "-1.5", "as_at": day("2025-03-31")},
    }

    case = only(mapping(as_of=day("2025-06-30"), facts=facts), rulebook)

    assert {name: stated.value for name, stated in case.facts.items()} == {
        "cancer_62day_pct": Fraction(346, 5),
        "people_waiting": 12,
        "met": True,
        "last_review": day("2024-11-30"),
        "maturity_level": "thriving",
        "plan_surplus_deficit_pct": Fraction(-3, 2),
    }


def test_a_float_is_refused_with_advice(rulebook):
    with pytest.raises(InputError) as caught:
        read_cases(mapping(facts={"cancer_62day_pct": 69.2}), rulebook)

    assert caught.value.exit_code == ExitCode.BAD_INPUT
    (problem,) = caught.value.problems
    assert str(problem) == (
        "case 1: $.facts.cancer_62day_pct: binary-number: a float is not exact (got `69.2`); "
        "use a string or a Decimal"
    )


def test_one_bad_case_does_not_hide_the_good_ones(rulebook, tmp_path):
    text = (CASES / "many.yaml").read_text().replace("{met: no}", "{mett: no}")
    (tmp_path / "many.yaml").write_text(text)

    cases, problems = examine_cases([tmp_path / "many.yaml", CASES / "one.json"], rulebook)

    assert [case.system.code for case in cases] == ["QWO", "QHM"]
    assert [problem.code for problem in problems] == ["unknown-fact"]


def test_two_cases_of_one_system_and_date_are_refused_across_files(rulebook):
    cases, problems = examine_cases([CASES / "one.yaml", CASES / "one.yaml"], rulebook)

    assert len(cases) == 1
    assert [problem.code for problem in problems] == ["duplicate-case"]


def test_two_cases_of_one_system_on_two_dates_are_two_cases(rulebook):
    cases = read_cases([mapping(), mapping(as_of="2025-07-01")], rulebook)

    assert len(cases) == 2


def test_a_fact_of_a_status_that_withholds_it_may_still_state_a_value(rulebook):
    facts = {"met": {"status": "suppressed", "value": True}}

    assert only(mapping(facts=facts), rulebook).facts["met"].value is True


@pytest.mark.parametrize("value", ["0", "100", "99.99", "5.10", "5.100", "-0"])
def test_a_number_may_be_at_the_end_of_its_range_and_end_in_noughts(rulebook, value):
    case = only(mapping(facts={"cancer_62day_pct": value}), rulebook)

    assert case.facts["cancer_62day_pct"].value == Fraction(value)


def test_as_at_may_be_the_day_of_the_decision(rulebook):
    case = only(mapping(facts={"met": {"value": True, "as_at": "2025-06-30"}}), rulebook)

    assert case.facts["met"].as_at == case.as_of


def test_reading_stops_at_a_thousand_problems(rulebook):
    facts = {f"nobody_{i}": 1 for i in range(2_000)}

    cases, problems = examine_cases(mapping(facts=facts), rulebook)

    assert cases == ()
    assert len(problems) == 1_001


def test_a_file_that_is_not_there_is_a_problem(rulebook):
    with pytest.raises(InputError, match="no-such-file"):
        read_cases(Path("nowhere.yaml"), rulebook)


@pytest.mark.parametrize(
    ("characters", "code", "fits"),
    [
        ("A-Z0-9", "QE1", True), ("A-Z", "QE1", False), ("A-Z1", "QE1", True),
        ("EQ1", "QE1", True), ("A-Z0-9", "QE-", False), ("A-Z0-9", "qe1", False),
        ("A-Z0-9", "QE", False), ("A-Z0-9", "QE1234", False), ("A-Z0-9", "QE123", True),
    ],
)  # fmt: skip
def test_a_code_has_the_characters_and_length_of_its_scheme(rulebook, characters, code, fits):
    scheme = attrs.evolve(rulebook.identifier, characters=characters)
    rulebook = attrs.evolve(rulebook, identifier=scheme)

    cases, _ = examine_cases(mapping(system={"code": code, "name": "A"}), rulebook)

    assert bool(cases) == fits
