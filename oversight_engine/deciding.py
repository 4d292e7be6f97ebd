"""What `oversight decide` prints: each decision, all of them at a glance, and who is proposed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from oversight_engine.command_line import Options, load, print_page
from oversight_engine.commands import FIRST_TIER, report, terminal_for
from oversight_engine.errors import ExitCode, InputError, LedgerUnavailableError

if TYPE_CHECKING:
    from oversight_engine.engine import Engine
    from oversight_engine.ledger.recorder import Recorder
    from oversight_engine.model.case import Case
    from oversight_engine.model.cohort import CohortValues
    from oversight_engine.model.decision import Decision
    from oversight_engine.model.rulebook import Rulebook


@contextlib.contextmanager
def recorder_for(cohort: CohortValues | None, options: Options) -> Iterator[Recorder | None]:
    """Open what records the decisions in the ledger that *options* name, if they name one."""
    if not options["location"]:
        yield None
        return
    from oversight_engine.language.reforms import read_reform
    from oversight_engine.ledger.recorder import Recorder
    from oversight_engine.ledger_options import machine_clock, open_ledger, signer_of

    rulebook = load(options | {"reform": None})
    reform = None if options["reform"] is None else read_reform(options["reform"], rulebook)
    signer = signer_of(options)
    with open_ledger(options, write=True) as ledger:
        yield Recorder(
            ledger,
            rulebook=rulebook,
            reform=reform,
            cohort=cohort,
            signer=signer,
            clock=machine_clock,
            more=_certificate_object(options),
        )


def _certificate_object(options: Options) -> dict[str, bytes]:
    """Return the certificate that *options* name as what a ledger keeps, by its digest."""
    if options["certificate"] is None:
        return {}
    from oversight_engine.analysis.certificate import read_certificate
    from oversight_engine.model.plain import canonical

    certificate = read_certificate(options["certificate"])
    return {certificate.digest: canonical(certificate.data)}


def certificate_for(rulebook: Rulebook, options: Options) -> str:
    """Return the digest of the certificate that *options* name, or an empty text.

    Raises:
        InputError: it is of another rulebook.
        IntegrityError: it was changed after it was made.
    """
    if options["certificate"] is None:
        return ""
    from oversight_engine.analysis.certificate import (
        read_certificate,
        refuse_other,
        refuse_partial,
    )

    certificate = read_certificate(options["certificate"])
    refuse_other(certificate, rulebook)
    refuse_partial(certificate, rulebook)
    return certificate.digest


def decide_each(
    engine: Engine,
    cases: Sequence[Case],
    options: Options,
    left_out: list[InputError],
    recorder: Recorder | None = None,
) -> Iterator[Decision]:
    """Yield the decision of each of *cases*; bad ones are *left_out*, where that is asked for.

    With a *recorder* each was recorded before it is yielded, in the order of the cases.
    """
    from oversight_engine.report.progress import watched
    from oversight_engine.report.terminal import Terminal

    def decided() -> Iterator[Decision]:
        watcher = Terminal() if options["quiet"] else terminal_for(sys.stderr, options["color"])
        for case in watched(cases, watcher, sys.stderr):
            try:
                yield _decide(engine, case, options, recorder)
            except LedgerUnavailableError:
                raise
            except InputError as error:
                if not options["keep_going"]:
                    raise
                report(error, options)
                left_out.append(error)

    if recorder is None:
        yield from decided()
        return
    try:
        yield from recorder.recorded(decided())
    finally:  # whatever ended it, what is recorded is recorded
        _say_recorded(recorder, options)


def _decide(engine: Engine, case: Case, options: Options, recorder: Recorder | None) -> Decision:
    if recorder is not None:
        case = recorder.prepare(case, options["as_of"] or case.as_of)
    return engine.decide(case, as_of=options["as_of"])


def _say_recorded(recorder: Recorder, options: Options) -> None:
    """Say on standard error which entries of which ledger the decisions are.

    That is a receipt: no environment names a ledger without its being said what was written there.
    """
    found = list(recorder.entries.values())
    new = [each.entry.number for each in found if each.is_new]
    old = [each.entry.number for each in found if not each.is_new]
    for numbers, word in ((new, "recorded"), (old, "already recorded")):
        if len(numbers) == 1:
            said = f"{word} as entry {numbers[0]}"
        elif numbers:
            first, last = min(numbers), max(numbers)
            is_whole = last - first + 1 == len(numbers)
            named = f"entries {first} to {last}" if is_whole else f"some of {first} to {last}"
            said = f"{len(numbers)} decisions {word} as {named}"
        else:
            continue
        click.echo(f"{said[0].upper()}{said[1:]} of {recorder.place}.", err=True)
    waiting = [] if options["quiet"] else recorder.recommended
    if len(waiting) == 1:
        advice = f"`oversight ledger confirm {waiting[0]}`, or `refuse`"
        click.echo(f"It is recommended, and not in force: {advice}.", err=True)
    elif waiting:
        advice = "`oversight ledger due` lists them"
        click.echo(f"{len(waiting)} are recommended, and not in force: {advice}.", err=True)


def announce(rulebook: Rulebook, cohort: CohortValues, options: Options) -> None:
    """Say on standard error, to people, among whom the cases are judged."""
    from oversight_engine.explanation.grounds import say_cohort

    if options["format"] not in {"pretty", "plain"} or options["quiet"]:
        return
    click.echo(f"{say_cohort(rulebook, cohort)}.", err=True)
    for each in cohort.excluded:
        click.echo(f"Excluded: {each.code}: {each.because}.", err=True)


def print_decisions(
    engine: Engine,
    decisions: Iterator[Decision],
    number: int,
    options: Options,
    recorder: Recorder | None = None,
) -> None:
    """Print the *number* of *decisions* in the format that was asked for."""
    form = options["format"]
    recorded = None if recorder is None else recorder.recorded_data
    if form == "jsonl":
        from oversight_engine.report.data import decided

        for decision in decisions:
            click.echo(decided(decision, recorded), nl=False)
    elif form == "json":
        from oversight_engine.report.data import decisions as document

        proposing = engine.rulebook if number > 1 else None
        many = document(decisions, engine.cohort, proposing, recorded)
        click.echo(b"".join(many), nl=False)
    elif form == "csv":
        from oversight_engine.report.sheet import COLUMNS, row_of, sheet

        click.echo(sheet(COLUMNS, map(row_of, decisions)).encode(), nl=False)
    else:
        _print_pages(engine.rulebook, list(decisions), number, options)


def _print_pages(
    rulebook: Rulebook, decisions: list[Decision], number: int, options: Options
) -> None:
    from oversight_engine.explanation import summarise

    form = options["format"]
    if number > 1 and decisions:
        from oversight_engine.report.overview import ROOMY, overview

        width = terminal_for(sys.stdout).width if form == "pretty" else ROOMY
        page = overview(decisions, width)
        if rulebook.proposals:
            from oversight_engine.proposals import propose
            from oversight_engine.report.proposed import proposal_blocks

            page = page.then(*proposal_blocks(propose(rulebook, decisions)))
        print_page(page, options)
    for decision in decisions if number == 1 or options["details"] else ():
        if number > 1:
            click.echo()
        print_page(summarise(decision), options)
    if (
        number == 1
        and form == "pretty"
        and terminal_for(sys.stderr).is_live
        and not options["quiet"]
    ):
        click.echo("\n`oversight explain` tells the rest.", err=True)


def exit_code(rulebook: Rulebook, outcomes: Sequence[str | None], options: Options) -> int:
    """Return how the command ends, the cases having come to these *outcomes*."""
    fail_on = options["fail_on"]
    severest = max((rulebook.severity(o) for o in outcomes if o is not None), default=-1)
    if fail_on and fail_on != "referred" and severest >= rulebook.severity(fail_on):
        return ExitCode.FINDINGS
    if None in outcomes and (len(outcomes) == 1 or fail_on == "referred"):
        return ExitCode.REFERRED
    return FIRST_TIER + severest if options["exit_tier"] and severest >= 0 else ExitCode.DONE
