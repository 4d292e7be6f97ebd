"""The catalogue: every tampered ledger, by what somebody needs to make it."""

from tests.ledger.tampered.of_the_database import TAMPERED as OF_THE_DATABASE
from tests.ledger.tampered.of_the_file import TAMPERED as OF_THE_FILE
from tests.ledger.tampered.with_a_key import NOT_SEEN, WITH_OLD_KEY, WITH_THE_KEY
from tests.ledger.tampered.without_a_key import TAMPERED as WITHOUT_A_KEY

CATALOGUE = {
    "With the store alone": WITHOUT_A_KEY,
    "With the file of a ledger in SQLite": OF_THE_FILE,
    "With the tables of a ledger in PostgreSQL": OF_THE_DATABASE,
    "With a key that was replaced": WITH_OLD_KEY,
    "With the key that signs": WITH_THE_KEY,
    "What no command finds": NOT_SEEN,
}
"""In the order of the page; within each part from what stands first in a ledger to what is last."""

TAMPERED = [tampering for part in CATALOGUE.values() for tampering in part]
