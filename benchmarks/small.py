"""Measure 1 MB of the smallest parts that formats can have: `python benchmarks/small.py [--only WORD,…]`.

It prints the table of small files in docs/scale.md: user + system seconds, and peak megabytes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from scale import cost

if TYPE_CHECKING:
    from collections.abc import Callable

BYTES = 1_000_000
RUNS = 4
DOMAINS = ("T1078", "T1404", "T0800", "T1059", "T1406", "T0801")
TECHNIQUES = ("T1078", "T1059", "T1003", "T1110", "T1021")
NATIVE = 'framework: f\nversion: v1\ndomain: enterprise\nattack_version: "16.1"\ncapabilities:\n'
ATOMIC = "supported_platforms: [windows]\n  executor: {name: sh, command: c}\n"
SIGMA = "logsource: {product: windows}\ndetection: {a: b, condition: a}\n"
UUID = "{:08x}-0000-4000-8000-000000000000"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="lines that have one of these words")
    words = [word for word in parser.parse_args().only.split(",") if word]
    print("| 1 MB of | parts | `check` | `stats` |\n| --- | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for what, name, write in CASES:
            if words and not any(word in what for word in words):
                continue
            path = Path(scratch, name)
            text, parts = write()
            path.write_text(text, encoding="utf-8")
            # The least of several runs; as text, since none takes ten seconds.
            figures = [min(cost([command, str(path)]) for _ in range(RUNS)) for command in ("check", "stats")]
            print(f"| {what} | {parts:,} | {' | '.join(figures)} |", flush=True)


def filled(head: str, part: Callable[[int, str], str], end: str = "", *, parts: int = 1) -> tuple[str, int]:
    """A text of a megabyte, and the number of its parts; each call writes some, by its number and a technique."""
    texts, size = [head], len(head) + len(end)
    for number in count():
        text = part(number, TECHNIQUES[number % len(TECHNIQUES)])
        size += len(text)
        if size > BYTES:
            return "".join([*texts, end]), parts * number
        texts.append(text)
    raise AssertionError


def wide() -> tuple[str, int]:
    """A table with as many columns as a spreadsheet has, most of them in use already."""
    columns = 16_000
    row = f"c,T1078{',minimal' * columns}\n"
    head = f"Capability,Technique{',Protect,Detect' * (columns // 2)}\n"
    return head + row * ((BYTES - len(head)) // len(row)), columns


def links() -> tuple[str, int]:
    """A list of broken links."""
    head = {"mapping_framework": "f", "mapping_framework_version": "1", "technology_domain": "enterprise"}
    row = {
        "capability_id": "c",
        "attack_object_id": "T1078",
        "references": [f"http://a/{n}" for n in range(57_000)],
    }
    metadata = {**head, "attack_version": "16.1", "mapping_types": {}, "capability_groups": {}}
    return json.dumps({"metadata": metadata, "mapping_objects": [row]}), len(row["references"])


def rule(number: int, technique: str) -> str:
    """A rule as Kibana exports it."""
    threat: dict[str, Any] = {"framework": "MITRE ATT&CK", "technique": [{"id": technique, "name": "x"}]}
    threat["tactic"] = {"id": "TA0001", "name": "Initial Access"}
    return json.dumps({"rule_id": f"r{number}", "name": f"n{number}", "type": "query", "threat": [threat]}) + "\n"


CASES: list[tuple[str, str, Callable[[], tuple[str, int]]]] = [
    ("rows of CSV", "a.csv", lambda: filled("capability_id,technique_id\n", lambda n, t: f"c{n % 1000},{t}\n")),
    (
        "rows of CSV with unknown names",
        "names.csv",
        lambda: filled("Capability,Technique\n", lambda n, _: f"c{n},Acounts {n}\n"),
    ),
    (
        "rows of CSV with misspelled ids of two domains",
        "spelled.csv",
        lambda: filled("Capability,Technique\n", lambda n, _: f"c{n},t{1000 + n % 700}.{n % 9}\n"),
    ),
    (
        "rows of CSV of three domains",
        "domains.csv",
        lambda: filled("Capability,Technique\n", lambda n, _: f"c{n},{DOMAINS[n % len(DOMAINS)]}\n"),
    ),
    (
        "rows of CSV without a technique",
        "bare.csv",
        lambda: filled("Capability,Technique\n", lambda n, _: f"c{n},\n"),
    ),
    (
        "scores of CSV, three in a row",
        "scores.csv",
        lambda: filled("Technique,Protect,Detect,Respond\n", lambda _, t: f"{t},1,1,1\n", parts=3),
    ),
    ("columns of CSV", "wide.csv", wide),
    ("broken links of a mapping", "links.json", links),
    (
        "segments of CSV",
        "segments.csv",
        lambda: filled("Capability,Technique,Segment\n", lambda n, t: f"c,{t},s{n}\n"),
    ),
    (
        "rows of Markdown",
        "a.md",
        lambda: filled("| Capability | Technique |\n|---|---|\n", lambda n, t: f"|c{n % 1000}|{t}|\n"),
    ),
    (
        "capabilities of native YAML",
        "a.yaml",
        lambda: filled(NATIVE, lambda n, t: f"  c{n}: {{techniques: {{{t}: mitigates}}}}\n"),
    ),
    (
        "layers of a list",
        "list.json",
        lambda: filled(
            "[",
            lambda n, t: f'{"," * (n > 0)}{{"name":"n{n}","techniques":[{{"techniqueID":"{t}","score":1}}]}}',
            "]",
        ),
    ),
    (
        "unknown fields of a layer's entry",
        "entry.json",
        lambda: filled(
            '{"name":"l","techniques":[{"techniqueID":"T1078","score":1', lambda n, _: f',"k{n}":1', "}]}"
        ),
    ),
    (
        "unused groups of native YAML",
        "groups.yaml",
        lambda: filled(
            f"{NATIVE}  c: {{techniques: {{T1078: mitigates}}}}\ngroups:\n", lambda n, _: f"  g{n}: G\n"
        ),
    ),
    (
        "Sigma rules",
        "sigma.yml",
        lambda: filled(
            "", lambda n, t: f"---\ntitle: t{n}\nid: {UUID.format(n)}\n{SIGMA}tags: [attack.{t.lower()}]\n"
        ),
    ),
    ("Elastic rules", "a.ndjson", lambda: filled("", rule)),
    (
        "Falco rules",
        "falco.yaml",
        lambda: filled(
            "",
            lambda n, t: f"- rule: r{n}\n  desc: d\n  condition: c\n  output: o\n  priority: INFO\n  tags: [{t}]\n",
        ),
    ),
    (
        "Wazuh rules",
        "a.xml",
        lambda: filled(
            "<group name='g'>\n",
            lambda n, t: (
                f"<rule id='{n + 1}' level='3'><description>d</description><mitre><id>{t}</id></mitre></rule>\n"
            ),
            "</group>",
        ),
    ),
    (
        "Sysmon conditions",
        "sysmon.xml",
        lambda: filled(
            "<Sysmon><EventFiltering><E onmatch='include'>",
            lambda n, t: f"<I name='{t},{n}'/>",
            "</E></EventFiltering></Sysmon>",
        ),
    ),
    (
        "Suricata rules",
        "a.rules",
        lambda: filled(
            "",
            lambda n, t: (
                f'alert tcp any any -> any any (msg:"m"; metadata:mitre_technique_id {t}; sid:{n + 1}; rev:1;)\n'
            ),
        ),
    ),
    (
        "Atomic Red Team tests",
        "atomic.yaml",
        lambda: filled(
            "attack_technique: T1078\ndisplay_name: v\natomic_tests:\n",
            lambda n, _: f"- name: t{n}\n  auto_generated_guid: {UUID.format(n)}\n  {ATOMIC}",
        ),
    ),
]

if __name__ == "__main__":
    main()
