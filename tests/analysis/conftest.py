"""What tests of the analysis share."""

import builtins

import pytest


@pytest.fixture
def _without_z3(monkeypatch):
    """Let importing z3 fail, as it does where the extra is not installed."""
    real = builtins.__import__

    def imported(name, *arguments, **more):
        if name.split(".")[0] == "z3":
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", imported)
