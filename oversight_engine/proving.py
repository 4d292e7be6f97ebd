"""The command that checks rulebooks: what is wrong with them, and what is certain of every case."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oversight_engine._version import __version__
from oversight_engine.command_line import (
    DEFAULT_RULEBOOK,
    FORMATS,
    REFORM,
    complete_rulebook,
    output,
    place_of,
    print_data,
    print_page,
    write_file,
)
from oversight_engine.commands import Command, terminal_for
from oversight_engine.errors import ExitCode, InputError, IntegrityError

if TYPE_CHECKING:
    from oversight_engine.analysis.laws import Proof
    from oversight_engine.report.checking import Checked


@click.command(
    cls=Command,
    short_help="Check rulebooks, and prove what they claim.",
    example="oversight check hewitt-2023 our-rulebook --fail-on warning",
)
@click.argument("rulebooks", nargs=-1, metavar="[RULEBOOK]...", shell_complete=complete_rulebook)
@REFORM
@click.option("--fail-on", type=click.Choice(["warning"]), help="Exit 1 if there are warnings.")
@click.option(
    "--proofs/--no-proofs",
    default=True,
    show_default=True,
    help="Prove the laws over all cases, or not.",
)
@click.option(
    "--counterexamples",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the cases that refute a law to this folder, ready to be decided.",
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write what was proved to this file, as a certificate.",
)
@click.option(
    "--verify-certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Prove again what this certificate says; exit 5 if anything comes out otherwise.",
)
@output(*FORMATS)
def check(rulebooks: tuple[str, ...], **options: Any) -> int:
    """Check each RULEBOOK: every problem at once, and what is certain of every case.

    It is a folder, or the id of one that ships; hewitt-2023 if none is named.

    The laws that a rulebook claims are proved over all cases, or refuted by cases that break them;
    exit 3 if one is refuted.
    """
    from oversight_engine.report import checking

    _refuse_options(rulebooks, options)
    _refuse_certificates(options)
    names = rulebooks or (DEFAULT_RULEBOOK,)
    proofs = options["proofs"]
    checked = [
        checking.examine(name, place_of(name), options["reform"], with_proofs=proofs)
        for name in names
    ]
    if options["format"] == "json":
        print_data(checking.checked_data(checked))
    else:
        print_page(checking.checked_page(checked), options)
        told = checking.problems_of(checked, terminal_for(sys.stderr, options["color"]))
        if told:
            click.echo(told, err=True, color=True)
    for one in checked:
        if one.proof is not None:
            _write(one, one.proof, options)
    if any(one.rulebook is None or (one.proof and one.proof.failed) for one in checked):
        return ExitCode.INVALID_RULEBOOK
    has_warnings = any(one.problems for one in checked)
    return ExitCode.FINDINGS if options["fail_on"] and has_warnings else ExitCode.DONE


def _refuse_options(rulebooks: Sequence[str], options: dict[str, Any]) -> None:
    asked = [
        name
        for name in ("counterexamples", "certificate", "verify_certificate")
        if options[name] is not None
    ]
    if asked and not options["proofs"]:
        option = f"--{asked[0].replace('_', '-')}"
        raise click.UsageError(f"{option} wants proofs: leave --no-proofs out")
    if len(rulebooks) > 1 and {"certificate", "verify_certificate"} & set(asked):
        raise click.UsageError("a certificate is of one rulebook: name one")


def _refuse_certificates(options: dict[str, Any]) -> None:
    """Refuse what could not be read or written, before minutes are spent on proofs."""
    from oversight_engine.analysis.certificate import read_certificate

    made, stated = options["certificate"], options["verify_certificate"]
    if made is not None and not made.parent.is_dir():
        raise InputError(f"{made} cannot be written: there is no folder {made.parent}")
    if stated is not None:
        read_certificate(stated)


def _write(one: Checked, proof: Proof, options: dict[str, Any]) -> None:
    """Write, and check, what was asked for about one rulebook."""
    from oversight_engine.analysis import certificate

    if options["counterexamples"] is not None:
        _write_cases(proof, options["counterexamples"])
    if options["certificate"] is not None:
        made = certificate.certify(proof, f"{one.seconds:.3f}")
        write_file(options["certificate"], certificate.certificate_bytes(made))
    if options["verify_certificate"] is not None:
        file = options["verify_certificate"]
        stated = certificate.read_certificate(file)
        certificate.refuse_other(stated, proof.rulebook)
        found = certificate.differences(stated, proof)
        if found:
            raise IntegrityError(f"{file}: " + "; ".join(found))
        other = stated.data["engine_version"]
        by = f", written by version {other} of the engine" if other != __version__ else ""
        click.echo(f"{file}: as proved again, {stated.digest}{by}", err=True)


def _write_cases(proof: Proof, folder: Path) -> None:
    from oversight_engine.analysis.cohorts import example_cohort
    from oversight_engine.analysis.laws import counterexamples
    from oversight_engine.language.writer import cases_text
    from oversight_engine.model.cohort import cohort_data
    from oversight_engine.report.data import document

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}") from error
    found = counterexamples(proof)
    for law, pair in found.items():
        text = cases_text(pair, proof.rulebook)
        write_file(folder / f"{proof.rulebook.id}-{law}.yaml", text.encode())
        cohort = example_cohort(proof.rulebook, pair[0].as_of)
        if cohort is not None:  # the cases mean nothing without it
            file = folder / f"{proof.rulebook.id}-{law}-cohort.json"
            write_file(file, document(cohort_data(cohort)))
    if not found:
        click.echo(f"No law of {proof.rulebook.id} is refuted by cases.", err=True)
