"""The state of a technique in `navlayers gaps`: the table of docs/gaps.md, for all combinations of three sets."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

import pytest

from navlayers import attack

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

CELLS = {
    "covered": "{techniques: {ID: {protect: 70}}}",
    "weak": "{techniques: {ID: {protect: 20}}}",
    "zero": "{techniques: {ID: {protect: 0}}}",
    "not rated": "{techniques: {ID: {protect: }}}",
    "non-mappable": "{comment: Examined.}",
    "absent": "",
}
"""What a set says about a technique, the strongest first, as a native capability or non-mappable record."""

STATES = {"zero": "uncovered", "non-mappable": "uncovered", "absent": "uncovered"}
SCORES = {"covered": 70, "weak": 20}


@pytest.fixture(scope="module")
def cases() -> dict[str, tuple[str, ...]]:
    """Technique → what each of three sets says about it."""
    release = attack.load(attack.find("enterprise", "16.1").release)
    active = [technique.id for technique in release.techniques.values() if technique.active]
    return dict(zip(active, product(CELLS, repeat=3), strict=False))


def test_the_first_line_that_is_true_of_any_set_gives_the_state(
    run: Run, tmp_path: Path, cases: dict[str, tuple[str, ...]]
) -> None:
    files = []
    for at, name in enumerate("abc"):
        lines = [
            f"framework: {name}",
            'version: "1"',
            "domain: enterprise",
            'attack_version: "16.1"',
            "capabilities:",
        ]
        # Each set rates, so that a mapping without a value is not rated.
        lines.append(f"  {name}-rates: {{techniques: {{T1657: {{protect: 100}}}}}}")
        says_of = {technique: says[at] for technique, says in cases.items()}
        for technique, cell in says_of.items():
            if "ID" in CELLS[cell]:
                lines.append(f"  {name}-{technique}: {CELLS[cell].replace('ID', technique)}")
        lines.append("non_mappable:")
        lines += [f"  {t}: {CELLS[cell]}" for t, cell in says_of.items() if cell == "non-mappable"]
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text("\n".join(lines), encoding="utf-8")
    threat = tmp_path / "threat.csv"
    threat.write_text("\n".join(["technique", *cases]), encoding="utf-8")
    result = run("gaps", *files, "--threat", threat, "--attack", "16.1", "--json", "-q")
    assert result.code == 0, result.err
    found = {row["id"]: row for row in json.loads(result.out)["techniques"]}
    right = {}
    for technique, says in cases.items():
        strongest = min(says, key=list(CELLS).index)
        state = STATES.get(strongest, strongest)
        records = [
            n for n, cell in zip("abc", says, strict=True) if cell == "non-mappable" and state == "uncovered"
        ]
        right[technique] = (state, SCORES.get(strongest), records)
    assert len(right) == len(CELLS) ** 3
    assert {t: (row["state"], row["score"], row["non_mappable"]) for t, row in found.items()} == right


def test_compare_calls_not_rated_what_no_set_rates(run: Run, tmp_path: Path) -> None:
    head = "framework: {}\nversion: '1'\ndomain: enterprise\nattack_version: '16.1'\n"
    text = head + "capabilities:\n  {}: {{techniques: {}}}\n"
    cells = {
        "zero": "{T1078: {protect: 0}, T1110: {protect: 50}}",
        "none": "{T1078: {protect: }, T1110: {protect: 10}, T1003: {protect: }}",
    }
    files = [tmp_path / f"{name}.yaml" for name in cells]
    for path, (name, techniques) in zip(files, cells.items(), strict=True):
        path.write_text(text.format(name, name, techniques), encoding="utf-8")
    layer = run("compare", *files, "-o", tmp_path / "out", "-q")
    assert layer.code == 0
    gap = json.loads((tmp_path / "out" / "gap.json").read_text(encoding="utf-8"))
    comments = {t["techniqueID"]: t["comment"] for t in gap["techniques"] if "not rated" in t["comment"]}
    assert comments == {"T1003": "Not covered; mapped but not rated: none"}
