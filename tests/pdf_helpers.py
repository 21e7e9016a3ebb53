"""What others read of a PDF: poppler's tools."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_XHTML = "{http://www.w3.org/1999/xhtml}"


class Word(NamedTuple):
    """A word of a page, by its edges in points from the upper left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


class Page(NamedTuple):
    """A page and its words in the order of the text."""

    width: float
    height: float
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def is_turned(self) -> bool:
        return self.width > self.height


def tool(name: str, data: bytes, *options: str) -> str:
    """What one of poppler's tools says of a PDF; the test is skipped where there is none."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} of poppler-utils is not installed")
    done = subprocess.run(
        [name, *options], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    # It ends pages with form feeds, and writes what XML cannot have as it stands.
    return re.sub(r"[\x00-\x08\x0b-\x1f]", "", done.stdout.decode(errors="replace"))


def pages(data: bytes) -> list[Page]:
    """The pages as pdftotext reads them."""
    root = ET.fromstring(tool("pdftotext", data, "-bbox", "-", "-"))  # noqa: S314 - of a file just made
    return [
        Page(
            float(page.attrib["width"]),
            float(page.attrib["height"]),
            tuple(
                Word(word.text or "", *(float(word.attrib[edge]) for edge in ("xMin", "yMin", "xMax", "yMax")))
                for word in page.iter(f"{_XHTML}word")
            ),
        )
        for page in root.iter(f"{_XHTML}page")
    ]


def text(data: bytes) -> str:
    """All of the text, words parted by single blanks, without the places where they may be parted."""
    return " ".join(tool("pdftotext", data, "-", "-").replace("\u200b", "").split())


def info(data: bytes) -> dict[str, str]:
    """What pdfinfo says."""
    lines = tool("pdfinfo", data, "-").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def structure(data: bytes) -> str:
    """The tags, and the titles of headings."""
    return tool("pdfinfo", data, "-struct", "-")


def links(data: bytes) -> list[str]:
    """The addresses that the PDF leads to."""
    lines = tool("pdfinfo", data, "-url", "-").splitlines()[1:]
    return [line.split(maxsplit=2)[2] for line in lines]


def outline(data: bytes, folder: Path) -> list[str]:
    """The bookmarks in order; `folder` is for a file that the tool reads."""
    (folder / "outline.pdf").write_bytes(data)
    made = tool("pdftohtml", b"", "-xml", "-i", "-l", "1", "-stdout", str(folder / "outline.pdf"))
    return [html.unescape(item) for item in re.findall(r"<item[^>]*>([^<]*)</item>", made)]
