"""How a system stands: the table of moves, and the outcome in force, held to a plain model."""

import pytest

from oversight_engine.errors import IntegrityError, MoveError
from oversight_engine.ledger.due import due_on
from oversight_engine.ledger.folding import fold
from oversight_engine.ledger.moves import COMMANDS, MOVES
from oversight_engine.ledger.standing import Standing, Terms, terms_of
from tests.ledger.people import (
    BY,
    HEAVY,
    LIGHT,
    MIDDLE,
    SCALE,
    SYSTEM,
    TERMS,
    act,
    confirm,
    correct,
    day,
    decision,
    numbered,
    override,
    review,
    terms,
    withdraw,
)  # fmt: skip


def standing_of(*drafts, known_on=None):
    folded = fold(numbered(drafts), terms, known_on=known_on)
    return folded.standings.get((SYSTEM, "book")) or Standing(SYSTEM, "book")


def outcome_on(number, *drafts):
    return standing_of(*drafts).in_force(day(number)).outcome


# The outcome in force, story by story; the first entry has number 2

HEAVY_AT_0 = decision(0, HEAVY)
LIGHT_AT_0 = decision(0, LIGHT)
STORIES = {
    "a system never decided has none": ((), {0: "none"}),
    "what needs no confirmation holds from its own day": (
        (decision(5, MIDDLE),), {4: "none", 5: MIDDLE, 900: MIDDLE},
    ),
    "a recommendation is not in force": ((HEAVY_AT_0,), {0: "none", 99: "none"}),
    "a recommendation leaves in force what was": (
        (LIGHT_AT_0, decision(5, HEAVY)), {4: LIGHT, 5: LIGHT, 99: LIGHT},
    ),
    "a confirmed one holds from the day of the confirmation": (
        (LIGHT_AT_0, decision(5, HEAVY), confirm(3, 9)), {8: LIGHT, 9: HEAVY},
    ),
    "a refused one never holds": (
        (LIGHT_AT_0, decision(5, HEAVY), act("refusal", 3, on="2025-01-10", reason="no")),
        {5: LIGHT, 99: LIGHT},
    ),
    "a referral leaves in force what was": (
        (LIGHT_AT_0, decision(5, "referral")), {5: LIGHT, 99: LIGHT},
    ),
    "a referral first leaves none": ((decision(5, "referral"),), {5: "none"}),
    "a referral first leaves what its case states": (
        (decision(5, "referral", stated={"outcome_before": MIDDLE}),), {4: "none", 5: MIDDLE},
    ),
    "an override holds on its days and no others": (
        (LIGHT_AT_0, override(2, MIDDLE, 5, 9)), {4: LIGHT, 5: MIDDLE, 9: MIDDLE, 10: LIGHT},
    ),
    "an override outlasts the engine's next decision": (
        (LIGHT_AT_0, override(2, MIDDLE, 5, 20), decision(10, LIGHT)), {10: MIDDLE, 21: LIGHT},
    ),
    "a confirmation after an override ends it": (
        (LIGHT_AT_0, override(2, MIDDLE, 5, 20), decision(8, HEAVY), confirm(4, 10)),
        {9: MIDDLE, 10: HEAVY, 21: HEAVY},
    ),
    "a referral does not stand in the way of a confirmation": (
        (HEAVY_AT_0, decision(5, "referral"), confirm(2, 9)),
        {9: HEAVY},
    ),
    "a later override ends an earlier one for good": (
        (LIGHT_AT_0, override(2, MIDDLE, 5, 30), override(2, HEAVY, 8, 10)),
        {7: MIDDLE, 8: HEAVY, 10: HEAVY, 11: LIGHT},
    ),
    "a withdrawn override never was": (
        (LIGHT_AT_0, override(2, MIDDLE, 5, 30), withdraw(3)), {5: LIGHT},
    ),
    "a withdrawn decision never was, nor its override": (
        (LIGHT_AT_0, decision(5, MIDDLE), override(3, HEAVY, 6, 9), withdraw(3)), {7: LIGHT},
    ),
    "a corrected decision gives way to the one after it": (
        (LIGHT_AT_0, correct(2, 0), decision(0, MIDDLE, supersedes=2)), {0: MIDDLE},
    ),
    "between correction and decision nothing holds": ((LIGHT_AT_0, correct(2, 0)), {0: "none"}),
    "a decision of an earlier day that came late holds until the next": (
        (decision(10, LIGHT), decision(0, MIDDLE)), {5: MIDDLE, 10: LIGHT},
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_the_outcome_in_force(story):
    drafts, expected = STORIES[story]

    assert {number: outcome_on(number, *drafts) for number in expected} == expected


STATES = {
    "decided": (LIGHT_AT_0,),
    "referred": (decision(0, "referral"),),
    "recommended": (HEAVY_AT_0,),
    "confirmed": (HEAVY_AT_0, confirm(2, 0)),
    "refused": (HEAVY_AT_0, act("refusal", 2, on="2025-01-10", reason="no")),
    "overridden": (HEAVY_AT_0, override(2, LIGHT, 0, 9)),
    "superseded": (HEAVY_AT_0, correct(2, 0)),
    "withdrawn": (HEAVY_AT_0, withdraw(2)),
}


@pytest.mark.parametrize("state", STATES)
def test_the_state_of_a_decision(state):
    standing = standing_of(*STATES[state])

    assert standing.state_on(standing.decision(2), day(9)) == state


def test_a_rulebook_may_ask_confirmation_of_more_than_the_harshest():
    strict = Terms("book", "1.0.0", SCALE, frozenset({MIDDLE, HEAVY}))
    folded = fold(numbered([decision(0, MIDDLE)]), lambda _digest: strict)

    assert folded.standings[SYSTEM, "book"].decision(2).state == "recommended"


# What waits for people, by the days on which it is asked

PUT = act("representation", 2, received_on="2025-01-03", text="x")
WAITS = {
    "a recommendation": ((HEAVY_AT_0,), 5, [("confirmation", 2, 0)]),
    "a recommendation with a referral after it": (
        (HEAVY_AT_0, decision(3, "referral")), 5, [("confirmation", 2, 0)],
    ),
    "a recommendation that was followed": ((HEAVY_AT_0, decision(3, LIGHT)), 5, []),
    "a review": ((decision(0, LIGHT, review_on="2025-01-05"),), 4, [("review", 2, 4)]),
    "a review not due yet": ((decision(0, LIGHT, review_on="2025-01-05"),), 3, []),
    "a review of what was followed": (
        (decision(0, LIGHT, review_on="2025-01-05"), decision(3, LIGHT)), 5, [],
    ),
    "a review of what was refused": (
        (decision(0, HEAVY, review_on="2025-01-05"), STATES["refused"][1]), 9, [],
    ),
    "a review that named the next": (
        (decision(0, LIGHT, review_on="2025-01-05"), review(2, 4, next_on="2025-01-08")),
        9, [("review", 2, 7)],
    ),
    "a representation": ((LIGHT_AT_0, PUT), 5, [("representation", 3, 2)]),
    "an answered representation": ((LIGHT_AT_0, PUT, act("answer", 3, text="y")), 5, []),
    "an override that runs": ((LIGHT_AT_0, override(2, MIDDLE, 1, 6)), 5, []),
    "an override that ran out": ((LIGHT_AT_0, override(2, MIDDLE, 1, 4)), 5, [("expiry", 3, 4)]),
    "an override with a decision after it": (
        (LIGHT_AT_0, override(2, MIDDLE, 1, 4), decision(5, LIGHT)), 5, [],
    ),
    "an override with another after it": (
        (LIGHT_AT_0, override(2, MIDDLE, 1, 4), override(2, MIDDLE, 5, 9)), 5, [],
    ),
    "a withdrawn override": ((LIGHT_AT_0, override(2, MIDDLE, 1, 4), withdraw(3)), 5, []),
    "nothing of what was withdrawn": ((HEAVY_AT_0, withdraw(2)), 5, []),
}  # fmt: skip


@pytest.mark.parametrize("name", WAITS)
def test_what_is_due(name):
    drafts, on, expected = WAITS[name]
    found = due_on(standing_of(*drafts), day(on))

    assert [(each.kind, each.entry, (each.day - day(0)).days) for each in found] == expected


def test_the_engines_own_outcome_stays_beside_an_override():
    held = standing_of(LIGHT_AT_0, override(2, MIDDLE, 5, 9)).in_force(day(7))

    assert (held.outcome, held.because, held.entry, held.until) == (MIDDLE, "override", 3, day(9))
    assert (held.engine, held.engine_entry) == (LIGHT, 2)


def test_what_was_known_is_another_question_than_what_held():
    story = (HEAVY_AT_0, confirm(2, 0))  # recorded on days 0 and 1

    assert standing_of(*story).in_force(day(0)).outcome == HEAVY
    assert standing_of(*story, known_on=day(0)).in_force(day(0)).outcome == "none"


def test_spells_follow_each_other_without_equal_neighbours():
    story = (LIGHT_AT_0, override(2, MIDDLE, 5, 9), decision(20, LIGHT), decision(30, MIDDLE))
    spells = standing_of(*story).spells(day(40))

    assert [(each.outcome, each.start) for each in spells] == [
        (LIGHT, day(0)), (MIDDLE, day(5)), (LIGHT, day(10)), (MIDDLE, day(30)),
    ]  # fmt: skip


# Moves that are refused, and what the message says would be legal

AGREED = (HEAVY_AT_0, confirm(2, 0, criteria=["four quarters of balance"]))
REFUSED = {
    "recommended": ((HEAVY_AT_0, act("answer", 2, text="x")), "no representation"),
    "decided": (
        (LIGHT_AT_0, confirm(2, 1)),
        "so there is nothing to confirm; legal now: override, represent, review, correct, withdraw",
    ),
    "referred": ((decision(0, "referral"), confirm(2, 1)), "is referred, so there is nothing to"),
    "confirmed twice": ((HEAVY_AT_0, confirm(2, 0), confirm(2, 1)), "is confirmed, so there is"),
    "withdrawn": (
        (LIGHT_AT_0, withdraw(2), override(2, MIDDLE, 1, 2)),
        "is withdrawn, so there is nothing to override; nothing more can be done to it",
    ),
    "followed": (
        (HEAVY_AT_0, decision(9, LIGHT), confirm(2, 10)),
        "the decision in entry 2 was followed by that of a later day in entry 3: act on that one",
    ),
    "another role": (
        (HEAVY_AT_0, confirm(2, 1, by={"name": "B", "role": "clerk"})),
        "under book 1.0.0 to confirm or refuse is for director, not for clerk",
    ),
    "a clerk imposes": (
        (LIGHT_AT_0, override(2, HEAVY, 1, 2, by={"name": "B", "role": "clerk"})),
        "to impose or lift what needs confirmation is for director",
    ),
    "before its day": (
        (decision(9, HEAVY), confirm(2, 8)),
        "a confirmation on 2025-01-09 is before the decision's own day, 2025-01-10",
    ),
    "no outcome": ((LIGHT_AT_0, override(2, "bad", 1, 2)), "`bad` is no outcome of book: light"),
    "the same outcome": (
        (LIGHT_AT_0, override(2, LIGHT, 1, 2)), "is what the engine decided in entry 2 itself",
    ),
    "decided twice": (
        (LIGHT_AT_0, decision(0, MIDDLE)),
        "QE1 was decided under book as of 2025-01-01 already, in entry 2: correct that one",
    ),
    "superseding nothing": (
        (LIGHT_AT_0, decision(0, MIDDLE, supersedes=2)), "waits for no decision in its place",
    ),
    "superseding twice": (
        (LIGHT_AT_0, correct(2, 0), decision(0, MIDDLE, supersedes=2),
         decision(0, LIGHT, supersedes=2)), "waits for no decision in its place",
    ),
    "superseding beside another": (
        (LIGHT_AT_0, correct(2, 0), decision(0, MIDDLE), decision(0, HEAVY, supersedes=2)),
        "as of 2025-01-01 already, in entry 4",
    ),
    "superseding another day": (
        (LIGHT_AT_0, correct(2, 0), decision(1, MIDDLE, supersedes=2)), "is of its day, 2025-01-01",
    ),
    "correcting another system": (
        (LIGHT_AT_0, correct(2, 0, code="QF7")), "the corrected case is of QF7, and entry 2 of QE1",
    ),
    "answered twice": (
        (LIGHT_AT_0, act("representation", 2, received_on="2025-01-02", text="x"),
         act("answer", 3, text="y"), act("answer", 3, text="z")),
        "the representation in entry 3 is answered, so there is nothing to answer",
    ),
    "an override withdrawn twice": (
        (LIGHT_AT_0, override(2, MIDDLE, 1, 2), withdraw(3), withdraw(3)),
        "the override in entry 3 is withdrawn",
    ),
    "a criterion nobody agreed": (
        (*AGREED, review(2, 9, met=["five quarters"])),
        "`five quarters` is no exit criterion on 2025-01-10; agreed are: four quarters of balance",
    ),
    "criteria of something milder": (
        (LIGHT_AT_0, override(2, MIDDLE, 1, 2, criteria=["a"])), "are agreed with heavy, not with",
    ),
    "about nothing": ((LIGHT_AT_0, confirm(9, 0)), "entry 9 is nothing that a confirmation is"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_illegal_move_is_refused_and_the_message_says_what_is_legal(name):
    drafts, message = REFUSED[name]
    *before, last = numbered(drafts)
    folded = fold(before, terms)
    standings = dict(folded.standings)

    with pytest.raises(MoveError) as refused:
        folded.add(last)

    assert message in str(refused.value)
    assert folded.standings == standings


def test_a_ledger_that_holds_an_illegal_move_is_no_sound_ledger():
    with pytest.raises(IntegrityError, match=r"^entry 3: the decision in entry 2 is decided"):
        standing_of(LIGHT_AT_0, confirm(2, 1))


def test_without_roles_anybody_who_names_one_may_confirm():
    free = Terms("book", "1.0.0", SCALE, frozenset({HEAVY}))
    clerk = confirm(2, 0, by={"name": "B", "role": "clerk"})
    folded = fold(numbered([HEAVY_AT_0, clerk]), lambda _digest: free)

    assert folded.standings[SYSTEM, "book"].in_force(day(0)).outcome == HEAVY


def test_without_a_declaration_the_harshest_alone_needs_confirmation():
    data = {"id": "b", "version": "1", "outcomes": [{"id": o} for o in SCALE], "facts": []}

    assert terms_of(data).confirmed == {HEAVY}
    assert terms_of(data | {"confirmation": {"outcomes": [MIDDLE, HEAVY], "roles": ["x"]}}) == (
        Terms("b", "1", SCALE, frozenset({MIDDLE, HEAVY}), ("x",))
    )


def test_the_table_of_moves_is_closed():
    kinds, states = set(COMMANDS), set(MOVES)

    assert all(set(moves) <= kinds for moves in MOVES.values())
    assert all(set(moves.values()) <= states for moves in MOVES.values())


def test_the_terms_of_these_tests_name_who_may_confirm():
    assert BY["role"] in TERMS.roles
