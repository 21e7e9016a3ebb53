"""Suricata rules whose metadata has `mitre_technique_id`, as those of Emerging Threats have."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.rules.tree import branch_of, scalar_at
from navlayers.mapping.formats.yaml_files import FileKind
from navlayers.mapping.formats.yaml_tree import Scalar

if TYPE_CHECKING:
    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.source import Source
    from navlayers.mapping.formats.yaml_tree import Node

RULE = re.compile(
    rb"^[ \t]*(?P<off>\#[ \t]*)?(?:alert|drop|reject\w*|pass)[ \t]+\w(?:\\\r?\n|[^\n(])*+"
    rb"(?:\((?P<options>[^\n]*(?:(?:(?<=\\)|(?<=\\\r))\n[^\n]*)*)\)[ \t]*\r?$"
    rb"|[^\n]*+(?:(?:(?<=\\)|(?<=\\\r))\n[^\n]*+)*+)",
    re.MULTILINE,
)
"""A rule on its line, or on several with a backslash at the end of each but the last; a commented one is off.

One without options is no rule, and is matched to its end lest each of its lines is taken for the start of another.
"""

# Both take a word as a whole and need no end: a search from each letter on would take the square of a line.
_OPTION = re.compile(rb"(?<![\w.])([\w.]++)[ \t]*+(?::((?:\"(?:[^\"\\]|\\.)*+\"|[^;\\]|\\.)*+))?;?", re.DOTALL)
_METADATA = re.compile(rb"(?<![\w.])([\w.]++)[ \t]++([^,]++)")

_TABLE = FieldTable(
    id=("sid",),
    name=("msg",),
    comment=(),
    techniques=(("mitre_technique_id",),),
    references=("reference",),
    groups={"level": ("signature_severity",), "product": ("affected_product",)},
    other={
        "level": ("signature_severity",),
        "enabled": ("enabled",),
        "type": ("classtype",),
        "product": ("affected_product",),
        "confidence": ("confidence",),
        "tactic": ("mitre_tactic_name",),
    },
    dates=(("created_at",), ("updated_at",)),
)


def _parse(source: Source, findings: Findings) -> list[Node]:
    """The options and metadata of each rule; repeated ones are lists."""
    rules: list[Node] = []
    for rule in RULE.finditer(source.data):
        if rule["options"] is None:
            continue
        start = rule.start("options")
        place = source.place(rule.start())
        values: dict[str, list[Scalar]] = {}
        for option in _OPTION.finditer(source.data, start, rule.end("options")):
            name = option[1].decode()
            if name == "metadata":
                for pair in _METADATA.finditer(source.data, option.start(2), option.end(2)):
                    values.setdefault(pair[1].decode(), []).append(_scalar(source, pair))
            elif option[2]:
                values.setdefault(name, []).append(_scalar(source, option))
        if rule["off"]:
            values["enabled"] = [Scalar("false", True, place.line, place.column)]
        rules.append(branch_of(values, place))
    return rules


def _scalar(source: Source, match: re.Match[bytes]) -> Scalar:
    text = match[2].decode().strip()
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return scalar_at(source, text[1:-1] if quoted else text, match.start(2), plain=not quoted)


CONTENT = Content(
    FileKind("Suricata rule file", "Suricata rules: alert … (msg: …; sid: …;)", frozenset({"sid"})),
    "suricata",
    "Suricata rules",
    _parse,
    one_per_document(_TABLE, "sid"),
    {
        "level": Grouping("Severity", ("critical", "major", "minor", "informational")),
        "product": Grouping("Product"),
    },
    "add mitre_technique_id to its metadata",
)
read = partial(rule_set.read, content=CONTENT)
