"""What somebody can do who has a key of the ledger: one rotated out, or the one that signs."""

# ruff: noqa: E501 - sentences and messages stand as they are read

import json

from oversight_engine.engine import decide
from oversight_engine.ledger.entries import (
    Draft,
    decided_case,
    digest_of,
    masked_content,
    read_entry,
)
from oversight_engine.ledger.log import Ledger
from oversight_engine.ledger.restoring import restore_case
from oversight_engine.model.plain import canonical
from oversight_engine.model.recorded import recorded_data
from tests.ledger.ledgers import ORIGIN
from tests.ledger.tampered.good import (
    HEAVY,
    LIGHT,
    MASKED,
    MIDDLE,
    NEW,
    OLD,
    ROTATION,
    SIZE,
    book,
    decided,
    said,
)
from tests.ledger.tampered.hands import (
    KEPT,
    NEWEST,
    RECHECK,
    REPLAY,
    TRUST,
    VERIFY,
    changed,
    replaced,
)
from tests.ledger.tampered.tampering import NOT_AS_KEPT, NOT_AS_NEWEST, Tampering
from tests.ledger.tampered.without_a_key import FACT, LATER, unmask, update, write_out_of_order


def write_with(number, change, **signers):
    """Return what writes the whole ledger again with the data of one entry changed."""
    return lambda hands: hands.write_with(number, change, **signers)


def write_bytes(number, change):
    """Return what writes the whole ledger again with the bytes of one entry changed."""

    def do(hands):
        contents = hands.contents()
        contents[number - 1] = change(contents[number - 1])
        hands.write(contents)

    return do


def append(*made):
    """Return what records something at the end, past the checks of the commands."""

    def do(hands):
        with Ledger.open(hands.location, write=True) as ledger:
            for make in made:
                ledger.append([make(ledger)], signer=NEW, clock=lambda: LATER)

    return do


def say(kind, about, **more):
    return lambda _ledger: said(kind, about, **more)


def settle(data):
    """Let the recorded decision name the case that stands beside it now."""
    data["decision"]["case"] = digest_of(canonical(decided_case(data)))


def remember(outcome):
    """Return what lets a decision's history say another outcome, and its digest follow."""

    def change(data):
        data["history"]["outcome_before"]["value"] = outcome
        settle(data)

    return change


def of_draft(draft, change):
    data = json.loads(canonical(draft.data))
    change(data)
    return Draft(draft.kind, data, draft.objects)


def false_outcome(ledger):
    """Return a decision that does not follow from its case."""
    return of_draft(decided(ledger, "S7"), update_outcome(HEAVY))


def false_history(ledger):
    """Return a decision that rests on a history that the ledger does not give."""
    return of_draft(decided(ledger, "S1", day=LATER.date()), remember(HEAVY))


def update_outcome(outcome):
    def change(data):
        data["decision"]["decision"] = outcome
        data["decision"]["possible_outcomes"] = [outcome]

    return change


def decide_again(number, **facts):
    """Return what writes the ledger as if one decision had been of another case all along."""

    def change(data):
        case = data["case"]
        for fact, value in facts.items():
            case["facts"][fact]["value"] = value
        whole = restore_case(decided_case(data), book())
        decision = decide(book(), whole, evaluators=("reference",))
        data["decision"] = recorded_data(decision)

    return write_with(number, change)


def repeat_decision(hands):
    """Record the last decision a second time, as an entry of its own."""
    content = changed(hands.content(SIZE), update(number=SIZE + 1))
    hands.write([*hands.contents(), content])


def remove(number):
    """Return what writes the ledger again without an entry to which no other refers."""

    def do(hands):
        contents = hands.contents()
        del contents[number - 1]
        hands.write(
            [changed(content, update(number=place)) if place >= number else content
             for place, content in enumerate(contents, 1)]
        )  # fmt: skip

    return do


def fork(hands):
    """Go on from entry 16 with another decision than the one that was recorded then."""
    hands.cut(SIZE - 1)
    append(lambda ledger: decided(ledger, "S9"))(hands)


def fork_before_rotation(hands):
    """Go on from before the key was replaced, as if it had never been."""
    unmask(hands)
    hands.cut(ROTATION - 1)
    with Ledger.open(hands.location, write=True) as ledger:
        for number in range(SIZE + 1 - ROTATION):
            draft = decided(ledger, f"S{20 + number}")
            ledger.append([draft], signer=OLD, clock=lambda: LATER)


def edit_by_masking(hands):
    """Mask a figure in entry 16, and edit the outcome that it led to on the same occasion."""
    masked = masked_content(read_entry(hands.content(16)), ["/case/facts/seen_pct"])
    masked = changed(masked, update_outcome(HEAVY))
    mask_with(hands, 16, ["/case/facts/seen_pct"], masked)


def mask_other_fields(hands):
    """Mask more in entry 16 than the entry that records it says."""
    fields = ["/case/facts/harm_found", "/case/facts/seen_pct"]
    masked = masked_content(read_entry(hands.content(16)), fields)
    mask_with(hands, 16, fields[1:], masked)


def mask_with(hands, number, fields, content):
    said_of_it = {"fields": fields, "digest": digest_of(content), "reason": "On request."}
    append(say("masking", number, **said_of_it))(hands)
    hands.put(number, content)
    if content:
        identity(hands, number)


def identity(hands, number):
    from oversight_engine.ledger.entries import identity_of

    found = identity_of(hands.data(number))
    hands.change("UPDATE {entries} SET identity = ? WHERE number = ?", found, number)


def edit_masked(hands):
    """Edit what masking left of entry 7, and let the masking say that this is what it left."""
    contents = hands.contents()
    contents[MASKED - 1] = replaced(
        contents[MASKED - 1], b'"name":"A system"', b'"name":"B system"'
    )
    digest = digest_of(contents[MASKED - 1])
    contents[15 - 1] = changed(contents[15 - 1], update(digest=digest))
    hands.write(contents)


def other_rulebook(hands):
    """Let everything have been decided under a rulebook with another target all along."""
    [(content,)] = hands.change("SELECT content FROM {objects} WHERE digest = ?", book().digest)
    changed_book = replaced(bytes(content), b'"70"', b'"65"')
    digest = hands.hold(changed_book)
    old, new = book().digest.encode(), digest.encode()
    hands.write(
        [content if place == MASKED else content.replace(old, new)
         for place, content in enumerate(hands.contents(), 1)]
    )  # fmt: skip


def rename(hands):
    """Let the ledger have another name, in its first entry."""
    hands.write_with(1, update(origin="ledger.example/other"))


def nothing(_hands):
    """Do nothing."""


def record_and_forget(hands):
    """Record a decision after the newest checkpoint that was kept, and take it back."""
    append(lambda ledger: decided(ledger, "S7"))(hands)
    hands.cut(SIZE)


FIRST = canonical(
    {
        "engine_version": "1", "format": "oversight-entry/1", "keys": [NEW.verifier.text],
        "kind": "ledger", "number": 14, "origin": ORIGIN, "recorded_at": "2025-10-02T00:00:00Z",
    }
)  # fmt: skip
"""A first entry that stands elsewhere."""


t = Tampering

# fmt: off


WITH_OLD_KEY = [
    t("signed again with the rotated-out key", "The outcome in entry 11 is another, and everything is signed again, with the key that was replaced by entry 9.",
      write_with(11, update_outcome(LIGHT), new=OLD),
      {VERIFY: "the checkpoint of 10 entries is not signed with the key in force, KEY: no trusted key signed this: its signatures are by OLD KEY"}, quick=True),
    t("forked before the rotation", "From entry 9 on, where the key was replaced, stand other entries, signed with the key from before as if it had never been replaced.",
      fork_before_rotation,
      {
          TRUST: "it is signed with a key that is not trusted: its keys are OLD KEY",
          KEPT: "the checkpoint that was kept: no trusted key signed this: its signatures are by KEY",
          NEWEST: "the checkpoint that was kept: no trusted key signed this: its signatures are by KEY",
      }),
]

WITH_THE_KEY = [
    # What no entry says
    t("reordered keys, signed", "The keys of entry 14 are in another order.",
      lambda hands: (write_out_of_order(hands), hands.write(hands.contents())),
      {VERIFY: "entry 14: it is not in canonical form: keys out of order, or odd writing"}),
    t("added white space, signed", "There is a space in entry 14.",
      write_bytes(14, lambda content: replaced(content, b'"kind":', b'"kind": ')),
      {VERIFY: "entry 14: it is not in canonical form: keys out of order, or odd writing"}),
    t("a key of its own", "Entry 14 says something that no review says.",
      write_with(14, update(mood="good")),
      {VERIFY: "entry 14: `mood` is nothing that an entry of the kind review says"}),
    t("a kind of its own", "Entry 14 is of a kind that there is not.",
      write_with(14, update(kind="gossip")),
      {VERIFY: "entry 14: `kind` is one of ledger, key, decision, representation, answer, confirmation, refusal, override, correction, review, withdrawal, masking"}),
    t("another format", "Entry 14 says that it is of a later format.",
      write_with(14, update(format="oversight-entry/2")),
      {VERIFY: "entry 14: `format` is oversight-entry/1"}),
    t("renumbered, signed", "Entry 14 says that it is entry 15.",
      write_with(14, update(number=15)),
      {VERIFY: "entry 14: it says that it is entry 15"}),
    t("clock going back", "Entry 14 was recorded a day before entry 13.",
      write_with(14, update(recorded_at="2025-09-30T12:00:00Z")),
      {VERIFY: "entry 14: it says that it was recorded at 2025-09-30T12:00:00Z, before the entry before it, 2025-10-01T22:00:00Z"}),
    t("clock that had not stepped back", "Entry 14 says that its clock had stepped back, to a later moment.",
      write_with(14, update(clock="2025-10-03T12:00:00Z")),
      {VERIFY: "entry 14: `clock` is there only where the clock had stepped back"}),
    t("edited fact, signed", "A figure in the case of entry 8 is another, and the digest of the case is not.",
      write_bytes(8, lambda content: replaced(content, FACT, FACT.replace(b"60", b"80"))),
      {VERIFY: "entry 8: the case is not the one that was decided: its digest is another"}),
    t("history left out", "Entry 8 remembers nothing.",
      write_with(8, lambda data: data.pop("history")),
      {VERIFY: "entry 8: the case is not the one that was decided: its digest is another"}),
    t("the case of another system", "The case in entry 16 is of another system.",
      write_with(16, lambda data: data["case"]["system"].update(code="S9")),
      {VERIFY: "entry 16: `system` is not that of the case; the case is not the one that was decided: its digest is another"}),
    t("decision of another day", "Entry 16 says another day than its decision.",
      write_with(16, update(as_of="2025-07-01")),
      {VERIFY: "entry 16: `as_of` is not that of the decision"}),
    t("first entry twice", "Entry 14 is of the kind with which a ledger begins.",
      write_with(14, lambda data: (data.clear(), data.update(json.loads(FIRST)))),
      {VERIFY: "entry 14: the first entry, and no other, is of the kind ledger"}),
    # What entries refer to
    t("the same decision twice", "The decision in entry 17 is recorded again, as entry 18.",
      repeat_decision,
      {VERIFY: "entry 18: it records the same decision as entry 17"}),
    t("confirmation of no decision", "The confirmation in entry 4 is about entry 1.",
      write_with(4, update(about=1)),
      {VERIFY: "entry 4: `about` names entry 1, which is a ledger, not a decision"}),
    t("answer to no representation", "The answer in entry 6 is about a confirmation.",
      write_with(6, update(about=4)),
      {VERIFY: "entry 6: `about` names entry 4, which is a confirmation, not a representation"}),
    t("review of what is to come", "The review in entry 14 is about entry 16.",
      write_with(14, update(about=16)),
      {VERIFY: "entry 14: `about` names entry 16, which does not come before it"}),
    t("supersedes of another system", "The decision in entry 13 supersedes one on another system.",
      write_with(13, update(supersedes=2)),
      {VERIFY: "entry 13: it supersedes a decision on S1, and is on S4"}),
    t("rulebook that is not there", "Entry 16 was decided under a rulebook that the ledger does not hold.",
      write_with(16, lambda data: data["decision"].update(rulebook="sha256:" + "0" * 64)),
      {VERIFY: "entry 16: it refers to sha256:…: LEDGER does not hold sha256:…, which it refers to"}),
    # Keys and masks
    t("origin changed", "Entry 1 says another origin than the checkpoints.", rename,
      {
          VERIFY: "the checkpoint of 1 entries is of ledger.example/test, not of ledger.example/other",
          KEPT: "the checkpoint that was kept is of ledger.example/test, not of ledger.example/other",
          NEWEST: "the checkpoint that was kept is of ledger.example/test, not of ledger.example/other",
      }, quick=True),
    t("rotation from another key", "The entry of the new key says that it replaces another.",
      write_with(ROTATION, update(replaces=NEW.verifier.text)),
      {
          VERIFY: "entry 9: it replaces KEY, and the key before it is OLD KEY",
          KEPT: NOT_AS_KEPT,
          NEWEST: NOT_AS_NEWEST,
      }, quick=True),
    t("rotation to no key", "The new key in entry 9 is none.",
      write_with(ROTATION, update(key="ledger.example/test")),
      {VERIFY: "entry 9: the key it names is none: not a public key: it is not of the form name+hash+base64"}, quick=True),
    t("masked outcome", "The decision in entry 16 is masked, which cannot be.",
      lambda hands: mask_with(hands, 16, ["/decision/decision"], changed(
          hands.content(16),
          lambda data: (data["decision"].pop("decision"), data.update(masked=["/decision/decision"])),
      )),
      {VERIFY: "entry 16: nothing of `decision` can be masked"}),
    t("masked more than was said", "Entry 16 is masked in two figures, and the masking says one.",
      mask_other_fields,
      {VERIFY: "entry 16: what is masked in it is /case/facts/harm_found, /case/facts/seen_pct, and what its masking, entry 18, says is /case/facts/seen_pct"}),
    t("masking edited", "What masking left of entry 7 is edited, and so is the digest in the masking.",
      edit_masked,
      {NEWEST: NOT_AS_NEWEST}),
    # What could not have happened
    t("outcome that does not follow", "A decision is recorded that does not follow from its case: perfect inside, and false.",
      append(false_outcome),
      {REPLAY: "entry 18: decision: recorded heavy, derived light"}),
    t("history that the ledger contradicts", "A decision is recorded that remembers another outcome than the ledger gives.",
      append(false_history),
      {RECHECK: "entry 18: records outcome_before as heavy (ledger entry 10), and the entries before it give light (ledger entry 10)"}),
    t("semantics nobody knows", "A decision is recorded under a version of the semantics that there is not.",
      append(lambda ledger: of_draft(decided(ledger, "S7"), lambda data: data["decision"].update(semantics=9))),
      {REPLAY: "entry 18: it was derived by version 9 of the semantics, and this engine knows 1: a newer one is needed"}),
    t("confirmation of what was superseded", "A decision is confirmed that a correction has superseded.",
      append(say("confirmation", 11, on="2025-11-01")),
      {RECHECK: "entry 18: the decision in entry 11 is superseded, so there is nothing to confirm; nothing more can be done to it"}),
    t("refusal of what was confirmed", "A decision is refused that was confirmed before.",
      append(say("refusal", 3, on="2025-11-01", reason="Late.")),
      {RECHECK: "entry 18: the decision in entry 3 is confirmed, so there is nothing to refuse; legal now: override, represent, review, correct, withdraw"}),
    t("second decision of a day", "A system is decided a second time for the same day, without a correction.",
      append(lambda ledger: decided(ledger, "S5", seen_pct=90)),
      {RECHECK: "entry 18: S5 was decided under test as of 2025-06-30 already, in entry 16: correct that one, or withdraw it"}),
    t("withdrawn twice", "A decision is withdrawn, and withdrawn again.",
      append(say("withdrawal", 16, reason="An error."), say("withdrawal", 16, reason="Twice.")),
      {RECHECK: "entry 19: the decision in entry 16 is withdrawn, so there is nothing to withdraw; nothing more can be done to it"}),
    # The past written again
    t("edited outcome, signed", "The outcome in entry 2 is another, and the whole ledger is written and signed again.",
      write_with(2, update_outcome(MIDDLE)),
      {
          KEPT: NOT_AS_KEPT,
          NEWEST: NOT_AS_NEWEST,
          RECHECK: "entry 8: records outcome_before as light (ledger entry 2), and the entries before it give middle (ledger entry 2)",
          REPLAY: "entry 2: decision: recorded middle, derived light",
      }),
    t("edited semantics, signed", "Entry 2 was decided under another version of the semantics, likewise.",
      write_with(2, lambda data: data["decision"].update(semantics=9)),
      {
          KEPT: NOT_AS_KEPT,
          NEWEST: NOT_AS_NEWEST,
          REPLAY: "entry 2: it was derived by version 9 of the semantics, and this engine knows 1: a newer one is needed",
      }),
    t("edited history, signed", "Entry 8 remembers another outcome, and the digest of its case follows, likewise.",
      write_with(8, remember("none")),
      {
          KEPT: NOT_AS_KEPT,
          NEWEST: NOT_AS_NEWEST,
          RECHECK: "entry 8: records outcome_before as none (ledger entry 2), and the entries before it give light (ledger entry 2)",
      }),
    t("edited attestation, signed", "Entry 2 says that more evaluators agreed, likewise.",
      write_with(2, lambda data: data["attestation"].update(evaluators=["durable", "reference"])),
      {KEPT: NOT_AS_KEPT, NEWEST: NOT_AS_NEWEST}),
    t("backdated", "Entry 4 was recorded half an hour earlier, likewise.",
      write_with(4, update(recorded_at="2025-10-01T13:30:00Z")),
      {KEPT: NOT_AS_KEPT, NEWEST: NOT_AS_NEWEST}),
    t("case decided again", "Entry 2 is a decision of another case, which follows from it, likewise.",
      decide_again(2, seen_pct="90"),
      {KEPT: NOT_AS_KEPT, NEWEST: NOT_AS_NEWEST}),
    t("rulebook edited throughout", "The target in the rulebook is another, and every entry names this rulebook, likewise.",
      other_rulebook,
      {
          KEPT: NOT_AS_KEPT,
          NEWEST: NOT_AS_NEWEST,
          REPLAY: "entry 2: in force: recorded sha256:…, derived sha256:…",
      }),
    t("removed and signed", "Entry 16 is gone, and the one after it moved up, likewise.", remove(16),
      {NEWEST: "entry 17: missing: the checkpoint that was kept is of 17 entries, and the ledger has 16"}),
    t("forked", "There are two histories from entry 16 on: what stands here is one, and somebody was shown the other.",
      fork,
      {NEWEST: NOT_AS_NEWEST}),
]

NOT_SEEN = [
    t("masked and edited", "A figure in entry 16 is masked, as may be, and on that occasion so is edited what it led to.",
      edit_by_masking,
      {},
      outside="a proof file of the entry, or an export, from before it was masked; `ledger verify` and `replay` name the entry as masked, and cannot tell more"),
    t("recorded and forgotten", "A decision is recorded, and taken back before anybody kept a checkpoint of it.",
      record_and_forget,
      {},
      outside="any checkpoint or proof file from between; a decision that was handed out with the number of its entry"),
    t("never recorded", "A decision is taken and not recorded.",
      nothing,
      {},
      outside="the decision itself: one that names no entry of the ledger was not issued by these rules"),
    t("false from the start", "A case is recorded with a figure that is not true, and decided rightly.",
      append(lambda ledger: decided(ledger, "S7", seen_pct=99)),
      {},
      outside="the source of the figure: a ledger shows what was stated, and not whether it is so"),
    t("clock set wrong", "An entry is recorded by a clock that runs a month fast.",
      append(say("review", 16, on="2025-10-02", found="As it should be.")),
      {},
      outside="a checkpoint that somebody kept on a day they know"),
]
