"""The page of tampered ledgers, written from the catalogue that the tests play."""

from __future__ import annotations

from collections.abc import Iterable

from tests.ledger.tampered.catalogue import CATALOGUE, TAMPERED
from tests.ledger.tampered.good import KEPT_SIZE, SIZE
from tests.ledger.tampered.hands import COMMANDS, KEPT, NEWEST, RECHECK, REPLAY, TRUST, VERIFY
from tests.ledger.tampered.tampering import Tampering

ABOUT = """\
{count} ways to tamper with a ledger, each done to the same sound ledger of {size} entries: \
decisions (one under a reform, one with a history, one corrected), a confirmation, a \
representation and its answer, an override, a review, a masking and a change of keys. What each \
command then says is held to this table, word for word, by \
[tests](../../tests/ledger/tampered/test_tampered.py): {in_files} of them in a file, and \
{in_databases} in a PostgreSQL database. What is verified is told in \
[the ledger](../reference/ledger.md#verification)."""

WHAT_FINDS = """\
No one command finds everything, and each finds what the others cannot:

| command | what it needs | what only it finds |
| --- | --- | --- |
| `{VERIFY}` | nothing | damage: bytes, hashes, tree, order, references, the store itself |
| `{TRUST}` | the public key, from elsewhere | a ledger written by somebody else |
| `{KEPT}` | a checkpoint, kept elsewhere | a past that its own keeper wrote again |
| `{RECHECK}` | nothing | what was recorded, and could not have happened |
| `{REPLAY}` | nothing | decisions that do not follow from their cases |

KEPT is a checkpoint of {kept} entries and NEWEST one of all {size}: a kept checkpoint shows \
nothing of what came after it, so keep them often. Whatever KEPT shows, NEWEST shows too, and \
whatever `ledger verify` finds by itself it finds with `--trust` and `--checkpoint` too. *quick* \
stands where `--quick` finds it as well. A message with an ellipsis at its end goes on in the \
words of SQLite; elsewhere an ellipsis stands for a digest, LEDGER for where the ledger is, and \
KEY for a public key."""

PARTS = {
    "With the store alone": """\
Whoever can write to the file or the database, and has no key, changes nothing unnoticed but what \
comes after the last checkpoint that anybody kept: to give back an older state of a ledger as a \
whole takes no key, since that state was signed once.""",
    "With the file of a ledger in SQLite": """\
A file can also be damaged as a file, or made to answer for what is not in it.""",
    "With the tables of a ledger in PostgreSQL": """\
Likewise a database. What a server itself makes up on the way to whoever asks it is beyond this: \
export from a copy that you trust, or compare checkpoints.""",
    "With a key that was replaced": """\
A key that leaked after it was replaced signs nothing that comes after it. It can sign another \
history from before: hold a ledger to its newest key, and to a checkpoint signed with that.""",
    "With the key that signs": """\
Whoever has the key can sign whatever they like. What no entry says, what refers to nothing, what \
could not have happened and what does not follow is found all the same. A past that was written \
again as a whole is found by a checkpoint from before, and by nothing else.""",
    "What no command finds": """\
A ledger shows what was stated, and that it was not changed; whether all was stated, and truly, it \
cannot show. The last column says what would.""",
}


def page(written_by: str) -> str:
    """Return the page; *written_by* says that nobody types it."""
    about = ABOUT.format(
        count=len(TAMPERED),
        size=SIZE,
        in_files=sum(not each.only_postgres for each in TAMPERED),
        in_databases=sum(not each.only_sqlite for each in TAMPERED),
    )
    names = {"VERIFY": VERIFY, "TRUST": TRUST, "KEPT": KEPT, "RECHECK": RECHECK, "REPLAY": REPLAY}
    finds = WHAT_FINDS.format(size=SIZE, kept=KEPT_SIZE, **names)
    parts = ["# Tampered ledgers, and what finds them", written_by, about, finds]
    for title, tampered in CATALOGUE.items():
        parts += [f"## {title}", PARTS[title], _table(tampered)]
    return "\n\n".join(parts) + "\n"


def _table(tampered: Iterable[Tampering]) -> str:
    lines = ["| tampering | what was done | what finds it | what it says |",
             "| --- | --- | --- | --- |"]  # fmt: skip
    return "\n".join([*lines, *(_row(each) for each in tampered)])


def _row(each: Tampering) -> str:
    commands = [command for command in COMMANDS if command in each.found]
    if VERIFY in commands:
        commands = [VERIFY]  # with more given to it, it finds that too
    if KEPT in commands and NEWEST in commands:
        commands.remove(NEWEST)  # what is not as it was then is not as it was later either
    finds = "<br>".join(f"`{command}`" for command in commands) or "nothing here"
    quick = "; *quick*" if each.quick else ""
    said = "<br>".join(each.found[command] for command in commands)
    return f"| {each.name} | {each.done} | {finds}{quick} | {said or each.outside} |"
