"""Problems of conditions and of the quantities in them."""

from __future__ import annotations

from oversight_engine.language.codes.code import Code

CODES = {
    "condition-too-long": Code(
        "A condition of more than 2,000 characters",
        "Nobody reads such a condition, and the reader has limits.",
        "a condition of 3,000 characters",
        "Give its parts names, as findings.",
    ),
    "condition-too-deep": Code(
        "A condition nested more than 32 levels deep",
        "Nobody reads such a condition, and the reader has limits.",
        "not not not … met",
        "Give its parts names, as findings.",
    ),
    "forbidden-syntax": Code(
        "Something of Python that is not part of the language",
        "Conditions borrow the syntax of Python's expressions, and only what the reference "
        "lists. Nothing is ever run.",
        "when: ().__class__",
        "Say it with what the language has.",
    ),
    "condition-syntax": Code(
        "The condition cannot be read",
        "A bracket, a comma or an operator is missing or too many.",
        "when: plan_pct <",
        "Mend the text at the place that is named.",
    ),
    "unknown-name": Code(
        "No fact, finding or parameter has this name",
        "A misspelt name would be an unknown that nobody notices.",
        "when: cancer_62day_pc < 70",
        "Mend the name, or declare it.",
    ),
    "unknown-function": Code(
        "The language has no such function",
        "Only its own functions are called.",
        "when: abs(plan_pct) > 1",
        "Use one of the functions the message lists.",
    ),
    "wrong-arguments": Code(
        "A function or a set that is given the wrong things",
        "Each function says what it takes.",
        "when: known(3)",
        "Give it what the reference says.",
    ),
    "bad-weights": Code(
        "Weights that do not weigh",
        "There is one weight for each quantity, a bare number more than nothing on every day.",
        "mean_known(a, b, weights=(1, 0)) < 2",
        "Give as many weights as quantities, all above zero.",
    ),
    "not-a-condition": Code(
        "Neither true nor false",
        "`when`, `unless`, `and`, `or`, `not` and `count` work on conditions.",
        "when: plan_pct",
        "Compare it with something.",
    ),
    "not-a-quantity": Code(
        "Not a number",
        "Only numbers are added, multiplied and compared by size.",
        "when: mhis_met > 1",
        "Use a number; let a boolean stand alone; ask `days_since` of a date.",
    ),
    "not-constant": Code(
        "A constant or a parameter is wanted",
        "Values of tables, bounds of bands, sets and counts are fixed for every case.",
        "when: count(a, b) >= plan_pct",
        "Use a number or a parameter.",
    ),
    "constant-condition": Code(
        "A condition that no fact can change",
        "It comes out alike for every case, so it says nothing.",
        "when: 1 < 2",
        "Compare a fact or a finding; dates of force are said with `in_force`.",
    ),
    "not-comparable": Code(
        "Things that cannot be compared",
        "A category is compared with one of its own values.",
        "when: maturity_level == 3",
        "Compare it with one of the values the message lists.",
    ),
    "unknown-category": Code(
        "The category has no such value",
        "The values are declared and closed.",
        "when: maturity_level == 'thrivng'",
        "Use a declared value, or declare it.",
    ),
    "unordered-category": Code(
        "A comparison by order where there is none",
        "Only the values of an ordered category lie above and below each other.",
        "when: status < 'failing'",
        "Use `==` or `in`, or declare the category `ordered`.",
    ),
    "wrong-unit": Code(
        "Units that do not go together",
        "Adding minutes to per cent gives a number, and no sense.",
        "when: amb_cat2_minutes > cancer_62day_target_pct",
        "Compare like with like; mend the unit of one of them.",
    ),
    "non-linear": Code(
        "Quantities multiplied or divided by one another",
        "Arithmetic is linear, so that everything about a rulebook can be worked out over all"
        " cases.",
        "when: a * b > 3",
        "Multiply by, and divide by, constants or parameters; compare `a >= t * b` instead of"
        " `a / b >= t`.",
    ),
    "division-by-zero": Code(
        "A division by nothing",
        "On some day the divisor is zero.",
        "when: a / 0 > 1",
        "Mend the divisor, or the parameter behind it.",
    ),
}
