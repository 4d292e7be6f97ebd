"""Decisions about trusts become facts of their systems: what is known of every trust, only."""

import datetime
import json

import pytest

from oversight_engine import Engine
from oversight_engine.cohort import compute_cohort
from oversight_engine.errors import InputError
from oversight_engine.importing.systems import TrustMap, gather, read_map
from oversight_engine.language.problems import Place, Problems
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import Case, StatedFact, System
from oversight_engine.model.decision_form import decision_data
from oversight_engine.resources import shipped
from tests.importing import nof_files as nof

HEWITT = load_rulebook(shipped("rules") / "hewitt-2023")
FACT = "providers_in_intensive_support"
SOURCE = "NHS England, NHS Oversight Framework, trust data for Q1 2025/26"


@pytest.fixture(scope="module")
def decisions(tmp_path_factory):
    """Return the decisions of six trusts, of whom two are in intensive support and one unknown."""
    rows = []
    for code, average, support in (
        ("RA1", "1.5", "0"), ("RA2", "2.0", "1"), ("RB1", "2.1", "1"), ("RB2", "2.2", ""),
        ("RC1", "2.3", "0"), ("RD1", "3.0", "0"),
    ):  # fmt: skip
        rows += nof.trust(code, of5002=average, of5004="0", of5007=support)
    imported = nof.read(nof.write(tmp_path_factory.mktemp("nof"), rows))
    [cohort] = imported.cohorts
    values = compute_cohort(nof.RULEBOOK, cohort.cases, cohort.cases[0].as_of)
    with Engine(nof.RULEBOOK, cohort=values, evaluators=["reference"]) as engine:
        return [json.loads(json.dumps(decision_data(engine.decide(c)))) for c in cohort.cases]


def trust_map(**systems):
    return TrustMap(Place("map.csv"), systems, frozenset(systems), {})


WHOLE = trust_map(RA1="QAA", RA2="QAA", RB1="QBB", RB2="QBB", RC1="QCC", RD1="QCC")


def gathered(decisions, places=WHOLE, **more):
    problems = Problems()
    return gather(decisions, places, HEWITT, problems, **more), [str(p) for p in problems]


def test_what_is_known_of_every_trust_of_a_system_is_a_derived_fact_of_the_system(decisions):
    found, told = gathered(decisions)

    assert told == []
    facts = {case.system.code: dict(case.facts) for case in found.cases}
    end = datetime.date(2025, 6, 30)
    source = f"{SOURCE}; roll-up of host trusts"
    assert facts == {
        "QAA": {FACT: StatedFact(1, source, end, "derived")},
        "QBB": {},  # of RB2 it is not known
        "QCC": {FACT: StatedFact(0, source, end, "derived")},
    }
    assert found.cases[0].facts[FACT].note == "Of RA1, RA2."
    assert {(case.as_of, case.period.end) for case in found.cases} == {
        (datetime.date(2025, 9, 9), end)
    }


def test_the_trusts_of_a_system_are_counted_by_outcome_and_by_what_is_told_of_them(decisions):
    rows = {row.code: row for row in gathered(decisions)[0].rows}

    assert rows["QAA"].outcomes == {"segment_1": 1, "segment_5": 1}
    assert rows["QBB"].outcomes == {"segment_5": 1, "referral": 1}
    tally = rows["QBB"].tallies["intensive support"]
    assert (tally.true, tally.unknown) == (1, ("RB2",))
    assert rows["QBB"].tallies["financial override"].unknown == ()


def test_a_system_one_of_whose_trusts_was_not_decided_states_nothing(decisions):
    found, _ = gathered([d for d in decisions if d["case"]["system"]["code"] != "RA1"])

    rows = {row.code: row for row in found.rows}
    assert rows["QAA"].undecided == ("RA1",)
    assert [dict(case.facts) for case in found.cases if case.system.code == "QAA"] == [{}]


def test_a_trust_that_has_gone_counts_where_the_one_it_went_into_does(decisions):
    merged = TrustMap(
        Place("map.csv"), {"RZ9": "QAA", "RC1": "QCC"}, frozenset({"RZ9", "RC1"}),
        {"RA1": "RZ9", "RA2": "RZ9"},
    )  # fmt: skip

    found, _ = gathered(decisions, merged)

    rows = {row.code: row for row in found.rows}
    assert (rows["QAA"].trusts, rows["QAA"].undecided) == (("RA1", "RA2"), ())


def test_trusts_of_no_system_are_named_and_those_the_map_lacks_are_warned_of(decisions):
    systems = {"RA1": "QAA", "RA2": "QAA"}
    known = frozenset({"RA1", "RA2", "RB1", "RB2", "RC1"})

    found, told = gathered(decisions, TrustMap(Place("map.csv"), systems, known, {}))

    assert found.placeless == ("RB1", "RB2", "RC1", "RD1")
    assert told == ["map.csv: unknown-organisation: this trust is not in the map (got `RD1`)"]


def case(code, as_of=datetime.date(2025, 9, 30), **facts):
    return Case(System(code, f"System {code}"), as_of, facts)


def test_facts_are_added_to_cases_that_are_there_and_change_nothing_else_in_them(decisions):
    other = StatedFact(70, "somebody")
    given = [case("QAA", cancer_62day_pct=other), case("QBB"), case("QXX")]

    found, _ = gathered(decisions, onto=given)

    assert [c.system.code for c in found.cases] == ["QAA", "QBB", "QXX"]
    assert found.cases[0].facts.keys() == {"cancer_62day_pct", FACT}
    assert found.cases[0].facts["cancer_62day_pct"] == other
    assert found.cases[1:] == tuple(given[1:])


def test_a_case_that_states_it_already_or_is_older_than_the_decisions_is_refused(decisions):
    with pytest.raises(InputError, match=f"QAA states {FACT} already"):
        gathered(decisions, onto=[case("QAA", **{FACT: StatedFact(1)})])
    with pytest.raises(InputError, match="was not known before 2025-09-09"):
        gathered(decisions, onto=[case("QAA", datetime.date(2025, 9, 8))])
    found, _ = gathered(decisions, onto=[case("QAA", datetime.date(2025, 9, 9))])
    assert FACT in found.cases[0].facts


def test_decisions_of_several_periods_are_no_cohort(decisions):
    other = json.loads(json.dumps(decisions[0]))
    other["case"]["period"]["to"] = "2025-07-01"

    with pytest.raises(InputError, match="these are of 2 periods and days"):
        gathered([*decisions, other])
    with pytest.raises(InputError, match="these are of 0 periods"):
        gathered([])
    del other["case"]["period"]
    with pytest.raises(InputError, match="of no period that has ended"):
        gathered([other])


def test_a_rulebook_without_a_fact_for_it_is_refused(decisions):
    with pytest.raises(InputError, match=f"nof-2025-26 has no fact that is gathered: {FACT}"):
        gather(decisions, WHOLE, nof.RULEBOOK, Problems())


def test_a_map_says_which_system_a_trust_is_in_and_what_it_was_before(tmp_path):
    path = tmp_path / "map.csv"
    path.write_text(
        "trust_code,other,icb,predecessor_codes\nRA1,x,QAA,RY1 RY2\nRB1,y,,\n,z,QCC,\nRA1,x,QDD,\n"
    )
    problems = Problems()

    found = read_map(path, problems, "icb")

    assert [found.system_of(code) for code in ("RA1", "RY2", "RB1", "RXX")] == [
        "QAA", "QAA", None, None,
    ]  # fmt: skip
    assert [found.has(code) for code in ("RA1", "RY1", "RB1", "RXX")] == [True, True, True, False]
    assert [str(problem).partition(f"{path}:")[2] for problem in problems] == [
        "4:1: missing-value: the code of the trust is empty",
        "5:1: duplicate-row: this trust has a row already (got `RA1`)",
    ]
