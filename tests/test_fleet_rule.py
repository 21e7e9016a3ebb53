"""The scoring rule on an engine gives the numbers of Python: of shipped sets, and of odd ones."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from conftest import sample_sets, set_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from navlayers import attack
from navlayers.errors import UsageError
from navlayers.mapping import find
from navlayers.mapping.load import prepare_all
from navlayers.mapping.model import Mapping
from navlayers.scoring.options import AGGREGATES, ROLLUPS, UNSPECIFIED, ScoreOptions, number
from navlayers.scoring.scores import exact, score_set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navlayers.attack import Catalogue
    from navlayers.mapping.model import MappingSet
    from navlayers.scoring.options import Aggregate

ibis = pytest.importorskip("ibis")
pa = pytest.importorskip("pyarrow")

from navlayers.fleet import rule  # noqa: E402 - needs the packages
from navlayers.fleet.arrow import arrow_table  # noqa: E402
from navlayers.fleet.read import ROWS  # noqa: E402
from navlayers.fleet.score import subtechnique_rows  # noqa: E402

WEIGHTS = {"protect": 2.0, "detect": 1.0, "respond": 0.5}


@pytest.fixture(scope="module")
def duckdb() -> Any:
    return ibis.duckdb.connect()


def as_table(engine: Any, name: str, rows: Any) -> Any:
    engine.con.register(name, rows)
    return engine.table(name)


def differences(
    engine: Any, sets: Iterable[tuple[str, MappingSet]], catalogue: Catalogue, options: ScoreOptions
) -> list[object]:
    """Where the engine's scores of tenants differ from those of Python."""
    expected: dict[tuple[str, str], dict[str, float | None]] = {}
    rows, tenants = [], []
    for name, mapping_set in sets:
        try:
            scored = score_set(mapping_set, catalogue, options)
        except UsageError:
            continue  # the weights lack a category of it
        rows += [
            (name, m.capability, m.technique, m.category or UNSPECIFIED, number(m, scored.rules))
            for m in scored.mappings
        ]
        scores = {rule.scored_column(c): c in scored.rules.scored_categories for c in rule.MEASURES}
        tenants.append({"tenant": name, **scores})
        for technique, entry in scored.scores.items():
            categories = {c: entry.categories.get(c) for c in rule.MEASURES}
            count = len(entry.capabilities)
            expected[name, technique] = {"overall": entry.overall, **categories, "capabilities": count}
    if not rows:
        return []
    found = rule.scores(
        as_table(engine, "mappings", arrow_table(rows, ROWS)),
        as_table(engine, "tenants", pa.Table.from_pylist(tenants)),
        options,
        as_table(engine, "subtechniques", subtechnique_rows([catalogue])),
    )
    got = {(row.pop("tenant"), row.pop("technique")): row for row in found.to_pyarrow().to_pylist()}
    return [(key, got.get(key), expected.get(key)) for key in got | expected if got.get(key) != expected.get(key)]


def test_an_engine_scores_every_shipped_set_as_python_does(duckdb: Any) -> None:
    by_release = defaultdict(list)
    prepared, _ = prepare_all(sample_sets())
    for each in prepared:
        by_release[each.catalogue.domain, each.catalogue.version].append(each)
    for same in by_release.values():
        sets = [(each.name, each.set) for each in same]
        assert differences(duckdb, sets, same[0].catalogue, ScoreOptions(rollup="mean")) == []


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_an_engine_has_every_aggregate_of_python(duckdb: Any, aggregate: Aggregate) -> None:
    prepared, _ = prepare_all(find.resolve(["aws", "gcp"]))
    sets = [(each.name, each.set) for each in prepared]
    for options in (ScoreOptions(aggregate, WEIGHTS), ScoreOptions(aggregate, worth=20)):
        assert differences(duckdb, sets, prepared[0].catalogue, options) == []


_SCORES = st.sampled_from(["0", "33.3", "50", "66.65", "99.99", "100", "0.1", "7"])
_TECHNIQUES = ("T1059", "T1059.001", "T1059.003", "T1078", "T1078.004", "T1548.002")
_ROWS = st.builds(
    Mapping,
    capability=st.sampled_from(["a", "b", "c", "d"]),
    technique=st.sampled_from(_TECHNIQUES),
    category=st.sampled_from(["protect", "detect", "respond", None]),
    value=st.none() | _SCORES,
)
_SETS = st.lists(st.lists(_ROWS, min_size=1, max_size=14), min_size=1, max_size=6)
_OPTIONS = st.builds(
    ScoreOptions,
    aggregate=st.sampled_from(AGGREGATES),
    weights=st.sampled_from([{}, WEIGHTS, {"protect": 1.0, "detect": 0.0, "respond": 3.0}]),
    rollup=st.sampled_from(ROLLUPS),
    worth=st.sampled_from([None, None, 12.5]),
)


@settings(max_examples=12)
@given(tenants=_SETS, options=_OPTIONS)
@example(
    [[Mapping("a", "T1078", None, "detect")], [Mapping("a", "T1078.004", value="0")]], ScoreOptions(rollup="mean")
)
# 13 capabilities of 50: 100·(1−½¹³) = 99.98779296875, a half at the eleventh decimal.
@example([[Mapping(f"c{n}", "T1078", value="50") for n in range(13)]], ScoreOptions(aggregate="combined"))
def test_an_engine_scores_any_sets_as_python_does(
    duckdb: Any, tenants: list[list[Mapping]], options: ScoreOptions
) -> None:
    catalogue = attack.find("enterprise", "16.1").catalogue
    sets = [(f"tenant {n}", set_of(rows)) for n, rows in enumerate(tenants)]
    assert differences(duckdb, sets, catalogue, options) == []


@pytest.mark.parametrize(
    ("noisy", "plain"),
    [
        (0.1 + 0.2, 0.3),
        (100 * (1 - 0.5**13), 99.9877929688),
        (75.00000000000001, 75),
        (-12.5, -12.5),
        (1e7 / 3, 3333333.3333333333),
    ],
)
def test_scores_are_exact_to_ten_decimals(noisy: float, plain: float) -> None:
    assert exact(noisy) == pytest.approx(plain, abs=0, rel=1e-15)
    assert exact(math.nextafter(noisy, math.inf)) == pytest.approx(exact(noisy), rel=1e-15)
