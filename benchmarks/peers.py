"""Other engines deciding the same cases by the same conditions, each in a form that suits it.

Each peer returns, for a case, the outcome and what it can say of how it came about.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.translation import Step, Words, outcome_of, steps_of, sum_of
from oversight_engine.model.rulebook import REFER, REFERRAL
from oversight_engine.program import (
    AllOf,
    FormulaTerm,
    InRange,
    Intervals,
    Program,
    TableTerm,
)

Facts = dict[str, int]
Peer = Callable[[Facts], tuple[str, Any]]


def zen_engine(program: Program) -> Peer:
    """zen: one expression node with every condition by name; the trace is on."""
    import zen

    content = zen.ZenDecisionContent(zen_graph(program))
    engine = zen.ZenEngine({"loader": lambda _: content})

    def decide(facts: Facts) -> tuple[str, Any]:
        answer = engine.evaluate("all", facts, {"trace": True})
        return answer["result"]["outcome"], answer["trace"]

    return decide


def zen_graph(program: Program) -> str:
    """Return the decision graph that zen loads."""
    syntax = Words("$.")
    steps = [*steps_of(program, syntax), Step("outcome", outcome_of(program, syntax))]
    expressions = [{"id": s.name, "key": s.name, "value": s.text} for s in steps]
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {
            "id": "all", "name": "all", "type": "expressionNode", "position": {"x": 0, "y": 0},
            "content": {"expressions": expressions},
        },
        {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 0, "y": 0}},
    ]  # fmt: skip
    edges = [
        {"id": "1", "type": "edge", "sourceId": "in", "targetId": "all"},
        {"id": "2", "type": "edge", "sourceId": "all", "targetId": "out"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def rule_engine(program: Program) -> Peer:
    """rule-engine: each condition a rule of its own, whose answer the next ones read."""
    import rule_engine as package

    syntax = Words()
    rules = [(s.name, package.Rule(s.text)) for s in steps_of(program, syntax)]
    outcome = package.Rule(outcome_of(program, syntax))

    def decide(facts: Facts) -> tuple[str, Any]:
        answers: dict[str, Any] = dict(facts)
        for name, rule in rules:
            answers[name] = rule.evaluate(answers)
        return outcome.evaluate(answers), answers

    return decide


class _Cedar(Words):
    """Cedar has no names for conclusions: every condition is written out where it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, str] = {}

    def name(self, name: str) -> str:
        return self.written.get(name, f"context.{name}")

    def no(self, text: str) -> str:
        return f"!({text})"

    def every(self, texts: list[str]) -> str:
        return "(" + " && ".join(texts) + ")" if texts else "true"

    def some(self, texts: list[str]) -> str:
        return "(" + " || ".join(texts) + ")" if texts else "false"

    def choose(self, condition: str, yes: str, no: str) -> str:
        return f"(if {condition} then {yes} else {no})"


def cedarpy(program: Program) -> Peer:
    """Cedar: each rule a policy that permits its outcome; one question for each outcome.

    It names the policies that determined the answer, and nothing below them.
    """
    import cedarpy as package

    syntax = _Cedar()
    for step in steps_of(program, syntax):
        syntax.written[step.name] = f"({step.text})"
    policies = [
        f'@id("{rule.id}") permit(principal, action == Action::"{rule.outcome}", resource) '
        f"when {{ {syntax.written[f'r{place}']} }};"
        for place, rule in enumerate(program.rules)
    ]
    known = package.PolicySet.from_str("\n".join(policies))
    entities = package.Entities.from_json_str("[]")
    scale = program.outcomes
    asked = [scale[-1], REFER, *reversed(scale[1:-1])]

    def decide(facts: Facts) -> tuple[str, Any]:
        questions = [
            {
                "principal": 'U::"x"', "action": f'Action::"{outcome}"', "resource": 'R::"y"',
                "context": facts,
            }
            for outcome in asked
        ]  # fmt: skip
        answers = package.is_authorized_batch(questions, known, entities)
        for outcome, answer in zip(asked, answers, strict=True):
            if answer.allowed:
                label = REFERRAL if outcome == REFER else outcome
                return label, [each.diagnostics.reasons for each in answers]
        return scale[0], []

    return decide


class _Rego(Words):
    """Rego's rules: a body for each way to be true."""

    def name(self, name: str) -> str:
        return f"input.{name}" if name[0] == "t" else name


def regopy(program: Program) -> Peer:
    """Rego (rego-cpp): each condition a complete rule with a default; the report is one object."""
    import regopy as package

    interpreter = package.Interpreter()
    interpreter.add_module("oversight", rego_module(program))
    query = interpreter.build("data.oversight.report")

    def decide(facts: Facts) -> tuple[str, Any]:
        interpreter.set_input(facts)
        report = json.loads(str(interpreter.query_bundle(query)))["expressions"][0]
        return report["outcome"], report

    return decide


def rego_module(program: Program) -> str:
    """Return the module that Rego loads."""
    rules = ", ".join(f'"{rule.id}": r{place}' for place, rule in enumerate(program.rules))
    return "\n".join(
        [
            "package oversight",
            *_rego_terms(program),
            *_rego_nodes(program),
            *_rego_outcome(program),
            f'report := {{"outcome": outcome, "rules": {{{rules}}}}}',
        ]
    )


def _holds(proposition: int) -> str:
    return f"n{proposition}" if proposition >= 0 else f"not n{~proposition}"


def _ways(name: str, ways: list[list[str]]) -> Iterator[str]:
    """Yield a rule that is true in any of some ways, and false otherwise."""
    yield f"default {name} := false"
    for way in ways:
        yield f"{name} := true if {{ {'; '.join(way)} }}"


def _between(text: str, intervals: Intervals) -> list[list[str]]:
    return [
        [f"{text} {sign} {end}" for sign, end in ((">=", low), ("<=", high)) if end is not None]
        for low, high in intervals
    ]


def _rego_terms(program: Program) -> Iterator[str]:
    for place, term in enumerate(program.terms):
        if isinstance(term, FormulaTerm):
            times = (term.scale or 1) // term.formula.divisor
            yield f"v{place} := {sum_of(program, term.formula, _Rego(), times)}"
        elif isinstance(term, TableTerm):
            for proposition, value in term.rows:
                yield f"v{place} := {value} if {{ {_holds(proposition)} }}"
            if term.otherwise is not None:
                yield f"default v{place} := {term.otherwise}"


def _rego_nodes(program: Program) -> Iterator[str]:
    for place, node in enumerate(program.nodes):
        if isinstance(node, AllOf):
            yield from _ways(f"n{place}", [[_holds(part) for part in node.of]])
        elif isinstance(node, InRange):
            text = sum_of(program, program.quantities[node.quantity], _Rego())
            yield from _ways(f"n{place}", _between(text, node.within))
        else:
            for number, part in enumerate(node.of):
                yield f"default c{place}_{number} := 0"
                yield f"c{place}_{number} := 1 if {{ {_holds(part)} }}"
            total = " + ".join(f"c{place}_{number}" for number in range(len(node.of)))
            yield from _ways(f"n{place}", _between(f"({total})", node.within))


def _rego_outcome(program: Program) -> Iterator[str]:
    by_outcome: dict[str, list[int]] = {}
    for place, rule in enumerate(program.rules):
        yield from _ways(f"r{place}", [[_holds(rule.proposition)]])
        by_outcome.setdefault(rule.outcome, []).append(place)
    scale = program.outcomes
    ladder = [(scale[-1], scale[-1]), (REFER, REFERRAL)]
    ladder += [(outcome, outcome) for outcome in reversed(scale[1:-1])]
    denied: list[str] = []
    for number, (outcome, label) in enumerate(ladder):
        yield from _ways(f"o{number}", [[f"r{place}"] for place in by_outcome.get(outcome, [])])
        yield f'outcome := "{label}" if {{ {"; ".join([*denied, f"o{number}"])} }}'
        denied.append(f"not o{number}")
    yield f'outcome := "{scale[0]}" if {{ {"; ".join(denied)} }}'


PEERS: dict[str, Callable[[Program], Peer]] = {
    "zen-engine": zen_engine,
    "cedarpy": cedarpy,
    "rule-engine": rule_engine,
    "regopy": regopy,
}
