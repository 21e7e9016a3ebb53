"""A layer as a page: parsed as browsers do, it shows all there is, links only to the web, and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laid_helpers import CATALOGUE, EVIL, SMALL, every, hostile, view, written

from navlayers.layer.contrast import contrast, dark
from navlayers.layer.matrix import matrix_of
from navlayers.output.drawing.html_page import render_html

if TYPE_CHECKING:
    from navlayers.layer.view import View

GOLDEN = Path(__file__).with_name("golden") / "render"
VOID = {"meta", "img", "br", "link", "input", "wbr"}
KNOWN = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "nav",
        "section",
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "a",
        "b",
    ),
    *("ul", "li", "div", "span", "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "wbr"),
}


class Page(HTMLParser):
    """Tags with their attributes, and the text of each kind of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
            self.texts.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self.texts:
            tag, text = self.texts[-1]
            self.texts[-1] = (tag, text + data)

    def all(self, tag: str, class_: str = "") -> list[dict[str, str | None]]:
        return [
            a for name, a in self.tags if name == tag and (not class_ or class_ in (a.get("class") or "").split())
        ]


FILL = re.compile(
    r"^\.(\w+) \{ background: light-dark\((#\w{6}), (#\w{6})\); color: light-dark\((#\w{6}), (#\w{6})\);"
    r" fill: light-dark\(\2, \3\); \}$",
    re.MULTILINE,
)
"""A rule of a fill: its class, background on light and on dark pages, text on light and on dark pages."""


def page(*views: View) -> tuple[str, Page]:
    text = render_html(views).data.decode()
    return text, Page(text)


def check_harmless(text: str, parsed: Page) -> None:
    assert {tag for tag, _ in parsed.tags} <= KNOWN
    for tag, attributes in parsed.tags:
        assert not any(name.startswith("on") or name in ("src", "style", "srcset", "action") for name in attributes)
        href = attributes.get("href")
        if href is not None:
            assert tag == "a"
            assert re.match(r"https?://|#", href)
    assert len(parsed.all("style")) == 1
    assert "\x00" not in text
    assert "\u202e" not in text


def test_every_cell_is_there_with_its_colour() -> None:
    small = view(SMALL)
    text, parsed = page(small)
    cells = list(matrix_of(small).cells())
    shown = [a for tag, a in parsed.tags if "cell" in (a.get("class") or "").split()]
    assert [str(a["title"]).partition("\n")[0] for a in shown] == [f"{cell.id} {cell.name}" for cell in cells]
    rules = {name: (light, deep) for name, light, deep, *_ in FILL.findall(text)}
    for attributes, cell in zip(shown, cells, strict=True):
        fills = [rules[name] for name in str(attributes["class"]).split() if name in rules]
        assert fills == ([(cell.color, dark(cell.color))] if cell.color else [])


def test_what_is_annotated_leads_to_its_row() -> None:
    _, parsed = page(view(SMALL))
    rows = {a["id"] for a in parsed.all("tr") if a.get("id")}
    assert rows == {f"layer-1-{t}" for t in ("T1566", "T1566.001", "T1059.001", "T1078", "T1190")}
    assert {str(a["href"])[1:] for a in parsed.all("a", "cell")} == rows - {"layer-1-T1059.001"}


def test_ids_are_unique_and_every_link_within_the_page_has_its_end() -> None:
    _, parsed = page(view(SMALL), view(SMALL), view(SMALL, name="Other"))
    ids = [a["id"] for _, a in parsed.tags if a.get("id")]
    assert len(set(ids)) == len(ids)
    assert {str(a["href"])[1:] for a in parsed.all("a") if str(a["href"]).startswith("#")} <= set(ids)


def test_text_is_readable_on_every_fill(tmp_path: Path) -> None:
    text, _ = page(*written(tmp_path, every()))
    rules = FILL.findall(text)
    assert len(rules) == 100
    assert all(contrast(light, ink) >= 4.5 for _, light, _, ink, _ in rules)
    assert all(contrast(deep, ink) >= 4.5 for _, _, deep, _, ink in rules)


def test_nothing_is_allowed_but_the_sheet_of_styles_itself() -> None:
    text, parsed = page(view(SMALL))
    (policy,) = (a["content"] for a in parsed.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    style = text[text.index("<style>") + len("<style>") : text.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    check_harmless(text, parsed)


def test_several_layers_have_contents_and_a_table_of_all_scores() -> None:
    text, parsed = page(view(SMALL), view(SMALL, name="Other", techniques=[{"techniqueID": "T1566", "score": 7}]))
    assert [a["href"] for a in parsed.all("a")[:3]] == ["#all", "#layer-1", "#layer-2"]
    start = text.index('<h2 id="all">')
    joint = text[start : text.index("<section", start)]
    (row,) = re.findall(r"<tr><td class=\"id\"><a [^>]*>T1566</a>.*?</tr>", joint)
    assert re.findall(r"chip \w+\">([^<]+)<", row) == ["100", "7"]


def test_all_of_a_release_is_in_the_table(tmp_path: Path) -> None:
    _, parsed = page(*written(tmp_path, every()))
    active = {f"layer-1-{t.id}" for t in CATALOGUE.techniques.values() if t.active}
    assert {a["id"] for a in parsed.all("tr") if a.get("id")} == active


def test_what_the_comment_says_is_not_said_again() -> None:
    said = {"name": "detect", "value": "guard = partial (50); inspector = minimal (10)"}
    entries = [
        {"techniqueID": "T1566", "comment": "Detect 50\nguard, inspector", "metadata": [said]},
        {"techniqueID": "T1078", "comment": "Detect 50\nguard, +1 more", "metadata": [said]},
        {"techniqueID": "T1190", "metadata": [said]},
    ]
    own, _ = page(view(SMALL, techniques=entries, metadata=[{"name": "framework", "value": "aws"}]))
    assert re.findall(r'id="layer-1-(T\d+)">(?:(?!</tr>).)*detect: guard', own, re.S) == ["T1078", "T1190"]
    other, _ = page(view(SMALL, techniques=entries))
    assert other.count('<p class="more">detect: guard') == 3


def test_comparisons_say_the_score_of_an_input_once() -> None:
    metadata = [{"name": "aws", "value": "10; protect 10"}, {"name": "azure", "value": "5; detect 5"}]
    entries = [{"techniqueID": "T1566", "comment": "Best 50 by azure\naws 10 · azure 50", "metadata": metadata}]
    text, _ = page(view(SMALL, techniques=entries, metadata=[{"name": "compared", "value": "aws, azure"}]))
    assert "aws: 10;" not in text
    assert "azure: 5;" in text


def test_names_break_at_slashes_and_humps_and_scores_have_a_minus() -> None:
    entries = [{"techniqueID": "T1593", "score": -10}, {"techniqueID": "T1574.014"}]
    text, _ = page(view(SMALL, techniques=entries))
    assert "Search Open Websites/<wbr>Domains <b>\N{MINUS SIGN}10</b>" in text
    assert "AWS 12/12/2024" in page(view(SMALL, name="AWS 12/12/2024"), view(SMALL))[0].partition("<tbody>")[0]


def test_a_page_of_several_layers_is_named_after_them() -> None:
    text, _ = page(view(SMALL), view(SMALL, name="Other"))
    assert "<title>Small and Other</title>" in text


@pytest.mark.parametrize(
    "fields",
    [
        {"techniques": []},
        {"techniques": [{"techniqueID": "T1566", "comment": "no score"}]},
        {"techniques": [{"techniqueID": "T1566", "score": -1e300}]},
        {"layout": {"showAggregateScores": True, "showID": True}, "showTacticRowBackground": True},
        {"hideDisabled": True, "filters": {"platforms": ["PRE"]}},
    ],
)
def test_odd_layers_are_pages_all_the_same(fields: dict[str, Any]) -> None:
    check_harmless(*page(view(SMALL, **fields)))


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_hostile_text_is_shown_and_never_run(text: str, tmp_path: Path) -> None:
    made, parsed = page(*written(tmp_path, [hostile(text), hostile(text)]))
    check_harmless(made, parsed)


@given(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=60))
def test_any_text_is_shown_and_never_run(text: str) -> None:
    check_harmless(*page(view(hostile(text))))


@given(st.text(st.sampled_from("<>\"'&/ scriptonclick=javascript:`{}%#-!"), min_size=1, max_size=60))
def test_text_that_looks_like_markup_is_shown_whole(text: str) -> None:
    made, parsed = page(view(hostile(text)))
    check_harmless(made, parsed)
    assert ("h1", f"{text}\n") in parsed.texts


def test_the_page_is_byte_for_byte_what_was_reviewed() -> None:
    made = render_html([view(SMALL)]).data
    assert made == render_html([view(SMALL)]).data
    if os.environ.get("REWRITE_GOLDEN"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        (GOLDEN / "small.html").write_bytes(made)
    assert made.decode() == (GOLDEN / "small.html").read_text(encoding="utf-8")
