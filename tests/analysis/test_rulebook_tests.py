"""What a test of a rulebook can ask, and what it is told where it asks in vain."""

import pytest

from oversight_engine.analysis.rulebook_tests import run_tests, suite_of_cases
from oversight_engine.cohort import compute_cohort
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebook_tests import files_of_tests, read_tests
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.language.writer import suite_text, write_rulebook
from oversight_engine.resources import shipped

HEWITT = shipped("rules") / "hewitt-2023"


@pytest.fixture(scope="module")
def rulebook():
    return load_rulebook(HEWITT)


def run(rulebook, tmp_path, text, *, with_own=True):
    """Return what is wrong with each test of *text*, by name."""
    path = tmp_path / "more.yaml"
    path.write_text(f"format: oversight-test/1\nas_of: 2025-06-30\n{text}", encoding="utf-8")
    own = [HEWITT / "tests" / "bases.yaml"] if with_own else []
    suites = read_tests([*own, path], rulebook)[-1:]
    results = run_tests(rulebook, suites, compute_cohort, evaluators=("reference",))
    return {result.test.name: result.failures for result in results}


def one(rulebook, tmp_path, expect, rest="facts: {cancer_62day_pct: 69.99}"):
    text = f"tests:\n  - name: A\n    from: Earned in 2025/26\n    {rest}\n    expect: {expect}\n"
    return run(rulebook, tmp_path, text)["A"]


EXPECTED = {
    "{outcome: standard_oversight}": (),
    "{outcome: standard_oversight, because: [cancer_62day_missed], only: yes}": (),
    "{outcome: intervention}": ("it came to standard_oversight, and intervention is expected",),
    "{outcome: standard_oversight, because: [cancer_fds_missed]}": (
        "the rule cancer_fds_missed did nothing, and is expected among the reasons",
    ),
    "{outcome: standard_oversight, because: [body_out_of_balance]}": (
        "the rule body_out_of_balance is not in force, and is expected among the reasons",
    ),
    "{outcome: standard_oversight, only: yes}": (
        "the rule cancer_62day_missed holds, unexpectedly",
    ),
    "{outcome: standard_oversight, findings: {cancer_62day_on_track: no, plan_score: 1}}": (),
    "{outcome: standard_oversight, findings: {cancer_62day_on_track: yes}}": (
        "the finding cancer_62day_on_track is false, and true is expected",
    ),
    "{outcome: standard_oversight, findings: {plan_score: 2}}": (
        "the finding plan_score is 1, and 2 is expected",
    ),
    "{outcome: standard_oversight, findings: {plan_score: unknown}}": (
        "the finding plan_score is 1, and unknown is expected",
    ),
    "{outcome: standard_oversight, consequences: {reinvest_surplus: no}}": (),
    "{outcome: standard_oversight, consequences: {reinvest_surplus: yes}}": (
        "the consequence reinvest_surplus is false, and true is expected",
    ),
    "{outcome: standard_oversight, possible: [standard_oversight]}": (),
    "{outcome: standard_oversight, possible: [lighter_reporting]}": (
        "possible are standard_oversight, and lighter_reporting expected",
    ),
    "{outcome: standard_oversight, refers: []}": (),
    "{outcome: standard_oversight, refers: [figures_in_dispute]}": (
        "referred by none, and figures_in_dispute is expected",
    ),
    "{outcome: standard_oversight, measure: directions}": (
        "the measure is none, and directions is expected",
    ),
    "{outcome: standard_oversight, missing: []}": (),
    "{outcome: standard_oversight, path: {to: lighter_reporting, facts: [cancer_62day_pct]}}": (),
    "{outcome: standard_oversight, path: {to: lighter_reporting, facts: [mhis_met]}}": (
        "the path to lighter_reporting: cancer_62day_pct, and mhis_met expected",
    ),
    "{outcome: standard_oversight, path: {to: lighter_reporting, facts: []}}": (
        "the path to lighter_reporting: cancer_62day_pct, and none is expected",
    ),
}


@pytest.mark.parametrize("expect", EXPECTED)
def test_a_test_passes_where_it_is_so_and_says_what_is_not(rulebook, tmp_path, expect):
    assert one(rulebook, tmp_path, expect) == EXPECTED[expect]


def test_a_referral_names_its_rules_and_the_missing_facts(rulebook, tmp_path):
    hidden = "unknown: [plan_agreed]"
    right = "{outcome: referral, refers: [plan_not_agreed], missing: [plan_agreed]}"
    wrong = "{outcome: referral, refers: [plan_not_agreed], missing: [figures_disputed]}"

    assert one(rulebook, tmp_path, right, hidden) == ()
    assert one(rulebook, tmp_path, wrong, hidden) == (
        "missing are plan_agreed, and figures_disputed expected",
    )


def test_a_test_may_begin_with_a_test_and_takes_its_date(rulebook, tmp_path):
    text = """tests:
  - name: Once more in 2027/28
    from: Earned in 2027/28
    facts: {cancer_62day_pct: 79.99}
    expect: {outcome: standard_oversight, because: [cancer_62day_missed], only: yes}
  - name: And without
    from: Once more in 2027/28
    facts: {cancer_62day_pct: 80.00}
    expect: {outcome: lighter_reporting, only: yes}
"""
    assert run(rulebook, tmp_path, text) == {"Once more in 2027/28": (), "And without": ()}


def test_a_fact_is_as_at_the_day_of_its_test_unless_it_says_otherwise(rulebook, tmp_path):
    text = """tests:
  - name: Fresh
    from: Earned in 2025/26
    facts: {mhis_met: yes}
    expect: {outcome: lighter_reporting, only: yes}
  - name: Too old
    from: Earned in 2025/26
    facts: {mhis_met: {value: yes, as_at: 2020-01-01}}
    expect: {outcome: standard_oversight, because: [mental_health_investment_missed], only: yes}
  - name: Suppressed
    from: Earned in 2025/26
    facts: {mhis_met: {status: suppressed}}
    expect: {outcome: standard_oversight, because: [mental_health_investment_missed], only: yes}
"""
    assert set(run(rulebook, tmp_path, text).values()) == {()}


def test_tests_change_nothing_about_the_digest(rulebook, tmp_path):
    write_rulebook(rulebook, tmp_path)
    before = load_rulebook(tmp_path).digest
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.yaml").write_text("not: even a file of tests", encoding="utf-8")

    assert load_rulebook(tmp_path).digest == before == rulebook.digest
    assert files_of_tests(tmp_path) == (tmp_path / "tests" / "a.yaml",)


def test_cases_that_say_what_is_expected_are_tests(rulebook):
    cases = read_cases(shipped("cases") / "illustrative", rulebook)
    suite = suite_of_cases(cases)

    assert len(suite.tests) == len(cases)
    results = run_tests(rulebook, [suite], compute_cohort, evaluators=("reference",))
    assert all(not result.failures for result in results)


def test_what_is_written_is_read_as_it_was(rulebook, tmp_path):
    files = files_of_tests(HEWITT)
    suites = read_tests(files, rulebook)
    tests = [test for suite in suites for test in suite.tests]
    text = suite_text([(test, "", list(test.case.facts)) for test in tests], "As it was.")
    path = tmp_path / "again.yaml"
    path.write_text(text, encoding="utf-8")
    [again] = read_tests([path], rulebook)

    assert [(t.name, t.expected, t.case.facts, t.case.as_of) for t in again.tests] == [
        (t.name, t.expected, t.case.facts, t.case.as_of) for t in tests
    ]


def test_a_test_may_expect_that_nothing_leads_to_an_outcome(rulebook, tmp_path):
    before = "facts: {prior_outcome: intervention, exit_criteria_status: met_and_sustained}"
    none = "{outcome: standard_oversight, path: {to: lighter_reporting, facts: []}}"
    some = "{outcome: standard_oversight, path: {to: lighter_reporting, facts: [mhis_met]}}"

    assert one(rulebook, tmp_path, none, before) == ()
    assert one(rulebook, tmp_path, some, before) == (
        "the path to lighter_reporting: there is none, and mhis_met expected",
    )
