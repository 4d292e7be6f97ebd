"""Decisions a second in memory, part by part, and beside other engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from benchmarks.cases import DAY, cases_of
from benchmarks.peers import PEERS
from benchmarks.timing import Timed, rounds_of, table
from benchmarks.translation import facts_of
from oversight_engine import semantics
from oversight_engine.assembly import assemble, prepare, read_facts
from oversight_engine.combining import combine
from oversight_engine.compiler import compile_program
from oversight_engine.engine import Engine
from oversight_engine.evaluators.durable import DurableEvaluator
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.model.case import Case
from oversight_engine.model.decision import Attestation
from oversight_engine.model.decision_form import decision_bytes
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.rulebook import Rulebook
from oversight_engine.model.validity import find_faults
from oversight_engine.resources import shipped

T = TypeVar("T")


def report(number: int, rounds: int) -> str:
    """Return how many decisions a second, what each part costs, and how peers compare."""
    rulebook = load_rulebook(shipped("rules") / "hewitt-2023")
    complete = cases_of(rulebook, number)
    return "\n\n".join(
        [
            "## Decisions in memory, distinct cases of the Hewitt rulebook",
            _rates(rulebook, complete, cases_of(rulebook, number, unknown=0.1), rounds),
            _parts(rulebook, complete, rounds),
            _beside_peers(rulebook, complete, rounds),
        ]
    )


def _each(function: Callable[[T], object], items: Sequence[T]) -> Callable[[], object]:
    def run() -> None:
        for item in items:
            function(item)

    return run


def _rates(rulebook: Rulebook, complete: Sequence[Case], gaps: Sequence[Case], rounds: int) -> str:
    with Engine(rulebook) as both, Engine(rulebook, evaluators=["reference"]) as alone:
        labels = Counter(both.decide(case).label for case in complete)
        times = rounds_of(
            {
                "both evaluators, all facts known": _each(both.decide, complete),
                "both evaluators, one fact in ten unknown": _each(both.decide, gaps),
                "reference alone, all facts known": _each(alone.decide, complete),
                "reference alone, one fact in ten unknown": _each(alone.decide, gaps),
            },
            rounds,
        )
    rows = [[name, _rate(timed, len(complete))] for name, timed in times.items()]
    mix = ", ".join(f"{label} {count}" for label, count in sorted(labels.items()))
    return f"{len(complete)} cases: {mix}.\n\n" + table(["decided by", "decisions a second"], rows)


def _rate(timed: Timed, number: int) -> str:
    return f"{number / timed.median:,.0f} ({number / timed.most:,.0f}..{number / timed.least:,.0f})"


def _parts(rulebook: Rulebook, cases: Sequence[Case], rounds: int) -> str:
    with Engine(rulebook) as engine:
        decisions = [engine.decide(case) for case in cases]
    period = prepare(find_in_force(rulebook, DAY))
    in_force = period.in_force
    readings = [read_facts(case, DAY, period) for case in cases]
    known = [{r.fact.id: r.value for r in rows if r.value is not None} for rows in readings]
    traces = [semantics.evaluate(in_force, facts, DAY) for facts in known]
    verdicts = [combine(in_force, trace.rules) for trace in traces]
    durable = DurableEvaluator(rulebook)
    said = Attestation("", ())
    ready = list(zip(cases, readings, traces, verdicts, strict=True))
    times = rounds_of(
        {
            "validity of the case": _each(lambda case: find_faults(rulebook, case, DAY), cases),
            "reading the facts": _each(lambda case: read_facts(case, DAY, period), cases),
            "reference evaluator": _each(
                lambda facts: semantics.evaluate(in_force, facts, DAY), known
            ),
            "durable-rules": _each(lambda facts: durable.evaluate(in_force, facts, DAY), known),
            "combining": _each(lambda trace: combine(in_force, trace.rules), traces),
            "assembling the decision": _each(
                lambda r: assemble(r[0], DAY, period, r[1], r[2], r[3], said), ready
            ),
            "canonical bytes (not part of deciding)": _each(decision_bytes, decisions),
        },
        rounds,
    )
    rows = [[name, f"{timed.median / len(cases) * 1e6:.0f}"] for name, timed in times.items()]
    firings = sum(stratum.firings for stratum in durable.strata) / durable.decisions
    leaves = len(in_force.leaves)
    durable.close()
    return table(["part", "µs a decision"], rows) + (
        f"\n\n{leaves} conditions, {len(in_force.findings)} findings and {len(in_force.rules)} "
        f"rules in force; durable-rules fires {firings:.1f} clauses a decision in "
        f"{len(durable.strata) or 'several'} strata. No stratum is reused between cases."
    )


def _beside_peers(rulebook: Rulebook, cases: Sequence[Case], rounds: int) -> str:
    rows: list[list[str]] = []
    with Engine(rulebook) as both, Engine(rulebook, evaluators=["reference"]) as alone:
        decisions = [both.decide(case) for case in cases]
        program = compile_program(find_in_force(rulebook, DAY))
        facts = [
            facts_of(program, {r.fact.id: r.value for r in d.facts if r.value is not None}, DAY)
            for d in decisions
        ]
        peers = {name: make(program) for name, make in PEERS.items()}
        few = slice(0, max(20, len(cases) // 20))
        things = {
            "this engine, both evaluators": _each(both.decide, cases[few]),
            "this engine, reference alone": _each(alone.decide, cases[few]),
        } | {name: _each(peer, facts[few]) for name, peer in peers.items()}
        times = rounds_of(things, rounds)
    ours = times["this engine, both evaluators"].median
    number = len(cases[few])
    for name, timed in times.items():
        same = "–"
        if name in peers:
            equal = sum(
                peers[name](each)[0] == decision.label
                for each, decision in zip(facts[few], decisions[few], strict=True)
            )
            same = f"{equal} of {number}"
        rows.append([name, f"{number / timed.median:,.0f}", f"{timed.median / ours:.2f}", same])
    return (
        "Peers run the same conditions on the same cases, given as whole numbers, complete, so "
        "that two-valued logic suffices. zen-engine's trace and rule-engine's answers hold every "
        "condition; cedarpy names the policies that decided; regopy reports every rule. None of "
        "them checks the case, reads units, dates or statuses, or computes the decision twice.\n\n"
        + table(["engine", "decisions a second", "time beside ours", "same outcome"], rows)
    )
