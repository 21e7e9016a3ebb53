"""Inputs in which something is wrong: name of the file → what is wrong → its text."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import xlsxwriter

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


TEXTS: dict[str, dict[str, str]] = {
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
        "title-list": f"{HEAD}title: []\nsource: {{a: b}}\ngroups: [a]\ncapabilities: {{c: x, d: {{name: []}}}}\n",
        "key-list": f"{HEAD}capabilities: {{? [a] : b}}\n",
        "alias": f"{HEAD}title: *x\n",
        "blank-ids": f'{HEAD}groups: {{"": x, " g ": y}}\ncapabilities: {{"": {{techniques: {{T1078: }}}}}}\n',
        "references": f"{HEAD}capabilities: {{c: {{references: {{}}, techniques: {{T1: {{comment: []}}}}}}}}\n",
        "non-mappable-word": f"{ROOM}T1001: {{non_mappable: 'yes'}}\n",
        "same-ids": f"{HEAD}capabilities: {{A: {{techniques: {{T1078: }}}}, ' A': {{techniques: {{T1110: }}}}}}\n",
        "conflict": f"{ROOM}T1078: [{{protect: partial}}, {{protect: minimal}}]\n",
        "names": f"{HEAD}technique_names: {{T1078: A, T1: x}}\ncapabilities: {{c: {{techniques: {{T1078: }}}}}}\n",
        "dates": f"{HEAD}created: 2025-03-06\nupdated: soon\ncapabilities: {{c: {{techniques: {{T1078: }}}}}}\n",
        "unknown-head": f"{HEAD}colour: red\ncapabilties: {{}}\n",
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
        "infinity": '{"metadata": NaN}',
        "trailing": _explorer(_row()) + "x",
        "deep": '{"metadata": ' + "[" * 3000,
        "ends": '{"metadata": {"mapping_framework": "x"}, "mapping_objects": [',
        "comma": '{"metadata": {},, "mapping_objects": []}',
        "metadata-list": '{"metadata": [], "mapping_objects": {}}',
        "no-metadata": '{"mapping_objects": []}',
        "number": _explorer(_row(score_value="5", comments="[1]", capability_id="7")),
        "reference": _explorer(_row(references='"https://a.org"')),
        "reference-number": _explorer(_row(references="[1]")),
        "top-twice": '{"metadata": {}, "metadata": {}, "mapping_objects": []}',
        "types": _explorer(_row(mapping_type='"mitigates"'), mapping_types='{"mitigats": {"name": "M"}}'),
        "groups-list": _explorer(_row(), capability_groups="[1]"),
        "dates": _explorer(_row(), creation_date='"2025-13-01"', last_update='"01/02/2024"', author='"A"'),
        "domains": _explorer(_row(attack_object_id='"T0859"')),
        "several-groups": _explorer(_row() + ", " + _row(capability_group='"h"', score_category='"detect"')),
    },
    "explorer.yaml": {
        "row": "metadata: {}\nmapping_objects: [1]\n",
        "anchor": "metadata: &m {}\nmapping_objects: [*m]\n",
        "head": "metadata:\n  mapping_framework: x\nmapping_objects: []\n",
        "types": "metadata: []\nmapping_objects: {}\n",
        "twice": "metadata: {author: a, author: b}\nmapping_objects:\n- capability_id: no\n  capability_id: x\n",
        "values": (
            "metadata: {mapping_framework: x, mapping_framework_version: 1.10, technology_domain: enterprise, "
            "attack_version: 16.1, creation_date: 2024-01-01, colour: red}\nmapping_objects:\n- capability_id: no\n"
            "  attack_object_id: T1078\n  score_category: Protect\n  score_value: PARTIAL\n  references: [a, {}]\n"
            "  comments: {a: b}\n"
        ),
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
        "totals": "Control,Technique,Score\na,T1078,50\nTotal,,50\n,,25\n",
        "repeated-header": "Control,Technique\na,T1078\ncontrol,TECHNIQUE\nb,T1110\n",
        "second-column": "Control,Technique,Score,Score\na,T1078,50,10\n",
        "ignored-column": "Control,Technique,In place?\na,T1078,yes\nb,T1110,no\n",
        "score-alone": "Control,Technique,Score\na,T1078,50\nb,,25\n",
        "range": "Control,Technique\na,T1059.001-003\n",
        "empty-table": "Control,Technique\n",
        "old": "Control,Technique\na,T1086\nb,T1064\n",
        "names": "Control,Technique\na,Valid Accounts\n",
        "title": "Our controls\n\nControl;Technique\na;T1078\n",
        "domains": "Control,Technique\na,T1078\nb,T0859\nc,T1626\n",
        "after-quote": 'Control,Technique\n"a" b,T1078\n',
        "category": "Control,Technique,Category,Value\na,T1078,guard,partial\nb,T1110,Detect,lots\nc,T1003,x,\n",
        "percent": "Control,Technique,Score\na,T1078,50%\nb,T1110,0.5\nc,T1003,100%\n",
        "comma-numbers": 'Control;Technique;Score\na;T1078;50,5\nb;T1110;"1,5"\n',
        "dots": "Technique,EDR,Mail\nT1078,x,\nT1110,,x\n",
        "wide-words": "Technique,EDR,Mail\nT1078,yes,no\nT1110,partial,\n",
        "unrated": "Technique,EDR,Mail\nT1078,50,\nT1110,,\n",
        "metadata": (
            "mapping_framework,capability_id,attack_object_id,attack_version,technology_domain\n"
            "a,c1,T1078,16.1,enterprise\nb,c2,T1110,15.1,enterprise\n"
        ),
        "set-metadata": "capability_id,attack_object_id,set_metadata\nc1,T1078,{broken\n",
        "urls": "Control,Technique\na,https://attack.mitre.org/techniques/T1059/001/\nb,T1078 (Valid Accounts)\n",
        "tabs": "Control\tTechnique\tComment\na\tT1078\tx\n",
        "bars": "Control|Technique\na|T1078\n",
        "nist": "Control ID,Control Name,Mapping Type,Technique ID,Technique Name\nAC-2,A,mitigates,T1078,Valid\n",
        "group": "Control,Group,Technique,Reference\na,G 1,T1078,https://a.org\na,G 2,T1110,\n",
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
        "entry": _layer('1, {"techniqueID": ""}, {"techniqueID": " T1078", "score": 1e400}'),
        "fields": _layer(
            '{"techniqueID": "T1078", "comment": 3, "enabled": "no", "links": {}, "metadata": [1], "color": 7, '
            '"showSubtechniques": "x", "tactic": 4}'
        ),
        "links": _layer(
            '{"techniqueID": "T1078", "links": [{"label": "x", "url": 3}], "socre": 3, "colour": "red"}'
        ),
        "quoted-score": _layer('{"techniqueID": "T1078", "score": "50"}, {"techniqueID": "T1110", "score": null}'),
        "head": _layer(
            '{"techniqueID": "T1078"}', gradient='{"minValue": "a"}', filters="[]", layout="3", sorting='"x"'
        ),
        "gradient": _layer(
            '{"techniqueID": "T1078", "score": 30}, {"techniqueID": "T1110", "score": -5}',
            gradient='{"colors": ["#fff", "red"], "minValue": 10, "maxValue": 20}',
        ),
        "flat-gradient": _layer(
            '{"techniqueID": "T1078", "score": 300}', gradient='{"colors": ["red"], "minValue": 5, "maxValue": 5}'
        ),
        "negative": _layer('{"techniqueID": "T1078", "score": -1}, {"techniqueID": "T1110", "score": 1}'),
        "unlike-list": "[" + _layer('{"techniqueID": "T1078"}') + "," + _layer("", domain='"ics-attack"') + "]",
        "same-names": "[" + _layer('{"techniqueID": "T1078"}') + "," + _layer('{"techniqueID": "T1110"}') + "]",
        "empty-list": "[]",
        "version-text": _layer('{"techniqueID": "T1078"}', versions='"16"', name="3"),
        "old-version": _layer('{"techniqueID": "T1078"}', versions='{"attack": "4", "layer": "3.0"}'),
    },
    "bundle.json": {
        "nothing": _stix(),
        "no-objects": '{"type": "bundle", "objects": 1}\n',
        "no-target": _stix("attack-pattern--00000000-0000-4000-8000-000000000009"),
        "fine": _stix(_TECHNIQUE),
        "twice": _stix(_TECHNIQUE, _TECHNIQUE),
        "same-key": _stix(_TECHNIQUE).replace('"name": "c"', '"name": "c", "name": "d"'),
        "no-source": _stix(_TECHNIQUE).replace(f'"source_ref": "{_CONTROL}"', '"source_ref": "tool--1"'),
        "half": _stix(_TECHNIQUE).replace(f', "target_ref": "{_TECHNIQUE}"', ""),
        "id-twice": _stix(_TECHNIQUE).replace(_CONTROL, _TECHNIQUE, 1),
        "bad-technique": _stix(_TECHNIQUE).replace('"T1078"', '"T99"'),
        "no-technique": _stix(_TECHNIQUE).replace('"mitre-attack"', '"other"'),
        "name-number": _stix(_TECHNIQUE).replace('"name": "c"', '"name": 3'),
        "no-id": _stix(_TECHNIQUE).replace(f', "id": "{_CONTROL}"', ""),
        "object": _stix(_TECHNIQUE).replace('"objects": [\n', '"objects": [\n1, '),
        "other-relation": _stix(_TECHNIQUE).replace('"mitigates"', '"uses"'),
        "detects": _stix(_TECHNIQUE)
        .replace("course-of-action", "x-mitre-detection-strategy")
        .replace("mitigates", "detects"),
        "uses": _stix(_TECHNIQUE).replace("course-of-action", "intrusion-set").replace("mitigates", "uses"),
        "no-type": _stix(_TECHNIQUE).replace('"type": "course-of-action", ', ""),
    },
    "rule.yml": {
        "no-tag": _rule(tags="[attack.execution]"),
        "bad-tag": _rule(tags="[attack.t1059.1, attack.T1078]"),
        "no-title": _rule(title=""),
        "two": f"{_rule()}---\n{_rule()}",
        "list": "- title: x\n- logsource: 1\n",
        "correlation": "title: Many\ncorrelation: {type: event_count}\ntags: [attack.t1110.001]\n",
        "unknown": _rule(level="urgent", status="new"),
        "no-logsource": _rule(logsource="x", tags="attack.t1078"),
        "title-list": _rule(title="[a]", references="{a: b}", id="{a: b}"),
        "not-yaml": _rule(title="a: b"),
        "duplicate": _rule() + "title: again\n",
        "repeat": f"{_rule()}---\naction: repeat\nid: 2\n",
        "bomb": "b: &b [x, x]\n" + "".join(f"c{n}: &c{n} [*b, *b]\n" for n in range(3)) + _rule(),
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
        "domain": _dettect().replace("enterprise-attack", "cloud-attack"),
        "shape": "file_type: technique-administration\ntechniques: {a: b}\n",
        "entries": "file_type: technique-administration\ntechniques: [1, {technique_id: T1078}, {detection: x}]\n",
        "applicable": _dettect().replace("[all]", "{a: b}"),
        "no-score": _dettect().replace("score: 3, ", ""),
        "own-keys": _dettect() + "owner: me\nnotes: x\n",
    },
    "control.yaml": {
        "category": _stack("  - {id: T1078, name: x, technique-scores: [{category: Guard, value: Minimal}]}\n"),
        "value": _stack("  - {id: T1078, name: x, technique-scores: [{category: Protect, value: Some}]}\n"),
        "technique": _stack("  - {id: T78, name: x, technique-scores: [{category: Protect, value: Minimal}]}\n"),
        "no-scores": _stack("  - {id: T1078, name: x}\n"),
        "version": _stack("  []\n", version="eight"),
        "no-name": _stack("  []\n").replace("name: Vault\n", ""),
        "no-platform": _stack("  []\n").replace("platform: Azure\n", ""),
        "date": _stack("  []\n").replace("03/05/2021", "2021-03-05"),
        "no-id": _stack("  - {name: x, technique-scores: [{category: Protect, value: Minimal}]}\n"),
        "subs": _stack("  - {id: T1078, name: x, sub-techniques-scores: [{sub-techniques: [], scores: [{}]}]}\n"),
        "unknown": _stack(
            "  - {id: T1078, nmae: x, technique-scores: [{category: Protect, value: Minimal}], colour: red}\n"
        ),
        "shape": _stack("  a: b\n"),
        "no-control": "ATT&CK version: 8.2\nplatform: Azure\ntags: []\n",
    },
}


def _zip(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()


_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def _hidden_sheet() -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        for name, technique in (("Controls", "T1078"), ("Old", "T1110")):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Control", "Technique"])
            sheet.write_row(1, 0, ["a", technique])
        sheet.hide()
    return stream.getvalue()


_BINARY: dict[str, dict[str, bytes]] = {
    "set.xlsx": {
        "hidden-sheet": _hidden_sheet(),
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

FAULTS: Mapping[str, Mapping[str, str | bytes]] = {**TEXTS, **_BINARY}
