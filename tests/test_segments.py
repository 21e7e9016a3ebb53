"""Segments: which there are, what is covered in each, and scores across them, worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import navlayers
from navlayers import attack
from navlayers.mapping.model import Capability, Mapping, MappingSet
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.scores import score_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Run

    from navlayers.scoring.options import AcrossSegments

CONTROLS = """\
framework: ours
version: "1"
domain: enterprise
attack_version: "19.1"
segments: [LATAM]
capabilities:
  A:
    techniques:
      T1059:
      - {protect: significant, segment: EMEA}
      - {protect: partial, segment: [US, emea]}
  B:
    techniques:
      T1059: {protect: minimal, segment: LATAM}
      T1078:
      - {detect: partial, segment: EMEA}
      - {detect: ~, segment: US}
  C:
    techniques:
      T1003: {protect: ~, segment: LATAM}
      T1566: {detect: partial}
"""
EXPECTED: dict[AcrossSegments, dict[str, float | None]] = {
    "merged": {"T1003": None, "T1059": 100, "T1078": 50, "T1566": 50},
    "worst": {"T1003": None, "T1059": 10, "T1078": 0, "T1566": 50},
    "mean": {"T1003": None, "T1059": 160 / 3, "T1078": 50 / 3, "T1566": 50},
    "share": {"T1003": None, "T1059": 100, "T1078": 100 / 3, "T1566": 100},
}
"""EMEA has 100, 50 and 50 for the last three, US 50, not rated and 50, LATAM 10, nothing and 50."""


@pytest.fixture
def controls(run: Run) -> Path:
    Path("ours.yaml").write_text(CONTROLS, encoding="utf-8")
    return Path("ours.yaml")


def overview(run: Run, *args: str | Path) -> Any:
    result = run("build", *args, "--only", "overview", "-o", "-", "-q")
    assert result.code == 0, result.err
    return json.loads(result.out)


@pytest.mark.parametrize("how", EXPECTED)
def test_scores_across_segments(how: AcrossSegments, controls: Path, run: Run) -> None:
    scores = navlayers.load(controls).scores(across_segments=how)
    assert {id_: entry.overall for id_, entry in scores.items()} == pytest.approx(EXPECTED[how])
    layer = overview(run, controls, "--across-segments", how)
    shown = {entry["techniqueID"]: entry.get("score") for entry in layer["techniques"]}
    rounded = {id_: None if score is None else round(score, 2) for id_, score in EXPECTED[how].items()}
    assert shown == rounded
    metadata = {item["name"]: item["value"] for item in layer["metadata"]}
    assert (metadata["segments"], metadata["across segments"]) == ("EMEA, LATAM, US", how)


def test_layers_say_what_each_segment_has(controls: Path, run: Run) -> None:
    worst = overview(run, controls, "--across-segments", "worst")
    assert worst["description"].endswith(
        "Scored per segment, it is the lowest of the 3 segments, EMEA, LATAM and US."
    )
    assert [item["label"] for item in worst["legendItems"]][-2:] == ["not rated", "0: not in every segment"]
    comments = {entry["techniqueID"]: entry["comment"].partition("\n")[0] for entry in worst["techniques"]}
    assert comments["T1059"] == "Worst of 3 segments: LATAM 10, US 50, EMEA 100"
    assert comments["T1078"] == "Worst of 3 segments: LATAM none, US not rated, EMEA 50"
    share = overview(run, controls, "--across-segments", "share")
    sentence = "A technique's score is the percentage of the 3 segments that cover it: EMEA, LATAM and US."
    assert share["description"].endswith(sentence)
    assert run("report", controls, "--across-segments", "share", "-o", "r.md", "-q").code == 0
    assert sentence in Path("r.md").read_text(encoding="utf-8")


def test_a_page_has_the_scores_of_segments_and_the_rows_that_count_there(controls: Path, run: Run) -> None:
    page = json.loads(run("show", "T1059", "--set", controls, "--across-segments", "worst", "--json").out)
    (section,) = page["sections"]
    assert section["aggregate"]["segments"] == {"EMEA": 100, "LATAM": 10, "US": 50}
    assert [(row["value"], row["counts"]) for row in section["mappings"]] == [
        ("significant", True),
        ("partial", True),  # in US; in EMEA, the stronger one counts
        ("minimal", True),
    ]
    text = run("show", "T1059", "--set", controls, "--across-segments", "worst", "--full").out
    assert "Segments  EMEA 100, LATAM 10, US 50\n" in text
    assert "does not count" in run("show", "T1059", "--set", controls, "--full").out


def test_results_say_that_segments_are_merged(controls: Path, run: Run) -> None:
    note = "note: ours: merging 3 segments: what one covers counts as covered"
    assert note in run("build", controls, "-o", "out").err
    assert note in run("gaps", controls, "--threat", "APT29").err
    worst = json.loads(run("compare", controls, "gcp", "--across-segments", "worst", "--json", "-q").out)
    assert worst["inputs"]["ours"]["techniques"] == 2  # T1059 and T1566
    answer = run("gaps", controls, "--threat", "APT29", "--across-segments", "worst", "-q").out
    assert answer.startswith("ours 1 (worst of segments) covers ")
    said = "note: nist_800_53: --discount has no effect: the set has no score values; set one with --worth"
    assert said in run("gaps", "nist_800_53", "--threat", "APT29", "--discount", "declared=0.5").err
    # Discounts of 0 make the zeros that a legend could take for those of segments.
    other = run("build", "gcp", "--only", "overview", "-o", "-", "--across-segments=worst", "--discount=declared=0")
    assert "note: gcp: --across-segments worst has no effect: the set has no segments" in other.err
    assert "segment" not in str(json.loads(other.out)["legendItems"])


def test_stats_of_each_segment(controls: Path, run: Run) -> None:
    (stats,) = json.loads(run("stats", controls, "--json", "-q").out)
    assert [(s["segment"], s["mappings"], s["techniques"]) for s in stats["segments"]] == [
        ("EMEA", 4, 3),
        ("LATAM", 3, 3),
        ("US", 3, 3),
    ]
    assert stats["in_all_segments"] == 2
    text = run("stats", controls, "-q").out
    assert "3 segments: 2 of the 4 techniques and sub-techniques are mapped in each of them" in text
    assert "segments" not in json.loads(run("stats", "gcp", "--json", "-q").out)[0]


def test_one_segment_is_a_scope(controls: Path, run: Run) -> None:
    (stats,) = json.loads(run("stats", controls, "--json", "-q", "--segment", "us,latam").out)
    assert (stats["scope"], stats["mappings"]) == ("segments us and latam", 5)
    layer = overview(run, controls, "--segment", "US", "--across-segments", "worst")
    assert {e["techniqueID"]: e.get("score") for e in layer["techniques"]} == {
        "T1059": 50,
        "T1078": None,
        "T1566": 50,
    }
    # A segment without a mapping in scope covers nothing.
    narrow = overview(run, controls, "--where", "id=A", "--across-segments", "share")
    assert [(e["techniqueID"], e["score"]) for e in narrow["techniques"]] == [("T1059", 66.67)]
    wrong = run("stats", controls, "--segment", "emae")
    assert wrong.err == (
        'navlayers: --segment: ours has no segment "emae"; expected EMEA, LATAM, US (did you mean EMEA?)\n'
    )
    both = run("stats", controls, "gcp", "--segment", "EMEA")
    assert "note: gcp: left out: --segment: gcp has no segments" in both.err


def test_segments_are_kept(controls: Path, run: Run) -> None:
    assert run("convert", controls, "-o", "a.yaml", "-q").code == 0
    assert "- {protect: partial, segment: [US, emea]}" in Path("a.yaml").read_text(encoding="utf-8")
    for name in ("b.stix.json", "c.csv", "d.xlsx"):
        assert run("convert", "a.yaml", "-o", name).code == 0
    assert run("convert", "b.stix.json", "-q").out.encode() == Path("a.yaml").read_bytes().replace(
        b"segments: [LATAM, EMEA, US, emea]\n", b""
    )
    for name in ("c.csv", "d.xlsx"):
        mappings = navlayers.load(name).mappings
        assert sorted(m.segments for m in mappings) == sorted(m.segments for m in navlayers.load("a.yaml").mappings)
    lost = run("convert", "a.yaml", "--format", "mapex-json")
    assert 'field "segment" of 6 rows left out' in lost.err
    assert "conflicting-values" not in run("check", controls).out


ACROSS: tuple[AcrossSegments, ...] = ("worst", "mean", "merged", "share")
RELEASE = attack.find("enterprise", "19.1").catalogue
ids = [t.id for t in RELEASE.techniques.values() if t.active][:6]
rows = st.tuples(st.sampled_from("AB"), st.sampled_from(ids), st.integers(0, 100), st.sampled_from("xyz"))


@given(st.lists(rows, min_size=1, max_size=25))
def test_worst_is_at_most_the_mean_and_the_mean_the_highest(drawn: list[tuple[str, str, int, str]]) -> None:
    mappings = tuple(Mapping(c, t, None, "protect", str(v), other=(("Tenant", s),)) for c, t, v, s in drawn)
    capabilities = tuple(Capability(name, name) for name in "AB")
    found = MappingSet("f", "1", "enterprise", "19.1", capabilities=capabilities, mappings=mappings)
    worst, mean, merged, share = (
        {id_: entry.overall or 0 for id_, entry in score_set(found, RELEASE, options).scores.items()}
        for options in [ScoreOptions(across_segments=how) for how in ACROSS]
    )
    segments = {s for *_, s in drawn}
    for id_, highest in merged.items():
        assert 0 <= worst[id_] <= mean[id_] <= highest
        covering = {s for _, t, v, s in drawn if t == id_ and v > 0}
        assert share[id_] == pytest.approx(100 * len(covering) / len(segments))
        assert (worst[id_] > 0) == (covering == segments)


def test_shipped_sets_as_segments(run: Run) -> None:
    """Against the techniques of each layer alone."""
    layers = {name: overview(run, name) for name in ("aws", "azure", "gcp")}
    each = [{t["techniqueID"]: t["score"] for t in layer["techniques"]} for layer in layers.values()]
    combined: dict[str, Callable[[list[float]], float]] = {
        "share": lambda scores: 100 * sum(score > 0 for score in scores) / 3,
        "worst": min,
    }
    for how, expected in combined.items():
        layer = overview(run, "segments:aws,azure,gcp", "--across-segments", how)
        found = {t["techniqueID"]: t["score"] for t in layer["techniques"] if "score" in t}
        assert found == pytest.approx(
            {id_: expected([scores.get(id_, 0) for scores in each]) for id_ in set().union(*each)}, abs=0.01
        )


def test_a_folder_of_segments(run: Run) -> None:
    """A folder and a file are a segment each; sets in them add up, at the newest of their releases."""
    for path, text in {
        "tenants/emea/a.csv": "id,technique,score,segment\nA,T1059,50,x\nB,T1003,100,x\n",
        "tenants/emea/b.csv": "id,technique,score\nC,T1078,20\n",
        "tenants/us.csv": "id,technique,score\nA,T1059,30\n",
        "tenants/.hidden/c.csv": "id,technique\nA,T1105\n",
        "tenants/notes.docx": "",
    }.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    result = run("convert", "segments:tenants", "-o", "all.yaml")
    assert (result.code, "note: tenants/us.csv:1:1: the file lacks metadata" in result.err) == (0, True)
    worst = overview(run, "segments:tenants", "--across-segments", "worst")
    assert {t["techniqueID"]: t["score"] for t in worst["techniques"]} == {"T1003": 0, "T1059": 30, "T1078": 0}
    assert overview(run, "all.yaml", "--across-segments", "worst")["techniques"] == worst["techniques"]
    assert run("site", "segments:tenants", "--across-segments", "share", "-o", "site", "-q").code == 0
    page = Path("site/sets/tenants/index.html").read_text(encoding="utf-8")
    assert "percentage of the 2 segments that cover it: emea and us" in page
    (stats,) = json.loads(run("stats", "segments:tenants", "--json", "-q").out)
    assert (stats["name"], [s["segment"] for s in stats["segments"]]) == ("tenants", ["emea", "us"])
    assert stats["set"] == "tenants in 2 segments"
    for command in ("check", "upgrade"):
        refused = run(command, "segments:tenants")
        assert (refused.code, "tenants is not a file; expected the files themselves" in refused.err) == (2, True)
    assert run("render", "segments:tenants", "-o", "picture.svg", "-q").code == 0
    loaded = navlayers.load("segments:emea=tenants/emea/b.csv,us=tenants/us.csv")
    assert {m.capability: m.segments for m in loaded.mappings} == {"C": ("emea",), "A": ("us",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("segments:", "segments: names no inputs; expected segments:FOLDER, or segments:NAME=INPUT,…"),
        ("segments:empty", "empty: no segment in this folder; expected a folder or file per segment"),
        (
            "segments:a=gcp,A=aws",
            'segments:a=gcp,A=aws: several segments "a": gcp and aws; expected a name for each',
        ),
        (f"segments:{'gcp,' * 100}", "segments:gcp,gcp,"),
        ("segments:a=nowhere", "no mapping set 'nowhere'"),
        ("segments:gcp,kev", "segments:gcp,kev: kev lists what is attacked; expected sets that cover"),
        (
            "segments:gcp,kev-mobile",
            "segments:gcp,kev-mobile: segments of several ATT&CK domains: E",
        ),
    ],
)
def test_wrong_segments_are_errors(text: str, message: str, run: Run) -> None:
    Path("empty").mkdir(exist_ok=True)
    result = run("build", text, "-o", "out")
    assert (result.code, Path("out").exists()) == (2, False)
    assert result.err.startswith(f"navlayers: {message}")
