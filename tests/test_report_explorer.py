"""The data of the matrix of the HTML report: scores and colours again, from the layers and the published rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CORPUS, CORPUS_FILES, write_set
from report_pages import Page, colors_of, data_of, page_of, report

from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.threats.resolve import threat_model
from navlayers.layer.build import layers_of
from navlayers.layer.document import encode_layer
from navlayers.layer.ramps import RAMPS, value_gradient
from navlayers.mapping.find import resolve
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.pages.report.build import Report

NUMBERS = {"minimal": 10, "partial": 50, "significant": 100}
published = pytest.mark.skipif(not CORPUS_FILES, reason="the published mapping sets are not at ../shared/corpus")
Entries = dict[str, tuple[float | None, str]]


def explorer(made: Report) -> tuple[dict[str, Any], dict[str, str]]:
    page = page_of(made)
    return data_of(page), colors_of(page)


def entries(data: dict[str, Any], colors: dict[str, str], view: str, measure: int = 0) -> Entries:
    """Technique → score and colour of a view."""
    names = [one[0] for one in data["release"]["techniques"]]
    shown = next(one for one in data["views"] if one["id"] == view)["shown"][measure]
    return {
        names[technique]: (score, colors[data["colors"][color]] if color >= 0 else "")
        for technique, score, color in zip(shown["technique"], shown["score"], shown["color"], strict=True)
    }


def drawn(made: Report) -> list[Entries]:
    """The same of the heatmaps of the document, as a picture has them."""
    found = []
    for heatmap in made.document.figures:
        view = heatmap.view
        found.append(
            {
                technique: (
                    one.score,
                    one.color or ("" if one.score is None else view.gradient.color(one.score)),
                )
                for (technique, _), one in view.entries.items()
            }
        )
    return found


@pytest.mark.parametrize(
    ("names", "about"),
    [
        (("aws", "azure"), {}),
        (("aws", "azure", "gcp"), {"baseline": 2}),
        (("nist_800_53",), {}),
        (("nist_800_53", "csa_ccm"), {}),
        (("gcp",), {}),
        (("gcp",), {"scoring": ScoreOptions(aggregate="mean")}),
        (("gcp", "m365"), {"category": "detect"}),
        (("gcp", "nist_800_53"), {"scores": False}),
        (("gcp", "nist_800_53"), {"scoring": ScoreOptions(worth=30, aggregate="combined", rollup="mean")}),
    ],
)
def test_views_have_the_scores_and_colours_of_the_layers(names: tuple[str, ...], about: dict[str, Any]) -> None:
    made = report(*names, **about)
    data, colors = explorer(made)
    expected = drawn(made)
    assert len(data["views"]) == len(expected)
    for view, layer in zip(data["views"], expected, strict=True):
        assert {t: color for t, (_, color) in entries(data, colors, view["id"]).items()} == {
            t: color for t, (_, color) in layer.items()
        }
        # Layers keep out of the band in which the Navigator shows nothing; here, scores are what they are.
        for technique, (score, _) in entries(data, colors, view["id"]).items():
            assert score == pytest.approx(layer[technique][0], abs=1)


def test_categories_have_the_colours_of_their_layers() -> None:
    made = report("azure")
    data, colors = explorer(made)
    built = {one.id: one.layer for one in layers_of(made.data.inputs[0].scored, ["categories"])}
    assert [measure["name"] for measure in data["measures"]] == ["overall", *built]
    for number, (category, layer) in enumerate(built.items(), 1):
        found = entries(data, colors, "microsoft-azure", number)
        assert found == {
            one.techniqueID: (one.score, layer.gradient.color(one.score or 0)) for one in layer.techniques
        }
        assert layer.gradient.colors == RAMPS[category]


def test_a_capability_alone_has_what_its_layer_has() -> None:
    made = report("gcp")
    data, colors = explorer(made)
    names = [one[0] for one in data["release"]["techniques"]]
    by_id = {identifier: str(number) for number, (identifier, _) in enumerate(data["capabilities"])}
    alone, palette = data["sets"][0]["alone"], data["measures"][0]["colors"]
    for one in layers_of(made.data.inputs[0].scored, ["capabilities"]):
        own = alone[by_id[one.id]]
        found = dict(zip((names[number] for number in own["techniques"]), own["scores"][0], strict=True))
        assert found == {entry.techniqueID: entry.score for entry in one.layer.techniques}
        for score in found.values():
            assert colors[data["colors"][palette[str(score)]]] == one.layer.gradient.color(score)
    assert len(alone) == len(by_id)


@published
def test_figures_are_those_of_the_published_rows() -> None:
    path = CORPUS / "gcp-03.06.2025_attack-16.1-enterprise.json"
    raw = [row for row in json.loads(path.read_bytes())["mapping_objects"] if row.get("score_value")]
    data, colors = explorer(report(path))
    one, view = data["sets"][0], data["views"][0]["id"]
    names = [technique[0] for technique in data["release"]["techniques"]]
    for technique in ("T1078", "T1110.003", "T1588.003", "T1190"):
        rows = [row for row in raw if row["attack_object_id"] == technique]
        assert entries(data, colors, view)[technique][0] == max(NUMBERS[row["score_value"]] for row in rows)
        for number, category in enumerate(("protect", "detect", "respond"), 1):
            values = [NUMBERS[row["score_value"]] for row in rows if row["score_category"] == category]
            assert entries(data, colors, view, number).get(technique, (None,))[0] == max(values, default=None)
        place = names.index(technique)
        assert one["counts"][str(place)] == len({row["capability_id"] for row in rows})
        told = [
            (
                data["capabilities"][one["rows"]["capability"][at]][0],
                data["categories"][one["rows"]["category"][at]],
                data["texts"][one["rows"]["value"][at]],
                one["rows"]["score"][at],
                data["texts"][one["rows"]["comment"][at]].strip(),
            )
            for at, found in enumerate(one["rows"]["technique"])
            if found == place
        ]
        assert sorted(told) == sorted(
            (
                row["capability_id"],
                row["score_category"],
                row["score_value"],
                NUMBERS[row["score_value"]],
                (row.get("comments") or "").strip(),
            )
            for row in rows
        )


def test_the_order_of_rows_does_not_show(tmp_path: Path) -> None:
    rows = [(f"c{n % 7}", f"T10{n % 9 + 10}", ("protect", "detect")[n % 2], "partial") for n in range(63)]
    rows = [row for row in rows if row[1] in ("T1010", "T1012", "T1014", "T1016", "T1018")]
    one = page_of(report(write_set(tmp_path / "a" / "set.json", rows)))
    capabilities = sorted({str(row[0]) for row in rows})
    again = [row for c in capabilities for row in reversed(rows) if row[0] == c]
    assert page_of(report(write_set(tmp_path / "b" / "set.json", again))) == one


def test_references_are_addresses_or_text(tmp_path: Path) -> None:
    path = write_set(tmp_path / "set.json", [("ids", "T1078", "detect", "partial")])
    read = json.loads(path.read_text("utf-8"))
    read["mapping_objects"][0]["references"] = [
        "see https://a.example/x; http://b.example",
        "javascript:alert(1)",
        "p. 7",
    ]
    path.write_text(json.dumps(read), encoding="utf-8")
    data, _ = explorer(report(path))
    (numbers,) = data["sets"][0]["rows"]["references"]
    assert [data["texts"][n] for n in numbers] == [
        "https://a.example/x",
        "http://b.example",
        "javascript:alert(1)",
        "p. 7",
    ]


def test_layers_are_views_too(tmp_path: Path) -> None:
    made = report("aws")
    (built,) = layers_of(made.data.inputs[0].scored, ["overview"])
    (tmp_path / "own.json").write_bytes(encode_layer(built.layer))
    data, colors = explorer(report(tmp_path / "own.json", "azure"))
    assert [measure["name"] for measure in data["measures"]] == ["overall"]
    assert data["sets"][0]["layer"]
    own, _ = explorer(made)
    view = data["views"][0]["id"]
    assert {t: s for t, (s, _) in entries(data, colors, view).items()} == dict(
        zip(
            (own["release"]["techniques"][n][0] for n in own["views"][0]["shown"][0]["technique"]),
            own["views"][0]["shown"][0]["score"],
            strict=True,
        )
    )


def test_a_threat_and_a_plan_are_views_of_one_measure() -> None:
    together = load_inputs(resolve(["aws", "azure"]), "18.1")
    gaps = find_gaps(together, threat_model(["APT29"], together.catalogue))
    made = make_report(report_input(together, gaps=gaps))
    data, _ = explorer(made)
    layers = [view for view in data["views"] if view["kind"] == "layer"]
    assert [view["id"] for view in layers] == ["~layer1", "~layer2"]
    assert all(len(view["shown"]) == 1 for view in layers)
    page = Page(page_of(made))
    leads = [a["href"] for a, _ in page.all("a") if str(a["href"]).startswith("#matrix=")]
    assert leads == ["#matrix=1&view=~layer1", "#matrix=1&view=~layer2"]


def test_a_threat_hides_what_it_does_not_do_and_tells_its_own_figures() -> None:
    together = load_inputs(resolve(["aws", "azure"]), "18.1")
    gaps = find_gaps(together, threat_model(["APT29"], together.catalogue))
    made = make_report(report_input(together, gaps=gaps))
    data, colors = explorer(made)
    names = [one[0] for one in data["release"]["techniques"]]
    does = {row.technique for row in gaps.rows}
    for id_, what in (("~layer1", "covered"), ("~layer2", "not covered, or weakly")):
        view = next(one for one in data["views"] if one["id"] == id_)
        hidden = {names[number] for number in view["hidden"]}
        assert hidden == set(names) - does - {technique.partition(".")[0] for technique in does}
        assert set(entries(data, colors, id_)) == does
        assert view["summary"].endswith(f" of {len(does)} techniques and sub-techniques {what}")
        assert len(view["ratios"]) == len(data["release"]["tactics"])
    uncovered = {row.technique for row in gaps.rows if not row.covered}
    assert {t for t, (score, _) in entries(data, colors, "~layer1").items() if score is False} == uncovered
    assert all(not one["hidden"] for one in data["views"] if one["kind"] != "layer")


def test_the_types_of_mappings_are_told_where_they_differ(tmp_path: Path) -> None:
    data, _ = explorer(report("gcp"))
    assert {data["texts"][number] for number in data["sets"][0]["rows"]["type"]} == {""}
    path = tmp_path / "two.yaml"
    path.write_text(
        "framework: own\nversion: '1'\ndomain: enterprise\nattack_version: '16.1'\n"
        "mapping_types: {blocks: Blocks it, other: ''}\n"
        "capabilities: {a: {techniques: {T1078: blocks}}, b: {techniques: {T1078: other}}}\n",
        encoding="utf-8",
    )
    data, _ = explorer(report(path))
    assert {data["texts"][number] for number in data["sets"][0]["rows"]["type"]} == {"Blocks it", "other"}


def test_columns_are_those_of_the_navigator() -> None:
    made = report("aws")
    data, _ = explorer(made)
    names = [one[0] for one in data["release"]["techniques"]]
    catalogue = made.data.catalogue
    assert names == [t.id for t in catalogue.techniques.values() if t.active]
    for tactic, column in zip(catalogue.tactics, data["release"]["tactics"], strict=True):
        assert column["name"] == tactic.name
        found = {names[number] for number, _ in column["techniques"]}
        assert found == {
            t.id
            for t in catalogue.techniques.values()
            if t.active and not t.parent and tactic.shortname in t.tactics
        }
        for number, subs in column["techniques"]:
            assert {names[sub] for sub in subs} == {sub.id for sub in catalogue.subtechniques(names[number])}


def test_sets_of_one_title_have_views_of_their_own(tmp_path: Path) -> None:
    paths = [write_set(tmp_path / name) for name in ("a.json", "b.json", "c.json")]
    data, _ = explorer(report(*paths))
    ids = [view["id"] for view in data["views"]]
    assert len(ids) == len(set(ids))


def test_each_mapping_has_the_colour_of_its_score_in_its_category() -> None:
    data, colors = explorer(report("azure"))
    rows = data["sets"][0]["rows"]
    names = [measure["name"] for measure in data["measures"]]
    for category, score in set(zip(rows["category"], rows["score"], strict=True)):
        measure = data["measures"][names.index(data["categories"][category])]
        color = colors[data["colors"][measure["colors"][str(score)]]]
        assert color == value_gradient(data["categories"][category], 100).color(score)
