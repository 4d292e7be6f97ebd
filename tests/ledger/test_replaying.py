"""Replay: what a ledger holds comes out again as recorded, or the first difference is named."""

import datetime
import functools
import json
from types import SimpleNamespace

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine import semantics
from oversight_engine.cohort import compute_cohort
from oversight_engine.engine import decide
from oversight_engine.errors import DisagreementError, IntegrityError
from oversight_engine.evaluators import generated
from oversight_engine.language.cases import read_cases
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.ledger import bulk, deriving
from oversight_engine.ledger.entries import Draft, digest_of
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.recorder import decision_draft, objects_of
from oversight_engine.ledger.replayed import MOST_KEPT
from oversight_engine.ledger.replaying import (
    Selection,
    _parts,
    held_on,
    known_until,
    replay,
    replay_in_parts,
)
from oversight_engine.ledger.restoring import restore_case, restore_rulebook
from oversight_engine.model.case import StatedFact
from oversight_engine.model.case_form import case_data
from oversight_engine.model.plain import canonical
from oversight_engine.model.reform import Change, Reform, under_reform
from oversight_engine.model.rulebook import Basis, Principle
from oversight_engine.resources import shipped
from tests import builders as b
from tests import leagues
from tests.ledger.ledgers import BY, SIGNER, START, append, clock, connection_of, made
from tests.shown import GOOD
from tests.shown import book as shown_book

EVALUATORS = [("generated",), ("reference",), ("reference", "generated"), ("reference", "durable")]


@functools.cache
def book():
    """Return a rulebook that a reader lets through, as any is that was recorded."""
    chosen = Basis(policy_choice="for the test")
    small = shown_book()
    return attrs.evolve(
        small,
        measures=tuple(attrs.evolve(each, basis=chosen) for each in small.measures),
        consequences=tuple(attrs.evolve(each, basis=chosen) for each in small.consequences),
    )


def draft(number=0, *, day=b.DAY, supersedes=None, **changed):
    """Return a decision on the system of that *number*, to be recorded."""
    case = b.case_of(code=f"S{number}", as_of=day, **(GOOD | changed))
    decision = decide(book(), case, evaluators=("reference",))
    return decision_draft(decision, case, {}, objects_of(book()), supersedes=supersedes)


def remembering(number):
    """Return a decision of which a fact was drawn from earlier entries, as no entry gives it."""
    made = draft(number)
    case = made.data["case"]
    stated = case["facts"].pop("harm_found")["value"]
    drawn = {"value": stated, "status": "derived"}
    whole = case | {"facts": case["facts"] | {"harm_found": drawn}}
    made.data["decision"]["case"] = digest_of(canonical(whole))
    made.data["history"] = {"harm_found": drawn | {"entry": 1}}
    return made


@pytest.fixture
def place(tmp_path):
    return made(str(tmp_path / "a.ledger"))


def filled(place, *drafts):
    """Record *drafts* at *place*, one after the other."""
    with Ledger.open(place, write=True) as ledger:
        for each in drafts:
            append(ledger, each)
    return place


def replayed(place, *args, **more):
    with Ledger.open(place) as ledger:
        return replay(ledger, *args, **more)


def changed(original, change):
    """Return the draft with its recorded decision changed, as no engine would have made it."""
    data = json.loads(canonical(original.data))
    change(data["decision"])
    return Draft("decision", data, original.objects)


# What was recorded comes out again


@pytest.mark.parametrize("evaluators", EVALUATORS, ids="+".join)
def test_what_was_recorded_is_derived_again(place, evaluators):
    unknown = StatedFact(None, status="suppressed")
    filled(
        place,
        draft(),
        draft(1, plan_pct=-1),
        draft(2, harm_found=unknown),
        draft(3, stage="unborn"),
    )

    found = replayed(place, evaluators=evaluators)

    assert (found.same, found.total, found.agrees) == (4, 4, True)
    assert found.evaluators == evaluators
    assert (found.diverging, found.masked, found.refused) == ((), (), ())


def test_an_empty_ledger_has_nothing_to_derive(place):
    assert replayed(place).total == 0


def test_the_standard_library_reads_what_msgspec_reads(place, monkeypatch):
    filled(place, draft(), remembering(1), draft(2, day=b.days_before(-1)))

    name, fast = bulk.find_reader()
    with Ledger.open(place) as ledger:
        contents = [entry.content for entry in ledger.entries()]
    for content in contents:
        one, other = fast(content), bulk.read_plainly(content)
        assert (one is None) == (other is None)
        if one is not None:
            assert one._replace(question=None, held=None) == other._replace(
                question=None, held=None
            )
            assert one.held() == other.held()
            assert one.question[1:] == other.question[1:]
            assert {k: (v.value, v.status, v.as_at) for k, v in one.question.facts.items()} == {
                k: tuple(v) for k, v in other.question.facts.items()
            }
    assert name == "msgspec"
    assert (replayed(place).same, replayed(place).reader) == (3, "msgspec")
    monkeypatch.setattr(bulk, "_fast_reader", missing)
    assert (replayed(place).same, replayed(place).reader) == (3, "json")


def missing():
    raise ModuleNotFoundError("msgspec")


@pytest.mark.parametrize("evaluators", EVALUATORS, ids="+".join)
def test_reform_cohort_and_a_date_that_was_given_are_taken_from_the_ledger(place, evaluators):
    case = b.case_of(**GOOD, code="S8")
    reform = Reform("r", "R", book().id, (Change("seen_target_pct", (b.dated(71),)),))
    under = under_reform(book(), reform)
    one = decide(under, case, evaluators=("reference",))
    other = decide(book(), case, as_of=b.days_before(-3), evaluators=("reference",))
    league = leagues.of_all(
        b.rulebook(
            b.number("n"),
            findings=[leagues.ranked("s", "n", leagues.Ranked(
                "higher", leagues.constant(1), leagues.constant(4)))],
            rules=[b.when(b.at_least(b.finding("s"), 2), basis=leagues.CHOSEN)],
            principles=[Principle("fairness", "Fairness")],
            cohort=leagues.cohort_of(),
        )
    )  # fmt: skip
    cases = [b.case_of(code=f"T{n}", n=n) for n in range(5)]
    values = compute_cohort(league, cases, b.DAY)
    judged = [decide(league, each, cohort=values, evaluators=("reference",)) for each in cases]
    filled(
        place,
        decision_draft(one, case, {}, objects_of(book(), reform)),
        decision_draft(other, case, {}, objects_of(book())),
        *(decision_draft(d, d.case, {}, objects_of(league, None, values)) for d in judged),
    )

    found = replayed(place, evaluators=evaluators)

    assert (found.same, found.total) == (7, 7)


def test_a_decision_that_only_its_reform_allows_follows_one_without(place):
    [target] = book().parameters
    until = b.dated(70, end=b.DAY)
    strict = attrs.evolve(
        book(), parameters=(attrs.evolve(target, values=(until,), required=True),)
    )
    later = b.dated(71, start=b.days_before(-1))
    reform = Reform("r", "R", strict.id, (Change(target.id, (later,)),))
    cases = [b.case_of(code="S1", **GOOD), b.case_of(code="S2", as_of=b.days_before(-9), **GOOD)]
    one = decide(strict, cases[0], evaluators=("reference",))
    other = decide(under_reform(strict, reform), cases[1], evaluators=("reference",))
    filled(
        place,
        decision_draft(one, cases[0], {}, objects_of(strict)),
        decision_draft(other, cases[1], {}, objects_of(strict, reform)),
    )

    assert (replayed(place).same, replayed(place).refused) == (2, ())


# What does not come out again is told


def test_the_first_divergent_condition_is_named_with_what_was_recorded_and_what_is_derived(place):
    def claim(decision):
        decision["rules"]["harm"] = ["t", "holds", "tf"]
        decision["decision"] = "directed"

    filled(place, draft(), changed(draft(1), claim), draft(2))

    found = replayed(place)

    assert (found.same, found.diverging_count, found.agrees) == (2, 1, False)
    [one] = found.diverging
    assert (one.number, one.system, one.as_of) == (3, "S1", "2025-06-30")
    said = [str(each) for each in one.divergences]
    assert said[0] == "rule harm, `harm_found`: recorded true, derived false"
    assert "decision: recorded directed, derived free" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(in_force="sha256:0"), "in force: recorded sha256:0, derived sha256:"),
        (lambda d: d.update(as_of_overridden=True), "as of overridden: recorded yes, derived no"),
        (lambda d: d.update(measure="anything"), "measure: recorded anything, derived nothing"),
        (lambda d: d.update(more=1), "more: recorded 1, derived nothing"),
        (lambda d: d["rules"].clear(), "recorded nothing, derived"),
        (lambda d: d.update(rules=[]), "recorded nothing, derived"),
        (lambda d: d.update(unknown={"late": ["seen_pct"], "not stated": ["aside"]}),
         "fact seen_pct: recorded unknown (late), derived known"),
        (lambda d: d.update(findings={"odd": 5}), "recorded nothing, derived"),
        (lambda d: d["rules"].update(extra=["t", "holds", "t"]), "rule extra: recorded true"),
        (lambda d: d.update(burden=[7, 8]), "burden: recorded 7, 8, derived"),
    ],
)  # fmt: skip
def test_whatever_else_was_changed_is_told(place, change, said):
    filled(place, changed(draft(), change))

    [one] = replayed(place).diverging

    assert said in str(one.divergences[0])


def test_all_are_counted_and_the_first_are_told(place, monkeypatch):
    monkeypatch.setattr("oversight_engine.ledger.replayed.MOST_KEPT", 2)
    filled(place, *(changed(draft(n), lambda d: d.update(burden=[9, 9])) for n in range(5)))

    found = replayed(place)

    assert found.diverging_count == 5
    assert [each.number for each in found.diverging] == [2, 3]
    assert MOST_KEPT > 2


def test_a_masked_decision_is_not_guessed_at(place):
    filled(place, draft(), draft(1))
    with Ledger.open(place, write=True) as ledger:
        ledger.mask(
            2, ["/case/facts/seen_pct"], {"by": BY, "reason": "Asked for."},
            signer=SIGNER, clock=clock(),
        )  # fmt: skip

    found = replayed(place)

    assert (found.same, found.masked_count, found.agrees) == (1, 1, True)
    assert found.masked[0].number == 2
    assert found.masked[0].fields == ("/case/facts/seen_pct",)


def test_an_unknown_version_of_the_semantics_is_refused_by_saying_which_are_known(place):
    filled(place, changed(draft(), lambda d: d.update(semantics=99)), draft(1))

    found = replayed(place)

    assert (found.same, found.refused_count, found.agrees) == (1, 1, False)
    assert found.refused[0].number == 2
    assert "version 99 of the semantics, and this engine knows 1" in found.refused[0].because


def test_every_version_of_the_semantics_that_was_ever_released_is_kept():
    assert set(deriving.SEMANTICS) >= set(range(1, semantics.VERSION + 1))


def test_what_the_rulebook_does_not_allow_is_refused_with_the_reason(place):
    data = json.loads(canonical(draft().data))
    data["case"]["facts"]["seen_pct"]["value"] = "100.55"
    data["decision"]["case"] = digest_of(canonical(data["case"]))
    filled(place, Draft("decision", data, objects_of(book())))

    found = replayed(place)

    assert found.refused_count == 1
    assert "seen_pct" in found.refused[0].because or "decimals" in found.refused[0].because


def test_a_rulebook_that_is_missing_is_told_for_every_decision_under_it(place):
    original = draft()
    filled(place, Draft("decision", original.data, original.objects), draft(1))
    with Ledger.open(place, write=True) as ledger, ledger.store.appending():
        connection_of(ledger).execute("DELETE FROM objects")

    found = replayed(place)

    assert found.refused_count == 2
    assert "does not hold" in found.refused[0].because


# Generated code is checked


def test_generated_code_that_differs_from_the_reference_is_caught_by_the_first_check(
    place, monkeypatch
):
    filled(place, draft())
    monkeypatch.setattr(
        generated, "effect_of", lambda rule, _truth: "none" if rule.id == "harm" else "holds"
    )

    with pytest.raises(DisagreementError, match="reference and generated disagree on S0"):
        replayed(place)


def test_the_first_of_each_rulebook_and_every_thousandth_is_derived_by_the_reference_too(
    place, monkeypatch
):
    monkeypatch.setattr(deriving, "CHECKED_EVERY", 3)
    filled(place, *(draft(n) for n in range(7)))

    found = replayed(place)

    assert (found.same, found.checked) == (7, 3)


# Which are derived


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        (Selection(), [2, 3, 4]),
        (Selection(first=3), [3, 4]),
        (Selection(last=2), [2]),
        (Selection(first=3, last=3), [3]),
        (Selection(numbers=frozenset({2, 4})), [2, 4]),
        (Selection(systems=("S1",)), [3]),
        (Selection(systems=("S1", "S2")), [3, 4]),
        (Selection(since=b.days_before(-1)), [4]),
        (Selection(until=b.DAY), [2, 3]),
        (Selection(rulebook="sha256:0123"), []),
    ],
)
def test_decisions_are_chosen_by_number_system_date_and_rulebook(place, selection, numbers):
    wrong = (lambda d: d.update(burden=[9, 9]),)
    drafts = [draft(), draft(1), draft(2, day=b.days_before(-1))]
    filled(place, *(changed(each, *wrong) for each in drafts))

    assert [each.number for each in replayed(place, selection).diverging] == numbers


def test_a_rulebook_is_chosen_by_how_its_digest_begins(place):
    filled(place, draft())

    assert replayed(place, Selection(rulebook=book().digest[:12])).same == 1


def test_what_held_on_a_day_and_what_was_known_on_another(place):
    later = START + datetime.timedelta(days=30)
    with Ledger.open(place, write=True) as ledger:
        append(ledger, draft(0, day=b.days_before(90)))
        append(ledger, draft(0, day=b.DAY))
        corrected = draft(0, day=b.DAY, plan_pct=-1, supersedes=3)
        said = {"about": 3, "by": BY, "reason": "It was wrong.", "case": corrected.data["case"]}
        append(ledger, Draft("correction", said), corrected, at=later)

        assert held_on(ledger, b.DAY) == {5}
        assert held_on(ledger, b.DAY, known_on=START.date()) == {3}
        assert held_on(ledger, b.days_before(1)) == {2}
        assert held_on(ledger, b.days_before(91)) == frozenset()
        assert known_until(ledger, START.date()) == 3
        assert known_until(ledger, later.date()) == 5
        assert known_until(ledger, b.days_before(999)) == 0


# In several processes


def test_several_processes_come_to_what_one_comes_to(place):
    wrong = changed(draft(9), lambda d: d.update(burden=[9, 9]))
    unknown = changed(draft(8), lambda d: d.update(semantics=99))
    filled(place, *(draft(n) for n in range(4)), wrong, unknown, remembering(7), remembering(6))
    with Ledger.open(place, write=True) as ledger:
        ledger.mask(
            3, ["/case/facts/seen_pct"], {"by": BY, "reason": "Asked for."},
            signer=SIGNER, clock=clock(),
        )  # fmt: skip

    one, two = (replay_in_parts(place, jobs=jobs, share=3) for jobs in (1, 2))

    assert (one.processes, two.processes) == (1, 2)
    assert (one.same, one.diverging_count, one.masked_count, one.refused_count) == (5, 1, 1, 1)
    assert [each.number for each in one.misremembered] == [8, 9]
    assert one.history_checked == 2
    # Each process has the reference check the first that it derives under a rulebook.
    assert attrs.evolve(two, processes=1, checked=one.checked) == one


@pytest.mark.parametrize("selection", [Selection(first=3), Selection(numbers=frozenset({3}))])
def test_what_is_not_asked_for_is_not_refused_either(place, selection):
    filled(place, draft(1), draft())
    with Ledger.open(place, write=True) as ledger, ledger.store.appending():
        ledger.store.replace(
            2, ledger.entry(2).content.replace(b'"semantics":1', b'"semantics":""')
        )

    assert replayed(place).refused_count == 1
    assert replayed(place, selection).refused_count == 0


@pytest.mark.parametrize(("jobs", "processes"), [(1, 1), (2, 1), (64, 1)], ids=str)
def test_no_process_is_begun_for_a_few_entries_and_that_is_said(place, jobs, processes):
    filled(place, draft(), draft(1))

    assert replay_in_parts(place, jobs=jobs).processes == processes


COUNTS = st.lists(st.integers(1, 9), max_size=12)


@given(COUNTS, st.booleans(), st.integers(1, 5), st.integers(1, 3))
def test_the_parts_are_all_systems_that_are_asked_for_each_once(counts, on_none, number, first):
    names = [None, *"ABCDEFGHIJKLM"] if on_none else list("ABCDEFGHIJKLM")
    systems = list(zip(names, counts, strict=False))

    store = SimpleNamespace(systems=lambda *_: systems)

    parts = _parts(SimpleNamespace(store=store), Selection(first=first), number)

    assert len(parts) <= number
    for system, _ in systems:
        assert [within(system, *each) for part in parts for each in part].count(True) == 1


def within(name, begin, end):
    """Say whether a store has what is on that system between these."""
    if name is None:
        return begin is None
    return (begin is None or name >= begin) and (end is None or name <= end)


# What is restored


@pytest.mark.parametrize("folder", ["illustrative", "ics-2025-q1", "ics-2025-q2"])
def test_a_recorded_case_is_restored_as_it_was(folder):
    hewitt = load_rulebook(shipped("rules") / "hewitt-2023")
    for case in read_cases(shipped("cases") / folder, hewitt):
        assert restore_case(case_data(case), hewitt) == case


def test_what_is_not_in_the_form_of_a_recorded_case_is_not_restored():
    data = draft().data["case"]
    data["facts"]["seen_pct"]["value"] = "70.0"

    with pytest.raises(IntegrityError, match="not in the form"):
        restore_case(data, book())


@pytest.mark.parametrize("content", [b"{", b"[]", b"7"])
def test_an_object_that_is_no_mapping_is_not_restored(content):
    with pytest.raises(IntegrityError):
        restore_rulebook(content, "sha256:0")
