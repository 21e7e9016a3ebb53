"""Slides: a headline number, one legend, names that can be read, and the rest as squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from render_helpers import layer, picture, scored, techniques

from navlayers.layer.colors import UNCOVERED

if TYPE_CHECKING:
    from render_helpers import Picture

OURS = [{"name": "framework", "value": "mine"}]
PURPLES = {"colors": ["#e0ecf4", "#810f7c"], "minValue": 0, "maxValue": 100}


def texts(drawn: Picture, group: str) -> list[str]:
    return [text.text for found in drawn.groups if found.id == group for text in found.texts]


def test_the_headline_is_the_share_of_the_release_with_its_counts() -> None:
    entries = [{"techniqueID": id_, "score": 50} for id_ in ("T1078", "T1078.001", "T1566")]
    zero = {"techniqueID": "T1110", "score": 0}
    counts = "2 of 203 techniques and 1 of 453 sub-techniques"
    drawn = picture(layer([*entries, zero], metadata=OURS), page="16:9")
    assert texts(drawn, "header") == ["a layer", "<1%", "of Enterprise 16.1 covered", counts]
    half = picture(scored("ics", [100, 0], metadata=OURS), page="16:9")
    assert texts(half, "header")[1:] == ["51%", "of ICS 16.1 covered", "42 of 83 techniques"]


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ([], "of ICS 16.1 annotated"),
        ([*OURS, {"name": "aggregate", "value": "count"}], "of ICS 16.1 mapped"),
        ([*OURS, {"name": "role", "value": "threat"}], "of ICS 16.1 mapped"),
    ],
)
def test_the_headline_claims_coverage_only_of_what_covers(metadata: list[dict[str, str]], words: str) -> None:
    assert texts(picture(scored("ics", metadata=metadata), page="16:9"), "header")[2] == words


def test_the_headline_of_a_threat_counts_its_techniques() -> None:
    facts = [{"name": "threat", "value": "APT29 (G0016)"}, {"name": "covered", "value": "41 of 66"}]
    drawn = picture(layer([], metadata=facts), page="16:9")
    assert texts(drawn, "header")[1:] == [
        "62%",
        "of APT29 covered",
        "41 of the 66 techniques of APT29 · ATT&CK Enterprise 16.1",
    ]


@pytest.mark.parametrize("theme", ["light", "dark", "grey"])
@pytest.mark.parametrize("domain", ["enterprise", "mobile", "ics"])
def test_every_text_of_a_slide_has_nine_points_and_every_technique_a_square(domain: Any, theme: Any) -> None:
    drawn = picture(scored(domain, gradient=PURPLES, metadata=OURS), page="16:9", theme=theme)
    assert {text.size for text in drawn.texts if text.size < 9} == set()
    assert {technique for technique, _ in drawn.cells} == {technique.id for technique in techniques(domain)}
    assert not drawn.notices
    assert all(box.left >= 0 and box.right <= drawn.width + 0.01 for box in drawn.texts)
    assert all(box.top >= 0 and box.bottom <= drawn.height for group in drawn.groups for box in group.rects)


def test_the_lists_name_what_is_not_covered_and_what_scores_highest() -> None:
    entries = [
        {"techniqueID": "T1078", "score": 100},
        {"techniqueID": "T1566", "score": 0, "color": UNCOVERED, "metadata": [{"name": "weight", "value": "2"}]},
        {"techniqueID": "T1003", "score": 0, "color": UNCOVERED, "metadata": [{"name": "weight", "value": "3"}]},
    ]
    legend = [{"label": "not covered", "color": UNCOVERED}]
    drawn = picture(layer(entries, gradient=PURPLES, metadata=OURS, legendItems=legend), page="16:9")
    assert texts(drawn, "list-0") == ["Not covered", "T1003", "OS Credential Dumping", "T1566", "Phishing"]
    assert texts(drawn, "list-1") == ["Highest scores", "100", "Valid Accounts"]


def test_a_few_techniques_fill_the_slide_with_their_names() -> None:
    entries = [{"techniqueID": id_, "score": 50} for id_ in ("T1078", "T1566", "T1110", "T1003.001")]
    drawn = picture(layer(entries, gradient=PURPLES), page="16:9", detail="scored")
    cells = {technique: cell for (technique, _), cell in drawn.cells.items()}
    assert cells["T1566"].texts[-1].text == "Phishing"
    assert min(text.size for cell in cells.values() for text in cell.texts) >= 12
