"""Every tampered ledger of the catalogue is found as the catalogue says, by these commands only."""

# ruff: noqa: S608 - tables and columns are named by us

import json
import shutil
from contextlib import closing

import pytest
from click.testing import CliRunner

from oversight_engine.__main__ import cli
from oversight_engine.errors import ExitCode, IntegrityError
from oversight_engine.ledger.log import Ledger
from tests.ledger.conftest import schema_of
from tests.ledger.tampered import hands as h
from tests.ledger.tampered.catalogue import CATALOGUE, TAMPERED
from tests.ledger.tampered.good import make

BY_NAME = {each.name: each for each in TAMPERED}
IN_FILES = {name: each for name, each in BY_NAME.items() if not each.only_postgres}
IN_TABLES = {name: each for name, each in BY_NAME.items() if each.only_postgres}
IN_DATABASES = {name: each for name, each in IN_FILES.items() if not each.only_sqlite}
TABLES = {"entries": h.ENTRY, "objects": "digest, content", "checkpoints": "size, note",
          "head": "size, frontier, recorded_at"}  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Return where the good ledger is, and the checkpoints kept of it."""
    location = make(str(tmp_path_factory.mktemp("good") / "ledger"))
    return location, h.kept_notes(location)


@pytest.fixture
def place(good, tmp_path):
    """Return where a copy of it is."""
    return shutil.copyfile(good[0], tmp_path / "ledger").as_posix()


def test_the_catalogue_has_at_least_forty_and_each_once():
    assert len(TAMPERED) == len(BY_NAME) >= 40
    assert all(CATALOGUE.values())


@pytest.mark.parametrize("name", BY_NAME)
def test_what_no_command_finds_says_what_would(name):
    tampering = BY_NAME[name]

    assert bool(tampering.outside) == (not tampering.found)


@pytest.mark.parametrize("command", [*h.COMMANDS, h.QUICK])
def test_nothing_is_found_in_the_ledger_as_it_was_recorded(good, place, command):
    assert h.found_by(command, place, good[1]) is None


def agrees(said, expected):
    if expected and expected.endswith("…"):
        return said is not None and said.startswith(expected[:-1])
    return said == expected


def check(tampering, location, notes, commands=h.COMMANDS):
    """Compare what each of *commands* says of what was tampered with at *location*."""
    found = tampering.found
    if h.VERIFY in found:  # what is damaged is neither derived nor gone through again
        commands = [each for each in commands if each not in {h.RECHECK, h.REPLAY}]
    for command in commands:
        said = h.found_by(command, location, notes)
        assert agrees(said, found.get(command, found.get(h.VERIFY))), (command, said)
    assert (h.found_by(h.QUICK, location, notes) is not None) == tampering.quick


@pytest.mark.parametrize("name", IN_FILES)
def test_in_a_file_it_is_found_as_the_catalogue_says(name, good, place):
    BY_NAME[name].do(h.Hands(place))

    check(BY_NAME[name], place, good[1])


@pytest.fixture(scope="module")
def database_ledger(database):
    """Make the good ledger in a database once; return hands on it, its notes and all its rows."""
    with schema_of(database) as location, closing(h.Hands(make(location))) as hands:
        rows = {
            table: hands.change(f"SELECT {columns} FROM {{{table}}}")
            for table, columns in TABLES.items()
        }
        yield hands, h.kept_notes(location), rows


@pytest.mark.parametrize("name", IN_DATABASES)
def test_in_a_database_it_is_found_as_the_catalogue_says(name, database_ledger):
    hands, notes, rows = database_ledger
    for table, columns in TABLES.items():
        hands.change(f"DELETE FROM {{{table}}}")
        names = columns + (", format" if table == "head" else "")
        values = [(*row, 1) if table == "head" else row for row in rows[table]]
        places = ", ".join("?" * len(values[0]))
        hands.change(f"INSERT INTO {{{table}}} ({names}) VALUES ({places})", many=values)
    tampering = IN_DATABASES[name]
    tampering.do(hands)

    check(tampering, hands.location, notes, {h.VERIFY, *tampering.found})


@pytest.mark.parametrize("name", IN_TABLES)
def test_in_tables_it_is_found_as_the_catalogue_says(name, schema):
    notes = h.kept_notes(make(schema))
    with closing(h.Hands(schema)) as hands:
        IN_TABLES[name].do(hands)

    check(IN_TABLES[name], schema, notes)
    with pytest.raises(IntegrityError, match="other tables, indexes or triggers"):
        Ledger.open(schema, write=True)  # what would not keep an entry is not given one


# The commands themselves

SAMPLES = {
    h.VERIFY: "edited outcome",
    h.QUICK: "removed entry",
    h.TRUST: "whole ledger written by another key",
    h.KEPT: "truncated tail with rolled-back head",
    h.NEWEST: "forked",
    h.RECHECK: "history that the ledger contradicts",
    h.REPLAY: "outcome that does not follow",
}


@pytest.mark.parametrize("command", SAMPLES)
def test_the_command_that_finds_it_says_so_and_ends_with_that(command, good, place, tmp_path):
    tampering = BY_NAME[SAMPLES[command]]
    tampering.do(h.Hands(place))
    files = {"KEY": h.NEW.verifier.text.encode(), **good[1]}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    words = [str(tmp_path / word) if word in files else word for word in command.split()]
    result = CliRunner().invoke(cli, [*words, "--ledger", place, "--format", "json"])

    assert result.exit_code == ExitCode.INTEGRITY
    said = json.loads(result.stdout)
    message = tampering.found.get(command, tampering.found.get(h.VERIFY))
    told = h.shown(json.dumps(said, ensure_ascii=False), place)
    said_of_it = message.partition(": ")[2].replace(":", "").replace(",", "")
    assert all(word in told for word in said_of_it.split())
    assert not said.get("sound")
    assert not said.get("agrees")
