"""Laws 3 and 4 hold for rulebooks that claim them by the way they are made."""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.claiming import better_cases, cases_for, claiming_rulebooks, hidden_cases
from tests.laws.relations import decision_of, is_never_harsher, is_never_helped


@given(st.data(), claiming_rulebooks())
def test_law_3_making_a_fact_better_never_brings_a_harsher_decision(data, book):
    case = data.draw(cases_for(book))
    better = data.draw(better_cases(book, case))

    assert is_never_harsher(book, decision_of(book, case), decision_of(book, better))


@given(st.data(), claiming_rulebooks())
def test_law_4_hiding_a_fact_never_helps(data, book):
    case = data.draw(cases_for(book))
    hidden = data.draw(hidden_cases(case))

    assert is_never_helped(book, decision_of(book, case), decision_of(book, hidden))


@given(st.data(), claiming_rulebooks())
def test_the_outcome_is_among_the_possible_ones_whatever_the_unknown_facts_turn_out_to_be(
    data, book
):
    case = data.draw(cases_for(book))
    hidden = decision_of(book, data.draw(hidden_cases(case)))
    told = decision_of(book, case)

    assert set(told.possible) <= set(hidden.possible)
    assert told.referred or told.outcome in hidden.possible


def test_making_facts_better_and_hiding_them_does_change_decisions():
    reached = set()

    def kind(book, decision):
        return {book.lightest: "lightest", book.harshest: "harshest"}.get(
            decision.outcome, decision.label if decision.referred else "between"
        )

    @settings(max_examples=300, derandomize=True, phases=[Phase.generate])
    @given(st.data(), claiming_rulebooks())
    def reach(data, book):
        case = data.draw(cases_for(book))
        before = kind(book, decision_of(book, case))
        better = kind(book, decision_of(book, data.draw(better_cases(book, case))))
        hidden = kind(book, decision_of(book, data.draw(hidden_cases(case))))
        reached.update({("better", before, better), ("hidden", before, hidden)})

    reach()

    assert reached >= {
        ("better", "harshest", "lightest"),
        ("better", "between", "lightest"),
        ("hidden", "harshest", "referral"),
        ("hidden", "between", "referral"),
        ("hidden", "lightest", "between"),
        ("hidden", "lightest", "referral"),
    }
