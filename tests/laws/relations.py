"""What the laws say of two decisions, in one place for generated and shipped rulebooks alike."""

import attrs
from hypothesis import settings

from oversight_engine.engine import Engine, decide
from oversight_engine.model.in_force import names_in_finding
from oversight_engine.model.rulebook import REFER
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN

# A random rulebook is dear to draw and a case is cheap: fewer rulebooks, and some cases of each.
A_TENTH = settings(max_examples=max(10, settings.default.max_examples // 10))


def decision_of(book, case):
    """Return the decision by the reference evaluator, whose meaning the laws are about."""
    return decide(book, case, evaluators=("reference",))


def reference(book):
    return Engine(book, evaluators=("reference",))


def label_by_the_steps(book, results):
    """Return the outcome, or None, that the three steps of the semantics give, said once more."""
    harshest = book.outcomes[-1].id
    admissibility = [r for r in results if r.rule.outcome == REFER]
    others = [r for r in results if r.rule.outcome != REFER]
    if any(r.truth is TRUE and r.rule.outcome == harshest for r in others):
        return harshest
    if any(r.truth is not FALSE for r in admissibility):
        return None
    if any(r.truth is UNKNOWN and r.rule.if_unknown == "refer" for r in others):
        return None
    held = [
        r.rule.outcome
        for r in others
        if r.truth is TRUE or (r.truth is UNKNOWN and r.rule.if_unknown == "hold_back")
    ]
    return max(held, key=book.severity, default=book.outcomes[0].id)


def is_one_outcome_or_a_referral(book, decision):
    """Law 1."""
    scale = [outcome.id for outcome in book.outcomes]
    in_order = sorted(decision.possible, key=scale.index)
    return (
        decision.outcome == label_by_the_steps(book, decision.rules)
        and decision.label in [*scale, "referral"]
        and decision.referred == (decision.outcome is None)
        and (decision.referred or decision.outcome in decision.possible)
        and list(decision.possible) == in_order
        and len(set(in_order)) == len(in_order) > 0
    )


def is_never_harsher(book, before, after):
    """Law 3: what may follow when a fact is made better."""
    if after.referred:
        return before.referred or before.outcome == book.harshest
    if before.referred:
        return after.outcome != book.harshest
    return book.severity(after.outcome) <= book.severity(before.outcome)


def is_never_helped(book, before, after):
    """Law 4: what may follow when a fact is hidden."""
    if before.referred or after.referred:
        return after.referred
    if after.outcome == book.harshest:
        return before.outcome == book.harshest
    return book.severity(after.outcome) >= book.severity(before.outcome)


def is_never_eased(book, before, after):
    """Law 5: what may follow when a rule is added."""
    if before.referred:
        return after.referred or after.outcome == book.harshest
    return after.referred or book.severity(after.outcome) >= book.severity(before.outcome)


def meets_its_signs(decision):
    """Law 7: a comparison whose sides are equal is true just where its sign includes equality."""
    return all(
        leaf.truth is (TRUE if leaf.leaf.operator in ("<=", ">=", "==") else FALSE)
        for leaf in leaves_at_a_line(decision)
    )


def leaves_at_a_line(decision):
    """Return the comparisons of numbers whose two sides came to the same."""
    results = (*decision.rules, *decision.findings, *decision.consequences)
    return [
        leaf
        for result in results
        for leaf in result.leaves
        if type(leaf.leaf).__name__ == "Comparison"
        if leaf.left is not None and leaf.left == leaf.right
    ]


def without(book, rule):
    return attrs.evolve(book, rules=tuple(r for r in book.rules if r is not rule))


def rearranged(draw_permutation, book):
    """Return *book* with the items of every list whose order says nothing in another order.

    Findings stay behind what they mention, which is all that is asked of their order.
    """
    lists = ("facts", "parameters", "rules", "consequences", "principles", "documents", "limits")
    changed = {name: tuple(draw_permutation(getattr(book, name))) for name in lists}
    waiting, findings = list(draw_permutation(book.findings)), []
    while waiting:
        placed = {finding.id for finding in findings}
        ready = next(
            finding
            for finding in waiting
            if all(n.referent != "finding" or n.id in placed for n in names_in_finding(finding))
        )
        waiting.remove(ready)
        findings.append(ready)
    return attrs.evolve(book, findings=tuple(findings), **changed)
