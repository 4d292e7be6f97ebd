"""What NHS England published of trusts in 2025/26, held against what the rulebook comes to."""

import csv
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import quantiles

import pytest

from oversight_engine import Engine, load_rulebook
from oversight_engine.analysis.agreement import compare
from oversight_engine.cohort import compute_cohort
from oversight_engine.importing.importer import find_importer
from oversight_engine.importing.systems import gather, read_map
from oversight_engine.language.problems import Problems
from oversight_engine.model.decision_form import decision_data
from oversight_engine.resources import shipped

pytestmark = pytest.mark.published

Q1, Q2 = "q1-2025-26", "q2-2025-26"
DOMAINS = {
    "OF4000": ("OF1005", "OF1017", "OF1041"),
    "OF4002": ("OF1016", "OF1061", "OF1067"),
    "OF4003": ("OF1080", "OF1086"),
    "OF4004": ("OF1082", "OF1084"),
    "OF4005": ("OF1028", "OF1035", "OF1047", "OF1057", "OF1063"),
}
AVERAGED = {metric for metrics in DOMAINS.values() for metric in metrics}


def files_of(folder):
    return sorted((folder / "nof").glob("*/*.csv"))


@pytest.fixture(scope="module")
def published_files(published_data):
    files = files_of(published_data)
    assert len(files) == 5
    return files


@pytest.fixture(scope="module")
def by_hand(published_files):
    """Return every published figure as the text it is, by quarter, trust and metric."""
    found = {}
    for path in published_files:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                quarter = row["Quarter"].lower().replace(" ", "-").replace("/", "-")
                found[quarter, row["Trust_code"], row["Metric_ID"]] = row["Value"]
    return found


@pytest.fixture(scope="module")
def imported(published_files):
    rulebook = load_rulebook(shipped("rules") / "nof-2025-26")
    return find_importer("nof").read(published_files, rulebook, None)


@pytest.fixture(scope="module")
def decided(imported):
    """Return the decisions of each quarter, made by every evaluator."""
    rulebook = load_rulebook(shipped("rules") / "nof-2025-26")
    decisions = {}
    for cohort in imported.cohorts:
        values = compute_cohort(rulebook, cohort.cases, cohort.cases[0].as_of)
        with Engine(rulebook, cohort=values) as engine:
            decisions[cohort.label] = [engine.decide(case) for case in cohort.cases]
    return decisions


@pytest.fixture(scope="module")
def agreements(imported, decided):
    return {
        cohort.label: compare(decided[cohort.label], cohort.cells) for cohort in imported.cohorts
    }


def verdicts(agreement, metric):
    cells = agreement.by_metric[metric.lower()]
    return Counter((each.verdict, each.reason) for each in cells)


def test_every_row_of_the_files_is_used_compared_or_named_as_context(imported, by_hand):
    uses = Counter()
    for rows in imported.rows_used:
        uses[rows.use] += rows.number

    assert list(imported.problems) == []
    assert uses == {
        "fact": 2131, "compared": 1919, "fact and compared": 1208, "contextual": 701,
    }  # fmt: skip
    assert sum(uses.values()) == sum(imported.rows_read.values()) == len(by_hand) == 5959
    assert {rows.metric for rows in imported.rows_used if rows.use == "contextual"} == {
        "OF4100", "OF4102", "OF4103", "OF4104", "OF4105",
    }  # fmt: skip


def test_nothing_that_was_published_differs_from_ours_without_an_explanation(agreements):
    for agreement in agreements.values():
        assert agreement.unexplained == ()


def test_the_quartiles_of_the_first_quarter_are_those_of_all_published_averages(decided, by_hand):
    averages = [
        Decimal(value)
        for (quarter, _, metric), value in by_hand.items()
        if (quarter, metric) == (Q1, "OF5002")
    ]
    cuts = quantiles(averages, n=4, method="inclusive")

    parameters = decided[Q1][0].cohort.parameters

    assert len(averages) == 205
    assert cuts == [Decimal("2.05"), Decimal("2.32"), Decimal("2.6")]
    names = ("lower_quartile", "median", "upper_quartile")
    assert [parameters[name] for name in names] == list(map(Fraction, cuts))


@pytest.mark.parametrize(("metric", "number"), [("OF5003", 187), ("OF5000", 187)])
def test_every_unadjusted_and_adjusted_segment_of_the_first_quarter_is_ours(
    agreements, by_hand, metric, number
):
    assert verdicts(agreements[Q1], metric) == {("equal", ""): number}
    assert sum((q, m) == (Q1, metric) for q, _, m in by_hand) == number


def test_every_final_segment_of_the_first_quarter_is_ours_where_the_programme_is_published(
    agreements, decided, by_hand
):
    """Of 13 trusts it was not published whether they are in the Recovery Support Programme."""
    silent = {
        code
        for quarter, code, _ in by_hand
        if quarter == Q1 and (Q1, code, "OF5007") not in by_hand
    }
    decisions = {decision.case.system.code: decision for decision in decided[Q1]}

    compared = {each.cell.code: each for each in agreements[Q1].by_metric["of5005"]}

    assert (len(compared), len(silent)) == (205, 13)
    for code, each in compared.items():
        outcome = f"segment_{each.cell.value}"
        if code in silent:
            assert (each.verdict, each.reason) == ("not comparable", "unknown here")
            assert decisions[code].missing == ("published_of5007",)
            assert decisions[code].possible == (outcome, "segment_5")
        else:
            assert each.verdict == "equal"
            assert decisions[code].outcome == outcome


@pytest.mark.parametrize("quarter", [Q1, Q2])
def test_every_average_and_domain_score_is_ours_or_within_what_rounding_allows(
    agreements, by_hand, quarter
):
    seen = Counter()
    for metric in ("OF5002", *DOMAINS):
        for each in agreements[quarter].by_metric[metric.lower()]:
            wanted = DOMAINS.get(metric, AVERAGED)
            scores = [
                Fraction(value)
                for (of, code, name), value in by_hand.items()
                if (of, code) == (quarter, each.cell.code) and name in wanted
            ]
            mean = sum(scores) / len(scores)
            published = Fraction(by_hand[quarter, each.cell.code, metric])

            assert each.cell.value == published
            assert (each.verdict, each.reason) in {("equal", ""), ("different", "rounded scores")}
            # Half of the last decimal of the scores, and half of the last of their mean.
            assert abs(published - mean) <= Fraction("0.005") + Fraction("0.005")
            assert (each.verdict == "equal") == (published == each.ours)
            seen[metric, each.verdict] += 1

    assert {metric: (seen[metric, "equal"], seen[metric, "different"])
            for metric in ("OF5002", *DOMAINS)} == {
        Q1: {"OF5002": (69, 2), "OF4000": (59, 9), "OF4002": (71, 0), "OF4003": (53, 18),
             "OF4004": (57, 14), "OF4005": (66, 3)},
        Q2: {"OF5002": (65, 6), "OF4000": (61, 7), "OF4002": (58, 13), "OF4003": (51, 20),
             "OF4004": (56, 15), "OF4005": (60, 10)},
    }[quarter]  # fmt: skip


@pytest.mark.parametrize("quarter", [Q1, Q2])
def test_why_a_score_recomputed_from_values_is_not_the_published_one_is_shown(agreements, quarter):
    reasons = {
        metric.upper(): {reason for _, reason in verdicts(agreements[quarter], metric)} - {""}
        for metric in agreements[quarter].by_metric
        if metric.startswith("of1")
    }

    by_reason = {
        # Everybody to whom the metric applies is here.
        frozenset(): {"OF1017", "OF1047", "OF1079", "OF1080", "OF1081", "OF1086"},
        # The staff survey is ranked within a type of trust.
        frozenset({"ranked by kind"}): {"OF1061", "OF1084"},
        # Acute trusts were ranked with them, and their rows are not here.
        frozenset({"another cohort"}): {
            "OF1005", "OF1016", "OF1028", "OF1041", "OF1057", "OF1063", "OF1082",
        },
    }  # fmt: skip
    assert reasons == {m: {*why} for why, metrics in by_reason.items() for m in metrics}


def test_segments_of_the_second_quarter_are_not_compared_since_acute_trusts_are_missing(agreements):
    for metric in ("OF5000", "OF5003", "OF5005"):
        assert verdicts(agreements[Q2], metric) == {("not comparable", "another cohort"): 71}


def test_trusts_by_system_come_to_the_roll_up_that_others_derived(published_data, decided):
    problems = Problems()
    ics = published_data / "ics"
    places = read_map(ics / "trust_to_ics_map.csv", problems, "icb_ods_pre_2026")
    with (ics / "ics_nof_trust_rollup_q1_2025_26_derived.csv").open(encoding="utf-8-sig") as file:
        derived = {row["icb_ods"]: row for row in csv.DictReader(file)}
    hewitt = load_rulebook(shipped("rules") / "hewitt-2023")

    gathered = gather([decision_data(d) for d in decided[Q1]], places, hewitt, problems)

    assert [problem.got for problem in problems] == ["RYV"]
    assert {row.code for row in gathered.rows} == set(derived)
    for row in gathered.rows:
        assert row.undecided == ()
        assert {
            "trusts": str(len(row.trusts)),
            "trusts_with_financial_override": str(row.tallies["financial override"].true),
            "trusts_in_rsp": str(row.tallies["intensive support"].true),
        }.items() <= derived[row.code].items()


def test_the_cohort_that_was_imported_is_decided_by_the_command_as_by_the_library(
    tmp_path, published_files, decided
):
    from click.testing import CliRunner

    from oversight_engine.__main__ import cli

    runner = CliRunner()
    done = runner.invoke(cli, ["import", "nof", *map(str, published_files), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    cohort = str(tmp_path / f"cohort-{Q1}.yaml")
    shown = runner.invoke(cli, ["decide", cohort, "--rulebook=nof-2025-26", "--format=csv"])

    rows = {row["code"]: row for row in csv.DictReader(shown.stdout.splitlines())}

    assert {code: (row["decision"], row["case_digest"]) for code, row in rows.items()} == {
        d.case.system.code: (d.label, d.case.digest) for d in decided[Q1]
    }
    published = str(Path(cohort).with_name(f"published-{Q1}.csv"))
    assert runner.invoke(cli, ["agree", cohort, "--published", published]).exit_code == 0


@pytest.mark.checkout
def test_the_page_on_agreement_is_what_comparing_again_gives(published_data):
    from tools import build_agreement

    assert build_agreement.PAGE.read_text(encoding="utf-8") == build_agreement.build(published_data)
