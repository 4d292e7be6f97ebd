"""Keys are what C2SP says, and a private key is shown to nobody."""

import base64
import copy
import hashlib
import os
import pickle
import re
import stat
import subprocess
import sys
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import InputError, OversightError
from oversight_engine.ledger.keys import Signer, Verifier, load_signer, make_key
from oversight_engine.resources import PACKAGE
from tests.ledger.signers import ENOCH, PETER, PETER_PRIVATE, signer_named

NAME = "ledger.example/oversight"


def kept(tmp_path, text=PETER_PRIVATE, mode=0o600):
    """Return the path of a file that holds *text* as a private key."""
    path = tmp_path / "private.key"
    path.unlink(missing_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def secret_of(path):
    """Return what must never be seen: the base64 of a private key, its bytes and its hex."""
    encoded = path.read_text().strip().split("+", 4)[-1]
    raw = base64.b64decode(encoded)[1:]
    return encoded, raw.hex(), repr(raw)[2:-1]


# Public keys


@pytest.mark.parametrize("text", [PETER, ENOCH, signer_named(NAME).verifier.text])
def test_a_public_key_is_read_and_written_as_the_same_text(text):
    assert Verifier.parse(text).text == text


def test_the_hash_of_a_key_is_of_its_name_its_kind_and_its_bytes():
    verifier = Verifier.parse(PETER)

    assert verifier.name == "PeterNeumann"
    assert verifier.key_hash.hex() == "c74f20a3"
    assert verifier.key_hash == hashlib.sha256(b"PeterNeumann\n\x01" + verifier.key).digest()[:4]


def test_no_part_of_a_public_key_is_taken_for_a_key():
    for first in range(len(PETER)):
        for end in range(first + 1, len(PETER) + 1):
            if (first, end) != (0, len(PETER)):
                with pytest.raises(InputError):
                    Verifier.parse(PETER[first:end])


def test_a_public_key_with_any_character_changed_is_refused():
    for at, character in enumerate(PETER):
        with pytest.raises(InputError):
            Verifier.parse(PETER[:at] + chr(ord(character) + 1) + PETER[at + 1 :])


def key_text(name=NAME, data=b"\x01" + bytes(32), key_hash=None, encoded=None):
    if key_hash is None:
        key_hash = hashlib.sha256(name.encode(errors="surrogatepass") + b"\n" + data).hexdigest()[
            :8
        ]
    return f"{name}+{key_hash}+{encoded or base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not of the form name.hash.base64"),
        (None, "it is not of the form name.hash.base64"),
        (b"bytes", "it is not of the form name.hash.base64"),
        ("name+c74f20a3", "it is not of the form name.hash.base64"),
        (key_text(name=""), "its name is empty"),
        (key_text(name="two words"), "its name has a space or a plus"),
        (key_text(name="thin\u2009space"), "its name has a space or a plus"),
        (key_text(name="no\u00a0break"), "its name has a space or a plus"),
        (key_text(name="line\nbreak"), "its name has a space or a plus"),
        (key_text(name="bell\a"), "its name has a character that cannot be seen"),
        (key_text(name="hidden\u200bspace"), "its name has a character that cannot be seen"),
        (key_text(name="turned\u202e"), "its name has a character that cannot be seen"),
        (key_text(name="half\ud800"), "its name has a character that cannot be seen"),
        (key_text(name="x" * 256), "its name is longer than 255 bytes"),
        (key_text(name="é" * 128), "its name is longer than 255 bytes"),
        (key_text(key_hash="c74f20a"), "its hash is not eight hexadecimal digits"),
        (key_text(key_hash="c74f20a33"), "its hash is not eight hexadecimal digits"),
        (key_text(key_hash="C74F20A3"), "its hash is not eight hexadecimal digits"),
        (key_text(key_hash="c74f20g3"), "its hash is not eight hexadecimal digits"),
        (key_text(key_hash="00000000"), "its hash is that of another key or name"),
        (key_text(encoded="not base64!"), "its last part is not base64"),
        (PETER + "\n", "its last part is not base64"),
        (PETER + "=", "its last part is not base64"),
        (PETER[:-1] + "é", "its last part is not base64"),
        (PETER.replace("/", "_"), "its last part is not base64"),
        (key_text(data=b""), "its last part is not base64|only Ed25519 keys"),
        (key_text(data=b"\x01" + bytes(31)), "only Ed25519 keys"),
        (key_text(data=b"\x01" + bytes(33)), "only Ed25519 keys"),
        (key_text(data=b"\x02" + bytes(32)), "only Ed25519 keys"),
        (key_text(data=b"\x04" + bytes(32)), "only Ed25519 keys"),
        (PETER_PRIVATE, "its hash is not eight hexadecimal digits"),
    ],
)
def test_what_is_no_public_key_is_refused_with_the_reason(text, message):
    with pytest.raises(InputError, match=f"^not a public key: ({message})"):
        Verifier.parse(text)


def test_a_private_key_given_as_a_public_one_is_not_quoted():
    with pytest.raises(InputError) as refused:
        Verifier.parse(PETER_PRIVATE)

    assert PETER_PRIVATE.split("+")[-1] not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "key", "message"),
    [
        ("a+b", bytes(32), "'a+b' cannot be the name of a key: it has a space or a plus"),
        ("", bytes(32), "'' cannot be the name of a key: it is empty"),
        ("a", bytes(31), "a public key has 32 bytes, not 31"),
    ],
)
def test_what_cannot_be_a_key_is_not_made_one(name, key, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Verifier(name, key)


# Signatures


@pytest.mark.parametrize(
    ("seed", "public", "message", "signature"),
    [  # RFC 8032, section 7.1
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
    ],
)
def test_signatures_are_those_of_the_rfc(tmp_path, seed, public, message, signature):
    verifier = Verifier(NAME, bytes.fromhex(public))
    private = base64.b64encode(b"\x01" + bytes.fromhex(seed)).decode()
    text = f"PRIVATE+KEY+{NAME}+{verifier.key_hash.hex()}+{private}\n"
    signer = load_signer(kept(tmp_path, text))

    assert signer.verifier == verifier
    assert signer.sign(bytes.fromhex(message)).hex() == signature
    assert verifier.verifies(bytes.fromhex(message), bytes.fromhex(signature))


@given(message=st.binary(max_size=200), data=st.data())
def test_a_signature_is_of_one_message_by_one_key_and_has_one_form(message, data):
    signer = signer_named(NAME)
    signature = signer.sign(message)
    bit = data.draw(st.integers(0, 511))
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8

    assert signer.verifier.verifies(message, signature)
    assert not signer.verifier.verifies(message, bytes(flipped))
    assert not signer.verifier.verifies(message + b"\0", signature)
    assert not signer_named(NAME, "another").verifier.verifies(message, signature)


@pytest.mark.parametrize("change", [slice(63), slice(1, 64), slice(0)])
def test_a_part_of_a_signature_is_none(change):
    signer = signer_named(NAME)

    assert not signer.verifier.verifies(b"hi", signer.sign(b"hi")[change])
    assert not signer.verifier.verifies(b"hi", signer.sign(b"hi") + b"\0")


def test_a_second_signature_cannot_be_made_out_of_the_first():
    """The scalar plus the order of the group satisfies the same equation."""
    order = 2**252 + 27742317777372353535851937790883648493
    signer = signer_named(NAME)
    signature = signer.sign(b"hi")
    scalar = int.from_bytes(signature[32:], "little") + order

    assert not signer.verifier.verifies(b"hi", signature[:32] + scalar.to_bytes(32, "little"))


def test_bytes_that_are_no_point_of_the_curve_verify_nothing():
    assert not Verifier(NAME, b"\xff" * 32).verifies(b"hi", signer_named(NAME).sign(b"hi"))


# Private keys are made


def test_a_new_key_is_kept_for_its_owner_alone_and_signs(tmp_path):
    path = tmp_path / "ledger.key"
    verifier = make_key(path, NAME)

    signer = load_signer(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signer.verifier == verifier == Verifier.parse(verifier.text)
    assert signer.name == verifier.name == NAME
    assert signer.key_hash == verifier.key_hash
    assert verifier.verifies(b"hi", signer.sign(b"hi"))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_the_mode_of_a_new_key_does_not_depend_on_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        make_key(tmp_path / "ledger.key", NAME)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "ledger.key").stat().st_mode) == 0o600


def test_every_new_key_is_another_one(tmp_path):
    made = {make_key(tmp_path / f"{number}.key", NAME) for number in range(5)}

    assert len(made) == 5


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "ledger.key"
    make_key(path, NAME)
    before = path.read_bytes()

    with pytest.raises(InputError, match="exists already; a key is never overwritten"):
        make_key(path, NAME)
    assert path.read_bytes() == before


@pytest.mark.parametrize("there", ["file", "dangling", "folder"])
def test_nothing_else_is_overwritten_either(tmp_path, there):
    path, target = tmp_path / "ledger.key", tmp_path / "elsewhere"
    if there == "folder":
        path.mkdir()
    else:
        path.symlink_to(target)
    if there == "file":
        target.write_text("precious")

    with pytest.raises(InputError, match="exists already; a key is never overwritten"):
        make_key(path, NAME)
    assert not target.exists() or target.read_text() == "precious"


def test_a_key_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(InputError, match=r"ledger\.key: cannot be written: No such file"):
        make_key(tmp_path / "missing" / "ledger.key", NAME)


def test_a_key_with_an_impossible_name_leaves_no_file(tmp_path):
    with pytest.raises(InputError, match="it has a space or a plus"):
        make_key(tmp_path / "ledger.key", "two words")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_leaves_no_half_key(tmp_path):
    code = (
        "import pathlib, resource, sys\n"
        "from oversight_engine.errors import InputError\n"
        "from oversight_engine.ledger.keys import make_key\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\n"
        "try:\n"
        "    make_key(pathlib.Path('ledger.key'), 'name')\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout == "ledger.key: cannot be written: File too large\n"
    assert not list(tmp_path.iterdir())


# Private keys are read


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_that_only_its_owner_may_use_is_read(tmp_path, mode):
    assert load_signer(kept(tmp_path, mode=mode)).verifier.text == PETER


@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001])
def test_a_key_that_others_may_use_is_refused(tmp_path, bit):
    with pytest.raises(InputError) as refused:
        load_signer(kept(tmp_path, mode=0o600 | bit))

    assert str(refused.value) == (
        f"{tmp_path / 'private.key'}: others than its owner may use this private key "
        f"(mode {0o600 | bit:04o}); chmod 600 it, and make a new one if anybody did"
    )


def test_a_link_to_a_key_is_refused(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(kept(tmp_path))

    with pytest.raises(InputError, match="link: a link; name the file of the private key itself"):
        load_signer(link)


def test_a_folder_is_no_key(tmp_path):
    with pytest.raises(InputError, match="not a private key: it is no ordinary file"):
        load_signer(tmp_path)


def test_a_pipe_is_no_key_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)

    with pytest.raises(InputError, match="not a private key: it is no ordinary file"):
        load_signer(tmp_path / "pipe")


def test_a_device_is_no_key():
    with pytest.raises(InputError, match="not a private key: it is no ordinary file"):
        load_signer("/dev/zero")


def test_a_key_that_is_not_there_says_so(tmp_path):
    with pytest.raises(InputError, match=r"gone\.key: no private key can be read: No such file"):
        load_signer(tmp_path / "gone.key")


SECRET = PETER_PRIVATE.split("+", 4)[-1]
MALFORMED = {
    "empty": "",
    "public": PETER,
    "not text": b"\xff\xfe" + SECRET.encode(),
    "secret alone": SECRET,
    "lower case": PETER_PRIVATE.replace("PRIVATE", "private"),
    "no hash": f"PRIVATE+KEY+PeterNeumann+{SECRET}",
    "another hash": PETER_PRIVATE.replace("c74f20a3", "c74f20a4"),
    "another name": PETER_PRIVATE.replace("PeterNeumann", "PeterNeuman"),
    "impossible name": PETER_PRIVATE.replace("PeterNeumann", "Peter Neumann"),
    "another kind": PETER_PRIVATE.replace("+AYEK", "+AoEK"),
    "too short": PETER_PRIVATE[:-4],
    "too long": PETER_PRIVATE + "AAAA",
    "line end of Windows": PETER_PRIVATE + "\r\n",
    "two lines": PETER_PRIVATE + "\n\n",
    "two keys": f"{PETER_PRIVATE}\n{PETER_PRIVATE}\n",
    "space before": " " + PETER_PRIVATE,
    "no base64": PETER_PRIVATE[:-1] + "!",
    "huge": PETER_PRIVATE * 100,
    "OpenSSH": "-----BEGIN OPENSSH PRIVATE KEY-----\n" + SECRET,
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_file_that_is_no_private_key_is_refused_and_nothing_of_it_is_shown(tmp_path, kind):
    path = kept(tmp_path, MALFORMED[kind])

    with pytest.raises(InputError, match=r"private\.key: not a private key: ") as refused:
        load_signer(path)
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value)
    raw = base64.b64decode(SECRET)[1:]
    for secret in (SECRET, SECRET[:12], SECRET[-12:], raw.hex(), repr(raw)[2:-1]):
        assert secret not in shown


def test_of_a_huge_file_no_more_is_read_than_a_key_can_be(tmp_path):
    path = kept(tmp_path)
    os.truncate(path, 1 << 40)  # sparse: reading all of it would take the memory of a machine

    with pytest.raises(InputError, match="not a private key: larger than 4096 bytes"):
        load_signer(path)


def test_no_part_of_a_private_key_is_taken_for_a_key(tmp_path):
    path = kept(tmp_path)
    for end in range(len(PETER_PRIVATE)):
        for part in (PETER_PRIVATE[:end], PETER_PRIVATE[end + 1 :]):
            path.write_text(part)
            with pytest.raises(InputError, match="not a private key"):
                load_signer(path)


def test_a_private_key_with_any_character_changed_is_refused(tmp_path):
    path = kept(tmp_path)
    for at, character in enumerate(PETER_PRIVATE):
        path.write_text(PETER_PRIVATE[:at] + chr(ord(character) + 1) + PETER_PRIVATE[at + 1 :])
        with pytest.raises(InputError, match="not a private key"):
            load_signer(path)


# Private keys are shown to nobody


def test_a_signer_shows_its_name_and_nothing_of_its_key(tmp_path):
    path = tmp_path / "ledger.key"
    make_key(path, NAME)
    signer = load_signer(path)
    error = OversightError(f"by {signer}", problems=[signer])
    shown = [*traceback.format_exception(error), repr(error.problems)]
    shown += [repr(signer), str(signer), f"{signer}", repr(signer.verifier), signer.verifier.text]
    shown += [repr({"signer": signer}), repr(signer._key), str(signer._key)]

    assert repr(signer) == f"Signer({NAME!r}, {signer.key_hash.hex()})"
    for secret in secret_of(path):
        assert not [text for text in shown if secret in text]


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_signer_is_not_copied_and_not_sent_to_another_process(take):
    with pytest.raises(TypeError, match="a private key is not copied and not sent anywhere"):
        take(signer_named(NAME))


def test_a_signer_has_nothing_else_to_read():
    signer = signer_named(NAME)

    assert not hasattr(signer, "__dict__")
    assert Signer.__slots__ == ("_key", "verifier")


def test_what_only_reads_public_keys_does_not_load_the_cryptography():
    code = (
        "import sys\n"
        "from oversight_engine.ledger.keys import Verifier\n"
        f"Verifier.parse({PETER!r})\n"
        "print([name for name in sys.modules if name.startswith('cryptography')])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout == "[]\n"
