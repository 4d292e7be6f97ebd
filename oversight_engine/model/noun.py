"""What all values have in common: they are equal by their parts, and show them.

attrs would write these methods for every class, and takes longer for them than for all the rest of
a class; a command starts by defining some sixty. Here they are written once: `Noun` gives them to
classes that say `@frozen(eq=False, repr=False)`, and they mean what those of attrs mean.

What every decision reads is no `cached_property`: attrs gives a class that has one a `__getattr__`,
and each of its attributes then takes Python four times as long to find. It is a part with a default
instead (`init=False`), worked out when the noun is made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from attrs import fields


class Noun:
    """Equal to another of its class whose parts are equal, those with `eq=False` left aside."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Say whether *other* is of the same class and its parts are the same."""
        if other.__class__ is not self.__class__:
            return NotImplemented
        kind: Any = self.__class__
        parts_of = _parts_of(kind)
        return bool(parts_of(self) == parts_of(other))

    def __hash__(self) -> int:
        """Return the same for what is equal."""
        kind: Any = self.__class__
        return hash((kind, _parts_of(kind)(self)))

    def __repr__(self) -> str:
        """Return the class and every part, those with `eq=False` too."""
        kind: Any = self.__class__
        parts = [f"{part.name}={getattr(self, part.name)!r}" for part in fields(kind)]
        return f"{kind.__qualname__}({', '.join(parts)})"


@cache
def _parts_of(kind: Any) -> Callable[[Any], Any]:
    """Return what reads the parts of a *kind* of noun that equality asks for."""
    return attrgetter(*[part.name for part in fields(kind) if part.eq])
