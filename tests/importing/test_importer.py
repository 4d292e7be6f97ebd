"""Importers are found by name: ours, and those that any installed package offers."""

import sys

import pytest

from oversight_engine.errors import InputError
from oversight_engine.importing.importer import (
    Imported,
    UsedRows,
    find_importer,
    importer_names,
)
from oversight_engine.importing.nof import NofImporter
from oversight_engine.language.problems import Problems


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """Install a package that offers the importer `other`."""
    (tmp_path / "other_importer.py").write_text(
        "class Other:\n    name = 'other'\n    reads = 'nothing'\n    rulebook = 'none'\n"
    )
    metadata = tmp_path / "other_importer-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: other-importer\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[oversight_engine.importers]\nother = other_importer:Other\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("other_importer", None)


def test_the_importer_of_nhs_england_s_framework_ships():
    assert importer_names() == ("nof",)
    assert isinstance(find_importer("nof"), NofImporter)


def test_an_installed_package_adds_its_importer(other_package):
    assert importer_names() == ("nof", "other")
    assert find_importer("other").name == "other"
    assert isinstance(find_importer("nof"), NofImporter)


def test_an_importer_that_nobody_offers_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="no importer is called `nfo`: did you mean `nof`"):
        find_importer("nfo")
    with pytest.raises(InputError, match="no importer is called `something`: there are `nof`"):
        find_importer("something")


def test_rows_that_nothing_used_were_left_out():
    used = (UsedRows("a.csv", "M", "", "fact", 3), UsedRows("a.csv", "N", "", "contextual", 1))

    imported = Imported((), {"a.csv": 6, "b.csv": 2}, used, Problems())

    assert imported.rows_left_out == {"a.csv": 2, "b.csv": 2}
