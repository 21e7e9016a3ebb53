"""What holds of the gaps of any sets against any threat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from conftest import TINY, row, set_of
from hypothesis import given
from hypothesis import strategies as st

from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.inputs import InputSet
from navlayers.analysis.threats.model import Member, ThreatModel, summed
from navlayers.errors import UsageError
from navlayers.mapping.load import Prepared
from navlayers.pages.gaps import as_json
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from navlayers.analysis.gaps_result import Gaps, Share

TECHNIQUES = tuple(sorted(t.id for t in TINY.techniques.values() if t.active))
VALUES = ("minimal", "partial", "significant", None)
MAPPINGS = st.lists(
    st.builds(
        row,
        st.sampled_from("abc"),
        st.sampled_from(TECHNIQUES),
        st.sampled_from(("protect", "detect", "respond")),
        st.sampled_from(VALUES),
    ),
    min_size=1,
    max_size=12,
).filter(lambda rows: any(one.value for one in rows))
MEMBERS = st.lists(
    st.dictionaries(st.sampled_from(TECHNIQUES), st.integers(1, 400).map(lambda n: n / 4), min_size=1),
    min_size=1,
    max_size=4,
)


def gaps_of(sets: list[list[Any]], members: list[dict[str, float]], **options: Any) -> Gaps:
    inputs = tuple(Prepared(f"s{n}", set_of(rows), "16.1", TINY, (), ()) for n, rows in enumerate(sets))
    chosen = tuple(Member("table", f"m{n}", f"m{n}", dict(sorted(m.items()))) for n, m in enumerate(members))
    threat = ThreatModel("all", "enterprise", "16.1", chosen, summed(m.weights for m in chosen))
    return find_gaps(InputSet(TINY, inputs), threat, **options)


def there(number: float | None) -> float:
    assert number is not None
    return number


def scored(share: Share) -> float:
    return there(share.scored_weight)


@given(sets=st.lists(MAPPINGS, min_size=1, max_size=3), members=MEMBERS, weak=st.integers(0, 100))
def test_shares_lie_within_0_and_100_and_gaps_within_the_weight(
    sets: list[list[Any]], members: list[dict[str, float]], weak: int
) -> None:
    found = gaps_of(sets, members, weak=weak)
    shares = [found.total, *found.members, *found.categories.values(), *(one.share for one in found.tactics)]
    for share in shares:
        assert 0 <= there(share.by_score) <= share.weighted + 1e-9 <= 100 + 1e-9
        assert 0 <= share.plain <= 100
        assert there(share.weak) <= share.covered <= share.techniques
    for one in found.rows:
        assert 0 <= one.gap <= one.weight
        assert one.covered == bool(one.covered_by) == (one.state in ("weak", "covered"))
    assert sum(one.gap for one in found.rows) == pytest.approx(found.total.weight - scored(found.total))


@given(sets=st.lists(MAPPINGS, min_size=1, max_size=2), members=MEMBERS, data=st.data())
def test_the_order_of_rows_and_members_does_not_show(
    sets: list[list[Any]], members: list[dict[str, float]], data: st.DataObject
) -> None:
    first = gaps_of(sets, members)
    shuffled = [data.draw(st.permutations(rows)) for rows in sets]
    second = gaps_of(shuffled, data.draw(st.permutations(members)))
    # The helper names members by their position.
    rows, others = ([msgspec.structs.replace(row, used_by={}) for row in gaps.rows] for gaps in (first, second))
    assert (first.total, rows, first.tactics) == (second.total, others, second.tactics)
    assert first.capabilities == second.capabilities


@given(sets=st.lists(MAPPINGS, min_size=1, max_size=2), members=MEMBERS)
def test_weights_of_members_add_up_and_more_sets_never_cover_less(
    sets: list[list[Any]], members: list[dict[str, float]]
) -> None:
    found = gaps_of(sets, members)
    assert found.total.weight == pytest.approx(sum(one.weight for one in found.members))
    assert found.total.covered_weight == pytest.approx(sum(one.covered_weight for one in found.members))
    assert scored(found.total) == pytest.approx(sum(map(scored, found.members)))
    fewer = gaps_of(sets[:1], members)
    assert scored(fewer.total) <= scored(found.total) + 1e-9
    assert as_json(found)["weak_below"] == 50


@given(rows=MAPPINGS, members=MEMBERS)
def test_sums_beyond_100_count_as_100(rows: list[Any], members: list[dict[str, float]]) -> None:
    found = gaps_of([rows], members, options=ScoreOptions(aggregate="sum"))
    assert all(one.score is None or one.score <= 100 for one in found.rows)


def test_the_library_refuses_what_the_command_does() -> None:
    with pytest.raises(UsageError, match="--weak is -1"):
        gaps_of([[row("a", "T1002", "protect", "partial")]], [{"T1002": 1}], weak=-1)
