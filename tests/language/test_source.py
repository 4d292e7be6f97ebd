"""The text layer: what it reads, what it refuses, and where it says the trouble is."""

import datetime
import io
import os
import subprocess
import sys
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.language import source
from oversight_engine.language.problems import Place, Problems, TooManyProblemsError
from oversight_engine.language.source import Broken, Mapping, Scalar, Sequence


def read(text, form="yaml"):
    """Return the tree of *text* and its problems as lines."""
    problems = Problems()
    content = text if isinstance(text, bytes) else text.encode()
    tree = source.read_bytes(content, "f", problems, form)
    return tree, [str(problem) for problem in problems]


def plain(node):
    """Return what *node* says, without places."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.text if isinstance(node, Scalar) else node


def test_a_scalar_is_its_text_as_written():
    tree, problems = read("a: NO\nb: 12:30\nc: 070.10\nd: 2025-01-01\ne: ~\nf:\ng: '7'\n")

    assert plain(tree) == {
        "a": "NO", "b": "12:30", "c": "070.10", "d": "2025-01-01", "e": "~", "f": "", "g": "7",
    }  # fmt: skip
    assert [value.plain for _, value in tree.entries] == [True] * 6 + [False]
    assert problems == []


def test_every_node_knows_its_line_and_column():
    tree, _ = read("a:\n  - x\n  - {b: é, c: d}\n")

    inner = tree.get("a").items[1]
    assert [str(node.place) for node in (tree, tree.get("a"), inner, inner.get("c"))] == [
        "f:1:1", "f:2:3", "f:3:5", "f:3:15",
    ]  # fmt: skip


def test_a_character_of_a_text_on_one_line_is_located_in_its_line():
    tree, _ = read("a: one two\nb: 'one two'\nc: \"one two\"\nd: 'it''s'\ne: |\n  one two\n")

    places = [str(value.place_of(4)) for _, value in tree.entries]
    assert places == ["f:1:8", "f:2:9", "f:3:9", "f:4:4", "f:5:4"]


def test_json_and_yaml_say_the_same():
    tree, problems = read('{"a": [1.50, true, null, "x"], "b": {}}', "json")
    other, _ = read("{a: [1.50, true, null, x], b: {}}")

    assert plain(tree) == plain(other) == {"a": ["1.50", "true", "null", "x"], "b": {}}
    assert problems == []


def test_json_numbers_keep_their_text_and_strings_are_not_numbers():
    tree, _ = read('[1e5, -0.10, NaN, -Infinity, 123456789012345678901234567890, "7"]', "json")

    assert plain(tree) == [
        "1e5", "-0.10", "NaN", "-Infinity", "123456789012345678901234567890", "7",
    ]  # fmt: skip
    assert [item.plain for item in tree.items] == [True] * 5 + [False]


def test_json_is_located_by_key_path():
    tree, _ = read('{"cases": [{"facts": {"x": 1}}]}', "json")

    node = tree.get("cases").items[0].get("facts").get("x")
    assert str(node.place) == "f: $.cases[0].facts.x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f:1:1: empty-file: "),
        (" \n# nothing\n", "f:1:1: empty-file: "),
        ("a: 1\na: 2", "f:2:1: duplicate-key: this key occurs twice (got `a`)"),
        ("x: {a: 1, 'a': 2}", "f:1:11: duplicate-key: "),
        ("a: &b 1", "f:1:4: yaml-anchor: an anchor has no place in these files (got `&b`)"),
        ("a: *b", "f:1:4: yaml-alias: an alias has no place in these files (got `*b`)"),
        ("a: !!float 1", "f:1:4: yaml-tag: a tag has no place in these files (got `!!float`)"),
        ("a: !mine 1", "f:1:4: yaml-tag: a tag has no place in these files (got `!mine`)"),
        ("<<: {a: 1}", "f:1:1: yaml-merge-key: "),
        ("%YAML 1.1\n---\na: 1", "f:1:1: yaml-directive: "),
        ("a: 1\n---\nb: 1", "f:2:1: several-documents: "),
        ("? [a]\n: 1", "f:1:3: key-not-text: "),
        ("? {a: 1}\n: 1", "f:1:3: key-not-text: "),
        ("a: b: c", "f:1:5: yaml-syntax: this is not YAML: mapping values are not allowed"),
        ("a:\n\t- 1", "f:2:1: yaml-syntax: "),
        ("a: 'b", "f:1:6: yaml-syntax: "),
        ("[" * 33, "f:1:33: too-deep: this is nested more than 32 levels deep"),
        ("- " * 33, "f:1:65: too-deep: "),
        ("[" * 100_000, "f:1:33: too-deep: "),
        ("[" + "0," * 2_000 + "]", "f:1:4000: too-many-values: this holds more than 2,000 values"),
        ("a: PRIVATE+KEY+name+00000000+secret", "f: private-key: this file has a private key"),
        (b"a: 1\nb: caf\xe9", "f:2:7: not-utf-8: byte 11 is not UTF-8 (got `0xe9`)"),
        ("é: \u00e9".encode() + b"\xff", "f:1:5: not-utf-8: "),
        (
            b"SQLite format 3\0\x10\0\xff",
            "f:1:19: not-utf-8: byte 18 is not UTF-8 (got `0xff`); `oversight ledger` and",
        ),
        (b"\xef\xbb\xbfa: 1", "f:1:1: byte-order-mark: the file begins with a byte-order"),
        ("a: 1".encode("utf-16"), "f:1:1: byte-order-mark: the file begins with a byte-order"),
        ("a: 1".encode("utf-16-le"), "f:1:2: forbidden-character: "),
        ("a: \0", "f:1:4: forbidden-character: a control or invisible"),
        ('a: "\\0"', "f:1:4: forbidden-character: "),
        ('"a\\x1b": 1', "f:1:1: forbidden-character: "),
        ("a: \u202e1", "f:1:4: forbidden-character: "),
        ("a: 1\rb: 2", "f:1:5: forbidden-character: "),
    ],
)  # fmt: skip
@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_a_yaml_text_that_is_refused_says_where_and_why(text, expected, loader, monkeypatch):
    monkeypatch.setattr(source, "MOST_NODES", 2_000)
    if loader == "SafeLoader":
        monkeypatch.delattr(yaml, "CSafeLoader")
        expected = expected.split(": this is not YAML")[0]  # the parsers' words differ
        if "yaml-syntax" in expected:
            expected = "yaml-syntax"  # and so do the places they stop at

    _, problems = read(text)

    assert len(problems) == 1
    assert problems[0].startswith(expected) or expected == "yaml-syntax" in problems[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" \n", "f:1:1: empty-file: "),
        ('{"a": 1,\n "b": }', "f:2:7: json-syntax: this is not JSON: expecting value"),
        ('{"a": 1} x', "f:1:10: json-syntax: this is not JSON: extra data"),
        ('{"a": {"b": 1, "b": 2}}', "f: $.a.b: duplicate-key: this key occurs twice (got `b`)"),
        ("[" * 100_000, "f:1:33: too-deep: "),
        ('["' + "[" * 40 + '", ' + "[" * 40, "f:1:77: too-deep: "),
        ("[" * 32 + "1" + "]" * 32, "f: $" + "[0]" * 32 + ": too-deep: "),
        ("[" + "[]," * 200_000 + "[]]", "f:1:300001: too-many-values: "),
        ('{"a": "\\ud800"}', "f: $.a: forbidden-character: "),
        ('{"a": "\\u0000"}', "f: $.a: forbidden-character: "),
        ('{"\\u0007": 1}', "f: $.\\x07: forbidden-character: "),
        ('["\\\\", "' + "[" * 40 + '"', "f:1:50: json-syntax: "),
    ],
)
def test_a_json_text_that_is_refused_says_where_and_why(text, expected):
    _, problems = read(text, "json")

    assert len(problems) == 1
    assert problems[0].startswith(expected)


def test_every_problem_of_a_text_is_reported_in_the_order_of_its_lines():
    _, problems = read("a: &x 1\nb: *x\na: 3\nc: !t 4\n")

    assert [line.split(": ")[:2] for line in problems] == [
        ["f:1:4", "yaml-anchor"], ["f:2:4", "yaml-alias"],
        ["f:3:1", "duplicate-key"], ["f:4:4", "yaml-tag"],
    ]  # fmt: skip


def test_an_alias_leaves_a_hole_and_never_a_copy():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )

    tree, problems = read(bomb)

    assert isinstance(tree.get("i").items[0], Broken)
    assert len(problems) == 9 + 8 * 4


def test_a_thousand_problems_stop_the_reader():
    problems = Problems()

    with pytest.raises(TooManyProblemsError):
        source.read_bytes(b"- *a\n" * 5_000, "f", problems, "yaml")

    assert len(problems) == 1_001
    assert list(problems)[-1].code == "too-many-problems"


def test_the_python_parser_gives_the_same_tree_as_the_c_parser(monkeypatch):
    text = "a: [1, 'b', \"c\\n\", {d: e}]\nf: |\n  g\n  h\ni: >-\n  j\n  k\n# l\nm: n\n"
    fast, _ = read(text)
    monkeypatch.delattr(yaml, "CSafeLoader")

    slow, _ = read(text)

    assert slow == fast


def test_a_file_is_read_by_its_suffix(tmp_path):
    (tmp_path / "a.json").write_text('{"a":\t1}')
    (tmp_path / "a.yaml").write_text("a: 1")
    problems = Problems()

    trees = [source.read_file(tmp_path / name, problems) for name in ("a.json", "a.yaml")]

    assert [plain(tree) for tree in trees] == [{"a": "1"}, {"a": "1"}]
    assert [bool(tree.place.line) for tree in trees] == [False, True]


@pytest.mark.parametrize("text", [b'\n {"a": 1}', b"a: 1"])
def test_a_stream_is_json_if_it_begins_with_a_bracket(text):
    tree = source.read_stream(io.BytesIO(text), "<stdin>", Problems())

    assert plain(tree) == {"a": "1"}
    assert bool(tree.place.path) == text.startswith(b"\n")


def test_a_stream_that_never_ends_is_refused(tmp_path):
    class Endless(io.RawIOBase):
        def read(self, size=-1):
            assert size > 0, "read without a limit"
            return b"0" * size

    problems = Problems()
    assert source.read_stream(Endless(), "<stdin>", problems) is None
    assert [problem.code for problem in problems] == ["file-too-large"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(10**12)
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    problems = Problems()

    for path in (tmp_path / "none.yaml", tmp_path, huge, loop, tmp_path / "a\0b"):
        assert source.read_file(path, problems) is None

    assert sorted(problem.code for problem in problems) == [
        "file-too-large", "no-such-file", "not-a-file", "unreadable-file", "unreadable-file",
    ]  # fmt: skip


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    problems = Problems()

    assert source.read_file(tmp_path / "pipe.yaml", problems) is None
    assert [problem.code for problem in problems] == ["not-a-file"]


def test_a_plain_mapping_is_read_like_a_file():
    value = {
        "a": "x", "b": 7, "c": True, "d": Decimal("1.50"), "e": datetime.date(2025, 3, 31),
        "f": [None, Decimal("1E+2"), ("y",)], "g": {},
    }  # fmt: skip
    problems = Problems()

    tree = source.from_mapping(value, "case", problems)

    assert plain(tree) == {
        "a": "x", "b": "7", "c": "true", "d": "1.50", "e": "2025-03-31",
        "f": ["null", "100", ["y"]], "g": {},
    }  # fmt: skip
    assert str(tree.get("f").items[1].place) == "case: $.f[1]"
    assert not len(problems)


def test_a_mapping_that_holds_itself_is_refused():
    value = {}
    value["a"] = value
    problems = Problems()

    assert source.from_mapping(value, "case", problems) is None
    assert [problem.code for problem in problems] == ["too-deep"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (69.23, "case: $.a: binary-number: a float is not exact (got `69.23`); use a string"),
        (float("nan"), "case: $.a: binary-number: "),
        (datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC), "case: $.a: unsupported-type: "),
        (1j, "case: $.a: unsupported-type: no value of this type can be read (got `complex`)"),
        (b"x", "case: $.a: unsupported-type: "),
        (10**5000, "case: $.a: unsupported-type: "),
        ({1: 2}, "case: $.a: key-not-text: a key is a word (got `int`)"),
        ("\ud800", "case: $.a: forbidden-character: "),
    ],
    ids=["float", "nan", "datetime", "complex", "bytes", "huge", "key", "surrogate"],
)  # fmt: skip
def test_a_plain_value_no_file_could_hold_is_refused(value, expected):
    problems = Problems()

    source.from_mapping({"a": value}, "case", problems)

    assert len(problems) == 1
    assert str(next(iter(problems))).startswith(expected)


def test_a_monstrous_decimal_is_not_written_out():
    tree = source.from_mapping({"a": Decimal("1E+999999")}, "case", Problems())

    assert plain(tree) == {"a": "1E+999999"}


def test_a_place_cannot_move_the_cursor():
    assert str(Place("a\x1b[2J.yaml", 1, 2)) == "a\\x1b[2J.yaml:1:2"


@given(st.binary(max_size=200), st.sampled_from(["yaml", "json"]))
def test_no_bytes_whatever_raise_anything_else(content, form):
    problems = Problems()

    tree = source.read_bytes(content, "f", problems, form)

    assert (tree is not None) or len(problems)


@given(
    st.text(alphabet="ab:-[]{}&*!|>'\"%#\n ,?~<", max_size=60), st.sampled_from(["yaml", "json"])
)
def test_no_text_of_indicators_raises_anything_else(text, form):
    tree, problems = read(text, form)

    assert (tree is not None) or problems


def test_the_parser_of_yaml_is_imported_only_to_read_yaml():
    program = (
        "import sys; from oversight_engine.language import cases, rulebooks, source, problems; "
        "found = source.read_bytes(b'{}', 'f', problems.Problems(), 'json'); "
        "before = 'yaml' in sys.modules; "
        "source.read_bytes(b'a: 1', 'f', problems.Problems(), 'yaml'); "
        "print(before, 'yaml' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )  # fmt: skip

    assert done.stdout.split() == ["False", "True"]
