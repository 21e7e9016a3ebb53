"""Every kind of layer in mitreattack-python's exporters to Excel and SVG."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROWS, Run, write_set

from navlayers import attack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from navlayers.attack import Catalogue

AWKWARD = r"It's [A/B]: \ *all*?"


class Store:
    """Initial Access and every fifth tactic after it, as the exporters ask for them: they compare all with all."""

    def __init__(self, release: Catalogue) -> None:
        tactics = release.tactics[2::5]
        self.objects: list[dict[str, Any]] = [
            {
                "type": "x-mitre-matrix",
                "name": "Matrix",
                "tactic_refs": [f"x-mitre-tactic--{tactic.id}" for tactic in tactics],
            }
        ]
        for tactic in tactics:
            self.objects.append(
                {
                    "type": "x-mitre-tactic",
                    "id": f"x-mitre-tactic--{tactic.id}",
                    "name": tactic.name,
                    "x_mitre_shortname": tactic.shortname,
                    "external_references": [{"source_name": "mitre-attack", "external_id": tactic.id}],
                }
            )
        for technique in release.techniques.values():
            if technique.active:
                kept = {tactic.shortname for tactic in tactics} & {*technique.tactics}
                phases = [{"kill_chain_name": "mitre-attack", "phase_name": name} for name in sorted(kept)]
                self.objects.append(
                    {
                        "type": "attack-pattern",
                        "name": technique.name,
                        "kill_chain_phases": phases,
                        "external_references": [{"source_name": "mitre-attack", "external_id": technique.id}],
                    }
                )

        self._found: dict[tuple[tuple[str, str], ...], list[dict[str, Any]]] = {}

    def query(self, filters: list[Any]) -> list[dict[str, Any]]:
        """The objects that meet all filters; the exporters ask the same of every layer."""
        asked = tuple((one.property, str(one.value)) for one in filters)
        if asked not in self._found:
            self._found[asked] = [
                thing for thing in self.objects if all(self._meets(thing, one) for one in filters)
            ]
        return self._found[asked]

    @staticmethod
    def _meets(thing: dict[str, Any], wanted: Any) -> bool:
        if wanted.property == "kill_chain_phases.phase_name":
            return any(phase["phase_name"] == wanted.value for phase in thing["kill_chain_phases"])
        return bool(thing.get(wanted.property) == wanted.value)


def layers(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The layers of a folder, without those that all.json repeats."""
    for path in sorted(folder.rglob("*.json")):
        if path.name not in {"all.json", "index.json"}:
            yield path.relative_to(folder).as_posix(), json.loads(path.read_bytes())


@pytest.fixture
def written(run: Run, tmp_path: Path) -> Path:
    """Layers of every kind, of sets with a name that Excel refuses."""
    folder = tmp_path / "written"
    awkward = write_set(
        tmp_path / "in" / "a.json", mapping_framework=AWKWARD, mapping_framework_version="03/06/2025"
    )
    other = write_set(tmp_path / "in" / "b.json", ROWS[:2])
    overview = folder / "0" / "a" / "overview.json"
    lines: tuple[tuple[str | Path, ...], ...] = (
        ("build", awkward),
        ("compare", awkward, other, "--baseline", awkward),
        ("gaps", awkward, "--threat", "APT29"),
        ("plan", awkward, "--target", "50%"),
        ("plan", awkward, "--target", "50%", "--threat", "APT29"),
        ("build", "kev", "--only", "overview"),
        ("gaps", awkward, "--threat", "kev"),
        ("upgrade", overview, "--attack", "18.1"),
    )
    for number, line in enumerate(lines):
        done = run(*line, "-o", folder / str(number))
        assert done.code == 0, done.err
    return folder


def test_excel_and_svg_exporters_take_every_kind_of_layer(written: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import openpyxl  # noqa: PLC0415 - takes a second
        from mitreattack.navlayers import Layer, ToExcel, ToSvg  # noqa: PLC0415 - takes a second
    release = attack.find("enterprise", "18.1").catalogue
    excel, svg = (each("enterprise", "memorystore", Store(release)) for each in (ToExcel, ToSvg))
    seen: set[str] = set()
    for path, document in layers(written):
        layer = Layer(strict=True)
        layer.from_str(json.dumps(document))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Title is more than 31 characters")
            excel.to_xlsx(layer, str(tmp_path / "layer.xlsx"))
            assert openpyxl.load_workbook(tmp_path / "layer.xlsx").sheetnames == [document["name"]], path
        if seen:
            # The exporter tries every break of every line: whole descriptions take seconds, so the first is enough.
            layer.layer.description = document["description"][:40]
        svg.to_svg(layer, str(tmp_path / "layer.svg"))
        seen.add(document["name"])
    assert {
        "It's (A-B) – - all 2025-03-06 – overview",
        "Threat – APT29",
        "Difference – a → b",
        "Agreement",
    } <= seen
