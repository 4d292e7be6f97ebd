"""How a page of the documentation is played: its files written, its programs and commands run.

A page is read from top to bottom in a copy of the checkout of its own:

* a block that names a file (`yaml file=my-rules/facts.yaml`) is written to it, and with
  `append=` added at its end;
* a `diff` block is applied with `git apply`;
* a `python` block that names no file is a whole program, and is run;
* each command of a `console` block is run, and what it prints takes the place of what stood
  there. Nothing may fail: where a command should, it says so (`… || echo "exit code $?"`). A
  fault of our own is never shown, whatever comes after it in a pipe.

Other blocks are only shown.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from attrs import frozen

COPIED = (
    "cases",
    "cli.py",
    "docs/how-to/check_proof.py",
    "oversight_engine",
    "rules",
    "tests/golden/ledger-v1",
)
COLUMNS = "80"
TIME_LIMIT = 120

BLOCK = re.compile(
    r"^(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence) *$", re.MULTILINE | re.DOTALL
)


class SessionError(Exception):
    """A page does not do what it says."""


@frozen
class Block:
    """A fenced block of a page."""

    language: str
    options: dict[str, str]
    text: str


def blocks_of(page: str) -> list[Block]:
    """Return the fenced blocks of *page*, in order."""
    return [_block(match) for match in BLOCK.finditer(page)]


def _block(match: re.Match[str]) -> Block:
    language, *options = match["info"].split() or [""]
    return Block(language, dict(option.partition("=")[::2] for option in options), match["text"])


def played(page: str, root: Path) -> str:
    """Return *page* with the output of its commands, played in a copy of the checkout *root*."""
    if not any(_is_played(block) for block in blocks_of(page)):
        return page
    with tempfile.TemporaryDirectory() as folder:
        return Session(Path(folder).resolve(), root).play(page)


def _is_played(block: Block) -> bool:
    return block.language in ("console", "diff", "python")


class Session:
    """A copy of the checkout in which a page is played."""

    def __init__(self, folder: Path, root: Path) -> None:
        """Copy the checkout *root* to *folder*."""
        self.place = folder / "checkout"
        for name in COPIED:
            source = root / name
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            (self.place / name).parent.mkdir(parents=True, exist_ok=True)
            copy(source, self.place / name)
        programs = folder / "bin"
        programs.mkdir()
        for name, module in ("oversight", "-m oversight_engine"), ("python", ""):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
            program.chmod(0o755)
        self.environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.place),
            "HOME": str(folder),
            "OVERSIGHT_CACHE": str(folder / "cache"),
            "COLUMNS": COLUMNS,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def play(self, page: str) -> str:
        """Return *page* with the output of its commands."""
        return BLOCK.sub(self._play_block, page)

    def _play_block(self, match: re.Match[str]) -> str:
        block = _block(match)
        if "file" in block.options:
            path = self.place / block.options["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        if "append" in block.options:
            with (self.place / block.options["append"]).open("a", encoding="utf-8") as file:
                file.write(block.text)
        if block.language == "diff":
            self._run(["git", "apply", "-"], given=block.text)
        elif block.language == "python" and "file" not in block.options:
            program = self.place / "program.py"
            program.write_text(block.text, encoding="utf-8")
            self._run([sys.executable, program.name])
        elif block.language == "console":
            opening = f"{match['fence']}{match['info']}\n"
            return opening + self._play_console(block.text) + match["fence"]
        return match[0]

    def _play_console(self, text: str) -> str:
        shown = ""
        for command in _commands_in(text):
            printed = self._run(["bash", "-c", _without_prompts(command)])
            lines = [line.rstrip() for line in printed.rstrip().splitlines()]
            if any(line.startswith(("$ ", "> ", "```")) for line in lines):
                raise SessionError(f"{command}prints what would be taken for a prompt")
            shown += command + "".join(f"{line}\n" for line in lines)
        return shown

    def _run(self, command: list[str], given: str | None = None) -> str:
        """Return what *command* prints to both its streams; it must succeed."""
        done = subprocess.run(
            command,
            cwd=self.place,
            env=self.environment,
            input=given or "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIME_LIMIT,
            check=False,
        )
        is_our_fault = any(sign in done.stdout for sign in ("A fault of ours", "Traceback"))
        if done.returncode or is_our_fault:
            raise SessionError(
                f"{' '.join(command)}\n{given or ''}\nended with {done.returncode}:\n{done.stdout}"
            )
        return done.stdout


def commands_of(block: Block) -> list[str]:
    """Return the commands of a `console` block, without their prompts."""
    return [_without_prompts(command) for command in _commands_in(block.text)]


def _commands_in(text: str) -> list[str]:
    """Return each command with its prompts: a line with `$ ` and those after it with `> `."""
    return re.findall(r"^\$ .*\n(?:> ?.*\n)*", text, re.MULTILINE)


def _without_prompts(command: str) -> str:
    return re.sub(r"^(\$|>) ?", "", command, flags=re.MULTILINE)
