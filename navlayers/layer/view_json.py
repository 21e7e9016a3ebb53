"""The view of any layer's decoded JSON, read as the Navigator does; parts that cannot be drawn are reported."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from navlayers._text.links import web_links
from navlayers._text.wording import comma_list, first_few, quantity
from navlayers.attack.id_changes import Tactics
from navlayers.errors import Problem
from navlayers.layer.colors import (
    DEFAULT_COLORS,
    FEWEST_COLORS,
    Gradient,
    LegendItem,
    cell_color,
    gradient_of,
    parse_color,
)
from navlayers.layer.view import Annotation, Layout, View
from navlayers.mapping.replacements import MOST_LISTED, inactive_ids, not_active

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from navlayers.attack import Catalogue

    Notice: TypeAlias = Callable[..., None]

_LAYOUTS = ("side", "flat", "mini")
_AGGREGATES = ("average", "min", "max", "sum")
_EXPANDED = ("none", "annotated", "all")

# The Navigator converts these platforms of old layers.
_OLD_PLATFORMS = {
    "android": "Android",
    "ios": "iOS",
    "windows": "Windows",
    "linux": "Linux",
    "mac": "macOS",
    "AWS": "IaaS",
    "GCP": "IaaS",
    "Azure": "IaaS",
}
# Platforms that ATT&CK renamed since; the Navigator does not convert these.
_RENAMED_PLATFORMS = {
    "Azure AD": "Identity Provider",
    "Office 365": "Office Suite",
    "Google Workspace": "Office Suite",
    "Network": "Network Devices",
}


def view_of(layer: dict[str, Any], catalogue: Catalogue, name: str) -> View:
    """The view of a decoded layer of format 4.5, read as the Navigator does.

    Args:
        layer: a layer whose types `navlayers.layer.format_versions` has checked.
        catalogue: the release to draw it at.
        name: its name in messages.
    """
    notices: list[Problem] = []

    def notice(message: str, hint: str = "") -> None:
        notices.append(Problem(f"{name}: {message}", hint=hint))

    entries = _entries(_list(layer.get("techniques")), catalogue, notice)
    gradient = _gradient(layer, notice)
    _check_band(entries, gradient, notice)
    layout = layer.get("layout") or {}
    kind = layout.get("layout") if layout.get("layout") in _LAYOUTS else "side"
    aggregate = layout.get("aggregateFunction")
    expanded = layout.get("expandedSubtechniques")
    platforms = _platforms(layer.get("filters") or {}, catalogue, notice)
    _tell_hidden(entries, platforms, catalogue, notice)
    return View(
        name=_text(layer.get("name")) or "layer",
        description=_text(layer.get("description")),
        catalogue=catalogue,
        gradient=gradient,
        legend=tuple(_legend(_list(layer.get("legendItems")))),
        entries=entries,
        layout=Layout(
            layout=str(kind),
            show_name=kind != "mini" and layout.get("showName") is not False,
            show_id=kind != "mini" and layout.get("showID") is True,
            aggregate=aggregate if aggregate in _AGGREGATES else "average",
            show_aggregate=layout.get("showAggregateScores") is True,
            count_unscored=layout.get("countUnscored") is True and aggregate not in _AGGREGATES[1:],
            expanded=expanded if expanded in _EXPANDED else "none",
        ),
        platforms=platforms,
        sorting=layer["sorting"] if layer.get("sorting") in (1, 2, 3) else 0,
        hide_disabled=layer.get("hideDisabled") is True,
        tactic_background=_tactic_background(layer),
        metadata=_pairs(layer.get("metadata")),
        links=_links(layer.get("links")),
        notices=tuple(notices),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _entries(
    written: Iterable[dict[str, Any]], catalogue: Catalogue, notice: Notice
) -> dict[tuple[str, str], Annotation]:
    """Annotations as in the Navigator: an entry without a tactic applies to all, and the last entry wins."""
    result: dict[tuple[str, str], Annotation] = {}
    inactive: dict[str, None] = {}
    misplaced: dict[str, None] = {}
    known = Tactics(None, catalogue)
    irregular: dict[str, None] = {}
    for entry in written:
        identifier = entry["techniqueID"].strip()
        technique = catalogue.get(identifier)
        if technique is None or not technique.active:
            inactive[identifier] = None
            continue
        tactic_text = _text(entry.get("tactic"))
        tactic = known.find(tactic_text) if tactic_text else None
        if tactic_text and tactic not in technique.tactics:
            misplaced[f"{identifier} under {tactic_text} (it is under {', '.join(technique.tactics)})"] = None
            continue
        if identifier != entry["techniqueID"] or tactic != (tactic_text or None) or entry.get("tactic") == "":
            irregular[f"{entry['techniqueID']} under {tactic_text}" if tactic_text else entry["techniqueID"]] = None
        tactics = technique.tactics if tactic is None else (tactic,)
        annotation = _annotation(entry)
        for tactic in tactics:
            result[identifier, tactic] = annotation
    if irregular:
        notice(
            f"drawn, although the Navigator ignores entries in this form: {comma_list(list(irregular))}",
            "write ids without blanks, and tactics by their short names, such as credential-access",
        )
    if inactive:
        hint = f"navlayers upgrade --attack {catalogue.version} replaces ids that have a successor"
        listed = first_few(list(map(str, inactive_ids(inactive, catalogue))), MOST_LISTED, "; ")
        notice(f"{not_active(catalogue.version)}: {listed}", hint)
    if misplaced:
        notice(f"not drawn, because the technique does not belong to the tactic: {comma_list(list(misplaced))}")
    return result


def _annotation(entry: dict[str, Any]) -> Annotation:
    score: Any = entry.get("score")
    number = score if type(score) in (int, float) and math.isfinite(score) else None
    return Annotation(
        score=number,
        color=cell_color(entry["color"]) if _text(entry.get("color")) else "",
        comment=_text(entry.get("comment")),
        enabled=entry.get("enabled") is not False,
        metadata=_pairs(entry.get("metadata")),
        links=_links(entry.get("links")),
        opened=entry.get("showSubtechniques") is True,
    )


def _pairs(items: Any) -> tuple[tuple[str, str], ...]:
    """Names and values that are non-empty text; the Navigator shows no others."""
    return tuple(
        (item["name"], item["value"])
        for item in _list(items)
        if isinstance(item, dict) and _text(item.get("name")) and _text(item.get("value"))
    )


def _links(items: Any) -> tuple[tuple[str, str], ...]:
    """Labels and URLs of web links only, because a click would open any other link, too."""
    result = []
    for item in _list(items):
        if isinstance(item, dict) and _text(item.get("url")):
            for url in web_links([item["url"]]):
                result.append((_text(item.get("label")) or url, url))
    return tuple(result)


def _gradient(layer: dict[str, Any], notice: Notice) -> Gradient:
    written = layer.get("gradient")
    if written is None:
        return gradient_of(list(DEFAULT_COLORS), 0, 100)
    colors = [color for color in _list(written.get("colors")) if isinstance(color, str)]
    ends = [written.get(key) for key in ("minValue", "maxValue")]
    low, high = (end if type(end) in (int, float) else default for end, default in zip(ends, (0, 100), strict=True))
    wrong = []
    if len(colors) < FEWEST_COLORS:
        wrong.append("has fewer than two colors")
    elif any(parse_color(color) is None for color in colors):
        wrong.append("has an invalid color, so the default colors are used")
    if any(type(end) not in (int, float) for end in ends):
        wrong.append("lacks minValue or maxValue, so 0 and 100 are used")
    elif low >= high:
        wrong.append(f"runs from {low:g} to {high:g}, so every score has the color of one end")
    for what in wrong:
        notice(f"the gradient {what}", "the Navigator may show an empty matrix")
    return gradient_of(colors, low, high)


def _check_band(entries: dict[tuple[str, str], Annotation], gradient: Gradient, notice: Notice) -> None:
    scores = {e.score for e in entries.values() if e.score is not None}
    bad = sorted(filter(gradient.empties, scores))
    if bad:
        examples = f"scores such as {bad[0]:g}, just below {gradient.maxValue:g}"
        notice(f"the Navigator shows an empty matrix for {examples}")


def _legend(items: Iterable[Any]) -> Iterator[LegendItem]:
    for item in items:
        if isinstance(item, dict) and _text(item.get("label")) and (color := cell_color(_text(item.get("color")))):
            yield LegendItem(item["label"], color)


def _platforms(filters: dict[str, Any], catalogue: Catalogue, notice: Notice) -> tuple[str, ...]:
    names = [p for p in _list(filters.get("platforms")) if isinstance(p, str)]
    in_release = set(catalogue.platforms)
    by_lower = {platform.lower(): platform for platform in in_release}
    # A release before 9 has AWS itself.
    written = {p for p in names if p in in_release}
    resolved = written | {_OLD_PLATFORMS.get(p, by_lower.get(p.lower(), p)) for p in names if p not in in_release}
    renamed = sorted(p for p in resolved - in_release if _RENAMED_PLATFORMS.get(p) in in_release)
    if renamed:
        pairs = [f"{platform} ({_RENAMED_PLATFORMS[platform]})" for platform in renamed]
        notice(f"the Navigator shows an empty matrix for platforms under their old names: {comma_list(pairs)}")
        resolved = {_RENAMED_PLATFORMS[p] if p in renamed else p for p in resolved}
    missing = sorted(resolved - in_release - {"None"})
    other = sorted(p for p in names if p not in in_release and p not in _OLD_PLATFORMS and p.lower() in by_lower)
    if other:
        notice(f"the Navigator shows an empty matrix for platforms whose case differs: {comma_list(other)}")
    if missing:
        notice(
            f"the filter names platforms that ATT&CK {catalogue.version} does not have: {comma_list(missing)}",
            "the Navigator shows an empty matrix for them",
        )
    known = resolved & (in_release | {"None"})
    return () if not known or known >= in_release else tuple(sorted(known))


def _tell_hidden(
    entries: dict[tuple[str, str], Annotation], platforms: tuple[str, ...], catalogue: Catalogue, notice: Notice
) -> None:
    """Tell which scored techniques the layer's own filter hides."""
    scored = {id_ for (id_, _), entry in entries.items() if entry.score is not None and entry.enabled}
    techniques = [catalogue.techniques[id_] for id_ in sorted(scored)]
    hidden = [t for t in techniques if platforms and not set(platforms) & set(t.platforms or ("None",))]
    if hidden:
        names = first_few([f"{t.id} {t.name} ({', '.join(t.platforms)})" for t in hidden], MOST_LISTED, "; ")
        count = quantity(len(hidden), "technique")
        notice(f"the layer's platform filter ({', '.join(platforms)}) hides {count} with a score: {names}")


def _tactic_background(layer: dict[str, Any]) -> str:
    if layer.get("showTacticRowBackground") is not True:
        return ""
    return cell_color(_text(layer.get("tacticRowBackground")) or "#dddddd")
