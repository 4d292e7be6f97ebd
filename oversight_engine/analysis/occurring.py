"""What can occur: each rule and each outcome, shown by a case; and what nothing can bring about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from attrs import frozen

from oversight_engine import semantics
from oversight_engine.analysis.cells import Space
from oversight_engine.analysis.enclosures import FALSE, TRUE, UNKNOWN
from oversight_engine.analysis.realising import Numbers
from oversight_engine.analysis.searching import Demand, search
from oversight_engine.analysis.steps import Levels, levels_of
from oversight_engine.combining import combine
from oversight_engine.errors import EvaluatorError
from oversight_engine.model import truth
from oversight_engine.model.noun import Noun
from oversight_engine.program import RuleEntry


@frozen(eq=False, repr=False)
class Occurrences(Noun):
    """What can occur on a day.

    Attributes:
        seen: by `rule …` or `outcome …`, the facts of a case in which it does; the reference
            evaluator says so.
        never: what no case brings about.
        open: what was neither found nor excluded.
        looked_at: how many rules and outcomes there are.
        tried: how many combinations were searched.
    """

    seen: Mapping[str, Numbers]
    never: tuple[str, ...]
    open: tuple[str, ...]
    looked_at: int
    tried: int


def find_occurrences(space: Space) -> Occurrences:
    """Return what can occur in the cases of *space*."""
    return _Occurring(space).all()


class _Occurring:
    def __init__(self, space: Space) -> None:
        self.space = space
        self.levels = levels_of(space)
        self.seen: dict[str, Numbers] = {}
        self.tried = 0

    def all(self) -> Occurrences:
        rules, outcomes = self.space.program.rules, self.space.program.outcomes
        wanted = [f"rule {rule.id}" for rule in rules] + [f"outcome {o}" for o in outcomes]
        never: list[str] = []
        left_open: list[str] = []
        for severity, outcome in enumerate(outcomes):
            self.keep(f"outcome {outcome}", self.outcome(severity), never, left_open)
        self.see_many_at_once()
        for rule in rules:
            self.keep(f"rule {rule.id}", self.rule(rule), never, left_open)
        return Occurrences(self.seen, tuple(never), tuple(left_open), len(wanted), self.tried)

    def see_many_at_once(self) -> None:
        """Let cases in which a rule of each group is true show most of what can occur.

        Groups share no fact, so what one of them needs never stands in the way of another.
        """
        by_id = {rule.id: rule for rule in self.space.program.rules}
        for together in zip_longest(*(group.rules for group in self.space.groups)):
            numbers: Numbers = {}
            for rule_id in together:
                if rule_id is not None and f"rule {rule_id}" not in self.seen:
                    numbers |= self.rule(by_id[rule_id])[0] or {}
            if numbers:
                self.witness(numbers)

    def keep(
        self, name: str, found: tuple[Numbers | None, bool], never: list[str], left_open: list[str]
    ) -> None:
        """Note what was *found* for *name*: facts, or none and whether that is certain."""
        numbers, is_certain = found
        if numbers is not None:
            self.witness(numbers)
            if name not in self.seen:
                raise EvaluatorError(
                    f"the analysis says that {name} occurs, and the reference evaluator does not"
                )
        elif name not in self.seen:
            (never if is_certain else left_open).append(name)

    def witness(self, numbers: Numbers) -> None:
        """Note everything that occurs in the case of these facts."""
        known = {fact: self.space.value_of(fact, number) for fact, number in numbers.items()}
        in_force = self.space.in_force
        trace = semantics.evaluate(in_force, known, self.space.day)
        for rule_id, said in trace.rules.items():
            if said is truth.TRUE:
                self.seen.setdefault(f"rule {rule_id}", numbers)
        outcome = combine(in_force, trace.rules).outcome
        if outcome is not None:
            self.seen.setdefault(f"outcome {outcome}", numbers)

    def rule(self, rule: RuleEntry) -> tuple[Numbers | None, bool]:
        """Find facts with which *rule* is true."""
        if f"rule {rule.id}" in self.seen:
            return None, True
        table = self.space.table(rule.proposition)
        return (None, False) if table is None else self.search([Demand(table, (TRUE,))])

    def outcome(self, severity: int) -> tuple[Numbers | None, bool]:
        """Find facts that lead to the outcome of that severity."""
        if f"outcome {self.space.program.outcomes[severity]}" in self.seen:
            return None, True
        certain = True
        level = severity if severity < len(self.space.program.outcomes) - 1 else severity + 2
        for demands in self.ways(level):
            if demands is None:
                certain = False
                continue
            numbers, is_certain = self.search(demands)
            if numbers is not None:
                return numbers, True
            certain = certain and is_certain
        return None, certain

    def ways(self, level: int) -> Iterator[list[Demand] | None]:
        """Yield what to ask of the rules so that the decision is of this *level*.

        None where the table of a rule is too large to be asked.
        """
        calm: dict[str, Demand] = {}
        for rule in self.space.program.rules:
            allowed = _truths(self.levels[rule.id], 0, level)
            if len(allowed) <= TRUE:
                table = self.space.table(rule.proposition)
                if table is None:
                    yield None
                    return
                calm[rule.id] = Demand(table, allowed)
        if not level:
            yield list(calm.values())
            return
        for rule in self.space.program.rules:
            exact = _truths(self.levels[rule.id], level, level)
            if not exact:
                continue
            table = self.space.table(rule.proposition)
            if table is None:
                yield None
                continue
            yield list((calm | {rule.id: Demand(table, exact)}).values())

    def search(self, demands: list[Demand]) -> tuple[Numbers | None, bool]:
        answer = search(self.space, demands)
        self.tried += answer.tried
        return answer.first, answer.is_certain


def _truths(levels: Levels, least: int, most: int) -> tuple[int, ...]:
    """Return the truths with which a rule is of a level between *least* and *most*."""
    return tuple(t for t in (FALSE, UNKNOWN, TRUE) if least <= levels[t] <= most)
