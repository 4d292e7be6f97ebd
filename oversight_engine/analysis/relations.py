"""What the laws about two cases ask of their outcomes; a referral is written as None."""

from __future__ import annotations

from oversight_engine.model.rulebook import Claim, Rulebook


def breaks(law: Claim, rulebook: Rulebook, before: str | None, after: str | None) -> bool:
    """Return whether a step from one outcome to another breaks *law*.

    Either law orders outcomes and the referral, so that many steps keep it if each of them does.

    Args:
        law: one about two cases.
        rulebook: whose outcomes they are.
        before: the outcome before a fact was made better, or hidden.
        after: the outcome after that.
    """
    if law == "better_is_never_harsher":
        return is_harsher(rulebook, before, after)
    assert law == "hiding_never_helps", f"{law} is not about two cases"
    return is_helped(rulebook, before, after)


def is_harsher(rulebook: Rulebook, before: str | None, after: str | None) -> bool:
    """Return what making a fact better never does; a referral is just short of the harshest."""
    if after is None:
        return before is not None and before != rulebook.harshest
    if before is None:
        return after == rulebook.harshest
    return rulebook.severity(after) > rulebook.severity(before)


def is_helped(rulebook: Rulebook, before: str | None, after: str | None) -> bool:
    """Return what hiding a fact never does: a lighter outcome, the harshest, or no referral."""
    if after is None:
        return False
    if before is None or (after == rulebook.harshest and before != rulebook.harshest):
        return True
    return rulebook.severity(after) < rulebook.severity(before)
