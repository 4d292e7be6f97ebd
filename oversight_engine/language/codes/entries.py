"""Problems of entries: keys, and values of the wrong kind."""

from __future__ import annotations

from oversight_engine.language.codes.code import Code

CODES = {
    "unknown-format": Code(
        "The file does not say a format this engine reads",
        "A reader that guesses a format misreads it.",
        "format: oversight-case/9",
        "Write the format the message names, or use the engine that wrote the file.",
    ),
    "missing-key": Code(
        "A key that is needed is not there",
        "What the format asks for is not guessed.",
        "a rule without `title`",
        "Add the key.",
    ),
    "unknown-key": Code(
        "A key the format does not know here",
        "A key that is silently ignored is a wish nobody hears, and often a slip of the pen.",
        "tittle: Cancer target missed",
        "Mend the key, or remove it.",
    ),
    "misplaced-key": Code(
        "A key the format knows, but not here",
        "It would have no effect.",
        "decimals: 2, of a boolean fact",
        "Remove the key, or change what it stands beside.",
    ),
    "one-of": Code(
        "None, or several, of keys that exclude each other",
        "With none nothing is said; with two, nobody knows which.",
        "a rule with both `when` and `unless`",
        "Keep exactly one.",
    ),
    "wrong-shape": Code(
        "A list, a mapping or a single value where another is wanted",
        "The shapes are part of the format.",
        "rules: none",
        "Write it in the shape the reference shows.",
    ),
    "missing-value": Code(
        "A key without a value, or an empty one",
        "Nothing is not zero, not false and not an empty text.",
        "title:",
        "Write the value, or remove the key.",
    ),
    "duplicate-entry": Code(
        "One entry twice in a list",
        "The second adds nothing, and another was probably meant.",
        "themes: [finance, finance]",
        "Keep one.",
    ),
    "duplicate-id": Code(
        "An id that is taken",
        "Facts, parameters and findings share one set of names; rules and consequences have "
        "their own.",
        "two rules with the id `plan_broken`",
        "Give one of them another name.",
    ),
    "bad-id": Code(
        "Not a name",
        "Names are read by people, conditions and programs alike, so they are plain.",
        "id: Cancer-Target",
        "Use lower-case words with `_` between them.",
    ),
    "reserved-name": Code(
        "A name that means something already",
        "A condition could not tell it from the word of the language.",
        "id: count",
        "Give it another name.",
    ),
    "unknown-choice": Code(
        "Not one of the words that are allowed",
        "The allowed words are the format's, and closed.",
        "better: up",
        "Use one of the words the message lists.",
    ),
    "not-a-number": Code(
        "Not a number",
        "Numbers are plain decimals, as they are published: no exponent, no thousands "
        "separator, no sign of a unit, and finite.",
        "cancer_62day_pct: 1e2",
        "Write digits, with a point before decimals.",
    ),
    "number-as-text": Code(
        "A number in quotes",
        "In YAML and JSON quotes say that something is a text.",
        "cancer_62day_pct: '69.23'",
        "Remove the quotes.",
    ),
    "number-too-long": Code(
        "A number of monstrous length",
        "No published figure has so many digits.",
        "value: 0.33333333333333333333333333333333333333333",
        "Write the figure as it is published.",
    ),
    "not-whole": Code(
        "Decimals where a whole number is wanted",
        "Days, returns and decimals are counted.",
        "max_age: 1.5",
        "Write a whole number.",
    ),
    "out-of-range": Code(
        "A number outside what is allowed",
        "The range is declared, by the format or by the fact; a value outside it is more "
        "often a slip than a fact.",
        "cancer_62day_pct: 692.3",
        "Mend the value, or the declared range.",
    ),
    "range-reversed": Code(
        "A range that ends before it begins",
        "No number is in it.",
        "range: [100, 0]",
        "Swap the ends.",
    ),
    "too-many-decimals": Code(
        "More decimals than the fact has",
        "Nothing is rounded on reading: a value at a threshold would be decided by the rounding.",
        "cancer_62day_pct: 69.2345, of a fact with 2 decimals",
        "State the figure as it is published, or raise the `decimals` of the fact.",
    ),
    "not-a-boolean": Code(
        "Neither yes nor no",
        "Words such as `on`, `Y` or `1` mean different things to different programs.",
        "mhis_met: maybe",
        "Write `yes` or `no`; leave a fact out if it is not known.",
    ),
    "not-a-date": Code(
        "Not a date",
        "Days are written in one way.",
        "as_of: 30/06/2025",
        "Write year-month-day, as in 2025-06-30.",
    ),
    "impossible-date": Code(
        "A day that is in no calendar",
        "There is no such day, or its year is out of all reason.",
        "as_of: 2025-02-30",
        "Mend the date.",
    ),
    "dates-reversed": Code(
        "A span that ends before it begins",
        "No day is in it.",
        "in_force: {from: 2026-04-01, to: 2025-03-31}",
        "Swap or mend the dates.",
    ),
}
