"""What somebody can do to the tables that a ledger in PostgreSQL is."""

from tests.ledger.tampered.hands import VERIFY
from tests.ledger.tampered.tampering import OTHER_TABLES, Tampering
from tests.ledger.tampered.without_a_key import each, run

FORGET = (
    "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    (
        "CREATE TRIGGER forget BEFORE INSERT ON {entries} FOR EACH ROW "
        "WHEN (new.kind = 'override') EXECUTE FUNCTION forget()"
    ),
)
DONE = (
    ("trigger in the database", "A trigger forgets overrides as they are recorded.", FORGET),
    (
        "rule in the database",
        "A rule records nothing in their place.",
        (
            (
                "CREATE RULE forget AS ON INSERT TO {entries} WHERE new.kind = 'override' "
                "DO INSTEAD NOTHING"
            ),
        ),
    ),
    (
        "table of the database replaced by a view",
        "What answers for the entries is a view without overrides.",
        (
            "ALTER TABLE {entries} RENAME TO all_entries",
            "CREATE VIEW {entries} AS SELECT * FROM all_entries WHERE kind <> 'override'",
        ),
    ),
    (
        "rows hidden in the database",
        "A policy hides overrides from some who read.",
        (
            "CREATE POLICY hide ON {entries} USING (kind <> 'override')",
            "ALTER TABLE {entries} ENABLE ROW LEVEL SECURITY",
        ),
    ),
    (
        "removed constraint in the database",
        "What keeps decisions from being recorded twice is gone.",
        ("ALTER TABLE {entries} DROP CONSTRAINT ledger_entries_identity_key",),
    ),
    (
        "table that a crash empties",
        "The entries are kept without the log of the server.",
        ("ALTER TABLE {entries} SET UNLOGGED",),
    ),
)

TAMPERED = [
    Tampering(
        name, done, each(*map(run, queries)), {VERIFY: OTHER_TABLES}, quick=True, only_postgres=True
    )
    for name, done, queries in DONE
]
"""In the order of the catalogue."""
