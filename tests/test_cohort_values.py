"""What a cohort gives a rulebook is looked up, used and stated; without it nothing is decided."""

from fractions import Fraction

import attrs
import pytest

from oversight_engine import semantics
from oversight_engine.engine import decide
from oversight_engine.errors import (
    CohortMismatchError,
    CohortNeededError,
    ExitCode,
    ParameterNeededError,
)
from oversight_engine.model.cohort import CohortValues, Excluded, StepTable, cohort_data
from oversight_engine.model.decision_form import decision_data
from oversight_engine.model.in_force import find_in_force, names_in_computed, names_in_finding
from oversight_engine.model.plain import digest
from oversight_engine.model.rulebook import Basis, Parameter, RoundingTo, Source, UnderReform
from oversight_engine.model.rulebook_form import rulebook_data
from oversight_engine.model.together import (
    CohortCount,
    CohortDeclaration,
    CohortQuantile,
    Ranked,
    Threshold,
)
from tests.builders import (
    DAY,
    HEAVY,
    LIGHT,
    MIDDLE,
    at_least,
    below,
    boolean,
    case_of,
    dated,
    days_before,
    decided,
    fact,
    finding,
    formula,
    holds,
    number,
    parameter,
    parameter_of,
    quantity,
    rulebook,
    statement,
    times,
    value_finding,
    when,
)

REFERENCE = ("reference",)
CHOSEN = Basis(policy_choice="for the test")
RISING = StepTable("higher", ((1, 3), (5, 2), (Fraction(15, 2), 1)), otherwise=4)
FALLING = StepTable("lower", ((1, 1), (5, 2), (Fraction(15, 2), 3)), otherwise=4)


# Step tables


@pytest.mark.parametrize(
    ("number", "score"),
    [
        (-100, 4),
        (Fraction(99, 100), 4),
        (1, 3),
        (Fraction(499, 100), 3),
        (5, 2),
        (Fraction(22, 3), 2),
        (Fraction(15, 2), 1),
        (Fraction(751, 100), 1),
        (10**30, 1),
    ],
)
def test_where_higher_is_better_a_number_scores_as_the_best_listed_one_it_reaches(number, score):
    assert RISING.score(number) == score


@pytest.mark.parametrize(
    ("number", "score"),
    [
        (-100, 1),
        (1, 1),
        (Fraction(101, 100), 2),
        (5, 2),
        (Fraction(22, 3), 3),
        (Fraction(15, 2), 3),
        (Fraction(751, 100), 4),
        (10**30, 4),
    ],
)
def test_where_lower_is_better_a_number_scores_as_the_best_listed_one_it_reaches(number, score):
    assert FALLING.score(number) == score


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_a_table_of_nobody_gives_everybody_the_worst_score(better):
    assert StepTable(better, (), otherwise=4).score(0) == 4


def test_a_table_knows_every_score_it_can_give():
    assert RISING.scores == (4, 3, 2, 1)


# A rulebook that judges among others

RANKED = Ranked(
    "higher",
    best=formula(1),
    worst=formula(parameter("worst")),
    standard=Threshold(formula(9), formula(parameter("top"))),
    floor=Threshold(formula(-9), formula(4)),
    rounded=RoundingTo(1, "half_up", CHOSEN),
)
BOOK = rulebook(
    number("a"),
    boolean("met"),
    parameters=[
        parameter_of("worst", 3),
        parameter_of("top", 1),
        Parameter(
            "median",
            "Median",
            (),
            cohort=CohortQuantile(formula("a"), Fraction(1, 2), "linear", CHOSEN),
        ),
        Parameter("met_by", "Met by", (), cohort=CohortCount(statement(holds("met")), CHOSEN)),
    ],
    findings=[value_finding("score", "a", ranked=RANKED)],
    rules=[
        when(at_least(finding("score"), 4), HEAVY, rule_id="worst_score"),
        when(below("a", parameter("median")), rule_id="below_median"),
        when(below(parameter("met_by"), 2), rule_id="met_by_few"),
    ],
    cohort=CohortDeclaration(
        "All of them", 2, members=statement(holds("met")), basis=CHOSEN, about="Told apart."
    ),
)
VALUES = CohortValues(
    rulebook=BOOK.digest,
    day=DAY,
    members=("QXX", "QXY"),
    excluded=(Excluded("QXZ", "`met` is unknown"),),
    parameters={"median": Fraction(11, 2), "met_by": 2},
    steps={"score": RISING},
    left_out={"median": 1},
)


def decided_among(values, **facts):
    return decide(BOOK, case_of(**facts), cohort=values, evaluators=REFERENCE)


@pytest.mark.parametrize(
    ("a", "score", "outcome"), [(0, 4, HEAVY), (1, 3, MIDDLE), (5, 2, MIDDLE), (6, 2, LIGHT)]
)
def test_a_case_is_judged_by_what_the_cohort_came_to(a, score, outcome):
    decision = decided_among(VALUES, a=a)

    assert decision.outcome == outcome
    assert decision.findings[0].conclusion == score
    assert decision.cohort is VALUES


def test_a_score_of_what_is_unknown_is_unknown():
    decision = decided_among(VALUES)

    assert decision.findings[0].conclusion is None
    assert decision.missing == ("a",)


def test_without_the_cohort_what_needs_it_is_not_in_force():
    in_force = find_in_force(BOOK, DAY)

    assert {item.id: item.because for item in in_force.not_in_force} == {
        "score": "it is scored by rank in a cohort, and no cohort is given",
        "worst_score": "the finding score is not in force: "
        "it is scored by rank in a cohort, and no cohort is given",
        "below_median": "the parameter median is computed from a cohort, and no cohort is given",
        "met_by_few": "the parameter met_by is computed from a cohort, and no cohort is given",
    }


def test_a_parameter_that_no_member_has_a_value_for_is_a_gap():
    empty = attrs.evolve(VALUES, parameters={"met_by": 2})
    decision = decided_among(empty, a=6)

    assert [(item.id, item.because) for item in decision.not_in_force] == [
        ("below_median", "no member of the cohort has a value for the parameter median")
    ]


def test_a_ranked_finding_that_lacks_a_parameter_says_that_first():
    gone = parameter_of("worst", dated(3, end=days_before(1)))
    lacking = attrs.evolve(BOOK, parameters=(gone, *BOOK.parameters[1:]))

    (first, *_) = find_in_force(lacking, DAY).not_in_force

    assert first.because == "the parameter worst has no value on this date"


def test_a_value_of_the_cohort_holds_on_its_day_and_says_where_it_is_from():
    (use,) = [u for u in decided_among(VALUES, a=6).parameters if u.parameter.id == "median"]

    assert (use.dated.span.start, use.dated.span.end) == (DAY, DAY)
    assert (use.dated.value, use.dated.basis) == (Fraction(11, 2), CHOSEN)


def test_what_is_computed_and_what_is_ranked_know_what_they_mention():
    quantile, counted, plain = BOOK.parameters[2], BOOK.parameters[3], BOOK.parameters[0]

    assert list(names_in_computed(quantile)) == [fact("a")]
    assert list(names_in_computed(counted)) == [fact("met")]
    assert list(names_in_computed(plain)) == []
    assert [name.id for name in names_in_finding(BOOK.findings[0])] == ["a", "worst", "top"]


def test_a_constant_is_worth_what_its_parameters_are_on_the_day():
    in_force = find_in_force(BOOK, DAY)

    assert semantics.number_of(times(2, parameter("worst")), in_force, DAY) == 6
    assert semantics.number_of(quantity(7), in_force, DAY) == 7
    assert semantics.number_of(parameter("median"), in_force, DAY) is None


# What is refused


def test_a_rulebook_that_judges_among_others_decides_nobody_alone():
    with pytest.raises(CohortNeededError) as refused:
        decided_among(None, a=6)

    assert str(refused.value) == (
        "the rulebook test judges a case among others (All of them), and no cohort values are given"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"rulebook": "sha256:other"},
            f"the cohort values are for the rulebook sha256:other, and test is {BOOK.digest}",
        ),
        (
            {"reform": "sha256:r"},
            "the cohort values are under the reform sha256:r, and the rulebook is under no reform",
        ),
        (
            {"day": days_before(1)},
            "the cohort values are of 2025-06-29, and the decision is of 2025-06-30",
        ),
    ],
)
def test_values_of_another_rulebook_reform_or_day_are_refused(change, said):
    with pytest.raises(CohortMismatchError) as refused:
        decided_among(attrs.evolve(VALUES, **change), a=6)

    assert str(refused.value) == said
    assert refused.value.exit_code is ExitCode.BAD_INPUT


def test_values_of_no_reform_are_refused_under_one():
    reform = UnderReform("r", "A reform", "sha256:r", BOOK.digest)
    under = attrs.evolve(BOOK, reform=reform)

    with pytest.raises(CohortMismatchError, match="under no reform, and the rulebook is under the"):
        decide(under, case_of(a=6), cohort=VALUES, evaluators=REFERENCE)
    decision = decide(
        under, case_of(a=6), cohort=attrs.evolve(VALUES, reform="sha256:r"), evaluators=REFERENCE
    )
    assert decision_data(decision)["reform"] == {
        "id": "r", "title": "A reform", "digest": "sha256:r",
    }  # fmt: skip


def test_under_a_reform_a_rulebook_keeps_the_digest_it_has_without():
    reform = UnderReform("r", "A reform", "sha256:r", "sha256:without")

    assert attrs.evolve(BOOK, reform=reform).digest == "sha256:without"


def test_nothing_is_decided_on_a_day_that_lacks_a_required_parameter():
    required = parameter_of("limit", dated(3, DAY, DAY), required=True)
    other = parameter_of("other", dated(3, end=DAY), required=True)
    spare = parameter_of("spare", dated(3, end=days_before(9)))
    book = rulebook(number("a"), parameters=[required, spare, other])

    assert decided(book).outcome == LIGHT
    with pytest.raises(ParameterNeededError) as refused:
        decided(book, on=days_before(-1))
    assert str(refused.value) == (
        "the rulebook test 1.0.0 decides nothing on 2025-07-01: no value is known for limit, "
        "other; a reform can supply what is missing"
    )
    assert refused.value.problems == ("limit: Limit", "other: Other")


# Plain data


def test_what_a_rulebook_takes_from_a_cohort_is_part_of_its_canonical_form():
    shown = rulebook_data(BOOK)
    parameters = {item["id"]: item for item in shown["parameters"]}

    assert shown["cohort"] == {
        "title": "All of them", "about": "Told apart.", "members": "met", "smallest": 2,
        "policy_choice": "for the test",
    }  # fmt: skip
    assert parameters["median"]["cohort"] == {
        "quantile": "a", "at": "0.5", "interpolation": "linear",
    }  # fmt: skip
    assert parameters["median"]["policy_choice"] == "for the test"
    assert parameters["met_by"]["cohort"] == {"count": "met"}
    assert shown["findings"][0]["ranked"] == {
        "better": "higher",
        "standard": {"at": "9", "score": "top"},
        "floor": {"at": "-9", "score": "4"},
        "best": "1",
        "worst": "worst",
        "rounded": {"decimals": 1, "mode": "half_up", "policy_choice": "for the test"},
    }


def test_a_ranking_without_thresholds_and_a_cohort_of_all_leave_them_out():
    bare = attrs.evolve(RANKED, standard=None, floor=None, rounded=None)
    book = rulebook(
        findings=[value_finding("score", "a", ranked=bare)],
        cohort=CohortDeclaration("All", 2, basis=Basis(sources=(Source("guide", "page 1"),))),
    )

    shown = rulebook_data(book)

    assert shown["cohort"] == {
        "title": "All", "smallest": 2, "source": [{"document": "guide", "at": "page 1"}],
    }  # fmt: skip
    assert shown["findings"][0]["ranked"] == {"better": "higher", "best": "1", "worst": "worst"}


def test_cohort_values_as_plain_data_hold_each_table_once():
    twice = attrs.evolve(VALUES, steps={"score": RISING, "again": RISING, "other": FALLING})
    shown = cohort_data(twice)

    assert shown == {
        "format": "oversight-cohort/1",
        "rulebook": BOOK.digest,
        "as_of": "2025-06-30",
        "members": ["QXX", "QXY"],
        "excluded": [{"code": "QXZ", "because": "`met` is unknown"}],
        "parameters": {"median": "5.5", "met_by": "2"},
        "scores": {"again": RISING.digest, "other": FALLING.digest, "score": RISING.digest},
        "tables": {
            RISING.digest: {
                "better": "higher",
                "steps": [["1", "3"], ["5", "2"], ["7.5", "1"]],
                "otherwise": "4",
            },
            FALLING.digest: {
                "better": "lower",
                "steps": [["1", "1"], ["5", "2"], ["7.5", "3"]],
                "otherwise": "4",
            },
        },
        "left_out": {"median": 1},
    }
    assert twice.digest == digest(shown)
    assert cohort_data(attrs.evolve(VALUES, reform="sha256:r"))["reform"] == "sha256:r"


@pytest.mark.parametrize(("code", "is_member"), [("QXX", True), ("QXZ", False)])
def test_a_decision_states_the_cohort_it_was_taken_among(code, is_member):
    case = case_of(a=6, code=code)
    decision = decide(BOOK, case, cohort=VALUES, evaluators=REFERENCE)

    assert decision_data(decision)["cohort"] == {
        "digest": VALUES.digest,
        "members": 2,
        "excluded": 1,
        "is_member": is_member,
        "scores": {"score": RISING.digest},
    }
    assert "cohort" not in decision_data(decided(rulebook()))
