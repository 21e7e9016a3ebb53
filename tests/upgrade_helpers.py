from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def layer(*ids: str, attack: str | None = "8", **fields: Any) -> dict[str, Any]:
    versions = {"navigator": "5.1.0", "layer": "4.5", **({"attack": attack} if attack else {})}
    entries = [{"techniqueID": id_, "score": number} for number, id_ in enumerate(ids)]
    return {"name": "n", "versions": versions, "domain": "enterprise-attack", "techniques": entries, **fields}


def put(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path
