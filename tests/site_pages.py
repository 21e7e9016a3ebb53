"""Sites for the tests: made of sets by name, file or from memory, their pages and matrices taken apart."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from conftest import release, write_set

from navlayers.mapping.find import resolve
from navlayers.mapping.load import Prepared, prepare
from navlayers.output.folders import INDEX
from navlayers.website import Site, SiteOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from navlayers.mapping.model import MappingSet

HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


_MARKUP = re.compile(
    r"<!(?:doctype html>|--.*?-->)"
    r"|<(?P<raw>script|style)(?P<raw_attributes>[^>]*)>.*?</(?P=raw)>"
    r"|</(?P<end>[a-z][a-z0-9]*)>"
    r"|<(?P<start>[a-z][a-z0-9]*)(?P<attributes>(?:\s+[a-zA-Z-]+(?:=\"[^\"]*\")?)*)\s*(?P<empty>/?)>"
    r"|(?P<text>[^<]+)|(?P<wrong><.{0,40})",
    re.DOTALL | re.IGNORECASE,
)
"""The markup that the templates write, double quotes alone; three times as fast as html.parser."""
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:=\"([^\"]*)\")?")


class Parsed:
    """A page: its links, ids and text, and what is wrong with its markup."""

    def __init__(self, page: str) -> None:
        self.links: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self._texts: list[str] = []
        self._open: list[str] = []
        for markup in _MARKUP.finditer(page):
            kind = markup.lastgroup
            if kind == "text":
                self._text(unescape(markup["text"]))
            elif kind == "end":
                self._end(markup["end"])
            elif kind == "empty":
                self._start(markup["start"], markup["attributes"])
                if markup["empty"]:
                    self._end(markup["start"])
            elif kind == "raw_attributes":
                self._start(markup["raw"], markup["raw_attributes"])
                self._open.pop()
            elif kind == "wrong":
                self.wrong.append(markup["wrong"])
        self.wrong += [f"<{name}> is not closed" for name in self._open]

    def _start(self, tag: str, attributes: str) -> None:
        if tag not in VOID:
            self._open.append(tag)
        if tag in HEADINGS:
            self.headings.append((int(tag[1]), ""))
        if tag in ("style", "base", "form", "iframe", "object"):
            self.wrong.append(f"<{tag}>")
        attrs = _ATTRIBUTE.findall(attributes)
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.wrong.append(f"<{tag}> says an attribute twice")
        if tag == "script" and not {"src", "type"} & set(names):
            self.wrong.append("a script within the page")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.wrong.append(f"<{tag} {name}>")
            elif name in ("href", "src"):
                self.links.append(unescape(value))
            elif name == "id":
                self.ids.append(unescape(value))

    def _end(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> out of place")
        if tag in ("a", "td", "th", "p", "li", "dd", "dt", "h1", "h2", "h3", "small", "b"):
            self._texts.append(" ")

    def _text(self, data: str) -> None:
        self._texts.append(data)
        if self.headings and not HEADINGS.isdisjoint(self._open):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    @cached_property
    def text(self) -> str:
        return " ".join("".join(self._texts).split())


@lru_cache(2000)
def parsed(page: str) -> Parsed:
    """A page taken apart; hundreds of pages of techniques without mappings are the same in many sites."""
    return Parsed(page)


class ParsedPages(Mapping[str, Parsed]):
    """The pages of a site, each parsed when a test asks for it."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._paths = dict.fromkeys(path for path in files if path.endswith(".html"))

    def __getitem__(self, path: str) -> Parsed:
        return parsed(self._files[path].decode())

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class DrawnFiles(Mapping[str, bytes]):
    """The files of a site, each drawn when a test asks for it: most tests look at few of hundreds of pages."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._draw = {path: draw for _, _, path, draw in site.drawings()}
        self._known: dict[str, bytes] = {}

    def __getitem__(self, path: str) -> bytes:
        if path not in self._known:
            if path in (INDEX, "assets/colors.css"):
                self._known = dict(self._site.files())
            else:
                self._known[path] = self._draw[path]()
        return self._known[path]

    def __contains__(self, path: object) -> bool:
        return path in self._draw or path == INDEX

    def __iter__(self) -> Iterator[str]:
        return iter((*self._draw, INDEX))

    def __len__(self) -> int:
        return len(self._draw) + 1


class Pages(NamedTuple):
    """The files of a site, and its pages parsed."""

    files: Mapping[str, bytes]
    pages: Mapping[str, Parsed]

    def text(self, path: str) -> str:
        return self.pages[path].text

    def html(self, path: str) -> str:
        return self.files[path].decode()

    def data(self, path: str) -> dict[str, Any]:
        """What the explorer of a page is given."""
        (text,) = re.findall(r'<script type="application/json" id="explorer-data">(.*?)</script>', self.html(path))
        found: dict[str, Any] = json.loads(text)
        return found

    def release(self, path: str) -> dict[str, Any]:
        """The release of the matrix of a page."""
        (name,) = re.findall(r'src="[^"]*(assets/[a-z]+-[0-9.]+\.js)"', self.html(path))
        script = self.files[name].decode()
        found: dict[str, Any] = json.loads(script.removeprefix("globalThis.navlayersRelease = ").rstrip(";\n"))
        return found

    def matrix(self, path: str, measure: int = 0) -> dict[str, tuple[float | None, str]]:
        """Technique → score and class of its color, of the matrix of a page."""
        data = self.data(path)
        shown = data["views"][0]["shown"][measure]
        ids = [technique[0] for technique in self.release(path)["techniques"]]
        colors = [*data["colors"], ""]
        found = zip(shown["technique"], shown["score"], shown["color"], strict=True)
        return {ids[technique]: (score, colors[color]) for technique, score, color in found}


def write_pages(folder: Path, site: Site, *ids: str) -> Path:
    """Write a site, but of its hundreds of pages of techniques and threats those of these ids alone."""
    for _, _, path, draw in site.drawings():
        *above, name = path.split("/")
        if above not in (["techniques"], ["threats", "enterprise"]) or name.removesuffix(".html") in ids:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(draw())
    return folder


def ics(path: Path) -> Path:
    """Write a set of the domain with the fewest techniques: a site has a page for each of them."""
    mapped = [("ids", "T0817", "detect", "partial"), ("mfa", "T0859", "protect", "partial")]
    return write_set(path, [*mapped, ("hsm", None, None, None)], technology_domain="ics")


def pages_of(files: Mapping[str, bytes]) -> Pages:
    return Pages(files, ParsedPages(files))


def prepared(*names: str | Path, attack_version: str | None = None) -> list[Prepared]:
    read = prepare(resolve([str(name) for name in names]), attack_version)
    return [one for one in read if isinstance(one, Prepared)]


def alone(made: MappingSet, name: str = "tiny") -> Prepared:
    """A set in memory at its release."""
    return Prepared(name, made, made.attack_version, release(made), (), ())


def site_of(*sets: Prepared, options: SiteOptions | None = None) -> Pages:
    """A site whose files are drawn when a test asks for them."""
    return pages_of(DrawnFiles(Site(sets, options or SiteOptions())))


def whole_site_of(*sets: Prepared, options: SiteOptions | None = None) -> Pages:
    """A site whose files are all drawn, for tests that look at all of them."""
    return pages_of(dict(Site(sets, options or SiteOptions()).files()))


def sample(site: Pages) -> list[str]:
    """The pages that differ from site to site, and every eighth of the hundreds that say what no set maps."""
    own = [path for path in site.pages if not path.startswith(("techniques/", "threats/"))]
    linked = {
        posixpath.normpath(posixpath.join(posixpath.dirname(path), link.partition("#")[0]))
        for path in own
        if path.startswith("sets/")
        for link in site.pages[path].links
    }
    rest = [path for path in site.pages if path.startswith(("techniques/", "threats/"))]
    return [
        *own,
        *(path for path in rest if path in linked),
        *[path for path in rest if path not in linked][::8],
    ]


def assert_sound(site: Pages, *, every: bool = False) -> None:
    """Pages are well-formed, and every link leads to a file, and to a place in it where it names one.

    `every`: all pages; otherwise those of `sample`.
    """
    sound: set[tuple[str, str]] = set()
    places: dict[str, frozenset[str]] = {}
    for path in site.pages if every else sample(site):
        page = site.pages[path]
        folder = posixpath.dirname(path)
        assert not page.wrong, (path, page.wrong[:5])
        assert len(page.ids) == len(set(page.ids)), path
        levels = [level for level, _ in page.headings]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)
        for link in page.links:
            # The pages of a folder share most of their links.
            start = path if link.startswith("#") else folder
            if (start, link) in sound:
                continue
            sound.add((start, link))
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("http", "https"), (path, link)
                continue
            assert not link.startswith("/"), (path, link)
            target = posixpath.normpath(posixpath.join(folder, unquote(parts.path))) if parts.path else path
            assert target in site.files, (path, link)
            if parts.fragment:
                if target not in places:
                    places[target] = frozenset(site.pages[target].ids)
                assert parts.fragment in places[target], (path, link)
