"""What a region is said to need at least is never more than any point of it counts."""

import itertools

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight_engine.analysis.ground import Ground
from oversight_engine.analysis.levers import MEASURES, find_levers
from oversight_engine.analysis.needs import Needs
from oversight_engine.analysis.search import Search, Wanted
from oversight_engine.model.whole import whole_of
from tests import builders as b
from tests.analysis.small import VALUES, small_rulebooks
from tests.analysis.test_paths import books


def points_of(search, box):
    """Yield every point of *box*: for each lever an option, or staying unknown."""
    ways = []
    for first, last, may_stay in box:
        options = [(option, option, False) for option in range(first, last + 1)]
        ways.append(options + ([(1, 0, True)] if may_stay else []))
    return itertools.product(*ways)


FORMS = [
    b.plus("a", "c"), b.minus("a", "c"), b.plus(b.times(2, "a"), "c"),
    b.minus(b.times(3, "c"), b.times(2, "a")),
]  # fmt: skip
LEAVES = [
    b.at_least("a", 1), b.at_least("a", 2), b.below("c", 1), b.holds("d"),
    b.ranks("e", ">=", "good"),
]  # fmt: skip


@st.composite
def intertwined(draw):
    """Draw a rulebook whose rules want sums, counts of what hangs together, and either of two."""
    book = draw(small_rulebooks(most_rules=1))
    total = b.at_least(draw(st.sampled_from(FORMS)), draw(st.sampled_from([0, 1, 3, 5])))
    leaves = draw(st.permutations([*LEAVES, total]))
    few = [*LEAVES[:2], *draw(st.lists(st.sampled_from(leaves[2:]), max_size=2))]
    conditions = [
        total,
        b.count(few, ">=", draw(st.integers(1, len(few)))),
        b.some(b.every(*leaves[:3]), leaves[3]),
    ]
    chosen = draw(st.lists(st.sampled_from(conditions), min_size=1, max_size=2))
    rules = [b.unless(each, rule_id=f"r{n}") for n, each in enumerate(chosen)]
    return attrs.evolve(book, rules=tuple(rules))


@settings(max_examples=150)
@given(st.one_of(intertwined(), intertwined(), books()), st.data())
def test_what_is_needed_is_no_more_than_any_point_that_has_it_counts(book, data):
    ground = Ground.of(book, b.DAY, None)
    known = {f: data.draw(st.sampled_from([None, *VALUES[f]]), label=f) for f in VALUES}
    known = {
        f: whole_of(book.fact(f), value, b.DAY)
        for f, value in known.items() if value is not None
    }  # fmt: skip
    measure, toward = (data.draw(st.sampled_from(each)) for each in (MEASURES, ("better", "worse")))
    levers = find_levers(
        ground.scales, known, ground.supports.cuts, b.DAY,
        measure=measure, toward=toward, far=ground.far,
    ).levers  # fmt: skip
    to = data.draw(st.sampled_from([b.LIGHT, *b.SCALE]), label="to")
    asked = [
        tuple((rule.proposition, allowed) for rule, allowed in found)
        for found in (ground.quiet(to), ground.holding(to))
    ]
    wanted = Wanted(*asked)
    search = Search(ground.supports, ground.at(known), levers, wanted)
    box = []
    for lever in levers:
        last = len(lever.options) - 1
        ends = data.draw(st.just((0, last)) | st.tuples(*2 * [st.integers(0, last)]))
        box.append((*sorted(ends), lever.stays is None and data.draw(st.booleans())))
    region = search.region(tuple(box))
    more, start = Needs(search, region).all_told(), search.weight_of(region.nearest)

    counts = []
    for point in points_of(search, box):
        at = search.region(point).at
        if all(at.truths(p) & allowed for p, allowed in wanted.every) and (
            not wanted.some or any(at.truths(p) & allowed for p, allowed in wanted.some)
        ):
            counts.append(search.weight_of(point))
    if more is None:
        assert not counts
    elif counts:
        for part in (0, 1):
            assert start[part] + more[part] <= min(count[part] for count in counts)


@settings(max_examples=60)
@given(small_rulebooks(), st.data())
def test_one_unknown_fact_stays_so_where_that_does_and_moves_only_where_it_helps(book, data):
    ground = Ground.of(book, b.DAY, None)
    known = {f: whole_of(book.fact(f), data.draw(st.sampled_from(VALUES[f])), b.DAY)
             for f in VALUES}  # fmt: skip
    del known[data.draw(st.sampled_from(sorted(VALUES)))]
    levers = find_levers(
        ground.scales, known, ground.supports.cuts, b.DAY,
        measure="facts", toward="better", far=ground.far, without=frozenset(known),
    ).levers  # fmt: skip
    quiet = ground.quiet(data.draw(st.sampled_from(b.SCALE)))
    wanted = Wanted(tuple((rule.proposition, allowed) for rule, allowed in quiet))
    search = Search(ground.supports, ground.at(known), levers, wanted)
    found = list(search.answers(2))
    points = [
        search.region(point).at
        for point in points_of(search, ((0, len(levers[0].options) - 1, True),))
    ]
    *moved, stays = [search.has_all(at) for at in points]

    assert [dict(each.moved) for each in found] == (
        [{}] if stays else [found[0].moved] if any(moved) else []
    )
    assert all(moved[each.moved[0]] for each in found if each.moved)
    if found and moved[levers[0].best] and not stays:
        assert found[0].moved == {0: levers[0].best}
