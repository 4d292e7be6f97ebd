"""The Hewitt rulebook says what the brief asks for, from sources it names, and keeps its word."""

import datetime
import re
from fractions import Fraction
from math import ceil

import pytest

from oversight_engine.model.expression import Count, Name, names_in_condition
from oversight_engine.model.in_force import find_in_force, names_in_finding
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from oversight_engine.semantics import evaluate
from tests.shown import hewitt, hewitt_readme, table_rows

ARTICLES_OF_ROW = {
    "B1": "000", "B2": "000", "B3": "000", "B4": "000 002", "B5": "003 004", "B6": "004 001",
    "B7": "004", "B8": "003", "B9": "003", "B10": "003", "B11": "003", "B12": "000 004",
    "B13": "002 004 001", "B14": "001", "B15": "004", "B16": "002 004", "B17": "004", "B18": "002",
    "B19": "004", "B20": "004 000", "B21": "004", "B22": "001",
}  # fmt: skip
TWO_DASHES = ("–", "—")


@pytest.fixture(scope="module")
def rulebook():
    return hewitt()


@pytest.fixture(scope="module")
def readme():
    return hewitt_readme()


def served_rows(item):
    """Return the rows of the brief an item names, and the documents it cites."""
    documents = {source.document for source in item.basis.sources}
    return set(item.basis.brief), documents


def items_with_a_basis(rulebook):
    return (*rulebook.facts, *rulebook.findings, *rulebook.rules, *rulebook.consequences)


def reached_by(rulebook, names):
    """Return the ids of everything *names* lead to, through findings."""
    reached = {name.id for name in names}
    for finding in reversed(rulebook.findings):
        if finding.id in reached:
            reached |= {name.id for name in names_in_finding(finding)}
    return reached


# The brief


@pytest.mark.parametrize("row", ARTICLES_OF_ROW)
def test_every_row_of_the_brief_is_served_by_something_that_cites_its_article(rulebook, row):
    articles = {f"article-{number}" for number in ARTICLES_OF_ROW[row].split()}
    cited = set()
    for item in items_with_a_basis(rulebook):
        rows, documents = served_rows(item)
        if row in rows:
            cited |= documents

    assert cited & articles


def test_the_readme_leads_from_every_row_of_the_brief_to_things_that_exist_and_name_the_row(
    rulebook, readme
):
    named = {
        item.id: set(item.basis.brief)
        for item in (*rulebook.facts, *rulebook.findings, *rulebook.rules, *rulebook.consequences)
    } | {parameter.id: set(parameter.brief) for parameter in rulebook.parameters}
    rows = {cells[0]: cells[3] for cells in table_rows(readme, "The brief, row by row")}

    assert list(rows) == list(ARTICLES_OF_ROW)
    for row, text in rows.items():
        ids = [word for word in re.findall(r"`([a-z0-9_]+)`", text) if "_" in word]
        assert set(ids) - set(named) <= {"national_priority"}
        assert any(row in named.get(word, ()) for word in ids), row


# Sources and principles


def test_every_rule_and_consequence_names_its_principle_and_its_grounds(rulebook):
    for item in (*rulebook.rules, *rulebook.consequences):
        assert item.principle, item.id
        assert item.basis.sources or item.basis.policy_choice, item.id
    assert all(rule.theme and rule.title for rule in rulebook.rules)


def test_every_principle_is_served_by_a_rule_and_by_a_consequence(rulebook):
    principles = {principle.id for principle in rulebook.principles}

    assert len(principles) == 6
    assert {rule.principle for rule in rulebook.rules} == principles
    assert {item.principle for item in rulebook.consequences} == principles


def test_every_theme_is_that_of_a_fact_and_of_a_consequence_or_rule(rulebook):
    of_facts = {fact.theme for fact in rulebook.facts}
    of_rest = {item.theme for item in (*rulebook.rules, *rulebook.consequences)}

    assert set(rulebook.themes) == of_facts
    assert of_facts <= of_rest


def test_every_document_is_cited_and_says_how_well_it_is_known(rulebook):
    cited = {
        source.document
        for item in (*items_with_a_basis(rulebook), *rulebook.measures, *rulebook.limits)
        for source in item.basis.sources
    }
    cited |= {
        source.document
        for parameter in rulebook.parameters
        for dated in parameter.values
        for source in dated.basis.sources
    }

    assert {document.id for document in rulebook.documents} == cited
    assert all(document.evidence != "unread" for document in rulebook.documents)


def test_everything_declared_is_used(rulebook):
    names = [
        name for rule in rulebook.rules for name in names_in_condition(rule.statement.condition)
    ]
    for item in rulebook.consequences:
        if item.statement is not None:
            names += names_in_condition(item.statement.condition)
    used = reached_by(rulebook, names)

    assert {fact.id for fact in rulebook.facts} <= used
    assert {finding.id for finding in rulebook.findings} <= used
    assert {parameter.id for parameter in rulebook.parameters} <= used


# National and local priorities


def national_rules(rulebook):
    return [rule for rule in rulebook.rules if rule.id.startswith("national_priorities_off_track")]


def test_there_are_ten_national_priorities_and_the_rulebook_allows_no_eleventh(rulebook):
    tagged = [fact.id for fact in rulebook.facts if "national_priority" in fact.tags]
    [limit] = rulebook.limits

    assert (limit.tag, limit.at_most) == ("national_priority", 10)
    assert len(tagged) == 10


def test_only_national_priorities_are_counted_as_such_and_each_in_some_year(rulebook):
    tagged = {fact.id for fact in rulebook.facts if "national_priority" in fact.tags}
    counted = set()
    for rule in national_rules(rulebook):
        reached = reached_by(rulebook, names_in_condition(rule.statement.condition))
        counted |= {fact.id for fact in rulebook.facts if fact.id in reached}

    assert counted - tagged == {"rtt_18wk_change_pp"}  # the other way to be on track
    assert tagged <= counted


def test_one_threshold_weighs_national_and_local_priorities_alike_in_every_year(rulebook):
    threshold = rulebook.parameter("priorities_on_track_needed_pct")
    needed = rulebook.parameter("national_priorities_needed")
    [local] = (f for f in rulebook.findings if f.id == "enough_local_priorities_on_track")

    assert threshold.id in {name.id for name in names_in_finding(local)}
    for rule in national_rules(rulebook):
        count = rule.statement.condition
        assert isinstance(count, Count)
        assert isinstance(count.right, Name)
        assert count.right.id == needed.id
        share = Fraction(threshold.on(rule.span.start).value, 100)
        for day in (rule.span.start, rule.span.end):
            assert needed.on(day).value == ceil(share * len(count.conditions))


def test_a_national_count_is_in_force_on_every_day_of_the_rulebook_and_only_one_is(rulebook):
    day = rulebook.span.start
    while day <= rulebook.span.end:
        in_force = [r for r in find_in_force(rulebook, day).rules if r in national_rules(rulebook)]
        assert len(in_force) == 1, day
        day += datetime.timedelta(days=29)


def test_the_targets_in_the_readme_are_those_of_the_parameters(rulebook, readme):
    parameters = (
        "cancer_62day_target_pct", "cancer_fds_target_pct", "cancer_31day_target_pct",
        "ae_4hr_target_pct", "amb_cat2_target_minutes", "rtt_18wk_target_pct",
        "rtt_over_52wk_limit_pct", "rtt_over_65wk_limit", "diagnostics_over_6wk_limit_pct",
        "ld_health_checks_target_pct",
    )  # fmt: skip
    rows = table_rows(readme, "Which target binds when")
    days = [datetime.date(year, 12, 31) for year in (2024, 2025, 2026, 2027)]

    for parameter_id, (_, *cells) in zip(parameters, rows[:-1], strict=True):
        for day, cell in zip(days, cells, strict=True):
            dated = rulebook.parameter(parameter_id).on(day)
            written = re.search(r"\d+(\.\d+)?", cell)
            if dated is None:
                assert cell in TWO_DASHES, (parameter_id, day)
            else:
                assert Fraction(written[0]) == dated.value, (parameter_id, day)


# Help


def test_whoever_misses_a_national_priority_of_the_year_is_offered_help_with_it_by_itself(rulebook):
    for rule in national_rules(rulebook):
        in_force = find_in_force(rulebook, rule.span.start)
        for condition in rule.statement.condition.conditions:
            finding = condition.name.id
            missed = dict(worst_facts(rulebook, reached_by(rulebook, [condition.name])))
            trace = evaluate(in_force, missed, rule.span.start)
            assert trace.findings[finding] is FALSE
            offered = {
                item.id
                for item in rulebook.consequences
                if item.kind == "support"
                if item.statement is not None
                if trace.consequences.get(item.id) is TRUE
                if finding in {name.id for name in names_in_condition(item.statement.condition)}
            }
            assert offered, (rule.id, finding)


def worst_facts(rulebook, ids):
    for fact in rulebook.facts:
        if fact.id in ids:
            yield fact.id, fact.range[0 if fact.better == "higher" else 1]


# What must never weigh, and what must always bind


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
def test_the_three_cancer_measures_far_below_and_still_call_for_intervention_in_every_year(
    rulebook, year
):
    in_force = find_in_force(rulebook, datetime.date(year, 4, 1))
    cancer = ("cancer_62day_pct", "cancer_fds_pct", "cancer_31day_pct")
    best = {"ae_4hr_pct": 100, "measures_improving_share_pct": 0}

    def failing(**facts):
        trace = evaluate(in_force, {**best, **facts}, datetime.date(year, 4, 1))
        return trace.rules["time_critical_care_failing"]

    assert failing(**dict.fromkeys(cancer, 0)) is TRUE
    assert failing(**dict.fromkeys(cancer, 0), measures_improving_share_pct=50) is FALSE
    for spared in cancer:
        figures = {**dict.fromkeys(cancer, 0), spared: 100}
        assert failing(**figures) is FALSE
        assert failing(**figures, ae_4hr_pct=0) is TRUE


@pytest.mark.parametrize("concern", ["none", "suspected", "significant_risk", "failing"])
def test_a_signed_finding_calls_for_directions_whatever_the_register_says(rulebook, concern):
    day = datetime.date(2025, 6, 30)
    in_force = find_in_force(rulebook, day)
    known = {"finding_signed_by_named_officer": True, "statutory_concern": concern}
    trace = evaluate(in_force, known, day)
    measures = {rule.measure for rule in in_force.rules if trace.rules[rule.id] is TRUE}
    contradicted = concern in {"none", "suspected"}

    assert "directions" in measures
    assert trace.rules["statutory_finding_signed"] is TRUE
    assert (trace.consequences["register_put_right"] is TRUE) == contradicted
    assert (
        evaluate(in_force, {"statutory_concern": concern}, day).rules["statutory_finding_signed"]
        is UNKNOWN
    )


LATER_DOCUMENTS = {
    "planning-2025-26", "medium-term-2026", "nof-2025-26", "nof-2025-26-data", "nof-2026-27",
    "capability-guidance-2025", "aft-guide-2025", "cqc-statement-2025", "finance-rules-2026",
    "month-9-finance-2025-26",
}  # fmt: skip


def test_a_rule_that_rests_only_on_documents_younger_than_its_first_day_says_so(rulebook):
    for rule in rulebook.rules:
        first = max(rule.span.start, rulebook.span.start) if rule.span else rulebook.span.start
        documents = {source.document for source in rule.basis.sources}
        if first < datetime.date(2025, 1, 1) and documents and documents <= LATER_DOCUMENTS:
            assert rule.basis.policy_choice, rule.id


def test_no_rule_looks_at_the_running_cost_or_at_the_share_for_prevention(rulebook):
    noted = {
        "running_cost_real_change_pct", "running_cost_per_head_gbp", "prevention_share_change_pp",
    }  # fmt: skip
    for rule in rulebook.rules:
        reached = reached_by(rulebook, names_in_condition(rule.statement.condition))
        assert not reached & noted, rule.id


def test_three_cancer_rules_are_in_force_on_every_day_and_none_asks_who_is_free(rulebook):
    cancer = [rule for rule in rulebook.rules if rule.theme == "cancer"]
    for year in (2024, 2025, 2026, 2027):
        in_force = find_in_force(rulebook, datetime.date(year, 4, 1)).rules
        assert len([rule for rule in in_force if rule in cancer]) == 3
    for rule in cancer:
        reached = reached_by(rulebook, names_in_condition(rule.statement.condition))
        assert "prior_outcome" not in reached


def test_directions_rest_on_a_signed_finding_and_on_nothing_else(rulebook):
    for rule in rulebook.rules:
        reached = reached_by(rulebook, names_in_condition(rule.statement.condition))
        if rule.outcome == rulebook.harshest:
            assert rule.measure in {"undertakings", "directions"}
        assert (rule.measure == "directions") == ("finding_signed_by_named_officer" in reached)


def test_no_rule_ignores_what_is_unknown_and_no_condition_asks_whether_it_is(rulebook):
    assert all(rule.if_unknown != "ignore" for rule in rulebook.rules)
    assert not any("known(" in rule.statement.text for rule in rulebook.rules)
    for finding in rulebook.findings:
        assert not any("known" in statement.text for statement in finding.statements)


# Consequences


def test_lighter_reporting_is_lighter_and_intervention_heavier_whatever_the_case(rulebook):
    def returns(outcome, *, conditional):
        return sum(
            item.per_year
            for item in rulebook.consequences
            if item.kind == "return"
            and outcome in item.outcomes
            and (conditional or item.statement is None)
        )

    least = {o.id: returns(o.id, conditional=False) for o in rulebook.outcomes}
    most = {o.id: returns(o.id, conditional=True) for o in rulebook.outcomes}

    assert most["lighter_reporting"] < least["standard_oversight"]
    assert most["standard_oversight"] < least["intervention"]
    assert returns("referral", conditional=False) > least["standard_oversight"]


def test_the_burden_in_the_readme_is_that_of_the_consequences(rulebook, readme):
    recovery = next(c for c in rulebook.consequences if c.id == "finance_recovery_return")
    for title, plain, with_recovery in table_rows(readme, "What it costs to be overseen"):
        outcome = title.replace(" ", "_")
        least = sum(
            c.per_year
            for c in rulebook.consequences
            if c.kind == "return" and c.statement is None and outcome in c.outcomes
        )
        assert least == int(re.match(r"\d+", plain)[0])
        if outcome in recovery.outcomes:
            assert least + recovery.per_year == int(with_recovery)
        else:
            assert with_recovery in TWO_DASHES


@pytest.mark.parametrize(
    "outcome", ["lighter_reporting", "standard_oversight", "intervention", "referral"]
)
def test_every_outcome_says_who_leads_who_is_told_what_is_due_and_when_it_is_reviewed(
    rulebook, outcome
):
    carried = [item for item in rulebook.consequences if outcome in item.outcomes]
    kinds = [item.kind for item in carried if item.statement is None]

    assert kinds.count("lead") == 1
    assert kinds.count("review") == 1
    assert {"return", "obligation", "informed"} <= set(kinds)
    assert any(item.id == "person_confirms" for item in carried)


def test_the_commission_the_department_and_nhs_england_have_parts_of_their_own(rulebook):
    actors = {
        kind: {item.actor for item in rulebook.consequences if item.kind == kind}
        for kind in ("lead", "informed")
    }

    assert "Care Quality Commission" in actors["informed"] - actors["lead"]
    assert "Department of Health and Social Care" in actors["informed"] - actors["lead"]
    assert any(actor.startswith("NHS England") for actor in actors["lead"])


def test_financial_freedoms_are_open_only_to_those_in_control_of_their_money(rulebook):
    freedoms = [item for item in rulebook.consequences if item.kind == "freedom"]

    financial = [item for item in freedoms if item.theme == "finance"]
    assert financial
    assert all(item.statement is not None for item in financial)
    assert not any("intervention" in item.outcomes for item in freedoms)


def test_every_theme_that_may_fail_and_has_support_gets_it_only_where_it_fails(rulebook):
    support = [item for item in rulebook.consequences if item.kind == "support" and item.theme]

    assert {item.theme for item in support} >= {
        "finance", "cancer", "performance", "quality", "maturity", "partnership", "improvement",
        "local_priorities", "evidence",
    }  # fmt: skip
    assert all(item.statement is not None for item in support)
