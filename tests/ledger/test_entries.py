"""Entries have one form: what is not of it is neither written nor read."""

import copy
import datetime
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.errors import InputError, IntegrityError
from oversight_engine.ledger import checks
from oversight_engine.ledger.bulk import find_codec, read_quickly
from oversight_engine.ledger.entries import KINDS, PLAINLY, Draft, find_faults, read_entry
from oversight_engine.model.plain import NumberText, canonical
from tests.ledger.ledgers import BY, ORIGIN, SIGNER, START, draft

DAY = "2025-07-01"
DECISION = draft().data
OF_EACH_KIND = {
    "ledger": {"origin": ORIGIN, "keys": [SIGNER.verifier.text], "engine_version": "1.0"},
    "key": {"key": "new", "replaces": "old", "by": BY, "reason": "yearly"},
    "decision": DECISION,
    "representation": {"about": 2, "by": BY, "received_on": DAY, "text": "We object."},
    "answer": {"about": 3, "by": BY, "text": "We have heard you."},
    "confirmation": {"about": 2, "by": BY, "on": DAY},
    "refusal": {"about": 2, "by": BY, "on": DAY, "reason": "Not yet."},
    "override": {
        "about": 2, "by": BY, "outcome": "free", "reason": "A flood.", "from": DAY, "until": DAY,
    },
    "correction": {"about": 2, "by": BY, "reason": "A slip.", "case": DECISION["case"]},
    "review": {"about": 2, "by": BY, "on": DAY, "found": "All well."},
    "withdrawal": {"about": 2, "by": BY, "reason": "Made in error."},
    "masking": {
        "about": 2, "fields": ["/case/facts/x"], "digest": "sha256:" + "0" * 64, "by": BY,
        "reason": "On request.",
    },
}  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)
PEOPLE = st.fixed_dictionaries({"name": TEXTS, "role": TEXTS})


def entry(kind, number=9, **changed):
    data = copy.deepcopy(OF_EACH_KIND[kind]) | changed
    data = {key: value for key, value in data.items() if value is not None}
    return Draft(kind, data).entry(1 if kind == "ledger" else number, START)


def test_every_kind_is_told_of_here():
    assert set(OF_EACH_KIND) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_canonical_and_is_read_back(kind):
    written = entry(kind)

    assert written.content == rfc8785.dumps(written.data) == canonical(written.data)
    assert read_entry(written.content) == written
    assert (written.kind, written.recorded_at) == (kind, START)


@given(by=PEOPLE, text=TEXTS)
def test_whatever_people_say_is_read_back(by, text):
    said = Draft("representation", OF_EACH_KIND["representation"] | {"by": by, "text": text})
    said.check()
    written = said.entry(3, START)

    assert written.content == rfc8785.dumps(written.data)
    assert read_entry(written.content).data["text"] == text


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_kind_is_needed_and_no_other_is_known(kind):
    for key in KINDS[kind].needed:
        faults = find_faults(entry(kind, **{key: None}).data)
        assert f"`{key}` is missing" in faults
    with pytest.raises(IntegrityError, match="`mood` is nothing that an entry of the kind"):
        read_entry(entry(kind, mood="good").content)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("odd", [None, 0, 1.5, "", [], {}, True, [[]], "\x07", "\ud800"])
def test_a_value_of_another_kind_is_refused_and_never_a_fault_of_ours(kind, odd):
    data = entry(kind).data
    for key in data:
        found = find_faults(data | {key: odd})
        assert found or data[key] == odd or key == "masked", key


WRONG = {
    "no person": ("review", {"by": {"name": "A"}}, "`by` says the `name` and the `role`"),
    "a person without a name": ("review", {"by": BY | {"name": " "}}, "`name` is a text"),
    "more of a person": ("review", {"by": BY | {"age": "7"}}, "and nothing else"),
    "no such day": ("review", {"on": "2025-02-30"}, "is a day such as"),
    "a day without dashes": ("review", {"on": "20250701"}, "is a day such as"),
    "an override that ends first": ("override", {"until": "2025-06-30"}, "before `from`"),
    "about itself": ("review", {"about": 9}, "does not come before it"),
    "about what follows": ("review", {"about": 10}, "does not come before it"),
    "about true": ("review", {"about": True}, "is the number of an entry"),
    "another case": ("decision", {"case": OF_EACH_KIND["decision"]["case"] | {"as_of": DAY}},
                     "the case is not the one that was decided"),
    "another system": ("decision", {"system": "S9"}, "`system` is not that of"),
    "another day": ("decision", {"as_of": DAY}, "`as_of` is not that of the decision"),
    "history out of nothing": ("decision", {"history": {"x": {"value": "1", "entry": 3}}},
                               "the case is not the one that was decided"),
    "no attestation": ("decision", {"attestation": {}}, "says its `engine_version`"),
    "a number that is no whole one": ("correction", {"case": DECISION["case"] | {"x": 1.5}},
                                      "numbers other than whole ones are texts"),
    "a number too large": ("correction", {"case": DECISION["case"] | {"x": 2**53}}, "beyond"),
    "unsorted masks": ("masking", {"fields": ["/text", "/by"]}, "is a sorted list of paths"),
    "a masked decision": ("decision", {"masked": ["/decision/x"]}, "nothing of `decision` can be"),
    "a clock that had not stepped back": ("review", {"clock": "2025-07-01T12:00:00Z"},
                                          "only where the clock had stepped back"),
    "no moment": ("review", {"clock": "2025-07-01T25:00:00Z"}, "is a moment such as"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "changed", "message"), WRONG.values(), ids=WRONG)
def test_what_contradicts_itself_is_refused_when_read(kind, changed, message):
    with pytest.raises(IntegrityError, match=message):
        read_entry(entry(kind, **changed).content)


def test_a_draft_leaves_to_the_ledger_what_is_the_ledgers():
    its_own = {"number": 4, "clock": "2025-06-30T12:00:00Z", "masked": ["/found"]}
    for key, value in its_own.items():
        with pytest.raises(InputError, match=f"`{key}` is for the ledger to say"):
            Draft("review", OF_EACH_KIND["review"] | {key: value}).check()
    for kind, data in OF_EACH_KIND.items():
        Draft(kind, data).check()


def spaced(content):
    return json.dumps(json.loads(content)).encode()


def reordered(content):
    data = json.loads(content)
    return json.dumps(dict(reversed(data.items())), separators=(",", ":")).encode()


def doubled(content):
    return content.replace(b'"about":2', b'"about":2,"about":2')


def escaped(content):
    return content.replace(b"All", b"\\u0041ll")


@pytest.mark.parametrize("change", [spaced, reordered, doubled, escaped])
def test_the_same_said_in_other_bytes_is_refused(change):
    content = entry("review").content
    changed = change(content)

    assert json.loads(changed) == json.loads(content)
    with pytest.raises(IntegrityError, match="not in canonical form"):
        read_entry(changed)


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"{", b"[]", b"null", b"7", b"[" * 100_000, b'{"kind":[]}', b"{}"]
)
def test_what_is_no_entry_is_refused(content):
    with pytest.raises(IntegrityError):
        read_entry(content)


def test_a_masked_entry_may_lack_what_it_lists_and_nothing_else():
    data = entry("representation", masked=["/text"], text=None).data

    assert find_faults(data) == []
    assert find_faults(data | {"masked": ["/by/name"]}) == ["`text` is missing"]


def test_a_moment_is_told_in_utc_to_the_second():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    moment = datetime.datetime(2025, 7, 1, 14, 0, 0, 999, tzinfo=zone)

    written = Draft("review", OF_EACH_KIND["review"]).entry(9, moment)
    assert written.data["recorded_at"] == "2025-07-01T12:00:00Z"


# The quick ways are those that are checked here against the plain ones


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.floats() | st.integers()
        | st.sampled_from([2**53 - 1, 2**53, -(2**53), "\ud800", b"", NumberText("1.5")]),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.sampled_from(["a", "é", 1]), inner, max_size=3),
    )
)  # fmt: skip
def test_what_is_quickly_found_to_be_plain_is_plain(value):
    for data in ({"value": value}, {"a": {"b": [value]}}):
        assert checks._is_plain(data) is (checks._fault_of_plain(data, checks.DEEPEST) == "")


@pytest.mark.parametrize("depth", [checks.DEEPEST - 1, checks.DEEPEST, checks.DEEPEST + 1])
def test_depth_is_counted_alike(depth):
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    assert checks._is_plain(value) is (checks._fault_of_plain(value, checks.DEEPEST) == "")


def test_both_codecs_write_every_character_alike():
    fast = find_codec()
    assert fast is not PLAINLY
    for start in range(0, 0x110000, 0x400):
        if not 0xD800 <= start <= 0xDFFF:
            text = "".join(map(chr, range(start, start + 0x400)))
            assert fast.write({"a": text}) == PLAINLY.write({"a": text})
    number = {"a": [NumberText("1.5")]}
    assert fast.write(number) == PLAINLY.write(number)


@pytest.mark.parametrize("codec", [PLAINLY, find_codec()], ids=["plain", "fast"])
def test_a_codec_writes_nothing_that_is_no_plain_data(codec):
    with pytest.raises(TypeError):
        codec.write({"a": object()})


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_read_alike_by_both_codecs(kind):
    written = entry(kind)
    quick = read_quickly(written.content)
    assert (quick, quick.identity) == (written, written.identity)
    for odd in (
        written.content.replace(b":", b": ", 1), written.content + b" ", written.content[1:],
        written.content.replace(b'"number":9', b'"number":9.0'), b"\xff", b"[" * 5000,
        written.content.replace(b'"kind"', b'"k\\u0069nd"'),
        written.content.replace(b'"number":9', b'"number":8,"number":9'),
        b'{"masked":["/case/facts/x"],' + written.content[1:],
        written.content.replace(b"}", b',"masked":[1e16,99999999999999999999999]}', 1),
    ):  # fmt: skip
        told = []
        for read in (read_entry, read_quickly):
            try:
                told.append(read(odd))
            except IntegrityError as error:
                told.append(str(error))
        assert told[0] == told[1]


def test_what_has_no_canonical_form_beside_what_is_masked_is_refused():
    content = entry("decision").content
    data = json.loads(content) | {"masked": ["/case/facts/x"]}
    data["case"]["odd"] = "\ud800"
    with pytest.raises(IntegrityError, match="no canonical form"):
        read_entry(json.dumps(data).encode())


def test_what_is_not_checked_beside_what_is_masked_is_read_alike():
    """A number is none that an entry may have; the codecs write it differently."""
    content = entry("decision").content
    data = json.loads(content) | {"masked": ["/case/facts/x"]}
    data["case"]["odd"] = 1e16
    plain = canonical(data)
    quick = plain.replace(b"1e+16", b"1e16")
    assert (quick != plain, read_quickly(plain)) == (True, read_entry(plain))
    for read in (read_entry, read_quickly):
        with pytest.raises(IntegrityError, match="not in canonical form"):
            read(quick)
