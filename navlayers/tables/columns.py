"""The schema of the tables: the name, type, unit, key and description of every column."""

from __future__ import annotations

from typing import Literal

import msgspec

Type = Literal["text", "integer", "number", "boolean", "date"]

_DTYPES = {"integer": "Int64", "number": "float64", "boolean": "boolean", "date": "datetime64[s]"}


class Column(msgspec.Struct, frozen=True):
    """A column of a table.

    Attributes:
        name: its name, the same in every table that has it.
        type: that of its cells, which may be empty.
        description: its content in a sentence or two.
        unit: that of numbers; "" for none.
        key: whether it is one of those that together name a row.
        joins: the table whose key it is part of; "" for none.
    """

    name: str
    type: Type
    description: str
    unit: str = ""
    key: bool = False
    joins: str = ""


class Table(msgspec.Struct, frozen=True):
    """A table: its name, what a row is, and its columns."""

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)

    @property
    def dtypes(self) -> dict[str, str]:
        """The types of its columns in pandas, which may be empty; texts are left out."""
        return {column.name: _DTYPES[column.type] for column in self.columns if column.type in _DTYPES}


def _set(*, key: bool = True, joins: str = "sets") -> Column:
    return Column("set", "text", "Name of the set.", key=key, joins=joins)


def _release(*, key: bool = False, joins: str = "techniques") -> tuple[Column, Column]:
    return (
        Column("domain", "text", "ATT&CK domain: enterprise, mobile or ics.", key=key, joins=joins),
        Column("attack_version", "text", "ATT&CK release of the scores.", key=key, joins=joins),
    )


def _capability(*, key: bool = False, joins: str = "capabilities") -> Column:
    return Column("capability", "text", "Id of the control, rule or other capability.", key=key, joins=joins)


def _technique(*, key: bool = False, joins: str = "techniques") -> Column:
    return Column("technique", "text", "Id of the technique or sub-technique.", key=key, joins=joins)


def _mapping(*, joins: str = "mappings") -> Column:
    return Column("mapping", "integer", "Number of the mapping in the set, from 1.", key=True, joins=joins)


_PLACE = (
    Column("file", "text", "File as it was named, or the name of a shipped set. Empty for a set in memory."),
    Column("line", "integer", "Line in the file, or row of a sheet, from 1. Empty where a format has none."),
    Column("line_column", "integer", "Column in the line, from 1."),
)

SETS = Table(
    "sets",
    "A row per mapping set or layer, with its numbers and all options that scores depend on.",
    (
        _set(joins=""),
        Column("title", "text", "Name of the set for people."),
        Column("framework", "text", "Id of the framework."),
        Column("version", "text", "Version of the framework."),
        Column("role", "text", "control, detection, or threat, which lists what is attacked and covers nothing."),
        *_release(joins=""),
        Column("own_attack_version", "text", "ATT&CK release that the set was made for."),
        Column("scored", "boolean", "Whether its mappings have score values."),
        Column("unit", "text", "What scores are: points, capabilities (a number of them), or percent of segments."),
        Column("lowest", "number", "Low end of the range of scores; empty for numbers of capabilities.", "points"),
        Column("highest", "number", "High end of that range.", "points"),
        Column("mappings", "integer", "Number of mappings.", "mappings"),
        Column("capabilities", "integer", "Number of capabilities with a mapping.", "capabilities"),
        Column("techniques_mapped", "integer", "Number of active techniques with a mapping.", "techniques"),
        Column(
            "subtechniques_mapped", "integer", "Number of active sub-techniques with a mapping.", "sub-techniques"
        ),
        Column(
            "covered",
            "integer",
            "Number of techniques and sub-techniques with a score above 0. Empty for a threat.",
            "techniques",
        ),
        Column(
            "active",
            "integer",
            "Number of active techniques and sub-techniques in scope: the denominator of every share.",
            "techniques",
        ),
        Column("scope", "text", "What counts, by --platform, --where and the like; empty for everything."),
        Column("aggregate", "text", "How scores of several capabilities are combined."),
        Column(
            "weights", "text", "Weights of the categories in the overall score; empty for the highest category."
        ),
        Column("scale", "text", "Points of each score value."),
        Column("worth", "number", "Score of a mapping without a value; empty for none.", "points"),
        Column("rollup", "text", "How techniques get a score from their sub-techniques."),
        Column("across_segments", "text", "How scores of segments are combined."),
        Column("source", "text", "Where the set was published."),
        Column("license", "text", "License of the set."),
        Column("format", "text", "Format that it was read in."),
        Column("navlayers_version", "text", "Version of navlayers that wrote the tables."),
    ),
)

CAPABILITIES = Table(
    "capabilities",
    "A row per capability of a set, mapped or not.",
    (
        _set(),
        _capability(key=True, joins=""),
        Column("name", "text", "Name of the capability."),
        Column("mappings", "integer", "Number of its mappings.", "mappings"),
        Column(
            "techniques",
            "integer",
            "Number of techniques and sub-techniques that it covers: rated above 0, or mapped in a set without "
            "score values. Empty for a threat.",
            "techniques",
        ),
        Column(
            "unique_techniques",
            "integer",
            "Number of these techniques that no other capability of the set covers.",
            "techniques",
        ),
    ),
)

CAPABILITY_GROUPS = Table(
    "capability_groups",
    "A row per group of a capability, which may be in several.",
    (
        _set(),
        _capability(key=True),
        Column("group_id", "text", "Id of the group.", key=True),
        Column("group_name", "text", "Name of the group."),
    ),
)

MAPPINGS = Table(
    "mappings",
    "A row per mapping in scope, including those of techniques that are not active in the release.",
    (
        _set(),
        _mapping(joins=""),
        _capability(),
        Column("capability_name", "text", "Name of the capability."),
        *_release(),
        _technique(),
        Column("technique_name", "text", "Name of the technique."),
        Column("written_technique", "text", "Id in the file, before it was replaced by a successor."),
        Column(
            "active",
            "boolean",
            "Whether the technique is active in the release and in scope; others score nothing.",
        ),
        Column("type", "text", "Mapping type."),
        Column("category", "text", "protect, detect or respond; empty without one."),
        Column("value", "text", "Score value as written; empty if the mapping has none."),
        Column(
            "score", "number", "Points of the value, by scale, worth and evidence; empty if not rated.", "points"
        ),
        Column("comment", "text", "Comment."),
        Column(
            "evidence", "text", "Evidence: declared, enabled, data present, tested or validated; empty for none."
        ),
        Column("evidence_date", "date", "Day of the evidence."),
        Column("evidence_note", "text", "Note on the evidence."),
        Column(
            "robustness", "integer", "How hard a detection is to evade, 1-5, by Summiting the Pyramid.", "level"
        ),
        *_PLACE,
    ),
)

MAPPING_SEGMENTS = Table(
    "mapping_segments",
    "A row per segment or tenant of a mapping. A mapping without a row here holds for all.",
    (_set(), _mapping(), Column("segment", "text", "Name of the segment or tenant.", key=True)),
)

MAPPING_LINKS = Table(
    "mapping_links",
    "A row per reference of a mapping.",
    (_set(), _mapping(), Column("link", "text", "Address or text of the reference.", key=True)),
)

SCORES = Table(
    "scores",
    "A row per mapped technique and category, and one for its overall score. Without rows, it is not mapped.",
    (
        _set(),
        *_release(),
        _technique(key=True),
        Column("technique_name", "text", "Name of the technique."),
        Column("category", "text", "protect, detect, respond, unspecified, or overall.", key=True),
        Column("score", "number", "Score, in the unit of the set; empty if not rated.", "unit of the set"),
        Column("rated", "boolean", "Whether it has a score, also 0."),
        Column(
            "covered",
            "boolean",
            "Whether the score is above 0, in a set without score values whether it is mapped. Empty for a threat.",
        ),
        Column("capabilities", "integer", "Number of capabilities that are mapped to it.", "capabilities"),
        Column(
            "capabilities_covering",
            "integer",
            "Number of capabilities that cover it, or its sub-techniques if it is rolled up. Empty for a threat.",
            "capabilities",
        ),
        Column("rolled_up", "boolean", "Whether the score is that of sub-techniques, by --rollup."),
    ),
)

TECHNIQUES = Table(
    "techniques",
    "A row per technique and sub-technique of each release of the sets, inactive ones included.",
    (
        *_release(key=True, joins=""),
        _technique(key=True, joins=""),
        Column("name", "text", "Name."),
        Column(
            "parent", "text", "Id of the technique of a sub-technique; empty for a technique.", joins="techniques"
        ),
        Column("status", "text", "active, deprecated or revoked."),
        Column("in_scope", "boolean", "Whether it is active and in scope, and so counts in denominators."),
        Column("successor", "text", "Id that revoked it.", joins="techniques"),
        Column("url", "text", "Address of its page."),
    ),
)

TECHNIQUE_TACTICS = Table(
    "technique_tactics",
    "A row per tactic of a technique.",
    (
        *_release(key=True),
        _technique(key=True),
        Column("tactic", "text", "Short name of the tactic, such as credential-access.", key=True),
        Column("tactic_name", "text", "Name of the tactic."),
        Column("tactic_order", "integer", "Position of the tactic in the matrix, from 1.", "position"),
    ),
)

TECHNIQUE_PLATFORMS = Table(
    "technique_platforms",
    "A row per platform of a technique.",
    (*_release(key=True), _technique(key=True), Column("platform", "text", "Name of the platform.", key=True)),
)

FINDINGS = Table(
    "findings",
    "A row per finding of `navlayers check`.",
    (
        _set(key=False),
        Column("code", "text", "Code of the finding, see findings.md."),
        Column("level", "text", "error, warning or note."),
        *_PLACE,
        Column("message", "text", "What is wrong."),
        Column("expected", "text", "What is valid instead."),
        Column("hint", "text", "What to do."),
        Column("fixable", "boolean", "Whether `navlayers check --fix` corrects it."),
    ),
)

TABLES = {
    table.name: table
    for table in (
        SETS,
        CAPABILITIES,
        CAPABILITY_GROUPS,
        MAPPINGS,
        MAPPING_SEGMENTS,
        MAPPING_LINKS,
        SCORES,
        TECHNIQUES,
        TECHNIQUE_TACTICS,
        TECHNIQUE_PLATFORMS,
        FINDINGS,
    )
}
"""Name → table, in the order of the documentation."""


def schema_page() -> str:
    """The tables as Markdown: the second part of docs/tables.md."""
    parts = []
    for table in TABLES.values():
        rows = [
            f"| `{c.name}` | {c.type} | {c.unit} | {'key' if c.key else ''} | {_link(c.joins)} | {c.description} |"
            for c in table.columns
        ]
        head = "| column | type | unit | key | joins | content |\n| --- | --- | --- | --- | --- | --- |"
        parts.append(f"### {table.name}\n\n{table.description}\n\n{head}\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _link(table: str) -> str:
    return f"[{table}](#{table})" if table else ""
