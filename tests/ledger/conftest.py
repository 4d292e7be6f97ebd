"""Places for ledgers: a file, and a schema of its own in a PostgreSQL database."""

import contextlib
import os
import secrets

import pytest

from tests.commands import run
from tests.ledger.casework import RAVENSEA, decide

POSTGRES = os.environ.get("OVERSIGHT_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


@pytest.fixture(scope="session")
def database():
    """Return the address of a database in which tests may make schemas."""
    psycopg = pytest.importorskip("psycopg", reason="the extra [postgres] is not installed")
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL at OVERSIGHT_TEST_POSTGRES: {error}")
    return POSTGRES


@pytest.fixture
def schema(database):
    """Make a schema for one test, and return the address that leads there."""
    with schema_of(database) as location:
        yield location


@contextlib.contextmanager
def schema_of(database):
    """Make a schema in *database*, give the address that leads there, and take it away again."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    name = f"ledger_{secrets.token_hex(6)}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        sign = "&" if "?" in database else "?"
        yield f"{database}{sign}options=-csearch_path%3D{name}"
        connection.execute(SQL("DROP SCHEMA {} CASCADE").format(Identifier(name)))


@pytest.fixture(params=["sqlite", "postgres"])
def location(request, tmp_path):
    """Return where a ledger may be made: in each kind of store."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger")
    return request.getfixturevalue("schema")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a folder with a key and a ledger, both named by the environment, and stand in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERSIGHT_LEDGER", "l.ledger")
    monkeypatch.setenv("OVERSIGHT_LEDGER_KEY", "k")
    assert run("ledger", "key", "new", "k", "--name", "example.org/l").exit_code == 0
    assert run("ledger", "init").exit_code == 0
    return tmp_path


@pytest.fixture
def story(home):
    """Return the folder, the first quarter being decided: intervention, in entry 2."""
    decide(RAVENSEA)
    return home
