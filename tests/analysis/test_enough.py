"""What else of a fact would do: all of it does, and cells tell no less than every value does."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oversight_engine.analysis.enough import enough_of
from oversight_engine.analysis.ground import Ground
from oversight_engine.analysis.search import Wanted
from oversight_engine.model.whole import whole_of
from tests import builders as b
from tests.analysis.small import VALUES, small_rulebooks
from tests.analysis.test_paths import books


def numbers_of(book, fact_id):
    fact = book.fact(fact_id)
    return sorted(whole_of(fact, value, b.DAY) for value in VALUES[fact_id])


def has_all(at, wanted):
    return all(at.truths(p) & allowed for p, allowed in wanted.every) and (
        not wanted.some or any(at.truths(p) & allowed for p, allowed in wanted.some)
    )


@settings(max_examples=60, deadline=None)
@given(st.one_of(small_rulebooks(), books()), st.data())
def test_all_of_what_is_enough_does_and_cells_tell_no_less_than_every_value(book, data):
    ground, plain = (Ground.of(book, b.DAY, None) for _ in range(2))
    plain.supports.cuts_at = lambda *_: None  # as if cells could not be told
    others = {f: data.draw(st.sampled_from([None, *numbers_of(book, f)]), label=f) for f in VALUES}
    fact = book.fact(data.draw(st.sampled_from(sorted(VALUES))))
    others = {f: n for f, n in others.items() if n is not None and f != fact.id}
    to = data.draw(st.sampled_from(b.SCALE), label="to")
    every, some = (
        tuple((rule.proposition, allowed) for rule, allowed in found)
        for found in (ground.quiet(to), ground.holding(to))
    )
    wanted = Wanted(every, some if data.draw(st.booleans()) else ())
    would_do = [
        number
        for number in numbers_of(book, fact.id)
        if has_all(ground.at({**others, fact.id: number}), wanted)
    ]
    assume(would_do)
    chosen = data.draw(st.sampled_from(would_do), label="chosen")
    there = ground.at({**others, fact.id: chosen})
    spans = enough_of(ground, fact, chosen, there, wanted)

    assert any(first <= chosen <= last for first, last in spans)
    told = [n for n in numbers_of(book, fact.id) if any(a <= n <= z for a, z in spans)]
    assert set(told) <= set(would_do)
    if fact.type in ("boolean", "category"):
        assert told == would_do
    assert spans == enough_of(plain, fact, chosen, there, wanted)
