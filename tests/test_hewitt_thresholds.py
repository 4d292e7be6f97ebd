"""The numbers of `rules/hewitt-2023`: on the line, beside it, and in the cells nobody published."""

import datetime
import operator
import re
from fractions import Fraction

import pytest

from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.number import exact
from oversight_engine.model.truth import FALSE, TRUE
from oversight_engine.semantics import evaluate
from tests.shown import hewitt, hewitt_readme, table_rows


@pytest.fixture(scope="module")
def rulebook():
    return hewitt()


@pytest.fixture(scope="module")
def readme():
    return hewitt_readme()


SOUND = {"planned_position_pct": 1, "forecast_variance_to_plan_pct": 0}
SOUND_PLAN = {"planned_position_pct": 0, "forecast_variance_to_plan_pct": 0}
FOR_A_PARTNERSHIP = {
    **SOUND, "maturity_level": "thriving", "maturity_validated_by": "cqc",
    "leadership_capability": "strong", "local_government_support": "supportive",
    "budgets_aligned_with_local_government": True, "years_in_balance": 20,
}  # fmt: skip

LINES = [
    # finding or rule, the fact that moves, its sign against the parameter, other facts that matter
    ("cancer_62day_on_track", "cancer_62day_pct", ">=", "cancer_62day_target_pct", {}),
    ("cancer_fds_on_track", "cancer_fds_pct", ">=", "cancer_fds_target_pct", {}),
    ("cancer_31day_on_track", "cancer_31day_pct", ">=", "cancer_31day_target_pct", {}),
    ("ae_4hr_on_track", "ae_4hr_pct", ">=", "ae_4hr_target_pct", {}),
    ("amb_cat2_on_track", "amb_cat2_mean_minutes", "<=", "amb_cat2_target_minutes", {}),
    ("rtt_18wk_on_track", "rtt_18wk_pct", ">=", "rtt_18wk_target_pct", {"rtt_18wk_change_pp": 0}),
    ("rtt_18wk_on_track", "rtt_18wk_pct", ">=", "rtt_18wk_floor_pct", {"rtt_18wk_change_pp": 9}),
    ("rtt_18wk_on_track", "rtt_18wk_change_pp", ">=", "rtt_18wk_improvement_pp",
     {"rtt_18wk_pct": "rtt_18wk_floor_pct"}),
    ("rtt_over_52wk_on_track", "rtt_over_52wk_share_pct", "<", "rtt_over_52wk_limit_pct", {}),
    ("rtt_over_65wk_on_track", "rtt_over_65wk_count", "<=", "rtt_over_65wk_limit", {}),
    ("diagnostics_on_track", "diagnostics_over_6wk_share_pct", "<=",
     "diagnostics_over_6wk_limit_pct", {}),
    ("ld_health_checks_on_track", "ld_health_checks_pct", ">=", "ld_health_checks_target_pct", {}),
    ("improvement_shown", "measures_improving_share_pct", ">=", "measures_improving_needed_pct",
     {}),
    ("prevention_behind_trajectory", "prevention_share_change_pp", "<", "prevention_trajectory_pp",
     {}),
    ("running_cost_above_limit", "running_cost_per_head_gbp", ">", "running_cost_limit_gbp", {}),
    ("running_cost_cut_not_made", "running_cost_real_change_pct", "> -",
     "running_cost_cut_planned_pct", {}),
    ("out_of_balance", "variance_to_plan_pct", "< -", "finance_materiality_pct",
     {"planned_position_pct": 0}),
    ("forecast_out_of_balance", "forecast_variance_to_plan_pct", "< -", "finance_materiality_pct",
     {"planned_position_pct": 0}),
    ("deep_financial_trouble", "forecast_variance_to_plan_pct", "< -", "forecast_far_off_plan_pct",
     {"planned_position_pct": -2, "variance_to_plan_pct": -2}),
    ("deep_shortfall", "variance_to_plan_pct", "< -", "deep_shortfall_pct", SOUND_PLAN),
    ("deep_shortfall", "forecast_variance_to_plan_pct", "< -", "deep_shortfall_pct",
     {"planned_position_pct": 0, "variance_to_plan_pct": 0}),
    ("runaway_overspend", "variance_to_plan_pct", "< -", "runaway_overspend_pct", SOUND_PLAN),
    ("runaway_overspend", "forecast_variance_to_plan_pct", "< -", "runaway_overspend_pct",
     {"variance_to_plan_pct": 0}),
    ("ready_for_multi_year_funding", "years_in_balance", ">=", "multi_year_record_needed", SOUND),
    ("harp_eligible", "harp_places_taken", "<", "harp_places", FOR_A_PARTNERSHIP),
    ("decisions_not_passed_to_places", "place_delegation_share_pct", "<",
     "place_delegation_needed_pct", {}),
    ("local_priorities_too_few", "local_priorities_agreed", "<", "local_priorities_least", {}),
    ("returns_incomplete", "return_completeness_pct", "<", "return_completeness_least_pct", {}),
]  # fmt: skip
HOLDS = {">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt}


@pytest.mark.parametrize(
    ("item", "moving", "sign", "line", "rest"), LINES, ids=[f"{x[0]}-{x[3]}" for x in LINES]
)
def test_a_value_on_the_line_and_a_step_to_either_side_falls_as_the_sign_says(
    rulebook, item, moving, sign, line, rest
):
    symbol, _, minus = sign.partition(" ")
    step = Fraction(1, 10 ** rulebook.fact(moving).decimals)
    for dated in rulebook.parameter(line).values:
        day = dated.span.start
        on_the_line = -dated.value if minus else dated.value
        in_force = find_in_force(rulebook, day)
        known = {
            key: in_force.parameters[given].value if given in in_force.parameters else given
            for key, given in rest.items()
        }
        for value in (on_the_line - step, on_the_line, on_the_line + step):
            trace = evaluate(in_force, {**known, moving: value}, day)
            truth = {**trace.findings, **trace.rules}[item]
            assert truth is (TRUE if HOLDS[symbol](value, on_the_line) else FALSE), (day, value)


SCORES = [
    # plan, variance to date, combined: the eleven pairs that occur in the published data
    (1, 1, 1), (1, 2, 1), (1, 3, 2), (1, 4, 3), (2, 1, 2), (3, 1, 2), (3, 2, 3), (3, 4, 4),
    (4, 1, 2), (4, 2, 3), (4, 4, 4),
]  # fmt: skip
PLAN_OF_SCORE = {1: "0", 2: "-0.01", 3: "-1.01", 4: "-2.01"}
VARIANCE_OF_SCORE = {1: "0", 2: "-0.01", 3: "-0.51", 4: "-1.01"}
BETTER_PLAN = {2: "-1", 3: "-2", 1: "25", 4: "-25"}
BETTER_VARIANCE = {2: "-0.5", 3: "-1", 1: "25", 4: "-25"}


def combined_score(rulebook, plan, variance):
    day = datetime.date(2025, 6, 30)
    known = {
        "planned_position_pct": exact(plan),
        "variance_to_plan_pct": exact(variance),
    }
    return evaluate(find_in_force(rulebook, day), known, day).findings["combined_finance_score"]


@pytest.mark.parametrize(("plan", "variance", "combined"), SCORES)
def test_the_combined_finance_score_is_that_of_the_published_data(
    rulebook, plan, variance, combined
):
    for plans in (PLAN_OF_SCORE, BETTER_PLAN):
        for variances in (VARIANCE_OF_SCORE, BETTER_VARIANCE):
            assert combined_score(rulebook, plans[plan], variances[variance]) == combined


def test_a_worse_plan_or_variance_never_scores_better_in_a_cell_nobody_published(rulebook):
    score = {
        (p, v): combined_score(rulebook, PLAN_OF_SCORE[p], VARIANCE_OF_SCORE[v])
        for p in PLAN_OF_SCORE
        for v in VARIANCE_OF_SCORE
    }
    for (p, v), combined in score.items():
        assert score.get((p + 1, v), 4) >= combined
        assert score.get((p, v + 1), 4) >= combined


def money(rulebook, plan, variance, forecast):
    """Return whether the finances are in deep trouble, by the plan and the two distances."""
    day = datetime.date(2025, 6, 30)
    known = {
        "planned_position_pct": exact(plan),
        "variance_to_plan_pct": exact(variance),
        "forecast_variance_to_plan_pct": exact(forecast),
    }
    return evaluate(find_in_force(rulebook, day), known, day).rules["finances_in_deep_trouble"]


def test_the_finances_in_the_readme_end_as_it_says(rulebook, readme):
    rows = table_rows(readme, "When money is in deep trouble")

    assert len(rows) == 8
    for plan, variance, forecast, outcome in rows:
        assert outcome in {"intervention", "standard oversight"}
        assert (money(rulebook, plan, variance, forecast) is TRUE) == (outcome == "intervention")


def test_no_finances_escape_for_which_worse_ones_by_plan_sum_or_forecast_would_not(rulebook):
    """Neither a better plan, nor the same overspending from further up, is worse off."""
    steps = ("-8", "-4.01", "-4", "-2.01", "-2", "-1.1", "-1", "-0.5", "0")
    plans = ("-6", "-2.01", "-1.2", "-0.5", "0", "1")
    deep = {
        (exact(p), exact(v), exact(f)): money(rulebook, p, v, f) is TRUE
        for p in plans for v in steps for f in steps
    }  # fmt: skip
    for (p, v, f), is_deep in deep.items():
        if not is_deep:
            continue
        for (plan, variance, forecast), is_deep_too in deep.items():
            worse_by_parts = plan <= p and variance <= v and forecast <= f
            worse_by_sums = (
                variance <= v and forecast <= f
                and plan + variance <= p + v and plan + forecast <= p + f
            )  # fmt: skip
            assert is_deep_too or not (worse_by_parts or worse_by_sums)


def test_the_worst_combined_score_without_recovery_is_always_deep_trouble(rulebook):
    for plan in ("-1.01", "-2", "-2.01", "-25"):
        for variance in ("-1.01", "-25"):
            assert combined_score(rulebook, plan, variance) == 4
            assert money(rulebook, plan, variance, "-1.01") is TRUE


def test_no_finding_or_rule_on_money_holds_a_number_of_policy(rulebook):
    of_scores = {0, 1, 2, 3, 4}
    items = [item for item in (*rulebook.findings, *rulebook.rules) if item.theme == "finance"]

    for item in items:
        statements = item.statements if hasattr(item, "statements") else (item.statement,)
        for statement in statements:
            numbers = re.findall(r"(?<![\w.])\d+(?:\.\d+)?", statement.text)
            assert {Fraction(number) for number in numbers} <= of_scores, item.id
            if set(numbers) - {"0"}:
                assert "score" in statement.text or item.id == "body_out_of_balance", item.id
