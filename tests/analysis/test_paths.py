"""Paths are least, complete and decided again: held against every case there is."""

import datetime
import itertools
from fractions import Fraction

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine.analysis.cadence import next_due
from oversight_engine.analysis.levers import MEASURES
from oversight_engine.analysis.paths import Pathfinder, find_paths
from oversight_engine.engine import Engine
from oversight_engine.errors import AnalysisLimitError, EvaluatorUnavailableError, InputError
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.people import HistoryDeclaration
from oversight_engine.model.rulebook import REFERRAL, Effort, LocalPriorityFacts
from oversight_engine.resources import shipped
from tests import builders as b
from tests.analysis.small import FACTS, VALUES, all_cases, all_outcomes, key_of, small_rulebooks

EFFORTS = {"a": Effort(2, Fraction(1, 2)), "c": Effort(0, 3), "d": Effort(4), "e": Effort(1, 1)}
ORDERS = {fact.id: VALUES[fact.id] for fact in FACTS}
WIDTHS = {"a": 3, "c": 2, "d": 1, "e": 2}


def engine_for(book):
    return Engine(book, evaluators=("reference",))


def paths_of(book, to, known, **more):
    return find_paths(engine_for(book), b.case_of(**known), to, **more)


# Brute force: what a path is, said once more and naively


def place(fact_id, value):
    return ORDERS[fact_id].index(value) - (fact_id == "e")


def may_move(fact, before, after, toward):
    """Say whether a path may take *fact* from *before* to *after*."""
    if before == after:
        return True
    if before is None:
        return True  # evidence may be shown of what nobody can change
    if after is None or not fact.changeable or fact.history is not None:
        return False
    if fact.id == "e" and after == "none":
        return False
    if fact.id == "e" and before == "none":
        return True
    better = place(fact.id, after) > place(fact.id, before)
    if fact.better == "neither":
        return True
    return (better == (fact.better == "higher")) == (toward == "better")


def weigh(facts, before, after, measure):
    """Return what the way between two cases counts, and what settles a tie."""
    moved = [fact for fact in facts if before.get(fact.id) != after.get(fact.id)]
    known = [fact for fact in moved if fact.id in before]
    sets = {frozenset((f.id, *(set(f.moves_with) & before.keys()))) for f in known}
    sets |= {frozenset((fact.id,)) for fact in moved if fact not in known}
    number = len(sets)
    by_id = {fact.id: fact for fact in facts}

    def share(fact_id):
        was, now = before.get(fact_id), after[fact_id]
        if was is None or was == "none":
            return Fraction(1)
        return Fraction(abs(place(fact_id, now) - place(fact_id, was)), WIDTHS[fact_id])

    movement = sum((max(map(share, each)) for each in sets), Fraction(0))
    if measure == "facts":
        return number, movement
    if measure == "movement":
        return movement, number
    effort = Fraction(0)
    for fact in moved:
        cost = by_id[fact.id].effort
        if cost is None:
            others = set(fact.moves_with) & before.keys() if fact.id in before else ()
            if any(by_id[other].effort for other in others):
                continue
            return None
        was, now = before.get(fact.id), after[fact.id]
        units = 0 if was in (None, "none") else abs(place(fact.id, now) - place(fact.id, was))
        effort += cost.per_change + cost.per_unit * units
    return effort, movement


def together(facts, before, after):
    """Say whether the facts that move together do."""
    for fact in facts:
        for other in fact.moves_with:
            if fact.id in before and other in before:
                one, two = (
                    place(name, after[name]) - place(name, before[name])
                    for name in (fact.id, other)
                )
                if one != two:
                    return False
    return True


def every_way(book, outcomes, before, to, measure):
    """Return what each way to the outcome counts, by the facts it changes: the least of each."""
    now = outcomes[key_of(before)][0]
    scale = [outcome.id for outcome in book.outcomes]
    if now is None:
        toward = "worse" if to == scale[-1] else "better"
    else:
        toward = "worse" if scale.index(to) > scale.index(now) else "better"
    found = {}
    for after in all_cases():
        if not all(may_move(f, before.get(f.id), after.get(f.id), toward) for f in book.facts):
            continue
        if outcomes[key_of(after)][0] != to or not together(book.facts, before, after):
            continue
        weight = weigh(book.facts, before, after, measure)
        if weight is None:
            continue
        moved = frozenset(f.id for f in book.facts if before.get(f.id) != after.get(f.id))
        found[moved] = min(weight, found.get(moved, weight))
    if now is None and toward == "worse":
        # Evidence alone, where that leads there.
        return {moved: w for moved, w in found.items() if moved.isdisjoint(before)} or found
    return found


@st.composite
def books(draw):
    book = draw(small_rulebooks())
    changes = {
        "a": {"moves_with": draw(st.sampled_from([(), (), ("c",)]))},
        "c": {"better": draw(st.sampled_from(["lower", "higher", "neither"]))},
        "d": {"changeable": draw(st.sampled_from([True, True, False]))},
        "e": {},
    }
    priced = draw(st.sets(st.sampled_from(sorted(EFFORTS)), min_size=1))
    facts = []
    for fact in book.facts:
        effort = EFFORTS[fact.id] if fact.id in priced else None
        facts.append(attrs.evolve(fact, effort=effort, **changes[fact.id]))
    # Either may name the other.
    if facts[0].moves_with:
        facts[1] = attrs.evolve(facts[1], moves_with=("a",))
    return attrs.evolve(book, facts=tuple(facts))


@settings(max_examples=30)
@given(books(), st.data())
def test_paths_are_least_of_all_and_there_is_none_only_where_there_is_none(book, data):
    outcomes = all_outcomes(book)
    before = data.draw(st.sampled_from([dict(key) for key in outcomes]), label="the case")
    for to, measure in itertools.product(b.SCALE, MEASURES):
        if outcomes[key_of(before)][0] == to:
            continue
        ways = every_way(book, outcomes, before, to, measure)
        found = paths_of(book, to, before, least=measure, number=50)

        assert bool(found.paths) == bool(ways), (to, measure)
        if not ways:
            assert found.obstacles
            continue
        least = min(ways.values())
        assert found.paths[0].total == least[0]
        sets = [frozenset(c.fact.id for c in path.changes) for path in found.paths]
        for path, moved in zip(found.paths, sets, strict=True):
            after = before | {change.fact.id: change.after for change in path.changes}
            assert outcomes[key_of(after)][0] == path.decision.outcome == to
            weight = weigh(book.facts, before, after, measure)
            assert weight[0] == path.total
            assert weight == ways[moved]
        assert [path.total for path in found.paths] == sorted(path.total for path in found.paths)
        assert not any(one <= other for one, other in itertools.combinations(sets, 2))
        # Nothing is left out but what changes all that a path does, and more.
        for moved, weight in ways.items():
            assert any(one <= moved for one in sets), (moved, weight)
        assert weigh(
            book.facts, before,
            before | {c.fact.id: c.after for c in found.paths[0].changes}, measure,
        ) == least  # fmt: skip


# By hand


def band(number):
    return b.at_least("share", number)


def shares(**more):
    facts = [
        b.number("share", unit="%", decimals=1, range=(0, 100), cadence="monthly", **more),
        b.boolean("plan"),
    ]
    rules = [
        b.unless(band(75), rule_id="too_low"),
        b.unless(b.holds("plan"), rule_id="no_plan"),
        b.when(b.below("share", 20), b.HEAVY, rule_id="far_too_low"),
    ]
    return b.rulebook(*facts, rules=rules)


def changes_of(path):
    return {c.fact.id: (c.before, c.after, c.enough) for c in path.changes}


def test_a_path_says_what_changes_to_what_and_what_else_would_do():
    [path] = paths_of(shares(), b.LIGHT, {"share": Fraction(341, 5), "plan": False}).paths

    assert changes_of(path) == {
        "share": (Fraction(341, 5), 75, ((75, 100),)),
        "plan": (False, True, (True,)),
    }
    assert (path.total, path.decision.outcome) == (2, b.LIGHT)


def test_movement_is_a_share_of_the_declared_range():
    [path] = paths_of(shares(), b.LIGHT, {"share": 65, "plan": True}, least="movement").paths

    assert path.total == Fraction(1, 10)


def test_evidence_is_asked_for_where_a_fact_is_unknown():
    found = paths_of(shares(), b.LIGHT, {"plan": True})

    assert found.decision.outcome is None
    [path] = found.paths
    assert changes_of(path) == {"share": (None, 75, ((75, 100),))}


@pytest.mark.parametrize(
    ("more", "because"),
    [
        ({"changeable": False}, "it is not the system's to change"),
        ({"history": HistoryDeclaration("engine_outcome", "days")}, "it is history"),
    ],
)
def test_what_cannot_be_changed_stands_in_the_way_by_name(more, because):
    found = paths_of(shares(**more), b.LIGHT, {"share": 30, "plan": False})

    assert not found.paths
    [obstacle] = found.obstacles
    assert [rule.id for rule in obstacle.rules] == ["too_low"]
    assert [(fact.id, why) for fact, why in obstacle.fixed] == [("share", because)]


def test_what_the_other_rules_would_need_is_listed_besides():
    found = paths_of(shares(changeable=False), b.LIGHT, {"share": 30, "plan": False})

    assert [(c.fact.id, c.before, c.after) for c in found.besides] == [("plan", False, True)]


def test_from_a_referral_to_the_harshest_outcome_evidence_leads_if_it_can():
    book = b.rulebook(
        b.number("share", decimals=1, range=(0, 100)),
        b.number("other", decimals=1, range=(0, 100)),
        rules=[
            b.when(b.below("share", 20), b.HEAVY, rule_id="low", if_unknown="refer"),
            b.when(b.below("other", 20), b.HEAVY, rule_id="other_low", if_unknown="refer"),
        ],
    )

    found = paths_of(book, b.HEAVY, {"share": 30})

    assert found.is_evidence_only
    assert [changes_of(path).keys() for path in found.paths] == [{"other"}]


def test_a_fact_that_is_to_be_left_alone_is():
    found = paths_of(shares(), b.LIGHT, {"share": 30, "plan": True}, without=["share"])

    assert found.obstacles[0].fixed[0][1] == "it was to be left as it is"


def test_a_path_to_a_harsher_outcome_makes_things_worse_only():
    [path] = paths_of(shares(), b.HEAVY, {"share": 80, "plan": True}).paths

    assert changes_of(path)["share"][:2] == (80, Fraction(199, 10))


def test_a_case_that_is_there_needs_no_path():
    found = paths_of(shares(), b.LIGHT, {"share": 80, "plan": True})

    assert found.is_there
    assert not found.paths
    assert not found.obstacles


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"to": REFERRAL}, "no path leads to a referral"),
        ({"to": "lighter"}, "use light, middle, heavy"),
        ({"to": b.LIGHT, "without": ["shares"]}, "declares no fact shares"),
        ({"to": b.LIGHT, "least": "effort"}, "states the effort of no fact"),
    ],
)
def test_what_cannot_be_asked_is_refused(more, said):
    with pytest.raises(InputError, match=said):
        paths_of(shares(), more.pop("to"), {"share": 30, "plan": True}, **more)


def test_local_priorities_go_on_adding_up():
    names = LocalPriorityFacts("agreed", "on", "off", "unmeasured")
    facts = [b.number(name, range=(0, 9), better="neither") for name in ("agreed",)]
    facts += [b.number("on", range=(0, 9)), b.number("off", range=(0, 9), better="lower")]
    facts.append(b.number("unmeasured", range=(0, 9), better="lower"))
    rule = b.unless(b.at_least("on", 3))
    book = b.rulebook(*facts, rules=[rule], local_priorities=names)
    known = {"agreed": 4, "on": 2, "off": 2, "unmeasured": 0}

    found = paths_of(book, b.LIGHT, known, without=["agreed"])

    assert [changes_of(path).keys() for path in found.paths] == [{"on", "off"}]
    assert changes_of(found.paths[0])["off"][1] == 1


def test_an_answer_that_takes_too_long_is_refused_and_not_guessed(monkeypatch):
    def load_z3():
        raise EvaluatorUnavailableError("install oversight-engine[proof]")

    monkeypatch.setattr("oversight_engine.analysis.solver.load_z3", load_z3)
    finder = Pathfinder(engine_for(shares()))

    with pytest.raises(AnalysisLimitError, match=r"within 1 steps.*proof"):
        finder.find(b.case_of(share=30, plan=True), b.LIGHT, most=1)


@pytest.mark.parametrize(
    ("cadence", "as_at", "due"),
    [
        ("monthly", "2025-05-31", "2025-07-31"),
        ("monthly", "2025-06-30", "2025-07-31"),
        ("quarterly", "2024-11-30", "2025-08-31"),
        ("annual", "2024-02-29", "2026-02-28"),
        ("weekly", "2025-06-20", "2025-07-04"),
        ("monthly", "2025-01-15", "2025-07-15"),
        ("ad_hoc", "2025-06-20", None),
        ("", "2025-06-20", None),
        ("monthly", None, None),
    ],
)
def test_a_fact_is_next_due_by_its_cadence(cadence, as_at, due):
    day = as_at and datetime.date.fromisoformat(as_at)

    assert str(next_due(cadence, day, b.DAY)) == str(due)


def test_what_nobody_stated_is_found_in_few_steps_and_at_its_best():
    book = load_rulebook(shipped("rules") / "hewitt-2023")
    case = read_cases(shipped("cases") / "ics-2025-q2", book)[0]
    finder = Pathfinder(engine_for(book))
    found = finder.find(case, book.lightest, number=1, most=20)

    assert not found.by_z3
    after = {change.fact.id: change.after for change in found.paths[0].changes}
    assert after["local_priorities_on_track"] <= after["local_priorities_agreed"]
