"""The kinds of findings: one stable code each, whether it is an error, and what it means."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["error", "warning"]


class Code(NamedTuple):
    """One kind of finding. `title` is a clause without an end mark."""

    level: Level
    title: str


CODES: dict[str, Code] = {
    # What readers say: the file is not what it seems, or a value in it is not one.
    "unreadable": Code("error", "the input cannot be read"),
    "encoding": Code("error", "the text is not in an encoding that is read"),
    "syntax": Code("error", "the text is not what its format asks for"),
    "wrong-shape": Code("error", "the file is of no known format, or a part of it is not of the right kind"),
    "duplicate-key": Code("error", "a key stands twice"),
    "unknown-field": Code("warning", "a field has no meaning in its format"),
    "wrong-type": Code("error", "a value is not of the right kind"),
    "missing-metadata": Code("error", "the set lacks what every set has to say of itself"),
    "assumed-metadata": Code("warning", "the file does not say something of the set, and it is taken for granted"),
    "malformed-technique": Code("error", "a technique id is not written as ATT&CK writes them"),
    "unknown-category": Code("error", "a score category is not protect, detect or respond"),
    "unknown-value": Code("error", "a score value is not on the scale"),
    "unknown-domain": Code("error", "the domain is not enterprise, mobile or ics"),
    "blanks": Code("warning", "an id has blanks around it"),
    "undeclared-group": Code("warning", "a group is not declared"),
    "undeclared-type": Code("warning", "a mapping type is not declared"),
    "no-technique": Code("warning", "a row names no technique"),
    "no-capability": Code("error", "a row names no capability"),
    "empty-set": Code("warning", "the set has no mappings"),
    "not-carried": Code("warning", "something in the file is left out"),
    "ambiguous-text": Code("warning", "other tools read this text as something else"),
}
