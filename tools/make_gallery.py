"""Remake docs/gallery from the shipped sets, or compare it with what would be made: make_gallery.py [--check].

Pictures and pages that navlayers writes itself are compared byte for byte; PNG, PDF, XLSX and DOCX, whose bytes
depend on the libraries that write them, by what they are.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from navlayers.analysis.compare import compare
from navlayers.analysis.compare_layers import layers_of
from navlayers.analysis.inputs import load_inputs
from navlayers.api.render import render
from navlayers.api.render_load import load
from navlayers.api.report import report_files, targets_of
from navlayers.mapping.find import Source, resolve
from navlayers.output import files as output_files
from navlayers.output.drawing.options import RenderOptions
from navlayers.pages.report.build import make_report
from navlayers.pages.report.input import report_input
from navlayers.pages.results import layer_list

GALLERY = Path(__file__).parent.parent / "docs" / "gallery"
CLOUDS = ("aws", "azure")
EXACT = (".svg", ".html", ".md", ".csv")


class Picture(NamedTuple):
    """One file: its name, the set (or "clouds", the comparison) and the tab that it shows, how, and its caption."""

    name: str
    source: str
    tab: int | None
    options: RenderOptions
    caption: str


FIT = RenderOptions()
PICTURES = (
    Picture("gcp.svg", "gcp", 0, FIT, "Google Cloud, as large as it needs to be"),
    Picture("gcp.png", "gcp", 0, RenderOptions(page="16:9", dpi=144), "Google Cloud on a slide"),
    Picture("nist-a3.svg", "nist_800_53", 0, RenderOptions(page="A3"), "NIST 800-53 on A3: numbers of controls"),
    Picture(
        "nist-mini.svg", "nist_800_53", 0, RenderOptions(page="16:9", detail="mini"), "NIST 800-53 at a glance"
    ),
    Picture(
        "aws-azure.svg", "clouds", -1, RenderOptions(page="A3"), "AWS against Azure: who covers, who is stronger"
    ),
    Picture(
        "aws-azure.pdf", "clouds", None, RenderOptions(page="A3"), "Every layer of that comparison, a page each"
    ),
    Picture("aws-azure.xlsx", "clouds", None, FIT, "The same as a workbook"),
    Picture(
        "m365-dark.svg", "m365", 0, RenderOptions(detail="scored", theme="dark"), "Microsoft 365, dark, scored only"
    ),
    Picture(
        "m365-grey.svg",
        "m365",
        0,
        RenderOptions(page="A4", detail="scored", theme="grey"),
        "The same in gray on A4",
    ),
    Picture("kev-mobile.svg", "kev-mobile", 0, RenderOptions(page="A4"), "Known exploited vulnerabilities, mobile"),
    Picture("veris-ics.svg", "veris-ics", 0, RenderOptions(page="letter"), "VERIS, industrial control systems"),
    Picture("veris-ics.md", "veris-ics", 0, FIT, "The same as Markdown for a pull request"),
)


REPORTS = ("report.pdf", "report.html", "report.docx", "report.md")


def make() -> dict[str, bytes]:
    """Name → bytes of every file of the gallery."""
    together = load_inputs(resolve(CLOUDS))
    clouds = Source(
        "clouds", Path("clouds.json"), data=layer_list(layers_of(compare(together.catalogue, together.coverage())))
    )
    files = {}
    lines = ["# Gallery", "", "What `navlayers render` draws from the shipped sets.", ""]
    for picture in PICTURES:
        source = clouds if picture.source == "clouds" else resolve([picture.source])[0]
        views = load(source).views
        chosen = views if picture.tab is None else [views[picture.tab]]
        files[picture.name] = render(chosen, Path(picture.name).suffix[1:], picture.options).data
        lines += [f"## {picture.caption}", ""]
        shown = picture.name.endswith((".svg", ".png"))
        lines += [f"![{picture.caption}]({picture.name})" if shown else f"[{picture.name}]({picture.name})", ""]
    lines += ["## AWS against Azure, as a report", "", "What `navlayers report aws azure` writes.", ""]
    for path, rendered in report_files(make_report(report_input(together)), targets_of(REPORTS)):
        if path is not None:
            files[path.as_posix()] = rendered.data
    lines += [*(f"- [{name}]({name})" for name in REPORTS), ""]
    files["README.md"] = "\n".join(lines).encode()
    return files


def differences(files: dict[str, bytes]) -> list[str]:
    """What the gallery has otherwise than it would be made."""
    there = {path.relative_to(GALLERY).as_posix() for path in GALLERY.rglob("*") if path.is_file()}
    found = [f"{name}: not in the gallery" for name in sorted(files.keys() - there)]
    found += [f"{name}: not made any more" for name in sorted(there - files.keys())]
    for name in sorted(files.keys() & there):
        kept = (GALLERY / name).read_bytes()
        same = kept == files[name] if name.endswith(EXACT) else gist(name, kept) == gist(name, files[name])
        if not same:
            found.append(f"{name}: differs")
    return found


def gist(name: str, data: bytes) -> object:
    """What a file is, whatever library wrote its bytes."""
    if name.endswith(".png"):
        return data[:26]  # signature, width, height, depth, colours
    if name.endswith(".pdf"):
        return data[:5], data.count(b"/Type /Page\n") + data.count(b"/Type/Page/")
    words = "xl/sharedStrings.xml" if name.endswith(".xlsx") else "word/document.xml"
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return sorted(book.namelist()), book.read(words)


def main() -> None:
    """Write the gallery, or tell where it differs."""
    files = make()
    if sys.argv[1:] == ["--check"]:
        found = differences(files)
        sys.exit("\n".join([*found, "remake it with: python tools/make_gallery.py"]) if found else 0)
    for name, data in files.items():
        changed = output_files.write(data, GALLERY / name, force=True)
        print(f"{name:20} {len(data):>9,} bytes{'' if changed else '  unchanged'}")


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    main()
