"""What a threat is: words and files become techniques with weights."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import msgspec
import pytest
from attack_helpers import bundle, relation, technique, thing, write
from conftest import SHARED, row, set_of, write_set
from hypothesis import given
from hypothesis import strategies as st
from threat_helpers import NEWEST, notes, refused, table, threat, write_layer

from navlayers import attack
from navlayers.analysis.inputs import InputSet
from navlayers.analysis.threats import lookup
from navlayers.analysis.threats.resolve import threat_model, with_threat
from navlayers.api import releases
from navlayers.attack.stix import read_bundle
from navlayers.errors import InputError, ReleaseError, UsageError
from navlayers.mapping.find import Source
from navlayers.mapping.formats import encode
from navlayers.mapping.load import Prepared

GROUPS = {"APT29": "G0016", "FIN7": "G0046", "SolarWinds Compromise": "C0024"}


@lru_cache
def uses() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Id of a group, campaign or software → techniques and software that it uses, from MITRE's bundle alone."""
    path = SHARED / "attack" / "enterprise-attack-18.1.json"
    if not path.is_file():
        pytest.skip("the ATT&CK bundles are not at ../shared/attack")
    live = [
        one
        for one in json.loads(path.read_bytes())["objects"]
        if not (one.get("revoked") or one.get("x_mitre_deprecated"))
    ]
    ids = {
        one["id"]: reference["external_id"]
        for one in live
        for reference in one.get("external_references", ())
        if reference.get("source_name") == "mitre-attack"
    }
    found: dict[str, tuple[set[str], set[str]]] = {}
    for one in live:
        if one["type"] == "relationship" and one["relationship_type"] == "uses":
            source, target = ids.get(one["source_ref"]), ids.get(one["target_ref"])
            if source and target:
                found.setdefault(source, (set(), set()))[target.startswith("S")].add(target)
    return {id_: (frozenset(t), frozenset(s)) for id_, (t, s) in found.items()}


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_or_campaign_does_what_mitre_s_bundle_says(name: str) -> None:
    techniques, _ = uses()[GROUPS[name]]
    found = threat(name)
    assert found.weights == dict.fromkeys(sorted(techniques), 1)
    assert (found.title, found.total, found.counted) == (name, len(techniques), True)


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("value", ["all", "itself"])
def test_software_adds_what_it_does_and_each_technique_counts_once(name: str, value: str) -> None:
    own, software = uses()[GROUPS[name]]
    every = own.union(*(uses()[one][0] for one in software if one in uses()))
    found = threat(name, software_of=(name if value == "itself" else "ALL",))
    assert found.weights == dict.fromkeys(sorted(every), 1)
    (member,) = found.members
    assert set(member.through) == every - own
    assert found.title == f"{name} with its software"


def test_software_of_a_group_that_is_not_chosen_counts_by_itself() -> None:
    _, software = uses()["G0046"]
    every = frozenset().union(*(uses()[one][0] for one in software if one in uses()))
    found = threat(software_of=("FIN7",))
    assert set(found.weights) == every
    assert found.members[0].label == "software of FIN7 (G0046)"
    both = threat("APT29", software_of=("FIN7",))
    assert both.weights == {t: (t in every) + (t in uses()["G0016"][0]) for t in sorted(every | uses()["G0016"][0])}


def test_only_the_software_of_the_group_that_is_named_counts() -> None:
    found = threat("APT29", "FIN7", software_of=("APT29",))
    assert [bool(member.through) for member in found.members] == [True, False]
    assert found.title == "APT29 with its software and FIN7"


def test_weights_are_how_many_of_the_chosen_use_a_technique() -> None:
    chosen = ("APT29", "FIN7", "Cobalt Strike")
    sets = [uses()[id_][0] for id_ in ("G0016", "G0046", "S0154")]
    assert threat(*chosen).weights == {t: sum(t in one for one in sets) for t in sorted(frozenset().union(*sets))}


@pytest.mark.parametrize(
    "word", ["G0016", "g0016", "APT29", "apt29", " Cozy Bear ", "NOBELIUM", "Midnight Blizzard"]
)
def test_a_threat_is_found_by_id_name_and_alias_in_any_case(word: str) -> None:
    (member,) = threat(word).members
    assert (member.kind, member.id, member.name) == ("group", "G0016", "APT29")


@pytest.mark.parametrize("word", ["TA0006", "ta0006", "credential-access", "Credential Access"])
def test_a_tactic_is_found_by_id_short_name_and_name(word: str) -> None:
    found = threat(word)
    inside = [t.id for t in NEWEST.techniques.values() if t.active and "credential-access" in t.tactics]
    assert found.weights == dict.fromkeys(sorted(inside), 1)
    assert found.members[0].label == "Credential Access (TA0006)"


def test_the_same_threat_or_file_twice_counts_once_and_is_told(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "technique,weight", "T1059,5")
    assert threat(path, tmp_path / "." / "t.csv").weights == {"T1059": 5}
    assert notes(threat(path, path)) == [f"duplicate {path}: counted once"]
    assert notes(threat("APT29", "apt29", "Cozy Bear")) == [
        "duplicate apt29: counted once",
        "APT29 and Cozy Bear are the same threat (G0016): counted once",
    ]
    assert threat("APT29", "G0016").weights == threat("APT29").weights


def test_weights_that_are_added_are_told_with_how_high_they_go(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "technique,weight", "T1059,5")
    assert notes(threat("APT29", path)) == [
        "weights are summed without rescaling: 1 of each group, software, campaign and tactic, up to 5 of t "
        "(use one scale in all files)"
    ]
    several = len({*uses()["G0016"][0]} & {*uses()["G0046"][0]})
    assert notes(threat("APT29", "FIN7")) == [
        f"{several} techniques of several threats weigh once for each of them"
    ]


EXPECTED = f"expected {lookup.EXPECTED}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Cobalt Srike"], f'no threat "Cobalt Srike"; {EXPECTED} (did you mean Cobalt Strike (S0154)'),
        (["Sandworm"], f'no threat "Sandworm"; {EXPECTED} (did you mean Sandworm Team (G0034)'),
        (["nist"], "it matches 2 names: the set nist_800_53, the set nist_800_53-rev4"),
        (["credential-acces"], "did you mean credential-access (TA0006)"),
        (["APT 29"], "did you mean APT29 (G0016)"),
        (["Lazarus"], "did you mean Lazarus Group (G0032)"),
        (["Lazrus"], "did you mean Lazarus Group (G0032)"),
        ([""], f"the name of a threat is empty; {EXPECTED}"),
        ([], f"no threat is given; {EXPECTED} (name one with --threat, such as --threat APT29)"),
        (["missing.json"], "missing.json: no such file"),
        (
            ["Akira"],
            '"Akira" is the name of 2 threats; expected G1024 (group Akira) or S1129 (software Akira) (use the',
        ),
        (["TA0108"], '"TA0108" is in ATT&CK ICS, the sets are for ATT&CK Enterprise; expected a threat of ATT&CK'),
        (["veris-ics"], "veris-ics is for ATT&CK ICS, the sets are for ATT&CK Enterprise"),
        (
            ["G0017"],
            "DragonOK (G0017): uses no techniques in ATT&CK Enterprise 18.1 "
            "(--software-of adds what its software does)",
        ),
    ],
)
def test_words_that_mean_no_threat_are_errors_that_help(words: list[str], message: str) -> None:
    assert message in refused(*words)


def test_a_word_that_is_part_of_several_names_lists_them_and_how_to_give_several() -> None:
    assert refused("wizard").endswith(
        "(it matches 2 names: Wizard Spider (G0102), HermeticWizard (S0698); "
        'to choose several: --threat "Wizard Spider" --threat HermeticWizard)'
    )
    assert ", Helix Kitten (G0049) and 7 more; to choose several: " in refused("kitten")


def test_all_words_that_mean_nothing_are_told_at_once() -> None:
    assert len(refused("zzzzzz", "yyyyyy").splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "value", "message"),
    [
        (["APT29"], "gcp", '--software-of: "gcp" is a set, not a group or campaign'),
        (["APT29"], "Cobalt Strike", "--software-of: Cobalt Strike (S0154) is software;"),
        (["APT29"], "APT92", '--software-of: no group or campaign "APT92"'),
        (["kev"], "all", "--software-of needs a group or campaign"),
        ([], "all", "no threat is given"),
    ],
)
def test_software_of_what_is_no_group_is_an_error(words: list[str], value: str, message: str) -> None:
    assert message in refused(*words, software_of=(value,))


def test_an_empty_threat_is_an_error_and_an_empty_part_of_one_a_note(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "technique,weight", "T1059,0")
    none = f"{path}: t: none of its techniques has a weight and is active in ATT&CK Enterprise 18.1"
    assert refused(path) == none
    assert none in notes(threat(path, "APT29"))


def test_a_table_of_another_domain_is_an_error(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "technique,weight", "T0800,1")
    assert "t is for ATT&CK ICS, the sets are for ATT&CK Enterprise" in refused(path)


def test_techniques_that_are_not_active_are_left_out_and_told(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "technique,weight", "T1059,1", "T9999,2", "T1086,1")
    (member,) = threat(path).members
    assert [one.id for one in member.left_out] == ["T9999"]
    assert [(one.id, one.successor) for one in member.replaced] == [("T1086", "T1059.001")]


def test_a_folder_is_each_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    table(tmp_path / "in" / "a.csv", "technique,weight", "T1059,1")
    table(tmp_path / "in" / "b.csv", "technique,weight", "T1059,2")
    (tmp_path / "in" / "settings.json").write_text("{}", encoding="utf-8")
    found = threat(tmp_path / "in")
    assert found.weights == {"T1059": 3}
    assert any("settings.json:1:1: skipped" in note for note in notes(found))


def test_a_source_that_was_found_already_is_read_from_its_content() -> None:
    source = Source("stdin", Path("-"), data=b"technique,weight\nT1059,4\n")
    assert threat_model([source], NEWEST).weights == {"T1059": 4}


def together(attack_version: str = "16.1") -> InputSet:
    catalogue = attack.find("enterprise", attack_version).catalogue
    whole = set_of([row("a", "T1053.001")], attack_version=attack_version)
    return InputSet(catalogue, (Prepared("a", whole, attack_version, catalogue, (), ()),))


def test_groups_bring_the_inputs_to_the_newest_release() -> None:
    moved, found = with_threat(together(), ["APT29"])
    assert (moved.catalogue.version, found.attack_version) == ("19.1", "19.1")
    assert moved.inputs[0].set.mappings[0].technique == "T1053.002"


@pytest.mark.parametrize("own", ["16.1", "18.1", "19.1"])
def test_a_threat_is_the_same_whatever_release_the_sets_are_of(tmp_path: Path, own: str) -> None:
    path = table(tmp_path / "t.csv", "technique,weight", "T1059,1", "T1680,2")
    for word in (str(path), "TA0006", "csa_ccm", "kev", "APT29"):
        moved, found = with_threat(together(own), [word])
        assert (moved.catalogue.version, found.attack_version) == ("19.1", "19.1")
        assert found.weights == with_threat(together("19.1"), [word])[1].weights
    assert with_threat(together(own), [str(path)])[1].weights == {"T1059": 1, "T1680": 2}


def test_what_the_asked_release_lacks_is_told_with_its_weight(tmp_path: Path) -> None:
    lines = ["T1059,2", "T1680,2", "T1680,1", "T1681,2", "T1671,0"]
    path = table(tmp_path / "t.csv", "technique,weight", *lines)
    _, found = with_threat(together(), [str(path)], "16.1")
    assert (found.weights, found.lost, round(found.lost_share, 2)) == (
        {"T1059": 2},
        {"T1680": 3, "T1681": 2},
        71.43,
    )
    assert found.losses == "2 of 3 techniques, 71% of the weight, are not in ATT&CK 16.1 and left out"
    assert f"t: {found.losses}: T1671; T1680; T1681" in notes(found)


def test_what_sets_and_layers_lose_is_weighed_as_what_they_keep(tmp_path: Path) -> None:
    scored = write_set(
        tmp_path / "s.json",
        [
            ("a", "T1680", "protect", "partial"),
            ("b", "T1680", "detect", "minimal"),
            ("a", "T1078", "protect", "minimal"),
        ],
    )
    _, found = with_threat(together(), [str(scored)], "16.1")
    assert (found.weights, found.lost) == ({"T1078": 10}, {"T1680": 50})
    bare = write_set(
        tmp_path / "u.json", [("a", "T1680", None, None), ("b", "T1680", None, None), ("a", "T1078", None, None)]
    )
    assert with_threat(together(), [str(bare)], "16.1")[1].lost == {"T1680": 2}
    entries = [{"techniqueID": "T1680", "score": 7}, {"techniqueID": "T1059", "score": 1}]
    layer = write_layer(tmp_path / "l.json", techniques=entries)
    assert with_threat(together(), [str(layer)], "16.1")[1].lost == {"T1680": 7}


def test_what_was_carried_is_told(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "technique,weight", "T1086,1")
    assert notes(threat(path)) == [
        "t: remapped to ATT&CK 18.1: T1086 PowerShell → T1059.001 PowerShell",
    ]


def test_a_release_without_groups_is_an_error_that_says_how_to_add_them() -> None:
    with pytest.raises(ReleaseError) as caught:
        with_threat(together("17.1"), ["APT29"], "17.1")
    assert str(caught.value) == (
        "the groups, software and campaigns of ATT&CK enterprise 17.1 are not installed; expected one of 18.1 "
        "(add them with: navlayers attack add 17.1)"
    )


def test_an_added_release_with_groups_is_taken_and_one_without_has_those_of_the_release_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path / "data"))
    group = thing("intrusion-set", "G9999", "New Group")
    using = relation("uses", "intrusion-set--G9999", "attack-pattern--T1001")
    releases.add(read_bundle(write(tmp_path, bundle(group, using)), version="19.0"))
    assert with_threat(together(), ["New Group"])[1].weights == {"T1001": 1}
    releases.add(read_bundle(write(tmp_path, bundle()), version="20.0"))
    _, found = with_threat(together("20.0"), ["New Group"])
    assert (found.attack_version, found.weights) == ("20.0", {"T1001": 1})
    expected = "20.0 has no groups, software or campaigns installed; using those of 19.0"
    assert any(expected in n for n in notes(found))
    with pytest.raises(InputError, match=r'ATT&CK Enterprise 20\.0 has no group, software or campaign "APT29"'):
        with_threat(together(), ["APT29"])
    with pytest.raises(ReleaseError, match=r"groups, software and campaigns of ATT&CK enterprise 16\.1 are not"):
        with_threat(together(), ["APT29"], "16.1")


def test_a_layer_of_a_release_that_is_not_installed_is_carried_to_the_newest(tmp_path: Path) -> None:
    versions = {"attack": "25", "navigator": "5.1.0", "layer": "4.5"}
    path = write_layer(tmp_path / "l.json", versions=versions)
    assert with_threat(together(), [str(path)])[1].attack_version == "19.1"
    assert with_threat(together(), [str(path)], "16.1")[1].weights


def test_techniques_without_a_successor_are_named_and_weigh_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Release 20.0 no longer has the second technique of the group of 19.2.
    monkeypatch.setenv("NAVLAYERS_DATA_DIR", str(tmp_path / "data"))
    group = thing("intrusion-set", "G9999", "New Group")
    uses = [relation("uses", "intrusion-set--G9999", f"attack-pattern--{id_}") for id_ in ("T1001", "T1002")]
    more = technique("T1002", "execution")
    releases.add(read_bundle(write(tmp_path, bundle(group, more, *uses)), version="19.2"))
    releases.add(read_bundle(write(tmp_path, bundle()), version="20.0"))
    _, found = with_threat(together("20.0"), ["New Group"])
    assert (found.weights, found.lost) == ({"T1001": 1}, {"T1002": 1})
    assert found.losses == "1 of 2 techniques, 50% of the weight, is not active in ATT&CK 20.0 and left out"
    assert any("without a successor and left out: T1002 Name of T1002" in note for note in notes(found))


def test_a_set_that_navlayers_wrote_as_a_table_is_a_set(tmp_path: Path) -> None:
    whole = set_of([row("a", "T1078", "protect", "partial"), row("b", "T1078", "detect", "minimal")])
    (tmp_path / "s.csv").write_bytes(encode(whole, "csv").data)
    (tmp_path / "s.xlsx").write_bytes(encode(whole, "xlsx").data)
    assert threat(tmp_path / "s.csv").weights == threat(tmp_path / "s.xlsx").weights == {"T1078": 50}


IDS = ("T1059", "T1078", "T1110", "T1003.001")
ROWS = st.lists(st.tuples(st.sampled_from(IDS), st.integers(0, 1000)), min_size=1, max_size=12)


@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_does_not_show_and_weights_add_up(
    rows: list[tuple[str, int]], data: st.DataObject
) -> None:
    def weights(of: list[tuple[str, int]]) -> dict[str, float]:
        text = "technique,weight\n" + "".join(f"{t},{w / 4}\n" for t, w in of)
        try:
            return threat_model([Source("t", Path("-"), data=text.encode())], NEWEST).weights
        except InputError:
            return {}

    found = weights(rows)
    assert msgspec.json.encode(found) == msgspec.json.encode(weights(data.draw(st.permutations(rows))))
    sums = {t: sum(w for other, w in rows if other == t) / 4 for t, _ in rows}
    assert found == {t: sums[t] for t in sorted(sums) if sums[t]}


def test_the_wrong_domain_is_a_matter_of_usage() -> None:
    with pytest.raises(UsageError):
        threat("veris-ics")
