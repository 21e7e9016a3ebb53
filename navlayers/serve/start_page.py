"""The start pages: the way into the Navigator, the layers, and what to do where a browser blocks the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.output import html
from navlayers.output.document import Document, Heading, Item, Items, Paragraph
from navlayers.output.tables import Column, Span, Table
from navlayers.serve.app import navigator_url, origin
from navlayers.serve.guard import LAYERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.serve.layers import OfferedLayer


def start_page(layers: Sequence[OfferedLayer], navigator: str, base: str) -> str:
    """The HTML of the page.

    Args:
        layers: The layers, in the order of the Navigator's tabs.
        navigator: The address of the Navigator.
        base: The address of the server, without a slash at the end.
    """
    whole = navigator_url(navigator, base, [layer.file for layer in layers])
    columns = (Column("layer"), Column("ATT&CK release"), Column("file"))
    rows = tuple(
        (
            Span(layer.name, navigator_url(navigator, base, [layer.file])),
            layer.release,
            Span(layer.file, f"{base}{LAYERS}{layer.file}"),
        )
        for layer in layers
    )
    help_ = (
        Item(f"Chrome and Edge ask whether {origin(navigator)} may reach this device: choose Allow."),
        Item("Safari does not let https pages read from this device: use another browser, or a local Navigator."),
        Item("Anywhere: save the files above, and choose Open Existing Layer, Upload from local in the Navigator."),
    )
    blocks = (
        Heading("Layers for the ATT&CK Navigator", level=1),
        Paragraph((Span("Open all in the Navigator", whole, strong=True),)),
        Table("layers", "", columns, rows),
        Heading("If the Navigator shows no layer", level=2),
        Items(help_),
    )
    return html.render(Document("Layers for the ATT&CK Navigator", blocks=blocks))


def closed_page() -> str:
    """The HTML of the start page of `serve`, for those who do not know the address of the explorer."""
    text = "The explorer has an address of its own for each run: open the one that navlayers printed."
    return html.render(Document("navlayers", blocks=(Heading("navlayers", level=1), Paragraph(text))))
