"""Inputs in which something is wrong: name of the file → what is wrong → its text."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = 'framework: demo\nversion: "1"\ndomain: enterprise\nattack_version: "16.1"\n'
ROOM = f"{HEAD}capabilities:\n  c:\n    techniques:\n      "


def _explorer(row: str, **metadata: str) -> str:
    """A Mappings Explorer set of one row."""
    head = {
        "mapping_framework": '"tiny"',
        "mapping_framework_version": '"1"',
        "technology_domain": '"enterprise"',
        "attack_version": '"16.1"',
        "capability_groups": '{"g": "G"}',
        **metadata,
    }
    said = ",\n    ".join(f'"{key}": {value}' for key, value in head.items())
    return f'{{\n  "metadata": {{\n    {said}\n  }},\n  "mapping_objects": [\n    {row}\n  ]\n}}\n'


def _row(**fields: str) -> str:
    row = {
        "capability_id": '"a"',
        "capability_group": '"g"',
        "attack_object_id": '"T1078"',
        "score_category": '"protect"',
        "score_value": '"partial"',
        **fields,
    }
    return "{" + ", ".join(f'"{key}": {value}' for key, value in row.items()) + "}"


def _layer(techniques: str, **keys: str) -> str:
    head = {"name": '"L"', "domain": '"enterprise-attack"', "versions": '{"attack": "16", "layer": "4.5"}', **keys}
    said = ", ".join(f'"{key}": {value}' for key, value in head.items())
    return f'{{{said},\n "techniques": [{techniques}]}}\n'


def _rule(**keys: str) -> str:
    head = {
        "title": "Odd",
        "id": "1",
        "logsource": "{product: linux}",
        "detection": "{a: b}",
        "tags": "[attack.t1078]",
        **keys,
    }
    return "".join(f"{key}: {value}\n" for key, value in head.items())


_TECHNIQUE, _CONTROL, _RELATION = (
    f"{kind}--00000000-0000-4000-8000-00000000000{number}"
    for number, kind in enumerate(("attack-pattern", "course-of-action", "relationship"))
)


def _stix(*targets: str) -> str:
    """A bundle in which a control mitigates these."""
    reference = '{"source_name": "mitre-attack", "external_id": "T1078"}'
    objects = [
        f'{{"type": "attack-pattern", "id": "{_TECHNIQUE}", "name": "x", "external_references": [{reference}]}}',
        f'{{"type": "course-of-action", "id": "{_CONTROL}", "name": "c"}}',
    ]
    head = f'"type": "relationship", "id": "{_RELATION}", "relationship_type": "mitigates"'
    objects += [f'{{{head}, "source_ref": "{_CONTROL}", "target_ref": "{target}"}}' for target in targets]
    return '{"type": "bundle", "id": "bundle--1", "objects": [\n' + ",\n".join(objects) + "]}\n"


def _dettect(score: str = "3", date: str = "2024-01-01", technique: str = "T1078") -> str:
    return (
        "version: 1.2\nfile_type: technique-administration\nname: x\ndomain: enterprise-attack\ntechniques:\n"
        f"- technique_id: {technique}\n  detection:\n  - applicable_to: [all]\n    score_logbook:\n"
        f"    - {{date: {date}, score: {score}, comment: ''}}\n"
    )


def _stack(techniques: str, version: str = "8.2") -> str:
    return (
        f"version: 1\nATT&CK version: {version}\ncreation date: 03/05/2021\nname: Vault\nplatform: Azure\n"
        f"tags: [Keys]\ntechniques:\n{techniques}"
    )


_TEXTS: dict[str, dict[str, str]] = {
    "set.yaml": {
        "lower-case-id": f"{ROOM}t1078: a\n",
        "short-id": f"{ROOM}T1059.01: a\n",
        "tactic": f"{ROOM}TA0001: a\n",
        "unknown-key": f"{ROOM}T1001: {{protekt: partial}}\n",
        "unknown-value": f"{ROOM}T1001: {{protect: partal}}\n",
        "out-of-range": f"{ROOM}T1001: {{protect: 101}}\n",
        "octal": f"{ROOM}T1001: {{protect: 010}}\n",
        "sexagesimal": f"{ROOM}T1001: {{protect: 1:30}}\n",
        "list": f"{ROOM}T1001: {{protect: [a]}}\n",
        "both": f"{ROOM}T1001: {{protect: partial, value: 5}}\n",
        "non-mappable-score": f"{ROOM}T1001: {{non_mappable: true, detect: minimal}}\n",
        "twice": f"{ROOM}T1001: a\n      T1001: b\n",
        "colon": "a: b: c\n",
        "tab": "a:\n\tb: c\n",
        "control": "a: \x01\n",
        "top-list": "- a\n",
        "top-text": "hello\n",
        "null": "~\n",
        "anchor": "a: &x [*x]\n",
        "tag": "a: !!python/object/apply:os.system [ls]\n",
        "two-documents": f"{HEAD}---\n{HEAD}",
        "deep": "- " * 1000,
        "comment": "# nothing\n",
        "empty": "",
        "metadata": "framework: demo\ndomain: entreprise\nversion:\n",
        "scale": f"{HEAD}scale: {{a: 010, b: 1:30, c: 0x10, f: 150, g: x, h: 50}}\n",
        "many": ROOM.removesuffix("      ") + "".join(f"      X{number}: a\n" for number in range(60)),
        "escape": f'{HEAD}capabilities: {{c: {{techniques: {{"\\e[31mT": []}}}}}}\n',
        "bracket": "a: [1\n",
        "group": f"{HEAD}capabilities: {{c: {{groups: [g], techniques: {{T1078: }}}}}}\n",
        "lookalikes": f"{HEAD}capabilities: {{ac-1: {{techniques: {{T1078: }}}}, AC-1: {{name: x}}}}\n",
        "release": HEAD.replace("16.1", "16.7") + "capabilities: {c: {techniques: {T1078: }}}\n",
        "type": f"{HEAD}mapping_types: [mitigates]\ncapabilities: {{c: {{techniques: {{T1078: mitigats}}}}}}\n",
        "ambiguous": f"{HEAD}title: no\ncapabilities: {{on: {{name: 1:30, techniques: {{T1078: }}}}}}\n",
        "no-capabilities": HEAD,
    },
    "set.json": {
        "not-json": '{\n  "metadata": 1,\n',
        "comment": "// a comment\n{}\n",
        "no-object": "[1]\n",
        "empty-object": "{}\n",
        "row": _explorer("1"),
        "no-technique": _explorer(_row(attack_object_id="null", capability_id="null")),
        "bad-technique": _explorer(_row(attack_object_id='"T99"')),
        "bad-category": _explorer(_row(score_category='"guard"')),
        "bad-value": _explorer(_row(score_value='"lots"')),
        "no-capability": _explorer(_row(capability_id='""')),
        "unknown-group": _explorer(_row(capability_group='"h"')),
        "near-key": _explorer(_row(scorevalue='"minimal"')),
        "twice": _explorer(_row().replace("{", '{"comments": "a", "comments": "b", ', 1)),
        "domain": _explorer(_row(), technology_domain='"cloud"'),
        "no-version": _explorer(_row(), attack_version="null"),
        "value-without-category": _explorer(_row(score_category="null")),
        "non-mappable": _explorer(_row(status='"non_mappable"')),
        "references": _explorer(_row(references='["http//x", " https://a.org "]')),
        "fine": _explorer(_row(comments='"So"', related_score='"T1078"')),
        "no-rows": _explorer("").replace("\n    \n  ", ""),
        "surrogate": _explorer(_row(comments='"\\ud800"')),
    },
    "explorer.yaml": {
        "row": "metadata: {}\nmapping_objects: [1]\n",
        "anchor": "metadata: &m {}\nmapping_objects: [*m]\n",
        "head": "metadata:\n  mapping_framework: x\nmapping_objects: []\n",
    },
    "set.csv": {
        "fine": "Control,Technique,Score\na,T1078,50\n",
        "no-technique": "Control,Score\na,50\n",
        "no-control": "Technique\nT1078\n",
        "no-header": "5.6,T1078,Naming\n5.7,T1110,Rules\n",
        "bad-technique": "Control,Technique\na,T99\nb,T1078 and more\nc,\n",
        "bad-score": "Control,Technique,Score\na,T1078,lots\nb,T1110,150\nc,T1003,-1\n",
        "quote": 'Control,Technique\n"a,T1078\n',
        "long-row": "Control,Technique\na,T1078,x,y\n",
        "twice": "Control,Technique,Technique\na,T1078,T1110\n",
        "several": "Control,Technique\na,T1078; T1110\n",
        "formula": "Control,Technique\n=cmd|' /C calc'!A0,T1078\n",
        "empty-table": "Control,Technique\n",
        "old": "Control,Technique\na,T1086\nb,T1064\n",
        "names": "Control,Technique\na,Valid Accounts\n",
        "title": "Our controls\n\nControl;Technique\na;T1078\n",
        "domains": "Control,Technique\na,T1078\nb,T0859\nc,T1626\n",
    },
    "layer.json": {
        "no-techniques": _layer("").replace('"techniques": []', '"techniques": {}'),
        "empty": _layer(""),
        "bad-technique": _layer('{"techniqueID": "T99"}'),
        "no-id": _layer('{"score": 3}'),
        "bad-score": _layer('{"techniqueID": "T1078", "score": "high"}'),
        "counts": _layer('{"techniqueID": "T1078", "score": 300}'),
        "bad-tactic": _layer('{"techniqueID": "T1078", "tactic": "impact", "score": 3}'),
        "twice": _layer('{"techniqueID": "T1078", "score": 3}, {"techniqueID": "T1078", "score": 4}'),
        "domain": _layer('{"techniqueID": "T1078"}', domain='"cloud"'),
        "no-version": _layer('{"techniqueID": "T1078"}', versions="{}"),
        "new-format": _layer('{"techniqueID": "T1078"}', versions='{"attack": "16", "layer": "5.0"}'),
        "list": "[" + _layer('{"techniqueID": "T1078"}') + ", 1]",
        "cut": _layer('{"techniqueID": "T1078"}')[:-8],
    },
    "bundle.json": {
        "nothing": _stix(),
        "no-objects": '{"type": "bundle", "objects": 1}\n',
        "no-target": _stix("attack-pattern--00000000-0000-4000-8000-000000000009"),
        "fine": _stix(_TECHNIQUE),
    },
    "rule.yml": {
        "no-tag": _rule(tags="[attack.execution]"),
        "bad-tag": _rule(tags="[attack.t1059.1, attack.T1078]"),
        "no-title": _rule(title=""),
        "two": f"{_rule()}---\n{_rule()}",
        "list": "- title: x\n- logsource: 1\n",
        "correlation": "title: Many\ncorrelation: {type: event_count}\ntags: [attack.t1110.001]\n",
        "global": f"action: global\n{_rule()}---\nlogsource: {{product: windows}}\ndetection: {{a: c}}\n",
    },
    "dettect.yaml": {
        "score": _dettect(score="6"),
        "word": _dettect(score="high"),
        "date": _dettect(date="01-05-2023"),
        "technique": _dettect(technique="T111O"),
        "other-type": "version: 1.1\nfile_type: data-source-administration\ntechniques: []\n",
        "no-techniques": "file_type: technique-administration\ntechniques: []\n",
        "not-detected": _dettect(score="-1"),
    },
    "control.yaml": {
        "category": _stack("  - {id: T1078, name: x, technique-scores: [{category: Guard, value: Minimal}]}\n"),
        "value": _stack("  - {id: T1078, name: x, technique-scores: [{category: Protect, value: Some}]}\n"),
        "technique": _stack("  - {id: T78, name: x, technique-scores: [{category: Protect, value: Minimal}]}\n"),
        "no-scores": _stack("  - {id: T1078, name: x}\n"),
        "version": _stack("  []\n", version="eight"),
    },
}


def _zip(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()


_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
_BINARY: dict[str, dict[str, bytes]] = {
    "set.xlsx": {
        "encrypted": _OLD + "EncryptedPackage".encode("utf-16-le"),
        "old": _OLD,
        "no-workbook": _zip(a=b"a"),
        "cut": _zip(a=b"a")[:40],
        "bomb": _zip(a=b"a").replace(struct.pack("<I", 1), struct.pack("<I", 400_000_000)),
    },
    "bytes.yaml": {
        "latin": HEAD.encode() + b"title: M\xfcller\n",
        "utf-16": HEAD.encode("utf-16"),
        "mark": b"\xef\xbb\xbf" + HEAD.encode(),
        "nul": HEAD.encode() + b"\0",
    },
    "bytes.csv": {
        "latin": b"Control;Technique\nM\xfcller;T1078\n",
        "utf-16": "Control\tTechnique\na\tT1078\n".encode("utf-16"),
        "nul": b"Control,Technique\na,T1078\0\n",
    },
    "bytes.json": {
        "latin": _explorer(_row(comments='"M\xfcller"')).encode("latin-1"),
        "empty": b"",
        "blank": b"  \n",
    },
}

FAULTS: Mapping[str, Mapping[str, str | bytes]] = {**_TEXTS, **_BINARY}
