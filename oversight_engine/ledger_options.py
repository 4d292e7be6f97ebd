"""What the commands about a ledger share: where it is, whose key signs, who says so, the time."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from oversight_engine.command_line import Options, complete_file, day_option, several
from oversight_engine.errors import InputError, IntegrityError

if TYPE_CHECKING:
    from oversight_engine.ledger.keys import Signer, Verifier
    from oversight_engine.ledger.log import Ledger

LEDGER = click.option(
    "--ledger",
    "location",
    envvar="OVERSIGHT_LEDGER",
    metavar="LOCATION",
    shell_complete=complete_file,
    help="The ledger: a file, or postgresql://…; else what OVERSIGHT_LEDGER says.",
)
"""How every command names the ledger, so that arguments are left to what is looked for in it."""


class _Number(click.IntRange):
    """A number of an entry; the name is for the message about what is none."""

    name = "number of an entry"


NUMBER = click.argument("number", type=_Number(min=1), metavar="N")

KEY = click.option(
    "--key",
    "key_file",
    envvar="OVERSIGHT_LEDGER_KEY",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file of the private key that signs; else what OVERSIGHT_LEDGER_KEY says.",
)
BY_WHOM = several(
    click.option("--by", required=True, metavar="NAME", help="Who does it."),
    click.option(
        "--role",
        required=True,
        metavar="ROLE",
        help="In which role; where the rulebook says whose move it is, one of those.",
    ),
)
ON = day_option("--on", "How things stood on this day; today if left out.")
KNOWN_ON = day_option(
    "--known-on", "As it was known on this day: what was recorded later is left out."
)
COMPARED = several(
    click.option(
        "--trust",
        "trusted",
        multiple=True,
        metavar="KEY|FILE",
        help="A public key, or a file of it: one of the ledger's must be among those given.",
    ),
    click.option(
        "--checkpoint",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A checkpoint kept from earlier: the ledger must begin with what it signs.",
    ),
)
"""What a reader brings along, with which a ledger is compared."""


def location_of(options: Options) -> str:
    """Return where the ledger is that *options* name."""
    location = options["location"]
    if not location:
        raise click.UsageError("name the ledger with --ledger or OVERSIGHT_LEDGER")
    return str(location)


def refuse_stranger(ledger: Ledger, system: str) -> None:
    """Refuse the code of a *system* on which the *ledger* has nothing: a slip, mostly."""
    if next(ledger.entries(system=system), None) is None:
        raise InputError(
            f"{ledger.place} has nothing on {system}: `oversight ledger in-force` lists every "
            "system it knows"
        )


def refuse_both(options: Options, what: str) -> None:
    """Refuse a ledger that is named beside *what* stands for one.

    One that only the environment names is passed over: it is there for every command.
    """
    source = click.get_current_context().get_parameter_source("location")
    if options["location"] and source is not ParameterSource.ENVIRONMENT:
        raise click.UsageError(f"name a ledger with --ledger, or {what}: not both")


def open_ledger(options: Options, *, write: bool = False) -> Ledger:
    """Open the ledger that *options* name."""
    from oversight_engine.ledger.log import Ledger

    return Ledger.open(location_of(options), write=write)


def signer_of(options: Options) -> Signer:
    """Return whose private key *options* name."""
    from oversight_engine.ledger.keys import load_signer

    if options["key_file"] is None:
        raise InputError(
            "nothing is recorded without a key that signs: name its file with --key or "
            "OVERSIGHT_LEDGER_KEY; `oversight ledger key new` makes one"
        )
    return load_signer(options["key_file"])


def trusted_keys(options: Options) -> list[Verifier]:
    """Return the public keys that *options* name: each is one, or is in the file it names."""
    from oversight_engine.ledger.keys import Verifier

    found = []
    for text in options["trusted"]:
        is_file = _is_file(text)
        said = _bytes_of(Path(text)).decode("utf-8", "replace").strip() if is_file else text
        try:
            found.append(Verifier.parse(said))
        except InputError as error:  # what is given may be a private key, and is not quoted
            named = text if is_file else "--trust names no file, so it should be a key, and is"
            raise InputError(f"{named}: {error}") from None
    return found


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # a key is longer than a name may be
        return False


def kept_note(options: Options) -> bytes | None:
    """Return the checkpoint that *options* name, if they name one."""
    from oversight_engine.ledger.notes import Checkpoint, parse_note

    file = options["checkpoint"]
    if file is None:
        return None
    note = _bytes_of(file)
    try:
        Checkpoint.parse(parse_note(note)[0])
    except IntegrityError as error:  # another file than was meant says nothing of the ledger
        raise InputError(f"{file}: {error}") from None
    return note


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error


def whom(options: Options) -> dict[str, str]:
    """Return who does it, as an entry says it."""
    return {"name": options["by"], "role": options["role"]}


def machine_clock() -> datetime.datetime:
    """Return the time: the only place where the commands about a ledger read a clock."""
    return datetime.datetime.now(datetime.UTC)
