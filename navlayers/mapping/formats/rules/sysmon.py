"""Sysmon configurations: conditions whose `name` has a technique, as `technique_id=T1003,technique_name=…`."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import IDS, FieldTable, one_per_document
from navlayers.mapping.formats.rules.markup import elements
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.rules.tree import branch_of
from navlayers.mapping.formats.yaml_files import FileKind
from navlayers.mapping.formats.yaml_tree import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.rules.markup import Element
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Branch, Node

_TABLE = FieldTable(
    id=(),
    name=("name",),
    comment=("text",),
    techniques=(("technique",),),
    groups={"event": ("event",)},
    other={"event": ("event",), "field": ("field",)},
    ids=IDS,
)
_EVENTS = frozenset({"RuleGroup", "EventFiltering", "Rule", "Sysmon"})
"""Elements around the events; an event such as ProcessCreate has the conditions."""

_INCLUDE = "include"


def _parse(source: Source, findings: Findings) -> list[Node]:
    """A rule for each text in a `name` that has an id: it detects by all conditions with that name for an event.

    Conditions that exclude events detect nothing.
    """
    rules: dict[tuple[str, str], Branch] = {}
    for event, condition in _conditions(elements(source)):
        name, offset = condition.attributes.get("name", ("", 0))
        if not re.search(IDS, name) or (event, name) in rules:
            continue
        values = {"technique": name, "event": event, "field": condition.name}
        values |= {"name": f"{event}: {name}", "text": f"{condition.name} {condition.text}".strip()}
        place = source.place(offset)
        texts = {key: [Scalar(text, True, place.line, place.column)] for key, text in values.items()}
        rules[event, name] = branch_of(texts, place)
    return [*rules.values()]


def _conditions(top: Element) -> Iterator[tuple[str, Element]]:
    """The elements within events that are included, each with the name of the event that is the next around it."""
    rest = [(child, "") for child in reversed(top.children)]
    while rest:
        element, event = rest.pop()
        if event:
            yield event, element
        match = element.attributes.get("onmatch")
        if match is not None and element.name not in _EVENTS:
            event = element.name if match[0].lower() == _INCLUDE else ""
        rest += [(child, event) for child in reversed(element.children)]


CONTENT = Content(
    FileKind(
        "Sysmon configuration with technique ids",
        'conditions that include events, with name="technique_id=T1003"',
        frozenset({"event"}),
        "Sysmon configurations with technique ids",
    ),
    "sysmon",
    "Sysmon configuration",
    _parse,
    one_per_document(_TABLE),
    {"event": Grouping("Event")},
    'add name="technique_id=T1003" to conditions',
    noun=("condition", "conditions"),
)
read = partial(rule_set.read, content=CONTENT)
