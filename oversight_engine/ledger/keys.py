"""Ed25519 keys as C2SP signed notes name them: who signs, and whom a reader believes.

A public key is a text, `name+hash+base64`, that goes on paper or into an e-mail. A private key is
a file that only its owner may read; what it holds is never shown, copied or put into a ledger.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from attrs import frozen

from oversight_engine.errors import InputError
from oversight_engine.language.text import PRIVATE_KEY
from oversight_engine.model.noun import Noun

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE_SIZE = 64
LONGEST_NAME = 255
_ED25519 = b"\x01"
_KEY_SIZE = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LARGEST_FILE = 4096


@frozen(eq=False, repr=False)
class Verifier(Noun):
    """A public key: enough to check a signature.

    Attributes:
        name: whose key it is; no spaces, no plus.
        key: the 32 bytes of the Ed25519 public key.
    """

    name: str
    key: bytes

    def __attrs_post_init__(self) -> None:
        """Refuse what is no key.

        Raises:
            InputError: the name cannot be one, or the key is not 32 bytes.
        """
        if fault := check_name(self.name):
            raise InputError(f"{self.name!r} cannot be the name of a key: {fault}")
        if len(self.key) != _KEY_SIZE:
            raise InputError(f"a public key has {_KEY_SIZE} bytes, not {len(self.key)}")

    @property
    def key_hash(self) -> bytes:
        """The four bytes that, with the name, say which key made a signature."""
        return _key_hash(self.name, self.key)

    @property
    def text(self) -> str:
        """The key as `name+hash+base64`, to be kept and compared."""
        return f"{self.name}+{self.key_hash.hex()}+{encoded(_ED25519 + self.key)}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read a key from its text.

        Raises:
            InputError: the text is not that of an Ed25519 public key.
        """
        name, stated, key = _split(text, "public key")
        verifier = cls(name, key)
        if verifier.key_hash != stated:
            raise InputError("not a public key: its hash is that of another key or name")
        return verifier

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Say whether *signature* is this key's, of exactly this *message*."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if len(signature) != SIGNATURE_SIZE:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key, ready to sign. It shows its name, and nothing else.

    Attributes:
        verifier: the public key that goes with it.
    """

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.verifier = Verifier(name, key.public_key().public_bytes_raw())
        self._key = key

    @property
    def name(self) -> str:
        """Whose key it is."""
        return self.verifier.name

    @property
    def key_hash(self) -> bytes:
        """The four bytes that, with the name, say which key made a signature."""
        return self.verifier.key_hash

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature of *message*."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"Signer({self.name!r}, {self.key_hash.hex()})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not copied and not sent anywhere")


def make_key(path: Path, name: str) -> Verifier:
    """Make a new private key in a new file at *path*, and return its public key.

    Raises:
        InputError: there is something at *path* already, which is never overwritten; the file
            cannot be written; or the name is not one.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    signer = Signer(name, key)
    secret = encoded(_ED25519 + key.private_bytes_raw())
    text = f"{PRIVATE_KEY}{signer.name}+{signer.key_hash.hex()}+{secret}\n"
    try:
        # O_EXCL: neither an older key nor what a link points to is ever overwritten.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise InputError(f"{path}: exists already; a key is never overwritten") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)  # whatever the umask
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        Path(path).unlink(missing_ok=True)  # half a key is none
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    return signer.verifier


def load_signer(path: Path) -> Signer:
    """Read the private key at *path*.

    Raises:
        InputError: there is none, or others than its owner may read or change the file.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        text = _read_private(Path(path)).decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a private key: it is not text") from None
    if not text.startswith(PRIVATE_KEY):
        raise InputError(f"{path}: not a private key: it does not begin with {PRIVATE_KEY}")
    # The text after the mark has the form of a public key, but holds the secret, so no message
    # may quote any of it; and its hash is that of the public key.
    try:
        name, stated, secret = _split(text.removeprefix(PRIVATE_KEY), "private key")
        signer = Signer(name, Ed25519PrivateKey.from_private_bytes(secret))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if signer.key_hash != stated:
        raise InputError(f"{path}: not a private key: its hash is that of another key or name")
    return signer


def _read_private(path: Path) -> bytes:
    # The file that is checked must be the one that is read, so everything goes by its descriptor.
    # O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    if path.is_symlink():
        raise InputError(f"{path}: a link; name the file of the private key itself")
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise InputError(f"{path}: no private key can be read: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: not a private key: it is no ordinary file")
        mark = PRIVATE_KEY.encode()
        if status.st_mode & _OTHERS and os.pread(descriptor, len(mark), 0) == mark:
            raise InputError(
                f"{path}: others than its owner may use this private key "
                f"(mode {stat.S_IMODE(status.st_mode):04o}); "
                f"chmod 600 it, and make a new one if anybody did"
            )
        data = os.read(descriptor, _LARGEST_FILE + 1)
    finally:
        os.close(descriptor)
    if len(data) > _LARGEST_FILE:
        raise InputError(f"{path}: not a private key: larger than {_LARGEST_FILE} bytes")
    return data


def check_name(name: str) -> str | None:
    """Return what is wrong with the *name* of a key, or None."""
    if not name:
        return "it is empty"
    if "+" in name or any(character.isspace() for character in name):
        return "it has a space or a plus"
    if not name.isprintable():
        return "it has a character that cannot be seen"
    if len(name.encode()) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} bytes"
    return None


def _split(text: Any, what: str) -> tuple[str, bytes, bytes]:
    """Return the name, the stated hash and the 32 bytes of a key; quote nothing of them."""
    parts = text.split("+", 2) if isinstance(text, str) else []
    if len(parts) != 3:  # noqa: PLR2004 - name, hash, key
        raise InputError(f"not a {what}: it is not of the form name+hash+base64")
    name, stated, encoded = parts
    if fault := check_name(name):
        raise InputError(f"not a {what}: {fault.replace('it', 'its name', 1)}")
    if len(stated) != 8 or set(stated) - set("0123456789abcdef"):  # noqa: PLR2004 - four bytes
        raise InputError(f"not a {what}: its hash is not eight hexadecimal digits")
    data = decoded(encoded)
    if data is None:
        raise InputError(f"not a {what}: its last part is not base64")
    if data[:1] != _ED25519 or len(data) != 1 + _KEY_SIZE:
        raise InputError(f"not a {what}: only Ed25519 keys (a one byte and 32 more) are used")
    return name, bytes.fromhex(stated), data[1:]


def encoded(data: bytes) -> str:
    """Return *data* as base64."""
    return base64.b64encode(data).decode("ascii")


def decoded(text: str) -> bytes | None:
    """Return the bytes that canonical base64 *text* stands for, or None where it is not that."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if encoded(data) == text else None


def _key_hash(name: str, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key).digest()[:4]
