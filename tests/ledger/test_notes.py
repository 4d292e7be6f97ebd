"""Signed notes and checkpoints are those of C2SP, and nothing else opens as one."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger.keys import Verifier, load_signer
from oversight_engine.ledger.merkle import EMPTY_ROOT
from oversight_engine.ledger.notes import Checkpoint, Note, open_note, sign_note
from tests.ledger.signers import ENOCH, PETER, PETER_PRIVATE, signer_named

TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
BY_ENOCH = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WW"
    "d1RvMc+QQ=\n"
)
PETERS, ENOCHS = Verifier.parse(PETER), Verifier.parse(ENOCH)


def note(*signatures, text=TEXT):
    return f"{text}\n{''.join(signatures)}".encode()


# Signing


def test_a_note_is_signed_as_published(tmp_path):
    path = tmp_path / "peter.key"
    path.write_text(PETER_PRIVATE)
    path.chmod(0o600)

    assert sign_note(TEXT, load_signer(path)) == note(BY_PETER)


def test_a_note_that_several_sign_opens_for_each_of_them():
    one, other = signer_named("one.example"), signer_named("other.example")
    data = sign_note(TEXT, one, other)

    assert open_note(data, [one.verifier]) == Note(TEXT, (one.verifier,))
    assert open_note(data, [other.verifier]) == Note(TEXT, (other.verifier,))
    assert open_note(data, [other.verifier, one.verifier]).signed_by == (
        one.verifier,
        other.verifier,
    )


def test_a_note_may_have_empty_lines_and_lines_that_look_like_signatures():
    signer = signer_named()
    text = f"a\n\n{BY_PETER}\n\n— b c\n"

    assert open_note(sign_note(text, signer), [signer.verifier]).text == text


@given(text=st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x20) | st.just("\n")))
def test_whatever_is_signed_opens_as_what_was_signed(text):
    signer = signer_named()
    text += "\n"

    assert open_note(sign_note(text, signer), [signer.verifier]).text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it does not end with a newline"),
        ("abc", "it does not end with a newline"),
        ("a\r\n", "it has a control character"),
        ("a\0b\n", "it has a control character"),
        ("tab\t\n", "it has a control character"),
        ("half \ud83d of a pair\n", "it has half a surrogate pair"),
    ],
)
def test_what_cannot_be_read_back_is_not_signed(text, message):
    with pytest.raises(InputError, match=f"^not the text of a note: {message}$"):
        sign_note(text, signer_named())


def test_nobody_is_no_signer():
    with pytest.raises(InputError, match="a note needs somebody who signs it"):
        sign_note(TEXT)


# Opening


@pytest.mark.parametrize(
    ("signatures", "verifiers", "signed_by"),
    [
        ([BY_PETER], [PETERS], [PETERS]),
        ([BY_PETER, BY_ENOCH], [PETERS], [PETERS]),
        ([BY_PETER, BY_ENOCH], [ENOCHS], [ENOCHS]),
        ([BY_PETER, BY_ENOCH], [ENOCHS, PETERS], [PETERS, ENOCHS]),
        ([BY_PETER, BY_PETER], [PETERS, PETERS], [PETERS]),
        # By somebody unknown: ignored, whatever it says.
        (["— nobody AAAAAAAA\n", BY_PETER], [PETERS], [PETERS]),
        ([BY_ENOCH[:60] + "ABCD" + BY_ENOCH[60:], BY_PETER], [PETERS], [PETERS]),
        ([BY_PETER.replace("PeterNeumann", "Carmen"), BY_PETER], [PETERS], [PETERS]),
        ([BY_PETER.replace("x08g", "xxxx"), BY_PETER], [PETERS], [PETERS]),
        ([*["— nobody AAAAAAAA\n"] * 99, BY_PETER], [PETERS], [PETERS]),
    ],
)
def test_a_note_opens_by_the_signatures_of_those_one_knows(signatures, verifiers, signed_by):
    assert open_note(note(*signatures), verifiers) == Note(TEXT, tuple(signed_by))


@pytest.mark.parametrize(
    ("signatures", "verifiers", "message"),
    [
        ([BY_PETER], [], "no trusted key signed this: its signatures are by PeterNeumann+c74f20a3"),
        (
            [BY_PETER, BY_PETER, "— nobody AAAAAAAA\n"],
            [ENOCHS],
            f"no trusted key signed this: its signatures are by {PETER[:21]}, nobody+00000000",
        ),
        # The right name with another hash, the right hash with another name: unknown keys.
        (
            [BY_PETER.replace("x08g", "xxxx")],
            [PETERS],
            "no trusted key signed this: its signatures are by PeterNeumann+c71c71a3",
        ),
        (
            [BY_PETER.replace("PeterNeumann", "CarmenSandiego")],
            [PETERS],
            "no trusted key signed this: its signatures are by CarmenSandiego+c74f20a3",
        ),
        # Said to be by a known key, and not: the whole note is refused, whoever else signed.
        (
            [BY_PETER[:60] + "ABCD" + BY_PETER[60:]],
            [PETERS],
            "the signature by PeterNeumann+c74f20a3 is not that key's",
        ),
        (
            [BY_ENOCH, BY_PETER.replace("ZJkuBS", "ZJkuBT")],
            [ENOCHS, PETERS],
            "the signature by PeterNeumann+c74f20a3 is not that key's",
        ),
        (
            [BY_PETER, BY_PETER.replace("ZJkuBS", "ZJkuBT")],
            [PETERS],
            "the signature by PeterNeumann+c74f20a3 is not that key's",
        ),
    ],
)
def test_a_note_that_nobody_known_signed_does_not_open(signatures, verifiers, message):
    with pytest.raises(IntegrityError, match=f"^{re.escape(message)}$"):
        open_note(note(*signatures), verifiers)


def test_a_key_made_for_the_same_name_and_hash_signs_nothing_for_the_first():
    """The hash is short: who finds a key with the same one gets a refusal, not a signature."""
    owner, forger = signer_named("one.example"), signer_named("one.example", "forger")
    forged = owner.key_hash + forger.sign(TEXT.encode())
    line = f"— one.example {base64.b64encode(forged).decode()}\n"

    with pytest.raises(IntegrityError, match="is not that key's"):
        open_note(note(line), [owner.verifier])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "there is no empty line before the signatures"),
        (TEXT.encode(), "there is no empty line before the signatures"),
        (TEXT.encode() + b"\n", "it does not end with a newline"),
        (TEXT.encode() + BY_PETER.encode(), "there is no empty line before the signatures"),
        (note(BY_PETER)[:-1], "it does not end with a newline"),
        (note(BY_PETER) + b"\n", "it does not end with a newline"),
        (b"\x01" + note(BY_PETER), "it has a control character"),
        (note(BY_PETER.replace("\n", "\r\n")), "it has a control character"),
        (note(BY_PETER).replace(b"\n", b"\r\n"), "there is no empty line before the signatures"),
        (note(BY_PETER.replace(" ", "\t")), "it has a control character"),
        (b"\xff" + note(BY_PETER), "it is not UTF-8"),
        (b"\xed\xa0\x80" + note(BY_PETER), "it is not UTF-8"),
        ("text", "bytes are needed, not str"),
        (None, "bytes are needed, not NoneType"),
        (note(BY_PETER, text="x" * 1_000_000 + "\n"), "larger than 1000000 bytes"),
        (note(*[BY_PETER] * 101), "more than 100 signatures"),
        (
            note(BY_PETER, "Unexpected line.\n"),
            "line 2 of the signatures is not of the form “— name base64”",
        ),
        (
            note(BY_PETER.replace("—", "--")),
            "line 1 of the signatures is not of the form “— name base64”",
        ),
        (note("— PeterNeumann\n"), "line 1 of the signatures is not of the form “— name base64”"),
        (
            note(BY_PETER.replace("PeterNeumann", "Peter Neumann")),
            "line 1 of the signatures has no name of a key: it has a space or a plus",
        ),
        (
            note(BY_PETER.replace("PeterNeumann", "Peter+Neumann")),
            "line 1 of the signatures has no name of a key: it has a space or a plus",
        ),
        (
            note(BY_PETER.replace("PeterNeumann", "Peter\u00a0Neumann")),
            "line 1 of the signatures has no name of a key: it has a space or a plus",
        ),
        (
            note(BY_PETER.replace("PeterNeumann", "")),
            "line 1 of the signatures has no name of a key: it is empty",
        ),
        (note("— Peter \n"), "line 1 of the signatures is too short"),
        (note("— Peter x08goA==\n"), "line 1 of the signatures is too short|is not base64"),
        (note("— Peter x08gow==\n"), "line 1 of the signatures is too short"),
        (note(BY_PETER[:-2] + "\n"), "line 1 of the signatures is not base64"),
        (note(BY_PETER[:-3] + "N=\n"), "line 1 of the signatures is not base64"),
        (note(BY_PETER.replace("/", "_")), "line 1 of the signatures is not base64"),
        (note(BY_PETER.replace("PeterNeumann ", "PeterNeumann  ")), "has no name of a key"),
        (note(BY_PETER[:-1] + " \n"), "line 1 of the signatures has no name|is too short"),
    ],
)
def test_what_is_no_note_is_refused_with_the_reason(data, message):
    with pytest.raises(IntegrityError, match=f"^not a signed note: .*({message})"):
        open_note(data, [PETERS])


def test_base64_has_one_form():
    """Bits after the last byte would make two texts of one signature."""
    canonical = BY_PETER.rsplit(" ", 1)[1].strip()
    other = canonical[:-2] + chr(ord(canonical[-2]) + 1) + "="

    assert base64.b64decode(other) == base64.b64decode(canonical)
    with pytest.raises(IntegrityError, match="line 1 of the signatures is not base64"):
        open_note(note(BY_PETER.replace(canonical, other)), [PETERS])


@given(data=st.data())
def test_a_note_with_any_bit_flipped_does_not_open_as_it_was(data):
    whole = note(BY_PETER, BY_ENOCH)
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8

    try:
        opened = open_note(bytes(changed), [PETERS, ENOCHS])
    except IntegrityError:
        return
    # What is signed cannot change; a changed name or hash is somebody's who is not known.
    assert opened.text == TEXT
    assert len(opened.signed_by) == 1


# Checkpoints


PUBLISHED = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_published_checkpoint_is_read_and_written_as_the_same_text():
    checkpoint = Checkpoint.parse(PUBLISHED)

    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20852163
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e1d90c8")
    assert checkpoint.text == PUBLISHED


@given(
    origin=st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x20), min_size=1),
    size=st.integers(0, 10**19 - 1),
    root=st.binary(min_size=32, max_size=32),
)
def test_a_checkpoint_that_is_signed_is_read_back(origin, size, root):
    signer = signer_named()
    checkpoint = Checkpoint(origin, size, root)
    opened = open_note(sign_note(checkpoint.text, signer), [signer.verifier])

    assert Checkpoint.parse(opened.text) == checkpoint


def test_lines_that_others_added_are_kept():
    text = PUBLISHED + "timestamp 1\nsomething else\n"

    assert Checkpoint.parse(text).extensions == ("timestamp 1", "something else")
    assert Checkpoint.parse(text).text == text


ROOT = base64.b64encode(EMPTY_ROOT).decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it needs an origin, a size and a root"),
        ("\n", "it needs an origin, a size and a root"),
        ("origin\n3\n", "it needs an origin, a size and a root"),
        (f"origin\n3\n{ROOT}", "it needs an origin, a size and a root"),
        (f"\n3\n{ROOT}\n", "it needs an origin, a size and a root"),
        (f"origin\n\n{ROOT}\n", "it needs an origin, a size and a root"),
        (f"origin\n3\n{ROOT}\n\n", "it needs an origin, a size and a root"),
        (f"origin\n3\n\n{ROOT}\n", "it needs an origin, a size and a root"),
        (f"origin\n03\n{ROOT}\n", "its size is '03', no whole number"),
        (f"origin\n00\n{ROOT}\n", "its size is '00', no whole number"),
        (f"origin\n-3\n{ROOT}\n", "its size is '-3', no whole number"),
        (f"origin\n+3\n{ROOT}\n", "its size is '+3', no whole number"),
        (f"origin\n 3\n{ROOT}\n", "its size is ' 3', no whole number"),
        (f"origin\n3.0\n{ROOT}\n", "its size is '3.0', no whole number"),
        (f"origin\n1_000\n{ROOT}\n", "its size is '1_000', no whole number"),
        (f"origin\n0x3\n{ROOT}\n", "its size is '0x3', no whole number"),
        (f"origin\n٣\n{ROOT}\n", "its size is '٣', no whole number"),
        (f"origin\n{10**19}\n{ROOT}\n", f"its size is '{10**19}', no whole number"),
        (f"origin\n{'9' * 5000}\n{ROOT}\n", f"its size is '{'9' * 40}', no whole number"),
        ("origin\n3\nnot base64\n", "its root is not the base64 of 32 bytes"),
        (f"origin\n3\n{ROOT[:-1]}\n", "its root is not the base64 of 32 bytes"),
        (f"origin\n3\n{ROOT[:-2]}V=\n", "its root is not the base64 of 32 bytes"),
        ("origin\n3\nAAAA\n", "its root is not the base64 of 32 bytes"),
        (f"origin\n{ROOT}\n3\n", f"its size is '{ROOT[:40]}', no whole number"),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_the_reason(text, message):
    with pytest.raises(IntegrityError, match=f"^not a checkpoint: {re.escape(message)}"):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"origin": ""}, "is one line of text"),
        ({"origin": "two\nlines"}, "is one line of text"),
        ({"extensions": ("",)}, "is one line of text"),
        ({"extensions": ("two\nlines",)}, "is one line of text"),
        ({"size": -1}, "a size from 0"),
        ({"root": b""}, "a root of 32 bytes"),
    ],
)
def test_what_cannot_be_a_checkpoint_is_not_made_one(parts, message):
    with pytest.raises(InputError, match=message):
        Checkpoint(**{"origin": "origin", "size": 3, "root": EMPTY_ROOT} | parts)
