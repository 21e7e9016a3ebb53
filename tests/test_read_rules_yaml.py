"""YAML of which a reader needs some keys: what it finds under them is what the whole text has there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from navlayers.errors import InputError
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.source import Source
from navlayers.mapping.formats.yaml_tree import Branch, Node, documents

if TYPE_CHECKING:
    from collections.abc import Container

LINES = (
    "title: a",
    "tags:",
    "detection:",
    "text: |",
    "text: >-",
    'title: "a',
    "title: 'a",
    "detection: [a,",
    "  - attack.t1059",
    "- b",
    "  tags: c",
    "  detection:",
    '    d: "e',
    "    d: 'e",
    "  f: it's",
    '  f"',
    "  f'",
    "  g]",
    'h"',
    "# a comment",
    "  # it's a comment",
    "",
    "---",
    "...",
    "\tj: k",
    "  ? l",
)


def found(text: str, keys: Container[str] | None) -> list[Node | None] | str:
    """The values of the needed keys with their places, or the error, and the errors found."""
    findings = Findings()
    try:
        roots = documents(Source("a.yml", text.encode()), findings, keys)
    except InputError as error:
        return str(error)
    values = [root.get(key) for root in roots if isinstance(root, Branch) for key in ("title", "tags")]
    return [*values, *(str(problem) for problem in findings.errors())]  # type: ignore[list-item]


@given(st.lists(st.sampled_from(LINES), max_size=9).map("\n".join))
def test_needed_keys_have_the_values_of_the_whole_text(text: str) -> None:
    assert found(text, ("title", "tags")) == found(text, None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title: a\ndetection:\n  b: [c\ntags: d\n", "a.yml:4:5"),
        ("title: a\ndetection:\n  b: |\n   c\n  - d\n", "a.yml:5:3"),
    ],
)
def test_what_is_not_needed_has_to_be_yaml(text: str, place: str) -> None:
    problem = found(text, ("title",))
    assert isinstance(problem, str)
    assert problem.startswith(place)


def test_values_keep_their_lines() -> None:
    text = "title: a\ndetection:\n  b: c\n\n# d\n  e: f\ntags:\n  - g\n"
    (root,) = documents(Source("a.yml", text.encode()), Findings(), ("title", "tags"))
    assert isinstance(root, Branch)
    places = [(node.line, node.column) for node in (root.get("title"), root.get("tags")) if node is not None]
    assert places == [(1, 8), (8, 3)]
