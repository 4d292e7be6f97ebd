"""An audit report: what is in a ledger and what was found of it, for a reader who has only that."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping

from oversight_engine.explanation.page import Block, Headline, Line, Mark, Page, Table, section
from oversight_engine.explanation.wording import (
    EVIDENCE,
    capital,
    outcome_title,
    say_count,
    say_day,
    say_id,
    say_list,
    say_span,
)
from oversight_engine.ledger.auditing import Act, Audit, Contents, Under
from oversight_engine.model.plain import Plain
from oversight_engine.model.rulebook import REFERRAL
from oversight_engine.report.ledgers import verified_data
from oversight_engine.report.replays import fell_short, how, replay_data, told, warnings_of
from oversight_engine.report.standings import WAITS, rechecked_data, say_who

AUDIT_FORMAT = "oversight-audit/1"
MOST_TOLD = 100
"""How many of what waits are told one by one. What people did is always told in full."""

WHAT_IT_IS = (
    "A ledger is a list of numbered entries: decisions on systems, and what people did about them.",
    "Entries are added at its end; none can be changed or taken out without its showing.",
    "A decision here is what a written rulebook makes of the facts that were stated.",
    "The ledger holds facts, rulebook and decision, so that anybody can derive it again.",
    "What people did stands beside the decision, and never in its place.",
)

WORDS = (
    ("Entry", "one item of the ledger, with a number that it keeps."),
    ("Rulebook", "the rules, numbers and sources by which something is decided."),
    ("Digest", "a short text computed from a file, such as a rulebook, which no other file has."),
    ("Key", "what the ledger is signed with; the public half, shown here, tells who signed."),
    ("Checkpoint", "a signed note of how many entries there are and what they are."),
    ("Verified", "every byte was compared with the checkpoints and the keys."),
    ("Replayed", "every decision was derived again from the ledger, and compared."),
    ("Rechecked", "what people did was compared with what they may do, step by step."),
    ("Referral", "no outcome: evidence that matters was missing."),
    ("Recommended", "decided by the rules, and not in force before somebody confirms it."),
    ("Override", "another outcome in force for a time, by a named person for a stated reason."),
    ("Representation", "what somebody said about a decision; it is to be answered."),
    ("Correction", "facts put right and decided anew; the old decision stays, superseded."),
    ("Masked", "taken out of an entry for good, with a record of who did it and why."),
)
"""The words that a reader meets here, each in one line."""

STATES = {
    "decided": "in force without anybody's word",
    "referred": "no outcome",
    "recommended": "waits for somebody to confirm or refuse it",
    "confirmed": "put in force by a person",
    "refused": "a person left in force what was",
    "superseded": "corrected by a later decision",
    "withdrawn": "as if it had never been made",
}
"""What became of decisions, in the order in which it is told."""


def audit_page(audit: Audit) -> Page:
    """Return *audit* for a reader who knows nothing of ledgers."""
    found, scope = audit.verification, audit.scope
    about = [audit.place]
    if scope.system:
        about.append(f"What concerns {scope.system}, and whether the whole ledger holds")
    about.append(f"As things stand on {say_day(scope.on)}")
    if scope.known_on is not None:
        about.append(f"What was recorded after {say_day(scope.known_on)} is left out")
    warnings = [] if audit.holds else ["Not everything holds: see what is marked below."]
    blocks: list[Block] = [
        Headline(f"Audit report: {found.origin or audit.place}", about=tuple(about),
                 warnings=tuple(warnings)),
        *section("In short", _in_short(audit)),
        *section("What this is", WHAT_IT_IS),
    ]  # fmt: skip
    contents = audit.contents
    if contents is not None:
        blocks += _decided(contents)
    blocks += section("Verification", _verification(audit))
    if audit.replayed is not None:
        mark: Mark = "" if audit.replayed.agrees else "fault"
        lines = [Line(f"{told(audit.replayed)}.", 0, mark)]
        lines += [Line(text, 0, "warning") for text in warnings_of(audit.replayed)]
        blocks += section("Replay", [*lines, *how(audit.replayed)])
        blocks += fell_short(audit.replayed)
    elif contents is not None:
        blocks += section("Replay", [Line("Not run: --no-replay was given.", 0, "warning")])
    if contents is not None:
        blocks += _people(audit, contents)
    blocks += section("What this ledger alone cannot show", _beyond(audit))
    if contents is not None:
        blocks += _documents(contents)
    blocks += section("The words", (Line(f"{word}: {text}", 0, "item") for word, text in WORDS))
    return Page(tuple(blocks))


def _in_short(audit: Audit) -> Iterator[Line]:
    damage, contents = audit.verification.damage, audit.contents
    if damage is not None:
        yield Line(f"The ledger is damaged: {damage}.", 0, "fault")
        yield Line("Nothing more is reported of it, since nothing it says can be relied on.")
        return
    assert contents is not None, "what is sound was looked into"
    yield Line("Verified: the ledger is as it was recorded.")
    if audit.replayed is None:
        yield Line("Not replayed: whether decisions follow from their facts was not looked at.",
                   0, "warning")  # fmt: skip
    else:
        mark: Mark = "" if audit.replayed.agrees else "fault"
        yield Line(f"Replayed: {told(audit.replayed)}.", 0, mark)
    assert audit.rechecked is not None, "what is sound was looked into"
    if audit.rechecked.fault is None:
        yield Line("Rechecked: people did nothing that the rules of procedure do not allow.",
                   0, "")  # fmt: skip
    else:
        fault = audit.rechecked.fault
        yield Line(f"Rechecked: entry {fault.number}: {fault.message}", 0, "fault")
        yield Line("How things stand is told as if that entry were not there.")
    if contents.recorded is not None:
        first, last = (moment.date() for moment in contents.recorded)
        between = (
            f"on {say_day(first)}"
            if first == last
            else f"between {say_day(first)} and {say_day(last)}"
        )
        entries = say_count(sum(contents.kinds.values()), "entry", "entries")
        decisions = say_count(contents.decisions, "decision")
        acts = say_count(len(contents.acts), "thing that people did", "things that people did")
        kinds = contents.kinds
        itself = kinds.get("ledger", 0) + kinds.get("key", 0)
        rest = f", {itself:,} on the ledger itself and its keys" if itself else ""
        yield Line(f"{entries} recorded {between}: {decisions}, {acts}{rest}.")
    waiting = say_count(len(contents.waiting), "recommendation")
    verb = "waits" if len(contents.waiting) == 1 else "wait"
    yield Line(f"{waiting} {verb} for somebody to confirm or refuse.")


# What was decided


def _decided(contents: Contents) -> Iterator[Block]:
    rows = [
        (f"{under.rulebook.id} {under.rulebook.version}", title, f"{count:,}")
        for under in contents.under
        for title, count in _by_outcome(under)
    ]
    if not rows:
        yield from section("Decisions", ["None."])
        return
    yield Table("Decisions", ("Rulebook", "Outcome", "Decisions"), tuple(rows), named=2)
    yield from section("Rulebooks", _rulebooks(contents.under))
    yield from section("How it was decided", _attested(contents))


def _by_outcome(under: Under) -> Iterator[tuple[str, int]]:
    for outcome in (*(each.id for each in under.rulebook.outcomes), REFERRAL):
        yield outcome_title(under.rulebook, outcome), under.outcomes.get(outcome, 0)


def _rulebooks(all_under: Iterable[Under]) -> Iterator[Line]:
    for under in all_under:
        rulebook = under.rulebook
        yield Line(f"{rulebook.title} ({rulebook.id}), version {rulebook.version}", 0, "item")
        yield Line(rulebook.digest, 1)
        yield Line(f"In force {say_span(rulebook.span)}", 1)
        days = f"as of {say_day(under.first)}"
        if under.last != under.first:
            days = f"as of days from {say_day(under.first)} to {say_day(under.last)}"
        yield Line(f"{say_count(under.total, 'decision')}, {days}", 1)
        yield from (Line(f"Under the reform {digest}", 1) for digest in under.reforms)
        if under.cohorts:
            yield Line(f"Judged among {say_count(len(under.cohorts), 'cohort')}", 1)
        yield Line(f"{say_count(len(rulebook.documents), 'document')} cited: see the end", 1)


def _documents(contents: Contents) -> Iterator[Block]:
    for under in contents.under:
        rulebook = under.rulebook
        lines = [
            Line(f"{each.title}; {each.publisher}"
                 f"{f', {say_day(each.date)}' if each.date else ''}; {EVIDENCE[each.evidence]}",
                 0, "item")
            for each in sorted(rulebook.documents, key=lambda each: each.title.lower())
        ]  # fmt: skip
        yield from section(f"Documents that {rulebook.id} {rulebook.version} cites", lines)


def _attested(contents: Contents) -> Iterator[Line]:
    for version, count in sorted(contents.engines.items()):
        yield Line(f"{say_count(count, 'decision')} by version {version} of the engine")
    for names, count in sorted(contents.evaluators.items()):
        agreed = ", which agreed" if "," in names else ""
        yield Line(f"{say_count(count, 'decision')} computed by: {names}{agreed}")
    for remark, count in sorted(contents.remarks.items()):
        yield Line(f"{say_count(count, 'decision')}: {remark}", 0, "warning")
    proved = say_count(contents.certified, "decision")
    yield Line(f"{proved} with a certificate of what was proved of the rulebook")


# Verification


def _verification(audit: Audit) -> Iterator[Line]:
    found = audit.verification
    if found.damage is not None:
        yield Line(str(found.damage), 0, "fault")
    entries = say_count(found.size, "entry", "entries")
    checkpoints = say_count(found.checkpoints, "checkpoint")
    until = "" if found.damage is None else ", until the damage was found"
    yield Line(f"{entries} and {checkpoints} were read and compared{until}.")
    yield Line(f"Root of the tree over all entries: {found.root.hex()}")
    yield Line("Signed with:")
    for number, text in found.keys:
        since = "from the beginning" if number == 1 else f"from entry {number} on"
        yield Line(f"{text}, {since}", 1, "item")


def _beyond(audit: Audit) -> Iterator[Line]:
    place = audit.place
    if audit.verification.trusted:
        yield Line("Whose the keys are: one of them is a key that you named.", 0, "")
    else:
        yield Line("Whose the keys are. Anybody can make a ledger and sign it with a key of their "
                   "own: compare the keys above with those that the owner publishes, got another "
                   "way than this ledger.", 0, "warning")  # fmt: skip
        yield Line(f"oversight ledger verify --ledger {place} --trust KEY", 1)
    if audit.has_checkpoint and audit.verification.damage is None:
        yield Line("Whether it was written anew: it begins with the checkpoint that you kept.",
                   0, "")  # fmt: skip
    else:
        yield Line("Whether it was written anew from the start, or cut off at its end, by whoever "
                   "has the key. Only a checkpoint that was kept elsewhere shows that: keep one "
                   "now, and compare it next time.", 0, "warning")  # fmt: skip
        yield Line(f"oversight ledger checkpoint --ledger {place} --output kept-checkpoint.txt", 1)
        yield Line(f"oversight ledger verify --ledger {place} --checkpoint kept-checkpoint.txt", 1)
    yield Line("Whether the facts are true: each names its source, and that is where to look.",
               0, "item")  # fmt: skip
    yield Line("Whether people are who the entries say: names and roles are as whoever had the "
               "key gave them.", 0, "item")  # fmt: skip
    yield Line("Whether the clock was right: times are those of the machine that recorded.",
               0, "item")  # fmt: skip
    yield Line("Whether the rules are wise, or mean what their authors meant.", 0, "item")


# People's part


def _people(audit: Audit, contents: Contents) -> Iterator[Block]:
    states = [
        (capital(state), meaning, f"{contents.states[state]:,}")
        for state, meaning in STATES.items()
        if contents.states.get(state)
    ]
    if states:
        yield Table("What became of decisions", ("State", "Which means", "Decisions"),
                    tuple(states), named=2)  # fmt: skip
    day = say_day(audit.scope.on)
    held = tuple((capital(say_id(k)), f"{n:,}") for k, n in sorted(contents.in_force.items()))
    if held:
        yield Table(f"In force on {day}", ("Outcome", "Systems"), held)
    waiting = (
        Line(f"Entry {one.number}, {system}: {say_id(one.outcome or REFERRAL)} of "
             f"{say_day(one.as_of)}", 0, "item")
        for system, one in contents.waiting
    )  # fmt: skip
    yield from section("Recommended, and neither confirmed nor refused", _first(waiting))
    for title, kinds in _ACTS:
        acts = [act for act in contents.acts if act.entry.kind in kinds]
        yield from section(title, _or_none(line for act in acts for line in _act(act)))
    due = (
        Line(f"Entry {each.entry}, {each.system}: {WAITS[each.kind]}, since {say_day(each.day)}",
             0, "item")
        for each in contents.due
        if each.kind != "confirmation"
    )  # fmt: skip
    yield from section(f"What else waits for people on {day}", _first(due))


_ACTS = (
    ("Confirmed and refused", ("confirmation", "refusal")),
    ("Overrides", ("override",)),
    ("Representations", ("representation",)),
    ("Reviews", ("review",)),
    ("Corrections", ("correction",)),
    ("Withdrawals", ("withdrawal",)),
    ("Masked", ("masking",)),
)
"""What people did, by title. An answer is told with the representation it answers."""


def _first(lines: Iterable[Line]) -> list[Line]:
    """Return as many of *lines* as are told to people, and how many more there are."""
    every = _or_none(lines)
    more = len(every) - MOST_TOLD
    rest = [Line(f"And {more:,} more: `--format json` has all that is due.")] if more > 0 else []
    return every[:MOST_TOLD] + rest


def _or_none(lines: Iterable[Line]) -> list[Line]:
    return [*lines] or [Line("None.")]


def _act(act: Act) -> Iterator[Line]:
    """Yield what somebody did, and why."""
    entry, data = act.entry, act.entry.data
    yield Line(f"Entry {entry.number}, {act.system}: {_done(act)}", 0, "item")
    yield Line(f"By {say_who(data.get('by'))}, recorded on {say_day(entry.recorded_at.date())}", 1)
    reason = data.get("reason", "masked" if "/reason" in entry.masked else "")
    if reason:
        yield Line(f"Reason: {reason}", 1)


_DAYS = ("from", "next_on", "on", "received_on", "until")


def _told_day(day: str) -> str:
    return say_day(datetime.date.fromisoformat(day))


def _done(act: Act) -> str:
    data, about = act.entry.data, f"entry {act.entry.about}"
    days = {key: _told_day(data[key]) for key in _DAYS if key in data}
    if act.entry.kind in {"confirmation", "refusal"}:
        verb = "confirmed" if act.entry.kind == "confirmation" else "refused"
        told = f"{about} {verb} on {days['on']}"
        if act.days is None:
            return told
        return f"{told}, {say_count(act.days, 'day')} after the day it was decided for"
    if act.entry.kind == "override":
        outcome = say_id(data["outcome"])
        return f"{outcome} in place of {about}, from {days['from']} to {days['until']}"
    if act.entry.kind == "representation":
        received = f"about {about}, received on {days['received_on']}"
        if act.days is None:
            return f"{received}, not answered"
        return f"{received}, answered in entry {act.follows} after {say_count(act.days, 'day')}"
    if act.entry.kind == "review":
        following = f"; next on {days['next_on']}" if "next_on" in days else ""
        return f"{about} reviewed on {days['on']}{following}"
    if act.entry.kind == "correction":
        return f"the facts of {about} corrected; decided anew in entry {act.follows}"
    if act.entry.kind == "masking":
        return f"in {about}: {say_list(data['fields'])}"
    return f"{about} withdrawn"


# As plain data


def audit_data(audit: Audit) -> Plain:
    """Return *audit* as plain data."""
    scope, contents = audit.scope, audit.contents
    return {
        "format": AUDIT_FORMAT,
        "ledger": audit.place,
        "on": scope.on.isoformat(),
        "known_on": None if scope.known_on is None else scope.known_on.isoformat(),
        "system": scope.system or None,
        "holds": audit.holds,
        "verification": verified_data(audit.verification, audit.place),
        "checkpoint_compared": audit.has_checkpoint,
        "replay": None if audit.replayed is None else replay_data(audit.replayed, audit.place),
        "recheck": None
        if audit.rechecked is None
        else rechecked_data(audit.rechecked, audit.place),
        "contents": None if contents is None else _contents_data(contents),
    }


def _contents_data(contents: Contents) -> Plain:
    first, last = contents.recorded or (None, None)
    return {
        "last_entry": contents.last,
        "entries": dict(sorted(contents.kinds.items())),
        "recorded_from": None if first is None else first.date().isoformat(),
        "recorded_until": None if last is None else last.date().isoformat(),
        "rulebooks": [_under_data(each) for each in contents.under],
        "engine_versions": dict(sorted(contents.engines.items())),
        "evaluators": dict(sorted(contents.evaluators.items())),
        "remarks": dict(sorted(contents.remarks.items())),
        "certified": contents.certified,
        "states": dict(sorted(contents.states.items())),
        "in_force": dict(sorted(contents.in_force.items())),
        "due": [
            {
                "kind": each.kind,
                "system": each.system,
                "rulebook": each.rulebook,
                "entry": each.entry,
                "since": each.day.isoformat(),
            }
            for each in contents.due
        ],
        "acts": [_act_data(each) for each in contents.acts],
    }


def _under_data(under: Under) -> Plain:
    rulebook = under.rulebook
    return {
        "id": rulebook.id,
        "version": rulebook.version,
        "title": rulebook.title,
        "digest": rulebook.digest,
        "decisions": under.total,
        "outcomes": dict(_outcomes(under)),
        "first_as_of": under.first.isoformat(),
        "last_as_of": under.last.isoformat(),
        "reforms": list(under.reforms),
        "cohorts": list(under.cohorts),
        "documents": [
            {
                "id": each.id,
                "title": each.title,
                "publisher": each.publisher,
                "date": None if each.date is None else each.date.isoformat(),
                "evidence": each.evidence,
            }
            for each in rulebook.documents
        ],
    }


def _outcomes(under: Under) -> Iterator[tuple[str, int]]:
    for outcome in (*(each.id for each in under.rulebook.outcomes), REFERRAL):
        yield outcome, under.outcomes.get(outcome, 0)


SAID: Mapping[str, tuple[str, ...]] = {
    "confirmation": ("on", "reason"),
    "refusal": ("on", "reason"),
    "override": ("outcome", "from", "until", "reason"),
    "representation": ("received_on",),
    "answer": (),
    "review": ("on", "next_on"),
    "correction": ("reason",),
    "withdrawal": ("reason",),
    "masking": ("fields", "reason"),
}
"""What is told of each kind of act: never what somebody wrote at length, nor a case."""


def _act_data(act: Act) -> Plain:
    data = act.entry.data
    return {
        "entry": act.entry.number,
        "kind": act.entry.kind,
        "system": act.system,
        "about": act.entry.about,
        "by": data.get("by", {}),
        "recorded_at": data["recorded_at"],
        "said": {key: data[key] for key in SAID[act.entry.kind] if key in data},
        "masked": list(act.entry.masked),
        "days": act.days,
        "follows": act.follows or None,
    }
