"""What somebody can do who can write to the store of a ledger, and has none of its keys."""

# ruff: noqa: E501, S608 - sentences stand as they are read, and tables are named by us

from oversight_engine.ledger.entries import Draft, masked_content, read_entry
from oversight_engine.ledger.notes import Checkpoint, sign_note
from oversight_engine.model.plain import canonical
from tests.ledger.ledgers import BY, ORIGIN
from tests.ledger.tampered.good import (
    FOREIGN,
    LIGHT,
    MASKED,
    NEW,
    OLD,
    OTHER,
    SIZE,
    START,
    book,
    reform,
    said,
)
from tests.ledger.tampered.hands import (
    KEPT,
    NEWEST,
    TRUST,
    VERIFY,
    changed,
    replaced,
)
from tests.ledger.tampered.tampering import HASH, Tampering

OLD_KEY, NEW_KEY, FOREIGN_KEY, OTHER_KEY = (
    signer.verifier.text.encode() for signer in (OLD, NEW, FOREIGN, OTHER)
)
LATER = START.replace(month=11)
FACT = b'"seen_pct":{"status":"final","value":"60"}'


def swap(hands, one, other, columns):
    """Let two entries have each other's *columns*."""
    rows = {
        number: hands.change(f"SELECT {columns} FROM {{entries}} WHERE number = ?", number)[0]
        for number in (one, other)
    }
    names = [name.strip() for name in columns.split(",")]
    query = f"UPDATE {{entries}} SET {', '.join(f'{name} = ?' for name in names)} WHERE number = ?"
    hands.change(query, *rows[other], one)
    hands.change(query, *rows[one], other)


def update(**data):
    return lambda entry: entry.update(data)


def set_column(name, value, number):
    query = f"UPDATE {{entries}} SET {name} = ? WHERE number = ?"
    return lambda hands: hands.change(query, value, number)


def run(query, *values):
    return lambda hands: hands.change(query, *values)


def each(*steps):
    """Return what does one step after the other."""
    return lambda hands: [step(hands) for step in steps]


def edit(number, old, new, *, hashed=False):
    def do(hands):
        hands.edit(number, old, new)
        if hashed:
            hands.hash_again(number)

    return do


def write_out_of_order(hands):
    data = hands.data(14)
    content = canonical({"kind": data["kind"]})[:-1] + b"," + canonical(data)[1:]
    hands.put(14, replaced(content, b',"kind":"review"', b""))
    hands.hash_again(14)


def add_to_end(hands):
    """Add an entry with everything but a checkpoint that signs it."""
    draft = said("review", 16, on="2025-10-02", found="Nothing to see here.")
    hands.write([*hands.contents(), draft.entry(SIZE + 1, LATER).content])


def restore_checkpoints(do):
    """Return what does something and then puts the checkpoints back as they were."""

    def restoring(hands):
        notes = hands.change("SELECT size, note FROM {checkpoints}")
        do(hands)
        hands.change("DELETE FROM {checkpoints}")
        hands.change("INSERT INTO {checkpoints} (size, note) VALUES (?, ?)", many=notes)

    return restoring


def renumber(hands, *, inside=False):
    """Take out entry 5, and move up those after it."""
    hands.change("DELETE FROM {entries} WHERE number = 5")
    for number in range(6, SIZE + 1):
        hands.change("UPDATE {entries} SET number = ? WHERE number = ?", number - 1, number)
        if inside:
            content = changed(hands.content(number - 1), update(number=number - 1))
            hands.put(number - 1, content)
            hands.hash_again(number - 1)


def repeat(hands):
    """Let the last entry stand a second time, at the end."""
    columns = "leaf, content, kind, system, about, recorded_at"
    query = (
        f"INSERT INTO {{entries}} (number, {columns}) "
        f"SELECT {SIZE + 1}, {columns} FROM {{entries}} WHERE number = {SIZE}"
    )
    hands.change(query)


def take_signature(hands):
    """Put the signature of another checkpoint under the newest."""
    text = hands.note(SIZE).partition(b"\n\n")[0]
    signature = hands.note(SIZE - 1).partition(b"\n\n")[2]
    hands.put_note(SIZE, text + b"\n\n" + signature)


def sign_newest(signer, *, origin=ORIGIN):
    def do(hands):
        checkpoint = Checkpoint.parse(hands.note(SIZE).decode().partition("\n\n")[0] + "\n")
        text = Checkpoint(origin, SIZE, checkpoint.root).text
        hands.put_note(SIZE, sign_note(text, signer))

    return do


def edit_note(size, change):
    return lambda hands: hands.put_note(size, change(hands.note(size)))


def flip_root(note):
    """Change the first character of the root."""
    origin, size, root, *rest = note.split(b"\n")
    return b"\n".join([origin, size, (b"B" if root[:1] == b"A" else b"A") + root[1:], *rest])


def mask_unsaid(hands):
    hands.put(16, masked_content(read_entry(hands.content(16)), ["/case/facts/seen_pct"]))


def mask_more(hands):
    hands.put(MASKED, masked_content(read_entry(hands.content(MASKED)), ["/case/facts/harm_found"]))


def unmask(hands):
    def change(data):
        data["case"]["facts"]["seen_pct"] = {"status": "final", "value": "75"}
        del data["masked"]

    hands.put(MASKED, changed(hands.content(MASKED), change))


def lighter(data):
    """Let an entry say another outcome."""
    data["decision"]["decision"] = LIGHT


def edit_object(digest, old, new):
    def do(hands):
        [(content,)] = hands.change("SELECT content FROM {objects} WHERE digest = ?", digest)
        content = replaced(bytes(content), old, new)
        hands.change("UPDATE {objects} SET content = ? WHERE digest = ?", content, digest)

    return do


def sign_over(hands):
    """Sign everything that stands there with a key of one's own."""
    hands.write(hands.contents(), old=FOREIGN, new=FOREIGN)


def write_anew(hands):
    """Write the whole ledger again in the name of two other keys."""
    contents = [
        content.replace(OLD_KEY, FOREIGN_KEY).replace(NEW_KEY, OTHER_KEY)
        for content in hands.contents()
    ]
    hands.write(contents, old=FOREIGN, new=OTHER)


def rotate_to_own(hands):
    """Add an entry by which a foreign key signs from now on, and sign it with that."""
    keys = {"key": FOREIGN_KEY.decode(), "replaces": NEW_KEY.decode(), "by": BY, "reason": "Us."}
    content = Draft("key", keys).entry(SIZE + 1, LATER).content
    hands.write([*hands.contents(), content])
    text = hands.note(SIZE + 1).decode().partition("\n\n")[0] + "\n"
    hands.put_note(SIZE + 1, sign_note(text, FOREIGN))


t = Tampering

# fmt: off


TAMPERED = [
    # What entries say
    t("edited fact", "A figure in the case of entry 8 is another.",
      edit(8, FACT, FACT.replace(b"60", b"80")),
      {VERIFY: f"entry 8: {HASH}"}, quick=True),
    t("edited outcome", "The decision in entry 3 is lighter.",
      edit(3, b'"decision":"heavy"', b'"decision":"light"'),
      {VERIFY: f"entry 3: {HASH}"}, quick=True),
    t("edited history", "Entry 8 remembers another outcome before it.",
      edit(8, b'"value":"light"', b'"value":"middle"'),
      {VERIFY: f"entry 8: {HASH}"}, quick=True),
    t("edited reason", "The override in entry 10 has another reason.",
      edit(10, b"A flood.", b"A drought."),
      {VERIFY: f"entry 10: {HASH}"}, quick=True),
    t("edited role", "Entry 4 was confirmed by somebody in another role.",
      edit(4, b'"director"', b'"minister"'),
      {VERIFY: f"entry 4: {HASH}"}, quick=True),
    t("edited last day", "The override in entry 10 holds a year longer.",
      edit(10, b"2026-03-31", b"2027-03-31"),
      {VERIFY: f"entry 10: {HASH}"}, quick=True),
    t("edited moment", "Entry 5 was recorded a day earlier.",
      edit(5, b"2025-10-01T15", b"2025-09-30T15"),
      {VERIFY: f"entry 5: {HASH}"}, quick=True),
    t("edited version of the semantics", "Entry 2 was decided under another version.",
      edit(2, b'"semantics":1', b'"semantics":9'),
      {VERIFY: f"entry 2: {HASH}"}, quick=True),
    t("edited attestation", "Entry 2 says that more evaluators agreed.",
      edit(2, b'["reference"]', b'["durable","reference"]'),
      {VERIFY: f"entry 2: {HASH}"}, quick=True),
    t("edited origin", "Entry 1 says that the ledger is called otherwise.",
      edit(1, ORIGIN.encode() + b'","recorded', b'example.org","recorded'),
      {VERIFY: f"entry 1: {HASH}"}, quick=True),
    t("edited key", "Entry 1 names another key.",
      edit(1, OLD_KEY, FOREIGN_KEY),
      {VERIFY: f"entry 1: {HASH}"}, quick=True),
    t("emptied entry", "Nothing is left of entry 5.",
      run("UPDATE {entries} SET content = ? WHERE number = 5", b""),
      {VERIFY: f"entry 5: {HASH}"}, quick=True),
    t("edited and hashed again", "The outcome in entry 3 is another, and so is its stored hash.",
      edit(3, b'"decision":"heavy"', b'"decision":"light"', hashed=True),
      {VERIFY: "entry 3: it is found by the identity 'sha256:…', and what it says is 'sha256:…'"}, quick=True),
    t("whole tree computed again", "The same, and all hashes and the head follow; the checkpoints are as they were signed.",
      restore_checkpoints(lambda hands: hands.write_with(3, lighter)),
      {VERIFY: "entry 2 to 3: what stands here is not what was signed: the tree is not that of the checkpoint of 3 entries"}, quick=True),
    t("hash changed", "The stored hash of entry 8 is another.",
      run("UPDATE {entries} SET leaf = ? WHERE number = 8", bytes(32)),
      {VERIFY: f"entry 8: {HASH}"}, quick=True),
    t("reordered keys", "The keys of entry 14 are in another order; the hash follows.",
      write_out_of_order,
      {VERIFY: "entry 14: it is not in canonical form: keys out of order, or odd writing"}, quick=True),
    t("added white space", "There is a space in entry 14; the hash follows.",
      edit(14, b'"kind":', b'"kind": ', hashed=True),
      {VERIFY: "entry 14: it is not in canonical form: keys out of order, or odd writing"}, quick=True),
    # Which entries there are
    t("swapped entries", "Entries 2 and 3 have each other's bytes.",
      lambda hands: swap(hands, 2, 3, "content"),
      {VERIFY: f"entry 2: {HASH}"}, quick=True),
    t("swapped entries with their hashes", "Entries 2 and 3 have each other's bytes and hashes.",
      lambda hands: swap(hands, 2, 3, "content, leaf"),
      {VERIFY: "entry 2: it says that it is entry 3"}, quick=True),
    t("removed entry", "Entry 5 is gone.",
      run("DELETE FROM {entries} WHERE number = 5"),
      {VERIFY: "entry 5: it is missing"}, quick=True),
    t("removed first entry", "Entry 1 is gone.",
      run("DELETE FROM {entries} WHERE number = 1"),
      {VERIFY: "entry 1: it is missing"}, quick=True),
    t("removed and renumbered", "Entry 5 is gone, and those after it have moved up.",
      renumber,
      {VERIFY: "entry 5: it says that it is entry 6"}, quick=True),
    t("removed and renumbered throughout", "The same, and the entries say so and are hashed again.",
      lambda hands: renumber(hands, inside=True),
      {VERIFY: "entry 5: `about` names entry 5, which does not come before it"}, quick=True),
    t("duplicated entry", "Entry 17 stands a second time, as 18.", repeat,
      {VERIFY: "entry 18: it says that it is entry 17"}, quick=True),
    t("added entry", "There is an entry 18, with its hash and in the head, but signed by nobody.",
      restore_checkpoints(add_to_end),
      {VERIFY: "entry 18: no checkpoint signs what stands here"}, quick=True),
    t("truncated tail", "Entry 17 is gone.",
      run("DELETE FROM {entries} WHERE number = 17"),
      {VERIFY: "entry 17: the ledger says that it has 17 entries, and it has 16"}, quick=True),
    t("truncated tail with its checkpoint", "Entry 17 and its checkpoint are gone.",
      each(run("DELETE FROM {entries} WHERE number = 17"),
           run("DELETE FROM {checkpoints} WHERE size = 17")),
      {VERIFY: "entry 17: the ledger says that it has 17 entries, and it has 16"}, quick=True),
    t("truncated tail with rolled-back head", "Entries 14 to 17 and their checkpoints are gone, and the head is as it was before them: what is left is a ledger as it once was.",
      each(unmask, lambda hands: hands.cut(13)),
      {
          KEPT: "entry 14: missing: the checkpoint that was kept is of 14 entries, and the ledger has 13",
          NEWEST: "entry 14 to 17: missing: the checkpoint that was kept is of 17 entries, and the ledger has 13",
      }),
    t("truncated tail after the kept checkpoint", "Entries 16 and 17 are gone in the same way, and the older checkpoint that was kept is of fewer.",
      lambda hands: hands.cut(15),
      {NEWEST: "entry 16 to 17: missing: the checkpoint that was kept is of 17 entries, and the ledger has 15"}),
    # Head and checkpoints
    t("rolled-back head", "The head says that there are 16 entries.",
      run("UPDATE {head} SET size = 16"),
      {
          VERIFY: "entry 17: the ledger says that it has 16 entries, and it has 17",
          NEWEST: "entry 17: missing: the checkpoint that was kept is of 17 entries, and the ledger has 16",
      }, quick=True),
    t("edited frontier", "The head holds another edge of the tree to append to.",
      run("UPDATE {head} SET frontier = ?", bytes(64)),
      {VERIFY: "what is kept of the tree to append to it is not of this tree"}, quick=True),
    t("edited moment in the head", "The head says another moment of the last entry.",
      run("UPDATE {head} SET recorded_at = '2025-01-01T00:00:00Z'"),
      {VERIFY: "the ledger says that its last entry was recorded at 2025-01-01T00:00:00Z, and that says 2025-10-02T02:00:00Z"}),
    t("removed head", "There is no head.", run("DELETE FROM {head}"),
      {VERIFY: "LEDGER does not say how long it is"}, quick=True),
    t("removed checkpoint", "The newest checkpoint is gone.",
      run("DELETE FROM {checkpoints} WHERE size = 17"),
      {VERIFY: "entry 17: no checkpoint signs what stands here"}, quick=True),
    t("removed checkpoints", "All checkpoints are gone.",
      run("DELETE FROM {checkpoints}"),
      {VERIFY: "entry 1 to 17: no checkpoint signs what stands here"}, quick=True),
    t("removed checkpoint of the new key", "The checkpoint by which the old key signs for the new one is gone.",
      run("DELETE FROM {checkpoints} WHERE size = 9"),
      {VERIFY: "entry 9: the new key KEY is not signed with the one before"}, quick=True),
    t("removed older checkpoint", "The checkpoint of 6 entries is gone.",
      run("DELETE FROM {checkpoints} WHERE size = 6"), {},
      outside="nothing is lost: later checkpoints sign the same entries, and whoever kept this one can still use it"),
    t("edited root in a checkpoint", "The checkpoint of 14 entries says another root.",
      edit_note(14, flip_root),
      {VERIFY: "the checkpoint of 14 entries is not signed with the key in force, KEY: the signature by KEY is not that key's"}, quick=True),
    t("edited size in a checkpoint", "The checkpoint of 14 entries says 15.",
      edit_note(14, lambda note: replaced(note, b"\n14\n", b"\n15\n")),
      {VERIFY: "the checkpoint of 14 entries is not signed with the key in force, KEY: the signature by KEY is not that key's"}, quick=True),
    t("replayed old checkpoint", "In the place of the newest checkpoint stands the one before it.",
      lambda hands: hands.put_note(17, hands.note(16)),
      {VERIFY: "the checkpoint held for 17 entries is of 16"}, quick=True),
    t("checkpoint of entries to come", "The checkpoint of 17 entries is held as one of 20.",
      run("UPDATE {checkpoints} SET size = 20 WHERE size = 17"),
      {VERIFY: "entry 18 to 20: missing: there is a checkpoint of 20 entries"}, quick=True),
    t("signature of another checkpoint", "The newest checkpoint has the signature of the one before it.",
      take_signature,
      {VERIFY: "the checkpoint of 17 entries is not signed with the key in force, KEY: the signature by KEY is not that key's"}, quick=True),
    t("removed signature", "The newest checkpoint has no signature.",
      edit_note(17, lambda note: note.partition(b"\n\n")[0] + b"\n\n"),
      {VERIFY: "the checkpoint of 17 entries is not signed with the key in force, KEY: not a signed note: it does not end with a newline"}, quick=True),
    t("foreign signature", "The newest checkpoint is signed by a key that is not of the ledger.",
      sign_newest(FOREIGN),
      {VERIFY: "the checkpoint of 17 entries is not signed with the key in force, KEY: no trusted key signed this: its signatures are by FOREIGN KEY"}, quick=True),
    t("everything signed with another key", "All checkpoints are signed by such a key.",
      sign_over,
      {VERIFY: "the checkpoint of 1 entries is not signed with the key in force, OLD KEY: no trusted key signed this: its signatures are by FOREIGN KEY"}, quick=True),
    t("forged rotation", "An entry 18 says that another key signs from now on, and that key signs it.",
      rotate_to_own,
      {VERIFY: "the checkpoint of 18 entries is not signed with the key in force, KEY: no trusted key signed this: its signatures are by FOREIGN KEY"}, quick=True),
    t("whole ledger written by another key", "Every entry, hash and checkpoint is written anew, and the keys that the ledger names are the forger's.",
      write_anew,
      {
          TRUST: "it is signed with a key that is not trusted: its keys are FOREIGN KEY, OTHER FOREIGN KEY",
          KEPT: "the checkpoint that was kept: no trusted key signed this: its signatures are by KEY",
          NEWEST: "the checkpoint that was kept: no trusted key signed this: its signatures are by KEY",
      }),
    # What entries refer to
    t("edited rulebook object", "The target in the rulebook is another.",
      edit_object(book().digest, b'"70"', b'"60"'),
      {VERIFY: "entry 2: it refers to sha256:…: LEDGER: what it holds as sha256:… is sha256:…"}),
    t("edited reform object", "The target in the reform is another.",
      edit_object(reform().digest, b'"90"', b'"60"'),
      {VERIFY: "entry 7: it refers to sha256:…: LEDGER: what it holds as sha256:… is sha256:…"}),
    t("removed object", "The rulebook is gone.",
      run("DELETE FROM {objects} WHERE digest = ?", book().digest),
      {VERIFY: "entry 2: it refers to sha256:…: LEDGER does not hold sha256:…, which it refers to"}),
    t("renamed object", "The reform is held under another digest.",
      run("UPDATE {objects} SET digest = ? WHERE digest = ?", "sha256:" + "0" * 64, reform().digest),
      {VERIFY: "entry 7: it refers to sha256:…: LEDGER does not hold sha256:…, which it refers to"}),
    t("extra object", "There is an object to which no entry refers.",
      lambda hands: hands.hold(canonical({"id": "another"})),
      {VERIFY: "it holds sha256:…, to which no entry refers"}),
    # What is masked
    t("masked without saying so", "A figure in entry 16 is masked, and no entry says so.",
      mask_unsaid,
      {VERIFY: f"entry 16: {HASH}"}, quick=True),
    t("masked further", "Another figure in entry 7 is masked, of which its masking says nothing.",
      mask_more,
      {VERIFY: "entry 7: its bytes are not those that its masking, entry 15, left"}, quick=True),
    t("masked bytes edited", "What masking left of entry 7 is edited.",
      edit(7, b'"decision":"middle"', b'"decision":"light"'),
      {VERIFY: "entry 7: its bytes are not those that its masking, entry 15, left"}, quick=True),
    t("masking without masked bytes", "Entry 7 is as it was recorded, and entry 15 says that it is masked.",
      unmask,
      {VERIFY: "entry 15: it says that entry 7 is masked, and it is as recorded"}),
    # By what entries are found
    t("changed kind", "The index has entry 10 as a review.", set_column("kind", "review", 10),
      {VERIFY: "entry 10: it is found by the kind 'review', and what it says is 'override'"}),
    t("changed system", "The index has entry 3 under another system.",
      set_column("system", "S1", 3),
      {VERIFY: "entry 3: it is found by the system 'S1', and what it says is 'S2'"}),
    t("changed system of a person's act", "The index has the override in entry 10 under no system.",
      set_column("system", None, 10),
      {VERIFY: "entry 10: it is found by the system None, and what it says is 'S1'"}),
    t("changed about", "The index has entry 10 as being about another.",
      set_column("about", 2, 10),
      {VERIFY: "entry 10: it is found by the about 2, and what it says is 8"}),
    t("changed recorded_at", "The index has another moment for entry 10.",
      set_column("recorded_at", "2025-10-01T00:00:00Z", 10),
      {VERIFY: "entry 10: it is found by the recorded_at '2025-10-01T00:00:00Z', and what it says is '2025-10-01T20:00:00Z'"}),
    t("changed identity", "The index has entry 2 under another digest, so that the same decision could be recorded again.",
      set_column("identity", "sha256:" + "0" * 64, 2),
      {VERIFY: "entry 2: it is found by the identity 'sha256:…', and what it says is 'sha256:…'"}),
]
"""In the order of the catalogue."""
