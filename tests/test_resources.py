"""Shipped rules and cases are found wherever the package lies."""

import pytest

from oversight_engine import resources
from oversight_engine.errors import OversightError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Let the package lie in an empty place."""
    package = tmp_path / "oversight_engine"
    package.mkdir()
    monkeypatch.setattr(resources, "PACKAGE", package)
    return package


@pytest.mark.parametrize("kind", ["rules", "cases"])
def test_every_shipped_folder_is_there_and_holds_yaml(kind):
    assert next(resources.shipped(kind).rglob("*.yaml"), None) is not None


def test_a_checkout_has_its_rules_beside_the_package(package):
    (package.parent / "rules").mkdir()

    assert resources.shipped("rules") == package.parent / "rules"


def test_a_wheel_has_its_rules_inside_and_prefers_them_to_a_strangers_folder(package):
    (package.parent / "rules").mkdir()
    (package / "rules").mkdir()

    assert resources.shipped("rules") == package / "rules"


def test_a_broken_installation_says_where_it_looked_and_what_mends_it(package):
    with pytest.raises(OversightError, match="install oversight-engine again") as refused:
        resources.shipped("cases")
    assert str(package) in str(refused.value)
