"""One way of tampering with a ledger, as data and a function."""

from collections.abc import Callable, Mapping

from attrs import frozen

from tests.ledger.tampered.good import KEPT_SIZE, SIZE
from tests.ledger.tampered.hands import Hands


@frozen
class Tampering:
    """One way of tampering with the good ledger.

    Attributes:
        name: what it is called.
        done: what was done, in a sentence.
        do: does it.
        found: by command, the message; without any, nothing within the ledger shows it. A message
            that ends with an ellipsis is another program's, and begins so.
        quick: whether `ledger verify --quick` finds it too.
        only_sqlite, only_postgres: whether only a file, or only a database, can suffer it.
        outside: what would show it, where no command can.
    """

    name: str
    done: str
    do: Callable[[Hands], object]
    found: Mapping[str, str]
    quick: bool = False
    only_sqlite: bool = False
    only_postgres: bool = False
    outside: str = ""


HASH = "its bytes are not those that were recorded: their hash is another"
NOT_AS_KEPT, NOT_AS_NEWEST = (
    f"entry 1 to {size}: among them is one that is not what it was: the tree is not that of the "
    f"checkpoint that was kept, of {size} entries"
    for size in (KEPT_SIZE, SIZE)
)
OTHER_TABLES = "LEDGER has other tables, indexes or triggers than a ledger has"
