"""What a site counts is what reports count, on every page alike; what cannot be counted is named or refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec
import pytest
from conftest import contents, release, row, sample_sets, set_of
from site_pages import alone, assert_sound, ics, pages_of, prepared, site_of, whole_site_of

from navlayers._text.numbers import percent
from navlayers.analysis.inputs import load_inputs
from navlayers.errors import InputError
from navlayers.mapping.find import resolve
from navlayers.pages.report.input import report_input
from navlayers.pages.show.set_index import IndexedSet
from navlayers.scoring.options import ScoreOptions
from navlayers.scoring.stats import set_stats
from navlayers.website import Site, SiteOptions, write_site
from navlayers.website.sets import Share

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

    from navlayers.attack import Catalogue
    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import MappingSet

LAYER = {
    "name": "Counts",
    "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
    "domain": "enterprise-attack",
    "techniques": [{"techniqueID": "T1078", "score": 25}],
}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return ics(tmp_path / "in" / "tiny.json")


def layer_at(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(LAYER), encoding="utf-8")
    return path


def test_a_layer_is_refused(run: Run, out: Path, tmp_path: Path, tiny: Path) -> None:
    layer = layer_at(tmp_path / "layer.json")
    for named in ([layer], [tiny, layer]):
        result = run("site", *named, "-o", out)
        assert result.code == 2
        assert f"{layer}: a layer has scores but no mappings" in result.err
        assert "name the mapping sets that the layer was built from" in result.err
        assert not out.exists()


def test_layers_in_a_folder_are_skipped(run: Run, out: Path, tmp_path: Path) -> None:
    layer = layer_at(tmp_path / "ours" / "layer.json")
    ics(tmp_path / "ours" / "set.json")
    result = run("site", tmp_path / "ours", "-o", out)
    assert result.code == 0, result.err
    assert f"{layer}: skipped: a layer, not a mapping set" in result.err
    assert [path.name for path in (out / "sets").iterdir()] == ["set"]


def test_a_folder_that_contains_only_layers_is_refused(run: Run, out: Path, tmp_path: Path) -> None:
    layer_at(tmp_path / "ours" / "layer.json")
    result = run("site", tmp_path / "ours", "-o", out)
    assert result.code == 2
    assert "no mapping set among these files" in result.err
    assert not out.exists()


def test_the_library_refuses_layers_too(tmp_path: Path) -> None:
    read = prepared(layer_at(tmp_path / "layer.json"))
    with pytest.raises(InputError, match="a layer has scores but no mappings"):
        Site(read)


@pytest.mark.parametrize("name", ["x.html", "x.htm", "x.zip", "X.PDF", "x.tar.gz"])
def test_a_file_name_is_refused_as_the_output_folder(run: Run, tiny: Path, name: str) -> None:
    result = run("site", tiny, "-o", name)
    assert result.code == 2
    assert "site writes a folder" in result.err
    assert "such as -o site" in result.err


def test_an_existing_folder_with_the_ending_of_a_file_is_accepted(run: Run, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "our.html").mkdir()
    assert run("site", tiny, "-o", tmp_path / "our.html").code == 0
    assert run("site", tiny, "-o", tmp_path / "v1.2").code == 0


@pytest.fixture(scope="module")
def everything() -> Site:
    return Site(prepared(*(source.name for source in sample_sets())))


def test_every_set_has_the_coverage_of_its_report(everything: Site) -> None:
    for source, site_set in zip(sample_sets(), everything.sets, strict=True):
        total = report_input(load_inputs(resolve([source.name]))).comparison.totals[0]
        assert site_set.covered == Share(total.techniques, total.subtechniques, total.total), source.name
        assert float(site_set.covered.percent) == percent(total.covered, total.total), source.name


@pytest.mark.parametrize(("name", "subtechniques"), [("azure", 270), ("nist_800_53", 327)])
def test_mappings_of_revoked_techniques_count_for_the_successor(
    everything: Site, name: str, subtechniques: int
) -> None:
    (site_set,) = (site_set for site_set in everything.sets if site_set.name == name)
    assert site_set.covered.subtechniques == subtechniques
    assert {moved.id for moved in site_set.indexed.prepared.replaced} | {
        left.id for left in site_set.indexed.scored.left_out
    }


def test_mappings_of_a_capability_to_revoked_techniques_count_for_the_successor() -> None:
    page = site_of(*prepared("aws")).text("sets/aws/capabilities/amazon_inspector.html")
    assert "29 sub-techniques" in page


def test_the_flow_follows_parents_to_the_sub_techniques_that_they_are_rolled_up_from() -> None:
    subs = {
        "a": [f"T1110.00{n}" for n in range(1, 5)],
        "b": ["T1134.001", "T1134.002"],
        "c": ["T1566.001", "T1566.002"],
    }
    rows = [
        row(capability, technique, "protect", "partial") for capability, own in subs.items() for technique in own
    ]
    site = site_of(alone(set_of(rows)), options=SiteOptions(scoring=ScoreOptions(rollup="max")))
    # The four sub-techniques of a and their parent T1110.
    assert "Name of a → Credential Access: 5 techniques and sub-techniques" in site.html("sets/tiny/index.html")


def test_pages_layers_and_index_of_a_set_agree() -> None:
    rows = [row("a", "T1053.001", "protect", "partial"), row("a", "T1078", "protect", "partial")]
    rows += [row("b", "T1053.002", "protect", "minimal"), row("b", "T1034", "detect", "minimal")]
    site = whole_site_of(alone(set_of(rows)))
    assert_sound(site)
    text = site.text("sets/tiny/index.html")
    active = sum(t.active for t in release(set_of(rows)).techniques.values())
    assert "1 technique and 1 sub-technique" in text
    assert f"0.3% of the matrix: 2 of {active} techniques and sub-techniques" in text
    assert "T1053.001 At (Linux) → T1053.002 At" in text
    assert "1 id left out" in text
    (start,) = re.findall(r"Tiny 1 .*? mappings", site.text("index.html"))
    assert start == (
        "Tiny 1 Control, ATT&CK Enterprise 16.1 0.3% covered: 1 technique, 1 sub-technique "
        "Nothing covered in 9 tactics: Credential Access (0 of 67), Resource Development (0 of 47), +7 more "
        "2 capabilities, 4 mappings"
    )
    layer = json.loads(site.files["sets/tiny/layers/overview.json"])
    assert sorted(entry["techniqueID"] for entry in layer["techniques"]) == ["T1053.002", "T1078"]
    assert set(site.matrix("sets/tiny/index.html")) == {"T1053.002", "T1078"}
    index = json.loads(site.files["index.json"])["sets"][0]
    assert (index["techniques"], index["subtechniques"]) == (1, 1)
    assert [moved["id"] for moved in index["replaced"]] == ["T1053.001"]
    assert [left["id"] for left in index["left_out"]] == ["T1034"]
    assert b"T1053.001" in site.files["sets/tiny/downloads/tiny.csv"], "as the set's file has it"


def test_shares_are_rounded_once() -> None:
    made = set_of([row("a", "T1078", "protect", "partial")])
    one = alone(made)
    some = dict(list(one.catalogue.techniques.items())[:0])
    active = [t for t in one.catalogue.techniques.values() if t.active and t.id != "T1078"][:655]
    some |= {t.id: t for t in (one.catalogue.techniques["T1078"], *active)}
    catalogue = msgspec.structs.replace(one.catalogue, techniques=some)
    site = site_of(msgspec.structs.replace(one, catalogue=catalogue))
    for path in ("sets/tiny/index.html", "sets/tiny/capabilities/a.html", "index.html"):
        assert "0.2%" in site.text(path), path
    assert "1 technique, 0.2% of the matrix" in site.text("sets/tiny/capabilities/a.html")


def test_nouns_agree_with_a_count_of_one() -> None:
    made = set_of([row("a", "T1078", "protect", "partial")], groups={"a": ("g",)})
    site = site_of(alone(made))
    for path in site.pages:
        assert not re.search(
            r"(?<![\d,.])1 (capabilities|techniques|mappings|sub-techniques|sets|ids)\b", site.text(path)
        )


def _older() -> Prepared:
    """A set of an old release: ids that 16.1 has, revoked for another one, deprecated."""
    rows = [row("a", t, "protect", "partial") for t in ("T1078", "T1574.002", "T1574.001", "T1153")]
    return alone(set_of(rows, attack_version="15.1"), "older")


def test_the_matrix_of_a_domain_has_older_sets_at_its_release() -> None:
    newer = alone(set_of([row("a", "T1078", "protect", "partial")], attack_version="18.1"), "newer")
    older = _older()
    site = site_of(older, newer)
    assert_sound(site)
    matrix = site.matrix("attack/enterprise.html")
    assert {technique: score for technique, (score, _) in matrix.items()} == {"T1078": 2, "T1574.001": 1}
    text = site.text("attack/enterprise.html")
    assert "remapped to ATT&CK Enterprise 18.1" in text
    (said,) = re.findall(r"Tiny \(older\) control 15\.1 .*", text)
    assert said.startswith("Tiny (older) control 15.1 1 1 0.3% 1: T1574.002 → T1574.001 1: T1153")


def test_the_legend_of_a_domain_ends_at_the_highest_count() -> None:
    gone = [alone(set_of([row("a", "T1153")], attack_version="15.1"), f"s{n}") for n in range(3)]
    site = site_of(*gone, alone(set_of([row("a", "T1078")], attack_version="18.1"), "newer"))
    legend = site.data("attack/enterprise.html")["views"][0]["shown"][0]["legend"]
    assert [label for label, _ in legend] == ["1 set"]


def test_a_group_has_the_same_capabilities_on_all_pages() -> None:
    made = set_of([row("a", "T1078"), row("b", "T1110"), row("c", "T1110")], groups={"a": ("g",), "c": ("h",)})
    rows = tuple(msgspec.structs.replace(m, group="g") if m.capability == "b" else m for m in made.mappings)
    site = site_of(alone(msgspec.structs.replace(made, mappings=rows)))
    assert "Capabilities 2 " in site.text("sets/tiny/groups/g.html")
    found = re.search(
        r'groups/g\.html">G</a></th><td class="right" data-name="Capabilities">(\d+)',
        site.html("sets/tiny/index.html"),
    )
    assert found is not None
    assert found[1] == "2"


def test_groups_have_their_names_as_labels() -> None:
    made = set_of([row("x", "T1078")], groups={"x": ("aws_firewall_manager", "AC")})
    groups = {"aws_firewall_manager": "AWS Firewall Manager", "AC": "Access Control"}
    site = site_of(alone(msgspec.structs.replace(made, groups=groups)))
    page = site.html("sets/tiny/index.html")
    assert 'groups/aws_firewall_manager.html">AWS Firewall Manager</a></th>' in page
    assert 'groups/ac.html">AC Access Control</a></th>' in page


def test_the_terminal_counts_capabilities_as_pages_do(run: Run, out: Path) -> None:
    name = "attack_mitigations-mobile"
    result = run("site", name, "-o", out)
    told = result.out.splitlines()[-1].split()
    stats = set_stats(*_of(name))
    assert told[-2:] == [str(stats.capabilities), str(stats.mappings)]
    assert f"{stats.capabilities} mitigations with a mapping" in pages_of(contents(out)).text(
        f"sets/{name}/index.html"
    )


def _of(name: str) -> tuple[MappingSet, Catalogue]:
    (one,) = prepared(name)
    return one.set, one.catalogue


def test_mappings_without_a_score_have_an_explained_sign() -> None:
    made = set_of([row("a", "T1078", "protect", "partial"), row("a", "T1110")])
    site = site_of(alone(made))
    shown = site.data("sets/tiny/index.html")["views"][0]["shown"][0]
    assert [label for label, _ in shown["legend"]][-1] == "not rated"
    assert site.matrix("sets/tiny/index.html")["T1110"] == (None, "cbdbdbd")
    assert '<td class="right" data-name="Tiny">✓</td>' in site.html("tactics/ta0006.html")


def test_a_score_of_0_is_not_covered() -> None:
    made = set_of([row("a", "T1078", "protect", "partial"), row("a", "T1110", "protect", "minimal")])
    options = ScoreOptions(scale={"minimal": 0})
    site = Site([alone(made)], SiteOptions(scoring=options))
    assert site.sets[0].covered.number == 1


def test_an_indexed_set_at_its_own_release_is_itself() -> None:
    (one,) = prepared("gcp")
    indexed = IndexedSet(one, ScoreOptions())
    assert indexed.at(one.catalogue) is indexed


def test_write_site_reports_skipped_files(tmp_path: Path) -> None:
    layer = layer_at(tmp_path / "ours" / "layer.json")
    ics(tmp_path / "ours" / "set.json")
    written = write_site(resolve([str(tmp_path / "ours")]), tmp_path / "out")
    assert any(str(layer) in str(notice) for notice in written.notices)
