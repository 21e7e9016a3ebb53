from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import row, set_of
from hypothesis import given
from hypothesis import strategies as st

import navlayers.mapping.formats.native.write as native
from navlayers import InputError, attack
from navlayers.layer.build import layers_of
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.mapping import formats as readers
from navlayers.mapping.formats import Findings, ReadOptions
from navlayers.mapping.model import Capability, MappingSet, canonical
from navlayers.scoring.scores import score_set

if TYPE_CHECKING:
    from conftest import Run

ROOT = Path(__file__).parent.parent
HEAD: dict[str, Any] = {
    "name": "My layer",
    "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
    "domain": "enterprise-attack",
}


def layer(*techniques: object, **fields: object) -> bytes:
    return json.dumps({**HEAD, **fields, "techniques": techniques}).encode()


def reading(data: bytes | str, **metadata: str) -> readers.Reading:
    data = data.encode() if isinstance(data, str) else data
    return readers.read("l.json", data=data, reading=ReadOptions(format="layer", metadata=metadata))


def problems(data: bytes | str, **metadata: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        reading(data, **metadata)
    return [str(problem) for problem in raised.value.problems]


def notes(found: readers.Reading, code: str) -> list[str]:
    return [str(notice) for notice in found.notices if notice.code == code]


def test_a_layer_is_one_capability_and_its_scores_are_kept() -> None:
    found = reading(
        layer({"techniqueID": "T1078", "score": 62.5, "comment": "Why."}, {"techniqueID": "T1110.001", "score": 0})
    )
    mapping_set = found.mapping_set
    assert (mapping_set.framework, mapping_set.title, mapping_set.attack_version) == ("my-layer", "My layer", "16")
    assert mapping_set.capabilities == (Capability("my-layer", "My layer"),)
    assert [(m.capability, m.technique, m.value, m.comment, m.other) for m in mapping_set.mappings] == [
        ("my-layer", "T1078", "62.5", "Why.", ()),
        ("my-layer", "T1110.001", "0", "", ()),
    ]
    assert found.format == "layer"


def test_format_3_0_has_other_domain_names_and_no_att_ck_version() -> None:
    entries = '[{"techniqueID": "T1156", "score": 1}]'
    text = f'{{"name": "Old", "version": "3.0", "domain": "mitre-mobile", "techniques": {entries}}}'
    found = reading(text)
    newest = attack.find("mobile", "latest").release.version
    assert (found.mapping_set.domain, found.mapping_set.attack_version) == ("mobile", newest)
    assert f"attack version {newest}" in notes(found, "assumed-metadata")[0]
    assert [m.technique for m in found.mapping_set.mappings] == ["T1156"]
    assert reading(text, attack_version="8").mapping_set.attack_version == "8"


def test_the_att_ck_version_in_the_metadata_counts_where_there_is_no_other() -> None:
    metadata = [{"name": "ATT&CK version", "value": "enterprise 16.1"}]
    for versions, version in (({"layer": "4.5"}, "16.1"), ({"attack": "16"}, "16.1"), ({"attack": "15"}, "15")):
        found = reading(layer({"techniqueID": "T1078", "score": 1}, versions=versions, metadata=metadata))
        assert found.mapping_set.attack_version == version


@pytest.mark.parametrize("version", ["4.0", "4.1", "4.2", "4.3", "4.4", "4.5"])
def test_every_format_from_4_0_is_known(version: str) -> None:
    data = layer({"techniqueID": "T1078", "score": 1}, versions={"attack": "16", "layer": version})
    assert notes(reading(data), "wrong-shape") == []


def test_tactics_colours_metadata_and_links_are_kept() -> None:
    page = "https://attack.mitre.org/techniques/T1078/"
    entry = {
        "techniqueID": "T1078",
        "color": "#fd8d3c",
        "metadata": [{"name": "a", "value": "b"}, {"divider": True}],
        "links": [{"label": "L", "url": "https://a.org"}, {"label": "its page", "url": page}, {"divider": True}],
    }
    found = reading(layer({**entry, "tactic": "persistence"}, {**entry, "tactic": "initial-access"}))
    (mapping,) = found.mapping_set.mappings
    assert mapping.references == ("https://a.org",)
    assert mapping.value is None
    assert dict(mapping.other) == {
        "tactic": "persistence, initial-access",
        "color": "#fd8d3c",
        "metadata": '[{"name":"a","value":"b"},{"divider":true}]',
        "link labels": '["L",{"divider":true}]',
    }


def test_entries_of_a_technique_with_other_scores_per_tactic_are_separate_mappings() -> None:
    data = layer(
        {"techniqueID": "T1078", "tactic": "persistence", "score": 20},
        {"techniqueID": "T1078", "tactic": "initial-access", "score": 70},
    )
    mapping_set = reading(data).mapping_set
    assert [(m.value, m.other) for m in mapping_set.mappings] == [
        ("20", (("tactic", "persistence"),)),
        ("70", (("tactic", "initial-access"),)),
    ]
    scored = score_set(mapping_set, attack.find("enterprise", "16.1").catalogue)
    assert scored.scores["T1078"].overall == 70


def test_an_entry_under_a_tactic_that_its_technique_lacks_is_left_out_as_in_the_navigator() -> None:
    found = reading(
        layer(
            {"techniqueID": "T1110", "tactic": "impact", "score": 90},
            {"techniqueID": "T1110", "tactic": "Credential Access", "score": 40},
            {"techniqueID": "T1059", "tactic": "nonsense", "score": 50, "enabled": False},
            {"techniqueID": "T9999", "tactic": "impact", "score": 60},
        )
    )
    assert [(m.technique, m.value) for m in found.mapping_set.mappings] == [("T1110", "40"), ("T9999", "60")]
    assert found.mapping_set.non_mappable == ()
    left = "in ATT&CK 16.1; the entry is left out (the Navigator does not show it:"
    assert [note.partition(": ")[2] for note in notes(found, "wrong-tactic")] == [
        f"T1110 is not under impact {left} T1110 is under credential-access)",
        'the tactic "Credential Access" of an entry is read as credential-access '
        "(the Navigator knows short names only)",
        f"T1059 is not under nonsense {left} T1059 is under execution)",
    ]


def test_a_tactic_that_a_later_release_renamed_is_right_in_its_own(run: Run, tmp_path: Path) -> None:
    entries = [{"techniqueID": "T1036", "tactic": "defense-evasion", "score": 40}]
    data = layer(*entries, versions={"attack": "18", "layer": "4.5"})
    assert notes(reading(data), "wrong-tactic") == []
    (tmp_path / "a.json").write_bytes(data)
    shown = run("show", "T1036", "--set", tmp_path / "a.json", "--attack", "19.1")
    assert (shown.code, "wrong-tactic" in shown.err, "not under" in shown.err) == (0, False, False)
    assert "1 of 1 sets map it" in shown.out or "40" in shown.out
    without = json.dumps({**HEAD, "versions": {"layer": "4.5"}, "techniques": entries})
    assert reading(without).mapping_set.attack_version == "18.1", "the newest release with this tactic"
    assert notes(reading(layer(*entries, versions={"attack": "14", "layer": "4.5"})), "wrong-tactic") == []


def test_a_disabled_entry_never_scores_and_keeps_its_score() -> None:
    found = reading(layer({"techniqueID": "T1078", "score": 80, "enabled": False, "comment": "Off."}))
    (record,) = found.mapping_set.non_mappable
    assert found.mapping_set.mappings == ()
    assert (record.technique, record.comment) == ("T1078", "Off.")
    assert record.other == (("enabled", "false"), ("score", "80"))


def test_empty_entries_are_counted_and_skipped() -> None:
    data = layer(
        {"techniqueID": "T1078", "score": 1},
        {"techniqueID": "T1059", "showSubtechniques": True},
        {
            "techniqueID": "T1110",
            "tactic": "credential-access",
            "color": "",
            "comment": "",
            "enabled": True,
            "score": None,
        },
    )
    found = reading(data)
    assert [m.technique for m in found.mapping_set.mappings] == ["T1078"]
    (told,) = notes(found, "not-carried")
    assert told.startswith("l.json:1:174: skipped 2 entries without a score")


def test_scores_stay_as_written_on_the_range_of_the_gradient() -> None:
    data = layer(
        {"techniqueID": "T1078", "score": 170},
        {"techniqueID": "T1110", "score": 34},
        {"techniqueID": "T1059", "score": 1000},
        gradient={"colors": ["#ffffff", "#000000"], "minValue": 0, "maxValue": 170},
    )
    found = reading(data)
    assert found.mapping_set.range == (0, 170)
    assert [(m.value, m.other) for m in found.mapping_set.mappings] == [("170", ()), ("34", ()), ("1000", ())]
    (told,) = notes(found, "other-scale")
    assert '1 score of "My layer" is outside its range 0–170: 1000 (scores stay as written;' in told


def test_a_gradient_without_a_span_begins_at_0() -> None:
    """The Navigator writes one where all scores of a merge are equal."""
    data = layer({"techniqueID": "T1078", "score": 5}, gradient={"colors": [], "minValue": 5, "maxValue": 5})
    assert reading(data).mapping_set.range == (0, 5)


def test_a_list_has_a_capability_per_layer_with_ids_of_their_own() -> None:
    one, two = (
        layer({"techniqueID": "T1078", "score": 1}),
        layer({"techniqueID": "T1078", "score": 2}, name="Other"),
    )
    found = reading(b"[" + b",\n".join((one, one, two)) + b"]")
    assert [c.id for c in found.mapping_set.capabilities] == ["my-layer", "my-layer-2", "other"]
    assert [(m.capability, m.value) for m in found.mapping_set.mappings] == [
        ("my-layer", "1"),
        ("my-layer-2", "1"),
        ("other", "2"),
    ]
    assert str(found.place(2, field="value")).startswith("l.json:3:")
    assert str(found.place(2, "capability")) == "l.json:3:10"


def test_layers_of_different_domains_or_versions_are_refused() -> None:
    one = layer({"techniqueID": "T1078", "score": 1})
    two = layer({"techniqueID": "T1078", "score": 1}, domain="ics-attack", versions={"attack": "17"})
    both = b"[" + one + b",\n" + two + b"]"
    assert [text.partition(";")[0] for text in problems(both)] == [
        "l.json:2:45: this layer has ATT&CK version 17, the one in line 1 has 16",
        "l.json:2:62: this layer has domain ics, the one in line 1 has enterprise",
    ]
    said = reading(both, domain="enterprise", attack_version="16.1").mapping_set
    assert (said.domain, said.attack_version) == ("enterprise", "16.1")


def test_the_navigator_takes_16_and_v16_1_for_the_same_release_and_so_does_the_reader() -> None:
    one = layer({"techniqueID": "T1078", "score": 1})
    two = layer({"techniqueID": "T1078", "score": 1}, versions={"attack": "v16.1"})
    assert reading(b"[" + one + b"," + two + b"]").mapping_set.attack_version == "16"


def test_the_last_of_duplicate_entries_counts_as_in_the_navigator() -> None:
    found = reading(layer({"techniqueID": "T1078", "score": 1}, {"techniqueID": "T1078", "score": 2}))
    assert [m.value for m in found.mapping_set.mappings] == ["2"]
    (told,) = notes(found, "not-carried")
    assert "duplicate entry for T1078, first in line 1, column 136 (the last entry counts" in told


WRONG = """\
{"name": "x", "domain": "enterprize", "versions": "4",
"gradient": [],
"techniques": [
{"techniqueID": "T1078", "score": "50"},
{"techniqueID": "T107", "score": true},
{"techniqueId": "T1078"},
5,
{"techniqueID": "T1078", "metadata": {"a": "b"}, "links": ["x"], "enabled": "false", "comment": 3},
{"techniqueID": "T1079", "score": 1, "score": 2},
{"techniqueID": "T1080", "score": 1e400},
{"techniqueID": "T1081", "links": [{"url": 4}]},
{"techniqueID": 1078}
]}"""


def test_all_errors_are_reported_together_with_their_places() -> None:
    assert [text.partition(";")[0] for text in problems(WRONG)] == [
        'l.json:1:25: unknown ATT&CK domain "enterprize"',
        'l.json:1:51: versions is the text "4"',
        "l.json:2:13: gradient is a list",
        'l.json:4:35: score is the text "50"',
        'l.json:5:17: technique id "T107" is malformed',
        "l.json:5:34: score is true or false",
        'l.json:6:1: this entry has no "techniqueID"',
        "l.json:7:1: this entry is a number",
        "l.json:8:38: metadata is an object",
        'l.json:8:60: links[0] is the text "x"',
        "l.json:8:97: comment is a number",
        'l.json:9:38: duplicate key "score", first in line 9, column 26',
        "l.json:10:35: score is too large a number",
        "l.json:11:44: a url is not text",
        "l.json:12:17: techniqueID is a number",
    ]
    assert "write 50 without quotes" in problems(WRONG)[3]
    assert "did you mean techniqueID?" in problems(WRONG)[6]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"techniques": [{"techniqueID": "T1078", "score": NaN}]}', "l.json:1:51: this is not JSON"),
        ('{"techniques": [], // why\n"name": "x"}', "JSON has no comments: remove it"),
        ('{"techniques": [', "ends too early"),
        ('{"name": "x", "domain": "enterprise-attack"}', 'there is no "techniques"'),
        ('{"generator": "navlayers"}', "the index that navlayers writes"),
        ("[]", "the list of layers is empty"),
        (
            "[" + ",".join(['{"techniques":[]}'] * 20_001) + "]",
            "l.json:1:360002: the list has 20,001 layers; expected at most 20,000 (split it into several files)",
        ),
        ('[{"techniques": []}, 5]', "l.json:1:22: an item of the list is not a layer"),
        ('"x"', "neither a layer nor a list"),
        ('{"techniques": 5}', "techniques is a number"),
    ],
)
def test_other_json_is_refused_with_one_message(text: str, told: str) -> None:
    (problem,) = problems(text)
    assert told in problem


def test_a_layer_without_entries_is_an_empty_set() -> None:
    found = reading(layer())
    assert found.mapping_set.mappings == ()
    assert "the set has no mappings" in notes(found, "empty-set")[0]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["techniqueID", "tactic", "score", "color", "comment", "enabled", "metadata", "links", "x"]
            ),
            st.sampled_from(
                ["T1078", "T1", "", None, 5, -1, True, [], {}, ["a"], [{"name": 1}], [{"url": "u"}], 1e300]
            ),
        ),
        max_size=4,
    ),
    st.dictionaries(
        st.sampled_from(["name", "domain", "versions", "version", "gradient", "metadata", "layout"]),
        st.sampled_from(
            ["mitre-ics", "3.0", None, 5, [], {}, {"attack": 1}, {"minValue": "a"}, [{"name": "framework"}]]
        ),
    ),
)
def test_odd_layers_are_read_or_refused_and_never_crash(entries: list[Any], fields: dict[str, Any]) -> None:
    data = json.dumps({**fields, "techniques": entries}).encode()
    options = ReadOptions(format="layer")
    lenient = Findings(lenient=True)
    partial = readers.read("l.json", data=data, reading=options, findings=lenient).mapping_set
    if lenient.failed:
        with pytest.raises(InputError) as raised:
            readers.read("l.json", data=data, reading=options)
        assert raised.value.problems == lenient.errors()
    else:
        whole = readers.read("l.json", data=data, reading=options).mapping_set
        assert whole == partial
        assert readers.read("l.yaml", data=native.encode(whole).data).mapping_set == canonical(whole)


def _overview(mapping_set: MappingSet) -> Any:
    catalogue = attack.find(mapping_set.domain, mapping_set.attack_version).catalogue
    scored = score_set(mapping_set, catalogue)
    (built,) = layers_of(scored, ["overview"])
    return scored, built.layer


@pytest.mark.parametrize("name", ["gcp", "aws", "azure", "m365", "intel-vpro"])
def test_an_overview_gives_back_the_scores_and_the_colours_of_its_set(name: str) -> None:
    scored, first = _overview(readers.read(ROOT / "mappings" / f"{name}.yaml").mapping_set)
    back = reading(encode_layer(first)).mapping_set
    original = scored.set
    assert (back.framework, back.version, back.title) == (original.framework, original.version, original.title)
    assert (back.source, back.licence, back.attack_version) == (
        original.source,
        original.licence,
        original.attack_version,
    )
    rescored, second = _overview(back)
    assert {t: s.overall for t, s in rescored.scores.items()} == {t: s.overall for t, s in scored.scores.items()}
    colours = [
        {t.techniqueID: shown.gradient.color(t.score) for t in shown.techniques} for shown in (first, second)
    ]
    assert colours[0] == colours[1]


def test_a_score_that_the_navigator_cannot_show_comes_back_exactly() -> None:
    _, first = _overview(set_of([row("a", "T1078", "protect", "99.7")]))
    assert first.techniques[0].score != 99.7
    assert [m.value for m in reading(encode_layer(first)).mapping_set.mappings] == ["99.7"]


def test_a_list_that_navlayers_wrote_is_read_as_one_set() -> None:
    mapping_set = set_of([row("a", "T1078", "protect", "partial"), row("b", "T1110", "detect", "minimal")])
    scored = score_set(mapping_set, attack.find("enterprise", "16.1").catalogue)
    layers = [encode_layer(built.layer) for built in layers_of(scored, ["overview", "categories"])]
    back = reading(encode_layers(layers)).mapping_set
    assert len(back.capabilities) == len(layers) == 3
    assert {(m.technique, m.value) for m in back.mappings} == {("T1078", "50"), ("T1110", "10")}


def test_stats_and_build_take_a_layer_and_skip_the_index(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "layers"
    assert run("build", "kev-mobile", "-o", folder, "--only", "overview").code == 0
    assert run("stats", folder / "kev-mobile" / "overview.json", "-q").code == 0
    built = run("build", folder / "kev-mobile", "-o", tmp_path / "again", "--only", "overview")
    assert built.code == 0
    assert "skipped" in built.err
    assert "index.json" in built.err
    first = json.loads((folder / "kev-mobile" / "overview.json").read_bytes())
    again = json.loads((tmp_path / "again" / "overview" / "overview.json").read_bytes())
    scores = [{t["techniqueID"]: t["score"] for t in shown["techniques"]} for shown in (first, again)]
    assert scores[0] == scores[1]


@pytest.mark.cpu(5)
def test_a_hundred_thousand_entries_take_seconds_at_most() -> None:
    rows = [
        {"techniqueID": f"T{2000 + n % 8000}.{n // 8000:03d}", "tactic": "execution", "score": n % 101}
        for n in range(100_000)
    ]
    data = layer(*rows)
    assert len(reading(data).mapping_set.mappings) == 100_000


@pytest.mark.cpu(5)
def test_very_many_duplicate_entries_are_reported_once(tmp_path: Path) -> None:
    entries = [{"techniqueID": ("T1078", "T1110")[number % 2], "score": 1} for number in range(20_000)]
    versions = {"attack": "16", "layer": "4.5"}
    layer = {"name": "Many", "domain": "enterprise-attack", "versions": versions, "techniques": entries}
    path = tmp_path / "many.json"
    path.write_text(json.dumps(layer), encoding="utf-8")
    reading = readers.read(path)
    assert len(reading.mapping_set.mappings) == 2
    told = [notice.message for notice in reading.notices if "duplicate" in notice.message]
    assert (len(told), told[-1]) == (101, "19,898 more duplicate entries")


def test_a_field_is_suggested_for_the_first_200_unknown_ones() -> None:
    """Each is compared with all fields of an entry, and an entry of a megabyte has 90,000."""
    found = reading(layer({"techniqueID": "T1078", "score": 1, **{f"comment{n}": "" for n in range(201)}}))
    unknown = notes(found, "unknown-field")
    hints = "did you mean comment? it is kept as plain text", "it is kept as plain text"
    for number, hint in zip((199, 200), hints, strict=True):
        assert unknown[number].endswith(f'unknown field "comment{number}" in an entry ({hint})')
    wrong = problems(layer(*({"techniqeID": f"T{n}"} for n in range(201))))
    assert [problem.endswith("did you mean techniqueID?)") for problem in (wrong[199], wrong[200])] == [True, False]
