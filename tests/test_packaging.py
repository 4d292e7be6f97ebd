"""The package installs as one top-level name, and its command starts from anywhere."""

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import click
import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from oversight_engine import __main__ as entry
from oversight_engine import _version, resources

ROOT = Path(__file__).resolve().parent.parent


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def run_python(*arguments, cwd):
    """Run Python in *cwd* with the tested package in reach, installed or not."""
    environment = os.environ | {"PYTHONPATH": str(resources.PACKAGE.parent)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_command_is_found_inside_the_package_or_beside_it():
    assert isinstance(entry.cli, click.Group)
    assert Path(entry.load_commands().__file__).parent in {
        resources.PACKAGE,
        resources.PACKAGE.parent,
    }


def test_a_strangers_module_called_cli_is_never_run(tmp_path):
    (tmp_path / "cli.py").write_text("raise SystemExit('the wrong cli was imported')")

    printed = run_python("-m", "oversight_engine", "--version", cwd=tmp_path)

    assert _version.__version__ in printed


def test_the_command_calls_itself_oversight_however_it_is_started(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["/somewhere/__main__.py", "--help"])

    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: oversight ")


def test_commands_that_fail_to_load_are_not_left_half_loaded(tmp_path, monkeypatch):
    broken = tmp_path / "oversight_engine" / "cli.py"
    broken.parent.mkdir()
    broken.write_text("raise RuntimeError('broken')")
    monkeypatch.setattr(entry, "__file__", str(broken.parent / "__main__.py"))
    monkeypatch.delitem(sys.modules, entry.COMMANDS)

    with pytest.raises(RuntimeError, match="broken"):
        entry.load_commands()
    assert entry.COMMANDS not in sys.modules


def test_starting_the_command_does_not_read_the_metadata_of_installed_packages(tmp_path):
    code = "import sys, oversight_engine.__main__; print('importlib.metadata' in sys.modules)"

    assert run_python("-c", code, cwd=tmp_path).strip() == "False"


@pytest.mark.checkout
def test_the_script_calls_main():
    assert project()["scripts"] == {"oversight": f"{entry.__name__}:{entry.main.__name__}"}


@pytest.mark.checkout
def test_the_pinned_rule_engine_is_the_one_that_make_installs():
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = next(line for line in project()["dependencies"] if line.startswith("durable_rules"))

    assert pinned in constraints


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    [path] = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.mark.checkout
def test_a_wheel_owns_one_top_level_name_and_holds_everything_that_is_shipped(wheel):
    names = set(wheel.namelist())
    shipped = {
        f"oversight_engine/{path.relative_to(ROOT).as_posix()}"
        for kind in ("rules", "cases")
        for path in resources.shipped(kind).rglob("*")
        if path.is_file()
    }

    assert {name.split("/")[0] for name in names} == {
        "oversight_engine",
        f"oversight_engine-{_version.__version__}.dist-info",
    }
    assert shipped | {"oversight_engine/cli.py", "oversight_engine/py.typed"} <= names


@pytest.mark.checkout
def test_a_wheel_says_its_version_and_needs_no_more_than_six_packages(wheel):
    metadata = metadata_of(wheel)

    assert metadata["Version"] == _version.__version__
    assert packages(metadata) == {
        "attrs",
        "click",
        "cryptography",
        "durable-rules",
        "pyyaml",
        "rich",
    }


@pytest.mark.checkout
@pytest.mark.parametrize(
    ("extra", "needed"),
    [
        ("postgres", {"psycopg", "sqlalchemy"}),
        ("proof", {"z3-solver"}),
        ("batch", {"msgspec", "numpy"}),
    ],
)
def test_an_extra_brings_what_its_commands_need_and_no_more(wheel, extra, needed):
    assert packages(metadata_of(wheel), extra) == needed


def metadata_of(wheel):
    return email.message_from_bytes(
        wheel.read(f"oversight_engine-{_version.__version__}.dist-info/METADATA")
    )


def packages(metadata, extra=None):
    """Return the packages that are needed at run time, or that an *extra* brings."""
    return {
        re.match(r"[\w-]+", requirement)[0]
        for requirement in metadata.get_all("Requires-Dist")
        if (
            "extra ==" not in requirement if extra is None else f"extra == '{extra}'" in requirement
        )
    }


@pytest.mark.checkout
def test_a_source_archive_holds_what_the_wheel_is_built_from_and_tested_with(tmp_path):
    [path] = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(path) as archive:
        top_level = {name.split("/")[1] for name in archive.getnames()}

    assert {"LICENSE", "Makefile", "cases", "cli.py", "constraints.txt", "oversight_engine"} <= (
        top_level
    )
    assert {"pyproject.toml", "rules", "tests"} <= top_level
    assert not {".venv", "dist", "build"} & top_level
