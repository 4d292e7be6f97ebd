"""What would have been decided: compared with what was, and nothing that could be recorded."""

import attrs
import pytest

from oversight_engine.ledger import supposing
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.recorder import decision_draft
from oversight_engine.ledger.replaying import Selection
from oversight_engine.ledger.supposing import Supposition, rulebooks_of, suppose
from oversight_engine.model.decision_form import decision_data
from oversight_engine.model.recorded import recorded_data
from oversight_engine.model.reform import Change, Reform, under_reform
from tests import builders as b
from tests import leagues
from tests.ledger.ledgers import BY, SIGNER, clock, made
from tests.ledger.test_replaying import book, draft, filled

STRICTER = Reform("strict", "Stricter", "test", (Change("seen_target_pct", (b.dated(71),)),))


@pytest.fixture
def place(tmp_path):
    place = made(str(tmp_path / "a.ledger"))
    return filled(
        place, draft(), draft(1, seen_pct=71), draft(2, plan_pct=-1), draft(3, seen_pct=60)
    )


def supposed(place, rulebook, *args, **more):
    with Ledger.open(place) as ledger:
        return suppose(ledger, rulebook, *args, **more)


def test_the_same_rulebook_would_have_decided_the_same(place):
    found = supposed(place, book())

    assert (found.same, found.moved, found.total) == (4, 0, 4)
    assert found.moves == found.by_rule == found.changed == ()


@pytest.mark.parametrize("evaluators", [("generated",), ("reference",), ("reference", "durable")])
def test_a_stricter_target_moves_whom_it_meets_by_the_rule_that_rests_on_it(place, evaluators):
    found = supposed(place, under_reform(book(), STRICTER), evaluators=evaluators)

    assert (found.same, found.moved) == (3, 1)
    assert found.moves == (("free", "watched", 1),)
    assert found.by_rule == (("late", 1),)
    [one] = found.changed
    assert (one.number, one.system, one.as_of) == (2, "S0", "2025-06-30")
    assert (one.recorded, one.supposed, one.rules) == ("free", "watched", ("late",))


def test_what_is_lighter_is_put_down_to_the_rules_that_no_longer_hold(place):
    lenient = attrs.evolve(book(), rules=tuple(r for r in book().rules if r.id != "late"))

    found = supposed(place, lenient)

    assert found.moves == (("watched", "free", 1),)
    assert found.by_rule == (("late", 1),)


def test_what_held_before_and_still_does_makes_no_difference(tmp_path):
    both = draft(plan_pct=-1, reviewed_on=b.days_before(999))
    place = filled(made(str(tmp_path / "b.ledger")), both)
    lenient = attrs.evolve(book(), rules=tuple(r for r in book().rules if r.id != "stale"))

    found = supposed(place, lenient)

    assert found.moves == (("guided", "watched", 1),)
    assert found.by_rule == (("stale", 1),)


def test_a_referral_is_put_down_to_the_rules_that_refer(place):
    careful = attrs.evolve(
        book(),
        rules=(*book().rules, b.when(b.at_least("seen_pct", 71), b.r.REFER, rule_id="careful")),
    )

    assert supposed(place, careful).by_rule == (("careful", 1),)


def test_an_outcome_that_a_known_rule_brings_now_is_put_down_to_it(place):
    rules = tuple(
        attrs.evolve(rule, outcome="guided") if rule.id == "late" else rule for rule in book().rules
    )

    found = supposed(place, attrs.evolve(book(), rules=rules))

    assert found.moves == (("watched", "guided", 1),)
    assert found.by_rule == (("late", 1),)


def test_only_those_chosen_are_asked_about(place):
    stricter = under_reform(book(), STRICTER)

    assert supposed(place, stricter, Selection(first=3)).total == 3
    assert supposed(place, stricter, Selection(systems=("S0",))).moved == 1


def test_a_rulebook_that_does_not_know_the_facts_decides_nothing_and_says_why(place):
    other = b.rulebook(b.number("n"), rules=[b.when(b.below("n", 1))])

    found = supposed(place, other)

    assert (found.refused_count, found.same, found.moved) == (4, 0, 0)
    assert "seen_pct" in found.refused[0][1] or "no such fact" in found.refused[0][1]


def test_what_is_masked_is_left_aside(place):
    said = {"by": BY, "reason": "Asked for."}
    with Ledger.open(place, write=True) as ledger:
        ledger.mask(3, ["/case/facts/seen_pct"], said, signer=SIGNER, clock=clock())

    assert supposed(place, book()).masked == 1


def test_the_cases_of_a_day_are_the_cohort_of_a_rulebook_that_judges_among_others(place):
    ranking = leagues.Ranked("higher", leagues.constant(1), leagues.constant(4))
    among = attrs.evolve(
        book(),
        findings=(*book().findings, leagues.ranked("score", "seen_pct", ranking)),
        rules=(*book().rules, b.when(b.at_least(b.finding("score"), 4), "guided", rule_id="last")),
        cohort=leagues.cohort_of(),
    )

    found = supposed(place, among)

    assert found.moves == (("watched", "guided", 1),)
    assert (found.changed[0].system, found.changed[0].rules) == ("S3", ("last",))
    small = attrs.evolve(among, cohort=leagues.cohort_of(smallest=5))
    refused = supposed(place, small)
    assert refused.refused_count == 4
    assert "5" in refused.refused[0][1]


def test_the_rulebooks_of_a_ledger_are_known_by_their_digests(place):
    with Ledger.open(place) as ledger:
        assert rulebooks_of(ledger) == (book().digest,)
        assert rulebooks_of(ledger, Selection(systems=("S9",))) == ()


# It is no decision


def test_nothing_supposed_can_be_recorded_as_a_decision(place):
    found = supposed(place, under_reform(book(), STRICTER))

    for view in (recorded_data, decision_data):
        for each in (found, *found.changed):
            with pytest.raises(AttributeError):
                view(each)
    with pytest.raises(AttributeError):
        decision_draft(found.changed[0], b.case_of(), {}, {})


def test_what_supposes_can_neither_write_nor_make_an_entry():
    names = set(vars(supposing))

    assert not names & {"Draft", "Recorder", "decision_draft", "Signer", "recorded_bytes"}
    assert not {"content", "digest", "attestation"} & {
        each.name for each in attrs.fields(Supposition)
    }
