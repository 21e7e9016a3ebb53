"""Turn mappings of security controls to MITRE ATT&CK into ATT&CK Navigator layers.

The names below are the library; each is imported when it is first used, so that a command pays only for its own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from navlayers.analysis.compare import compare
    from navlayers.analysis.diff import diff
    from navlayers.analysis.gaps import find_gaps
    from navlayers.analysis.inputs import load_inputs
    from navlayers.analysis.plan import PlanOptions, make_plan, read_costs
    from navlayers.analysis.threats import ThreatModel, threat_model, with_threat
    from navlayers.api.build import build_document, build_folder
    from navlayers.api.render import render_files, render_layer
    from navlayers.api.report import render_report, write_report
    from navlayers.api.sets import build_layers, encode_set, load, release, scores
    from navlayers.api.upgrade import upgrade_files
    from navlayers.check import check as check_sets
    from navlayers.check import mend as mend_sets
    from navlayers.errors import InputError, NavlayersError, OutputError, Place, Problem, ReleaseError, UsageError
    from navlayers.layer.document import encode_layer, encode_layers
    from navlayers.mapping.convert import convert
    from navlayers.mapping.find import resolve
    from navlayers.mapping.formats import Findings, Reading, ReadOptions, read
    from navlayers.mapping.formats.context import Written
    from navlayers.mapping.formats.native_schema import schema_text
    from navlayers.mapping.load import prepare
    from navlayers.mapping.model import Capability, Mapping, MappingSet, NonMappable
    from navlayers.mapping.remap import carry_to, inactive
    from navlayers.output.drawing.options import RenderOptions
    from navlayers.output.folders import write_folder
    from navlayers.pages.compare_folder import comparison_folder
    from navlayers.pages.diff import render as render_diff
    from navlayers.pages.gaps_folder import gaps_folder
    from navlayers.pages.plan_folder import plan_folder
    from navlayers.pages.report.build import ReportOptions, make_report
    from navlayers.pages.report.subject import subject_of
    from navlayers.pages.show import look_up
    from navlayers.pages.show import render as render_page
    from navlayers.pages.upgrade import render as render_upgrade
    from navlayers.scoring.options import ScoreOptions
    from navlayers.scoring.scores import score_set
    from navlayers.scoring.stats import set_stats
    from navlayers.site import SiteOptions, write_site
    from navlayers.upgrade.layers import upgrade_layer
    from navlayers.upgrade.sets import upgrade_set

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
    "load_inputs",
    "look_up",
    "make_plan",
    "make_report",
    "mend_sets",
    "plan_folder",
    "prepare",
    "read",
    "read_costs",
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
    "threat_model",
    "upgrade_files",
    "upgrade_layer",
    "upgrade_set",
    "with_threat",
    "write_folder",
    "write_report",
    "write_site",
]

_MODULES = {
    "api.sets": ("build_layers", "encode_set", "load", "release", "scores"),
    "mapping.remap": ("carry_to", "inactive"),
    "check": ("check_sets", "mend_sets"),
    "analysis.compare": ("compare",),
    "analysis.diff": ("diff",),
    "pages.compare_folder": ("comparison_folder",),
    "pages.diff": ("render_diff",),
    "mapping.convert": ("convert",),
    "errors": (
        "InputError",
        "NavlayersError",
        "OutputError",
        "Place",
        "Problem",
        "ReleaseError",
        "UsageError",
    ),
    "analysis.gaps": ("find_gaps",),
    "pages.gaps_folder": ("gaps_folder",),
    "layer.document": ("encode_layer", "encode_layers"),
    "mapping.model": ("Capability", "Mapping", "MappingSet", "NonMappable"),
    "scoring.options": ("ScoreOptions",),
    "output.folders": ("write_folder",),
    "api.build": ("build_document", "build_folder"),
    "mapping.load": ("prepare",),
    "analysis.plan": ("PlanOptions", "make_plan", "read_costs"),
    "pages.plan_folder": ("plan_folder",),
    "mapping.formats": ("Findings", "ReadOptions", "Reading", "read"),
    "api.render": ("render_files", "render_layer"),
    "output.drawing.options": ("RenderOptions",),
    "api.report": ("render_report", "write_report"),
    "pages.report.build": ("ReportOptions", "make_report"),
    "pages.report.subject": ("subject_of",),
    "mapping.formats.native_schema": ("schema_text",),
    "scoring.scores": ("score_set",),
    "mapping.find": ("resolve",),
    "pages.show": ("look_up", "render_page"),
    "site": ("SiteOptions", "write_site"),
    "scoring.stats": ("set_stats",),
    "analysis.threats": ("ThreatModel", "with_threat", "threat_model"),
    "analysis.inputs": ("load_inputs",),
    "api.upgrade": ("upgrade_files",),
    "upgrade.layers": ("upgrade_layer",),
    "pages.upgrade": ("render_upgrade",),
    "upgrade.sets": ("upgrade_set",),
    "mapping.formats.context": ("Written",),
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
