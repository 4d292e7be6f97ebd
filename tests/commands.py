"""The command as somebody runs it, the streams it meets, and the shipped cases it is run on."""

import io

import click
from click.testing import CliRunner

from oversight_engine.__main__ import cli
from oversight_engine.resources import shipped
from tests.shown import shipped_case

HELD_BACK = str(shipped_case("cinder-hills"))
FREE = str(shipped_case("dunmarsh"))
HARSH = str(shipped_case("gorsley"))
REFERRED = str(shipped_case("QE1"))
ILLUSTRATIVE = str(shipped("cases") / "illustrative")
REFERENCE = "--evaluators=reference"


def run(*arguments, stdin=None):
    """Run the command and return its result; nothing it raises is swallowed."""
    words = [str(each) for each in arguments]
    result = CliRunner().invoke(cli, words, input=stdin, prog_name="oversight")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def every_command(group=cli, words=()):
    """Yield each command that there is, groups included, by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*words, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*words, name))


class Stream(io.StringIO):
    """A stream of one encoding, on a terminal or not."""

    def __init__(self, *, tty=False, encoding="utf-8"):
        super().__init__()
        self.tty = tty
        self.codec = encoding

    encoding = property(lambda self: self.codec)

    def isatty(self):
        return self.tty

    def fileno(self):
        raise OSError
