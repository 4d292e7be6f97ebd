"""Clauses to ask durable-rules about, and what they mean in Python."""

import operator

from oversight_engine.evaluators.strata import Clause

OPERATORS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def holding(clauses, fields):
    """What the clauses mean, in Python."""
    return {
        clause.conclusion
        for clause in clauses
        if all(
            fields.get(field) is not None and OPERATORS[sign](fields[field], constant)
            for field, sign, constant in clause.conditions
        )
    }


def thresholds(count, *, fields=10):
    """That many clauses: 0 or more, 1 or more, and so on, over the fields in turn."""
    return [Clause(f"c{n}", ((f"f{n % fields}", ">=", n),)) for n in range(count)]


def ask(stratum, value):
    """Fire with every field at *value*, and whether it concludes what it should."""
    fields = dict.fromkeys(stratum.fields, value)
    return stratum.fire(fields) == holding(stratum.clauses, fields)
