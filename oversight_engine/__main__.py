"""Where the command starts: finds the commands inside an installed package, or beside a checkout's.

A wheel holds them as `oversight_engine/cli.py`, a checkout as `cli.py` at its top. They are loaded
by their place and never by the bare name `cli`, which anybody's module may have.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from oversight_engine.errors import ExitCode

COMMANDS = "oversight_engine.cli"
OFTEN_ENOUGH = 20_000
"""After so many new objects garbage is looked for: Python's own 700 suit neither a start, which
makes objects that stay, nor decisions, which hold no cycles."""


def load_commands() -> ModuleType:
    """Import the module of commands, under one name wherever it lies."""
    if COMMANDS in sys.modules:
        return sys.modules[COMMANDS]
    package = Path(__file__).resolve().parent
    inside, beside = package / "cli.py", package.parent / "cli.py"
    spec = importlib.util.spec_from_file_location(COMMANDS, inside if inside.exists() else beside)
    assert spec is not None
    assert spec.loader is not None, "a path that ends in .py always has a loader"
    commands = importlib.util.module_from_spec(spec)
    sys.modules[COMMANDS] = commands  # as any import does: there while it runs, gone if it fails
    try:
        spec.loader.exec_module(commands)
    except BaseException:
        del sys.modules[COMMANDS]
        raise
    return commands


def __getattr__(name: str) -> Any:
    """Return `cli`, the group of all commands; loaded when it is first asked for."""
    if name == "cli":
        return load_commands().cli
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> None:
    """Run the command `oversight`."""
    gc.set_threshold(OFTEN_ENOUGH)
    try:
        load_commands().cli(prog_name="oversight")
    except KeyboardInterrupt:  # before the commands could say so themselves
        print("Interrupted.", file=sys.stderr)  # noqa: T201
        sys.exit(ExitCode.INTERRUPTED)
    finally:
        gc.freeze()  # the process ends: nobody need look for garbage in what is left


if __name__ == "__main__":
    main()
