"""What `upgrade` makes of a set, worked out a second time from docs/upgrade.md and MITRE's bundles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from truth_oracle import STANDARD, Facts, Row, Set, explorer, facts, json_of, mismatches, native, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

PUBLISHED = {"azure 8.2": "azure-*_attack-8.2-*.json", "nist r4": "nist_800_53-rev4_*.json"}


def worth(row: Row) -> float:
    return STANDARD[row.value] if row.value in STANDARD else float(row.value or -1)


def carried(made: Set, release: Facts) -> Counter[Row]:
    """The rows at another release: ids that became one are merged, the highest value kept; others stay."""
    groups: dict[Row, list[Row]] = {}
    for row in made.rows:
        now = release.follow(row.technique)
        if now:
            groups.setdefault(row._replace(technique=now, value=None), []).append(row)
    result: Counter[Row] = Counter()
    for key, rows in groups.items():
        merged = len({row.technique for row in rows}) > 1
        kept = [max(rows, key=worth)] if merged else rows
        result.update(row._replace(technique=key.technique) for row in kept)
    return result


def upgraded(run: Run, source: str | Path, version: str, out: Path) -> Set:
    result = run("upgrade", source, "--attack", version, "-o", out, "-q")
    assert result.code == 0, result.err
    return native(out)


def same(said: Set, right: Counter[Row]) -> dict[str, Any]:
    """The rows that one has and the other has not."""
    held = Counter(said.rows)
    return {"too many": dict(held - right), "missing": dict(right - held)}


NOTHING: dict[str, Any] = {"too many": {}, "missing": {}}


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("aws", "18.1"),
        ("aws", "19.1"),
        ("m365", "19.1"),
        ("gcp", "12.1"),
        ("intel-vpro", "17.1"),
        ("nist_800_53", "19.1"),
        ("csa_ccm", "9.0"),
        ("kev", "8.2"),
    ],
)
def test_rows_follow_what_replaced_their_techniques(run: Run, tmp_path: Path, name: str, version: str) -> None:
    made = shipped(name)
    said = upgraded(run, name, version, tmp_path / "out.yaml")
    assert said.attack == version
    assert same(said, carried(made, facts(made.domain, version))) == NOTHING


@pytest.mark.parametrize(
    ("which", "between", "version"), [("azure 8.2", "12.1", "18.1"), ("nist r4", "16.1", "19.1")]
)
def test_two_steps_give_what_one_gives(
    run: Run, corpus: Path, tmp_path: Path, which: str, between: str, version: str
) -> None:
    path = next(corpus.glob(PUBLISHED[which]))
    at_once = upgraded(run, path, version, tmp_path / "one.yaml")
    half = upgraded(run, path, between, tmp_path / "half.yaml")
    upgraded(run, tmp_path / "half.yaml", version, tmp_path / "two.yaml")
    upgraded(run, tmp_path / "two.yaml", version, tmp_path / "three.yaml")
    made = explorer(path)
    direct = carried(made, facts("enterprise", version))
    assert {
        "half": same(half, carried(made, facts("enterprise", between))),
        "at once": same(at_once, direct),
        "two steps": (tmp_path / "two.yaml").read_bytes() == (tmp_path / "one.yaml").read_bytes(),
        "twice": (tmp_path / "three.yaml").read_bytes() == (tmp_path / "two.yaml").read_bytes(),
    } == {"half": NOTHING, "at once": NOTHING, "two steps": True, "twice": True}


@pytest.mark.parametrize(
    ("name", "version"), [("aws", "18.1"), ("m365", "19.1"), ("gcp", "12.1"), ("csa_ccm", "15.1")]
)
def test_every_id_is_accounted_for(run: Run, name: str, version: str) -> None:
    made = shipped(name)
    old, new = facts("enterprise", made.attack), facts("enterprise", version)
    ids = {row.technique for row in made.rows} | made.nothing[1] | {t for _, t in made.nothing[2]}
    becomes = {technique: new.follow(technique) for technique in ids}
    kept = {t for t, now in becomes.items() if t == now}
    renamed = {t for t in kept if new.names[t] != old.names[t]}
    considered = {now for now in becomes.values() if now}
    right = {
        "kept": kept - renamed,
        "renamed": renamed,
        "replaced": {t: now for t, now in becomes.items() if now and now != t},
        "removed": {t for t, now in becomes.items() if not now},
        "new": new.active - old.active - considered,
    }
    report = json_of(run, "upgrade", name, "--attack", version, "--json")[0]
    said = report["reports"][0]
    assert (
        mismatches(
            {
                "kept": set(said["kept"]),
                "renamed": {one["id"] for one in said["renamed"]},
                "replaced": {one["id"]: one["now"] for one in said["replaced"]},
                "removed": {one["id"] for one in said["removed"]},
                "new": {one["id"] for new_ones in report["new"] for one in new_ones["techniques"]},
            },
            right,
        )
        == {}
    )


SMALL = """\
framework: small
version: "1"
domain: enterprise
attack_version: "16.1"
mapping_types: [m]
groups: {g: G}
capabilities:
  a:
    groups: [g]
    techniques:
      T1053.001: {protect: significant}
      T1053.002: {protect: minimal, detect: partial}
      T1562.001: [{protect: minimal}, {protect: minimal}]
      T1562: {protect: partial}
      T1574.001: {detect: 30}
      T1574.002: {detect: 40}
      T1078: {protect: , respond: partial}
  b:
    techniques:
      T1053.001: {protect: minimal}
"""


@pytest.mark.parametrize("version", ["17.1", "18.1", "19.1"])
def test_rows_that_meet_become_the_highest(run: Run, tmp_path: Path, version: str) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    said = upgraded(run, path, version, tmp_path / f"out-{version}.yaml")
    assert same(said, carried(native(path), facts("enterprise", version))) == NOTHING
