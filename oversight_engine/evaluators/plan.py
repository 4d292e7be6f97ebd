"""How a program is laid out for durable-rules: which clauses conclude what, stage by stage."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, pairwise
from typing import NamedTuple

from oversight_engine.evaluators.strata import LEAST, MOST, Clause, Comparison
from oversight_engine.model.rulebook import REFER, REFERRAL, IfUnknown
from oversight_engine.program import (
    AllOf,
    InRange,
    Interval,
    Intervals,
    Program,
    Proposition,
    RuleEntry,
    Tally,
    complement,
    interval_of,
)

# The whole-number fields that clauses compare


def quantity_field(place: int) -> str:
    """A quantity's value, or the number of the cell it is in."""
    return f"quantity {place}"


def node_field(place: int) -> str:
    """What an earlier stage concluded of a node: 1 for true, 0 for false, nothing if unknown."""
    return f"node {place}"


def tally_fields(place: int) -> tuple[str, str]:
    """How many of a tally's propositions hold at least, and at most."""
    return f"least {place}", f"most {place}"


def settled_field(place: int) -> str:
    """Known where a tally's least and most are one number; no clause compares it."""
    return f"settled {place}"


def effect_fields(effect: Effect) -> tuple[str, str]:
    """How many of the rules of one effect are true, and how many unknown."""
    outcome, if_unknown = effect
    return f"{outcome}, {if_unknown}: true", f"{outcome}, {if_unknown}: unknown"


ALWAYS = "always"
"""1 for every case."""


# What concludes the nodes


class Member(NamedTuple):
    """A node of a group.

    Where all its *guards* are known the node is true or false. Otherwise it may still be false
    (or of a tally: either), and what concludes its falsity compares the fields *asked*.
    """

    node: int
    guards: tuple[str, ...]
    asked: tuple[str, ...]


class Group(NamedTuple):
    """Nodes of one stage that are concluded together.

    What *truths* conclude is true. Of the rest, a node whose guards are all known is false; what
    is false in spite of an unknown guard is a conclusion of its own, of *falsities*; and what is
    concluded neither way is unknown.
    """

    members: tuple[Member, ...]
    truths: tuple[Clause, ...]
    falsities: tuple[Clause, ...]


def _clause(concluded: Iterable[Proposition], *conditions: Comparison) -> Clause:
    return Clause(" ".join(map(str, concluded)), conditions)


def propositions_in(conclusion: str) -> tuple[Proposition, ...]:
    """Return what the *conclusion* of a group's clause says."""
    return tuple(map(int, conclusion.split()))


GROUP_SIZE = 40
"""About how many clauses a group has. A firing costs more the more fields its stratum has, and a
stratum costs something by itself: between 25 and 45 clauses it makes no difference."""


def groups_of(program: Program, stage: int, tested: Tested) -> tuple[Group, ...]:
    """Return what concludes the nodes of *stage*: few groups of even size.

    All clauses that conclude one node are in one group.
    """
    least = [_quantity_group(q) for q in tested.values() if q.stage == stage]
    least += _logic_groups(program, stage, tested)
    size = sum(len(group.truths) for group in least)
    even = size / (math.ceil(size / GROUP_SIZE) or 1)
    packed: dict[int, list[Group]] = {}
    before = 0
    for group in least:
        packed.setdefault(int(before // (even or 1)), []).append(group)
        before += len(group.truths)
    return tuple(map(_together, packed.values()))


def _together(groups: Iterable[Group]) -> Group:
    members, truths, falsities = map(chain.from_iterable, zip(*groups, strict=True))
    return Group(tuple(members), tuple(truths), tuple(falsities))


def _logic_groups(program: Program, stage: int, tested: Tested) -> Iterator[Group]:
    """Yield a group for each conjunction and each tally."""
    for place, node in enumerate(program.nodes):
        if node.stage != stage:
            continue
        if isinstance(node, AllOf):
            yield _conjunction_group(program, place, tested, node)
        elif isinstance(node, Tally):
            yield _tally_group(place, node)


def _conjunction_group(program: Program, place: int, tested: Tested, node: AllOf) -> Group:
    held, denied = zip(*(_asked_of(program, tested, said) for said in node.of), strict=True)
    together = tuple(chain.from_iterable(held))
    fields = tuple(dict.fromkeys(name for name, _, _ in together))
    return Group(
        members=(Member(place, fields, fields),),
        truths=(_clause((place,), *together),),
        falsities=tuple(_clause((~place,), *way) for ways in denied for way in ways),
    )


Together = tuple[Comparison, ...]
"""Comparisons that are to hold together."""


def _asked_of(
    program: Program, tested: Tested, said: Proposition
) -> tuple[Together, list[Together]]:
    """Return when a conjunct holds, and in what ways it may be false.

    A conjunct that wants its quantity in one interval is asked of the quantity itself.
    """
    place = max(said, ~said)
    node = program.nodes[place]
    interval = interval_of(node, denied=said < 0)
    if interval is None or not isinstance(node, InRange):
        name, held = node_field(place), int(said >= 0)
        return ((name, "==", held),), [((name, "==", 1 - held),)]
    quantity = tested[node.quantity]
    gaps = complement((interval,))
    return _inside(quantity, interval), [_inside(quantity, gap) for gap in gaps]


def nodes_asked(program: Program) -> frozenset[int]:
    """Return the places of the nodes whose fields conjunctions compare."""
    return frozenset(
        max(said, ~said)
        for node in program.nodes
        if isinstance(node, AllOf)
        for said in node.of
        if interval_of(program.nodes[max(said, ~said)], denied=said < 0) is None
    )


def _tally_group(place: int, node: Tally) -> Group:
    least, most = tally_fields(place)
    gaps = complement(node.within)
    return Group(
        members=(Member(place, (settled_field(place),), (least, most)),),
        truths=tuple(_clause((place,), *_between(least, most, each)) for each in node.within),
        falsities=tuple(_clause((~place,), *_between(least, most, each)) for each in gaps),
    )


def _between(least: str, most: str, interval: Interval) -> tuple[Comparison, ...]:
    """Return comparisons that hold where everything from *least* to *most* is in between."""
    start, end = interval
    if least == most and start is not None and start == end:
        return ((least, "==", start),)
    low: tuple[Comparison, ...] = () if start is None else ((least, ">=", start),)
    high: tuple[Comparison, ...] = () if end is None else ((most, "<=", end),)
    return low + high or ((least, ">=", LEAST),)


# The constants that a quantity is compared with cut the line of whole numbers into cells, in each
# of which every test comes out one way. The clause of a cell settles all of them at once.


class TestedQuantity(NamedTuple):
    """A quantity that nodes test.

    Attributes:
        place: its place in the program.
        stage: of its tests.
        tests: what each test asks, by the test's place.
        cuts: where its cells begin, the first cell aside.
        coded: durable-rules must compare the number of the cell instead of the value. Values are
            held between -MOST and MOST, which changes no comparison as long as each cut
            separates two of those.
    """

    place: int
    stage: int
    tests: Mapping[int, Intervals]
    cuts: tuple[int, ...]
    coded: bool


Tested = Mapping[int, TestedQuantity]
"""By place."""


def tested_quantities(program: Program) -> Tested:
    """Return the quantities that nodes test, by place."""
    tests: dict[int, dict[int, InRange]] = {}
    for place, node in enumerate(program.nodes):
        if isinstance(node, InRange):
            tests.setdefault(node.quantity, {})[place] = node
    return {quantity: _tested(quantity, of_quantity) for quantity, of_quantity in tests.items()}


def _tested(quantity: int, tests: Mapping[int, InRange]) -> TestedQuantity:
    ends = [interval for test in tests.values() for interval in test.within]
    starts = {start for start, _ in ends if start is not None}
    cuts = tuple(sorted(starts | {end + 1 for _, end in ends if end is not None}))
    return TestedQuantity(
        place=quantity,
        stage=next(test.stage for test in tests.values()),
        tests={place: test.within for place, test in tests.items()},
        cuts=cuts,
        coded=any(not -MOST < cut <= MOST for cut in cuts),
    )


def _quantity_group(quantity: TestedQuantity) -> Group:
    clauses = []
    for start, after in pairwise((None, *quantity.cuts, None)):
        end = None if after is None else after - 1
        number = start if start is not None else end if end is not None else 0
        true = [place for place, within in quantity.tests.items() if _contain(within, number)]
        if true:
            clauses.append(_clause(true, *_inside(quantity, (start, end))))
    guards = (quantity_field(quantity.place),)
    members = tuple(Member(place, guards, asked=()) for place in quantity.tests)
    return Group(members, tuple(clauses), falsities=())  # of what is unknown nothing is false


def _inside(quantity: TestedQuantity, interval: Interval) -> Together:
    """Return comparisons that hold where the quantity is known to lie in *interval*."""
    name = quantity_field(quantity.place)
    if quantity.coded:
        start, end = (None if at is None else bisect_right(quantity.cuts, at) for at in interval)
        interval = start, end
    return _between(name, name, interval)


def _contain(intervals: Intervals, number: int) -> bool:
    return any(
        (start is None or start <= number) and (end is None or number <= end)
        for start, end in intervals
    )


# The outcome

Effect = tuple[str, IfUnknown]
"""Rules that do the same to the decision: they share an outcome, and what unknown does."""


def rules_by_effect(program: Program) -> dict[Effect, tuple[RuleEntry, ...]]:
    """Return the rules, those of one effect together."""
    effects = dict.fromkeys((rule.outcome, rule.if_unknown) for rule in program.rules)
    return {
        effect: tuple(r for r in program.rules if (r.outcome, r.if_unknown) == effect)
        for effect in effects
    }


def label_clauses(program: Program) -> tuple[Clause, ...]:
    """Return what concludes the outcome, or `referral`, from how many rules are true or unknown.

    From the strongest to the weakest: each clause denies all that is stronger, so that whatever
    the rules are, one label is concluded.
    """
    scale = program.outcomes
    brought: dict[str, list[str]] = {outcome: [] for outcome in scale}
    held_back: dict[str, list[str]] = {outcome: [] for outcome in scale}
    refers: list[str] = []
    for effect in rules_by_effect(program):
        outcome, if_unknown = effect
        true, unknown = effect_fields(effect)
        if outcome == REFER:
            refers += [true, unknown]
            continue
        brought[outcome].append(true)
        if if_unknown == "refer":
            refers.append(unknown)
        elif if_unknown == "hold_back":
            held_back[outcome].append(unknown)
    harshest, lightest = scale[-1], scale[0]
    ladder = [(harshest, brought[harshest]), (REFERRAL, refers), (harshest, held_back[harshest])]
    ladder += [(each, brought[each] + held_back[each]) for each in reversed(scale[1:-1])]
    clauses: list[Clause] = []
    denied: tuple[Comparison, ...] = ()
    for label, counts in ladder:
        clauses += [Clause(label, ((count, ">=", 1), *denied)) for count in counts]
        denied += tuple((count, "==", 0) for count in counts)
    clauses.append(Clause(lightest, denied or ((ALWAYS, "==", 1),)))
    return tuple(clauses)
