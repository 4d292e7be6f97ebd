"""Problems of cases, and of what is computed from them."""

from __future__ import annotations

from oversight_engine.language.codes.code import Code

CODES = {
    "unknown-fact": Code(
        "The rulebook declares no such fact",
        "A misspelt fact would count as unknown, and nobody would notice.",
        "cancer_62_day: 70",
        "Mend the name; the rulebook says which facts there are.",
    ),
    "unknown-rule": Code(
        "No such rule",
        "What a story expects is checked against the rules there are.",
        "because: [cancer_missed]",
        "Mend the id.",
    ),
    "bad-identifier": Code(
        "Not a code of the scheme",
        "The rulebook says how systems are coded, and a code that cannot exist is a slip.",
        "system: {code: qe1, …}",
        "Write the code as the scheme does.",
    ),
    "as-at-too-late": Code(
        "A figure from after the decision",
        "On the date of the decision nobody could have known it.",
        "as_of: 2025-06-30 and as_at: 2025-07-31",
        "Mend one of the dates.",
    ),
    "value-not-likely": Code(
        "A value outside its own likely range",
        "The range says where the true value is likely to lie, so the stated one is in it.",
        "value: 70, likely: [71, 73]",
        "Mend the value or the range.",
    ),
    "chances-do-not-add-up": Code(
        "Chances that are not those of all there is",
        "One of the values is the true one, so the chances add up to exactly 1.",
        "value: good, chances: {good: 0.7, outstanding: 0.2}",
        "Mend the chances; a third is written as 1/3.",
    ),
    "no-direction": Code(
        "A priority with a target and a figure but no direction",
        "Whether 6.4 meets 6 depends on which way is better.",
        "{name: Smoking, target: 6, actual: 6.4}",
        "Say `better: higher` or `better: lower`, or state `on_track`.",
    ),
    "too-few-agreed": Code(
        "More local priorities listed than agreed",
        "What is listed was agreed.",
        "agreed: 2, with a list of three",
        "Mend the number or the list.",
    ),
    "stated-twice": Code(
        "A fact that follows from the local priorities, and is stated as well",
        "The two could differ.",
        "facts: {local_priorities_agreed: 6} beside `local_priorities`",
        "Leave it out of `facts`.",
    ),
    "duplicate-case": Code(
        "Two cases for one system and date",
        "A system has one decision on a day.",
        "one file twice on the command line",
        "Keep one.",
    ),
    "unknown-table": Code(
        "A score by rank without its step table",
        "Cohort values hold each table once, under its digest, and this one is not there.",
        'scores: {of0023_score: "sha256:…"}, with no such entry under `tables`',
        "Write the cohort values again with `oversight cohort`.",
    ),
}
