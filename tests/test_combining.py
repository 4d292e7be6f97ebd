"""One combining rule: the most severe wins, and lighter exists only where nothing holds back."""

import datetime
import itertools

import pytest

from oversight_engine.combining import combine, effect_of
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFER, Span
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN, Truth
from tests.builders import DAY, HEAVY, LIGHT, MIDDLE, SCALE, holds, rulebook, when

T, F, U = TRUE, FALSE, UNKNOWN


def verdict_of(*rules_and_truths, outcomes=SCALE):
    """Return the verdict where each rule, made by `rule`, has the truth beside it."""
    rules, truths = [], {}
    for place, ((outcome, if_unknown), truth) in enumerate(rules_and_truths):
        rules.append(when(holds("a"), outcome, if_unknown=if_unknown, rule_id=f"r{place}"))
        truths[f"r{place}"] = truth
    return combine(find_in_force(rulebook(rules=rules, outcomes=outcomes), DAY), truths)


def rule(outcome, if_unknown=""):
    return outcome, if_unknown


# What one rule does


@pytest.mark.parametrize(
    ("outcome", "if_unknown", "true", "unknown"),
    [
        (MIDDLE, "hold_back", "holds", "holds_back"),
        (MIDDLE, "refer", "holds", "refers"),
        (MIDDLE, "ignore", "holds", "ignored"),
        (HEAVY, "refer", "holds", "refers"),
        (HEAVY, "ignore", "holds", "ignored"),
        (REFER, "refer", "refers", "refers"),
        (REFER, "hold_back", "refers", "refers"),
        (REFER, "ignore", "refers", "refers"),
    ],
)
def test_each_rule_does_what_its_outcome_and_its_word_for_unknown_say(
    outcome, if_unknown, true, unknown
):
    said = when(holds("a"), outcome, if_unknown=if_unknown)

    assert effect_of(said, T) == true
    assert effect_of(said, U) == unknown
    assert effect_of(said, F) == "none"


# What they come to together: worked by hand

UNKNOWN_HEAVY = (rule(HEAVY), U)
TRUE_MIDDLE = (rule(MIDDLE), T)
UNKNOWN_MIDDLE = (rule(MIDDLE), U)


@pytest.mark.parametrize(
    ("rules", "outcome", "possible"),
    [
        # nothing holds
        ([], LIGHT, [LIGHT]),
        ([(rule(MIDDLE), F), (rule(HEAVY), F), (rule(REFER), F)], LIGHT, [LIGHT]),
        # what is true holds, and the most severe wins
        ([TRUE_MIDDLE], MIDDLE, [MIDDLE]),
        ([TRUE_MIDDLE, (rule(HEAVY), T)], HEAVY, [HEAVY]),
        ([(rule(HEAVY), T), TRUE_MIDDLE], HEAVY, [HEAVY]),
        ([TRUE_MIDDLE, (rule(HEAVY), F)], MIDDLE, [MIDDLE]),
        # hold_back: unknown counts as held, yet the lighter outcome stays possible
        ([UNKNOWN_MIDDLE], MIDDLE, [LIGHT, MIDDLE]),
        ([UNKNOWN_MIDDLE, TRUE_MIDDLE], MIDDLE, [MIDDLE]),
        ([UNKNOWN_MIDDLE, (rule(HEAVY), T)], HEAVY, [HEAVY]),
        # refer: unknown makes a referral, unless the harshest is certain
        ([UNKNOWN_HEAVY], None, [LIGHT, HEAVY]),
        ([UNKNOWN_HEAVY, TRUE_MIDDLE], None, [MIDDLE, HEAVY]),
        ([UNKNOWN_HEAVY, UNKNOWN_MIDDLE], None, [LIGHT, MIDDLE, HEAVY]),
        ([UNKNOWN_HEAVY, (rule(HEAVY), T)], HEAVY, [HEAVY]),
        ([(rule(MIDDLE, "refer"), U)], None, [LIGHT, MIDDLE]),
        ([(rule(MIDDLE, "refer"), U), TRUE_MIDDLE], None, [MIDDLE]),
        ([(rule(MIDDLE, "refer"), T)], MIDDLE, [MIDDLE]),
        # ignore: unknown does nothing, and is still possible
        ([(rule(MIDDLE, "ignore"), U)], LIGHT, [LIGHT, MIDDLE]),
        ([(rule(HEAVY, "ignore"), U)], LIGHT, [LIGHT, HEAVY]),
        ([(rule(HEAVY, "ignore"), U), UNKNOWN_MIDDLE], MIDDLE, [LIGHT, MIDDLE, HEAVY]),
        ([(rule(HEAVY, "ignore"), T)], HEAVY, [HEAVY]),
        # admissibility: true or unknown refers, whatever else holds short of the harshest
        ([(rule(REFER), T)], None, [LIGHT]),
        ([(rule(REFER), U)], None, [LIGHT]),
        ([(rule(REFER), T), TRUE_MIDDLE], None, [MIDDLE]),
        ([(rule(REFER), U), UNKNOWN_MIDDLE], None, [LIGHT, MIDDLE]),
        ([(rule(REFER), T), (rule(HEAVY), T)], HEAVY, [HEAVY]),
        ([(rule(REFER), U), (rule(HEAVY), T)], HEAVY, [HEAVY]),
        ([(rule(REFER), F), TRUE_MIDDLE], MIDDLE, [MIDDLE]),
    ],
)
def test_the_truths_of_the_rules_come_to_one_outcome_or_a_referral(rules, outcome, possible):
    verdict = verdict_of(*rules)

    assert verdict.outcome == outcome
    assert verdict.possible == tuple(possible)


@pytest.mark.parametrize("length", [2, 3, 5])
def test_a_scale_may_be_of_any_length(length):
    scale = tuple(f"o{place}" for place in range(length))

    assert verdict_of(outcomes=scale).outcome == scale[0]
    for outcome in scale[1:]:
        assert verdict_of((rule(outcome), T), outcomes=scale).outcome == outcome
    assert verdict_of((rule(scale[-1], "refer"), U), outcomes=scale).outcome is None


def test_possible_outcomes_leave_out_those_between_that_no_rule_names():
    scale = ("o0", "o1", "o2", "o3", "o4")

    verdict = verdict_of(
        (rule("o1"), T), (rule("o3"), U), (rule("o4"), F), (rule("o0", "ignore"), U), outcomes=scale
    )

    assert verdict.outcome == "o3"
    assert verdict.possible == ("o1", "o3")


KINDS = [rule(MIDDLE), rule(MIDDLE, "refer"), rule(MIDDLE, "ignore"), rule(HEAVY),
         rule(HEAVY, "ignore"), rule(REFER)]  # fmt: skip
PAIRS = list(itertools.product(itertools.product(KINDS, Truth), repeat=2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_order_of_rules_never_matters(one, other):
    assert verdict_of(one, other) == verdict_of(other, one)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_outcome_is_always_among_the_possible_ones(one, other):
    verdict = verdict_of(one, other)

    assert verdict.outcome is None or verdict.outcome in verdict.possible
    assert verdict.possible == tuple(sorted(verdict.possible, key=SCALE.index))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_whatever_the_unknown_rules_turn_out_to_be_the_outcome_was_possible(one, other):
    possible = verdict_of(one, other).possible

    for settled in itertools.product(*((T, F) if t is U else (t,) for _, t in (one, other))):
        outcome = verdict_of((one[0], settled[0]), (other[0], settled[1])).outcome
        assert outcome is None or outcome in possible


def test_a_rule_that_is_not_in_force_does_nothing():
    later = Span(DAY + datetime.timedelta(days=1))
    book = rulebook(rules=[when(holds("a"), HEAVY, span=later)])

    assert combine(find_in_force(book, DAY), {}).outcome == LIGHT
    assert combine(find_in_force(book, later.start), {"heavy_rule": T}).outcome == HEAVY
