"""The case files of September 2025 are those of June, and what was published in between."""

import csv
from collections import Counter

import pytest
import yaml

from oversight_engine import Engine, load_rulebook, read_cases
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from oversight_engine.resources import shipped

FIRST, FOLDER = (shipped("cases") / name for name in ("ics-2025-q1", "ics-2025-q2"))
FILES = sorted(FOLDER.glob("*.yaml"))
SUPPORT, SEGMENT = "providers_in_intensive_support", "oversight_segment"


def read_text(path):
    """Return the file as mappings of text: nothing is read as a number, so nothing can change."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 (makes text only)


@pytest.fixture(scope="module")
def stories():
    return {path.name: read_text(path) for path in FILES}


@pytest.fixture(scope="module")
def decisions():
    """Return the decisions of both sets, by system."""
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    with Engine(rulebook) as engine:
        return {
            folder.name: {
                case.system.code: engine.decide(case) for case in read_cases(folder, rulebook)
            }
            for folder in (FIRST, FOLDER)
        }


def test_each_file_is_that_of_june_with_what_was_published_since(stories):
    assert sorted(stories) == sorted(path.name for path in FIRST.glob("*.yaml"))
    assert len(stories) == 42
    for name, story in stories.items():
        before = read_text(FIRST / name)

        added = story["facts"].keys() - before["facts"].keys()

        assert story["system"] == before["system"]
        assert story["defaults"] == before["defaults"]
        assert story["as_of"] == "2025-09-30"
        assert story["period"] == {"from": "2025-04-01", "to": "2025-06-30"}
        assert {key: story["facts"][key] for key in before["facts"]} == before["facts"]
        assert {SEGMENT} <= added <= {SEGMENT, SUPPORT}


def test_what_was_added_has_its_own_source_day_and_status(decisions):
    for decision in decisions[FOLDER.name].values():
        stated = {r.fact.id: r.stated for r in decision.facts if r.stated is not None}

        assert (stated[SEGMENT].value, stated[SEGMENT].status) == ("not_segmented", "final")
        assert str(stated[SEGMENT].as_at) == "2025-09-09"
        if SUPPORT in stated:
            assert stated[SUPPORT].status == "derived"
            assert str(stated[SUPPORT].as_at) == "2025-06-30"
            assert stated[SUPPORT].source == (
                "NHS England, NHS Oversight Framework, trust data for Q1 2025/26; roll-up of host "
                "trusts"
            )


def test_every_fact_is_still_fresh_enough_to_be_known(decisions):
    for decision in decisions[FOLDER.name].values():
        for reading in decision.facts:
            if reading.stated is not None:
                assert reading.value is not None, reading.why_unknown


def test_more_is_known_and_no_referral_goes(decisions):
    """What was learnt of trusts and segments answers rules, and leaves every referral one."""
    first, second = decisions[FIRST.name], decisions[FOLDER.name]
    answered = Counter()
    for code, decision in second.items():
        before = {result.rule.id: result.truth for result in first[code].rules}
        after = {result.rule.id: result.truth for result in decision.rules}

        assert first[code].referred
        assert decision.referred
        assert set(decision.possible) <= set(first[code].possible)
        assert set(decision.missing) < set(first[code].missing)
        for rule, truth in after.items():
            assert truth is before[rule] or before[rule] is UNKNOWN
            answered[rule, truth] += truth is not before[rule]

    assert {key: number for key, number in answered.items() if number} == {
        ("provider_in_intensive_support", TRUE): 8,
        ("provider_in_intensive_support", FALSE): 26,
        ("in_segment_3", FALSE): 42,
        ("in_segment_4", FALSE): 42,
        ("in_segment_5", FALSE): 42,
        ("weak_leadership_in_a_struggling_system", FALSE): 42,
    }


@pytest.mark.checkout
def test_the_summary_in_the_readme_is_what_deciding_both_sets_gives(decisions):
    from tools import sum_up_ics_cases

    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    first, second = ([*decisions[folder.name].values()] for folder in (FIRST, FOLDER))
    summary = sum_up_ics_cases.compare(first, second) + sum_up_ics_cases.sum_up(second)

    assert "| systems referred | 42 | 42 |" in summary
    assert sum_up_ics_cases.with_summary(readme, summary) == readme


@pytest.mark.published
@pytest.mark.checkout
def test_the_shipped_files_are_what_the_generator_makes_of_the_published_figures(published_data):
    from tools import build_ics_q2_cases

    made = build_ics_q2_cases.build(published_data)

    assert made == {path.name: path.read_text(encoding="utf-8") for path in FILES}


@pytest.mark.published
def test_the_number_of_trusts_in_intensive_support_is_what_counting_by_hand_gives(
    published_data, stories
):
    with (published_data / "ics" / "trust_to_ics_map.csv").open(encoding="utf-8-sig") as file:
        systems = {}
        for row in csv.DictReader(file):
            for code in (row["trust_code"], *row["predecessor_codes"].split()):
                systems.setdefault(code, row["icb_ods_pre_2026"])
    told, trusts = {}, {}
    for path in sorted((published_data / "nof" / "2025-26-q1").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                trusts.setdefault(systems.get(row["Trust_code"], ""), set()).add(row["Trust_code"])
                if row["Metric_ID"] == "OF5007":
                    told[row["Trust_code"]] = int(float(row["Value"]))

    counted = {
        system: str(sum(told[code] for code in codes))
        for system, codes in trusts.items()
        if system and codes <= told.keys()
    }

    assert len(counted) == 34
    assert counted == {
        story["system"]["code"]: story["facts"][SUPPORT]["value"]
        for story in stories.values()
        if SUPPORT in story["facts"]
    }
