"""What came of a replay, and what would have been decided: for people, and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oversight_engine.explanation.page import Headline, Line, Page, Section, Table, section
from oversight_engine.explanation.wording import outcome_title, say_count
from oversight_engine.ledger.deriving import CHECKED_EVERY, GENERATED
from oversight_engine.ledger.divergence import Divergence
from oversight_engine.ledger.replayed import Diverging, Replay
from oversight_engine.ledger.supposing import Supposed, Supposition
from oversight_engine.model.plain import Plain

REPLAY_FORMAT = "oversight-replay/1"
SUPPOSITION_FORMAT = "oversight-supposition/1"
MOST_DIFFERENCES = 10
"""How many differences of one decision are told to people; data has them all."""
NO_DECISION = "Nothing here was decided, and none of it can be recorded."


def replay_page(replay: Replay, where: str, notes: Iterable[str] = ()) -> Page:
    """Return *replay* of what is at *where* for people."""
    about = (where, *(note.rstrip(".") for note in notes))
    headline = Headline(told(replay), about=about, warnings=tuple(warnings_of(replay)))
    return Page((headline, *fell_short(replay), *section("How", how(replay))))


def told(replay: Replay) -> str:
    """Return what came of *replay* in a sentence."""
    said = f"{say_count(replay.total, 'decision')}: {replay.same:,} derived again as recorded"
    if not replay.total:
        said = "No decision to derive again"
    parts = [
        (replay.diverging_count, "not as recorded"),
        (replay.refused_count, "that cannot be derived"),
        (replay.masked_count, "not replayable: masked"),
    ]
    return said + "".join(f", {count:,} {what}" for count, what in parts if count)


def warnings_of(replay: Replay) -> Iterator[str]:
    """Yield what nobody may read the sentence without."""
    if replay.diverging_count:
        yield "Something that was recorded does not follow from what it is said to."
    if replay.refused_count:
        yield "Something that was recorded cannot be derived."
    if replay.misremembered:
        yield "Something that was recorded rests on a history that the ledger does not give."


def fell_short(replay: Replay) -> tuple[Section, ...]:
    """Return the decisions that did not come out as recorded, by why."""
    return (
        *section("Not as recorded", _diverging(replay)),
        *section("That cannot be derived", (
            Line(f"Entry {each.number}: {each.because}", mark="fault")
            for each in replay.refused
        )),
        *section("History that the ledger does not give", (
            Line(f"Entry {each.number}: {each.because}", mark="fault")
            for each in replay.misremembered
        )),
        *section("Not replayable: masked", (
            Line(f"Entry {each.number}, {each.system} on {each.as_of}: "
                 + ", ".join(each.fields), mark="unknown")
            for each in replay.masked
        )),
    )  # fmt: skip


def _diverging(replay: Replay) -> Iterator[Line]:
    for each in replay.diverging:
        yield Line(f"Entry {each.number}, {each.system} on {each.as_of}", mark="fault")
        for divergence in each.divergences[:MOST_DIFFERENCES]:
            yield Line(str(divergence), level=1, mark="item")
        more = len(each.divergences) - MOST_DIFFERENCES
        if more > 0:
            yield Line(f"and {more:,} more that follow", level=1, mark="item")
    untold = replay.diverging_count - len(replay.diverging)
    if untold:
        yield Line(f"and {untold:,} more decisions", mark="item")


def how(replay: Replay) -> Iterator[Line]:
    """Yield what derived the decisions of *replay*, and what read them."""
    if GENERATED in replay.evaluators:
        yield Line(
            "By Python generated from each rulebook; the reference evaluator derived "
            f"{replay.checked + replay.by_reference:,} of them too (the first of each rulebook, "
            f"and one in {CHECKED_EVERY:,}), and agreed"
        )
    others = [name for name in replay.evaluators if name != GENERATED]
    if others:
        yield Line(f"By {', '.join(others)}")
    if "durable" not in replay.evaluators:
        yield Line("Without durable-rules, which a replay does not need")
    if replay.history_checked or replay.history_masked or replay.misremembered:
        yield Line(
            f"History drawn from the ledger again: {say_count(replay.history_checked, 'decision')}"
        )
    if replay.history_masked:
        yield Line(
            f"History not drawn again: {say_count(replay.history_masked, 'decision')}, since "
            "something is masked that it may rest on"
        )
    if replay.processes > 1:
        yield Line(f"In {replay.processes} processes")
    reader = {"msgspec": "msgspec", "json": "the standard library, for want of msgspec"}
    if replay.reader in reader:
        yield Line(f"Entries read by {reader[replay.reader]}")


def replay_data(replay: Replay, where: str) -> Plain:
    """Return *replay* as plain data."""
    return {
        "format": REPLAY_FORMAT,
        "of": where,
        "agrees": replay.agrees,
        "total": replay.total,
        "same": replay.same,
        "diverging": replay.diverging_count,
        "masked": replay.masked_count,
        "refused": replay.refused_count,
        "evaluators": list(replay.evaluators),
        "checked_by_reference": replay.checked,
        "left_to_reference": replay.by_reference,
        "reader": replay.reader,
        "processes": replay.processes,
        "history": {
            "checked": replay.history_checked,
            "masked": replay.history_masked,
            "differing": [
                {"entry": each.number, "because": each.because} for each in replay.misremembered
            ],
        },
        "divergences": [_diverging_data(each) for each in replay.diverging],
        "masked_entries": [
            {
                "entry": each.number,
                "system": each.system,
                "as_of": each.as_of,
                "fields": list(each.fields),
            }
            for each in replay.masked
        ],
        "refused_entries": [
            {"entry": each.number, "because": each.because} for each in replay.refused
        ],
    }


def _diverging_data(diverging: Diverging) -> Plain:
    return {
        "entry": diverging.number,
        "system": diverging.system,
        "as_of": diverging.as_of,
        "differences": [_difference_data(each) for each in diverging.divergences],
    }


def _difference_data(divergence: Divergence) -> Plain:
    return {
        "what": divergence.what,
        "condition": divergence.condition or None,
        "recorded": divergence.recorded,
        "derived": divergence.derived,
    }


# What would have been decided


def supposition_page(supposition: Supposition, where: str) -> Page:
    """Return *supposition* about what is at *where* for people."""
    rulebook = supposition.rulebook
    under = f"{rulebook.title}, version {rulebook.version}"
    if rulebook.reform is not None:
        under += f", under the reform {rulebook.reform.title}"
    told = (
        f"{say_count(supposition.total, 'decision')}: {supposition.same:,} would have come to the "
        f"same, {supposition.moved:,} to something else"
    )
    if supposition.refused_count:
        told += f", {supposition.refused_count:,} to nothing"
    if supposition.masked:
        told += f"; {supposition.masked:,} not replayable: masked"
    titles = {rule.id: rule.title for rule in rulebook.rules}
    moves = [
        (_title(supposition, before), _title(supposition, after), f"{count:,}")
        for before, after, count in supposition.moves
    ]
    rules = [
        (titles.get(rule_id, f"{rule_id}, which is no rule of it"), f"{count:,}")
        for rule_id, count in supposition.by_rule
    ]
    return Page(
        (
            Headline(told, about=(where, f"If it had been {under}"), warnings=(NO_DECISION,)),
            *_table("By outcome", ("Recorded", "Would have been", "Decisions"), moves, named=2),
            *_table("By rule", ("Rule that makes the difference", "Decisions"), rules),
            *section("Which", (Line(_told(supposition, each)) for each in supposition.changed)),
            *section("That it cannot decide", (
                Line(f"Entry {number}: {because}", mark="fault")
                for number, because in supposition.refused
            )),
        )
    )  # fmt: skip


def _table(
    title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], named: int = 1
) -> tuple[Table, ...]:
    kept = tuple(rows)
    return (Table(title, columns, kept, named=named),) if kept else ()


def _title(supposition: Supposition, outcome: str) -> str:
    known = {each.id for each in supposition.rulebook.outcomes} | {"referral"}
    return outcome_title(supposition.rulebook, outcome) if outcome in known else outcome


def _told(supposition: Supposition, each: Supposed) -> str:
    return (
        f"Entry {each.number}, {each.system} on {each.as_of}: "
        f"{_title(supposition, each.recorded)}, would have been "
        f"{_title(supposition, each.supposed)} by {', '.join(each.rules)}"
    )


def supposition_data(supposition: Supposition, where: str) -> Plain:
    """Return *supposition* as plain data."""
    rulebook = supposition.rulebook
    return {
        "format": SUPPOSITION_FORMAT,
        "of": where,
        "rulebook": {
            "id": rulebook.id,
            "version": rulebook.version,
            "digest": rulebook.digest,
            "reform": rulebook.reform.digest if rulebook.reform is not None else None,
        },
        "total": supposition.total,
        "same": supposition.same,
        "moved": supposition.moved,
        "masked": supposition.masked,
        "refused": supposition.refused_count,
        "by_outcome": [
            {"recorded": before, "supposed": after, "decisions": count}
            for before, after, count in supposition.moves
        ],
        "by_rule": [{"rule": rule, "decisions": count} for rule, count in supposition.by_rule],
        "changed": [
            {
                "entry": each.number,
                "system": each.system,
                "as_of": each.as_of,
                "recorded": each.recorded,
                "supposed": each.supposed,
                "rules": list(each.rules),
            }
            for each in supposition.changed
        ],
        "refused_entries": [
            {"entry": number, "because": because} for number, because in supposition.refused
        ],
    }
