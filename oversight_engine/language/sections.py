"""A rulebook as nodes: its heading, and its items section by section."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from oversight_engine.language.folder import HEADING_FILE, files_of
from oversight_engine.language.forms import Form, refuse_other_kind
from oversight_engine.language.problems import Place, Problems, quoted
from oversight_engine.language.source import Broken, Node, Sequence, read_file
from oversight_engine.language.source import Mapping as MappingNode
from oversight_engine.model.rulebook_form import RULEBOOK_FORMAT

SECTIONS = ("facts", "parameters", "findings", "rules", "consequences")
NEEDED_SECTIONS = ("facts", "rules")
EXTENDS = "extends"
"""The key by which a heading says that the rest of the rulebook stands elsewhere."""


@frozen
class Sections:
    """A rulebook as nodes.

    Attributes:
        heading: what stands in `rulebook.yaml`.
        nodes: the items of each section.
        unreadable: the sections of which some may be missing here.
        extended: the folders of the rulebooks whose items are among these.
    """

    heading: Node
    nodes: Mapping[str, tuple[Node, ...]]
    unreadable: frozenset[str]
    extended: tuple[str, ...] = ()


NOTHING = Sections(Broken(Place("")), dict.fromkeys(SECTIONS, ()), frozenset(SECTIONS))
"""A rulebook of which nothing can be read; why that is so has been noted."""


def sections_at(path: Path, problems: Problems) -> Sections:
    """Return the sections of the rulebook in the folder, or the one file, at *path*."""
    if path.is_dir():
        return _sections_of_folder(path, problems)
    return sections_of(read_file(path, problems), problems)


def sections_of(root: Node | None, problems: Problems) -> Sections:
    """Return the sections of a whole rulebook that stands in one document."""
    if not isinstance(root, MappingNode):
        if root is not None:
            Form(root, "a rulebook", problems)
        return NOTHING
    form = Form(root, "a rulebook", problems)
    if refuse_other_kind(form, RULEBOOK_FORMAT):
        return NOTHING
    needed = () if form.has(EXTENDS) else NEEDED_SECTIONS
    read = {section: _items(form, section, needed=section in needed) for section in SECTIONS}
    rest = tuple((key, node) for key, node in root.entries if key.text not in SECTIONS)
    return _sections(MappingNode(rest, root.place), read)


def _sections(heading: Node, read: Mapping[str, tuple[Node, ...] | None]) -> Sections:
    nodes = {section: read.get(section) or () for section in SECTIONS}
    unreadable = frozenset(section for section in SECTIONS if read.get(section) is None)
    return Sections(heading, nodes, unreadable)


def _items(form: Form, section: str, *, needed: bool) -> tuple[Node, ...] | None:
    """Return the items of *section*, or None where they cannot be read."""
    node = form.node(section, needed=needed)
    if node is None and form.is_mapping and not needed:
        return ()
    items = form.nodes(section, needed=False)
    if not isinstance(node, Sequence):
        return None
    if not items and section in NEEDED_SECTIONS:
        form.fail("missing-value", f"`{section}` is empty", place=node.place)
    return items


def _sections_of_folder(folder: Path, problems: Problems) -> Sections:
    names = _names_of_files(folder, problems)
    if names is None:
        return NOTHING
    heading: Node | None = None
    if HEADING_FILE in names:
        heading = read_file(folder / HEADING_FILE, problems)
    extends = isinstance(heading, MappingNode) and heading.get(EXTENDS) is not None
    _note_missing(folder, names, problems, extends=extends)
    read: dict[str, tuple[Node, ...] | None] = {}
    for section in SECTIONS:
        named = [name for name in names if name.partition("/")[0] in (section, f"{section}.yaml")]
        parts = [_items_of_file(folder / name, section, problems) for name in named]
        whole = tuple(node for part in parts for node in part or ())
        is_missing = not named and section in NEEDED_SECTIONS and not extends
        read[section] = None if is_missing or None in parts else whole
    return _sections(heading if heading is not None else Broken(Place(str(folder))), read)


def _items_of_file(path: Path, section: str, problems: Problems) -> tuple[Node, ...] | None:
    root = read_file(path, problems)
    if root is None:
        return None
    form = Form(root, "this file", problems)
    items = _items(form, section, needed=True)
    form.finish()
    return items


def _names_of_files(folder: Path, problems: Problems) -> tuple[str, ...] | None:
    """Return the names of the files of *folder* that are read; note those that nobody reads."""
    try:
        names = [path.relative_to(folder).as_posix() for path in files_of(folder)]
    except OSError as error:
        problems.add(
            "unreadable-file", Place(str(error.filename)), "the folder cannot be read",
            got=str(error.strerror),
        )  # fmt: skip
        return None
    known = (HEADING_FILE, *(f"{section}.yaml" for section in SECTIONS if section != "rules"))
    found = [n for n in names if n in known or (n.startswith("rules/") and n.endswith(".yaml"))]
    if not found:
        problems.add(
            "missing-file", Place(str(folder)), "this folder holds no rulebook",
            help=f"name the folder in which its `{HEADING_FILE}` stands",
        )  # fmt: skip
        return None
    for name in names:
        if name not in found:
            problems.add(
                "unknown-file", Place(str(folder / name)), "a rulebook has no such file", got=name,
                help=problems.did_you_mean(name, known)
                or f"it has {quoted((*known, 'rules/*.yaml'))}",
            )  # fmt: skip
    return tuple(found)


def _note_missing(
    folder: Path, names: tuple[str, ...], problems: Problems, *, extends: bool
) -> None:
    for name in (HEADING_FILE,) if extends else (HEADING_FILE, "facts.yaml"):
        if name not in names:
            problems.add("missing-file", Place(str(folder)), f"the rulebook has no `{name}`")
    if not extends and not any(name.startswith("rules/") for name in names):
        problems.add("missing-file", Place(str(folder)), "the rulebook has no `rules/*.yaml`")
