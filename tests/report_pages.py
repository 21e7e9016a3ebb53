"""Reports as pages for the tests: made of sets by name or file, taken apart into tags, texts and data."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from conftest import write_set

from navlayers import PlanOptions, ScoreOptions
from navlayers.analysis.gaps import find_gaps
from navlayers.analysis.inputs import load_inputs
from navlayers.analysis.plan.plan import make_plan
from navlayers.analysis.threats.resolve import threat_model
from navlayers.api.report import render_report
from navlayers.mapping.find import resolve
from navlayers.mapping.model import CATEGORIES
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.pages.report.options import ReportOptions

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cells

    from navlayers.pages.report.build import Report

VOID = {"col", "meta", "img", "br", "link", "input", "wbr", "rect"}


def report(*names: str | Path, options: ReportOptions | None = None, **about: Any) -> Report:
    """A report about sets, all else being as `report_input` has it."""
    subject = report_input(load_inputs(resolve([str(name) for name in names])), **about)
    return make_report(subject, options or ReportOptions())


def threat_report(threat: str, *names: str | Path) -> Report:
    """A report about sets at ATT&CK 18.1, with the gaps and a plan for a threat."""
    together = load_inputs(resolve([str(name) for name in names]), "18.1")
    threats, scoring = threat_model([threat], together.catalogue), ScoreOptions()
    plan = make_plan(together, PlanOptions(budget=3), scoring, threat=threats)
    return make_report(report_input(together, gaps=find_gaps(together, threats, scoring), plan=plan))


def small_report(folder: Path) -> Report:
    """A report with every kind of section, view and color, on the matrix of Mobile.

    axe-core takes time with the number of elements, and Mobile has a sixth of the techniques of Enterprise.
    """
    values = ("minimal", "partial", "significant")
    techniques = ("T1406", "T1420", "T1426", "T1429", "T1430", "T1512", "T1533", "T1640", "T1660")
    rows: list[Cells] = [(f"c{n // 3}", id_, CATEGORIES[n // 3], values[n % 3]) for n, id_ in enumerate(techniques)]
    rows += [("c0", "T1636", "protect", "partial"), ("c1", "T1636.003", "detect", "minimal")]
    rows += [("hsm", None, None, None)]
    about = {"technology_domain": "mobile", "attack_version": "18.1"}
    one = write_set(folder / "one.json", rows, **about)
    more: list[Cells] = [("other", id_, "protect", "significant") for id_ in ("T1406", "T1636.005", "T1407")]
    return threat_report("Windshift", one, write_set(folder / "two.json", more, mapping_framework="two", **about))


@lru_cache(4)
def clouds(*names: str | Path) -> bytes:
    """The page of a report about sets, for all files of a process."""
    return render_report(report(*names), "html").data


def page_of(made: Report) -> str:
    return render_report(made, "html").data.decode()


def write_page(folder: Path, made: Report, name: str = "report.html") -> Path:
    path = folder / name
    path.write_bytes(render_report(made, "html").data)
    return path


def data_of(page: str) -> dict[str, Any]:
    """What the explorer of a page is given."""
    (text,) = re.findall(r'<script type="application/json" id="explorer-data">(.*?)</script>', page, re.DOTALL)
    found: dict[str, Any] = json.loads(text)
    return found


def colors_of(page: str) -> dict[str, str]:
    """Class → color on light pages."""
    style = page.partition("<style")[2].partition("</style>")[0]
    lines = (line for line in style.splitlines() if re.match(r"\.c[0-9a-f]{6} ", line))
    return {line.split()[0][1:]: re.findall(r"#[0-9a-f]{6}", line)[0] for line in lines}


class Page(HTMLParser):
    """Tags with their attributes, and the text right within each of them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[tuple[str, int]] = []
        self._source = text
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in VOID:
            self._open.append((tag, len(self.texts) - 1))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1][1]] += data

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        """The attributes and the own text of each element of a name."""
        return [(attrs, text) for (name, attrs), text in zip(self.tags, self.texts, strict=True) if name == tag]

    @property
    def data(self) -> dict[str, Any]:
        """What the explorer is given."""
        return data_of(self._source)
