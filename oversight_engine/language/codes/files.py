"""Problems of files and of their text."""

from __future__ import annotations

from oversight_engine.language.codes.code import Code

CODES = {
    "no-such-file": Code(
        "There is no such file",
        "A name that leads nowhere is a slip; reading something else instead would hide it.",
        "oversight decide cases/missing.yaml",
        "Check the name and the folder the command is run from.",
    ),
    "not-a-file": Code(
        "A folder or a device where a file belongs",
        "Pipes and devices may never end, and a folder has no text.",
        "oversight decide /dev/stdin",
        "Name a file, or pipe the text in and name it `-`.",
    ),
    "unreadable-file": Code(
        "The system does not let the file be read",
        "The message carries the system's own reason.",
        "a case file without read permission",
        "Change the permissions, or read a copy.",
    ),
    "file-too-large": Code(
        "The file is larger than the reader accepts",
        "A limit on size keeps any input from filling the memory.",
        "a case file of 9 MB",
        "Split the file; many cases may lie in many files.",
    ),
    "private-key": Code(
        "A private key where another file belongs",
        "Messages quote the lines they are about, and no message may quote a private key.",
        "oversight decide our-key",
        "Name the file you mean; if a key was put into it, take it out and make a new key.",
    ),
    "not-utf-8": Code(
        "The file is not UTF-8",
        "Guessing an encoding would change names without anybody noticing.",
        "a file saved as Windows-1252",
        "Save the file as UTF-8.",
    ),
    "byte-order-mark": Code(
        "The file begins with a byte-order mark",
        "The mark is invisible and would become part of the first key.",
        "a file saved as `UTF-8 with BOM` or as UTF-16",
        "Save the file as UTF-8 without byte-order mark.",
    ),
    "empty-file": Code(
        "The file holds nothing",
        "An empty file is more often a lost one than a wish to say nothing.",
        "a file of comments only",
        "Write the file, or remove it.",
    ),
    "forbidden-character": Code(
        "A control character, or one nobody can see",
        "What a reader sees and what the engine reads must be the same text.",
        "a right-to-left override inside a title",
        "Delete the character.",
    ),
    "yaml-syntax": Code(
        "The text is not YAML",
        "The parser stopped here; the cause is often on the line before.",
        "title: Freedom: and control",
        "Quote text that holds `: ` or begins with a bracket; indent with spaces.",
    ),
    "yaml-anchor": Code(
        "A YAML anchor",
        "A value is written where it is used, so that a reader sees it there.",
        "value: &cap 18.76",
        "Delete the `&name`.",
    ),
    "yaml-alias": Code(
        "A YAML alias",
        "Aliases hide what stands in a place, and nested ones grow without bound.",
        "value: *cap",
        "Write the value out.",
    ),
    "yaml-tag": Code(
        "A YAML tag",
        "Tags ask the reader to make objects; this reader makes none.",
        "value: !!python/object:os.system x",
        "Delete the tag.",
    ),
    "yaml-merge-key": Code(
        "A YAML merge key",
        "Merging hides what stands in a place.",
        "<<: {theme: finance}",
        "Write the entries out.",
    ),
    "yaml-directive": Code(
        "A YAML directive",
        "These files have one dialect, and need none.",
        "%YAML 1.2",
        "Delete the line that begins with `%`, and the `---` below it.",
    ),
    "several-documents": Code(
        "More than one YAML document in a file",
        "What comes after `---` would be read by nobody.",
        "---",
        "Keep one document in a file; many cases go under `cases:`.",
    ),
    "json-syntax": Code(
        "The text is not JSON",
        "The parser stopped here.",
        '{"format": "oversight-case/1",}',
        "Mend the text; JSON has no comments and no trailing commas.",
    ),
    "duplicate-key": Code(
        "One key twice in a mapping",
        "The second would silently replace the first.",
        "{cancer_62day_pct: 70, cancer_62day_pct: 75}",
        "Keep the one that is meant.",
    ),
    "key-not-text": Code(
        "A key that is not a word",
        "Keys are names.",
        "? [a, b]\n: 1",
        "Use a word as the key.",
    ),
    "too-deep": Code(
        "Nested deeper than the reader goes",
        "A limit on depth keeps any input from exhausting the stack.",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "No construct of the formats needs such depth; remove the nesting.",
    ),
    "too-many-values": Code(
        "More values than the reader accepts",
        "A limit on the count keeps any input from filling the memory.",
        "a case file of a quarter of a million values",
        "Split the file.",
    ),
    "too-many-problems": Code(
        "So many problems that reading stopped",
        "A thousand problems have one cause more often than a thousand.",
        "a facts file given as a case file",
        "Mend the first ones and read again.",
    ),
    "binary-number": Code(
        "A binary floating-point number",
        "0.1 is not one tenth in binary, and a decision would rest on the difference.",
        'read_cases([{"facts": {"cancer_62day_pct": 69.23}}], …)',
        "Give a string or a `Decimal`.",
    ),
    "unsupported-type": Code(
        "A Python value no file could hold",
        "A mapping is read as a file would be.",
        'read_cases([{"as_of": datetime.now()}], …)',
        "Give a str, int, bool, Decimal, date, list or dict.",
    ),
}
