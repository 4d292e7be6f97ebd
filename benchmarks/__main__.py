"""Run the benchmarks and print a report in Markdown: `python -m benchmarks --help`."""

from __future__ import annotations

import os
import platform
import sys

import click

PARTS = ["startup", "deciding", "proofs", "paths", "recording", "sweep", "memory"]


@click.command()
@click.option("--cases", default=2000, help="How many distinct cases to decide.")
@click.option("--rounds", default=7, help="How often each thing is timed.")
@click.option("--memory", default=0, help="Decide so many times and watch the memory.")
@click.option("--entries", default=100_000, help="How long a ledger's memory is measured for.")
@click.option("--only", type=click.Choice(PARTS), help="One part.")
def main(cases: int, rounds: int, memory: int, entries: int, only: str | None) -> None:
    """Measure, and print what was measured, as ratios of this one run."""
    from benchmarks import deciding, proofs, prospects, recording, startup, sweeping
    from benchmarks import memory as remembering

    click.echo(
        f"# Benchmarks\n\nPython {platform.python_version()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, {platform.machine()}. Medians of {rounds} interleaved "
        "rounds; trust the ratios.\n"
    )
    if only in (None, "startup"):
        click.echo(startup.report(rounds * 2 + 1) + "\n")
    if only in (None, "deciding"):
        click.echo(deciding.report(cases, rounds) + "\n")
    if only in (None, "proofs"):
        click.echo(proofs.report(rounds) + "\n")
    if only in (None, "paths"):
        click.echo(prospects.report(min(rounds, 3)) + "\n")
    if only in (None, "recording"):
        click.echo(recording.report(cases, rounds, entries) + "\n")
    if only in (None, "sweep"):
        click.echo(sweeping.report(1_000_000, rounds) + "\n")
    if memory or only == "memory":
        click.echo(remembering.report(memory or 1_000_000) + "\n")


if __name__ == "__main__":
    sys.exit(main())
