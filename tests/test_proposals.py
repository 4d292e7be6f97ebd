"""Of those who are eligible the first few are proposed, in a total order, each place explained."""

import datetime
import random
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.engine import Engine, decide
from oversight_engine.errors import RulebookError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import StatedFact
from oversight_engine.model.together import OrderKey, ProposalDeclaration
from oversight_engine.proposals import proposals_data, propose
from oversight_engine.resources import shipped
from tests import builders as b

REFERENCE = ("reference",)


def by(name, first="higher"):
    return OrderKey(b.quantity(name), first)


def book_with(*order, places=2, eligible=None, **more):
    """Return a rulebook that proposes the first few of those with a freedom, in this *order*."""
    declaration = ProposalDeclaration("few", "The first few", "freedom", b.formula(places), order)
    return b.rulebook(
        b.number("a", decimals=1),
        b.number("c"),
        b.boolean("met"),
        b.category("level", "low", "high", ordered=True, outside_order=("none",)),
        b.date_fact("since"),
        consequences=[b.consequence("freedom", b.LIGHT, when=eligible)],
        rules=[b.when(b.below("c", 0), b.MIDDLE, if_unknown="ignore")],
        proposals=[declaration],
        **more,
    )


def decisions_of(book, *cases):
    return [decide(book, case, evaluators=REFERENCE) for case in cases]


def system(code, **facts):
    return b.case_of(code=code, **facts)


def ranks(book, *cases):
    """Return the codes in the order of their ranks."""
    proposals = propose(book, decisions_of(book, *cases))
    return [p.decision.case.system.code for p in proposals if p.rank is not None]


def test_the_first_few_by_the_order_are_proposed_and_the_rest_are_not():
    book = book_with(by("a"))
    cases = [system("QA", a=1), system("QB", a=3), system("QC", a=2)]

    found = propose(book, decisions_of(book, *cases))

    assert [(p.decision.case.system.code, p.rank, p.is_proposed) for p in found] == [
        ("QB", 1, True), ("QC", 2, True), ("QA", 3, False),
    ]  # fmt: skip
    assert [p.reason for p in found] == [
        "number 1 of 3 for 2 places",
        "number 2 of 3 for 2 places; behind QB by A: 2 against 3",
        "number 3 of 3 for 2 places; behind QC by A: 1 against 2",
    ]


def test_whoever_is_omitted_is_compared_with_the_last_who_is_not():
    book = book_with(by("a"), places=1)

    found = propose(book, decisions_of(book, *(system(f"Q{n}", a=n) for n in (1, 2, 3))))

    assert found[2].reason == "number 3 of 3 for 1 place; behind Q3 by A: 1 against 3"


def test_the_first_key_that_differs_decides_and_lower_may_come_first():
    book = book_with(by("a"), by("c", "lower"))
    cases = [system("QA", a=1, c=5), system("QB", a=1, c=4), system("QC", a=2, c=9)]

    assert ranks(book, *cases) == ["QC", "QB", "QA"]


def test_where_no_key_differs_the_code_decides_and_that_is_said():
    book = book_with(by("a"))

    found = propose(book, decisions_of(book, system("QB", a=1), system("QA", a=1)))

    assert [p.decision.case.system.code for p in found] == ["QA", "QB"]
    assert found[1].reason.endswith("; level with QA, whose code comes first")


@pytest.mark.parametrize("first", ["higher", "lower"])
def test_what_is_unknown_comes_last_whichever_way_the_order_goes(first):
    book = book_with(by("a", first), by("met"))
    suppressed = StatedFact(None, status="suppressed")
    cases = [
        system("QA", a=suppressed, met=True),
        system("QB"),
        system("QC", a=0),
        system("QD", a=9),
    ]

    in_order = ["QC", "QD"] if first == "lower" else ["QD", "QC"]
    assert ranks(book, *cases) == [*in_order, "QA", "QB"]
    found = propose(book, decisions_of(book, *cases))
    assert found[3].reason.endswith("by A: unknown against " + ("9" if first == "lower" else "0"))


def test_booleans_categories_dates_conditions_and_numbers_put_systems_in_order():
    day = b.days_before
    findings = [b.condition_finding("fine", b.at_least("a", 2))]
    for key, first, second in [
        ("met", {"met": True}, {"met": False}),
        ("level", {"level": "high"}, {"level": "low"}),
        ("since", {"since": day(1)}, {"since": day(2)}),
        (b.finding("fine"), {"a": 2}, {"a": 1}),
        ("a", {"a": Fraction(1, 2)}, {"a": Fraction(2, 5)}),
    ]:
        higher = book_with(by(key), findings=findings)
        lower = book_with(by(key, "lower"), findings=findings)
        cases = [system("QZ", **first), system("QA", **second)]
        assert ranks(higher, *cases) == ["QZ", "QA"], key
        assert ranks(lower, *reversed(cases)) == ["QA", "QZ"], key


def test_a_value_outside_the_order_of_its_category_comes_last():
    book = book_with(by("level", "lower"))

    assert ranks(book, system("QA", level="none"), system("QB", level="high")) == ["QB", "QA"]


def test_only_those_whose_decision_carries_the_consequence_have_a_rank():
    book = book_with(by("a"), eligible=b.at_least("a", 1))
    cases = [system("QA", a=1), system("QB", a=0), system("QC"), system("QD", a=5, c=-1)]

    found = {p.decision.case.system.code: p for p in propose(book, decisions_of(book, *cases))}

    assert [(code, p.rank) for code, p in sorted(found.items())] == [
        ("QA", 1), ("QB", None), ("QC", None), ("QD", None),
    ]  # fmt: skip
    assert not any(found[code].is_proposed for code in ("QB", "QC", "QD"))
    assert found["QB"].reason == "the decision brings no eligibility"
    assert found["QC"].reason == "whether it is eligible depends on missing evidence"
    assert found["QD"].reason == "the decision brings no eligibility"  # decided otherwise


def test_those_without_a_rank_come_after_the_others_by_their_codes():
    book = book_with(by("a"), eligible=b.at_least("a", 1))
    cases = [system("QD", a=0), system("QC"), system("QB", a=1), system("QA", a=0)]

    one, other = (propose(book, decisions_of(book, *each)) for each in (cases, cases[::-1]))

    assert [p.decision.case.system.code for p in one] == ["QB", "QA", "QC", "QD"]
    assert proposals_data(one) == proposals_data(other)


def test_the_number_of_places_is_that_of_the_day_and_none_in_a_gap():
    early, late = b.days_before(1), b.DAY
    places = b.parameter_of("places", b.dated(1, end=b.days_before(2)), b.dated(2, late))
    book = book_with(by("a"), places=b.parameter("places"), parameters=[places])

    def proposed(day):
        cases = [b.case_of(code=code, as_of=day, a=n) for n, code in enumerate(("QA", "QB", "QC"))]
        found = propose(book, decisions_of(book, *cases))
        return [p.decision.case.system.code for p in found if p.is_proposed]

    assert proposed(b.days_before(3)) == ["QC"]
    assert proposed(early) == []
    assert proposed(late) == ["QC", "QB"]


def test_systems_are_compared_with_those_of_their_own_day():
    book = book_with(by("a"), places=1)
    cases = [
        b.case_of(code=code, as_of=b.days_before(days), a=n)
        for n, (code, days) in enumerate([("QA", 1), ("QB", 1), ("QC", 0)])
    ]

    found = propose(book, decisions_of(book, *cases))

    assert [(p.decision.case.system.code, p.rank) for p in found] == [
        ("QB", 1), ("QA", 2), ("QC", 1),
    ]  # fmt: skip


FEW = st.integers(0, 2)


@st.composite
def eligible(draw):
    facts = {
        "a": FEW, "met": st.booleans(), "level": st.sampled_from(["low", "high", "none"]),
    }  # fmt: skip
    return [
        system(f"Q{n}", **{name: draw(of) for name, of in facts.items() if draw(st.integers(0, 3))})
        for n in range(draw(st.integers(1, 7)))
    ]


@given(st.data(), eligible())
def test_the_order_is_total_and_does_not_depend_on_the_order_of_the_cases(data, cases):
    keys = data.draw(st.lists(st.sampled_from(["a", "met", "level"]), min_size=1, unique=True))
    sides = [data.draw(st.sampled_from(["higher", "lower"])) for _ in keys]
    book = book_with(*map(by, keys, sides), places=data.draw(st.integers(0, 8)))

    found = propose(book, decisions_of(book, *cases))
    again = propose(book, decisions_of(book, *data.draw(st.permutations(cases))))

    assert proposals_data(again) == proposals_data(found)
    assert [p.rank for p in found] == list(range(1, len(cases) + 1))
    places = int(book.proposals[0].places.quantity.value)
    assert sum(p.is_proposed for p in found) == min(places, len(cases))
    assert len({p.decision.case.system.code for p in found}) == len(cases)


def test_a_rulebook_without_proposals_proposes_nobody():
    book = attrs.evolve(book_with(by("a")), proposals=())

    assert propose(book, decisions_of(book, system("QA", a=1))) == ()


# The shipped rulebook: partnerships for ten of those who are eligible


@pytest.fixture(scope="module")
def hewitt():
    return load_rulebook(shipped("rules") / "hewitt-2023")


@pytest.fixture(scope="module")
def ready(hewitt):
    path = shipped("cases") / "illustrative" / "fairlock-ready-for-partnership.yaml"
    [case] = read_cases(path, hewitt)
    return case


def variations(case, number):
    """Return made-up systems like *case*: years in balance, and improvement, differ."""
    found = []
    for n in range(number):
        facts = dict(case.facts)
        for name, value in [
            ("years_in_balance", 3 + n % 3),
            ("measures_improving_share_pct", 60 + n // 3),
            ("harp_places_taken", 0),
        ]:
            facts[name] = attrs.evolve(facts[name], value=value)
        system = attrs.evolve(case.system, code=f"ZX{n:02}", name=f"Made up {n}")
        found.append(attrs.evolve(case, system=system, facts=facts))
    return found


def test_ten_of_thirteen_eligible_systems_are_proposed_as_partnerships(hewitt, ready):
    cases = variations(ready, 13)
    random.Random(7).shuffle(cases)  # noqa: S311 - an order, not a secret
    with Engine(hewitt, evaluators=REFERENCE) as engine:
        found = propose(hewitt, [engine.decide(case) for case in cases])

    assert [p.rank for p in found] == list(range(1, 14))
    assert [p.is_proposed for p in found] == [True] * 10 + [False] * 3
    assert [p.decision.case.system.code for p in found[:6]] == [
        "ZX11", "ZX08", "ZX05", "ZX02", "ZX10", "ZX07",
    ]  # fmt: skip
    assert found[4].reason.startswith("number 5 of 13 for 10 places; behind ZX02 by Years")
    assert [p.decision.case.system.code for p in found[10:]] == ["ZX06", "ZX03", "ZX00"]
    assert found[12].reason == (
        "number 13 of 13 for 10 places; behind ZX09 by Measures that reliably improve, or "
        "reliably hold at their target: 60% against 63%"
    )
    assert hewitt.parameter("harp_places").on(datetime.date(2025, 6, 30)).value == 10


def test_no_real_system_is_proposed_on_the_evidence_that_is_public(hewitt):
    cases = read_cases(shipped("cases") / "ics-2025-q1", hewitt)
    with Engine(hewitt, evaluators=REFERENCE) as engine:
        found = propose(hewitt, [engine.decide(case) for case in cases])

    assert len(found) == 42
    assert not any(p.is_proposed or p.rank for p in found)


@pytest.mark.parametrize(("places", "told"), [(Fraction(5, 2), "2.5"), (-1, "-1")])
def test_places_that_are_no_whole_number_are_refused_and_not_cut_short(places, told):
    book = book_with(by("a"), places=places)

    with pytest.raises(RulebookError, match=f"few has {told} places on .* a whole number"):
        propose(book, decisions_of(book, system("QA", a=1)))
