"""What the real Navigator wants of a layer (../shared/navigator/README.md), checked by rules of our own."""

from __future__ import annotations

import hashlib
import json
import math
import re
from functools import lru_cache
from typing import Any

import msgspec
import pytest
from conftest import CORPUS_FILES, TINY, active_techniques, build_layers, layers_at, row, set_of
from hypothesis import given
from hypothesis import strategies as st

from navlayers.layer.colors import gradient_steps
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.layer.ramps import RAMPS
from navlayers.mapping import formats as readers
from navlayers.mapping.model import CATEGORIES, MappingSet
from navlayers.scoring.options import ScoreOptions

Json = dict[str, Any]

TEXT = (str,)
NUMBER = (int, float)
LAYER: dict[str, tuple[type, ...]] = {
    "name": TEXT,
    "versions": (dict,),
    "domain": TEXT,
    "description": TEXT,
    "filters": (dict,),
    "sorting": (int,),
    "layout": (dict,),
    "hideDisabled": (bool,),
    "techniques": (list,),
    "gradient": (dict,),
    "legendItems": (list,),
    "showTacticRowBackground": (bool,),
    "tacticRowBackground": TEXT,
    "selectTechniquesAcrossTactics": (bool,),
    "selectSubtechniquesWithParent": (bool,),
    "selectVisibleTechniques": (bool,),
    "metadata": (list,),
    "links": (list,),
}
"""Fields and types of layer format 4.5; likewise below."""
TECHNIQUE: dict[str, tuple[type, ...]] = {
    "techniqueID": TEXT,
    "score": NUMBER,
    "color": TEXT,
    "comment": TEXT,
    "enabled": (bool,),
    "metadata": (list,),
    "links": (list,),
    "showSubtechniques": (bool,),
}
LAYOUT: dict[str, tuple[type, ...]] = {
    "layout": TEXT,
    "showID": (bool,),
    "showName": (bool,),
    "showAggregateScores": (bool,),
    "countUnscored": (bool,),
    "aggregateFunction": TEXT,
    "expandedSubtechniques": TEXT,
}
COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def half_up(number: float) -> int:
    return math.floor(number + 0.5)


@lru_cache
def navigators_colours(colours: tuple[str, ...]) -> list[str]:
    # tinygradient 1.1.5 with rgb(100), which three colours divide as 49 + 50.
    parts = len(colours) - 1
    counts = [half_up(99 / parts)] * parts
    while sum(counts) < 99:
        counts[counts.index(min(counts))] += 1
    while sum(counts) > 99:
        counts[counts.index(max(counts))] -= 1
    result = []
    for start, end, count in zip(colours, colours[1:], counts, strict=False):
        a, b = bytes.fromhex(start[1:]), bytes.fromhex(end[1:])
        result += [[half_up((y - x) / count * i + x) for x, y in zip(a, b, strict=True)] for i in range(count)]
    return ["#" + bytes(rgb).hex() for rgb in result] + [colours[-1].lower()]


def cell_colour(layer: Json, score: float) -> str:
    gradient = layer["gradient"]
    low, high = gradient["minValue"], gradient["maxValue"]
    colours = navigators_colours(tuple(gradient["colors"]))
    if score >= high or score <= low:
        return colours[99 if score >= high else 0]
    return colours[half_up((score - low) / (high - low) * 100)]


def assert_fields(item: Json, known: dict[str, tuple[type, ...]]) -> None:
    assert set(item) <= set(known)
    assert all(type(value) in known[name] for name, value in item.items()), item


def assert_pairs(items: list[Json], name: str, value: str) -> None:
    for item in items:
        assert set(item) == {name, value}
        assert all(isinstance(text, str) and text for text in item.values()), item


def assert_links(items: list[Json]) -> None:
    assert_pairs(items, "label", "url")
    assert all(re.match(r"https?://[^\s/]", link["url"], re.IGNORECASE) for link in items), items
    assert all(link["url"].isprintable() and " " not in link["url"] for link in items)


def assert_opens(data: bytes, major: str, domain: str, active: set[str]) -> Json:
    """Everything that the Navigator wants of one layer, and that nothing in it would be dropped silently."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    layer: Json = json.loads(data, parse_constant=refuse)
    assert_fields(layer, LAYER)
    assert {"name", "versions", "domain", "gradient", "techniques", "layout"} <= set(layer)
    assert layer["name"].strip()
    assert layer["versions"] == {"attack": major, "navigator": "5.1.0", "layer": "4.5"}
    assert layer["domain"] == domain
    assert layer["layout"]["expandedSubtechniques"] == "annotated"
    assert_fields(layer["layout"], LAYOUT)
    assert not layer["layout"].get("showAggregateScores", False)
    assert layer["sorting"] in range(4)
    assert_gradient(layer)
    assert_pairs(layer.get("metadata", []), "name", "value")
    assert_links(layer.get("links", []))
    ids = [technique["techniqueID"] for technique in layer["techniques"]]
    assert len(ids) == len(set(ids))
    assert set(ids) <= active
    for technique in layer["techniques"]:
        assert_fields(technique, TECHNIQUE)
        assert_pairs(technique.get("metadata", []), "name", "value")
        assert_links(technique.get("links", []))
    return layer


def assert_gradient(layer: Json) -> None:
    gradient = layer["gradient"]
    assert set(gradient) == {"colors", "minValue", "maxValue"}
    assert len(gradient["colors"]) >= 2
    assert all(COLOUR.fullmatch(colour) for colour in gradient["colors"])
    assert gradient["minValue"] < gradient["maxValue"]
    assert_pairs(layer["legendItems"], "label", "color")
    assert all(COLOUR.fullmatch(item["color"]) for item in layer["legendItems"])
    for technique in layer["techniques"]:
        if "score" in technique:
            assert COLOUR.fullmatch(cell_colour(layer, technique["score"]))


@pytest.mark.parametrize(
    ("colours", "digest"),
    [
        # The first half of the SHA-256 of what tinygradient 1.1.5 itself gives, joined by commas.
        (["#e0ecf4", "#8c96c6", "#810f7c"], "16253926fef4d7dd"),
        (["#deebf7", "#6baed6", "#08519c"], "b964860860bc22b1"),
        (["#ffffcc", "#41b6c4", "#253494"], "4893b766a8ac6a4f"),
        (["#ff6666", "#ffe766", "#8ec843"], "49a4afe72703a7d6"),
        (["#ffffff", "#000000"], "9b186d74e6fac030"),
        (["#000000", "#010101"], "50b881ba0c5c16fa"),
        (["#ff0000", "#00ff00", "#0000ff", "#ffff00"], "096796bb3585297e"),
        (["#b35806", "#f1a340", "#f7f7f7", "#998ec3", "#542788"], "39f4cd33827d3a21"),
    ],
)
def test_a_gradient_has_the_colours_that_tinygradient_gives(colours: list[str], digest: str) -> None:
    assert list(gradient_steps(tuple(colours))) == navigators_colours(tuple(colours))
    assert hashlib.sha256(",".join(gradient_steps(tuple(colours))).encode()).hexdigest()[:16] == digest


@given(st.lists(st.integers(0, 0xFFFFFF).map("#{:06x}".format), min_size=2, max_size=6))
def test_any_gradient_has_the_hundred_colours_that_the_navigator_computes(colours: list[str]) -> None:
    assert list(gradient_steps(tuple(colours))) == navigators_colours(tuple(colours))


@pytest.mark.parametrize("ramp", RAMPS.values(), ids=RAMPS)
def test_a_ramp_gets_darker_all_the_way_so_that_it_survives_grey_print(ramp: tuple[str, ...]) -> None:
    def lightness(colour: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (byte / 255 for byte in bytes.fromhex(colour[1:]))
        ]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    values = [lightness(colour) for colour in gradient_steps(ramp)]
    assert values == sorted(values, reverse=True)


def test_each_category_has_a_hue_of_its_own() -> None:
    assert len({RAMPS[category] for category in CATEGORIES}) == len(CATEGORIES)
    assert not {RAMPS[category] for category in CATEGORIES} & {RAMPS["overall"], RAMPS["count"]}


REFERENCES = st.one_of(
    st.text(max_size=30),
    st.text(max_size=20).map("https://{}".format),
    st.sampled_from(
        [
            "javascript:alert(1)",
            "JavaScript://x.example/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "file:///etc/passwd",
            "//x.example",
            "www.x.example",
            "",
            " ",
            "https://",
            "http:///",
            "https:////",
            "https:// x.example",
            "https://x.example/\0",
            "https://x.example/\u202egnp",
            "https://x.example/\u200b",
            " https://x.example/a \n",
            "HTTPS://X.EXAMPLE/B",
            "see https://x.example/c, and https://x.example/d",
            "https://x.example/" + "e" * 300,
        ]
    ),
)
NAMES = st.one_of(st.text(min_size=1, max_size=10), st.sampled_from(["a", "\0", "\u202egnp", "<b>x</b>", " "]))


@given(st.lists(st.tuples(NAMES, REFERENCES, REFERENCES), min_size=1, max_size=4), REFERENCES, st.booleans())
def test_a_layer_opens_whatever_names_comments_and_references_hold(
    entries: list[tuple[str, str, str]], text: str, scored: bool
) -> None:
    category, value = ("protect", "partial") if scored else (None, None)
    rows = [
        row(name, "T1001", "protect" if category else None, value, *links, comment=text) for name, *links in entries
    ]
    mapping_set = msgspec.structs.replace(set_of(rows), source=text, title=text, licence=text)
    for built in layers_at(mapping_set, TINY):
        assert_opens(encode_layer(built.layer), "16", "enterprise-attack", {"T1001"})


@pytest.mark.parametrize("reference", ["https:///", "http:////", "https://x.example/\0", "javascript:alert(1)", ""])
def test_a_reference_that_is_no_web_address_becomes_no_link(reference: str) -> None:
    (built, *_) = layers_at(set_of([row("a", "T1001", "protect", "partial", reference)]), TINY)
    (technique,) = built.layer.techniques
    assert [link.url for link in technique.links] == ["https://attack.mitre.org/techniques/T1001/"]


def test_a_web_address_in_a_reference_becomes_a_link_after_the_page_of_the_technique() -> None:
    rows = [row("a", "T1001.001", "protect", "partial", "https://x.example/b", " https://x.example/a ")]
    (built, *_) = layers_at(set_of(rows), TINY)
    (technique,) = built.layer.techniques
    assert [link.url for link in technique.links] == [
        "https://attack.mitre.org/techniques/T1001/001/",
        "https://x.example/a",
        "https://x.example/b",
    ]


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        ([row("a", "T1001", "protect", "99.6")], {}),
        ([row("a", "T1001", "protect", "99.5")], {}),
        ([row("a", "T1001", "protect", "99.999")], {}),
        ([row("a", "T1001", "protect", "99.49")], {}),
        ([row("a", "T1001", "protect", "99.495")], {}),
        ([row(str(i), "T1001", "protect", "partial") for i in range(8)], {"aggregate": "combined"}),
        ([row("a", "T1001")], {"worth": 99.7}),
        (
            [row(str(i), "T1001", "protect", "significant") for i in range(10)]
            + [row(str(i), "T1002", "protect", "significant") for i in range(9)]
            + [row("9", "T1002", "protect", "99")],
            {"aggregate": "sum"},
        ),
        (
            [row(str(i), "T1001") for i in range(1000)] + [row(str(i), "T1002") for i in range(996)],
            {},
        ),
        ([row(str(i), "T1001") for i in range(200)] + [row(str(i), "T1002") for i in range(199)], {}),
    ],
    ids=lambda value: str(value)[:12] if isinstance(value, dict) else "",
)
def test_no_score_lies_where_the_navigator_empties_the_matrix(rows: list[Any], options: Json) -> None:
    for built in layers_at(set_of(rows), TINY, ScoreOptions(**options), ["overview", "categories"]):
        assert_opens(encode_layer(built.layer), "16", "enterprise-attack", {"T1001", "T1002"})


def test_a_lower_score_never_overtakes_a_higher_one_on_its_way_out_of_the_band() -> None:
    values = ["99.4", "99.49", "99.5", "99.75", "99.99", "100"]
    rows = [row("a", t, "protect", v) for t, v in zip(sorted(TINY.techniques), values, strict=False)]
    active = {**TINY.techniques}
    catalogue = msgspec.structs.replace(
        TINY, techniques={i: msgspec.structs.replace(t, status="active") for i, t in active.items()}
    )
    (built, *_) = layers_at(set_of(rows), catalogue)
    scores = [technique.score or 0 for technique in built.layer.techniques]
    assert scores == sorted(scores)
    assert all(abs(score - float(value)) < 0.52 for score, value in zip(scores, values, strict=True))


def test_a_score_of_zero_is_written_and_no_score_is_not() -> None:
    rows = [row("a", "T1001", "protect", "0"), row("a", "T1002", "protect")]
    (built, *_) = layers_at(set_of(rows), TINY)
    entries = {t["techniqueID"]: t for t in json.loads(encode_layer(built.layer))["techniques"]}
    assert entries["T1001"]["score"] == 0
    assert "score" not in entries["T1002"]


def test_inactive_and_unknown_techniques_are_in_no_layer() -> None:
    rows = [row("a", t, "protect", "partial") for t in ("T1003", "T1004", "T1001.004", "T9999", "T1002")]
    for built in layers_at(set_of(rows, groups={"a": ("g",)}), TINY, ScoreOptions(rollup="max")):
        assert [technique.techniqueID for technique in built.layer.techniques] == ["T1002"]


@pytest.mark.parametrize("aggregate", ["max", "sum", "count"])
def test_a_legend_item_has_the_colour_of_a_cell_of_that_score(aggregate: Any) -> None:
    rows = [row(c, "T1001", "protect", "significant") for c in "abcdefg"] + [
        row("a", "T1002", "protect", "minimal")
    ]
    for built in layers_at(set_of(rows), TINY, ScoreOptions(aggregate)):
        layer = json.loads(encode_layer(built.layer))
        assert layer["legendItems"]
        for item in layer["legendItems"]:
            (number,) = re.findall(r"\d+(?:\.\d+)?", item["label"])
            assert item["color"] == cell_colour(layer, float(number)), item


@pytest.mark.parametrize(
    ("rows", "options", "labels"),
    [
        (["weak", "strong"], ScoreOptions(), ["90 strong", "25 weak"]),
        (["weak"], ScoreOptions(), ["100", "50", "25 weak"]),
        (["weak", "strong"], ScoreOptions(aggregate="mean"), ["100", "90 strong", "50", "25 weak"]),
        ([None], ScoreOptions(worth=40), ["100", "50", "40 mapped"]),
        (["weak", "strong", None], ScoreOptions(), ["90 strong", "25 weak", "not rated"]),
        (["weak", "strong"], ScoreOptions(aggregate="count"), ["1 capability"]),
    ],
)
def test_the_legend_says_what_the_colours_of_the_set_mean(
    rows: list[str | None], options: ScoreOptions, labels: list[str]
) -> None:
    techniques = ("T1001", "T1002", "T1005")
    mappings = [row("a", t, "protect", value) for t, value in zip(techniques, rows, strict=False)]
    (built, *_) = layers_at(set_of(mappings, scale={"unused": 60, "weak": 25, "strong": 90}), TINY, options)
    assert [item.label for item in built.layer.legendItems] == labels


def test_a_list_opens_with_the_first_layer_as_the_first_tab() -> None:
    built = list(layers_at(set_of([row("a", "T1001", "protect", "partial")], groups={"a": ("g",)}), TINY))
    listed = json.loads(encode_layers(encode_layer(one.layer) for one in built))
    # The Navigator opens a list from its end.
    assert [layer["name"] for layer in reversed(listed)] == [one.layer.name for one in built]
    assert listed[-1]["name"] == built[0].layer.name
    assert built[0].kind == "overview"


def test_a_file_has_one_technique_per_line() -> None:
    rows = [row("a", t, "protect", "partial") for t in ("T1001", "T1001.001", "T1002")]
    (built, *_) = layers_at(set_of(rows), TINY)
    data = encode_layer(built.layer)
    lines = [line for line in data.decode().splitlines() if "techniqueID" in line]
    assert [json.loads(line.strip().rstrip(","))["techniqueID"] for line in lines] == [
        "T1001",
        "T1001.001",
        "T1002",
    ]
    assert data.endswith(b"}\n")
    assert b"\r" not in data


CORPUS_IDS = [path.stem for path in CORPUS_FILES]


@pytest.mark.skipif(not CORPUS_FILES, reason="the published mapping sets are not at ../shared/corpus")
@pytest.mark.parametrize("path", CORPUS_FILES, ids=CORPUS_IDS)
def test_every_published_set_opens_in_the_navigator(path: Any) -> None:
    mapping_set: MappingSet = readers.read(path).mapping_set
    active = set(active_techniques(mapping_set.domain, mapping_set.attack_version))
    major = mapping_set.attack_version.partition(".")[0]
    for built in build_layers(mapping_set, only=["overview", "categories", "groups"]):
        layer = assert_opens(encode_layer(built.layer), major, f"{mapping_set.domain}-attack", active)
        assert layer["techniques"]
        for item in layer["legendItems"]:
            (number,) = re.findall(r"\d+(?:\.\d+)?", item["label"])
            assert item["color"] == cell_colour(layer, float(number)), item
