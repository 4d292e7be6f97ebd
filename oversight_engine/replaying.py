"""The command that derives recorded decisions again: from a ledger, a proof file or a document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from oversight_engine.command_line import (
    DEFAULT_RULEBOOK,
    FORMATS,
    Options,
    cohort_for,
    complete_file,
    day_option,
    load,
    output,
    place_of,
    print_data,
    print_page,
    read,
    rulebook_options,
)
from oversight_engine.commands import Command
from oversight_engine.errors import ExitCode, InputError, IntegrityError
from oversight_engine.ledger_options import (
    KNOWN_ON,
    LEDGER,
    location_of,
    refuse_both,
    refuse_stranger,
    trusted_keys,
)

if TYPE_CHECKING:
    from oversight_engine.ledger.log import Ledger
    from oversight_engine.ledger.replayed import Replay
    from oversight_engine.ledger.replaying import Selection
    from oversight_engine.model.rulebook import Rulebook

FILES = click.Path(path_type=Path)
_SQLITE = b"SQLite format 3\x00"
_OF_LEDGER = (
    "numbers", "systems", "since", "until", "under", "as_of", "known_on", "against", "jobs",
)  # fmt: skip
_OF_PRINTED = ("cases", "rulebook", "rulebook_digest", "reform", "cohort")
_RANGE = re.compile(r"([1-9][0-9]*)?(-)?([1-9][0-9]*)?")


def _numbers(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> tuple[int, int | None]:
    """Return the first and the last number that `7`, `7-20`, `7-` or `-20` names."""
    if text is None:
        return 1, None
    found = _RANGE.fullmatch(text)
    if found is None or text in {"", "-"}:
        raise click.BadParameter(f"`{text}` is not like 7, 7-20, 7- or -20")
    first, dash, last = found.groups()
    if first and last and int(last) < int(first):
        raise click.BadParameter(f"`{text}` ends before it begins")
    if dash is None:
        return int(first), int(first)
    return int(first or 1), None if last is None else int(last)


@click.command(
    cls=Command,
    short_help="Derive recorded decisions again, and compare.",
    example="oversight replay --ledger our.ledger --as-of 2026-03-31 --known-on 2026-04-15",
)
@click.argument("file", required=False, shell_complete=complete_file)
@LEDGER
@click.option(
    "--number",
    "numbers",
    callback=_numbers,
    metavar="N|A-B",
    help="Only these entries: 7, 7-20, 7- or -20.",
)
@click.option("--system", "systems", multiple=True, metavar="CODE",
              help="Only decisions on this system; may be given several times.")  # fmt: skip
@day_option("--since", "Only decisions of this day and later.")
@day_option("--until", "Only decisions of this day and earlier.")
@click.option("--under", metavar="SHA256", default="",
              help="Only decisions under the rulebook whose digest begins so.")  # fmt: skip
@day_option("--as-of", "Only the decisions that held on this day: of each system the last.")
@KNOWN_ON
@click.option("--against", metavar="FOLDER|ID|FILE",
              help="Say what another rulebook would have decided, or the recorded one under this "
                   "reform.")  # fmt: skip
@click.option("--trust", "trusted", multiple=True, metavar="KEY|FILE",
              help="A public key, or a file of it: a proof FILE must be signed by it.")  # fmt: skip
@click.option("--case", "cases", multiple=True, type=FILES, metavar="FILE",
              help="The case of a decision in a FILE that a command printed.")  # fmt: skip
@rulebook_options(DEFAULT_RULEBOOK, "The rulebook of a decision that a command printed")
@click.option("--reform", type=FILES, metavar="FILE",
              help="The reform under which a decision in a FILE was made.")  # fmt: skip
@click.option("--cohort", type=FILES, metavar="FILE",
              help="The cohort values among which a decision in a FILE was made.")  # fmt: skip
@click.option("--evaluators", default="generated", show_default=True, metavar="NAMES",
              callback=lambda _context, _option, names: tuple(map(str.strip, names.split(","))),
              help="What derives each decision: generated, or reference and durable, which must "
                   "agree in every one.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N",
              help="How many processes share the work.")  # fmt: skip
@output(*FORMATS)
def replay(file: str | None, **options: Any) -> int:
    """Derive recorded decisions again, and say whether each comes out as recorded.

    Without FILE they are those of a ledger; everything needed is in it. FILE is a single decision
    kept outside any ledger: a proof file, or what `oversight decide --format json` printed, which
    needs its --case and --rulebook.
    """
    _check_evaluators(options["evaluators"])
    if file is not None:
        refuse_both(options, "a FILE")
        _refuse_ledger(file)
        _refuse(_OF_LEDGER, "a ledger, and FILE is a single decision")
        return _replay_file(Path(file), options)
    _refuse(_OF_PRINTED, "a decision in a FILE: a ledger holds all that its decisions need")
    _refuse(("trusted",), "a proof FILE: `oversight ledger verify` compares a ledger's keys")
    from oversight_engine.ledger.log import Ledger

    location = location_of(options)
    with Ledger.open(location) as ledger:
        selection = _selection(ledger, options)
        place = ledger.place
        if options["against"]:
            return _suppose(ledger, selection, options)
    from oversight_engine.ledger.replaying import replay_in_parts

    found = replay_in_parts(
        location, selection, evaluators=options["evaluators"], jobs=options["jobs"]
    )
    return _print(found, place, (), options)


def _check_evaluators(names: tuple[str, ...]) -> None:
    from oversight_engine.engine import EVALUATORS
    from oversight_engine.ledger.deriving import GENERATED

    known = (GENERATED, *EVALUATORS)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"no evaluator is called `{unknown[0]}`: use {', '.join(known)}")


def _refuse(names: tuple[str, ...], what: str) -> None:
    """Refuse those options among *names* that were given, since they are for *what*."""
    context = click.get_current_context()
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if name in names and given:
            raise click.UsageError(f"{option.opts[0]} is for {what}")


def _refuse_ledger(file: str) -> None:
    """Refuse *file* if it is not there to be read, or is a ledger."""
    from oversight_engine.ledger.store import is_database

    is_ledger = is_database(file)
    try:
        if not is_ledger:
            with Path(file).open("rb") as stream:
                is_ledger = stream.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise InputError(f"{file:.60} cannot be read: {error.strerror}") from error
    if is_ledger:
        raise click.UsageError(f"{file} is a ledger: name it with --ledger")


def _selection(ledger: Ledger, options: Options) -> Selection:
    from oversight_engine.ledger.replaying import Selection, held_on, known_until

    for system in options["systems"]:
        refuse_stranger(ledger, system)
    first, last = options["numbers"]
    if first > ledger.size:
        raise InputError(f"{ledger.place} has no entry {first}: its last is {ledger.size}")
    numbers = None
    if options["as_of"] is not None:
        numbers = held_on(ledger, options["as_of"], options["known_on"])
    elif options["known_on"] is not None:
        known = known_until(ledger, options["known_on"])
        last = known if last is None else min(last, known)
    return Selection(
        first=first,
        last=last,
        systems=options["systems"],
        since=options["since"],
        until=options["until"],
        rulebook=options["under"],
        numbers=numbers,
    )


def _print(found: Replay, where: str, notes: tuple[str, ...], options: Options) -> int:
    from oversight_engine.report.replays import replay_data, replay_page

    if options["format"] == "json":
        print_data(replay_data(found, where))
    else:
        print_page(replay_page(found, where, notes), options)
    return ExitCode.DONE if found.agrees else ExitCode.INTEGRITY


# What would have been decided


def _suppose(ledger: Ledger, selection: Selection, options: Options) -> int:
    from oversight_engine.ledger.supposing import suppose
    from oversight_engine.report.replays import supposition_data, supposition_page

    supposed = suppose(
        ledger, _supposed(ledger, selection, options), selection, evaluators=options["evaluators"]
    )
    if options["format"] == "json":
        print_data(supposition_data(supposed, ledger.place))
    else:
        print_page(supposition_page(supposed, ledger.place), options)
    return ExitCode.DONE


def _supposed(ledger: Ledger, selection: Selection, options: Options) -> Rulebook:
    """Return the rulebook that is supposed: one by itself, or a recorded one under a reform."""
    from oversight_engine.language.cache import folder
    from oversight_engine.language.cache import load as load_cached
    from oversight_engine.language.reforms import read_reform
    from oversight_engine.ledger.restoring import restore_rulebook
    from oversight_engine.ledger.supposing import rulebooks_of
    from oversight_engine.model.reform import under_reform

    place = place_of(options["against"])
    if place.is_dir() or not _is_reform(place):
        return load_cached(place, where=folder())
    digests = rulebooks_of(ledger, selection)
    if len(digests) != 1:
        named = ", ".join(digests) or "none"
        raise InputError(
            f"a reform is of one rulebook, and these decisions are under {named}: choose one with "
            "--under"
        )
    [digest] = digests
    rulebook = restore_rulebook(ledger.object(digest), digest)
    return under_reform(rulebook, read_reform(place, rulebook))


def _is_reform(place: Path) -> bool:
    from oversight_engine.model.reform import REFORM_FORMAT

    try:
        return REFORM_FORMAT in place.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{place} cannot be read: {error.strerror}") from error


# A single decision


def _replay_file(path: Path, options: Options) -> int:
    from oversight_engine.analysis.stored import read_decisions
    from oversight_engine.ledger.outside import replay_documents, replay_proof
    from oversight_engine.ledger.proofs import check_proof

    documents = read_decisions(path)
    if documents is None:
        _refuse(_OF_PRINTED, "a decision that was printed: a proof file holds all that is needed")
        content = path.read_bytes()
        if b'"payload"' not in content:
            raise InputError(
                f"{path} is no proof file, nor what `oversight decide --format json` printed"
            )
        try:
            checked = check_proof(content, trusted_keys(options) or None)
        except IntegrityError as error:
            raise IntegrityError(f"{path}: {error}") from error
        found = replay_proof(checked, evaluators=options["evaluators"])
        return _print(found, str(path), checked.lines, options)
    if options["trusted"]:
        raise click.UsageError(f"--trust is for a proof file, and {path} is signed by nobody")
    if not options["cases"]:
        raise InputError(f"{path} holds no case: name the case that was decided with --case")
    rulebook = load(options)
    cases, _ = read([str(case) for case in options["cases"]], rulebook, {})
    evaluators = tuple(name for name in options["evaluators"] if name != "generated")
    cohort = cohort_for(rulebook, cases, options, None)
    found = replay_documents(
        documents, cases, rulebook, cohort=cohort, evaluators=evaluators or ("reference",)
    )
    return _print(found, str(path), (), options)
