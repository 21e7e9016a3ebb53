"""The layer of a fleet: the score of a technique is the percentage of the tenants that cover it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from navlayers._text.numbers import number_text, rounded
from navlayers._text.wording import quantity
from navlayers.layer.annotate import make_entry
from navlayers.layer.build import count_facts, make_layer, release_fact
from navlayers.layer.colors import LegendItem
from navlayers.layer.ramps import value_gradient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.attack import Catalogue
    from navlayers.layer.colors import Gradient
    from navlayers.layer.document import Layer, Technique
    from navlayers.scoring.options import ScoreOptions

_TICKS = (100, 75, 50, 25, 0)


def fleet_layer(rows: Iterable[dict[str, Any]], catalogue: Catalogue, options: ScoreOptions) -> Layer:
    """The layer of the techniques that some tenant maps.

    Args:
        rows: as `Summary.techniques` has them, those of the domain.
        catalogue: the release.
        options: how tenants are scored.
    """
    mapped = [row for row in rows if row["mapped"]]
    gradient = value_gradient(None, 100)
    tenants = max((row["tenants"] for row in mapped), default=0)
    count = quantity(tenants, "tenant")
    covered = [row["technique"] for row in mapped if row["covering"]]
    return make_layer(
        f"Fleet of {count}",
        catalogue,
        [*_entries(mapped, gradient)],
        gradient,
        [LegendItem(f"{tick}% of tenants", gradient.color(tick)) for tick in _TICKS],
        description=f"A technique's score is the percentage of the {count} that cover it, of {catalogue.title}.",
        facts=[
            ("shows", "fleet"),
            ("tenants", str(tenants)),
            ("aggregate", options.aggregate),
            *count_facts(covered),
            release_fact(catalogue),
        ],
    )


def worst_of(row: dict[str, Any]) -> list[str]:
    """The tenants with the lowest scores, and how many more have the score of the last of them."""
    return [*row["worst"], *([f"and {row['ties']:,} more"] if row["ties"] else [])]


def _entries(rows: Iterable[dict[str, Any]], gradient: Gradient) -> Iterator[Technique]:
    for row in rows:
        comment = f"Covered by {row['covering']:,} of {quantity(row['tenants'], 'tenant')}"
        if row["minimum"] is not None:
            low, middle = (number_text(rounded(row[name])) for name in ("minimum", "median"))
            comment += f"; lowest score {low}, median {middle}"
        if row["worst"]:
            comment += f"\nLowest: {', '.join(worst_of(row))}"
        yield make_entry(row["technique"], row["share"], gradient, comment=comment)
