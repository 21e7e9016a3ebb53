"""Files of what the explorer shows: the layer as JSON, or a picture, workbook or document of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from navlayers._text.numbers import number_text
from navlayers._text.slugs import slug
from navlayers.analysis import compare_layers, gaps_layers
from navlayers.analysis.compare import side_by_side
from navlayers.analysis.plan.layer import plan_layer
from navlayers.api.render import render
from navlayers.errors import Problem, UsageError
from navlayers.layer import build
from navlayers.layer.document import encode_layer
from navlayers.layer.view import View
from navlayers.mapping.model import CATEGORIES
from navlayers.output.drawing.options import RenderOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.analysis.compare_result import Comparison
    from navlayers.layer.document import Layer
    from navlayers.mapping.model import Mapping
    from navlayers.scoring.coverage import Coverage
    from navlayers.serve.answers import Subject

T = TypeVar("T")

TYPES = {
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Format → media type."""

_SECONDS = 5.0
"""Time for the plan of a download."""


class Choice(msgspec.Struct, frozen=True):
    """A view of the explorer under its filters.

    Attributes:
        kind: of the view, as in `navlayers.web.explorer.View`.
        place: which one of that kind.
        category: of scores; "" for the overall ones.
        capability: id, and name, of the only capability to show; None for all.
        platform: the only one to show; "" for all.
        least: the lowest score to show.
        budget: of a plan.
    """

    kind: str
    place: int = 0
    category: str = ""
    capability: tuple[str, str] | None = None
    platform: str = ""
    least: float = 0
    budget: int = 0


class Download(NamedTuple):
    """A file: its name, its media type, its bytes."""

    name: str
    type: str
    data: bytes


def download(subject: Subject, choice: Choice, format_: str) -> Download:
    """The file of a view.

    Raises:
        NavlayersError: there is no such view or format.
    """
    if format_ not in TYPES:
        raise UsageError(Problem(f"no format {format_!r}", expected=", ".join(TYPES)))
    layer = _filtered(_layer(subject, choice), choice, subject)
    name = f"{slug(layer.name) or 'layer'}.{format_}"[-120:]
    if format_ == "json":
        return Download(name, TYPES[format_], encode_layer(layer))
    view = View.from_layer(layer, subject.data.catalogue)
    return Download(name, TYPES[format_], render([view], format_, RenderOptions()).data)


def _layer(subject: Subject, choice: Choice) -> Layer:
    data = subject.data
    if choice.kind == "plan":
        return plan_layer(subject.plan(choice.budget, _SECONDS))
    if choice.kind == "layer":
        threats = (layer for _, kind, layer in compare_layers.layers_of(data.comparison) if kind == "threat")
        gaps = gaps_layers.layers_of(data.gaps) if data.gaps else ()
        return _nth((*threats, *(layer for _, kind, layer in gaps if kind != "threat")), choice)
    comparison = _comparison(data.comparison, choice.category)
    of_one = choice.kind in ("set", "union") and choice.capability is not None
    if of_one or choice.kind == "set":
        covers = [c for c in comparison.inputs if choice.kind == "set" or _mappings(c, choice)]
        coverage = _nth(covers, choice)
        if of_one or not (len(comparison.inputs) > 1 or coverage.is_layer or coverage.covered_only):
            return _of_set(coverage, comparison.category, choice)
    kind = {"set": "input"}.get(choice.kind, choice.kind)
    return _nth([layer for _, each, layer in compare_layers.layers_of(comparison) if each == kind], choice)


def _of_set(coverage: Coverage, category: str | None, choice: Choice) -> Layer:
    """The layer of a set as `build` writes it, or of one of its capabilities."""
    if choice.capability is not None:
        return build.SetLayers(coverage.scored).layer(
            choice.capability[1], _mappings(coverage, choice), category, notes=True
        )
    layers = build.layers_of(coverage.scored, ["categories" if category else "overview"])
    return next(built.layer for built in layers if built.id == (category or "overview"))


def _mappings(coverage: Coverage, choice: Choice) -> list[Mapping]:
    """The mappings of the chosen capability."""
    wanted, labels = choice.capability, coverage.labels
    return [m for m in coverage.scored.mappings if (m.capability, labels.get(m.capability, m.capability)) == wanted]


def _comparison(comparison: Comparison, category: str) -> Comparison:
    """The comparison by a category, of all that the sets have."""
    if not category or comparison.category == category:
        return comparison
    for known in CATEGORIES:
        if known == category and any(known in coverage.categories for coverage in comparison.inputs):
            return side_by_side(comparison.catalogue, comparison.inputs, category=known)
    raise UsageError(Problem(f"no scores of the category {category!r}"))


def _nth(items: Sequence[T], choice: Choice) -> T:
    if not 0 <= choice.place < len(items):
        raise UsageError(Problem(f"no view {choice.kind} {choice.place}"))
    return items[choice.place]


def _filtered(layer: Layer, choice: Choice, subject: Subject) -> Layer:
    """The layer without what the filters hide."""
    kept = layer.techniques
    filters = []
    if choice.platform:
        known = subject.data.catalogue.techniques
        kept = tuple(
            e for e in kept if e.techniqueID in known and choice.platform in known[e.techniqueID].platforms
        )
        filters.append(choice.platform)
    if choice.least > 0:
        kept = tuple(entry for entry in kept if entry.score is not None and abs(entry.score) >= choice.least)
        filters.append(f"from {number_text(choice.least)}")
    if not filters:
        return layer
    name = f"{layer.name} ({', '.join(filters)})"
    return msgspec.structs.replace(layer, name=name, techniques=kept)
