"""Turn mappings of security controls to MITRE ATT&CK into ATT&CK Navigator layers.

The names below are the library. Each is imported when it is first used, so that a command pays only for its own.
"""

from __future__ import annotations

TYPE_CHECKING = False  # that of typing, whose import takes most of the time before Ctrl-C is handled

if TYPE_CHECKING:
    from navlayers.analysis.compare_result import Comparison
    from navlayers.analysis.diff import Diff
    from navlayers.analysis.evidence import EvidenceResult
    from navlayers.analysis.gaps_result import Gaps
    from navlayers.analysis.history_result import History
    from navlayers.analysis.plan.options import PlanOptions
    from navlayers.analysis.plan.result import Plan
    from navlayers.api.build import build
    from navlayers.api.compare import compare, diff
    from navlayers.api.documents import picture, render, report, site
    from navlayers.api.evidence import evidence
    from navlayers.api.export import Export, export
    from navlayers.api.gaps import gaps, plan
    from navlayers.api.history import history
    from navlayers.api.maintenance import check, convert, show, upgrade
    from navlayers.api.mapping_set import Layer, MappingSet, Scores, load
    from navlayers.attack.scope import Scope
    from navlayers.errors import (
        InputError,
        NavlayersError,
        NavlayersWarning,
        OutputError,
        Place,
        Problem,
        ReleaseError,
        UsageError,
    )
    from navlayers.mapping.formats.context import ReadOptions
    from navlayers.mapping.model import Capability, Mapping, NonMappable
    from navlayers.output.drawing.options import RenderOptions
    from navlayers.pages.report.options import ReportOptions
    from navlayers.scoring.options import ScoreOptions
    from navlayers.scoring.scores import TechniqueScore
    from navlayers.website.make import SiteOptions

_HOMES = {
    "analysis.compare": ("Comparison",),
    "analysis.diff": ("Diff",),
    "analysis.evidence": ("EvidenceResult",),
    "analysis.gaps_result": ("Gaps",),
    "analysis.history_result": ("History",),
    "analysis.plan.options": ("PlanOptions",),
    "analysis.plan.result": ("Plan",),
    "api.build": ("build",),
    "api.compare": ("compare", "diff"),
    "api.evidence": ("evidence",),
    "api.export": ("Export", "export"),
    "api.documents": ("picture", "render", "report", "site"),
    "api.gaps": ("gaps", "plan"),
    "api.history": ("history",),
    "api.maintenance": ("check", "convert", "show", "upgrade"),
    "api.mapping_set": ("Layer", "MappingSet", "Scores", "load"),
    "attack.scope": ("Scope",),
    "errors": (
        "InputError",
        "NavlayersError",
        "NavlayersWarning",
        "OutputError",
        "Place",
        "Problem",
        "ReleaseError",
        "UsageError",
    ),
    "mapping.formats.context": ("ReadOptions",),
    "mapping.model": ("Capability", "Mapping", "NonMappable"),
    "output.drawing.options": ("RenderOptions",),
    "pages.report.options": ("ReportOptions",),
    "scoring.options": ("ScoreOptions",),
    "scoring.scores": ("TechniqueScore",),
    "website.make": ("SiteOptions",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Capability",
    "Comparison",
    "Diff",
    "EvidenceResult",
    "Export",
    "Gaps",
    "History",
    "InputError",
    "Layer",
    "Mapping",
    "MappingSet",
    "NavlayersError",
    "NavlayersWarning",
    "NonMappable",
    "OutputError",
    "Place",
    "Plan",
    "PlanOptions",
    "Problem",
    "ReadOptions",
    "ReleaseError",
    "RenderOptions",
    "ReportOptions",
    "Scope",
    "ScoreOptions",
    "Scores",
    "SiteOptions",
    "TechniqueScore",
    "UsageError",
    "build",
    "check",
    "compare",
    "convert",
    "diff",
    "evidence",
    "export",
    "gaps",
    "history",
    "load",
    "picture",
    "plan",
    "render",
    "report",
    "show",
    "site",
    "upgrade",
]


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'navlayers' has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - as above

    value: object = getattr(importlib.import_module(f"navlayers.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted(__all__)
