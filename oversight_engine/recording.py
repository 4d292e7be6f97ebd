"""The commands of a ledger: to make it, to verify it, to prove an entry, to hand it on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from oversight_engine.command_line import (
    FORMATS,
    VERBOSE,
    Options,
    complete_file,
    day_option,
    output,
    print_data,
    print_page,
    write_file,
)
from oversight_engine.commands import Command, Commands
from oversight_engine.errors import ExitCode, InputError, OversightError
from oversight_engine.ledger_options import (
    BY_WHOM,
    COMPARED,
    KEY,
    LEDGER,
    NUMBER,
    kept_note,
    location_of,
    machine_clock,
    open_ledger,
    refuse_both,
    signer_of,
    trusted_keys,
    whom,
)

if TYPE_CHECKING:
    from oversight_engine.ledger.keys import Signer
    from oversight_engine.ledger.log import Ledger
    from oversight_engine.ledger.retention import Retention

FILES = click.Path(path_type=Path)
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why.")
NEW_FILE = click.option(
    "-o",
    "--output",
    "file",
    type=FILES,
    metavar="FILE",
    help="Write it to this file, which must be new; else it is printed.",
)

PEOPLE = (
    "answer", "confirm", "correct", "due", "in-force", "override", "recheck", "refuse", "represent",
    "review", "show", "withdraw",
)  # fmt: skip
"""The commands about people's part, which have a module of their own."""


@click.group(
    "ledger",
    short_help="Record decisions, and look into what is recorded.",
    cls=Commands,
    elsewhere={name: f"casework:{name.replace('-', '_')}" for name in PEOPLE}
    | {name: f"reporting:{name}" for name in ("report", "transparency")},
)
def ledger() -> None:
    """Keep decisions so that any change to the past is noticed, and look into what is kept.

    A ledger is one file, or tables in a PostgreSQL database. Each command takes the one that
    --ledger names, or else OVERSIGHT_LEDGER, and says which it wrote to.
    """


@ledger.command(
    "init",
    short_help="Make a ledger.",
    example="oversight ledger init --ledger our.ledger --key our-key",
)
@LEDGER
@KEY
@click.option(
    "--origin",
    metavar="TEXT",
    help="What the ledger is called in its checkpoints, for ever; the key's name if left out.",
)
@VERBOSE
def init(**options: Any) -> None:
    """Make a ledger: a new file, or tables in a PostgreSQL database."""
    from oversight_engine.ledger.log import Ledger

    signer = signer_of(options)
    origin = options["origin"] or signer.name
    Ledger.create(location_of(options), signer=signer, origin=origin, clock=machine_clock)
    with open_ledger(options) as made:
        click.echo(f"Made the ledger {origin} at {made.place}.", err=True)
    click.echo(signer.verifier.text)


# Keys


@ledger.group("key", short_help="Make, show and change keys.")
def key() -> None:
    """Make, show and change the keys that sign a ledger's checkpoints."""


key.command_class = Command


@key.command(
    "new",
    short_help="Make a private key in a new FILE.",
    example="oversight ledger key new our-key --name example.org/ledger > public-key.txt",
)
@click.argument("file", type=FILES)
@click.option(
    "--name",
    required=True,
    metavar="NAME",
    help="Whose key it is, such as oversight.example.org/ledger; no spaces.",
)
@VERBOSE
def new(file: Path, name: str, **_options: Any) -> None:
    """Make a private key in the new FILE, and print its public key: keep that, and publish it."""
    from oversight_engine.ledger.keys import make_key

    verifier = make_key(file, name)
    click.echo(f"Wrote {file}: whoever has it signs in your name.", err=True)
    click.echo(verifier.text)


@key.command(
    "show",
    short_help="Print a public key.",
    example="oversight ledger key show --ledger our.ledger",
)
@click.argument("file", type=FILES, required=False, shell_complete=complete_file)
@LEDGER
@VERBOSE
def show(file: Path | None, **options: Any) -> None:
    """Print the public key of the private key in FILE, or the public keys of a ledger."""
    if file is not None:
        from oversight_engine.ledger.keys import load_signer

        refuse_both(options, "a FILE")
        click.echo(load_signer(file).verifier.text)
        return
    with open_ledger(options) as opened:
        for _, verifier in opened.verifiers():
            click.echo(verifier.text)


@key.command(
    "rotate",
    short_help="Let a new key sign from now on.",
    example="oversight ledger key rotate --ledger our.ledger --key our-key --new-key next-key "
    "--by 'A. Keeper' --role 'records officer' --reason 'It is time.'",
)
@LEDGER
@KEY
@click.option("--new-key", type=FILES, required=True, metavar="FILE", help="The new private key.")
@BY_WHOM
@REASON
@VERBOSE
def rotate(new_key: Path, **options: Any) -> None:
    """Let a new key sign from now on; the old one signs for it, once and last."""
    from oversight_engine.ledger.entries import Draft
    from oversight_engine.ledger.keys import load_signer

    old, successor = signer_of(options), load_signer(new_key)
    with open_ledger(options, write=True) as opened:
        if successor.verifier in [verifier for _, verifier in opened.verifiers()]:
            raise InputError("the new key has signed here before: make a new one")
        said = {"key": successor.verifier.text, "replaces": old.verifier.text}
        draft = Draft("key", said | {"by": whom(options), "reason": options["reason"]})
        [recorded] = opened.append([draft], signer=old, clock=machine_clock)
        click.echo(f"Recorded as entry {recorded.entry.number} of {opened.place}.", err=True)
    click.echo(successor.verifier.text)


# Verification and proofs


@ledger.command(
    "verify",
    short_help="Say whether a ledger is as it was recorded.",
    example="oversight ledger verify --ledger our.ledger --trust public-key.txt",
)
@LEDGER
@COMPARED
@click.option(
    "--quick", is_flag=True, help="Bytes, tree and newest signature only: reads no entry."
)
@output(*FORMATS)
def verify(**options: Any) -> int:
    """Say whether a ledger is as it was recorded; if not, the first entry that is damaged."""
    from oversight_engine.ledger.log import Ledger
    from oversight_engine.ledger.verification import verify as verify_ledger
    from oversight_engine.report import ledgers

    verifiers, note = trusted_keys(options), kept_note(options)
    with Ledger.examine(location_of(options)) as opened:
        found = verify_ledger(opened, verifiers=verifiers, checkpoint=note, quick=options["quick"])
        place = opened.place
    if options["format"] == "json":
        print_data(ledgers.verified_data(found, place))
    else:
        print_page(ledgers.verified_page(found, place), options)
    return ExitCode.DONE if found.damage is None else ExitCode.INTEGRITY


@ledger.command(
    "checkpoint",
    short_help="Print the newest checkpoint, to be kept elsewhere.",
    example="oversight ledger checkpoint --ledger our.ledger -o kept-checkpoint.txt",
)
@LEDGER
@NEW_FILE
@VERBOSE
def checkpoint(file: Path | None, **options: Any) -> None:
    """Print the newest checkpoint: who keeps it can tell later whether the past was changed."""
    with open_ledger(options) as opened:
        note = opened.checkpoint()
    if file is None:
        click.echo(note, nl=False)
    else:
        write_file(file, note, mode="xb")


@ledger.command(
    "prove",
    short_help="Print what proves entry N, in one file.",
    example="oversight ledger prove 7 --ledger our.ledger --key our-key -o proof.json",
)
@NUMBER
@LEDGER
@KEY
@NEW_FILE
@VERBOSE
def prove(number: int, file: Path | None, **options: Any) -> None:
    """Print what proves entry N to somebody who has nothing else: one file, checked offline."""
    from oversight_engine.ledger.notes import open_note
    from oversight_engine.ledger.proofs import make_proof

    signer = signer_of(options)
    with open_ledger(options) as opened, opened.reading():
        entry = opened.entry(number)
        if opened.is_masked(entry):
            raise InputError(
                f"entry {number} was masked after it was recorded: its bytes are not those of "
                "its leaf any more, and nothing can prove them"
            )
        note = opened.checkpoint()
        proof = make_proof(
            entry=entry.content,
            objects={digest: opened.object(digest) for digest in entry.objects},
            inclusion=opened.inclusion(number),
            checkpoint=note,
            verifiers=open_note(note, [verifier for _, verifier in opened.verifiers()]).signed_by,
            signer=signer,
        )
    if file is None:
        click.echo(proof, nl=False)
    else:
        write_file(file, proof, mode="xb")


# Handing on, and masking


@ledger.command(
    "export",
    short_help="Write out a ledger, whole or masked.",
    example="oversight ledger export --ledger our.ledger -o exported --mask /by/name",
)
@LEDGER
@click.option(
    "-o",
    "--output",
    "folder",
    type=FILES,
    required=True,
    metavar="FOLDER",
    help="The folder to write to, which is made: nothing is ever overwritten.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl"]),
    default="jsonl",
    show_default=True,
    help="How entries are written: one to a line.",
)
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="PATH",
    help="Leave this out of every entry that has it, such as /case/facts/some_fact; each "
    "such entry lists what is masked in it.",
)
@VERBOSE
def export(folder: Path, masks: tuple[str, ...], **options: Any) -> None:
    """Write all entries of a ledger, what they refer to, its keys and its newest checkpoint."""
    for path in masks:
        if not path.startswith("/"):
            raise click.BadParameter(
                f"`{path}` is no path: it begins with /", param_hint="'--mask'"
            )
    try:
        folder.mkdir()
        (folder / "objects").mkdir()
    except FileExistsError:
        raise InputError(f"{folder} is there already: nothing is overwritten") from None
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}") from error
    try:
        _export(folder, masks, options)
    except OversightError:  # half of a ledger must not pass for one
        import shutil

        shutil.rmtree(folder)
        raise


def _export(folder: Path, masks: tuple[str, ...], options: Options) -> None:
    with open_ledger(options) as opened, opened.reading():
        unmet = dict.fromkeys(masks)
        _write_lines(folder / "entries.jsonl", _exported(opened, masks, unmet))
        for path in unmet:
            click.echo(f"Nothing is masked by {path}: no entry has it.", err=True)
        for digest in opened.store.digests():
            # The name comes from the bytes, never from what the ledger says they are.
            content = opened.object(digest)
            write_file(folder / "objects" / f"{digest.partition(':')[2]}.json", content, mode="xb")
        keys = "".join(f"{verifier.text}\n" for _, verifier in opened.verifiers())
        write_file(folder / "keys.txt", keys.encode(), mode="xb")
        write_file(folder / "checkpoint.txt", opened.checkpoint(), mode="xb")


def _exported(opened: Ledger, masks: tuple[str, ...], unmet: dict[str, None]) -> Iterator[bytes]:
    """Yield the line of each entry, masked; of the *unmet* paths those are left that none has."""
    from oversight_engine.ledger.entries import masked_content
    from oversight_engine.ledger.retention import has_field

    leaves = opened.leaves()
    for entry in opened.entries():
        present = [path for path in masks if has_field(entry, path)]
        for path in present:
            unmet.pop(path, None)
        content = masked_content(entry, present) if present else entry.content
        leaf = next(leaves).hex().encode()
        yield b'{"entry":%s,"format":"oversight-exported/1","leaf":"%s"}\n' % (content, leaf)


def _write_lines(file: Path, lines: Iterator[bytes]) -> None:
    try:
        with file.open("xb") as stream:
            stream.writelines(lines)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {file}.", err=True)


@ledger.command(
    "mask",
    short_help="Take a field out of entry N for good, on record.",
    example="oversight ledger mask 7 --ledger our.ledger --key our-key --field /by/name "
    "--by 'A. Keeper' --role 'records officer' --reason 'She asked for it.'",
)
@NUMBER
@LEDGER
@KEY
@click.option(
    "--field",
    "fields",
    multiple=True,
    required=True,
    metavar="PATH",
    help="What to mask, such as /case/facts/some_fact or /text.",
)
@BY_WHOM
@REASON
@VERBOSE
def mask(number: int, fields: tuple[str, ...], **options: Any) -> None:
    """Take a field out of entry N for good; who did it and why is an entry of its own.

    The entry's leaf stays, so that checkpoints and proofs still hold for all others.
    """
    said = {"by": whom(options), "reason": options["reason"]}
    signer = signer_of(options)
    with open_ledger(options, write=True) as opened:
        recorded = opened.mask(number, fields, said, signer=signer, clock=machine_clock)
        click.echo(f"Recorded as entry {recorded.entry.number} of {opened.place}.", err=True)


@ledger.command(
    "retention",
    short_help="List, or mask, what a retention POLICY has masked.",
    example="oversight ledger retention retention.yaml --ledger our.ledger",
)
@click.argument("policy", type=FILES, shell_complete=complete_file)
@LEDGER
@day_option("--on", "What is due on this day; today if left out.")
@click.option("--mask", "masks", is_flag=True, help="Mask what is due, for good, on record.")
@KEY
@click.option("--by", metavar="NAME", help="Who masks.")
@click.option("--role", metavar="ROLE", help="In which role.")
@output(*FORMATS)
def retention(policy: Path, **options: Any) -> None:
    """List what a retention POLICY, a YAML file, has masked in a ledger on a day.

    Nothing is changed without --mask. With it, what is due is masked; each masking says which
    item of the policy it follows, and the digest of the file. What is masked is not due again.
    """
    from oversight_engine.ledger.retention import find_due, read_policy
    from oversight_engine.report.retention import retention_data, retention_page

    wanted, today = read_policy(policy), machine_clock().date()
    on = options["on"] or today
    if options["masks"] and not (options["by"] and options["role"]):
        raise click.UsageError("say with --by and --role who masks")
    if options["masks"] and on > today:
        raise InputError(f"{on} is yet to come: nothing is masked before it is due")
    signer = signer_of(options) if options["masks"] else None
    with open_ledger(options, write=options["masks"]) as opened:
        with opened.reading():
            found = find_due(opened, wanted, on)
        if signer is not None:
            found = _masked(opened, found, signer, options)
        place = opened.place
    if options["format"] == "json":
        print_data(retention_data(found, place))
    else:
        print_page(retention_page(found, place), options)


def _masked(opened: Ledger, found: Retention, signer: Signer, options: Options) -> Retention:
    """Mask what was *found* due, saying each as soon as it is kept for good."""
    from oversight_engine.ledger.retention import mask_due

    done = []
    for each in mask_due(opened, found, whom(options), signer=signer, clock=machine_clock):
        click.echo(f"Masked {each.field} of entry {each.entry}: entry {each.masking}.", err=True)
        done.append(each)
    return evolve(found, due=(), done=tuple(done))
