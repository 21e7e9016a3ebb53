"""The layers that a report draws: each input, and of several their union, differences and the gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from navlayers.comparing.layers import layers_of as compared_layers
from navlayers.layers.build import layers_of as built_layers
from navlayers.layers.document import Layer, encode_layer
from navlayers.render.view import view_of
from navlayers.report.document import Heatmap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from navlayers.report.subject import Subject

_OF_SEVERAL = {
    "union": ("All together", "The score of a technique is the highest that any input gives it."),
    "difference": (
        "",
        "The score of a technique is that of the second minus that of the first; what only one of them covers has "
        "a colour of its own, what neither covers has none.",
    ),
    "gap": (
        "What none covers",
        "The active techniques that no input covers. The score is 100; of one with sub-techniques of which some "
        "are covered, the share of them in per cent that none covers.",
    ),
}
"""Kind of layer → its title, "" for its own, and its caption: a picture has no comments that could say more."""


def heatmaps(subject: Subject) -> Iterator[Heatmap]:
    """The heatmaps in reading order."""
    for title, caption, layer in _layers(subject):
        yield heatmap(subject, layer, title, caption)


def _layers(subject: Subject) -> Iterator[tuple[str, str, Layer]]:
    comparison = subject.comparison
    (first, *more) = comparison.inputs
    titles = _titles(subject)
    if not more and comparison.category is None and not (first.is_layer or first.covered_only):
        # By itself, a set has the colours and the legend of its own scale.
        (built,) = built_layers(first.scored, ["overview"])
        yield next(titles), "", built.layer
        return
    for _, kind, layer in compared_layers(comparison):
        if kind == "input":
            yield next(titles), "", layer
        elif more and kind in _OF_SEVERAL:
            title, caption = _OF_SEVERAL[kind]
            yield title or layer.name, caption, layer


def _titles(subject: Subject) -> Iterator[str]:
    """What stands above the heatmaps of the inputs."""
    about = subject.comparison.category
    return (name if about is None else f"{name}: {about}" for name in subject.names)


def heatmap(subject: Subject, layer: Layer, title: str, caption: str = "") -> Heatmap:
    """A layer that is drawn below a title of its own, with the caption or else what the layer says of itself."""
    view = view_of(msgspec.json.decode(encode_layer(layer)), subject.catalogue, title)
    said = caption or layer.description
    return Heatmap(msgspec.structs.replace(view, description=said), title, said)
