"""What empties the Navigator's matrix is mended, what it drops is told, and sound layers stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upgrade_helpers import layer as made

import navlayers
from navlayers.layer.colors import Gradient
from navlayers.mapping.formats import read
from navlayers.upgrades import layers as upgrade_layers
from navlayers.upgrades.layers import upgrade_layer

Entry = dict[str, Any]
DEFAULT = {"colors": ["#ff6666", "#ffe766", "#8ec843"], "minValue": 0, "maxValue": 100}
RED = ["#ff0000", "#00ff00"]


def layer(*techniques: Entry, attack: str | None = "8", **fields: Any) -> Entry:
    return made(attack=attack, **fields) | {"techniques": list(techniques)}


def mended(*techniques: Entry, **fields: Any) -> tuple[Entry, tuple[str, ...]]:
    result, report = upgrade_layer(layer(*techniques, **fields), "18.1")
    return result, report.other


@pytest.mark.parametrize(
    ("written", "now", "told"),
    [
        ({}, DEFAULT, ["fewer than two colors", "no minValue", "no maxValue"]),
        (
            {"colors": [], "minValue": 1, "maxValue": 5},
            {**DEFAULT, "minValue": 1, "maxValue": 5},
            ["fewer than two"],
        ),
        ({"colors": ["red"], "minValue": 0, "maxValue": 100}, DEFAULT, ["fewer than two colors"]),
        ({"colors": None, "minValue": None, "maxValue": 100}, DEFAULT, ["fewer than two", "no minValue"]),
        ({"colors": RED, "maxValue": 9}, {"colors": RED, "maxValue": 9, "minValue": 0}, ["has no minValue"]),
        ({"colors": RED, "minValue": 5, "maxValue": 5}, None, ["runs from 5 to 5: every score has the color of"]),
        (
            {"colors": RED, "minValue": 200},
            {"colors": RED, "minValue": 200, "maxValue": 100},
            ["no max", "from 200"],
        ),
        ({"colors": ["#12", "red"], "minValue": 0, "maxValue": 1}, None, ["are kept: the gradient #12"]),
        ({"colors": ["red", "rgb(0,0,0)", "#abcd"], "minValue": 0, "maxValue": 1, "odd": 1}, None, []),
    ],
)
def test_a_gradient_that_cannot_work_is_completed(written: Entry, now: Entry | None, told: list[str]) -> None:
    after, other = mended(gradient=written)
    assert after["gradient"] == (now or written)
    assert len(other) == len(told)
    assert all(words in line for words, line in zip(told, other, strict=True))


@pytest.mark.parametrize(
    ("ends", "score", "now"),
    [
        (None, 99.6, 99.49),
        ((0, 1000), 996, 994.99),
        ((1, 5), 4.99, 4.97),
        ((-10, 0), -0.01, -0.07),
        ((0, 0.001), 0.0009999, 0.0009949),
        ((0, 1e300), 9.99e299, 9.949e299),
    ],
)
def test_a_score_that_empties_the_matrix_is_lowered_and_the_exact_one_kept(
    ends: tuple[float, float] | None, score: float, now: float
) -> None:
    said = {"techniqueID": "T1078", "score": score, "metadata": [{"name": "exact score", "value": "7"}]}
    gradient = {} if ends is None else {"gradient": {"colors": RED, "minValue": ends[0], "maxValue": ends[1]}}
    after, other = mended(said, **gradient)
    (entry,) = after["techniques"]
    assert entry["score"] == pytest.approx(now)
    (item,) = entry["metadata"]
    assert item["name"] == "exact score"
    assert float(item["value"].removesuffix(" (the Navigator shows nothing for it)")) == score
    (line,) = other
    assert line.startswith(
        "scores just below the end of the gradient, for which the Navigator shows an empty matrix"
    )
    assert "are lowered" in line
    assert not Gradient((), *(ends or (0, 100))).empties(entry["score"])


@pytest.mark.parametrize("score", [99.4, 100, 994 / 10, 120, -3])
def test_other_scores_stay(score: float) -> None:
    after, other = mended({"techniqueID": "T1078", "score": score})
    assert (after["techniques"], other) == ([{"techniqueID": "T1078", "score": score}], ())


def test_the_exact_score_comes_back_as_that_of_a_set() -> None:
    after, _ = mended({"techniqueID": "T1078", "score": 99.6})
    data = upgrade_layers.encode([after], single=True)
    (mapping,) = read("x.json", data=data).mapping_set.mappings
    assert mapping.value == "99.6"


def test_exact_scores_of_merged_entries_are_compared() -> None:
    rows = [{"techniqueID": "T1053.001", "score": 99.5}, {"techniqueID": "T1053.002", "score": 99.6}]
    for entries in (rows, rows[::-1]):
        result, report = upgrade_layer(layer(*entries), "18.1")
        (entry,) = result["techniques"]
        assert (entry["score"], [item["value"].partition(" ")[0] for item in entry["metadata"]]) == (
            99.49,
            ["99.6"],
        )
        assert report.merged[0].value == "99.6"


def test_content_that_the_navigator_drops_is_kept_and_reported() -> None:
    metadata = [
        *({"name": "n", "value": 5}, {"name": "m", "value": ""}, {"value": "v"}, {}),
        *({"name": "ok", "value": "v"}, {"divider": True}),
    ]
    links = [
        *({"label": "l", "url": "example.org/x"}, {"url": "https://x.example"}, {"label": "l"}, {"divider": True}),
        *({"label": "l", "url": "HTTPS://x.example"}, {"label": "l", "url": "mailto:a@x.example"}),
    ]
    said = {"techniqueID": "T1078", "color": "notacolour", "metadata": metadata, "links": links}
    legend = [{"label": "l", "color": "#ggg"}, {"label": "m", "color": "transparent"}]
    after, other = mended(said, metadata=metadata, links=links, legendItems=legend)
    assert after["techniques"] == [said]
    assert (after["metadata"], after["links"]) == (metadata, links)
    assert other == (
        "metadata whose name or value is missing, empty or not text, which the Navigator drops, are kept (6): "
        "the layer n, the layer m, the layer, T1078 n, T1078 m, T1078",
        "links without a protocol, which lead nowhere, are kept (2): the layer example.org/x, T1078 example.org/x",
        "links without a label or a url, which the Navigator drops, are kept (4): "
        "the layer https://x.example, the layer, T1078 https://x.example, T1078",
        "invalid colors, which the Navigator does not show, are kept (2): the legend #ggg, T1078 notacolour",
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", " \u0001JaVa\tscr\nipt:x", "javascript:"])
def test_a_link_that_would_run_a_script_is_left_out(url: str) -> None:
    good = {"label": "l", "url": "https://example.org/javascript:"}
    links = [{"label": "x", "url": url}, good]
    after, other = mended({"techniqueID": "T1078", "links": links}, links=links)
    assert after["techniques"] == [{"techniqueID": "T1078", "links": [good]}]
    assert after["links"] == [good]
    (line,) = other
    assert line.startswith("links that run a script when they are opened, are left out (2): the layer ")


@pytest.mark.parametrize(
    "color", ["red", "RebeccaPurple", "#abc", "abcdef", "rgba(1, 2, 3, 0.5)", "transparent", ""]
)
def test_colours_as_css_writes_them_are_colours(color: str) -> None:
    _, other = mended({"techniqueID": "T1078", "color": color}, tacticRowBackground=color)
    assert other == ()


def test_faults_of_a_layer_of_that_release_are_reported_and_kept() -> None:
    before = layer({"techniqueID": "T1078", "score": 99.6}, attack="18", gradient={})
    after, report = upgrade_layer(before, "18.1")
    assert after == before
    assert (
        report.other[0] == "the gradient has fewer than two colors, for which the Navigator shows an empty matrix"
    )
    assert report.other[-1].endswith("for which the Navigator shows an empty matrix: T1078 99.6")


SCORES = st.sampled_from([None, 0, 55.5, 99.4, 99.49, 99.5, 99.6, 99.99, 100, 4.99, 996])
ENTRIES = st.lists(
    st.builds(
        lambda id_, tactic, score, link, item, enabled: {
            "techniqueID": id_,
            **({} if tactic is None else {"tactic": tactic}),
            **({} if score is None else {"score": score}),
            "links": [link],
            "metadata": [item],
            "enabled": enabled,
        },
        st.sampled_from(["T1053.001", "T1053.002", "T1547.011", "T1574.001", "T1574.002", "T1038", "T1073"]),
        st.sampled_from([None, "persistence"]),
        SCORES,
        st.sampled_from([{"label": "l", "url": u} for u in ("javascript:x", "x.example", "https://x.example")]),
        st.sampled_from(
            [{"name": "a", "value": ""}, {"name": "b", "value": "c"}, {"name": "exact score", "value": "99.6 (x)"}]
        ),
        st.booleans(),
    ),
    max_size=12,
)
GRADIENTS = st.sampled_from(
    [None, {}, {"colors": RED, "minValue": 1, "maxValue": 5}, {"colors": [], "maxValue": 1000}]
)


@given(ENTRIES, GRADIENTS)
def test_stopping_between_gives_the_same_and_twice_is_once(entries: list[Entry], gradient: Entry | None) -> None:
    catalogue = navlayers.attack.find("enterprise", "8.2").catalogue
    real = [
        one
        for one in entries
        if catalogue.is_active(one["techniqueID"])
        and one.get("tactic") in (None, *catalogue.techniques[one["techniqueID"]].tactics)
    ]
    before = layer(*real, gradient=gradient)
    stop, _ = upgrade_layer(before, "12.1")
    direct, _ = upgrade_layer(before, "18.1")
    assert upgrade_layer(stop, "18.1")[0] == direct
    again, _ = upgrade_layer({**direct, "versions": {"layer": "4.5"}}, "18.1")
    assert {**again, "versions": 0} == {**direct, "versions": 0}
    ends: Entry = direct.get("gradient") or DEFAULT
    shown = Gradient((), ends["minValue"], ends["maxValue"])
    assert not any(shown.empties(one["score"]) for one in direct["techniques"] if "score" in one)
