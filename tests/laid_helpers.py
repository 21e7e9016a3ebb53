"""Layers for the tests of what is made of them: one small, some odd, some hostile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from navlayers import attack
from navlayers.api.render_load import load
from navlayers.layer.view_json import view_of
from navlayers.mapping.find import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from navlayers.layer.view import View

CATALOGUE = attack.find("enterprise", "16.1").catalogue
GRADIENT = {"colors": ["#ffffff", "#ff0000"], "minValue": 0, "maxValue": 100}

SMALL: dict[str, Any] = {
    "name": "Small",
    "description": "A layer that is small.",
    "domain": "enterprise-attack",
    "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
    "gradient": GRADIENT,
    "legendItems": [{"label": "all of it", "color": "#ff0000"}, {"label": "none", "color": "#ffffff"}],
    "metadata": [{"name": "owner", "value": "the team"}],
    "links": [{"label": "home", "url": "https://example.org/home"}],
    "layout": {"layout": "side", "expandedSubtechniques": "none"},
    "techniques": [
        {"techniqueID": "T1566", "score": 100, "showSubtechniques": True, "comment": "Mail is read.\nTwice."},
        {"techniqueID": "T1566.001", "score": 40, "metadata": [{"name": "by", "value": "filter"}]},
        {"techniqueID": "T1059.001", "score": 12.5, "links": [{"label": "how", "url": "https://example.org/ps"}]},
        {"techniqueID": "T1078", "tactic": "persistence", "score": 0},
        {"techniqueID": "T1078", "tactic": "initial-access", "color": "#00ff00"},
        {"techniqueID": "T1190", "enabled": False, "score": 70},
    ],
}
"""T1566 is opened, T1059 is not; T1078 is told of differently under two of its tactics; T1190 is disabled."""

EVIL = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "@SUM(A1)",
    "\u202egnp.exe",
    "a\x00b\x1b[31mc\r\nd",
    "\ud800",
    "👩‍💻" * 10,
    "x" * 20_000,
    "👩" * 20_000,
    "| a | b |\n---\n# not a heading",
    "{{ 7 * 7 }}{% raw %}",
    "]]></style><style>*{display:none}",
)


def view(layer: dict[str, Any], **fields: Any) -> View:
    return view_of({**layer, **fields}, CATALOGUE, "layer")


def written(folder: Path, layers: dict[str, Any] | Sequence[dict[str, Any]]) -> tuple[View, ...]:
    """The views of what is written to a file, so that the whole way is gone."""
    file = folder / "layer.json"
    file.write_text(json.dumps(layers), encoding="utf-8")
    return load(resolve([str(file)])[0]).views


def hostile(text: str) -> dict[str, Any]:
    """A layer that has the text wherever a layer has any."""
    return {
        **SMALL,
        "name": text,
        "description": text,
        "legendItems": [{"label": text, "color": "#ff0000"}, {"label": "x", "color": text}],
        "metadata": [{"name": text, "value": text}],
        "links": [{"label": text, "url": text}, {"label": text, "url": f"https://example.org/{text}"}],
        "techniques": [
            {
                "techniqueID": "T1566",
                "score": 50,
                "color": text,
                "comment": text,
                "metadata": [{"name": text, "value": text}, {"name": "score", "value": text}],
                "links": [{"label": text, "url": text}, {"label": text, "url": f"https://example.org/{text}"}],
            }
        ],
    }


def every() -> dict[str, Any]:
    """A layer that annotates every technique of the release, most of them with more than fits."""
    active = [t for t in CATALOGUE.techniques.values() if t.active]
    return {
        **SMALL,
        "techniques": [
            {
                "techniqueID": technique.id,
                "score": number % 101,
                "comment": f"comment {number} " * (2000 if number < 3 else 5),
                "metadata": [{"name": f"name {number % 20}", "value": "value"}],
                "links": [
                    {"label": f"l{i}", "url": f"https://example.org/{number}/{i}"} for i in range(number % 8)
                ],
            }
            for number, technique in enumerate(active)
        ],
    }
