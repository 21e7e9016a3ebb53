"""Mending in the other text formats: the same edits, and every other byte as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conftest import write_set

from navlayers.checks import check, fix
from navlayers.mapping import formats as readers
from navlayers.mapping.find import Source, resolve

if TYPE_CHECKING:
    from pathlib import Path

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
