"""The layers that the server offers: of files as they are, of sets their overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.slugs import slug, slugs
from navlayers.api.render_load import load_layers, to_draw
from navlayers.errors import Problem, UsageError
from navlayers.mapping.formats import idle_options
from navlayers.mapping.formats.context import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.mapping.find import Source
    from navlayers.serve.workspace import Held, Workspace

MOST = 40
"""Maximum number of layers: the Navigator becomes slow with dozens of tabs."""


class OfferedLayer(NamedTuple):
    """A layer to serve: its file name in the address, its name, its ATT&CK release and its JSON."""

    file: str
    name: str
    release: str
    data: bytes


def offered_layers(
    inputs: Sequence[Source],
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    on_input: Callable[[int], None] = lambda total: None,
) -> tuple[tuple[OfferedLayer, ...], tuple[Problem, ...]]:
    """The layers of the inputs in their order, and notices.

    Args:
        inputs: Layers, lists and folders of layers, mapping sets.
        attack_version: Upgrade them to this ATT&CK release first; None: each at its own.
        reading: How to read files.
        on_input: Called after each input with the number of inputs.

    Raises:
        InputError: An input cannot be read.
        UsageError: There are more than `MOST` layers.
    """
    chosen, skipped = to_draw(inputs, reading.max_bytes)
    items, notices, idle = [], list(skipped), []
    for source in chosen:
        layers, about, unused = load_layers(source, attack_version, reading)
        idle.append(unused)
        items += layers
        notices += about
        notices += [notice for item in layers for notice in item.view.notices]
        on_input(len(chosen))
    notices += idle_options(idle)
    if len(items) > MOST:
        message = f"{len(items)} layers are too many to open"
        raise UsageError(Problem(message, expected=f"at most {MOST}", hint="name the layers that you want to see"))
    numbered = [f"{number} {item.name}" for number, item in enumerate(items, 1)]
    # Without the number, where that is enough.
    short = {slug(item.name) for item in items}
    files = slugs([item.name for item in items] if len(short) == len(items) else numbered)
    keys = [item.name for item in items] if len(short) == len(items) else numbered
    offered = (
        OfferedLayer(f"{files[key]}.json", item.title, item.view.release, item.data)
        for key, item in zip(keys, items, strict=True)
    )
    return tuple(offered), tuple(notices)


class SetLayers:
    """The layers of the sets of a workspace, as they are now."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, tuple[str, dict[str, bytes]]] = {}

    def files(self, held: Held) -> list[str]:
        """The file names of a set's layers in the order of the Navigator's tabs; none before it is read."""
        if not held.prepared:
            return []
        name = slugs(each.source.name for each in self._workspace.held)[held.source.name]
        (first, *_) = held.prepared
        count = len(first.set.capabilities) if first.format == "layer" else 1
        return [f"{name}.json"] if count < 2 else [f"{name}-{number}.json" for number in range(1, count + 1)]

    def get(self, file: str) -> bytes | None:
        """The layer of this file name; None if there is none."""
        for held in self._workspace.held:
            files = self.files(held)
            if file in files:
                stamp, layers = self._known.get(held.source.name, ("", {}))
                if stamp != held.stamp:
                    settings = self._workspace.settings
                    items, _, _ = load_layers(held.source, settings.attack_version, settings.reading)
                    layers = dict(zip(files, (item.data for item in items), strict=False))
                    self._known[held.source.name] = (held.stamp, layers)
                return layers.get(file)
        return None
