"""What a ledger keeps, it keeps in both stores: whole, in order, once, and provable."""

import datetime
import sqlite3
import tracemalloc

import pytest

from oversight_engine.errors import InputError, IntegrityError, LedgerUnavailableError
from oversight_engine.ledger.entries import Draft, digest_of
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.merkle import check_consistency, check_inclusion, leaf_hash, root_of
from oversight_engine.ledger.notes import Checkpoint, open_note
from oversight_engine.ledger.verification import verify
from oversight_engine.model.plain import canonical
from oversight_engine.model.rulebook_form import rulebook_data
from tests import builders as b
from tests.ledger.ledgers import BY, ORIGIN, SIGNER, START, append, clock, draft, made, review
from tests.ledger.signers import signer_named
from tests.shown import book

HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def ledger(location):
    with Ledger.open(made(location), write=True) as opened:
        yield opened


def damage_of(location, **more):
    with Ledger.examine(location) as opened:
        return verify(opened, **more).damage


def test_a_new_ledger_says_who_signs_it(ledger):
    [first] = ledger.entries()

    assert (first.number, first.kind, ledger.origin) == (1, "ledger", ORIGIN)
    assert first.data["keys"] == [SIGNER.verifier.text]
    assert first.recorded_at == START


def test_nothing_is_made_where_a_ledger_is(location):
    made(location)

    with pytest.raises(InputError, match="already"):
        made(location)
    assert damage_of(location) is None


def test_what_is_appended_is_read_back_by_number_kind_and_system(location, ledger):
    append(ledger, draft(1), draft(2))
    append(ledger, review(about=3))
    append(ledger, draft(3))

    with Ledger.open(location) as opened:
        assert [entry.number for entry in opened.entries()] == [1, 2, 3, 4, 5]
        assert [entry.number for entry in opened.entries(2, 3)] == [2, 3]
        assert [entry.number for entry in opened.entries(kind="decision")] == [2, 3, 5]
        assert [entry.number for entry in opened.entries(system="S2")] == [3, 4]
        assert [entry.number for entry in opened.entries(kind="review", system="S2")] == [4]
        assert opened.entry(3).data["system"] == "S2"
        assert opened.size == 5


def test_a_store_gives_what_is_on_systems_one_after_the_other(ledger):
    for days in (9, 8):
        append(ledger, *(draft(number, day=b.days_before(days)) for number in (0, 2, 1)))
    append(ledger, review(about=3))
    every = [(None, 1), ("S0", 2), ("S0", 5), ("S1", 4), ("S1", 7), ("S2", 3), ("S2", 6), ("S2", 8)]

    def given(*asked):
        found = list(ledger.store.stories(*asked))
        assert all(ledger.entry(number).content == content for _, number, content in found)
        return [(system, number) for system, number, _ in found]

    assert ledger.store.systems(1, 8) == [(None, 1), ("S0", 2), ("S1", 2), ("S2", 3)]
    assert ledger.store.systems(5, 6) == [("S0", 1), ("S2", 1)]
    assert given(None, None, 8) == every
    assert given(None, "S1", 8) == every[:5]
    assert given("S1", None, 8) == every[3:]
    assert given("S1", "S1", 6) == [("S1", 4)]
    assert given(None, "", 8) == [(None, 1)]


def test_a_ledger_holds_the_rulebook_of_a_decision(ledger):
    [recorded] = append(ledger, draft())
    [digest] = recorded.entry.objects

    assert ledger.object(digest) == canonical(rulebook_data(book()))


def test_a_decision_without_its_rulebook_is_not_recorded(ledger):
    bare = draft()

    with pytest.raises(IntegrityError, match="does not hold sha256:"):
        append(ledger, Draft("decision", bare.data))
    with pytest.raises(InputError, match="what is given as sha256:"):
        append(ledger, Draft("decision", bare.data, dict.fromkeys(bare.objects, b"{}")))
    assert ledger.size == 1


def test_a_decision_is_recorded_once(ledger):
    [first] = append(ledger, draft(1))
    checkpoint = ledger.checkpoint()
    again, other, twice = append(ledger, draft(1), draft(2), draft(2))

    assert first.is_new
    assert (again.is_new, again.entry.number) == (False, 2)
    assert (other.is_new, other.entry.number) == (True, 3)
    assert (twice.is_new, twice.entry.number) == (False, 3)
    assert ledger.size == 3
    newest = ledger.checkpoint()
    assert append(ledger, draft(1))[0].entry == first.entry
    assert ledger.checkpoint() == newest != checkpoint


def test_a_decision_that_follows_a_correction_is_another_even_with_the_same_bytes(ledger):
    append(ledger, draft(1))
    [after] = append(ledger, draft(1, supersedes=2))

    assert (after.is_new, after.entry.number) == (True, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        Draft("review", {"about": 9, "by": BY, "on": "2025-07-01", "found": "Fine."}),
        Draft("review", {"about": 1, "by": BY, "on": "2025-07-01", "found": "Fine."}),
        Draft("review", {"about": 2, "by": BY, "on": "yesterday", "found": "Fine."}),
        Draft("gossip", {"about": 2}),
    ],
    ids=["about nothing", "about no decision", "no day", "no such kind"],
)
def test_a_batch_with_one_wrong_draft_leaves_nothing_behind(location, ledger, wrong):
    append(ledger, draft(1))

    with pytest.raises(InputError):
        append(ledger, draft(2), wrong)
    assert ledger.size == 2
    assert damage_of(location) is None
    assert append(ledger, draft(2))[0].entry.number == 3


def test_what_a_check_refuses_is_not_written(ledger):
    def refuse(opened):
        assert opened.size == 1
        raise InputError("no legal move")

    with pytest.raises(InputError, match="no legal move"):
        append(ledger, draft(), check=refuse)
    assert ledger.size == 1


def test_a_clock_that_steps_back_does_not_reorder_the_past(location, ledger):
    append(ledger, draft(1), at=START + HOUR)
    [back] = append(ledger, draft(2), at=START - HOUR)
    [forward] = append(ledger, draft(3), at=START + 2 * HOUR)

    assert back.entry.recorded_at == START + HOUR
    assert back.entry.data["clock"] == "2025-07-01T11:00:00Z"
    assert forward.entry.recorded_at == START + 2 * HOUR
    assert "clock" not in forward.entry.data
    assert damage_of(location) is None


def test_every_entry_is_proved_to_be_in_the_newest_checkpoint(ledger):
    sizes = {ledger.size: Checkpoint.parse(open_note(ledger.checkpoint(), [SIGNER.verifier]).text)}
    for number in range(8):
        append(ledger, draft(2 * number), draft(2 * number + 1))
        note = open_note(ledger.checkpoint(), [SIGNER.verifier])
        sizes[ledger.size] = Checkpoint.parse(note.text)
    newest = sizes[ledger.size]

    assert newest.root == root_of(leaf_hash(entry.content) for entry in ledger.entries())
    for entry in ledger.entries():
        leaf, index = leaf_hash(entry.content), entry.number - 1
        check_inclusion(leaf, index, 17, ledger.inclusion(entry.number), newest.root)
    for size, old in sizes.items():
        check_consistency(size, old.root, 17, newest.root, ledger.consistency(size))


def rotation_to(signer):
    said = {"key": signer.verifier.text, "replaces": SIGNER.verifier.text}
    return Draft("key", said | {"by": BY, "reason": "yearly"})


def test_a_new_key_signs_after_the_old_one_signed_for_it(location, ledger):
    other = signer_named(ORIGIN, "other")
    rotation = rotation_to(other)
    with pytest.raises(InputError, match="by itself"):
        append(ledger, draft(1), rotation)
    append(ledger, rotation)
    open_note(ledger.checkpoint(), [SIGNER.verifier])

    with pytest.raises(InputError, match="is not the one that signs"):
        append(ledger, draft(1))
    append(ledger, draft(1), signer=other)
    open_note(ledger.checkpoint(), [other.verifier])
    assert [number for number, _ in ledger.verifiers()] == [1, 2]
    assert damage_of(location) is None
    assert damage_of(location, verifiers=[SIGNER.verifier]) is None
    assert "not trusted" in str(damage_of(location, verifiers=[signer_named("else").verifier]))


def test_what_another_wrote_meanwhile_is_gone_on_from(location, ledger):
    new = signer_named(ORIGIN, "other")
    with Ledger.open(location, write=True) as another:
        numbers = [
            append(each, draft(number))[0].entry.number
            for number, each in enumerate((ledger, another, ledger, ledger, another))
        ]
        append(another, rotation_to(new))
        with pytest.raises(InputError, match="is not the one that signs"):
            append(ledger, draft(5))
        numbers += [
            append(each, draft(number), signer=new)[0].entry.number
            for number, each in enumerate((ledger, another, ledger), 5)
        ]

    assert numbers == [2, 3, 4, 5, 6, 8, 9, 10]
    assert damage_of(location) is None


def test_masking_takes_a_field_out_and_leaves_every_proof(location, ledger):
    append(ledger, draft(1), draft(2))
    kept, whole = ledger.checkpoint(), ledger.entry(2)
    said = {"by": BY, "reason": "on request"}
    fields = ["/case/facts/seen_pct", "/case/system/name"]
    masking = ledger.mask(2, fields, said, signer=SIGNER, clock=clock()).entry
    masked = ledger.entry(2)

    assert "seen_pct" not in masked.data["case"]["facts"]
    assert masked.masked == tuple(fields)
    assert masked.data["decision"] == whole.data["decision"]
    assert masking.data["digest"] == digest_of(masked.content)
    assert (ledger.is_masked(masked), ledger.is_masked(ledger.entry(3))) == (True, False)
    assert damage_of(location, checkpoint=kept) is None
    with Ledger.examine(location) as opened:
        assert verify(opened).masked == verify(opened, quick=True).masked == (2,)
    check_inclusion(leaf_hash(whole.content), 1, 4, ledger.inclusion(2), ledger.frontier().root())


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("/case/facts/nothing", "has no /case/facts/nothing"),
        ("/decision/decision", "nothing of `decision` can be masked"),
        ("/system", "nothing of `system` can be masked"),
        ("case", "has no case"),
        ("", "has no "),
    ],
)
def test_what_was_decided_cannot_be_masked(ledger, field, message):
    append(ledger, draft(1))

    with pytest.raises(InputError, match=message):
        ledger.mask(2, [field], {"by": BY, "reason": "x"}, signer=SIGNER, clock=clock())
    assert ledger.size == 2


def test_what_fails_after_something_was_written_leaves_nothing_of_it(location, ledger, monkeypatch):
    append(ledger, draft(1))
    checkpoint = ledger.checkpoint()

    def fail(*_):
        assert ledger.size == 3, "the masking is written before the bytes are replaced"
        raise LedgerUnavailableError("the disk is full")

    said = {"by": BY, "reason": "on request"}
    with monkeypatch.context() as patch:
        patch.setattr(ledger.store, "replace", fail)
        with pytest.raises(LedgerUnavailableError):
            ledger.mask(2, ["/case/facts/seen_pct"], said, signer=SIGNER, clock=clock())
    assert (ledger.size, ledger.checkpoint()) == (2, checkpoint)
    assert damage_of(location) is None
    assert append(ledger, draft(2))[0].entry.number == 3


def test_a_reader_sees_one_moment_while_others_append(location, ledger):
    with Ledger.open(location) as reader, reader.reading():
        before = reader.size
        append(ledger, draft(1))

        assert reader.size == before
        assert [entry.number for entry in reader.entries()] == [1]
    with Ledger.open(location) as reader:
        assert reader.size == before + 1


def test_a_ledger_that_is_read_cannot_be_written(tmp_path):
    location = made(str(tmp_path / "ledger"))

    with Ledger.open(location) as opened, pytest.raises(LedgerUnavailableError, match="readonly"):
        append(opened, draft(1))


def test_reading_takes_memory_that_does_not_grow_with_the_ledger(tmp_path, monkeypatch):
    for where in ("log.BATCH", "verification.BATCH", "log.MANY", "verification.AT_ONCE"):
        monkeypatch.setattr(f"oversight_engine.ledger.{where}", 16)
    long = "It is as it should be. " * 400

    def peak(size):
        location = made(str(tmp_path / str(size)))
        with Ledger.open(location, write=True) as opened:
            append(opened, draft(1))
            for _ in range(4):
                append(opened, *[review(found=long)] * (size // 4))
        tracemalloc.start()
        with Ledger.open(location) as opened:
            assert sum(1 for _ in opened.entries()) == opened.size
            assert verify(opened).damage is None
            assert verify(opened, quick=True).damage is None
            opened.inclusion(2)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(40)  # what is imported and cached on the way
    small, large = peak(100), peak(600)
    assert large - small < 0.05 * 500 * len(long)


# Places that are no ledger


def other_program(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE birds (name TEXT)")
    connection.close()


def with_trigger(path):
    made(str(path))
    connection = sqlite3.connect(path)
    connection.execute("CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END")
    connection.close()


def newer(path):
    made(str(path))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()


def linked(path):
    made(str(path.with_name("elsewhere")))
    path.symlink_to(path.with_name("elsewhere"))


def log_linked(path):
    made(str(path))
    path.with_name(path.name + "-wal").symlink_to("/dev/null")


PLACES = {
    "nothing": (lambda _: None, "there is no ledger"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "a link": (linked, "is a link to somewhere else"),
    "a link beside it": (log_linked, "is a link to somewhere else"),
    "text": (lambda path: path.write_text("birds\n" * 500), "is no ledger: file is not a database"),
    "an empty file": (lambda path: path.touch(), "of another program, or empty"),
    "another program's": (other_program, "of another program"),
    "a trigger": (with_trigger, "other tables, indexes or triggers"),
    "a newer format": (newer, "a ledger of format 2; this reads format 1"),
}


@pytest.mark.parametrize(("prepare", "message"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("write", [False, True])
def test_what_is_no_ledger_is_refused_and_left_alone(tmp_path, prepare, message, write):
    path = tmp_path / "place"
    prepare(path)
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises((InputError, IntegrityError), match=message):
        Ledger.open(str(path), write=write)
    assert (path.read_bytes() if path.is_file() else None) == before


NO_NAMES = ["", ".", "a\0b", "nowhere/ledger", "a\nb", "\x1b[31mred", "\udcff", "x" * 5000]
"""Those that lead nowhere, those that a message could not show, and one that is too long."""


@pytest.mark.parametrize("name", NO_NAMES, ids=range(len(NO_NAMES)))
def test_a_location_that_can_be_none_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError):
        made(name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["?mode=memory", "a b%20c", "ä#x", "file:x", "-x", ":memory:", "é" * 120]
)
def test_odd_names_are_names_of_files(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    made(name)

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert damage_of(name) is None


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("postgresql://user:secret@127.0.0.1:1/x", "cannot be used now"),
        ("postgresql://user:secret@host:port/x", "no address of a database"),
    ],
)
def test_a_password_is_never_said(location, message):
    with pytest.raises(InputError, match=message) as caught:
        Ledger.open(location)
    assert "secret" not in str(caught.value)
