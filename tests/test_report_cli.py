"""`navlayers report` as its users call it: what is written where, in Markdown here, and what is refused."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

import pytest
from conftest import Run, contents, write_set
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = """\
framework: hostile
title: "<script>alert(1)</script> @octocat | **x**"
version: "1"
domain: enterprise
attack_version: "16.1"
capabilities:
  "../../etc/passwd":
    name: "</script><img src=x onerror=alert(1)>"
    references: ["javascript:alert(1)"]
    techniques:
      T1078: {protect: significant, comment: "<!-- ]]> #panic() [a](javascript:x)"}
  CON:
    name: "=cmd|'/c calc'!A1"
    techniques:
      T1078.001: {detect: minimal}
"""


def test_a_report_in_markdown_has_its_pictures_beside_it(run: Run, out: Path) -> None:
    done = run("report", "aws", "azure", "-o", out / "my report.md")
    names = [
        "01-aws.svg", "02-microsoft-azure.svg", "03-all-together.svg", "04-what-none-covers.svg",
        "05-difference-aws-microsoft-azure.svg", "06-share-of-each-tactic-that-is-covered.svg",
    ]  # fmt: skip
    assert done.code == 0
    assert sorted(contents(out)) == ["my report-files/" + name for name in names] + ["my report.md"]
    text = (out / "my report.md").read_text("utf-8")
    assert text.startswith("# ATT&CK coverage of AWS and Microsoft Azure\n")
    assert re.findall(r"!\[.*?\]\((.*?)\)", text) == [f"my%20report-files/{name}" for name in names]
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == [
        "Summary", "Heatmaps", "Coverage per tactic", "Strongest and weakest", "Services", "Non-mappable",
        "Method and sources",
    ]  # fmt: skip
    assert done.err.endswith(f"wrote {out / 'my report-files' / names[-1]}\n")


def test_the_appendix_is_there_on_request(run: Run, out: Path) -> None:
    for options in (["--appendix"], ["--sections", "appendix"]):
        text = run("report", "aws", *options, "-o", "-").out
        assert re.findall(r"^## (.*)", text, re.MULTILINE)[-1] == "Appendix"
        assert "### AWS: every technique with its mappings" in text


def test_standard_output_gets_markdown_without_pictures(run: Run) -> None:
    done = run("report", "gcp", "-o", "-", "--sections", "summary,heatmaps")
    assert (done.code, done.err) == (0, "")
    assert "### Google Cloud\n" in done.out
    assert "![" not in done.out


def test_title_author_and_date_stand_where_they_are_given(run: Run) -> None:
    given = ("--title", "Cloud *coverage*", "--author", "Security & co", "--date", "May 2026")
    done = run("report", "gcp", "-o", "-", "--sections", "summary", *given)
    assert done.out.startswith("# Cloud \\*coverage\\*\n")
    assert "\nSecurity & co · May 2026\n" in done.out


def test_hostile_text_is_text(run: Run, tmp_path: Path, out: Path) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(HOSTILE)
    done = run("report", path, "-o", out / "r.md")
    assert done.code == 0
    text = (out / "r.md").read_text("utf-8")
    assert not re.search(r"(?<!\\)<(?!!-- -->|br>)", text)
    assert not re.search(r"(?<!\\)\[[^\]]*(?<!\\)\]\((?!r-files/|https://attack\.mitre\.org/)", text)
    assert "@octocat" not in text
    assert {path.parent.name for path in out.rglob("*.svg")} == {"r-files"}


def test_a_folder_of_a_comparison_stands_for_what_it_compares(run: Run, out: Path) -> None:
    assert run("compare", "aws", "azure", "-o", out / "compared", "-q").code == 0
    done = run("report", out / "compared", "-o", "-", "--sections", "summary")
    assert done.out.startswith("# ATT&CK coverage of AWS and Microsoft Azure\n")
    assert "| Covered by any | 67.8% | 445 of 656 techniques and sub-techniques |" in done.out
    assert "which have scores but no mappings" in done.err


def test_the_one_file_of_a_built_set_stands_for_its_overview(run: Run, out: Path) -> None:
    assert run("build", "gcp", "-o", out, "-q").code == 0
    made = [run("report", out / name, "-o", "-").out for name in ("gcp", "gcp/all.json", "gcp/overview.json")]
    assert made[0] == made[1] == made[2]
    assert made[0].startswith("# ATT&CK coverage of Google Cloud")


def test_a_folder_may_be_the_baseline(run: Run, out: Path) -> None:
    assert run("build", "gcp", "aws", "-o", out, "-q").code == 0
    options = ("-o", "-", "--sections", "heatmaps", "--baseline", out / "gcp")
    done = run("report", out / "aws", out / "gcp", *options)
    assert (done.code, "### Difference – " in done.out) == (0, True), done.err


def test_comments_are_left_out_with_a_note_or_added(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(HOSTILE)
    done = run("report", path, "-o", "-")
    assert "--comments adds them" in done.err
    assert "Comments and references" not in done.out
    done = run("report", path, "-o", "-", "--comments")
    assert "--comments" not in done.err
    assert "## Comments and references" in done.out
    assert "\\#panic()" in done.out


def test_each_note_is_told_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("control,technique\nmfa,T1078\n")
    done = run("report", path, "--threat", "APT29", "-o", "-")
    notes = [line for line in done.err.splitlines() if line.startswith("note: ")]
    assert notes
    assert len(notes) == len(set(notes))


def test_a_folder_of_gaps_says_how_to_ask(run: Run, out: Path) -> None:
    assert run("gaps", "aws", "--threat", "APT29", "-o", out / "gaps", "-q").code == 0
    done = run("report", out / "gaps", "-o", "-")
    assert done.code == 2
    assert "contains the results of navlayers gaps" in done.err
    assert "--threat" in done.err


def test_a_threat_and_a_plan_are_added(run: Run) -> None:
    done = run("report", "gcp", "--threat", "APT29", "--target", "80%", "-o", "-", "--sections", "gaps,plan")
    assert re.findall(r"^## (.*)", done.out, re.MULTILINE) == ["Against the threat", "Plan"]


def test_what_is_in_place_is_apart_from_what_the_plan_can_choose(run: Run, tmp_path: Path) -> None:
    files = {
        "own": "control,technique\nA,T1078\n",
        "more": "control,technique\nB,T1110\nC,T1133\nC,T1110\n",
        "threat": "technique,weight\nT1078,1\nT1110,1\nT1133,1\nT1059,1\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    own, more, threat = (str(tmp_path / f"{name}.csv") for name in files)
    args = ["--have", own, "--threat", threat, "--budget", "1", "-q", "-o", "-"]
    every = run("report", own, more, *args).out
    numbers = re.findall(r"\| threat covered ([a-z0-9 ]+) \| ([0-9.]+%) \| (\d) of 4", every)
    stages = [
        ("in place", "25.0%", "1"),
        ("with the plan", "75.0%", "3"),
        ("with all 2 capabilities", "75.0%", "3"),
    ]
    assert numbers == 2 * stages  # on the title page, and in the summary
    alone = run("report", own, *args).out
    assert re.findall(r"\| threat covered ([a-z0-9 ]+) \|", alone) == ["in place", "in place"]
    assert "The only capability is in place: choose none for a budget of 1" in alone


def test_a_set_of_which_nothing_is_active_is_reported(run: Run, tmp_path: Path) -> None:
    path = write_set(tmp_path / "bare.json", [("hsm", None, None, None)])
    done = run("report", path, "-o", "-")
    assert done.code == 0
    assert "tiny covers no technique of ATT&CK Enterprise 16.1: it has no mappings." in done.out
    assert "| Covered | 0.0% |" in done.out
    assert "No tactic is covered." in done.out


def test_what_is_there_already_is_kept_without_force(run: Run, out: Path) -> None:
    out.mkdir()
    (out / "r.md").write_text("mine")
    done = run("report", "gcp", "-o", out / "r.md", "--sections", "summary")
    assert (done.code, (out / "r.md").read_text()) == (2, "mine")
    assert run("report", "gcp", "-o", out / "r.md", "--sections", "summary", "--force").code == 0
    again = run("report", "gcp", "-o", out / "r.md", "--sections", "summary")
    assert again.err == f"{out / 'r.md'} is up to date\n"


def test_several_files_are_written_at_once_or_none_is(run: Run, out: Path) -> None:
    (out / "b.md").mkdir(parents=True)
    done = run("report", "gcp", "-o", out / "a.md", "-o", out / "b.md", "--sections", "summary")
    assert done.code == 2
    assert not (out / "a.md").exists()


def test_an_input_is_never_written_over(run: Run, tmp_path: Path) -> None:
    path = write_set(tmp_path / "set.md")
    before = path.read_bytes()
    done = run("report", path, "--from", "mapex-json", "-o", path, "--force")
    assert (done.code, path.read_bytes()) == (2, before)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["gcp"], "no output file given; expected -o FILE that ends in .pdf, .html, .md, .docx"),
        (["gcp", "-o", "r.txt"], 'the ending of "r.txt" does not name a format'),
        (["gcp", "-o", ""], "-o is empty"),
        (["gcp", "-o", "r.md", "-o", "r.md"], "duplicate output: -o r.md"),
        (["-o", "r.md"], "no input given"),
        (["gcp", "-o", "r.md", "--sections", "summry"], 'unknown section "summry"'),
        (["gcp", "-o", "r.md", "--sections", ","], "--sections is empty"),
        (["gcp", "-o", "r.md", "--cost", "x.csv"], "--cost needs a plan"),
        (["gcp", "-o", "r.md", "--sections", "gaps"], "--sections gaps needs a threat"),
        (["gcp", "-o", "r.md", "--weak", "101"], "--weak is 101; expected a number from 0 to 100"),
        (["gcp", "-o", "r.md", "--time-limit", "3"], "--time-limit needs a plan"),
        (["gcp", "-o", "r.md", "--sections", "plan"], "--sections plan needs a plan"),
        (["gcp", "-o", "r.md", "--budget", "many"], '--budget "many" is not a number'),
        (["gcp", "-o", "r.md", "--logo", "none.png"], "the logo cannot be read: no such file or directory"),
        (["aws", "nist_800_53", "-o", "r.md"], "expected inputs of one kind"),
        (["aws", "kev-mobile", "-o", "r.md"], "different ATT&CK domains"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(run: Run, args: list[str], says: str) -> None:
    done = run("report", *args)
    assert done.code == 2
    assert says in done.err
    assert done.out == ""


SVG = '<svg xmlns="http://www.w3.org/2000/svg" {}><rect width="4" height="2"/>{}</svg>'
# As these programs write them, cut down: style, gradient, clip path, use, mask, shadow, text, notes to themselves.
ILLUSTRATOR = """<?xml version="1.0" encoding="utf-8"?>
<!-- Generator: Adobe Illustrator 27.0.0, SVG Export Plug-In . SVG Version: 6.00 Build 0)  -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg version="1.1" id="Layer_1" xmlns="http://www.w3.org/2000/svg"
 xmlns:xlink="http://www.w3.org/1999/xlink" x="0px"
 y="0px" viewBox="0 0 200 80" style="enable-background:new 0 0 200 80;" xml:space="preserve"><style type="text/css">
  .st0{clip-path:url(#SVGID_2_);fill:url(#SVGID_1_);} .st1{font-family:'MyriadPro-Regular';font-size:12px;}</style>
<linearGradient id="SVGID_1_" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="200" y2="0">
<stop offset="0" style="stop-color:#F15A24"/><stop offset="1" style="stop-color:#662D91"/></linearGradient>
<defs><rect id="SVGID_3_" width="200" height="80"/></defs>
<clipPath id="SVGID_2_"><use xlink:href="#SVGID_3_" style="overflow:visible;"/></clipPath>
<path class="st0" d="M0,0h200v80H0V0z"/><text transform="matrix(1 0 0 1 20 40)" class="st1">Example</text></svg>
"""
INKSCAPE = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<svg width="210mm" height="100mm" viewBox="0 0 210 100" version="1.1" inkscape:version="1.2.2"
 sodipodi:docname="l.svg"
 xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" xmlns="http://www.w3.org/2000/svg"
 xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:cc="http://creativecommons.org/ns#">
<sodipodi:namedview inkscape:export-filename="C:\\me\\logo.png"/><defs><linearGradient id="a"><stop offset="0"/>
</linearGradient><linearGradient xlink:href="#a" id="b"/><inkscape:path-effect effect="spiro" id="p"/></defs>
<metadata><rdf:RDF><cc:Work rdf:about="http://x"/></rdf:RDF></metadata>
<rect style="fill:url(#b);stroke-width:0.26" width="100" height="50"/>
<text xml:space="preserve" style="font-family:'DejaVu Sans';-inkscape-font-specification:'DejaVu Sans,
 Normal'" x="20"
 y="30"><tspan sodipodi:role="line" x="20" y="30">ACME</tspan></text></svg>
"""
FIGMA = """<svg width="120" height="40" viewBox="0 0 120 40" fill="none" xmlns="http://www.w3.org/2000/svg">
<g clip-path="url(#c)" filter="url(#f)"><mask id="m" style="mask-type:luminance"
 maskUnits="userSpaceOnUse" x="0" y="0"
 width="120" height="40"><path d="M120 0H0V40H120V0Z" fill="white"/></mask><g mask="url(#m)"><path
 fill-rule="evenodd"
 d="M10 10L20 20L10 30Z" fill="url(#p)"/></g></g><defs><filter id="f" x="0" y="0" width="120" height="40"
 filterUnits="userSpaceOnUse" color-interpolation-filters="sRGB"><feFlood flood-opacity="0"
 result="b"/><feColorMatrix
 in="SourceAlpha" type="matrix" values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 127 0"/><feOffset
 dy="4"/><feGaussianBlur
 stdDeviation="2"/><feBlend mode="normal" in2="b" result="e"/></filter><linearGradient
 id="p"><stop/></linearGradient>
<clipPath id="c"><rect width="120" height="40" fill="white"/></clipPath></defs></svg>
"""


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.svg", SVG.format('width="4" height="2"', ""), ""),
        ("a.svg", SVG.format('viewBox="0 0 4 2"', '<use href="#a"/>'), ""),
        ("a.svg", SVG.format("", ""), "the logo has no size"),
        ("a.svg", SVG.format('viewBox="0 0 x 2"', ""), "the logo has no size"),
        ("a.svg", SVG.format('width="4" height="2"', "<script>x</script>"), "has scripts or loads other files"),
        (
            "a.svg",
            SVG.format('width="4" height="2"', '<image href="http://x/y.png"/>'),
            "has scripts or loads other files",
        ),
        (
            "a.svg",
            SVG.format('width="4" height="2"', "<style>@import 'x';</style>"),
            "has scripts or loads other files",
        ),
        ("a.svg", "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>", "has scripts or loads other files"),
        ("a.svg", "<svg", "is not valid SVG"),
        ("a.svg", "<x><svg/></x>", "is not an SVG"),
        ("a.svg", SVG.format('viewBox="0 0 inf 2"', ""), "the logo has no size"),
        ("a.svg", SVG.format('width="4" height="2" onload="x()"', ""), "has scripts or loads other files"),
        (
            "a.svg",
            SVG.format('width="4" height="2"', '<use href="&#104;ttp://x/y.svg#a"/>'),
            "has scripts or loads other files",
        ),
        (
            "a.svg",
            SVG.format('width="4" height="2"', '<g style="fill: u\\72l(http://x)"/>'),
            "has scripts or loads other files",
        ),
        (
            "a.svg",
            SVG.format('width="4" height="2"', '<g fill="url(http://x/y.svg#a)"/>'),
            "has scripts or loads other files",
        ),
        ("a.svg", SVG.format('width="4" height="2"', '<g fill="url(#a)"/>'), ""),
        ("a.svg", ILLUSTRATOR, ""),
        ("a.svg", INKSCAPE, ""),
        ("a.svg", FIGMA, ""),
        *(
            ("a.svg", SVG.format('width="4" height="2"', shape), "has scripts or loads other files")
            for shape in (
                '<filter id="a"><feTurbulence numOctaves="9999"/></filter>',
                '<a><animateTransform attributeName="href" values="x"/></a>',
                '<h:img xmlns:h="http://www.w3.org/1999/xhtml" srcset="http://x/y"/>',
                '<style>a{mask: image-set("http://x/y" 1x)}</style>',
                "<SCRIPT>x</SCRIPT>",
            )
        ),
        ("a.png", "not a picture", "is not a readable picture"),
    ],
)
def test_a_logo_is_a_picture_and_nothing_else(run: Run, tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    done = run("report", "gcp", "-o", "-", "--sections", "summary", "--logo", path)
    assert done.code == (2 if says else 0), done.err
    assert says in done.err


def test_a_logo_in_pixels_is_read_whole(run: Run, tmp_path: Path) -> None:
    for kind in ("png", "jpeg"):
        Image.new("RGB", (40, 20), "red").save(tmp_path / f"a.{kind}")
        assert run("report", "gcp", "-o", "-", "--logo", tmp_path / f"a.{kind}", "--sections", "summary").code == 0
    cut = (tmp_path / "a.png").read_bytes()[:-30]
    (tmp_path / "cut.png").write_bytes(cut)
    done = run("report", "gcp", "-o", "-", "--logo", tmp_path / "cut.png")
    assert (done.code, "is not a readable picture" in done.err) == (2, True)


_BLUR = '<feGaussianBlur stdDeviation="1"/>'
_USES = "".join(f'<g id="a{i}">' + 10 * f'<use href="#a{i - 1}"/>' + "</g>" for i in range(1, 12))


@pytest.mark.parametrize(
    ("shapes", "seconds", "says"),
    [
        (
            f'<filter id="q" x="-1e6" y="-1e6" width="1e7" height="1e7">{20 * _BLUR}</filter>'
            '<rect filter="url(#q)" width="20000" height="20000"/>',
            3,
            "the logo takes more than 3 seconds to draw",
        ),
        (f'<g id="a0"><rect width="1" height="1"/></g>{_USES}<use href="#a11"/>', 60, "the logo cannot be drawn"),
    ],
)
def test_a_logo_that_takes_too_long_to_draw_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shapes: str, seconds: int, says: str
) -> None:
    """Twenty shadows of 4 × 10⁸ pixels; 10¹¹ copies of a square."""
    monkeypatch.setattr("navlayers.output.logo._MOST_SECONDS", seconds)
    logo = tmp_path / "logo.svg"
    logo.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50">{shapes}</svg>')
    refused = run("report", "gcp", "--logo", logo, "--sections", "summary", "-o", tmp_path / "report.html")
    assert (refused.code, f"{logo}: {says}" in refused.err) == (2, True)
    assert not (tmp_path / "report.html").exists()


MUCH = {
    "letters": (f"<text y='9'>{'abcd ' * 2_001}</text>", "10,005 letters; expected at most 10,000"),
    "spans": (f"<text y='9'>{'<tspan>a</tspan>' * 1_001}</text>", "1,001 text spans; expected at most 1,000"),
    "css": (f"<style>{'.a{fill:red}' * 5_000}</style>", "60,000 characters of CSS; expected at most 50,000"),
    "elements": ("<g/>" * 20_000, "20,001 elements; expected at most 20,000"),
    "attributes": (f"<g {' '.join(f'a{n}=' + repr('') for n in range(101))}/>", "101 attributes of an element; "),
    "filters": ("<g filter='url(#a)'/>" * 101, "101 filters; expected at most 100"),
    "markers": (
        f"<path style='marker-mid:url(#m)' d='{'M1 1' * 20_000}'/>",
        "80,000 characters of paths with markers",
    ),
    "pixels": ("<image width='9' height='9' href='PICTURE'/>" * 2, "too many pixels; expected 25 million at most"),
    "damaged": ("<image width='9' height='9' href='data:image/png;base64,a'/>", "not a readable picture"),
}


@pytest.mark.parametrize("what", MUCH)
def test_a_logo_that_takes_much_to_draw_is_refused_before_it_is_drawn(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The time to draw text and CSS grows with their square; a picture of a few kilobytes may fill gigabytes."""
    monkeypatch.setattr("navlayers.output.logo._refuse_undrawable", pytest.fail)
    shapes, says = MUCH[what]
    picture = io.BytesIO()
    Image.new("1", (4_000, 3_200)).save(picture, "PNG")
    shapes = shapes.replace("PICTURE", "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode())
    logo = tmp_path / "logo.svg"
    logo.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50">{shapes}</svg>')
    refused = run("report", "gcp", "--logo", logo, "--sections", "summary", "-o", tmp_path / "report.html")
    assert (refused.code, says in refused.err) == (2, True)


def test_a_png_with_a_wrong_checksum_is_refused(run: Run, tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    logo = tmp_path / "logo.png"
    Image.new("RGB", (40, 20), "#336699").save(logo)
    data = bytearray(logo.read_bytes())
    data[data.index(b"IDAT") - 4 + 8 + int.from_bytes(data[data.index(b"IDAT") - 4 : data.index(b"IDAT")])] ^= 1
    logo.write_bytes(data)
    refused = run("report", "gcp", "--logo", logo, "--sections", "summary", "-o", tmp_path / "report.pdf")
    assert (refused.code, "the logo is not a readable picture" in refused.err) == (2, True)
