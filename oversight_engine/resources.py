"""Where shipped rules and cases are, in a checkout and after pip install."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from oversight_engine.errors import OversightError

Kind = Literal["rules", "cases"]

PACKAGE: Final = Path(__file__).resolve().parent


def shipped(kind: Kind) -> Path:
    """Return the folder of shipped *kind*: inside an installed package, beside it in a checkout.

    >>> shipped("rules").name
    'rules'
    """
    for folder in (PACKAGE / kind, PACKAGE.parent / kind):
        if folder.is_dir():
            return folder
    raise OversightError(
        f"the shipped {kind} are neither in {PACKAGE} nor beside it: install oversight-engine again"
    )
