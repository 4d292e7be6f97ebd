"""The commands about people's part: how systems stand, what is due, and what people record."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from oversight_engine.command_line import (
    FORMATS,
    Decorator,
    Options,
    complete_file,
    day_option,
    output,
    print_data,
    print_page,
    several,
)
from oversight_engine.commands import Command
from oversight_engine.errors import ExitCode, InputError
from oversight_engine.ledger_options import (
    BY_WHOM,
    KEY,
    KNOWN_ON,
    LEDGER,
    NUMBER,
    ON,
    machine_clock,
    open_ledger,
    refuse_stranger,
    signer_of,
    whom,
)

if TYPE_CHECKING:
    from oversight_engine.ledger.entries import Draft, Entry
    from oversight_engine.ledger.folding import Fold
    from oversight_engine.ledger.log import Ledger
    from oversight_engine.ledger.standing import Standing
    from oversight_engine.model.plain import Plain
    from oversight_engine.report.standings import Asked

WHEN = several(ON, KNOWN_ON)
WHY = click.option("--reason", required=True, metavar="TEXT", help="Why.")
CRITERIA = click.option(
    "--criterion",
    "criteria",
    multiple=True,
    metavar="TEXT",
    help="An exit criterion that is agreed with the harshest outcome; may be given several times.",
)

SHORTLY = {
    "answer": "Answer the representation in entry N.",
    "confirm": "Confirm the recommendation in entry N.",
    "correct": "Correct the facts of the decision in entry N.",
    "override": "Put another outcome in the place of entry N's, until a day.",
    "refuse": "Refuse the recommendation in entry N.",
    "represent": "Record what somebody says about a decision.",
    "review": "Record a review of the decision in entry N.",
    "withdraw": "Withdraw the decision or override in entry N.",
}
"""What each command does, in a line of the list of commands."""

SOMEBODY = "--by 'R. Director' --role regional_director"
EXAMPLES = {
    "answer": "8 --text 'It was opened again.'",
    "confirm": "7 --on 2025-07-10",
    "correct": "7 corrected.yaml --reason 'A figure was wrong.'",
    "override": "7 --outcome standard_oversight --until 2025-12-31 --reason 'They agreed terms.'",
    "refuse": "7 --reason 'The evidence is old.'",
    "represent": "7 --text 'It was closed in May.'",
    "review": "7 --found 'Two criteria are met.' --next-on 2025-12-31",
    "withdraw": "7 --reason 'It was of another system.'",
}
"""With what each is called, say, beside who does it; the environment names ledger and key."""


def _today() -> datetime.date:
    return machine_clock().date()


def _asked(opened: Ledger, options: Options) -> Asked:
    from oversight_engine.report.standings import Asked

    return Asked(opened.place, options["on"] or _today(), options.get("known_on"))


def _folded(opened: Ledger, system: str | None, known_on: datetime.date | None = None) -> Fold:
    from oversight_engine.ledger.folding import fold, terms_by

    return fold(opened.entries(system=system), terms_by(opened.object), known_on=known_on)


# How things stand


@click.command(
    "show",
    cls=Command,
    short_help="Show how SYSTEM stands.",
    example="oversight ledger show QE1 --ledger our.ledger --on 2025-12-31",
)
@click.argument("system", metavar="SYSTEM")
@LEDGER
@WHEN
@output(*FORMATS)
def show(system: str, **options: Any) -> None:
    """Show how SYSTEM stands: what is in force, every decision, and what people did about it.

    SYSTEM is its code, such as QE1.
    """
    from oversight_engine.report import standings

    with open_ledger(options) as opened, opened.reading():
        refuse_stranger(opened, system)
        asked = _asked(opened, options)
        found = [*_folded(opened, system, asked.known_on).standings.values()]
    if options["format"] == "json":
        print_data(standings.standing_data(system, found, asked))
    else:
        print_page(standings.standing_page(system, found, asked), options)


@click.command(
    "in-force",
    cls=Command,
    short_help="List the outcome in force of every system.",
    example="oversight ledger in-force --ledger our.ledger --on 2025-12-31",
)
@LEDGER
@WHEN
@output(*FORMATS)
def in_force(**options: Any) -> None:
    """List the outcome in force of every system, after confirmation or override."""
    from oversight_engine.report import standings

    asked, found = _all_standings(options)
    if options["format"] == "json":
        print_data(standings.in_forces_data(found, asked))
    else:
        print_page(standings.in_force_page(found, asked), options)


@click.command(
    "due",
    cls=Command,
    short_help="List what waits for people.",
    example="oversight ledger due --ledger our.ledger",
)
@LEDGER
@WHEN
@output(*FORMATS)
def due(**options: Any) -> None:
    """List what waits for people: confirmations, reviews, representations, overrides run out."""
    from oversight_engine.ledger.due import due_on
    from oversight_engine.report import standings

    asked, found = _all_standings(options)
    waits = [each for standing in found for each in due_on(standing, asked.on)]
    waits.sort(key=lambda each: (each.day, each.system, each.entry))
    if options["format"] == "json":
        print_data(standings.due_data(waits, asked))
    else:
        print_page(standings.due_page(waits, asked), options)


@click.command(
    "recheck",
    cls=Command,
    short_help="Say whether people's moves were legal.",
    example="oversight ledger recheck --ledger our.ledger",
)
@LEDGER
@output(*FORMATS)
def recheck(**options: Any) -> int:
    """Say whether people's moves were legal, and history drawn as the ledger gives it.

    `verify` says whether entries are what was recorded; this, whether they could have happened.
    """
    from oversight_engine.ledger.rechecking import recheck as recheck_ledger
    from oversight_engine.report import standings

    with open_ledger(options) as opened:
        found, place = recheck_ledger(opened), opened.place
    if options["format"] == "json":
        print_data(standings.rechecked_data(found, place))
    else:
        print_page(standings.rechecked_page(found, place), options)
    return ExitCode.DONE if found.fault is None else ExitCode.INTEGRITY


def _all_standings(options: Options) -> tuple[Asked, list[Standing]]:
    with open_ledger(options) as opened, opened.reading():
        asked = _asked(opened, options)
        folded = _folded(opened, None, asked.known_on)
    return asked, [folded.standings[place] for place in sorted(folded.standings)]


# What people record


def _act(name: str, about: str, *details: Decorator) -> Decorator:
    """Return what makes a function the command *name*, which records what people do about N."""

    def decorate(function: Any) -> click.Command:
        options = several(NUMBER, *details, BY_WHOM, LEDGER, KEY, output(*FORMATS))
        made: click.Command = click.command(
            name,
            cls=Command,
            help=about,
            short_help=SHORTLY[name],
            example=f"oversight ledger {name} {EXAMPLES[name]} {SOMEBODY}",
        )(options(function))
        return made

    return decorate


def _record(kind: str, number: int, said: Plain, options: Options) -> int:
    """Record that somebody did what *kind* says about entry *number*, and print what holds now."""
    from oversight_engine.ledger.entries import Draft

    kept = {key: value for key, value in said.items() if value}
    draft = Draft(kind, {"about": number, "by": whom(options), **kept})
    with open_ledger(options, write=True) as opened:
        return _append(opened, number, [draft], options)


def _append(opened: Ledger, number: int, drafts: Sequence[Draft], options: Options) -> int:
    from oversight_engine.ledger.folding import check_drafts
    from oversight_engine.report import standings

    signer = signer_of(options)
    system = opened.system_of(opened.entry(number))
    if system is None:
        raise InputError(f"entry {number} of {opened.place} is about no system")

    def check(ledger: Ledger) -> None:
        since = options.get("seen", ledger.size)
        if any(ledger.entries(first=since + 1, system=system)):
            raise InputError(f"somebody recorded something on {system} meanwhile: do it again")
        check_drafts(_folded(ledger, system), drafts, ledger.size + 1, machine_clock())

    recorded = opened.append(drafts, signer=signer, clock=machine_clock, check=check)
    entries: list[Entry] = [each.entry for each in recorded]
    folded = _folded(opened, system)
    place = folded.place_of(entries[0].number)
    assert place is not None, "what was just recorded is about something"
    said = drafts[0].data
    day = said.get("on") or said.get("from") or said.get("received_on")
    asked = standings.Asked(opened.place, datetime.date.fromisoformat(day) if day else _today())
    if options["format"] == "json":
        print_data(standings.act_data(entries, folded.standings[place], asked))
    else:
        print_page(standings.act_page(entries, folded.standings[place], asked), options)
    return ExitCode.DONE


def _text_of(day: datetime.date | None) -> str:
    return (day or _today()).isoformat()


@_act(
    "confirm",
    "Confirm the recommendation in entry N: its outcome is in force from then on.",
    day_option("--on", "From which day it is in force; today if left out."),
    click.option("--reason", default="", metavar="TEXT", help="Why, if there is more to say."),
    CRITERIA,
)
def confirm(number: int, criteria: tuple[str, ...], **options: Any) -> int:
    """Record a confirmation."""
    said = {"on": _text_of(options["on"]), "reason": options["reason"], "criteria": [*criteria]}
    return _record("confirmation", number, said, options)


@_act(
    "refuse",
    "Refuse the recommendation in entry N: what was in force before stays in force.",
    day_option("--on", "On which day it was refused; today if left out."),
    WHY,
)
def refuse(number: int, **options: Any) -> int:
    """Record a refusal."""
    said = {"on": _text_of(options["on"]), "reason": options["reason"]}
    return _record("refusal", number, said, options)


@_act(
    "override",
    "Put another outcome in the place of the engine's in entry N, until a day.",
    click.option("--outcome", required=True, metavar="OUTCOME", help="What is to be in force."),
    day_option("--from", "From which day; today if left out."),
    day_option("--until", "The last day on which it holds.", required=True),
    WHY,
    CRITERIA,
)
def override(number: int, criteria: tuple[str, ...], **options: Any) -> int:
    """Record an override."""
    said = {
        "outcome": options["outcome"],
        "from": _text_of(options["from"]),
        "until": options["until"].isoformat(),
        "reason": options["reason"],
        "criteria": [*criteria],
    }
    return _record("override", number, said, options)


@_act(
    "represent",
    "Record a representation: what somebody says about the decision in entry N.",
    click.option("--text", required=True, metavar="TEXT", help="What they say."),
    day_option("--received-on", "When it came; today if left out."),
)
def represent(number: int, **options: Any) -> int:
    """Record a representation."""
    said = {"text": options["text"], "received_on": _text_of(options["received_on"])}
    return _record("representation", number, said, options)


@_act(
    "answer",
    "Record the answer to the representation in entry N.",
    click.option("--text", required=True, metavar="TEXT", help="The answer."),
)
def answer(number: int, **options: Any) -> int:
    """Record an answer."""
    return _record("answer", number, {"text": options["text"]}, options)


@_act(
    "review",
    "Record a review of the decision in entry N, and when the next one is due.",
    click.option("--found", required=True, metavar="TEXT", help="What the review found."),
    day_option("--on", "On which day; today if left out."),
    day_option("--next-on", "When the next review is due; if left out, none is."),
    click.option(
        "--met",
        multiple=True,
        metavar="TEXT",
        help="An exit criterion that is met, as it was agreed; may be given several times.",
    ),
)
def review(number: int, met: tuple[str, ...], **options: Any) -> int:
    """Record a review."""
    next_on = options["next_on"]
    said = {
        "found": options["found"],
        "on": _text_of(options["on"]),
        "next_on": next_on.isoformat() if next_on else "",
        "met": [*met],
    }
    return _record("review", number, said, options)


@_act(
    "withdraw",
    "Withdraw the decision or the override in entry N: it is as if it had never been made.",
    WHY,
)
def withdraw(number: int, **options: Any) -> int:
    """Record a withdrawal."""
    return _record("withdrawal", number, {"reason": options["reason"]}, options)


@_act(
    "correct",
    "Correct the facts of the decision in entry N: the CASE is decided in its place.\n\n"
    "Rulebook, reform, cohort values and day are those of the old decision, from the ledger; the "
    "old decision stays where it is, superseded.",
    click.argument("case", shell_complete=complete_file),
    WHY,
)
def correct(number: int, case: str, **options: Any) -> int:
    """Record a correction, and the decision that follows from it."""
    from oversight_engine.ledger.correcting import correction_of
    from oversight_engine.ledger.entries import Draft

    with open_ledger(options, write=True) as opened:
        options["seen"] = opened.size
        given, decided = correction_of(opened, opened.entry(number), case)
        said = {"about": number, "by": whom(options), "reason": options["reason"], "case": given}
        return _append(opened, number, [Draft("correction", said), decided], options)
