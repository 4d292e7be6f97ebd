"""What was found of a ledger, as a page and as plain data."""

from __future__ import annotations

from oversight_engine.explanation.page import Headline, Line, Page, section
from oversight_engine.ledger.verification import Verification
from oversight_engine.model.plain import Plain

VERIFIED_FORMAT = "oversight-verified/1"


def verified_page(found: Verification, place: str) -> Page:
    """Return what verifying the ledger at *place* *found*, for people."""
    damage = found.damage
    title = "The ledger is as it was recorded" if damage is None else "The ledger is damaged"
    warnings = [] if damage is None else [str(damage)]
    if damage is None and not found.trusted:
        warnings.append(
            "These are the ledger's own keys: compare them with what was published, or name "
            "those you trust with --trust."
        )
    if found.quick:
        warnings.append("Only bytes, tree and newest signature were looked at.")
    about = (place, found.origin) if found.origin else (place,)
    counted = [
        f"{found.size} entries, {found.checkpoints} checkpoints",
        f"Root of the tree: {found.root.hex()}",
    ]
    keys = [Line(f"from entry {number}: {text}", 0, "item") for number, text in found.keys]
    masked = [Line(f"entry {number}", 0, "item") for number in found.masked]
    verified = "Verified" if damage is None else "Verified until the damage was found"
    return Page(
        (
            Headline(title, about=about, warnings=tuple(warnings)),
            *section(verified, counted),
            *section("Keys", keys),
            *section("Masked after they were recorded", masked),
        )
    )


def verified_data(found: Verification, place: str) -> Plain:
    """Return the same as plain data."""
    damage = found.damage
    return {
        "format": VERIFIED_FORMAT,
        "ledger": place,
        "origin": found.origin or None,
        "sound": damage is None,
        "damage": None
        if damage is None
        else {
            "first": damage.first or None,
            "last": damage.last or None,
            "message": damage.message,
        },
        "size": found.size,
        "root": found.root.hex(),
        "checkpoints": found.checkpoints,
        "keys": [{"entry": number, "key": text} for number, text in found.keys],
        "masked": list(found.masked),
        "trusted": found.trusted,
        "quick": found.quick,
    }
