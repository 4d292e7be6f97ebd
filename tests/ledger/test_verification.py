"""Verifying names the first entry that is damaged, and what is wrong with it."""

import sqlite3

import pytest

from oversight_engine.errors import IntegrityError, OversightError
from oversight_engine.ledger.entries import Draft, digest_of
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.merkle import Frontier, leaf_hash
from oversight_engine.ledger.notes import Checkpoint, sign_note
from oversight_engine.ledger.verification import Damage, verify
from oversight_engine.model.plain import canonical
from tests.ledger.ledgers import BY, ORIGIN, SIGNER, START, append, clock, draft, made, review
from tests.ledger.signers import signer_named

FOREIGN = signer_named("somebody.example/else")


@pytest.fixture
def ledger(tmp_path):
    """Make a ledger of nine entries: two decisions, one, a review, three, a masking of entry 3."""
    location = made(str(tmp_path / "ledger"))
    with Ledger.open(location, write=True) as opened:
        append(opened, draft(1), draft(2))
        append(opened, draft(3))
        append(opened, review(2))
        append(opened, draft(4), draft(5), draft(6))
        said = {"by": BY, "reason": "On request."}
        opened.mask(3, ["/case/facts/seen_pct"], said, signer=SIGNER, clock=clock())
    return location


def found_in(location, **more):
    with Ledger.examine(location) as opened:
        return verify(opened, **more)


def change(location, query, *values):
    connection = sqlite3.connect(location, isolation_level=None)
    connection.execute(query, values)
    connection.close()


def content_of(location, number):
    with Ledger.examine(location) as opened:
        [row] = opened.store.rows(number, number, limit=1)
        return row.content


def sign_again(location, signer=SIGNER):
    """Hash every entry as it stands now, and sign every checkpoint and the head anew."""
    with Ledger.examine(location) as opened:
        rows = opened.store.rows(1, 99, limit=99)
        sizes = [stored.size for stored in opened.store.checkpoints(0, 99)]
    frontier = Frontier()
    for place, row in enumerate(rows, start=1):
        leaf = row.leaf if row.number == 3 else leaf_hash(row.content)
        frontier.append(leaf)
        change(location, "UPDATE entries SET leaf = ? WHERE number = ?", leaf, row.number)
        if place in sizes:
            note = sign_note(Checkpoint(ORIGIN, place, frontier.root()).text, signer)
            change(location, "UPDATE checkpoints SET note = ? WHERE size = ?", note, place)
    hashes = b"".join(frontier.hashes)
    change(location, "UPDATE head SET size = ?, frontier = ?", frontier.size, hashes)


def edit(location, number, old, new):
    content = content_of(location, number)
    assert old in content
    query = "UPDATE entries SET content = ? WHERE number = ?"
    change(location, query, content.replace(old, new), number)


def test_a_ledger_as_it_was_recorded_is_sound(ledger):
    whole, quick = found_in(ledger), found_in(ledger, quick=True)

    assert (whole.damage, quick.damage) == (None, None)
    assert (whole.size, whole.checkpoints, whole.masked) == (9, 6, (3,))
    assert (quick.size, quick.checkpoints, quick.masked) == (9, 6, (3,))
    assert whole.root == quick.root
    assert (whole.trusted, found_in(ledger, verifiers=[SIGNER.verifier]).trusted) == (False, True)


# What a change of the stored bytes alone comes to; both ways of looking see it.

CASE_CHANGED = "the case is not the one that was decided: its digest is another"
BYTES = {
    "an edited fact": (
        lambda place: edit(place, 4, b'"value":"70"', b'"value":"71"'),
        Damage(4, 4, "its bytes are not those that were recorded: their hash is another"),
    ),
    "an edited first entry": (
        lambda place: edit(place, 1, b'"number":1', b'"number":2'),
        Damage(1, 1, "its bytes are not those that were recorded: their hash is another"),
    ),
    "an edited masked entry": (
        lambda place: edit(place, 3, b'"final"', b'"draft"'),
        Damage(3, 3, "its bytes are not those that its masking, entry 9, left"),
    ),
    "a missing entry": (
        lambda place: change(place, "DELETE FROM entries WHERE number = 5"),
        Damage(5, 5, "it is missing"),
    ),
    "missing entries": (
        lambda place: change(place, "DELETE FROM entries WHERE number IN (6, 7)"),
        Damage(6, 7, "it is missing"),
    ),
    "no first entry": (
        lambda place: change(place, "DELETE FROM entries WHERE number = 1"),
        Damage(1, 1, "it is missing"),
    ),
    "an edited entry and its leaf": (
        lambda place: (
            edit(place, 7, b'"value":"70"', b'"value":"71"'),
            change(
                place, "UPDATE entries SET leaf = ? WHERE number = 7",
                leaf_hash(content_of(place, 7)),
            ),
        ),
        Damage(
            6, 8,
            "what stands here is not what was signed: the tree is not that of the checkpoint of "
            "8 entries",
        ),
    ),
    "a cut tail": (
        lambda place: change(place, "DELETE FROM entries WHERE number = 9"),
        Damage(3, 3, "its bytes are not those that were recorded: their hash is another"),
    ),
    "another head": (
        lambda place: change(place, "UPDATE head SET size = 8"),
        Damage(9, 9, "the ledger says that it has 8 entries, and it has 9"),
    ),
    "a text for bytes": (
        lambda place: change(place, "UPDATE entries SET content = 'gone' WHERE number = 4"),
        Damage(4, 4, "its bytes are not those that were recorded: their hash is another"),
    ),
    "another frontier": (
        lambda place: change(place, "UPDATE head SET frontier = zeroblob(64)"),
        Damage(0, 0, "what is kept of the tree to append to it is not of this tree"),
    ),
    "no checkpoints": (
        lambda place: change(place, "DELETE FROM checkpoints"),
        Damage(1, 9, "no checkpoint signs what stands here"),
    ),
    "no newest checkpoint": (
        lambda place: change(place, "DELETE FROM checkpoints WHERE size = 9"),
        Damage(9, 9, "no checkpoint signs what stands here"),
    ),
    "a checkpoint of more": (
        lambda place: change(place, "INSERT INTO checkpoints VALUES (12, zeroblob(9))"),
        Damage(10, 12, "missing: there is a checkpoint of 12 entries"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("do", "damage"), BYTES.values(), ids=BYTES)
@pytest.mark.parametrize("quick", [False, True])
def test_changed_bytes_are_noticed_whichever_way_one_looks(ledger, do, damage, quick):
    do(ledger)

    found = found_in(ledger, quick=quick).damage
    if not quick and "not what was signed" in damage.message:
        assert found == Damage(7, 7, CASE_CHANGED)  # what it says tells more than its hash
    else:
        assert found == damage


def test_of_two_damages_the_first_is_told_whatever_shows_it(ledger):
    edit(ledger, 7, b'"value":"70"', b'"value":"71"')
    assert found_in(ledger).damage.first == 7
    edit(ledger, 5, b'"number":5', b'"number":4')
    leaf = leaf_hash(content_of(ledger, 5))
    change(ledger, "UPDATE entries SET leaf = ? WHERE number = 5", leaf)
    assert found_in(ledger).damage == Damage(5, 5, "it says that it is entry 4")
    change(ledger, "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 1) "
                   "WHERE size = 3")  # fmt: skip
    assert found_in(ledger).damage == Damage(0, 0, "the checkpoint held for 3 entries is of 1")
    change(ledger, "UPDATE entries SET about = 1 WHERE number = 3")
    assert found_in(ledger).damage.first == 3


def test_what_is_masked_twice_says_all_of_it(ledger):
    said = {"by": BY, "reason": "On request."}
    with Ledger.open(ledger, write=True) as opened:
        opened.mask(3, ["/case/facts/stage"], said, signer=SIGNER, clock=clock())

    found = found_in(ledger)
    assert (found.damage, found.masked) == (None, (3,))


def test_a_damaged_ledger_is_never_appended_to(ledger):
    change(ledger, "UPDATE head SET frontier = zeroblob(64)")

    with pytest.raises(OversightError, match="is not the one that its newest checkpoint"):
        Ledger.open(ledger, write=True)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE head SET frontier = zeroblob(length(frontier))",
        "UPDATE checkpoints SET note = (SELECT note FROM checkpoints LIMIT 1) WHERE size = 11",
    ],
    ids=["frontier", "checkpoint"],
)
def test_damage_is_noticed_by_one_who_has_appended_already(ledger, damage):
    with Ledger.open(ledger, write=True) as opened:
        append(opened, draft(7))
        append(opened, draft(8))
        change(ledger, damage)

        with pytest.raises(IntegrityError, match="is not the one that its newest checkpoint"):
            append(opened, draft(9))


# What somebody who holds the key can sign, and the entries themselves contradict.

SAID = {
    "another number": (4, b'"number":4', b'"number":5', "it says that it is entry 5"),
    "an odd key": (5, b'"found"', b'"fond"', "`fond` is nothing that"),
    "odd writing": (5, b'"found":', b'"found": ', "not in canonical form"),
    "another fact": (4, b'"value":"70"', b'"value":"71"', "the case is not the one that was"),
    "another rulebook": (4, b'"rulebook":"sha256:', b'"rulebook":"sha256:0', "has the digests"),
    "another day": (4, b'"as_of":"2025-06-30","attest', b'"as_of":"2025-07-01","attest',
                    "`as_of` is not that of the decision"),
    "an earlier moment": (5, b"2025-07-01T12:00:00Z", b"2025-07-01T11:00:00Z", "before the entry"),
    "about a review": (9, b'"about":3', b'"about":1', "which is a ledger"),
    "about another": (5, b'"about":2', b'"about":4', "it is found by the system 'S1'"),
    "another kind": (5, b'"kind":"review"', b'"kind":"reviaw"', "`kind` is one of"),
}  # fmt: skip


@pytest.mark.parametrize(("number", "old", "new", "message"), SAID.values(), ids=SAID)
def test_what_is_signed_again_must_still_be_what_an_entry_says(ledger, number, old, new, message):
    edit(ledger, number, old, new)
    sign_again(ledger)

    damage = found_in(ledger).damage
    assert damage.first == (3 if number == 9 else number), damage
    assert number == 9 or message in damage.message


COLUMNS = {
    "kind": ("UPDATE entries SET kind = 'gossip' WHERE number = 5", "found by the kind 'gossip'"),
    "system": ("UPDATE entries SET system = NULL WHERE number = 4", "found by the system None"),
    "about": ("UPDATE entries SET about = 4 WHERE number = 5", "found by the about 4"),
    "moment": ("UPDATE entries SET recorded_at = 'x' WHERE number = 5", "by the recorded_at 'x'"),
    "identity": ("UPDATE entries SET identity = NULL WHERE number = 4", "by the identity None"),
}


@pytest.mark.parametrize(("query", "message"), COLUMNS.values(), ids=COLUMNS)
def test_columns_to_find_entries_by_say_what_the_bytes_say(ledger, query, message):
    change(ledger, query)

    damage = found_in(ledger).damage
    assert message in damage.message
    assert str(damage.first) in query


def test_the_objects_that_decisions_refer_to_are_there_and_are_the_ones(ledger):
    change(ledger, "UPDATE objects SET content = '{}'")
    assert "what it holds as sha256:" in found_in(ledger).damage.message
    assert found_in(ledger).damage.first == 2
    change(ledger, "DELETE FROM objects")
    assert "does not hold sha256:" in found_in(ledger).damage.message


def test_an_object_to_which_nothing_refers_is_noticed(ledger):
    content = canonical({"nothing": "refers to this"})
    change(ledger, "INSERT INTO objects VALUES (?, ?)", digest_of(content), content)

    assert "to which no entry refers" in found_in(ledger).damage.message


def test_a_foreign_signature_is_noticed(ledger):
    sign_again(ledger, FOREIGN)

    assert "not signed with the key in force" in found_in(ledger).damage.message
    assert "not signed with the key in force" in found_in(ledger, quick=True).damage.message


def test_a_foreign_key_is_noticed_by_whoever_knows_the_right_one(ledger):
    edit(ledger, 1, SIGNER.verifier.text.encode(), FOREIGN.verifier.text.encode())
    sign_again(ledger, FOREIGN)

    assert found_in(ledger).damage is None
    assert "not trusted" in found_in(ledger, verifiers=[SIGNER.verifier]).damage.message


def test_an_unmasked_entry_and_its_masking_contradict_each_other(tmp_path):
    location = made(str(tmp_path / "ledger"))
    with Ledger.open(location, write=True) as opened:
        append(opened, draft(1))
        whole = opened.entry(2).content
        said = {"by": BY, "reason": "On request."}
        opened.mask(2, ["/case/facts/seen_pct"], said, signer=SIGNER, clock=clock())
    change(location, "UPDATE entries SET content = ? WHERE number = 2", whole)

    damage = found_in(location).damage
    assert (damage.first, damage.message) == (
        3, "it says that entry 2 is masked, and it is as recorded",
    )  # fmt: skip


# What a checkpoint that was kept shows


def test_a_ledger_begins_with_what_a_kept_checkpoint_signs(ledger):
    with Ledger.examine(ledger) as opened:
        notes = [stored.note for stored in opened.store.checkpoints(0, 99)]
    for note in notes:
        assert found_in(ledger, checkpoint=note).damage is None
        assert found_in(ledger, checkpoint=note, quick=True).damage is None


def test_a_cut_tail_that_was_signed_again_is_seen_by_whoever_kept_a_checkpoint(ledger):
    with Ledger.examine(ledger) as opened:
        kept = opened.checkpoint()
    for query in ("DELETE FROM entries WHERE number > 4", "DELETE FROM checkpoints WHERE size > 4"):
        change(ledger, query)
    restored = draft(2).entry(3, START).content
    change(ledger, "UPDATE entries SET content = ? WHERE number = 3", restored)
    sign_again(ledger)

    assert found_in(ledger).damage is None
    damage = found_in(ledger, checkpoint=kept).damage
    assert (damage.first, damage.last) == (5, 9)
    assert "the checkpoint that was kept is of 9 entries, and the ledger has 4" in damage.message


def test_a_forked_ledger_is_seen_by_whoever_kept_a_checkpoint(tmp_path):
    notes = []
    for name, number in (("one", 1), ("other", 2)):
        location = made(str(tmp_path / name))
        with Ledger.open(location, write=True) as opened:
            append(opened, draft(number))
            notes.append(opened.checkpoint())
            append(opened, draft(3))

    damage = found_in(location, checkpoint=notes[0]).damage
    assert (damage.first, damage.last) == (1, 2)
    assert "not that of the checkpoint that was kept" in damage.message
    assert found_in(location, checkpoint=notes[1]).damage is None


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (b"", "not a signed note"),
        (sign_note(Checkpoint(ORIGIN, 1, bytes(32)).text, FOREIGN), "no trusted key signed this"),
        (sign_note(Checkpoint("other", 1, bytes(32)).text, SIGNER), "is of other, not of"),
    ],
    ids=["nothing", "foreign", "another ledger's"],
)
def test_a_checkpoint_that_is_none_of_this_ledger_is_refused(ledger, note, message):
    assert message in found_in(ledger, checkpoint=note).damage.message


def test_a_key_that_nobody_signed_for_is_noticed(tmp_path):
    location = made(str(tmp_path / "ledger"))
    keys = {"key": FOREIGN.verifier.text, "replaces": SIGNER.verifier.text}
    with Ledger.open(location, write=True) as opened:
        append(opened, Draft("key", keys | {"by": BY, "reason": "yearly"}))
        append(opened, draft(1), signer=FOREIGN)
    change(location, "DELETE FROM checkpoints WHERE size = 2")

    assert "is not signed with the one before" in found_in(location).damage.message
    change(location, "UPDATE entries SET content = replace(content, 'a', 'b') WHERE number = 2")
    assert found_in(location).damage.first == 2
