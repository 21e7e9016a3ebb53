"""Files of threats: DeTT&CT groups, SCYTHE, STIX, Attack Flow; and sightings whose weights fade."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter
from threat_helpers import NEWEST, notes, refused, table, threat

from navlayers.analysis.threats.actors import intelligence
from navlayers.analysis.threats.resolve import threat_model
from navlayers.cli import main
from navlayers.errors import InputError, NavlayersError
from navlayers.mapping.formats import ReadOptions
from navlayers.mapping.formats.findings import Findings
from navlayers.mapping.formats.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from navlayers.analysis.threats.model import ThreatModel

GROUPS = """\
version: 1
file_type: group-administration
domain: enterprise-attack
groups:
  - group_name: Red team
    campaign: One
    date: 2026-01-31
    technique_id: [T1059.001, T1078]
    software_id: [S0002]
    enabled: true
  - group_name: Blue Bear
    technique_id: {T1078: 3, T1110: 0.5}
    enabled: true
  - group_name: Sleeper
    technique_id: [T1486, T1490]
    enabled: false
"""


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    path = tmp_path / "groups.yaml"
    path.write_text(GROUPS)
    return path


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_groups_of_dettect_are_threats_with_weights_and_the_disabled_are_told(groups: Path) -> None:
    found = threat(groups)
    assert found.weights == {"T1059.001": 1, "T1078": 4, "T1110": 0.5}
    first, second = found.members
    assert (first.id, first.name, first.kind, first.last_seen) == (
        "groups#Red team: One",
        "Red team: One",
        "group",
        "2026-01-31",
    )
    assert (second.id, second.weights) == ("groups#Blue Bear", {"T1078": 3, "T1110": 0.5})
    assert found.title == "Red team: One and Blue Bear"
    left_out, added = notes(found)
    assert left_out == f'groups: left out, not enabled: Sleeper (to use one: --threat "{groups}#Sleeper")'
    assert added.startswith("weights are summed without rescaling: 1 of each group")


def test_one_threat_of_a_file_is_chosen_by_its_name_in_any_case(groups: Path) -> None:
    assert threat(f"{groups}#sleeper").weights == {"T1486": 1, "T1490": 1}
    expected = "expected Red team: One, Blue Bear, Sleeper (did you mean Blue Bear?)"
    assert refused(f"{groups}#Blu Bear") == f'{groups}: no threat "Blu Bear" in this file; {expected}'
    seen = table(groups.with_name("seen.csv"), "technique", "T1059")
    assert "is not a file of several threats, so #x names none of them" in refused(f"{seen}#x")


def test_groups_with_errors_are_refused_with_places(groups: Path) -> None:
    groups.write_text(GROUPS.replace("2026-01-31", "31.1.2026").replace("0.5", "much"))
    assert f'{groups}:7:11: date "31.1.2026" is not a date' in refused(groups)
    assert f"{groups}:12:37: the weight of T1110 is not a number" in refused(groups)
    groups.write_text(GROUPS.replace("enabled: false", "enabled: maybe"))
    assert f'{groups}:16:14: enabled is "maybe"; expected true or false' in refused(groups)


def test_a_step_of_scythe_counts_each_time_a_tag_names_a_technique(tmp_path: Path) -> None:
    tags = [["att&ck", "att&ck-tactic:TA0007", "att&ck-technique:T1033"], ["att&ck-technique:T1033"], ["atomic"]]
    script = {str(number): {"module": "run", "rtags": each} for number, each in enumerate(tags)}
    script["9"] = {"module": "loader"}
    found = threat(write(tmp_path / "t.json", {"threat": {"display_name": "Bear 1", "script": script}}))
    assert (found.title, found.weights, found.members[0].kind) == ("Bear 1", {"T1033": 2}, "emulation")
    script["9"] = {"module": "run", "rtags": ["att&ck-technique:T11055"]}
    found = threat(write(tmp_path / "t.json", {"threat": {"display_name": "Bear 1", "script": script}}))
    assert "T11055" in " ".join(map(str, found.notices))


def pattern(number: int, technique: str, source: str = "mitre-attack") -> dict[str, Any]:
    references = [
        {"source_name": "capec", "external_id": "CAPEC-1"},
        {"source_name": source, "external_id": technique},
    ]
    return {"type": "attack-pattern", "id": f"attack-pattern--{number}", "external_references": references}


def uses(source: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "relationship",
        "id": f"relationship--{source}-{number}",
        "relationship_type": "uses",
        "source_ref": source,
        "target_ref": f"attack-pattern--{number}",
        **more,
    }


def bundle(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--1", "objects": [*objects]}


ACTORS = (
    {"type": "intrusion-set", "id": "intrusion-set--1", "name": "Bear", "aliases": ["Bear", "Ursa"]},
    {
        "type": "campaign",
        "id": "campaign--1",
        "name": "Winter",
        "first_seen": "2025-11-01T00:00:00Z",
        "last_seen": "2026-02-01T00:00:00Z",
    },
    {"type": "malware", "id": "malware--1", "name": "Claw"},
)


def test_in_stix_a_technique_weighs_as_many_as_use_it(tmp_path: Path) -> None:
    content = bundle(
        *ACTORS,
        pattern(1, "T1059"),
        pattern(2, "T1078"),
        pattern(3, "X", "own"),
        *(uses(user, 1) for user in ("intrusion-set--1", "campaign--1", "malware--1")),
        uses("intrusion-set--1", 1) | {"id": "relationship--again"},
        uses("campaign--1", 2),
        uses("malware--1", 2, revoked=True),
        uses("malware--1", 3),
    )
    path = write(tmp_path / "intel.json", content)
    found = threat(path)
    assert found.weights == {"T1059": 3, "T1078": 2 - 1}
    assert [(each.name, each.kind, each.first_seen, each.last_seen) for each in found.members] == [
        ("Bear", "group", "", ""),
        ("Winter", "campaign", "2025-11-01", "2026-02-01"),
        ("Claw", "software", "", ""),
    ]
    assert any("left out 1 attack pattern without a technique id of ATT&CK" in note for note in notes(found))
    assert threat(f"{path}#ursa").weights == {"T1059": 1}


def test_threats_of_a_file_without_techniques_are_an_error_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "intel.json", bundle(*ACTORS, pattern(1, "X", "own"), uses("intrusion-set--1", 1)))
    with pytest.raises(InputError) as error:
        threat(path)
    assert {str(problem.place) for problem in error.value.problems} == {str(path)}


def test_many_threats_of_a_file_are_one_whose_weights_count_them(tmp_path: Path) -> None:
    users = [{"type": "malware", "id": f"malware--{n}", "name": f"M{n}"} for n in range(21)]
    relations = [uses(user["id"], 1 + (n < 4)) for n, user in enumerate(users)]
    found = threat(write(tmp_path / "i.json", bundle(*users, pattern(1, "T1059"), pattern(2, "T1078"), *relations)))
    assert (len(found.members), found.weights, found.title) == (1, {"T1059": 17, "T1078": 4}, "21 threats of i")


def test_a_report_without_relationships_is_a_threat(tmp_path: Path) -> None:
    refs = ["attack-pattern--1", "attack-pattern--2"]
    report = {"type": "report", "id": "report--1", "name": "May", "published": "2026-05-01", "object_refs": refs}
    found = threat(write(tmp_path / "r.json", bundle(pattern(1, "T1059"), pattern(2, "T1078"), report)))
    assert (found.title, found.weights) == ("May", {"T1059": 1, "T1078": 1})


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from paths(value[key], (*path, key))


def test_a_value_of_any_type_in_any_place_is_never_a_crash() -> None:
    flow = {"type": "attack-action", "id": "attack-action--1", "technique_id": "T1059"}
    report = {"type": "report", "id": "report--1", "name": "May", "object_refs": ["attack-pattern--1"]}
    documents: tuple[dict[str, Any], ...] = (
        {"type": "uses", "objects": []},
        {"threat": {"name": "a", "script": {"1": {"rtags": ["att&ck-technique:T1033"]}}}},
        {"schema": "attack_flow_v2", "objects": [{"id": "action", "properties": [["technique_id", "T1059"]]}]},
        bundle(flow, pattern(1, "T1059")),
        bundle(ACTORS[1], pattern(1, "T1059"), uses("campaign--1", 1), report),
        bundle({"type": "grouping", "extensions": {}}, uses("campaign--1", 1)),
    )
    values: tuple[Any, ...] = (None, 7, [[]], "x")
    for document in documents:
        for *outer, last in [*paths(document)][1:]:
            for value in values:
                changed = copy.deepcopy(document)
                inner = changed
                for key in outer:
                    inner = inner[key]
                inner[last] = value
                intelligence(Source("x.json", json.dumps(changed).encode()), Findings())


def test_actions_of_an_attack_flow_are_counted_and_malformed_ids_told(tmp_path: Path) -> None:
    ids = ["T1133", "T1610", "T1133", "1598.003"]
    actions = [{"type": "attack-action", "id": f"attack-action--{n}", "technique_id": i} for n, i in enumerate(ids)]
    flow = {"type": "attack-flow", "id": "attack-flow--1", "name": "Pods"}
    by_ref = {"type": "attack-action", "id": "attack-action--9", "technique_ref": "attack-pattern--1"}
    path = write(tmp_path / "flow.json", bundle(flow, *actions, by_ref, pattern(1, "T1059")))
    found = threat(path)
    assert (found.title, found.weights) == ("Pods", {"T1059": 1, "T1133": 2, "T1610": 1})
    assert 'left out: technique id "1598.003" is malformed' in notes(found)[0]
    builder = {
        "schema": "attack_flow_v2",
        "objects": [
            {"id": "flow", "properties": [["name", "Pods"]]},
            {"id": "action", "properties": [["name", "x"], ["technique_id", "T1133"], ["execution_end", None]]},
            {"id": "action", "properties": [["technique_id", None], ["ttp", [["technique", "T1610"]]]]},
        ],
    }
    found = threat(write(tmp_path / "flow.afb", builder))
    assert (found.title, found.weights) == ("Pods", {"T1133": 1, "T1610": 1})


SEEN = (
    "technique,last seen,count",
    "T1566.001,2026-09-02,4",
    "T1059.001,2026-06-04,8",
    "T1078,2026-03-06 12:00,8",
    "T1078,2026-09-02,1",
)
"""90 and 180 days before 2026-09-02."""


def faded(path: Path, half_life: float, as_of: str = "") -> ThreatModel:
    return threat_model([str(path)], NEWEST, reading=ReadOptions(half_life=half_life, as_of=as_of))


def test_weights_of_sightings_halve_in_their_half_life(tmp_path: Path) -> None:
    path = table(tmp_path / "seen.csv", *SEEN)
    assert threat(path).weights == {"T1059.001": 8, "T1078": 9, "T1566.001": 4}
    found = faded(path, 90)
    assert found.weights == {"T1059.001": 4, "T1078": 3, "T1566.001": 4}
    assert found.decay == "weights of sightings halve every 90 days before 2026-09-02"
    assert faded(path, 90, "2026-12-01").weights == {"T1059.001": 2, "T1078": 1.5, "T1566.001": 2}
    earlier = faded(path, 180, "2026-03-06")
    assert earlier.weights == {"T1078": 8}
    assert f"{path}:2:11: seen: left out 3 sightings after 2026-03-06" in notes(earlier)


def test_sightings_of_a_workbook_fade_alike(tmp_path: Path) -> None:
    path = tmp_path / "seen.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for number, line in enumerate(SEEN[:3]):
        sheet.write_row(number, 0, [int(cell) if cell.isdigit() else cell for cell in line.split(",")])
    book.close()
    assert faded(path, 90).weights == {"T1059.001": 4, "T1566.001": 4}


def test_groups_fade_by_their_date_and_without_one_count_in_full(groups: Path) -> None:
    found = faded(groups, 31, "2026-03-03")
    assert found.weights == {"T1059.001": 0.5, "T1078": 3.5, "T1110": 0.5}
    assert "groups#Blue Bear: 2 uses of a technique without a date: full weight" in notes(found)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ("technique,date", "T1059,3/4/2026"),
            'seen.csv:2:7: date "3/4/2026" is ambiguous; expected year-',
        ),
        (("technique,date", "T1059,2026-02-30", "T1078,2026-02-01", "T1110,2026-02-01"), "is not a date"),
        (("technique,count", "T1059,3"), "has no column of dates"),
    ],
)
def test_dates_that_cannot_be_read_are_errors(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lines: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "seen.csv", *lines)
    with pytest.raises(SystemExit):
        main(["gaps", "gcp", "--threat", "seen.csv", "--half-life", "90d"])
    assert message in capsys.readouterr().err


def test_a_date_far_ahead_is_reported_and_later_ones_alone_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "seen.csv", *SEEN[:3], "T1078,2126-09-02,1")
    first = f"{path}:4:7: 2126-09-02 is more than a year after all other dates, and weights halve before it"
    assert notes(faded(path, 90))[0].startswith(
        f"{first} (if it is a mistake, correct it, or use --as-of 2026-09-02)"
    )
    assert f"{path}:4:7: seen: left out 1 sighting after 2026-09-02" in notes(faded(path, 90, "2026-09-02"))
    with pytest.raises(NavlayersError, match="--as-of 2020-01-01: all sightings are later, from 2026-06-04 on"):
        faded(path, 90, "2020-01-01")


def test_sightings_of_days_to_come_are_counted_in_one_notice_with_a_place(tmp_path: Path) -> None:
    path = table(tmp_path / "seen.csv", *SEEN)
    reading = ReadOptions(half_life=90, today="2026-06-01")
    assert notes(threat_model([str(path)], NEWEST, reading=reading))[0] == (
        f"{path}:2:11: seen: 3 sightings after today, 2026-06-01, up to 2026-09-02; weights halve before "
        "2026-09-02 (correct the dates, or leave them out with --as-of 2026-06-01)"
    )
    reading = ReadOptions(half_life=90, today="2026-09-02")
    assert not [note for note in notes(threat_model([str(path)], NEWEST, reading=reading)) if "today" in note]


def test_outputs_state_how_weights_fade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "seen.csv", *SEEN)
    stated = "weights of sightings halve every 14 days before 2026-09-02"
    words = ["gcp", "--threat", "seen.csv", "--half-life", "2w"]
    main(["gaps", *words, "-o", "out", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert stated in result["summary"]
    assert result["threat"]["decay"] == stated
    for name in ("index.json", "gaps.md", "gap.json"):
        assert stated in (tmp_path / "out" / name).read_text()
    main(["plan", *words, "--budget", "1"])
    assert stated in capsys.readouterr().out
