"""Turn mappings of security controls to MITRE ATT&CK into ATT&CK Navigator layers.

The names below are the library; each is imported when it is first used, so that a command pays only for its own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navlayers.api import build_layers, encode_set, load, release, scores
    from navlayers.carry import carry_to, inactive
    from navlayers.check import check as check_sets
    from navlayers.check import mend as mend_sets
    from navlayers.comparing import compare, diff
    from navlayers.comparing.folder import comparison_folder
    from navlayers.comparing.report import render as render_diff
    from navlayers.converting import convert
    from navlayers.errors import InputError, NavlayersError, OutputError, Place, Problem, ReleaseError, UsageError
    from navlayers.gaps import find_gaps, gaps_folder
    from navlayers.layers.document import encode_layer, encode_layers
    from navlayers.model import Capability, Mapping, MappingSet, NonMappable
    from navlayers.options import ScoreOptions
    from navlayers.output_folder import write_folder
    from navlayers.pipeline import build_document, build_folder, prepare
    from navlayers.plan import PlanOptions, make_plan, plan_folder, read_costs
    from navlayers.readers import Findings, Reading, ReadOptions, read
    from navlayers.render.files import render_files, render_layer
    from navlayers.render.options import RenderOptions
    from navlayers.report.files import render_report, write_report
    from navlayers.report.make import make_report
    from navlayers.report.options import ReportOptions
    from navlayers.report.subject import subject_of
    from navlayers.schema import schema_text
    from navlayers.scoring import score_set
    from navlayers.sets import resolve
    from navlayers.show import look_up
    from navlayers.show import render as render_page
    from navlayers.site import SiteOptions, write_site
    from navlayers.stats import set_stats
    from navlayers.threats import ThreatModel, against, threat_of
    from navlayers.together import read_together
    from navlayers.upgrade.files import upgrade_files
    from navlayers.upgrade.layers import upgrade_layer
    from navlayers.upgrade.rendering import render as render_upgrade
    from navlayers.upgrade.sets import upgrade_set
    from navlayers.writers.written import Written

__all__ = [
    "Capability",
    "Findings",
    "InputError",
    "Mapping",
    "MappingSet",
    "NavlayersError",
    "NonMappable",
    "OutputError",
    "Place",
    "PlanOptions",
    "Problem",
    "ReadOptions",
    "Reading",
    "ReleaseError",
    "RenderOptions",
    "ReportOptions",
    "ScoreOptions",
    "SiteOptions",
    "ThreatModel",
    "UsageError",
    "Written",
    "against",
    "build_document",
    "build_folder",
    "build_layers",
    "carry_to",
    "check_sets",
    "compare",
    "comparison_folder",
    "convert",
    "diff",
    "encode_layer",
    "encode_layers",
    "encode_set",
    "find_gaps",
    "gaps_folder",
    "inactive",
    "load",
    "look_up",
    "make_plan",
    "make_report",
    "mend_sets",
    "plan_folder",
    "prepare",
    "read",
    "read_costs",
    "read_together",
    "release",
    "render_diff",
    "render_files",
    "render_layer",
    "render_page",
    "render_report",
    "render_upgrade",
    "resolve",
    "schema_text",
    "score_set",
    "scores",
    "set_stats",
    "subject_of",
    "threat_of",
    "upgrade_files",
    "upgrade_layer",
    "upgrade_set",
    "write_folder",
    "write_report",
    "write_site",
]

_MODULES = {
    "api": ("build_layers", "encode_set", "load", "release", "scores"),
    "carry": ("carry_to", "inactive"),
    "check": ("check_sets", "mend_sets"),
    "comparing": ("compare", "diff"),
    "comparing.folder": ("comparison_folder",),
    "comparing.report": ("render_diff",),
    "converting": ("convert",),
    "errors": (
        "InputError",
        "NavlayersError",
        "OutputError",
        "Place",
        "Problem",
        "ReleaseError",
        "UsageError",
    ),
    "gaps": ("find_gaps", "gaps_folder"),
    "layers.document": ("encode_layer", "encode_layers"),
    "model": ("Capability", "Mapping", "MappingSet", "NonMappable"),
    "options": ("ScoreOptions",),
    "output_folder": ("write_folder",),
    "pipeline": ("build_document", "build_folder", "prepare"),
    "plan": ("PlanOptions", "make_plan", "plan_folder", "read_costs"),
    "readers": ("Findings", "ReadOptions", "Reading", "read"),
    "render.files": ("render_files", "render_layer"),
    "render.options": ("RenderOptions",),
    "report.files": ("render_report", "write_report"),
    "report.make": ("make_report",),
    "report.options": ("ReportOptions",),
    "report.subject": ("subject_of",),
    "schema": ("schema_text",),
    "scoring": ("score_set",),
    "sets": ("resolve",),
    "show": ("look_up", "render_page"),
    "site": ("SiteOptions", "write_site"),
    "stats": ("set_stats",),
    "threats": ("ThreatModel", "against", "threat_of"),
    "together": ("read_together",),
    "upgrade.files": ("upgrade_files",),
    "upgrade.layers": ("upgrade_layer",),
    "upgrade.rendering": ("render_upgrade",),
    "upgrade.sets": ("upgrade_set",),
    "writers.written": ("Written",),
}
_THERE = {
    "check_sets": "check",
    "mend_sets": "mend",
    "render_page": "render",
    "render_upgrade": "render",
    "render_diff": "render",
}
"""Names that say more here than where they are at home."""

_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'navlayers' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"navlayers.{_HOME[name]}"), _THERE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted(__all__)
