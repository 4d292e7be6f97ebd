"""Small rulebooks and cases, built by hand: what a test says about them is all they hold.

Expressions are made by functions; in them a bare text is the id of a fact and a bare number is a
literal. Their `text` is what a rulebook file would say.
"""

import datetime
from fractions import Fraction

import attrs

from oversight_engine import semantics
from oversight_engine.engine import decide
from oversight_engine.model import expression as x
from oversight_engine.model import rulebook as r
from oversight_engine.model.case import Case, StatedFact, System
from oversight_engine.model.in_force import find_in_force
from oversight_engine.model.number import written

DAY = datetime.date(2025, 6, 30)
SCALE = ("light", "middle", "heavy")
LIGHT, MIDDLE, HEAVY = SCALE


def days_before(days, day=DAY):
    return day - datetime.timedelta(days=days)


# Quantities


def fact(fact_id):
    return x.Name(fact_id, "fact")


def finding(finding_id):
    return x.Name(finding_id, "finding")


def parameter(parameter_id):
    return x.Name(parameter_id, "parameter")


def quantity(what):
    if isinstance(what, str):
        return fact(what)
    return x.Number(what) if isinstance(what, int | Fraction) else what


def plus(left, right):
    return x.Sum(quantity(left), quantity(right))


def minus(left, right):
    return x.Sum(quantity(left), quantity(right), minus=True)


def times(factor, operand):
    return x.Product(quantity(factor), quantity(operand))


def over(operand, divisor):
    return x.Quotient(quantity(operand), quantity(divisor))


def aggregate(function, *operands, weights=()):
    return x.Aggregate(function, tuple(map(quantity, operands)), tuple(map(quantity, weights)))


def mean_known(*operands, weights=()):
    return aggregate("mean_known", *operands, weights=weights)


def spelled(what):
    """Return the text that a rulebook file would have for a quantity."""
    match what:
        case x.Number(value):
            return written(value)
        case x.Name(name):
            return name
        case x.Sum(left, right, is_minus):
            return f"({spelled(left)} {'-' if is_minus else '+'} {spelled(right)})"
        case x.Product(factor, operand):
            return f"{spelled(factor)} * {spelled(operand)}"
        case x.Quotient(operand, divisor):
            return f"{spelled(operand)} / {spelled(divisor)}"
        case x.Aggregate(function, operands, weights):
            parts = [*map(spelled, operands)]
            if weights:
                parts.append(f"weights=({', '.join(map(spelled, weights))},)")
            return f"{function}({', '.join(parts)})"
        case x.DaysSince(fact_id):
            return f"days_since({fact_id})"


# Conditions


def compare(left, operator, right):
    left, right = quantity(left), quantity(right)
    return x.Comparison(left, operator, right, f"{spelled(left)} {operator} {spelled(right)}")


def below(left, right):
    return compare(left, "<", right)


def at_least(left, right):
    return compare(left, ">=", right)


def holds(name):
    name = quantity(name)
    return x.Holds(name, name.id)


def known(name):
    name = quantity(name)
    return x.Known(name, f"known({name.id})")


def is_in(name, *values, negated=False):
    name = quantity(name)
    word = "not in" if negated else "in"
    texts = (f"'{value}'" if isinstance(value, str) else written(value) for value in values)
    return x.Membership(name, values, negated, f"{name.id} {word} {{{', '.join(texts)}}}")


def ranks(name, operator, value):
    name = quantity(name)
    return x.CategoryComparison(name, operator, value, f"{name.id} {operator} '{value}'")


def count(conditions, operator, right):
    right = quantity(right)
    inner = ", ".join(said(condition) for condition in conditions)
    return x.Count(
        tuple(conditions), operator, right, f"count({inner}) {operator} {spelled(right)}"
    )


def negated(condition):
    return x.Not(condition)


def every(*conditions):
    return x.And(conditions)


def some(*conditions):
    return x.Or(conditions)


def said(condition):
    """Return the text that a rulebook file would have for a condition."""
    match condition:
        case x.Not(inner):
            return f"not ({said(inner)})"
        case x.And(parts):
            return " and ".join(f"({said(part)})" for part in parts)
        case x.Or(parts):
            return " or ".join(f"({said(part)})" for part in parts)
        case _:
            return condition.text


def statement(condition):
    return x.Statement(said(condition), condition)


def formula(what):
    return x.Formula(spelled(quantity(what)), quantity(what))


# Rulebooks


def number(fact_id, **more):
    return r.Fact(fact_id, fact_id.title(), "number", more.pop("better", "higher"), **more)


def boolean(fact_id, **more):
    return r.Fact(fact_id, fact_id.title(), "boolean", more.pop("better", "higher"), **more)


def category(fact_id, *values, **more):
    better = more.pop("better", "neither")
    return r.Fact(fact_id, fact_id.title(), "category", better, values=values, **more)


def date_fact(fact_id, **more):
    return r.Fact(fact_id, fact_id.title(), "date", more.pop("better", "neither"), **more)


def dated(value, start=datetime.date(2020, 1, 1), end=None):
    return r.DatedValue(r.Span(start, end), value, r.Basis(policy_choice="for the test"))


def parameter_of(parameter_id, *values, **more):
    """Return a parameter; a bare number holds from 2020 until further notice."""
    values = tuple(dated(v) if isinstance(v, int | Fraction) else v for v in values)
    return r.Parameter(parameter_id, parameter_id.title(), values, **more)


def condition_finding(finding_id, condition, **more):
    return r.Finding(finding_id, finding_id.title(), when=statement(condition), **more)


def value_finding(finding_id, what, **more):
    return r.Finding(finding_id, finding_id.title(), value=formula(what), **more)


def table_finding(finding_id, *rows, otherwise=None, **more):
    """Return a decision table; a row is (condition, value), a text value is a category."""

    def value(what):
        return what if what is None or isinstance(what, str) else formula(what)

    rows = tuple(r.Row(statement(condition), value(what)) for condition, what in rows)
    table = r.Table(rows, value(otherwise))
    return r.Finding(finding_id, finding_id.title(), table=table, **more)


def when(condition, outcome=MIDDLE, *, rule_id="", if_unknown="", unless=False, **more):
    """Return a rule; what is not given is the language's default."""
    default = "refer" if outcome in (HEAVY, r.REFER) else "hold_back"
    statement_of_rule = statement(condition)
    rule_id = rule_id or f"{outcome}_rule"
    return r.Rule(
        id=rule_id,
        title=rule_id.title(),
        statement=statement_of_rule,
        negated=unless,
        outcome=outcome,
        if_unknown=if_unknown or default,
        principle="fairness",
        **more,
    )


def unless(condition, outcome=MIDDLE, **more):
    return when(condition, outcome, unless=True, **more)


def consequence(consequence_id, *outcomes, when=None, kind="obligation", **more):
    condition = None if when is None else statement(when)
    title = consequence_id.title()
    return r.Consequence(consequence_id, kind, title, outcomes, statement=condition, **more)


def rulebook(*facts, rules=(), outcomes=SCALE, **more):
    return r.Rulebook(
        id=more.pop("id", "test"),
        version="1.0.0",
        title="A rulebook for a test",
        span=more.pop("span", r.Span(datetime.date(2020, 1, 1), datetime.date(2029, 12, 31))),
        outcomes=tuple(r.Outcome(outcome, outcome.title()) for outcome in outcomes),
        facts=facts,
        rules=tuple(rules),
        **{name: tuple(item) if isinstance(item, list) else item for name, item in more.items()},
    )


# Cases


def case_of(*, as_of=DAY, period=None, code="QXX", **facts):
    """Return a case; a bare value is stated as final."""
    stated = {
        fact_id: value if isinstance(value, StatedFact) else StatedFact(value)
        for fact_id, value in facts.items()
    }
    return Case(System(code, "A system"), as_of, stated, period=period)


def with_facts(case, stated):
    return attrs.evolve(case, facts=stated)


def restated(stated, value, **more):
    return attrs.evolve(stated, value=value, **more)


def decided(book, *, on=None, **facts):
    """Return the decision of a case with these facts, by the reference evaluator."""
    return decide(book, case_of(**facts), as_of=on, evaluators=("reference",))


# What one expression comes to


def truth_of(condition, *facts, as_of=DAY, **known):
    """Return the truth of *condition*; *facts* are declared where their declaration matters."""
    book = rulebook(*facts, findings=[condition_finding("it", condition)])
    return semantics.evaluate(find_in_force(book, as_of), known, as_of).findings["it"]


def value_of(what, *, as_of=DAY, **known):
    """Return what a quantity comes to."""
    book = rulebook(findings=[value_finding("it", what)])
    return semantics.evaluate(find_in_force(book, as_of), known, as_of).findings["it"]
