"""What is said of one kind of problem."""

from __future__ import annotations

from attrs import frozen


@frozen
class Code:
    """One kind of problem.

    Attributes:
        title: what is wrong.
        why: why it is refused.
        example: what gives it.
        way_out: what to do.
        is_warning: whether the file may be used all the same.
    """

    title: str
    why: str
    example: str
    way_out: str
    is_warning: bool = False
