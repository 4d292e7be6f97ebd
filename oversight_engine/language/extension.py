"""A rulebook that extends another: which, what it takes away, and the two made one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, frozen

from oversight_engine.language.facts import overlap
from oversight_engine.language.forms import Form, span_of
from oversight_engine.language.headings import read_span
from oversight_engine.language.problems import Place, Problems
from oversight_engine.language.sections import EXTENDS, SECTIONS, Sections
from oversight_engine.language.source import Mapping as MappingNode
from oversight_engine.language.source import Node, Scalar, Sequence
from oversight_engine.model.rulebook import Rulebook, Span

REMOVES = "removes"
OWN_KEYS = ("format", "id", "version", "title", "in_force", EXTENDS, REMOVES)
"""The keys of the heading that a rulebook never takes from the one it extends."""
LISTS = ("documents", "principles")
"""The keys of the heading that are merged item by item, as sections are."""


@frozen
class Extension:
    """What a rulebook says of the one it extends.

    Attributes:
        at: where that is, seen from the rulebook's own folder.
        removes: by section, the ids that are taken away.
    """

    id: str
    digest: str
    at: str
    removes: Mapping[str, tuple[Scalar, ...]]
    place: Place


def read_extension(heading: Node, problems: Problems) -> Extension | None:
    """Return what *heading* says of the rulebook it extends, if it extends one."""
    if not isinstance(heading, MappingNode):
        return None
    outer = Form(heading, "a rulebook", problems)
    removes = _removes(outer.node(REMOVES, needed=False), problems)
    node = outer.node(EXTENDS, needed=False)
    if node is None:
        if outer.has(REMOVES):
            outer.forbid({REMOVES: "only a rulebook that extends another takes something away"})
        return None
    form = Form(node, f"`{EXTENDS}`", problems)
    extension = Extension(
        form.id(hyphens=True), form.text("digest"), form.text("at"), removes, node.place
    )
    return extension if form.finish() else None


def refuse_extension(heading: Node, problems: Problems) -> None:
    """Refuse to extend where there is no folder to look from: such data is a whole rulebook."""
    if isinstance(heading, MappingNode):
        reason = "plain data is a whole rulebook; write the one in the folder"
        Form(heading, "a rulebook", problems).forbid(dict.fromkeys((EXTENDS, REMOVES), reason))


def _removes(node: Node | None, problems: Problems) -> dict[str, tuple[Scalar, ...]]:
    if node is None:
        return {}
    form = Form(node, f"`{REMOVES}`", problems)
    removes = {key: tuple(form.scalars(key, needed=False)) for key in (*SECTIONS, *LISTS)}
    form.finish()
    return removes


def check_extended(extension: Extension, extended: Rulebook | None, problems: Problems) -> None:
    """Note where the rulebook that is *extended* is not the one that is meant."""
    if extended is None:
        problems.add(
            "unsound-base", extension.place, "there is no sound rulebook to extend",
            got=extension.at, help=f"`oversight check {extension.at}` says what is wrong with it",
        )  # fmt: skip
    elif extended.id != extension.id:
        problems.add(
            "wrong-base", extension.place, f"the rulebook at `{extension.at}` is `{extended.id}`",
            got=extension.id, help="mend `id` or `at`",
        )  # fmt: skip
    elif extended.digest != extension.digest:
        problems.add(
            "wrong-base", extension.place, f"`{extended.id}` has changed since this was written",
            got=extension.digest,
            help=f'look at what has changed, and write digest: "{extended.digest}"',
        )  # fmt: skip


def merge(
    own: Sections, base: Sections, extension: Extension, folder: str, problems: Problems
) -> Sections:
    """Return *own* with all of *base*, in *folder*, that it neither replaces nor removes."""
    assert isinstance(own.heading, MappingNode), "only a mapping extends another"
    assert isinstance(base.heading, MappingNode), "what is extended is sound"
    removes = extension.removes
    span = read_span(own.heading.get("in_force"), "`in_force`", Problems())
    nodes = {
        section: _merged(
            own.nodes[section], base.nodes[section], removes.get(section, ()), span, problems
        )
        for section in SECTIONS
    }
    entries = {key.text: (key, node) for key, node in base.heading.entries}
    for name in OWN_KEYS:
        entries.pop(name, None)
    for key, node in own.heading.entries:
        if key.text not in (EXTENDS, REMOVES):
            entries[key.text] = key, node
    for name in LISTS:
        ours, theirs = own.heading.get(name), base.heading.get(name)
        items = _merged(_items(ours), _items(theirs), removes.get(name, ()), span, problems)
        if name in entries and isinstance(ours, Sequence | None):
            entries[name] = entries[name][0], Sequence(items, entries[name][1].place)
    return evolve(
        own,
        heading=MappingNode(tuple(entries.values()), own.heading.place),
        nodes=nodes,
        extended=(folder, *base.extended),
    )


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def _merged(
    own: Iterable[Node],
    base: tuple[Node, ...],
    removed: Iterable[Scalar],
    span: Span | None,
    problems: Problems,
) -> tuple[Node, ...]:
    """Return the items of *base* that stay, and then those that are its *own*."""
    own = tuple(own)
    ids = [_id_of(node) for node in base]
    for scalar in removed:
        if scalar.text not in ids:
            problems.add(
                "nothing-to-remove", scalar.place, "the extended rulebook has nothing of this id",
                got=scalar.text, help=problems.did_you_mean(scalar.text, ids),
            )  # fmt: skip
    gone = {_id_of(node) for node in own} | {scalar.text for scalar in removed}
    kept = [node for node, item_id in zip(base, ids, strict=True) if item_id not in gone]
    return (*(part for node in kept for part in _within(node, span)), *own)


def _id_of(node: Node) -> str:
    item_id = node.get("id") if isinstance(node, MappingNode) else None
    return item_id.text if isinstance(item_id, Scalar) else ""


# What the extended rulebook says of other years than its extension is for is left out.


def _within(item: Node, span: Span | None) -> Iterator[Node]:
    """Yield *item*, unless its own dates lie outside the *span*, without values that do."""
    if not isinstance(item, MappingNode) or span is None:
        yield item
    elif _reaches(item.get("in_force"), span):
        yield MappingNode(tuple((key, _values(key, node, span)) for key, node in item.entries),
                          item.place)  # fmt: skip


def _values(key: Scalar, node: Node, span: Span) -> Node:
    """Return the *node* at *key*; of dated values those within the *span*, if there are any."""
    if key.text != "values" or not isinstance(node, Sequence):
        return node
    kept = tuple(value for value in node.items if _reaches(value, span))
    return Sequence(kept or node.items, node.place)


def _reaches(node: Node | None, span: Span) -> bool:
    """Say whether the dates of *node*, if it has any, have a day in common with the *span*."""
    if not isinstance(node, MappingNode) or node.get("from") is None:
        return True
    own = span_of(Form(node, "dates", Problems()))
    return overlap(own, span)
