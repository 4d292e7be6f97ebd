"""A kept rulebook is the rulebook, or it is not used."""

from __future__ import annotations

import json
import os
import shutil
import stat

import pytest

from oversight_engine.errors import DigestError
from oversight_engine.language import cache, rulebooks
from oversight_engine.language.rulebooks import load_rulebook
from oversight_engine.resources import shipped


@pytest.fixture
def where(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "book"
    shutil.copytree(shipped("rules") / "hewitt-2023", copy)
    return copy


@pytest.fixture
def reads(monkeypatch):
    """Note every time a rulebook's files are really read and checked."""
    noted = []

    def note(path, *, digest=None):
        noted.append(path)
        return load_rulebook(path, digest=digest)

    monkeypatch.setattr(rulebooks, "load_rulebook", note)
    return noted


def entry_in(where):
    (entry,) = where.glob("*.json")
    return entry


def test_the_second_time_the_same_rulebook_comes_from_the_cache(folder, where, reads):
    read, kept = (cache.load(folder, where=where) for _ in range(2))

    assert len(reads) == 1
    assert kept == read
    assert kept.digest == read.digest
    assert kept.rules[0].statement.condition == read.rules[0].statement.condition
    assert kept.rules[0].statement.leaves == read.rules[0].statement.leaves
    assert [rule.place for rule in kept.rules] == [rule.place for rule in read.rules]


def test_any_change_of_a_file_means_reading_again(folder, where, reads):
    cache.load(folder, where=where)
    file = folder / "rulebook.yaml"
    file.write_text(file.read_text().replace("title: ", "title: New ", 1))

    assert cache.load(folder, where=where).title.startswith("New ")
    assert len(reads) == 2


def test_a_file_of_another_name_means_reading_again(folder, where, reads):
    cache.load(folder, where=where)
    (folder / "rules" / "cancer.yaml").rename(folder / "rules" / "cancers.yaml")

    cache.load(folder, where=where)

    assert len(reads) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content.replace(b"standard_oversight", b"lighter_reporting", 1),
        lambda _: b"",
        lambda _: b"{}",
        lambda content: content + b" ",
        lambda content: b"\xff" + content,
    ],
)
def test_a_damaged_entry_is_not_used(folder, where, reads, damage):
    right = cache.load(folder, where=where)
    entry = entry_in(where)
    entry.write_bytes(damage(entry.read_bytes()))

    assert cache.load(folder, where=where) == right
    assert len(reads) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"digest": "x", "rulebook": 1},
        {"digest": "x", "rulebook": ["Rulebook"]},
        {"digest": "x", "rulebook": ["os.system", "true"]},
        {"digest": "x", "rulebook": ["Basis", 1, 2, 3]},
        {"digest": "x", "rulebook": [["Basis"]]},
        [],
    ],
)
def test_an_entry_that_is_something_else_is_not_used(folder, where, reads, body):
    import hashlib

    right = cache.load(folder, where=where)
    text = json.dumps(body).encode()
    entry_in(where).write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)

    assert cache.load(folder, where=where) == right
    assert len(reads) == 2


def test_an_entry_that_others_could_have_written_is_not_used(folder, where, reads):
    cache.load(folder, where=where)
    entry_in(where).chmod(0o666)

    cache.load(folder, where=where)

    assert len(reads) == 2


def test_an_entry_is_for_its_owner_alone(folder, where):
    cache.load(folder, where=where)

    assert stat.S_IMODE(where.stat().st_mode) == 0o700
    assert stat.S_IMODE(entry_in(where).stat().st_mode) == 0o600


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(folder, tmp_path, reads):
    (tmp_path / "file").write_text("")

    for _ in range(2):
        assert cache.load(folder, where=tmp_path / "file" / "cache").id == "hewitt-2023"
    assert len(reads) == 2


def test_a_pinned_digest_is_asked_of_a_kept_rulebook_too(folder, where):
    right = cache.load(folder, where=where)

    assert cache.load(folder, where=where, digest=right.digest) == right
    with pytest.raises(DigestError):
        cache.load(folder, where=where, digest="sha256:0")


def test_what_is_not_there_is_told_by_who_reads_it(tmp_path, where):
    with pytest.raises(Exception, match="no-such-file"):
        cache.load(tmp_path / "nowhere", where=where)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"OVERSIGHT_CACHE": "/a/b", "HOME": "/h"}, "/a/b"),
        ({"OVERSIGHT_CACHE": "off", "HOME": "/h"}, "None"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/oversight-engine"),
        ({"HOME": "/h"}, "/h/.cache/oversight-engine"),
        ({}, "None"),
    ],
)
def test_the_user_says_where_the_cache_is(environment, expected):
    assert str(cache.folder(environment)) == expected.replace("/", os.sep)
