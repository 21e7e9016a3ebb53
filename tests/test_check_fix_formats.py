"""Mending in the other text formats: the same edits, and every other byte as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conftest import write_set

from navlayers.checks import check, fix
from navlayers.mapping import formats as readers
from navlayers.mapping.find import Source, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

STACK = """\
version: 1
ATT&CK version: "16.1"
creation date: 01/02/2026
name: Own Firewall
contact: team@example.org
organization: Example
platform: Own
tags:
  - Network
description: >-
  Filters traffic.
techniques:
  - id: T1053.001   # since revoked
    name: At (Linux)
    technique-scores:
      - category: Protect
        value: Partial
        comments: >-
          Mentions T1053.001, too.
  - id: T1046
    name: Network Service Scanning
    technique-scores:
      - category: Detect
        value: Minimal
references:
  - https://example.org/firewall
"""
MENDED_STACK = (
    STACK.replace("id: T1053.001", "id: T1053.002")
    .replace("name: At (Linux)", "name: At")
    .replace("Network Service Scanning", "Network Service Discovery")
)


def test_a_security_stack_file_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "firewall.yaml"
    path.write_text(STACK, encoding="utf-8")
    report = check(resolve([str(path)]))
    assert {finding.code for finding in report.findings} == {"revoked-technique", "technique-renamed"}
    (one,) = fix(report)
    assert one.after.decode() == MENDED_STACK
    assert check([Source("again", path, data=one.after)]).findings == ()


def test_mappings_explorer_yaml_is_mended(tmp_path: Path) -> None:
    source = write_set(
        tmp_path / "one.json", [("mfa", "T1078", "detect", "minimal"), ("mfa", "T1053.001", "protect", "partial")]
    )
    text = readers.encode(readers.read(source).mapping_set, "mapex-yaml").data
    assert text.count(b"T1053.001") == 1
    path = tmp_path / "one.yaml"
    path.write_bytes(text)
    (one,) = fix(check(resolve([str(path)])))
    assert one.after.count(b"T1053.002") == 1
    assert b"T1053.001" not in one.after
    assert len(one.after.splitlines()) == len(text.splitlines())
    assert "revoked-technique" not in {f.code for f in check([Source("again", path, data=one.after)]).findings}


def test_a_mended_bundle_can_be_read(run: Run, tmp_path: Path) -> None:
    """Two relationships of one id are one as long as they are equal: to mend one alone would make two of them."""
    names = {
        "a": "course-of-action--5a0c7f5a-0000-4000-8000-000000000002",
        "t": "attack-pattern--b17a1a56-e99c-403c-8948-561df0cffe81",
    }
    relation: dict[str, Any] = {
        "type": "relationship",
        "id": "relationship--5a0c7f5a-0000-4000-8000-000000000003",
        "relationship_type": "mitigates",
        "source_ref": names["a"],
        "target_ref": names["t"],
        "external_references": [{"source_name": "y", "url": "https://y.org/b "}],
    }
    control: dict[str, Any] = {"type": "course-of-action", "id": names["a"], "name": "MFA"}
    control["external_references"] = [{"source_name": "x", "external_id": "AC-2", "url": "https://x.org/a "}]
    technique: dict[str, Any] = {"type": "attack-pattern", "id": names["t"], "name": "Valid Accounts"}
    technique["external_references"] = [{"source_name": "mitre-attack", "external_id": "T1078"}]
    objects = [{**each, "spec_version": "2.1"} for each in (control, technique, relation, relation)]
    path = tmp_path / "s.stix.json"
    path.write_text(
        json.dumps({"type": "bundle", "id": "bundle--5a0c7f5a-0000-4000-8000-000000000001", "objects": objects})
    )
    assert "fixed 1 finding" in run("check", path, "--fix").err
    assert run("build", path, "-o", "layers").code == 0
