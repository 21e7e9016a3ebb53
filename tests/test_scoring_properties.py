"""What holds for every set: drawn by hypothesis, not picked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
from conftest import TINY, layers_at, row, set_of
from hypothesis import given
from hypothesis import strategies as st

from navlayers.layer.build import KINDS
from navlayers.layer.document import encode_layer, encode_layers
from navlayers.pages import index
from navlayers.scoring.options import AGGREGATES, ROLLUPS, Aggregate, ScoreOptions, make_rules
from navlayers.scoring.scores import roll_up, score, score_set

if TYPE_CHECKING:
    import random

    from navlayers.mapping.model import Mapping, MappingSet

CATEGORIES = st.sampled_from(["protect", "detect", "respond", None])
VALUES = st.one_of(
    st.sampled_from(["minimal", "partial", "significant", None]),
    st.integers(0, 10_000).map(lambda n: f"{n / 100:g}"),
)
TECHNIQUES = st.sampled_from([t.id for t in TINY.techniques.values()] + ["T9999"])
CAPABILITIES = st.sampled_from(["a", "A", "b", "b c", "AC-2", "con"])
LINKS = st.sampled_from(["https://a.example/1", "http://b.example", "javascript:alert(1)", "see page 3"])
ROWS = st.builds(row, CAPABILITIES, TECHNIQUES, CATEGORIES, VALUES, LINKS, comment=st.sampled_from(["", "x", "y"]))
GROUPS = {"a": ("one", "two"), "A": ("two",), "AC-2": ("AC",)}
SETS = st.lists(ROWS, max_size=25).map(lambda rows: set_of(rows, groups=GROUPS))
OPTIONS = st.builds(
    ScoreOptions,
    aggregate=st.sampled_from(AGGREGATES),
    weights=st.sampled_from([{}, {"protect": 2.0, "detect": 1.0, "respond": 1.0}]),
    worth=st.sampled_from([None, 0, 50, 99.9]),
    rollup=st.sampled_from(ROLLUPS),
)


def all_bytes(mapping_set: MappingSet, options: ScoreOptions) -> dict[str, bytes]:
    files = {built.path: encode_layer(built.layer) for built in layers_at(mapping_set, TINY, options)}
    files["all.json"] = encode_layers(files.values())
    scored = score_set(mapping_set, TINY, options)
    made = index.make_index(scored, own_attack_version="16.1", replaced=(), only=KINDS, files=(), layers=0)
    return {**files, "index.json": index.encode(made)}


def measures(mapping_set: MappingSet, aggregate: Aggregate) -> dict[tuple[str, str | None], float]:
    given_rules = make_rules(mapping_set, ScoreOptions(aggregate))
    entries = roll_up(score(mapping_set.mappings, given_rules), given_rules, TINY).values()
    return {
        (entry.technique, category): value
        for entry in entries
        for category in (None, *entry.categories)
        if (value := entry.measure(category)) is not None
    }


@given(SETS, OPTIONS, st.randoms(use_true_random=False))
def test_shuffled_rows_and_capabilities_give_the_same_bytes(
    mapping_set: MappingSet, options: ScoreOptions, chance: random.Random
) -> None:
    shuffled = msgspec.structs.replace(
        mapping_set,
        mappings=tuple(chance.sample(mapping_set.mappings, len(mapping_set.mappings))),
        capabilities=tuple(chance.sample(mapping_set.capabilities, len(mapping_set.capabilities))),
        groups=dict(chance.sample(list(mapping_set.groups.items()), len(mapping_set.groups))),
    )
    assert all_bytes(shuffled, options) == all_bytes(mapping_set, options)


@given(SETS)
def test_max_mean_and_min_of_every_category_are_in_order_with_the_median_between(mapping_set: MappingSet) -> None:
    low, middle, mean, high = (measures(mapping_set, name) for name in ("min", "median", "mean", "max"))
    assert set(low) == set(middle) == set(mean) == set(high)
    for key in low:
        assert low[key] <= middle[key] <= high[key]
        assert low[key] <= mean[key] <= high[key]


@given(SETS.filter(lambda mapping_set: mapping_set.scored))
def test_combined_of_every_technique_lies_between_max_and_a_hundred(mapping_set: MappingSet) -> None:
    together, high = measures(mapping_set, "combined"), measures(mapping_set, "max")
    assert all(high[key] <= together[key] <= 100 for key in high)


@given(SETS.filter(lambda mapping_set: mapping_set.scored), ROWS)
def test_one_more_mapping_lowers_no_technique_in_max_count_sum_or_combined(
    mapping_set: MappingSet, more: Mapping
) -> None:
    larger = set_of([*mapping_set.mappings, more])
    for name in ("max", "count", "sum", "combined"):
        before, after = measures(mapping_set, name), measures(larger, name)
        assert all(after[key] >= before[key] for key in before), name


@given(SETS, OPTIONS)
def test_no_score_empties_the_navigators_matrix(mapping_set: MappingSet, options: ScoreOptions) -> None:
    for built in layers_at(mapping_set, TINY, options):
        low, high = built.layer.gradient.minValue, built.layer.gradient.maxValue
        assert low < high
        assert len(built.layer.gradient.colors) >= 2
        for technique in built.layer.techniques:
            if technique.score is not None and technique.score < high:
                assert math.floor((technique.score - low) / (high - low) * 100 + 0.5) < 100


@given(SETS, OPTIONS)
def test_values_have_a_gradient_from_0_to_100_and_counts_one_that_ends_at_the_highest(
    mapping_set: MappingSet, options: ScoreOptions
) -> None:
    bare = options.worth is None or not mapping_set.mappings
    counts = options.aggregate == "count" or (bare and not mapping_set.scored)
    for built in layers_at(mapping_set, TINY, options):
        gradient, scores = built.layer.gradient, [t.score or 0 for t in built.layer.techniques]
        assert gradient.minValue == 0
        if counts:
            assert gradient.maxValue == math.ceil(max([1, *scores]))
            # mitreattack-python reads no gradient that has more colours than whole numbers.
            assert len(gradient.colors) <= gradient.maxValue + 1
        elif options.aggregate != "sum":
            assert gradient.maxValue == 100
        else:
            assert gradient.maxValue >= max([100, *scores])
