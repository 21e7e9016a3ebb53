"""The layers that a report draws: each input, and of several their union, differences and the gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.comparing.layers import layers_of as compared_layers
from navlayers.layers.build import layers_of as built_layers
from navlayers.layers.document import Layer, encode_layer
from navlayers.render.view import View, view_of
from navlayers.report.document import Heatmap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.report.subject import Subject

_KINDS = ("input", "union", "difference", "gap")


def heatmaps(subject: Subject) -> Iterator[Heatmap]:
    """The heatmaps in reading order."""
    for title, layer in _layers(subject):
        yield heatmap(subject, layer, title)


def _layers(subject: Subject) -> Iterator[tuple[str, Layer]]:
    comparison = subject.comparison
    (first, *more) = comparison.inputs
    if not more and comparison.category is None and not (first.is_layer or first.covered_only):
        # By itself, a set has the colours and the legend of its own scale.
        (built,) = built_layers(first.scored, ["overview"])
        yield subject.titles[0], built.layer
        return
    for _, kind, layer in compared_layers(comparison):
        if kind in _KINDS and (more or kind == "input"):
            yield _title(subject, kind, layer), layer


def _title(subject: Subject, kind: str, layer: Layer) -> str:
    if kind == "input":
        titles = {one.title: title for one, title in zip(subject.inputs, subject.titles, strict=True)}
        for one, title in titles.items():
            if layer.name.startswith(f"{one}: "):
                return title
    return {"union": "All together", "gap": "What none covers"}.get(kind, layer.name)


def heatmap(subject: Subject, layer: Layer, title: str) -> Heatmap:
    """A layer that is drawn."""
    view = view_of(msgspec.json.decode(encode_layer(layer)), subject.catalogue, title)
    return Heatmap(view, title, layer.description)


__all__ = ["View", "heatmap", "heatmaps"]
