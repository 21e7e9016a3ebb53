"""XML text as a tree with places, as tolerant as the tools that read rules: Wazuh's own rules are not well-formed.

Nothing is expanded but the five entities of XML, so that documents which declare entities do no harm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from navlayers.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.source import Source

_MAX_DEPTH = 50
_TOKEN = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    rb"|<(?P<end>/)?(?P<name>[A-Za-z_][\w.-]*)"
    rb"(?P<attributes>(?:\s+[\w.:-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/)?>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"(?<![\w.:-])([\w.:-]++)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))


class Element(msgspec.Struct, gc=False):
    """An element.

    Attributes:
        attributes: name → value and the offset of the value.
        start: the offset of the element.
        content: the offset of its first text.
        texts: the parts of the text directly in it.
    """

    name: str
    attributes: dict[str, tuple[str, int]]
    start: int
    content: int
    children: list[Element]
    texts: list[str]

    @property
    def text(self) -> str:
        """The text directly in it."""
        return "".join(self.texts)

    def descendants(self, *names: str) -> Iterator[Element]:
        """The elements below this one in the order of the text, those with a name if names are given."""
        for child in self.children:
            if not names or child.name in names:
                yield child
            yield from child.descendants(*names)

    def child(self, name: str) -> Element | None:
        """The first element with a name directly in this one; None for none."""
        return next((child for child in self.children if child.name == name), None)


def elements(source: Source) -> Element:
    """An element without a name that has the elements at the top of a text: a file of rules may have several.

    Raises:
        InputError: the elements are nested too deeply, or the text ends within one.
    """
    top = Element("", {}, 0, 0, [], [])
    stack = [top]
    data, offset = source.data, 0
    for token in _TOKEN.finditer(data):
        stack[-1].texts.append(_plain(data[offset : token.start()]))
        offset = token.end()
        name = token["name"]
        if name is None:
            if token[0].startswith(b"<![CDATA["):
                stack[-1].texts.append(token[0][9:].removesuffix(b"]]>").decode())
        elif token["end"]:
            # An end tag without a start ends nothing.
            if any(element.name == name.decode() for element in stack[1:]):
                while stack.pop().name != name.decode():
                    pass
        else:
            attributes = {
                pair[1].decode(): (_plain(pair[2] or pair[3] or b""), pair.start(2 if pair[2] is not None else 3))
                for pair in _ATTRIBUTE.finditer(data, *token.span("attributes"))
            }
            element = Element(name.decode(), attributes, token.start(), token.end(), [], [])
            stack[-1].children.append(element)
            if not token["empty"]:
                stack.append(element)
            if len(stack) > _MAX_DEPTH:
                place, expected = source.place(token.start()), f"at most {_MAX_DEPTH} levels"
                raise InputError(Problem("the XML is nested too deeply", place, expected, code="wrong-shape"))
    if len(stack) > 1:
        message, hint = f"the file ends within <{stack[-1].name}>", "the file may be cut off"
        raise InputError(Problem(message, source.place(stack[-1].start), hint=hint, code="syntax"))
    return top


def _plain(text: bytes) -> str:
    return _ENTITY.sub(lambda match: _ENTITIES[match[0]], text.decode()) if text.strip() else ""
