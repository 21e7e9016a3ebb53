"""Splunk detections: the YAML files of github.com/splunk/security_content."""

from __future__ import annotations

from functools import partial

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import FieldTable, documents, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.yaml_files import FileKind

_TABLE = FieldTable(
    id=("id",),
    name=("name",),
    comment=("description",),
    techniques=(("tags", "mitre_attack_id"),),
    references=("references",),
    groups={"status": ("status",), "type": ("type",), "domain": ("tags", "security_domain")},
    other={
        "status": ("status",),
        "type": ("type",),
        "risk score": ("tags", "risk_score"),
        "data source": ("data_source",),
        "asset type": ("tags", "asset_type"),
        "story": ("tags", "analytic_story"),
        "date": ("date",),
        "author": ("author",),
    },
    dates=(("date",), ("creation_date",), ("modification_date",)),
    number={"tests": ("tests",)},
)
_READ = frozenset(
    {
        *("id", "name", "description", "references", "tags", "status", "type", "data_source", "date", "author"),
        *("tests", "creation_date", "modification_date", "search"),
    }
)

CONTENT = Content(
    FileKind("Splunk detection", "a Splunk detection: name, id, search, tags", frozenset({"search"})),
    "splunk",
    "Splunk detections",
    partial(documents, keys=_READ),
    one_per_document(_TABLE, "tags"),
    {
        "status": Grouping("Status", ("production", "experimental", "deprecated")),
        "type": Grouping("Type"),
        "domain": Grouping("Security domain"),
    },
    "add tags.mitre_attack_id",
    noun=("detection", "detections"),
)
read = partial(rule_set.read, content=CONTENT)
