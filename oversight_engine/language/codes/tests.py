"""Problems of the tests of a rulebook."""

from __future__ import annotations

from oversight_engine.language.codes.code import Code

CODES = {
    "unknown-base": Code(
        "No such base",
        "A test begins where its base stands, and a base stands before what rests on it.",
        "from: a free system, where the base is called `a system that earned its freedom`",
        "Mend the name, or move the base before what rests on it.",
    ),
    "duplicate-test": Code(
        "Two tests, or two bases, of one name",
        "The name says what a test shows; whoever reads that it failed must know which it is.",
        "two tests called `On the line`",
        "Say in each name what that test shows.",
    ),
    "day-not-in-force": Code(
        "A test on a day on which the rulebook does not hold",
        "Nothing is decided on such a day, so nothing can come of the test.",
        "as_of: 2019-01-01, of a rulebook in force from 2024-04-01",
        "Choose a day on which it holds.",
    ),
    "unknown-finding": Code(
        "The rulebook has no such finding",
        "What is misspelt would never be looked at.",
        "findings: {plan_scores: 3}",
        "Mend the name.",
    ),
}
