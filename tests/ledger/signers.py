"""Keys for tests: two that are published with their signatures, and one for any name."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oversight_engine.ledger.keys import Signer

# From the tests of golang.org/x/mod/sumdb/note, which the specification grew out of.
PETER_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"


def signer_named(name="ledger.example/test", seed="seed"):
    """Return a signer that is the same at every call; for tests only, as its key is no secret."""
    private = hashlib.sha256(f"{name} {seed}".encode()).digest()
    return Signer(name, Ed25519PrivateKey.from_private_bytes(private))
