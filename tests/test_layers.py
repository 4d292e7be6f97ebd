"""Who may import whom: the picture in the architecture page is the law."""

import ast
import functools
import re
import sys
from pathlib import Path

import pytest

from oversight_engine.resources import PACKAGE

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "explanation" / "architecture.md"
DOORS = {
    "attrs": {"*"},
    "click": {
        "casework",
        "cli",
        "command_line",
        "commands",
        "comparing",
        "deciding",
        "explaining",
        "ledger_options",
        "proving",
        "publications",
        "recording",
        "replaying",
        "reporting",
        "sweeping",
        "testing",
    },
    "durable_rules_engine": {"evaluators.strata"},
    "yaml": {"language.source"},
    "rich": {"report"},
    "cryptography": {"ledger.keys"},
    "sqlite3": {"ledger.sqlite"},
    "sqlalchemy": {"ledger.postgres"},
    "psycopg": {"ledger.postgres"},
    "z3": {"analysis.solver"},
    "numpy": {"analysis.columns", "analysis.sweep", "analysis.vectors"},
    "msgspec": {"ledger.bulk"},
}
"""Where each third-party package, and sqlite3, may be imported: in these modules or these parts."""

pytestmark = pytest.mark.checkout
if not PICTURE.exists():
    pytest.skip("the picture is part of a checkout only", allow_module_level=True)


def modules():
    """Return the path of every module, by its name within the package."""
    found = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
    }
    return {"cli": ROOT / "cli.py"} | {
        name.removesuffix(".__init__") or "__init__": path for name, path in found.items()
    }


MODULES = modules()


def part_of(module):
    return module.split(".")[0]


def rows_of_the_picture():
    """Return the parts in each row of the picture, from the top."""
    [picture] = re.findall(r"```layers\n(.*?)```", PICTURE.read_text(encoding="utf-8"), re.DOTALL)
    rows = [line.partition("#")[0].split() for line in picture.splitlines()]
    return [row for row in rows if set(row) - {"│"}]


LEVELS = {part: level for level, row in enumerate(reversed(rows_of_the_picture())) for part in row}
"""The level of each part, the lowest being 0."""


PARTS = {part_of(module) for module in MODULES}


def test_every_part_is_drawn_once():
    drawn = [part for row in rows_of_the_picture() for part in row]

    assert sorted(drawn) == sorted(PARTS)


@functools.cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports_of(path):
    """Return the modules that *path* imports, those for the type checker alone left out."""
    return tuple(_imports_of(tree_of(path)))


def _imports_of(tree):
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def our_parts(path):
    for name in imports_of(path):
        package, _, rest = name.partition(".")
        if package == "oversight_engine":
            yield part_of(rest) if part_of(rest) in PARTS else "__init__"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_from_below_or_from_its_own_part(module):
    part = part_of(module)
    for imported in our_parts(MODULES[module]):
        assert imported == part or LEVELS[imported] < LEVELS[part], f"{module} imports {imported}"


@pytest.mark.parametrize("package", sorted(DOORS))
def test_a_third_party_package_is_imported_through_its_door_only(package):
    doors = DOORS[package]
    through = {name for name, path in MODULES.items() if package in roots_of(path)}

    assert through, f"nothing imports {package}"
    assert "*" in doors or all(doors & {name, part_of(name)} for name in through)


def roots_of(path):
    return {name.split(".")[0] for name in imports_of(path)}


STANDARD = {*sys.stdlib_module_names}


def test_no_other_third_party_package_is_imported():
    imported = set().union(*map(roots_of, MODULES.values()))

    assert imported - STANDARD == {*DOORS, "oversight_engine"} - STANDARD


# What leads out of the process. `urllib.parse` is not among it: it takes addresses apart and puts
# them together, and reaches nothing. Neither is `concurrent.futures`, of which one module makes
# more processes of this same program, for `replay --jobs`.
#
# A ledger may be in a PostgreSQL database, so one module may connect: the door of SQLAlchemy and
# psycopg, and only to the address that somebody gave as the ledger's location. It needs no socket
# of its own for that. Whoever keeps their ledgers in files never imports it.

CONNECTING = {
    "_socket", "asyncio", "ftplib", "http", "imaplib", "poplib", "smtplib", "socket",
    "socketserver", "ssl", "urllib.request", "webbrowser", "wsgiref", "xmlrpc",
}  # fmt: skip
STARTING = {"_posixsubprocess", "ctypes", "multiprocessing", "pty", "subprocess"}
MORE_OF_US = "concurrent.futures.ProcessPoolExecutor"
STARTED_BY_OS = re.compile(r"exec[lv]\w*|fork(pty)?|popen|posix_spawnp?|spawn\w+|startfile|system")


def leads_to(imported, forbidden):
    return any(imported == each or imported.startswith(f"{each}.") for each in forbidden)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_nothing_opens_a_network_connection_or_starts_a_program(module):
    path = MODULES[module]
    imported = {*imports_of(path)}
    of_os = {
        node.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os"
    } | {name.removeprefix("os.") for name in imported if name.startswith("os.")}

    assert not [each for each in imported if leads_to(each, CONNECTING | STARTING)]
    assert not [name for name in of_os if STARTED_BY_OS.fullmatch(name)]
    assert module == "ledger.replaying" or MORE_OF_US not in imported


@pytest.mark.parametrize(
    ("imported", "leads"),
    [
        ("urllib.parse.quote", False),
        ("urllib.request.urlopen", True),
        ("urllib.request", True),
        ("http.client", True),
        ("httpx", False),
        ("socket", True),
    ],
)
def test_what_leads_out_is_told_from_what_only_sounds_like_it(imported, leads):
    assert leads_to(imported, CONNECTING) == leads
