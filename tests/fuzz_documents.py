"""A few valid documents of everything that navlayers reads, for `fuzz_mutations` to change."""

from __future__ import annotations

import io
import json
from typing import Any, NamedTuple

import attack_helpers
import test_evidence_results as results
import test_threat_files as threats
import yaml
from PIL import Image
from rule_cases import CASES
from test_assets import LAPTOPS, SERVERS
from test_check_fix_formats import STACK
from test_oscal import STATES, plan, profile
from test_read_dettect import FILE as DETTECT
from test_read_markdown import MARKDOWN
from test_read_sigma import RULE
from threat_helpers import LAYER
from yaml_helpers import example

from navlayers.mapping import formats as readers

Document = tuple[str, Any]
"""How it is written, see `fuzz_mutations.changed`; the tree or text."""

ROWS: list[list[Any]] = [
    ["capability", "name", "group", "technique", "category", "score", "type", "comment", "references", "segment"],
    ["mfa", "Multi-factor", "iam", "T1078", "protect", "significant", "scores", "So.", "https://a.org/b", "EMEA"],
    ["mfa", "Multi-factor", "iam", "T1053.001", "detect", 50, "scores", "", "", ""],
    ["ids", "", "", "T1059.001, T1059.003, T1001.001", "", "", "", "x", "", "US; EMEA"],
]
META = {"framework": "tiny", "version": "1", "domain": "enterprise", "attack_version": "16.1"}


def _yaml(text: str) -> tuple[Document, ...]:
    """A YAML document as a tree that is written anew, and as its text."""
    return ("yaml", yaml.load(text, yaml.CSafeLoader)), ("text", text)


def _json(*trees: Any) -> tuple[Document, ...]:
    return tuple(("json", json.loads(json.dumps(tree))) for tree in trees)


def _written(to: str) -> bytes:
    """The worked example of the docs in a format."""
    return readers.encode(readers.read("set.yaml", data=example().encode()).mapping_set, to).data


SENTINEL = {
    "resources": [
        {
            "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
            "kind": "Scheduled",
            "properties": {"displayName": "Spray", "severity": "High", "enabled": True, "techniques": ["T1110"]},
        }
    ]
}
KIBANA = {
    "rule_id": "r",
    "name": "Shell",
    "risk_score": 47,
    "severity": "medium",
    "threat": [
        {
            "framework": "MITRE ATT&CK",
            "tactic": {"id": "TA0002", "name": "Execution"},
            "technique": [{"id": "T1059", "name": "x", "subtechnique": [{"id": "T1059.001", "name": "y"}]}],
        }
    ],
}
OLD_LAYER = {
    "name": "Old",
    "version": "2.2",
    "domain": "mitre-enterprise",
    "techniques": [
        {"techniqueID": "T1110", "tactic": "credential-access", "score": 3, "color": "", "comment": "c"}
    ],
    "gradient": {"colors": ["#ff6666", "#ffe766"], "minValue": 0, "maxValue": 5},
    "filters": {"stages": ["act"], "platforms": ["windows"]},
    "legendItems": [{"label": "a", "color": "#fff"}],
    "metadata": [{"name": "a", "value": "b"}],
}
FULL_LAYER = LAYER | {
    "description": "About",
    "sorting": 3,
    "layout": {"layout": "flat", "showID": True, "aggregateFunction": "average"},
    "legendItems": [{"label": "good", "color": "#00ff00"}],
    "metadata": [{"name": "a", "value": "b"}, {"divider": True}],
    "links": [{"label": "a", "url": "https://a.org"}],
    "techniques": [
        {
            "techniqueID": "T1059.001",
            "tactic": "execution",
            "color": "#ff0000",
            "comment": "c",
            "metadata": [{"name": "m", "value": "v"}],
            "links": [{"label": "l", "url": "https://a.org"}],
            "showSubtechniques": True,
        },
        *LAYER["techniques"],
    ],
}
SETS: dict[str, tuple[Document, ...]] = {
    "native": _yaml(example()),
    "mapex-json": _json(json.loads(_written("mapex-json"))),
    "mapex-yaml": _yaml(_written("mapex-yaml").decode()),
    "csv": (("csv", ROWS), ("text", _written("csv").decode()), ("text", "T1078\tMFA\nT1110\tx\n")),
    "xlsx": (("xlsx", ROWS), ("bytes", _written("xlsx"))),
    "markdown": (("text", MARKDOWN),),
    "stix": _json(json.loads(_written("stix"))),
    "oscal": _json(
        plan(STATES), profile({"include-controls": [{"with-ids": ["ac-2"], "matching": [{"pattern": "a*"}]}]})
    ),
    "security-stack": _yaml(STACK),
    "layer": _json(FULL_LAYER, OLD_LAYER, [FULL_LAYER, OLD_LAYER]),
    "dettect": _yaml(DETTECT),
    "dettect-visibility": _yaml(DETTECT),
    "sigma": _yaml(RULE),
    "elastic": (("text", CASES["elastic"].text), ("ndjson", [KIBANA, {**KIBANA, "rule_id": "s"}])),
    **{
        name: _yaml(CASES[name].text) for name in ("splunk", "panther", "falco", "capa", "car", "atomic", "caldera")
    },
    "sentinel": (*_yaml(CASES["sentinel"].text), *_json(SENTINEL)),
    **{name: (("text", CASES[name].text),) for name in ("yara-l", "wazuh", "suricata", "sysmon")},
    "scan": (("text", "Blocks T1078 and T1059.001.\nNot T1.\n"),),
}
"""Format of mapping sets → documents."""

INTELLIGENCE = threats.bundle(
    *threats.ACTORS,
    threats.pattern(1, "T1059"),
    threats.pattern(2, "T1078"),
    threats.uses("intrusion-set--1", 1),
    threats.uses("campaign--1", 2),
    {
        "type": "report",
        "id": "report--1",
        "name": "May",
        "published": "2026-05-01",
        "object_refs": ["attack-pattern--1"],
    },
)
FLOW = threats.bundle(
    {"type": "attack-flow", "id": "attack-flow--1", "name": "Pods"},
    {"type": "attack-action", "id": "attack-action--1", "technique_id": "T1133"},
    {"type": "attack-action", "id": "attack-action--2", "technique_ref": "attack-pattern--1"},
    threats.pattern(1, "T1059"),
)
BUILDER = {
    "schema": "attack_flow_v2",
    "objects": [
        {"id": "flow", "properties": [["name", "Pods"]]},
        {"id": "action", "properties": [["name", "x"], ["technique_id", "T1133"], ["execution_end", None]]},
        {"id": "action", "properties": [["technique_id", None], ["ttp", [["technique", "T1610"]]]]},
    ],
}
TAGS = [["att&ck", "att&ck-tactic:TA0007", "att&ck-technique:T1033"], ["atomic"]]
SCYTHE = {
    "threat": {
        "display_name": "Bear",
        "script": {str(number): {"module": "run", "rtags": tags} for number, tags in enumerate(TAGS)},
    }
}
WEIGHTS = [["technique", "last seen", "count"], ["T1078", "2026-03-06 12:00", "8"], ["T1566.001", "2026-09-02", 4]]

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><style>.a{fill:url(#b)}</style>'
    '<defs><linearGradient id="b"><stop offset="0" stop-color="#f00"/></linearGradient></defs>'
    '<g transform="scale(2)"><rect class="a" width="9" height="4"/><text x="1" y="3">A</text></g></svg>'
)


def _picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 4), "red").save(out, kind)
    return out.getvalue()


def _release() -> Any:
    """A small ATT&CK release with a group and what it uses."""
    return attack_helpers.bundle(
        attack_helpers.thing("intrusion-set", "G0001", "Bear", aliases=["Bear", "Ursa"]),
        attack_helpers.thing("malware", "S0001", "Claw", x_mitre_platforms=["Windows"]),
        attack_helpers.relation("uses", "intrusion-set--G0001", "attack-pattern--T1001"),
        attack_helpers.technique("T1002", "execution", revoked=True),
        attack_helpers.relation("revoked-by", "attack-pattern--T1002", "attack-pattern--T1001"),
        attack_helpers.collection("19.1"),
    )


class Other(NamedTuple):
    """Another kind of file: its name, its documents, and the commands that read it."""

    name: str
    documents: tuple[Document, ...]
    words: str


OTHERS: dict[str, Other] = {
    "threats of DeTT&CT": Other("t.yaml", _yaml(threats.GROUPS), "gaps SET --threat FILE --json"),
    "threats of STIX": Other("t.json", _json(INTELLIGENCE), "gaps SET --threat FILE --json"),
    "Attack Flow": Other("t.json", _json(FLOW), "gaps SET --threat FILE --json"),
    "Attack Flow Builder": Other("t.afb", _json(BUILDER), "gaps SET --threat FILE --json"),
    "SCYTHE": Other("t.json", _json(SCYTHE), "gaps SET --threat FILE --json"),
    "layer as threat": Other("t.json", _json(FULL_LAYER), "gaps SET --threat FILE --json"),
    "weights": Other(
        "t.csv",
        (("csv", WEIGHTS), ("xlsx", WEIGHTS)),
        "gaps SET --threat FILE --half-life 90 --json",
    ),
    "costs": Other(
        "c.csv",
        (("csv", [["id", "cost"], ["mfa", "1,200.50"], ["ids", 3]]), ("xlsx", [["id", "cost"], ["mfa", 5]])),
        "plan SET --cost FILE --budget 10 --json",
    ),
    "list of capabilities": Other(
        "l.txt",
        (("text", "mfa\n# a comment\nids\n"),),
        "plan SET --have @FILE --budget 1 --json",
    ),
    "asset": Other("a.yaml", (*_yaml(SERVERS), *_yaml(LAPTOPS)), "stats SET --scope asset:FILE --json"),
    "layer of a scope": Other("s.json", _json(FULL_LAYER), "stats SET --include FILE --json"),
    "list of a condition": Other(
        "w.txt", (("text", "EMEA\n# a comment\nUS\n"),), "stats SET --where 'segment in @FILE' --json"
    ),
    "segment": Other("g.csv", (("csv", ROWS),), "stats segments:A=SET,B=FILE --json"),
    "results": Other(
        "r.txt",
        (
            *_json({"attire-version": "1.1", "procedures": [results._attire(0)]}),
            *_json({"name": "Op", "steps": {"paw": {"steps": [results._step("T1059.001", 0)]}}}),
            *_json([results.EVENT], {"exercise_information": {}, "exercise_injects": [results.INJECT]}),
            ("text", results.VECTR),
            ("text", results.ATOMIC),
            ("text", results.TABLE),
        ),
        "evidence SET FILE -o -",
    ),
    "recipe": Other(
        "navlayers.yaml",
        _yaml(
            "sets: [SET, gcp]\nattack: '19.1'\noutputs:\n  build: layers\n  gaps: {output: g, threat: APT29}\n"
            "  report: [c.html, {output: b.pdf, brief: true, sets: SET}]\n"
        ),
        "run FILE --dry-run",
    ),
    "ATT&CK bundle": Other(
        "enterprise-attack-19.1.json",
        _json(_release()),
        "attack add FILE --json; show T1001.001 --set SET --attack 19.1; report SET --attack 19.1 -o r.md --force",
    ),
    "logo": Other(
        "logo.svg",
        (("text", SVG), ("bytes", _picture("PNG")), ("bytes", _picture("JPEG"))),
        "report SET --logo FILE --sections summary -o r.md --force",
    ),
}
"""Kind of file → how it is read; FILE in an argument is it, SET a small set."""
