"""What remains possible, and how likely it is: held against every combination there is."""

import itertools
from fractions import Fraction

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine.analysis.robustness import Examiner, find_robustness
from oversight_engine.combining import combine
from oversight_engine.engine import Engine
from oversight_engine.model.case import StatedFact
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import REFERRAL
from oversight_engine.semantics import evaluate
from tests import builders as b
from tests.analysis.small import VALUES, all_outcomes, key_of, small_rulebooks


def robust(book, **facts):
    return find_robustness(Engine(book, evaluators=("reference",)), b.case_of(**facts))


@st.composite
def uncertain_facts(draw, fact_id):
    """Draw a stated fact, and the values it may have with how likely each is; or nothing."""
    values = VALUES[fact_id]
    kind = draw(st.sampled_from(["unknown", "plain", "plain", "range", "uniform", "chances"]))
    value = draw(st.sampled_from(values))
    if kind == "unknown":
        return None, {}
    if kind == "chances":
        among = draw(st.lists(st.sampled_from(values), unique=True, min_size=1))
        among = sorted({*among, value}, key=values.index)
        parts = [draw(st.integers(1, 4)) for _ in among]
        chances = {v: Fraction(n, sum(parts)) for v, n in zip(among, parts, strict=True)}
        return StatedFact(value, chances=tuple(chances.items())), chances
    if kind == "plain" or fact_id not in ("a", "c"):
        return StatedFact(value), {value: Fraction(1)}
    ends = sorted((value, draw(st.sampled_from(values))))
    inside = [v for v in values if ends[0] <= v <= ends[1]]
    # Of a bare range nobody knows how likely its values are: it may matter to no rule.
    chance = Fraction(1, len(inside))
    shape = "uniform" if kind == "uniform" else ""
    return StatedFact(value, likely=tuple(ends), shape=shape), dict.fromkeys(inside, chance)


def labels_of(outcomes, spreads):
    """Return how likely each label is over all combinations."""
    found = {}
    names = list(spreads)
    for values in itertools.product(*spreads.values()):
        known = dict(zip(names, values, strict=True))
        label = outcomes[key_of(known)][0] or REFERRAL
        chance = Fraction(1)
        for name, value in known.items():
            chance *= spreads[name][value]
        found[label] = found.get(label, Fraction(0)) + chance
    return found


@settings(max_examples=60)
@given(small_rulebooks(), st.data())
def test_what_is_possible_likely_and_turning_is_what_every_combination_says(book, data):
    outcomes = all_outcomes(book)
    drawn = {f: data.draw(uncertain_facts(f), label=f) for f in VALUES}
    stated = {f: fact for f, (fact, _) in drawn.items() if fact is not None}
    spreads = {f: spread for f, (fact, spread) in drawn.items() if fact is not None}
    found = robust(book, **stated)
    wanted = labels_of(outcomes, spreads)

    assert set(found.possible) == wanted.keys()
    assert found.is_firm == (wanted.keys() == {found.decision.label})
    if found.chances:
        assert dict(found.chances) == wanted
        assert sum(chance for _, chance in found.chances) == 1
    else:
        assert not found.uncertain or any(each.basis == "range" for each in found.uncertain)
    points = {f: {stated[f].value: Fraction(1)} for f in spreads}
    for each in found.uncertain:
        alone = labels_of(outcomes, points | {each.fact.id: spreads[each.fact.id]})
        assert set(each.flips) == alone.keys() - {found.decision.label}
    quiet = {each.fact.id for each in found.uncertain if not each.flips}
    for one, other in itertools.combinations(sorted(quiet), 2):
        both = labels_of(outcomes, points | {f: spreads[f] for f in (one, other)})
        told = [set(flips) for x, y, flips in found.pairs if {x.id, y.id} == {one, other}]
        assert told == [both.keys() - {found.decision.label}] * (
            both.keys() != {found.decision.label}
        )
    unknown = {fact.id: dict.fromkeys(VALUES[fact.id], Fraction(1)) for fact in found.unknown}
    if unknown:
        assert set(found.if_known) == labels_of(outcomes, points | unknown).keys()


@settings(max_examples=30)
@given(small_rulebooks(), st.data())
def test_the_nearest_line_is_the_first_value_at_which_a_rule_turns(book, data):
    outcomes = all_outcomes(book)
    known = dict(data.draw(st.sampled_from(list(outcomes))))
    found = robust(book, **known)
    now = outcomes[key_of(known)][1]
    told = {(each.rule.id, each.fact.id): each for each in found.thresholds}
    for fact_id in {"a", "c"} & known.keys():
        for rule_id, truth in now.items():
            gaps = [
                abs(value - known[fact_id]) for value in VALUES[fact_id]
                if outcomes[key_of(known | {fact_id: value})][1][rule_id] is not truth
            ]  # fmt: skip
            each = told.get((rule_id, fact_id))
            assert (None if each is None else each.distance) == min(gaps, default=None)


# By hand


def halves(**more):
    facts = [b.number(name, unit="%", decimals=1, range=(0, 100)) for name in ("one", "other")]
    rules = [
        b.unless(b.at_least("one", 50), rule_id="one_low"),
        b.when(b.below(b.plus("one", "other"), 100), b.HEAVY, rule_id="both_low"),
    ]
    return b.rulebook(*facts, rules=rules, **more)


def uniform(value, least, most):
    return StatedFact(value, likely=(least, most), shape="uniform")


def test_a_decision_on_facts_without_uncertainty_is_firm():
    found = robust(halves(), one=60, other=70)

    assert found.is_firm
    assert found.possible == (b.LIGHT,)
    assert found.chances == ()


def test_probabilities_of_a_sum_are_exact():
    found = robust(halves(), one=uniform(51, 50, 52), other=uniform(50, 49, 50))

    below = sum(
        1 for one in range(500, 521) for other in range(490, 501) if one + other < 1000
    )  # every pair of tenths
    assert dict(found.chances) == {
        b.LIGHT: 1 - Fraction(below, 21 * 11),
        b.HEAVY: Fraction(below, 21 * 11),
    }
    assert [each.flips for each in found.uncertain] == [(), ()]
    assert [(x.id, y.id, flips) for x, y, flips in found.pairs] == [("one", "other", (b.HEAVY,))]


def test_a_range_alone_gives_no_probability():
    found = robust(halves(), one=StatedFact(50, likely=(49, 51)), other=uniform(70, 69, 71))

    assert found.possible == (b.LIGHT, b.MIDDLE)
    assert not found.chances


def test_a_figure_at_a_line_may_have_been_rounded_to_it():
    [line, *_] = robust(halves(), one=50, other=80).thresholds

    assert (line.rule.id, line.at, line.distance) == ("one_low", Fraction(499, 10), Fraction(1, 10))
    assert line.may_be_rounding
    assert not line.is_within


TENTH, HALF = Fraction(1, 10), Fraction(1, 20)


@pytest.mark.parametrize(
    ("operator", "value", "turns_at"),
    [
        (">=", 50, 50 - HALF),
        (">=", 50 - TENTH, None),
        (">=", 50 + TENTH, None),
        (">", 50, 50 + HALF),
        (">", 50 + TENTH, None),
        ("<", 50, 50 - HALF),
        ("<", 50 - TENTH, None),
        ("<=", 50, 50 + HALF),
        ("<=", 50 + TENTH, None),
        ("==", 50, 50 - HALF),
        ("==", 50 + TENTH, None),
    ],
)
def test_rounding_is_allowed_for_by_the_sign_of_the_comparison(operator, value, turns_at):
    fact = b.number("one", unit="%", decimals=1, range=(0, 100))
    found = robust(b.rulebook(fact, rules=[b.when(b.compare("one", operator, 50))]), one=value)

    told = [each.at for each in found.rounded]
    assert found.is_firm
    assert found.is_firm_if_rounded == (turns_at is None)
    assert told == ([] if turns_at is None else [turns_at])
    nearest = found.thresholds[0]
    assert nearest.may_be_rounding == (turns_at is not None)


@pytest.mark.parametrize(
    ("more", "is_exact"),
    [
        ({"unit": "%", "decimals": 1}, False),
        ({"unit": "GBP a head", "decimals": 2}, False),
        ({"unit": "GBP", "decimals": 2}, True),
        ({"unit": "people"}, True),
    ],
)
def test_counts_and_money_to_the_penny_are_exact(more, is_exact):
    book = b.rulebook(b.number("one", **more), rules=[b.unless(b.at_least("one", 50))])

    assert robust(book, one=50).is_firm_if_rounded == is_exact


@pytest.mark.parametrize(
    ("condition", "value", "ends"),
    [
        (b.at_least("one", 100), 100, (100 - HALF, 100)),
        (b.compare("one", "<=", 0), 0, (0, HALF)),
    ],
)
def test_a_percentage_is_not_rounded_from_beyond_its_range(condition, value, ends):
    fact = b.number("one", unit="%", decimals=1, range=(0, 100))
    [rounded] = robust(b.rulebook(fact, rules=[b.unless(condition)]), one=value).rounded

    assert (rounded.least, rounded.most) == ends


def test_a_figure_that_states_its_range_is_not_rounded_besides():
    found = robust(halves(), one=StatedFact(50, likely=(50, 51)), other=80)

    assert found.is_firm
    assert found.is_firm_if_rounded
    assert not found.thresholds[0].may_be_rounding


@settings(max_examples=25)
@given(small_rulebooks(), st.data())
def test_rounding_leaves_what_every_finer_value_leaves(book, data):
    facts = [attrs.evolve(f, decimals=1) if f.id in ("a", "c") else f for f in book.facts]
    book = attrs.evolve(book, facts=tuple(facts))
    known = {f: data.draw(st.sampled_from(VALUES[f]), label=f) for f in VALUES}
    for fact_id in ("a", "c"):
        step = data.draw(st.sampled_from([0, 0, 0, TENTH, -TENTH]))
        known[fact_id] = min(max(known[fact_id] + step, VALUES[fact_id][0]), VALUES[fact_id][-1])
    found = robust(book, **known)
    in_force = find_in_force(book, b.DAY)

    def labels(*moved):
        ways = [
            [v + Fraction(n, 100) for n in range(-5, 6) if least <= v + Fraction(n, 100) <= most]
            for v, least, most in ((known[f], VALUES[f][0], VALUES[f][-1]) for f in moved)
        ]
        return {
            combine(
                in_force, evaluate(in_force, known | dict(zip(moved, w, strict=True)), b.DAY).rules
            ).outcome or REFERRAL
            for w in itertools.product(*ways)
        }  # fmt: skip

    assert set(found.if_rounded) == labels("a", "c")
    told = {each.fact.id: set(each.flips) for each in found.rounded}
    for fact_id in ("a", "c"):
        assert told.get(fact_id, set()) == labels(fact_id) - {found.decision.label}


def test_how_likely_it_is_is_not_said_where_that_takes_too_long():
    examiner = Examiner(Engine(halves(), evaluators=("reference",)))
    case = b.case_of(one=uniform(51, 0, 100), other=uniform(50, 0, 100))
    found = examiner.examine(case, most=50)

    assert found.possible == (b.LIGHT, b.MIDDLE, b.HEAVY)
    assert not found.chances
    assert "more than 50 steps" in found.no_chances_because
    assert not found.by_z3
