"""DeTT&CT technique administration: what becomes of scores of detection and of visibility."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import navlayers.mapping.formats.native.write as native
from navlayers.errors import InputError, Place
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import Findings, ReadOptions
from navlayers.mapping.model import canonical

if TYPE_CHECKING:
    from conftest import Run

    from navlayers.mapping.model import Mapping, MappingSet

CASES = Path(__file__).parents[2] / "shared" / "cases"

FILE = """\
version: 1.2
file_type: technique-administration
name: Our endpoints
domain: enterprise-attack
platform: [Windows, Linux]
techniques:
- technique_id: T1078
  technique_name: Valid Accounts
  detection:
  - applicable_to: [servers, laptops]
    location: [SIEM, EDR rule 7]
    comment: Of the use case
    score_logbook:
    - date: 2023-05-01
      score: 1
      comment: First try
    - date: 2024-02-29T00:00:00.000Z
      score: 3
      comment: Better
      auto_generated: true
    - date: 2023-12-31
      score: 5
      comment: ''
  visibility:
  - applicable_to: [all]
    comment: ''
    score_logbook:
    - date: 2024-01-01
      score: 4
      comment: ''
- technique_id: T1110
  technique_name: Guessing
  detection:
  - applicable_to: [all]
    location: []
    comment: ''
    score_logbook:
    - date:
      score: -1
      comment: ''
  visibility:
  - applicable_to: [all]
    comment: ''
    score_logbook:
    - {date: 2024-01-01, score: 2, comment: Some logs}
- technique_id: T1200
  technique_name: Hardware Additions
  detection:
  - applicable_to: [laptops]
    location: ['']
    comment: ''
    score_logbook:
    - {date: 2024-01-01, score: 0, comment: Forensics}
  visibility:
  - applicable_to: [all]
    comment: ''
    score_logbook:
    - {date: null, score: 0, comment: ''}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "techniques.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def rows(whole: MappingSet) -> list[tuple[str, str, str | None, str | None]]:
    return [(m.capability, m.technique, m.category, m.value) for m in whole.mappings]


def visibility(path: Path) -> MappingSet:
    return readers.read(path, reading=ReadOptions(format="dettect-visibility")).mapping_set


def first(whole: MappingSet, capability: str) -> Mapping:
    return next(mapping for mapping in whole.mappings if mapping.capability == capability)


def test_the_newest_score_of_detection_counts_and_visibility_has_no_value(file: Path) -> None:
    reading = readers.read(file)
    assert reading.format == "dettect"
    assert rows(reading.mapping_set) == [
        ("detection-servers", "T1078", "detect", "3"),
        ("detection-laptops", "T1078", "detect", "3"),
        ("visibility-all", "T1078", None, None),
        ("detection-all", "T1110", "detect", None),
        ("visibility-all", "T1110", None, None),
        ("detection-laptops", "T1200", "detect", "0"),
    ]


def test_read_for_visibility_it_is_the_other_way_round(file: Path) -> None:
    assert rows(visibility(file)) == [
        ("detection-servers", "T1078", None, None),
        ("detection-laptops", "T1078", None, None),
        ("visibility-all", "T1078", None, "4"),
        ("visibility-all", "T1110", None, "2"),
        ("detection-laptops", "T1200", None, None),
        ("visibility-all", "T1200", None, "0"),
    ]


@pytest.mark.parametrize("side", ["detection", "visibility"])
def test_every_score_of_a_side_is_its_share_of_the_highest(tmp_path: Path, side: str) -> None:
    scores = range(6) if side == "detection" else range(5)
    techniques = "".join(
        f"- technique_id: T10{score:02}\n  {side}:\n  - applicable_to: [all]\n"
        f"    score_logbook: {{date: 2024-01-01, score: {score}, comment: ''}}\n"
        for score in scores
    )
    (tmp_path / "all.yaml").write_text("file_type: technique-administration\ntechniques:\n" + techniques)
    options = ReadOptions(format="dettect" if side == "detection" else "dettect-visibility")
    whole = readers.read(tmp_path / "all.yaml", reading=options).mapping_set
    expected = [0, 20, 40, 60, 80, 100] if side == "detection" else [0, 25, 50, 75, 100]
    assert [whole.scale[str(mapping.value)] for mapping in whole.mappings] == expected


@pytest.mark.parametrize("case", ["21.yaml", "21b.yaml"])
def test_detection_minus_one_is_never_covered(run: Run, case: str) -> None:
    """T1110.004 of 21.yaml and all four techniques of 21b.yaml have detection −1; they are visible."""
    if not (CASES / case).exists():
        pytest.skip("the cases are not at ../shared/cases")
    gaps = json.loads(run("gaps", CASES / case, "--threat", "credential-access", "--json", "-q").out)
    assert (gaps["total"]["techniques"], gaps["total"]["covered"], gaps["total"]["weak"]) == (67, 0, 0)
    plan = run("plan", CASES / case, "--target", "100%", "--json", "-q")
    if case == "21b.yaml":
        assert (plan.code, plan.err.splitlines()[0][:38]) == (2, "navlayers: no capability has a score (")
    else:
        assert json.loads(plan.out)["chosen"] == ["detection-servers"]


def test_score_date_location_and_comments_survive(file: Path) -> None:
    whole = readers.read(file).mapping_set
    servers = first(whole, "detection-servers")
    assert servers.comment == "Better\nOf the use case"
    assert dict(servers.other) == {
        "score": "3",
        "date": "2024-02-29",
        "location": "SIEM; EDR rule 7",
        "auto_generated": "true",
    }
    assert dict(first(whole, "visibility-all").other) == {"score": "4", "date": "2024-01-01"}
    assert [m.technique_name for m in whole.mappings] == [None, None, None, "Guessing", "Guessing", None]


def test_the_set_has_the_content_of_the_file_and_notices_name_omissions(file: Path) -> None:
    reading = readers.read(file)
    whole = reading.mapping_set
    assert (whole.framework, whole.title, whole.domain, whole.version) == (
        *("dettect", "Our endpoints", "enterprise"),
        "2024-02-29",
    )
    assert whole.details == {"created": "2023-05-01", "updated": "2024-02-29"}
    assert whole.groups == {"detection": "Detection", "visibility": "Visibility"}
    assert {c.id: (c.name, c.groups) for c in whole.capabilities}["detection-laptops"] == (
        "Detection: laptops",
        ("detection",),
    )
    assert [notice.message for notice in reading.notices if notice.code == "not-carried"] == [
        "not carried over: 2 earlier scores in log books; platform Windows, Linux",
        "visibility is read without score values",
    ]


def test_visibility_does_not_hide_detection_in_the_overview(file: Path, tmp_path: Path, run: Run) -> None:
    def scores(name: str) -> dict[str, float | None]:
        built = json.loads((tmp_path / "out" / name / "techniques" / "overview.json").read_bytes())
        return {entry["techniqueID"]: entry.get("score") for entry in built["techniques"]}

    assert run("build", file, "-o", tmp_path / "out" / "own").code == 0
    assert scores("own") == {"T1078": 60, "T1110": None, "T1200": 0}
    assert (tmp_path / "out" / "own" / "techniques" / "groups" / "visibility.json").exists()
    assert run("build", file, "--from", "dettect-visibility", "-o", tmp_path / "out" / "seen").code == 0
    assert scores("seen") == {"T1078": 100, "T1110": 50, "T1200": 0}


def test_other_domains_are_read_from_the_file(tmp_path: Path) -> None:
    text = FILE.replace("enterprise-attack", "ics-attack").replace("T1078", "T0859")
    (tmp_path / "ics.yaml").write_text(text)
    assert readers.read(tmp_path / "ics.yaml").mapping_set.domain == "ics"
    (tmp_path / "none.yaml").write_text(FILE.replace("domain: enterprise-attack\n", ""))
    assert readers.read(tmp_path / "none.yaml").mapping_set.domain == "enterprise"


def test_a_single_entry_is_read_like_a_list_also_without_a_log_book(tmp_path: Path) -> None:
    text = """\
version: 1.0
file_type: technique-administration
name: old
techniques:
- technique_id: T1078
  technique_name: Valid Accounts
  detection:
    applicable_to: [all]
    date_registered: 2019-03-01
    date_implemented: 2019-04-01
    score: 4
    location: EDR
    comment: By hand
  visibility:
    applicable_to: all
    score: 1
"""
    (tmp_path / "old.yaml").write_text(text)
    reading = readers.read(tmp_path / "old.yaml")
    assert rows(reading.mapping_set) == [
        ("detection-all", "T1078", "detect", "4"),
        ("visibility-all", "T1078", None, None),
    ]
    mapping = reading.mapping_set.mappings[0]
    assert dict(mapping.other) == {"score": "4", "date": "2019-04-01", "location": "EDR"}
    assert mapping.comment == "By hand"


def test_all_errors_are_reported_together_with_their_places(tmp_path: Path) -> None:
    text = (
        FILE.replace("score: 3", "score: 6")
        .replace("score: 5", "score: high")
        .replace("2023-05-01", "01-05-2023")
        .replace("technique_id: T1110", "technique_id: T111O")
    )
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        readers.read(path)
    assert [(p.place, p.code) for p in caught.value.problems] == [
        (Place(str(path), 14, 13), "wrong-type"),
        (Place(str(path), 18, 14), "unknown-value"),
        (Place(str(path), 22, 14), "unknown-value"),
        (Place(str(path), 31, 17), "malformed-technique"),
    ]
    assert "a whole number from -1 to 5" in str(caught.value)
    findings = Findings(lenient=True)
    whole = readers.read(path, findings=findings).mapping_set
    assert first(whole, "detection-servers").value == "1"


def test_places_lead_to_the_score_that_counts(file: Path) -> None:
    reading = readers.read(file)
    assert reading.place(0) == Place(str(file), 7, 17)
    assert reading.place(0, field="value") == Place(str(file), 18, 14)
    assert reading.place(3, field="value") == Place(str(file), 39, 14)
    assert reading.place(0, "capability") == Place(str(file), 10, 20)
    assert reading.place_of("domain") == Place(str(file), 4, 9)


def test_other_files_of_dettect_are_refused_by_their_type(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text("version: 1.1\nfile_type: data-source-administration\ndata_sources: []\n")
    with pytest.raises(InputError, match=r"sources\.yaml:2:12: the file type is .data-source-administration."):
        readers.read(path, reading=ReadOptions(format="dettect"))


@pytest.mark.parametrize("format_", ["dettect", "dettect-visibility"])
def test_a_set_survives_as_native_yaml(file: Path, tmp_path: Path, format_: str) -> None:
    whole = readers.read(file, reading=ReadOptions(format=format_)).mapping_set
    (tmp_path / "back.yaml").write_bytes(native.encode(whole).data)
    assert canonical(readers.read(tmp_path / "back.yaml").mapping_set) == canonical(whole)
