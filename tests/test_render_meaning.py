"""Layers of navlayers as pictures: the header counts what the colors show, the legend names cells without one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from render_helpers import picture
from test_render_slide import SECOND, TINY, WEIGHTS, texts

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

BELOW = "below each tactic: covered / all"
BELOW_OF_THREAT = "below each tactic: techniques of bear covered / all"
# Of 656 techniques and sub-techniques of 16.1, the tiny set covers 5 and the second 3, two of which are the same.
COMPARED = {
    "gap": (
        ">99%: 650 of 656 techniques and sub-techniques covered by none · Nothing covered in 8 tactics: Resource "
        "Development (0 of 47), Discovery (0 of 46), +6 more · below each tactic: covered by none / all",
        "covered",
    ),
    "union": (f"3 of 203 techniques and 3 of 453 sub-techniques covered · {BELOW}", "not covered"),
    "best": (f"3 of 203 techniques and 3 of 453 sub-techniques covered · {BELOW}", "not covered"),
    "differences/tiny--second": (
        "tiny scores higher on 4 of 656 with sub-techniques; second on 1, equal on 1, 650 in neither · "
        "below each tactic: techniques on which tiny scores higher / compared",
        "in neither",
    ),
    "agreement": (f"3 of 203 techniques and 3 of 453 sub-techniques covered · {BELOW}", "not covered"),
}
# The threat uses 4 techniques, of which the set covers T1078 with 100 and T1110.001 with 10.
OF_THREAT = {
    "gap": (
        "75%: 3 of 4 techniques and sub-techniques not covered, or weak · "
        "below each tactic: not covered, or weak / all",
        "not used",
    ),
    "coverage": (f"2 of the 4 techniques of bear covered by Tiny Controls 1.0 · {BELOW_OF_THREAT}", "not used"),
    "threat": (f"2 of the 4 techniques of bear covered by Tiny Controls 1.0 · {BELOW_OF_THREAT}", "not used"),
}


def _says(path: Path) -> tuple[str, str]:
    """The facts in the header, and the last item of the legend."""
    drawn = picture(json.loads(path.read_bytes()))
    lines = texts(drawn, "header")
    start = next(number for number, line in enumerate(lines) if line.startswith("ATT&CK "))
    return " ".join(lines[start:]), texts(drawn, "legend")[-1]


def test_pictures_of_comparisons_say_what_no_color_means(run: Run, tmp_path: Path) -> None:
    (tmp_path / "second.yaml").write_text(SECOND)
    assert run("compare", TINY, tmp_path / "second.yaml", "--attack", "16.1", "-o", tmp_path / "out").code == 0
    found = {kind: _says(tmp_path / "out" / f"{kind}.json") for kind in COMPARED}
    assert found == {k: (f"ATT&CK Enterprise 16.1 · {counts}", item) for k, (counts, item) in COMPARED.items()}


def test_pictures_of_gaps_and_plans_say_what_no_color_means(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bear.csv").write_text(WEIGHTS)
    threat = ("--threat", tmp_path / "bear.csv", "--attack", "16.1")
    assert run("gaps", TINY, *threat, "-o", tmp_path / "out").code == 0
    found = {kind: _says(tmp_path / "out" / f"{kind}.json") for kind in OF_THREAT}
    assert found == {k: (f"ATT&CK Enterprise 16.1 · {counts}", item) for k, (counts, item) in OF_THREAT.items()}
    assert "✓" in texts(picture(json.loads((tmp_path / "out" / "gap.json").read_bytes())), "legend")
    assert run("plan", TINY, *threat, "--budget", "1", "-o", tmp_path / "plan").code == 0
    header, item = _says(tmp_path / "plan" / "plan.json")
    assert (header, item) == (
        f"ATT&CK Enterprise 16.1 · 1 of the 4 techniques of bear covered by the plan · {BELOW_OF_THREAT}",
        "not used",
    )
