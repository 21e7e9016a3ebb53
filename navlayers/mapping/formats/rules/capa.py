"""capa rules: the YAML files of github.com/mandiant/capa-rules. A rule detects the techniques of its `att&ck`."""

from __future__ import annotations

from functools import partial

from navlayers.mapping.formats.rules import rule_set
from navlayers.mapping.formats.rules.field_table import IDS, FieldTable, documents, one_per_document
from navlayers.mapping.formats.rules.rule_set import Content, Grouping
from navlayers.mapping.formats.yaml_files import FileKind

_META = ("rule", "meta")
_TABLE = FieldTable(
    id=(*_META, "name"),
    name=(*_META, "name"),
    comment=(*_META, "description"),
    # Defense Evasion::Obfuscated Files or Information::Software Packing [T1027.002]
    techniques=((*_META, "att&ck"),),
    references=(*_META, "references"),
    groups={"namespace": (*_META, "namespace")},
    other={"namespace": (*_META, "namespace"), "mbc": (*_META, "mbc"), "author": (*_META, "authors")},
    ids=IDS,
)

CONTENT = Content(
    FileKind("capa rule", "a capa rule: rule, meta, att&ck, features", frozenset({"rule"})),
    "capa",
    "capa rules",
    documents,
    one_per_document(_TABLE, "rule"),
    {"namespace": Grouping("Namespace")},
    "add att&ck to its meta",
)
read = partial(rule_set.read, content=CONTENT)
