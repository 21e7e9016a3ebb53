"""The HTML report: one file that asks for nothing, in which every text is text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CORPUS, write_set
from laid_helpers import EVIL
from report_pages import Page, page_of, report

from navlayers.analysis.inputs import load_inputs
from navlayers.mapping.find import resolve
from navlayers.output.document import Logo
from navlayers.output.tables import Table
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.pages.report.options import SECTIONS, ReportOptions
from navlayers.web.explorer import SCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

CLOUDS = ("aws-12.12.2024", "azure-04.26.2025", "gcp-03.06.2025", "m365-07.18.2025")
LARGEST = 3_000_000
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def clouds(corpus: Path) -> str:
    return page_of(report(*(corpus / f"{name}_attack-16.1-enterprise.json" for name in CLOUDS)))


@pytest.fixture(scope="module")
def two() -> str:
    return page_of(report("aws", "azure"))


def check_inert(text: str) -> Page:
    """That a page runs what it brings along alone, and asks for nothing."""
    page = Page(text)
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("style", "action", "srcdoc", "srcset")
            assert name != "src" or (tag == "img" and str(value).startswith("data:image/"))
            assert name != "href" or re.match(r"#|https?://", str(value))
    assert {tag for tag, _ in page.tags}.isdisjoint({"link", "iframe", "object", "embed", "form", "base"})
    assert "\x00" not in text
    assert "\u202e" not in text
    assert "@import" not in text
    assert "url(" not in page.all("style")[0][1]
    return page


def test_the_policy_names_what_runs_by_its_digest(two: str) -> None:
    page = check_inert(two)
    (policy,) = [a["content"] for a, _ in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))

    def digests(elements: list[tuple[dict[str, str | None], str]]) -> list[str]:
        found = (hashlib.sha256(text.encode()).digest() for a, text in elements if "type" not in a)
        return [f"'sha256-{base64.b64encode(one).decode()}'" for one in found]

    assert rules == {
        "default-src": "'none'",
        "style-src": " ".join(digests(page.all("style"))),
        "script-src": " ".join(digests(page.all("script"))),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert [a.get("type") for a, _ in page.all("script")] == [None, "application/json", None]


def test_the_script_knows_no_markup_and_no_address_but_that_of_attack() -> None:
    folder = resources.files("navlayers")
    asking = ["web/live.js", "web/questions.js"]
    names = [
        *SCRIPTS,
        "web/downloads.js",
        "web/last_save.js",
        "web/base.js",
        "web/planner.js",
        "web/over_time.js",
        *asking,
    ]
    for name in names:
        text = folder.joinpath(name).read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text)
        assert set(re.findall(r"https?://[\w.]+", text)) <= {"https://attack.mitre.org"}
        # The page of the local server asks that server.
        asks = r"XMLHttpRequest|WebSocket|import\(|sendBeacon" + ("" if name in asking else r"|fetch\(|EventSource")
        assert not re.search(asks, text)
    there = {path.name for path in folder.joinpath("web").iterdir() if path.name.endswith(".js")}
    assert {f"web/{name}" for name in there} == set(names)


def test_each_colour_is_named_once_and_used() -> None:
    folder = resources.files("navlayers")
    base, *more = (folder.joinpath(name).read_text("utf-8") for name in ("output/base.css", "web/explorer.css"))
    on_screens = base.partition("@media print")[0]
    names = re.findall(r"(--[\w-]+):", on_screens)
    assert len(names) == len(set(names)) > 10
    assert set(names) == set(re.findall(r"var\((--[\w-]+)", "".join([base, *more])))


def test_same_input_same_bytes(two: str) -> None:
    assert page_of(report("aws", "azure")) == two


@pytest.mark.cpu(2)
def test_four_clouds_are_small_and_quickly_made(clouds: str, corpus: Path) -> None:
    assert len(clouds.encode()) <= LARGEST
    assert "Google Cloud's HSM may protect against adversary's attempts" in clouds
    page_of(report(*(corpus / f"{name}_attack-16.1-enterprise.json" for name in CLOUDS)))


def test_comments_stand_once(clouds: str, corpus: Path) -> None:
    paths = [corpus / f"{name}_attack-16.1-enterprise.json" for name in CLOUDS]
    both = page_of(report(*paths, options=ReportOptions(sections=SECTIONS)))
    assert len(both.encode()) <= LARGEST
    start = "HSM may protect against adversary"
    assert both.count(start) == clouds.count(start) > 0


def test_every_section_is_there_and_the_contents_lead_to_it(two: str) -> None:
    made = report("aws", "azure").document
    page = Page(two)
    assert [text for _, text in page.all("h2")] == [section.title for section in made.sections]
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    links = [str(a["href"])[1:] for a, _ in page.all("a") if str(a["href"]).startswith("#")]
    assert {link for link in links if "=" not in link} <= set(ids)
    assert [link for link in links if link in {section.id for section in made.sections}] == [
        section.id for section in made.sections
    ]


def test_the_small_matrix_has_a_legend(two: str) -> None:
    legend = two.partition('class="thumbnail"')[2].partition('<div class="legend">')[2].partition("</div>")[0]
    assert re.findall(r'<(?:li|span) class="\w+[^>]*">([^<]+)', legend) == [
        "Score",
        "10",
        "50",
        "100",
        "not covered",
    ]


def test_the_matrix_comes_right_after_the_summary(two: str) -> None:
    ids = [a["id"] for _, a in Page(two).tags if a.get("id")]
    assert ids.index("summary") < ids.index("explorer") < ids.index("tactics")


def test_ids_of_techniques_lead_to_their_mappings_with_and_without_the_script() -> None:
    page = Page(page_of(report("aws", "azure", options=ReportOptions(sections=SECTIONS))))
    anchors = {str(a["id"]) for _, a in page.tags if str(a.get("id")).startswith("pin=")}
    assert {"pin=T1078", "pin=T1078.004"} <= anchors
    leads = {str(a["href"])[1:] for a, _ in page.all("a") if str(a["href"]).startswith("#pin=")}
    assert {"pin=T1078", "pin=T1190"} <= leads


def test_without_the_matrix_ids_lead_to_attack() -> None:
    made = page_of(report("aws", options=ReportOptions(sections=("summary", "techniques"))))
    page = check_inert(made)
    assert "explorer-data" not in made
    assert {a["href"] for a, _ in page.all("a")} >= {"https://attack.mitre.org/techniques/T1110/001/"}


def test_all_of_a_table_is_there_and_narrow_windows_name_each_cell(two: str) -> None:
    made = report("aws", "azure").document
    page = Page(two)
    rows = [block for s in made.sections for block in s.blocks if isinstance(block, Table)]
    cells = re.sub(r"\s+", "", "".join(page.texts))
    for block in rows:
        for texts in block.texts[:40]:
            for text in texts:
                assert re.sub(r"\s+", "", text) in cells
    style = page.all("style")[0][1]
    assert '#t1 tr:not(.more) > :nth-child(3)::before { content: "sub\\2d techniques"; }' in style


def test_ids_that_the_matrix_has_not_lead_to_attack(tmp_path: Path) -> None:
    old = write_set(tmp_path / "old.json", [("ids", "T1574.002", "detect", "partial")])
    subject = report_input(load_inputs(resolve([str(old), "aws"]), "18.1"))
    leads = {a["href"] for a, text in check_inert(page_of(make_report(subject))).all("a") if text == "T1574.002"}
    assert leads == {"https://attack.mitre.org/techniques/T1574/002/"}


def test_references_are_links_each_and_long_words_are_parted(tmp_path: Path) -> None:
    path = write_set(tmp_path / "one.json", [("ids", "T1078", "detect", "partial")])
    read = json.loads(path.read_text("utf-8"))
    urls = [f"https://e.example/{number}/{'long' * 20}" for number in range(3)]
    read["mapping_objects"][0] |= {"comments": "one\ntwo", "references": urls}
    path.write_text(json.dumps(read), "utf-8")
    text = page_of(report(path, options=ReportOptions(sections=("heatmaps", "comments"))))
    page = check_inert(text)
    assert [attrs["href"] for attrs, own in page.all("a") if own in urls] == urls
    assert [str(a["class"]) for a, _ in page.all("table") if "dense" in str(a["class"])] == ["cards dense"]
    assert "one\ntwo" in page.texts


def test_head_author_date_and_logo() -> None:
    options = ReportOptions(
        title="A <b>title</b>",
        author="Ann & Bob",
        date="1 May",
        logo=Logo(PIXEL, "png", 1, 1),
        sections=("summary",),
    )
    text = page_of(report("gcp", options=options))
    page = check_inert(text)
    assert page.all("h1")[0][1] == "A <b>title</b>"
    assert "Ann & Bob · 1 May" in "".join(page.texts)
    ((image, _),) = page.all("img")
    assert image["src"] == f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"


def hostile(path: Path) -> Path:
    """A set of which each text is hostile."""
    # A lone surrogate is no JSON; blanks are no id.
    evil = [text for text in EVIL if text != "\ud800"]
    rows = [(text, "T1078", "protect", "partial") for text in evil]
    write_set(path, rows, mapping_framework="evil")
    read: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for number, found in enumerate(read["mapping_objects"]):
        text = evil[number]
        found |= {
            "comments": text,
            "capability_description": text,
            "references": [text, f"http://e.example/{number}"],
        }
    read["metadata"]["mapping_framework_version"] = EVIL[0]
    path.write_text(json.dumps(read), encoding="utf-8")
    return path


def test_hostile_text_is_text(tmp_path: Path) -> None:
    made = report(
        hostile(tmp_path / "evil.json"), options=ReportOptions(title=EVIL[0], author=EVIL[1], date=EVIL[14])
    )
    text = page_of(made)
    page = check_inert(text)
    assert [name for name, _ in page.tags].count("script") == 3
    assert [name for name, _ in page.tags].count("style") == 1
    assert "img" not in {name for name, _ in page.tags}
    assert "49" not in page.all("h1")[0][1]
    data = page.data
    assert EVIL[0] in data["texts"]
    assert all("\x00" not in one and "\u202e" not in one for one in data["texts"])
    (raw,) = re.findall(r'<script type="application/json" id="explorer-data">(.*?)</script>', text, re.DOTALL)
    assert not set("<>&\u2028\u2029") & set(raw)


def test_nothing_that_is_mapped(tmp_path: Path) -> None:
    empty = write_set(tmp_path / "empty.json", [("hsm", None, None, None)])
    page = check_inert(page_of(report(empty)))
    assert [view["kind"] for view in page.data["views"]] == ["set"]
    assert page.data["views"][0]["shown"][0]["technique"] == []


def test_one_technique(tmp_path: Path) -> None:
    lone = write_set(tmp_path / "lone.json", [("ids", "T1078", "detect", "partial")])
    data = check_inert(page_of(report(lone))).data
    assert [measure["name"] for measure in data["measures"]] == ["overall", "detect"]
    assert [shown["score"] for shown in data["views"][0]["shown"]] == [[50], [50]]


def test_a_thousand_capabilities(tmp_path: Path) -> None:
    rows = [(f"control_{n}", "T1078" if n % 2 else "T1110", "protect", "partial") for n in range(1000)]
    text = page_of(report(write_set(tmp_path / "many.json", rows)))
    assert len(check_inert(text).data["capabilities"]) == 1000
    assert len(text) <= LARGEST


def test_the_largest_published_sets_are_small(corpus: Path) -> None:
    for name in ("kev-07.28.2025_attack-16.1-enterprise", "nist_800_53-rev5_attack-16.1-enterprise"):
        assert len(page_of(report(CORPUS / f"{name}.json")).encode()) <= LARGEST
