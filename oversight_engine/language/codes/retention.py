"""Problems of retention policies."""

from __future__ import annotations

from oversight_engine.language.codes.code import Code

CODES = {
    "never-masked": Code(
        "A field that is never masked",
        "What was decided, by whose authority and when is what a ledger is kept for, and what "
        "comes later rests on it.",
        "fields: [/decision], of a decision",
        "Leave the field out; mask what identifies somebody.",
    ),
    "unknown-field": Code(
        "Entries of this kind have no such field",
        "A misspelt field would never be masked, and nobody would notice.",
        "fields: [/txt], of a representation",
        "Mend the path.",
    ),
}
