"""Elastic's detection rules: the TOML files of github.com/elastic/detection-rules, and Kibana's export (NDJSON).

A rule detects the techniques and sub-techniques of its `threat`. Kibana exports lists of exceptions and a summary
beside the rules; these are skipped.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import rtoml

from navlayers.errors import InputError, Place, Problem
from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.rules.tree import tree
from navlayers.mapping.formats.source import LineFile, Source
from navlayers.mapping.formats.yaml_files import FileKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.mapping.formats.findings import Findings
    from navlayers.mapping.formats.yaml_tree import Node

_KEYS = frozenset(
    {
        *("rule_id", "name", "description", "references", "threat", "severity", "risk_score", "enabled", "license"),
        *("type", "tags", "index", "maturity", "integration", "creation_date", "updated_date", "created_at"),
        "updated_at",
    }
)
_METADATA = frozenset({"maturity", "integration", "creation_date", "updated_date"})
"""Values of the table `[metadata]` of a TOML file, which Kibana's export does not have."""

_ATTACK = "MITRE ATT&CK"

_TABLE = FieldTable(
    id=("rule_id",),
    name=("name",),
    comment=("description",),
    techniques=(("threat", "technique", "id"), ("threat", "technique", "subtechnique", "id")),
    tactics=("threat", "tactic", "name"),
    references=("references",),
    groups={"level": ("severity",), "status": ("maturity",), "product": ("integration",)},
    other={
        "level": ("severity",),
        "status": ("maturity",),
        "risk score": ("risk_score",),
        "enabled": ("enabled",),
        "type": ("type",),
        "product": ("integration",),
        "data source": ("index",),
        "tags": ("tags",),
        "license": ("license",),
    },
    dates=(("creation_date",), ("updated_date",), ("created_at",), ("updated_at",)),
)

_START = 1 << 12
_line = msgspec.json.Decoder(dict[str, Any])


def _parse(source: Source, findings: Findings) -> Iterable[Node]:
    if isinstance(source, LineFile) or source.data[:_START].lstrip().startswith(b"{"):
        return _Export(source)
    try:
        top = rtoml.loads(source.data.decode())
    except rtoml.TomlParsingError as error:
        raise InputError(_not_toml(source, str(error))) from None
    rule = top.get("rule")
    if not isinstance(rule, dict):
        return []
    metadata = top.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    merged = {**{key: value for key, value in known.items() if key in _METADATA}, **rule}
    return [tree(source, _attack_alone(merged), keys=_KEYS)]


def _attack_alone(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule with tactics and techniques of its threats alone, without those of other frameworks than ATT&CK."""
    threats = rule.get("threat")
    if not isinstance(threats, list):
        return rule
    ours = [one for one in threats if isinstance(one, dict) and one.get("framework", _ATTACK) == _ATTACK]
    return {**rule, "threat": [{key: one.get(key) for key in ("tactic", "technique")} for one in ours]}


class _Export:
    """The rules of an export, a line each, decoded one at a time: an export may have hundreds of megabytes.

    Raises:
        InputError: a line is not JSON.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        for _ in self._lines():
            pass

    def __iter__(self) -> Iterator[Node]:
        for number, line, value in self._lines():
            if "rule_id" in value or "threat" in value:
                yield tree(_Line(self._source.path, line, number), _attack_alone(value), keys=_KEYS)

    def _lines(self) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
        for number, line in enumerate(self._source.lines(), 1):
            if line.isspace():
                continue
            try:
                value = _line.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                place = Place(self._source.path, number, 1)
                hint = "an export of rules has one JSON object in each line"
                problem = Problem(f"this is not JSON: {error}", place, hint=hint, code="syntax")
                raise InputError(problem) from None
            yield number, line, value


class _Line(Source):
    """A line of a file, with the places of the file."""

    def __init__(self, path: str, data: bytes, number: int) -> None:
        super().__init__(path, data)
        self._number = number

    def place(self, offset: int) -> Place:
        """Line and column (in characters) of a byte offset of the line."""
        place = super().place(offset)
        return Place(place.path, self._number, place.column)


def _not_toml(source: Source, error: str) -> Problem:
    place = re.search(r" at line (\d+) column (\d+)$", error)
    message = f"this is not TOML: {error[: place.start()] if place else error}"
    if place is None:
        return Problem(message, Place(source.path), code="syntax")
    # A line of TOML ends at LF alone, one of an editor at CR, too.
    *before, line = source.data.split(b"\n", int(place[1]))[: int(place[1])]
    column = len(line.decode()[: int(place[2]) - 1].encode())
    return Problem(message, source.place(sum(len(each) + 1 for each in before) + column), code="syntax")


CONTENT = Content(
    FileKind("Elastic rule", "an Elastic rule: rule_id, name, threat", frozenset({"rule_id", "threat"})),
    "elastic",
    "Elastic rules",
    _parse,
    one_per_document(_TABLE),
    {
        "level": Grouping("Severity", ("critical", "high", "medium", "low")),
        "status": Grouping("Maturity", ("production", "beta", "experimental", "development", "deprecated")),
        "product": Grouping("Integration"),
    },
    "add [[rule.threat]] with its techniques",
)
read = partial(rule_set.read, content=CONTENT)
