"""What navlayers says of a layer that it built: the release and the counts, which follow the upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers.layer.old_formats import ATTACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.layer.old_formats import Document
    from navlayers.upgrade.releases import Way

_FRAMEWORK = "framework"
_COUNTS = ("techniques", "sub-techniques")


def follow(layer: Document, way: Way, before: Sequence[str], after: Sequence[str]) -> None:
    """Make metadata and description of a layer say what holds now; `before` and `after` are its technique ids.

    Counts are changed only where they were those of the layer. The lists and items of the layer are replaced, not
    changed in place.
    """
    metadata = layer.get("metadata")
    if not metadata:
        return
    said = f"{way.domain} {way.step.new.version}"
    names = [item.get("name") for item in metadata]
    ours = _FRAMEWORK in names and ATTACK in names
    counted = dict(zip(_COUNTS, zip(_counts(before), _counts(after), strict=True), strict=True)) if ours else {}
    items = []
    for item in metadata:
        name, value = item.get("name"), item.get("value")
        new = value
        if name == ATTACK:
            new = said
        elif isinstance(name, str) and name in counted and value == counted[name][0]:
            new = counted[name][1]
        items.append(item if new == value else {**item, "value": new})
    layer["metadata"] = items
    description = layer.get("description")
    if ours and isinstance(description, str) and way.step.old is not None:
        from navlayers.layer.describe import DOMAIN_NAMES  # noqa: PLC0415 - for layers that navlayers built alone

        start = f" mapped to ATT&CK {DOMAIN_NAMES[way.domain]} "
        layer["description"] = description.replace(
            f"{start}{way.step.old.version}: ", f"{start}{way.step.new.version}: ", 1
        )


def _counts(ids: Sequence[str]) -> tuple[str, str]:
    subs = sum("." in identifier for identifier in set(ids))
    return str(len(set(ids)) - subs), str(subs)
