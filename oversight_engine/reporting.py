"""The commands that report on a ledger: to an auditor, and for the public record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from oversight_engine.command_line import (
    FORMATS,
    Options,
    output,
    print_data,
    print_page,
)
from oversight_engine.commands import Command
from oversight_engine.errors import ExitCode, InputError, IntegrityError
from oversight_engine.ledger_options import (
    COMPARED,
    KNOWN_ON,
    LEDGER,
    ON,
    kept_note,
    location_of,
    machine_clock,
    trusted_keys,
)

if TYPE_CHECKING:
    from oversight_engine.ledger.auditing import Audit, Scope


def _scope(options: Options) -> Scope:
    from oversight_engine.ledger.auditing import Scope

    return Scope(
        on=options["on"] or machine_clock().date(),
        known_on=options.get("known_on"),
        system=options.get("system") or "",
        rulebook=options.get("rulebook") or "",
    )


@click.command(
    "report",
    cls=Command,
    short_help="Report on a ledger to an auditor.",
    example="oversight ledger report --ledger our.ledger --trust public-key.txt",
)
@LEDGER
@ON
@KNOWN_ON
@click.option("--system", metavar="CODE", help="Only what concerns this system.")
@COMPARED
@click.option(
    "--no-replay",
    "replays",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Derive no decision again; the report says so.",
)
@output(*FORMATS)
def report(**options: Any) -> int:
    """Report what is in a ledger, and whether it holds, to a reader who knows nothing of it.

    The ledger is verified, and its decisions are derived again. What it cannot show by itself is
    said, with how to find out.
    """
    from oversight_engine.ledger.auditing import audit
    from oversight_engine.report.audits import audit_data, audit_page

    found = audit(
        location_of(options),
        _scope(options),
        verifiers=trusted_keys(options),
        checkpoint=kept_note(options),
        replays=options["replays"],
    )
    if options["system"] and found.contents is not None and not found.contents.kinds:
        raise InputError(f"{found.place} has nothing on {options['system']}")
    if options["format"] == "json":
        print_data(audit_data(found))
    else:
        print_page(audit_page(found), options)
    return ExitCode.DONE if found.holds else ExitCode.INTEGRITY


@click.command(
    "transparency",
    cls=Command,
    short_help="Draft a record for the UK's transparency standard.",
    example="oversight ledger transparency --ledger our.ledger --rulebook hewitt-2023",
)
@LEDGER
@ON
@click.option(
    "--rulebook", metavar="ID", help="Of which rulebook, where decisions are under several."
)
@output("markdown", "plain", "pretty", "json")
def transparency(**options: Any) -> None:
    """Draft a record for the UK's Algorithmic Transparency Recording Standard.

    What the rulebook and the ledger say is filled in; every gap is marked, and none is guessed.
    """
    from oversight_engine.ledger.auditing import audit
    from oversight_engine.report.transparency import transparency_data, transparency_page

    found = audit(location_of(options), _scope(options), replays=False)
    _check_record(found, options)
    if options["format"] == "json":
        print_data(transparency_data(found))
    else:
        print_page(transparency_page(found), options)


def _check_record(found: Audit, options: Options) -> None:
    """Refuse to make a record of a damaged ledger, of no decision, or of two tools at once."""
    damage, contents = found.verification.damage, found.contents
    if damage is not None or contents is None:
        raise IntegrityError(f"{found.place} is damaged, and no record is made of it: {damage}")
    ids = sorted({under.rulebook.id for under in contents.under})
    if not ids:
        named = options["rulebook"]
        under = f" under {named}" if named else ""
        raise InputError(f"{found.place} has no decision{under} to make a record of")
    if len(ids) > 1:
        raise InputError(
            f"decisions are under {', '.join(ids)}: a record is of one, so choose with --rulebook"
        )
