"""Random rulebooks that judge cases among others, and cohorts for them.

A league has numbers that are ranked, an average of the scores, a rank of that average, quantiles
of it, and bands between them. Values lie so close together that ties are common, and standards
and floors are drawn where values are. By the way it is made, making a fact better can only make
an outcome lighter as long as the cohort's values stay as they are.
"""

from fractions import Fraction

import attrs
from hypothesis import strategies as st

from oversight_engine.model import expression as x
from oversight_engine.model.case import StatedFact
from oversight_engine.model.number import whole_if_possible
from oversight_engine.model.rulebook import Basis, Principle, RoundingTo
from oversight_engine.model.together import (
    CohortCount,
    CohortDeclaration,
    CohortQuantile,
    Ranked,
    Threshold,
)
from tests import builders as b

CHOSEN = Basis(policy_choice="for the test")
SIDES = st.sampled_from(["higher", "lower"])
VALUES = st.integers(-4, 4).map(lambda halves: whole_if_possible(Fraction(halves, 2)))
ROUNDING = st.none() | st.sampled_from(["half_up", "down"]).map(
    lambda mode: RoundingTo(1, mode, CHOSEN)
)
AT = st.sampled_from([0, 1, *(Fraction(n, 4) for n in (1, 2, 3)), Fraction(3, 10)])
INTERPOLATIONS = ["linear", "lower", "higher"]


def constant(number):
    return b.formula(number)


@st.composite
def rankings(draw, better=None):
    """Draw how something is ranked; a lower score is the better one."""
    better = better or draw(SIDES)
    low, high = sorted((draw(VALUES), draw(VALUES)))
    floor, standard = (low, high) if better == "higher" else (high, low)
    scores = sorted(draw(st.lists(st.integers(0, 6), min_size=4, max_size=4)))
    best, worst = scores[1], scores[2] + 1
    return Ranked(
        better,
        constant(best),
        constant(worst),
        standard=Threshold(constant(standard), constant(scores[0]))
        if draw(st.booleans())
        else None,
        floor=Threshold(constant(floor), constant(scores[3] + 1)) if draw(st.booleans()) else None,
        rounded=draw(ROUNDING),
    )


def ranked(finding_id, what, ranking):
    return b.value_finding(finding_id, what, ranked=ranking, unit="score", better="lower")


def quantile_of(parameter_id, what, at, interpolation="linear"):
    computed = CohortQuantile(b.formula(what), at, interpolation, CHOSEN)
    return b.parameter_of(parameter_id, cohort=computed, unit="score")


def count_of(parameter_id, condition):
    computed = CohortCount(b.statement(condition), CHOSEN)
    return b.parameter_of(parameter_id, cohort=computed, unit="score")  # what it is compared with


def cohort_of(members=None, smallest=1):
    condition = None if members is None else b.statement(members)
    return CohortDeclaration("All of the test", smallest, condition, CHOSEN)


@st.composite
def leagues(draw):
    """Draw a rulebook that judges a case among others."""
    ids = [f"number_{place}" for place in range(draw(st.integers(1, 3)))]
    sides = [draw(SIDES) for _ in ids]
    facts = [
        b.number(fact_id, decimals=1, better=side, range=(-9, 9))
        for fact_id, side in zip(ids, sides, strict=True)
    ]
    scores = [
        ranked(f"score_{place}", fact_id, draw(rankings(side)))
        for place, (fact_id, side) in enumerate(zip(ids, sides, strict=True))
    ]
    average = b.value_finding(
        "average", b.mean_known(*(b.finding(score.id) for score in scores)), unit="score"
    )
    place = ranked("place", b.finding("average"), draw(rankings("lower")))
    low, high = sorted(draw(st.lists(AT, min_size=2, max_size=2, unique=True)))
    interpolation = draw(st.sampled_from(INTERPOLATIONS))
    cuts = [
        quantile_of("low", b.finding("average"), low, interpolation),
        quantile_of("high", b.finding("average"), high, interpolation),
        count_of("others", b.at_least(b.finding("place"), b.parameter("low"))),
    ]
    bands = b.table_finding(
        "band",
        (b.compare(b.finding("average"), "<=", b.parameter("low")), 1),
        (
            b.every(
                b.compare(b.finding("average"), ">", b.parameter("low")),
                b.compare(b.finding("average"), "<=", b.parameter("high")),
            ),
            2,
        ),
        (b.compare(b.finding("average"), ">", b.parameter("high")), 3),
    )
    members = draw(st.sampled_from([None, b.known(b.fact(ids[0]))]))
    return b.rulebook(
        *facts,
        findings=[*scores, average, place, bands],
        parameters=cuts,
        rules=[
            b.when(b.at_least(b.finding("band"), 2), b.MIDDLE, basis=CHOSEN),
            b.when(b.at_least(b.finding("place"), b.parameter("others")), b.HEAVY, basis=CHOSEN),
        ],
        cohort=cohort_of(members),
        principles=[Principle("fairness", "Fairness")],
    )


@st.composite
def cohorts(draw, book, *, least=1, most=8):
    """Draw the cases of a cohort of *book*, each of a system of its own."""
    return [
        draw(cases(book, code=f"Q{place:02}"))
        for place in range(draw(st.integers(least, most)))
    ]  # fmt: skip


@st.composite
def cases(draw, book, code="QYY"):
    """Draw a case: a number is absent now and then, or suppressed."""
    facts = {}
    for fact in book.facts:
        how = draw(st.sampled_from(["stated"] * 6 + ["suppressed", "absent"]))
        if how != "absent":
            suppressed = how == "suppressed"
            value = None if suppressed else draw(VALUES)
            facts[fact.id] = StatedFact(value, status="suppressed" if suppressed else "final")
    return b.case_of(code=code, **facts)


def of_all(book):
    """Return *book* without a condition of membership: all cases are members."""
    return attrs.evolve(book, cohort=attrs.evolve(book.cohort, members=None))


def naive_score(ranking, numbers, number, worth=lambda formula: formula.quantity.value):
    """Return the score of *number* among *numbers*, as the reference page says it, word by word."""
    sign = 1 if ranking.better == "higher" else -1

    def is_better(one, other):
        return sign * one > sign * other

    def reaches(one):
        return ranking.standard and not is_better(worth(ranking.standard.at), one)

    def falls_short(one):
        return ranking.floor and is_better(worth(ranking.floor.at), one) and not reaches(one)

    others = [one for one in numbers if not reaches(one) and not falls_short(one)]
    best, worst = worth(ranking.best), worth(ranking.worst)

    def by_rank(one):
        ahead = sum(is_better(each, one) for each in others)
        return best + Fraction(worst - best) * ahead / (len(others) - 1) if ahead else best

    listed = {one: by_rank(one) for one in others}
    if ranking.floor:
        listed.setdefault(worth(ranking.floor.at), worst)
        listed |= {one: worth(ranking.floor.score) for one in numbers if falls_short(one)}
    if ranking.standard:
        listed[worth(ranking.standard.at)] = worth(ranking.standard.score)
        listed |= {one: worth(ranking.standard.score) for one in numbers if reaches(one)}
    no_better = [one for one in listed if not is_better(one, number)]
    if no_better:
        return listed[max(no_better, key=lambda one: sign * one)]
    return worth(ranking.floor.score) if ranking.floor else worst


def literal(formula):
    assert isinstance(formula.quantity, x.Number)
    return formula.quantity.value
