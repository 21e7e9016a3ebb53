"""Reports as pages for the tests: made of sets by name or file, taken apart into tags, texts and data."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from navlayers.analysis.inputs import load_inputs
from navlayers.api.report import render_report
from navlayers.mapping.find import resolve
from navlayers.pages.report import ReportOptions, make_report, report_input

if TYPE_CHECKING:
    from pathlib import Path

    from navlayers.pages.report import Report

VOID = {"col", "meta", "img", "br", "link", "input", "wbr", "rect"}


def report(*names: str | Path, options: ReportOptions | None = None, **about: Any) -> Report:
    """A report about sets, all else being as `report_input` has it."""
    subject = report_input(load_inputs(resolve([str(name) for name in names])), **about)
    return make_report(subject, options or ReportOptions())


def page_of(made: Report) -> str:
    return render_report(made, "html").data.decode()


def write_page(folder: Path, made: Report, name: str = "report.html") -> Path:
    path = folder / name
    path.write_bytes(render_report(made, "html").data)
    return path


class Page(HTMLParser):
    """Tags with their attributes, and the text right within each of them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[tuple[str, int]] = []
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
        found: dict[str, Any] = next(
            json.loads(text) for attrs, text in self.all("script") if attrs.get("id") == "explorer-data"
        )
        return found

    @property
    def colors(self) -> dict[str, str]:
        """Class → colour."""
        style = self.all("style")[0][1]
        return {
            line.split()[0][1:]: line.split()[3][:-1]
            for line in style.splitlines()
            if re.match(r"\.c[0-9a-f]{6} ", line)
        }
