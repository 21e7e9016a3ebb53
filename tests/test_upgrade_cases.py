"""Upgrades to ATT&CK 19.1: layers after public reports, and every shipped set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from conftest import SHARED

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

CASES = SHARED / "cases"


@pytest.mark.parametrize(
    ("name", "entries", "told"),
    [
        (
            "20.json",
            {("T1027", "stealth"), ("T1685", "defense-impairment"), ("T1112", "defense-impairment")},
            "T1112 Modify Registry: gained Defense Impairment, lost Defense Evasion",
        ),
        (
            "32.json",
            {("T1112", "persistence"), ("T1112", "defense-impairment"), ("T1574.001", "execution")},
            "T1112 Modify Registry: gained Persistence, Defense Impairment, lost Defense Evasion",
        ),
    ],
)
def test_layers_follow_the_split_of_defense_evasion(
    run: Run, tmp_path: Path, name: str, entries: set[tuple[str, str]], told: str
) -> None:
    if not CASES.exists():
        pytest.skip("the cases are not here")
    out = tmp_path / name
    done = run("upgrade", CASES / name, "--attack", "19.1", "-o", out)
    assert (done.code, told in done.out) == (0, True)
    written = json.loads(out.read_text(encoding="utf-8"))["techniques"]
    found = {(entry["techniqueID"], entry.get("tactic", "")) for entry in written}
    assert entries <= found
    assert "defense-evasion" not in {tactic for _, tactic in found}


def test_every_shipped_set_is_built_at_the_newest_release(run: Run, tmp_path: Path) -> None:
    """Without --attack nist_800_53 leaves out T1521.003 too, an id of mobile; 19.1 revoked T1562.011.

    FedRAMP has T1053.004.
    """
    done = run("build", "--attack", "latest", "--only", "overview", "-o", tmp_path / "out")
    assert done.code == 0
    releases = {}
    for index in sorted((tmp_path / "out").glob("*/index.json")):
        of = json.loads(index.read_text(encoding="utf-8"))
        releases[index.parent.name] = of["attack_version"]
    assert {name: release for name, release in releases.items() if release != "19.1"} == {
        f"{name}-{domain}": "18.1"
        for domain in ("mobile", "ics")
        for name in ("attack_detections", "attack_mitigations", "kev", "veris")
        if (name, domain) != ("kev", "ics")
    }
    lines = [line for line in done.err.splitlines() if "a technique of" in line or "no succ" in line]
    left_out = {text for line in lines for text in line.partition("ATT&CK 19.1: ")[2].split("; ")}
    assert left_out == {
        "T1521.003 SSL Pinning: a technique of ATT&CK Mobile",
        "T1562.011 Spoof Security Alerting: revoked, no successor",
        "T1053.004 Launchd: deprecated, no successor",
    }
