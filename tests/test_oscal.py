"""OSCAL: what a document implements of NIST 800-53, and assessment results of any set."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import navlayers
from navlayers.errors import NavlayersWarning

if TYPE_CHECKING:
    from conftest import Run

    from navlayers import MappingSet

METADATA = {
    "title": "Our system",
    "last-modified": "2026-02-03T04:05:06Z",
    "version": "1",
    "oscal-version": "1.1.2",
}
STATES = {
    "ac-2": ["implemented"],
    "ac-3": ["implemented", "planned"],
    "sc-7": ["planned"],
    "ia-2": ["alternative", "not-applicable"],
    "mp-7": ["not-applicable"],
    "ac-6": [],
    "ac-1": ["implemented"],
}
"""Control → the states of its components; AC-1 is not mapped."""


def plan(states: dict[str, list[str]]) -> dict[str, Any]:
    """A system security plan whose controls have a component per state, the second one in a statement."""

    def requirement(id_: str, several: list[str]) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"implementation-status": {"state": state}} for state in several]
        return {"control-id": id_, "by-components": parts[:1], "statements": [{"by-components": parts[1:]}]}

    return {
        "system-security-plan": {
            "metadata": METADATA,
            "import-profile": {"href": "#1"},
            "back-matter": {
                "resources": [{"uuid": "1", "rlinks": [{"href": "NIST_SP-800-53_rev5_MODERATE.json"}]}]
            },
            "control-implementation": {"implemented-requirements": [requirement(*each) for each in states.items()]},
        }
    }


def profile(*imports: dict[str, Any]) -> dict[str, Any]:
    return {"profile": {"metadata": METADATA, "imports": [{"href": "800-53r5.json", **one} for one in imports]}}


def written(content: object, name: str = "oscal.json") -> Path:
    Path(name).write_text(json.dumps(content), encoding="utf-8")
    return Path(name)


@pytest.fixture(scope="module")
def nist() -> MappingSet:
    return navlayers.load("nist_800_53")


def test_the_states_of_a_plan_are_scores_and_evidence(run: Run, nist: MappingSet) -> None:
    ssp = written(plan(STATES))
    with pytest.warns(NavlayersWarning) as warned:
        found = navlayers.load(ssp)
    told = " ".join(str(one.message) for one in warned)
    assert "1 control of 7 without mappings in nist_800_53: ac-1" in told
    assert "left out, not applicable to the system: MP-07" in told
    values = {(m.capability, m.value, m.evidence and str(m.evidence)) for m in found.mappings}
    assert values == {
        ("AC-02", "implemented", "enabled 2026-02-03"),
        ("AC-03", "partial", "enabled 2026-02-03"),
        ("SC-07", "planned", "declared 2026-02-03"),
        ("IA-02", "alternative", "enabled 2026-02-03"),
        ("AC-06", "implemented", None),
    }
    kept = {m.capability for m in found.mappings}
    assert [(m.capability, m.technique) for m in found.mappings] == [
        (m.capability, m.technique) for m in nist.mappings if m.capability in kept
    ]
    assert (found.title, found.version, found.details["updated"]) == ("Our system", "rev5", "2026-02-03")
    counted = json.loads(run("stats", ssp, "--evidence", "enabled", "--json", "-q").out)[0]
    assert counted["capabilities"] == 3


@pytest.mark.parametrize(
    ("imports", "chosen"),
    [
        ([{"include-controls": [{"with-ids": ["ac-2", "ac-02.1", "sc-7"]}]}], ["AC-02", "SC-07"]),
        ([{"include-controls": [{"matching": [{"pattern": "ac-2*"}]}]}], ["AC-02", "AC-20", "AC-21", "AC-23"]),
        ([{"include-all": {}, "exclude-controls": [{"matching": [{"pattern": "[!m]*"}]}]}], ["MP-07"]),
        (
            [
                {
                    "include-controls": [{"with-ids": ["ac-3", "AC-02", "ac-2"]}],
                    "exclude-controls": [{"with-ids": ["AC-03"]}],
                }
            ],
            ["AC-02"],
        ),
        (
            [{"include-controls": [{"with-ids": ["mp-7"]}]}, {"include-controls": [{"with-ids": ["ac-3"]}]}],
            ["AC-03", "MP-07"],
        ),
    ],
)
def test_a_profile_chooses_controls(tmp_path: Path, imports: list[dict[str, Any]], chosen: list[str]) -> None:
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(profile(*imports)), encoding="utf-8")
    if any("ac-02.1" in str(one) for one in imports):
        with pytest.warns(NavlayersWarning, match="1 control of 3 without mappings"):
            found = navlayers.load(path)
    else:
        found = navlayers.load(path)
    assert [c.id for c in found.capabilities] == chosen
    assert not found.scored


def test_a_component_definition_names_its_catalog_and_an_option_overrides_it(tmp_path: Path) -> None:
    requirement = {"control-id": "sc-8", "props": [{"name": "implementation-status", "value": "partial"}]}
    part = {"source": "…/NIST_SP-800-53_rev4_catalog.json", "implemented-requirements": [requirement]}
    path = tmp_path / "component.json"
    path.write_text(
        json.dumps(
            {"component-definition": {"metadata": METADATA, "components": [{"control-implementations": [part]}]}}
        ),
        encoding="utf-8",
    )
    found = navlayers.load(path)
    assert (found.version, found.attack_version, {m.value for m in found.mappings}) == ("rev4", "14.1", {"partial"})
    other = navlayers.load(path, navlayers.ReadOptions(metadata={"version": "rev5"}))
    assert (other.version, [c.id for c in other.capabilities]) == ("rev5", ["SC-08"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"profile": {"metadata": {}}}, "Object missing required field `title` - at `$.metadata`"),
        ({"profile": {"metadata": METADATA, "imports": 3}}, "Expected `array`, got `int` - at `$.imports`"),
        (plan({}), "the system security plan names no control; expected implemented requirements"),
        (plan({"zz-9": []}), "no control of the file is mapped in nist_800_53"),
        ({"catalog": {}}, "an OSCAL catalog; expected a mapping set"),
        ({"assessment-results": {}}, "an OSCAL assessment results file; expected a mapping set"),
    ],
)
def test_other_documents_are_errors(run: Run, content: object, message: str) -> None:
    result = run("stats", written(content))
    assert result.code == 2
    assert message in result.err


def test_half_a_file_is_an_error_of_oscal(run: Run) -> None:
    Path("half.json").write_text(json.dumps(plan(STATES))[:600], encoding="utf-8")
    assert "half.json:1:1: the OSCAL cannot be read: Input data was truncated" in run("stats", "half.json").err


def test_a_set_is_written_as_assessment_results(run: Run) -> None:
    ssp = written(plan({"mp-7": ["implemented"]}))
    outputs = []
    for name in ("one.oscal.json", "two.oscal.json"):
        result = run("convert", ssp, "-o", name)
        assert result.code == 0, result.err
        outputs.append(Path(name).read_bytes())
    assert outputs[0] == outputs[1] == navlayers.convert(navlayers.load(ssp), "oscal")
    results = json.loads(outputs[0])["assessment-results"]
    (found,) = results["results"]
    (observation,) = found["observations"]
    techniques = sorted({m.technique for m in navlayers.load(ssp).mappings})
    assert found["reviewed-controls"] == {"control-selections": [{"include-controls": [{"control-id": "mp-7"}]}]}
    assert (
        observation["collected"] == found["start"] == results["metadata"]["last-modified"] == "2026-02-03T00:00:00Z"
    )
    assert observation["methods"] == ["EXAMINE"]
    assert observation["props"][0] == {"name": "control-id", "value": "mp-7"}
    assert observation["props"][1:] == [
        {
            "name": "technique",
            "ns": "https://attack.mitre.org",
            "value": technique,
            "remarks": "score: implemented; evidence: enabled",
        }
        for technique in techniques
    ]
    ids = re.findall(r'"uuid": "([^"]+)"', outputs[0].decode())
    assert len({*ids}) == len(ids) == 3
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", id_) for id_ in ids
    )


def test_ids_and_dates_of_any_set_are_those_that_oscal_allows(run: Run) -> None:
    Path("own.csv").write_text("id,name,technique\n1.2 a,One,T1078\nb/c,Two,T1059\n", encoding="utf-8")
    result = run("convert", "own.csv", "--format", "oscal", "-o", "-")
    assert result.code == 0
    assert (
        "the set has no date: the results are of 1970-01-01 (set it with --meta updated=2025-01-31)" in result.err
    )
    assert re.findall(r'"control-id": "([^"]+)"', result.out) == ["_1.2_a", "b_c"]
    dated = run("convert", "own.csv", "--format", "oscal", "-o", "-", "--meta", "updated=2025-01-31")
    assert '"start": "2025-01-31T00:00:00Z"' in dated.out


@pytest.mark.parametrize(
    ("imports", "message"),
    [
        (
            [{"exclude-controls": [{"matching": [{"pattern": f"*{n}"} for n in range(1_001)]}]}],
            "1,001 patterns of control",
        ),
        ([{}] * 1_001, "of length <= 1000 - at `$.imports`"),
    ],
)
def test_thousands_of_patterns_and_imports_are_refused(
    run: Run, imports: list[dict[str, Any]], message: str
) -> None:
    result = run("stats", written(profile(*imports)))
    assert result.code == 2
    assert message in result.err


def test_a_resource_that_every_import_links_to_is_read_once() -> None:
    """Its text names the revision; thousands of links to it would take minutes."""
    content = profile(*[{"href": "#r", "include-controls": [{"with-ids": ["ac-2"]}]}] * 1_000)
    content["profile"]["back-matter"] = {"resources": [{"uuid": "r", "description": "NIST rev4 " * 20_000}]}
    found = navlayers.load(written(content))
    assert found.version == "rev4"
    assert [one.id for one in found.capabilities] == ["AC-2"]
