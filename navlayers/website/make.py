"""The files of a site, made from mapping sets one at a time."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from navlayers._text.lines import printable
from navlayers._text.numbers import rounded
from navlayers._text.wording import and_list, quantity, techniques_text
from navlayers.attack.domains import DOMAIN_NAMES, DOMAINS
from navlayers.errors import Problem, UsageError
from navlayers.layer.ramps import NOT_RATED_ITEM
from navlayers.output import html
from navlayers.output.folders import INDEX, FileEntry, sha256
from navlayers.pages import index
from navlayers.pages.show.layout import link, paragraphs, row_notes, score_cell
from navlayers.pages.show.set_index import indexed
from navlayers.scoring.options import ScoreOptions
from navlayers.web.explorer import SCRIPTS
from navlayers.website.attack_pages import domain_page, tactic_pages, technique_pages
from navlayers.website.compare_page import compare_page, releases
from navlayers.website.joint import joints, threatened
from navlayers.website.matrix import release_data, release_script
from navlayers.website.overview_pages import home_page, tactics_page, techniques_page
from navlayers.website.pages import HOME, TACTICS, TECHNIQUES, Addresses, Here, Page, ThreatAddresses, World
from navlayers.website.set_pages import set_pages
from navlayers.website.sets import SiteSet, group_ids, refuse_layers, titles
from navlayers.website.threat_pages import threat_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from markupsafe import Markup

    from navlayers.mapping.load import Prepared
    from navlayers.mapping.model import Mapping, NonMappable
    from navlayers.mapping.nouns import Noun
    from navlayers.output.tables import Span
    from navlayers.pages.show.results import MappingRow, SetHead
    from navlayers.pages.show.set_index import IndexedSet
    from navlayers.website.joint import Threatened


class SiteOptions(msgspec.Struct, frozen=True):
    """Options of a site: its title, and how mappings become scores.

    Raises:
        UsageError: the title is empty.
    """

    title: str = "ATT&CK mappings"
    scoring: ScoreOptions = ScoreOptions()

    def __post_init__(self) -> None:
        if not printable(self.title).strip():
            raise UsageError(Problem("the title is empty", expected="a title"))


SECURITY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Pages load files of their own host only. Some browsers treat files on disk as another host, hence `file:`."""

NAVIGATOR = "https://mitre-attack.github.io/attack-navigator/"
_FROM_DISK = (
    "browsers show files from disk instead of saving them: use “Save link as” in the context menu of the link"
)


class Drawing:
    """Draws the pages of a site."""

    def __init__(self, world: World, title: str) -> None:
        self._addresses = world.addresses
        piece = html.Page(world.colors).piece

        @lru_cache(maxsize=4096)
        def cell(score: float | None, category: str, head: SetHead) -> Markup:
            return piece(score_cell(score, category, head))

        self._environment = html.environment("navlayers.website", "navlayers.web", "navlayers.output")
        self._environment.filters |= {
            "fill": world.colors.name,
            "piece": piece,
            "cell": cell,
            "and_list": and_list,
            "breakable": html.breakable,
            "mean": partial(rounded, decimals=1),
            "notes": row_notes,
            "paragraphs": paragraphs,
            "reference": link,
            "score": _score,
        }
        self._environment.globals |= {
            "site_title": title,
            "noun": world.noun,
            "security": SECURITY,
            "home": HOME,
            "counted": quantity,
            "both": techniques_text,
            "navigator": NAVIGATOR,
            "not_rated": NOT_RATED_ITEM,
            "from_disk": _FROM_DISK,
            "domain_names": DOMAIN_NAMES,
            "menu": list(_menu(world.addresses)),
        }

    def draw(self, page: Page) -> bytes:
        """The page as HTML."""
        template = self._environment.get_template(f"{page.kind}.html.jinja")
        here = Here(self._addresses, page.path)
        context = {"matrix": None, **page.context}
        text = template.render(here=here, kind=page.kind, title=page.title, crumbs=page.crumbs, **context)
        # JSON inputs may contain lone surrogates, which UTF-8 cannot encode.
        return text.encode("utf-8", "replace")


def _menu(addresses: Addresses) -> Iterator[tuple[str, str, frozenset[str]]]:
    """The title, page and kinds of pages of each part of the site."""
    yield "Sets", HOME, frozenset({"home", "set", "mappings", "group", "capability"})
    yield "Techniques", TECHNIQUES, frozenset({"techniques", "technique"})
    yield "Tactics", TACTICS, frozenset({"tactics", "tactic"})
    first = next(domain for domain in DOMAINS if domain in addresses.domains)
    yield "Matrix", addresses.domains[first], frozenset({"domain"})
    for domain in [domain for domain in DOMAINS if domain in addresses.compare][:1]:
        yield "Compare", addresses.compare[domain], frozenset({"compare"})
    for item in [addresses.threats[domain] for domain in DOMAINS if domain in addresses.threats][:1]:
        yield "Threats", item.page, frozenset({"threats", "threat"})


def _score(row: MappingRow, head: SetHead) -> Span:
    return score_cell(None if head.counts else row.score, row.category, head)


def search_script(
    sets: Sequence[SiteSet],
    noun: Noun,
    addresses: Addresses,
    techniques: dict[str, str],
    tactics: dict[str, str],
    threats: Sequence[Threatened] = (),
) -> bytes:
    """The script that sets the global `navlayersIndex`: `kinds`, `sets` (title, folder) and per kind its `rows`.

    A row is an id, a name, the name of the page's file without its ending, and the number of the set. To keep the
    script small, the name is 0 if it is the id, and the file is 0 if it is the id in lower case.

    Args:
        sets: the sets of the site.
        noun: the word for their capabilities.
        addresses: the paths of its pages.
        techniques: id → name.
        tactics: id → name.
        threats: of each domain.
    """
    rows = (
        [(item.name, item.title, 0, n) for n, item in enumerate(sets)],
        [row for n, item in enumerate(sets) for row in _rows(_group_names(item), item.addresses.groups, n)],
        [row for n, item in enumerate(sets) for row in _rows(item.indexed.names, item.addresses.capabilities, n)],
        list(_rows(techniques, addresses.techniques)),
        list(_rows(tactics, addresses.tactics)),
        [row for threatened in threats for row in _threat_rows(threatened)],
        [(title, 0, path.removesuffix(".html")) for title, path, _ in _menu(addresses)],
    )
    index = {
        "kinds": ("Mapping sets", "Groups", noun.plural.capitalize(), "Techniques", "Tactics", "Threats", "Pages"),
        "sets": [(printable(item.title), item.addresses.folder) for item in sets],
        "rows": [list(map(_plain, kind)) for kind in rows],
    }
    return b"globalThis.navlayersIndex = " + msgspec.json.encode(index) + b";\n"


def _threat_rows(threatened: Threatened) -> Iterator[tuple[str, str, str]]:
    for threat in threatened.threats:
        yield threat.id, threat.name, f"{threatened.joint.domain}/{threat.id.lower()}"


def _group_names(item: SiteSet) -> dict[str, str]:
    return {group: label.name for group, label in item.groups.items()}


def _rows(names: dict[str, str], paths: dict[str, str], *number: int) -> Iterator[tuple[str | int, ...]]:
    for identifier, path in sorted(paths.items()):
        name = names[identifier]
        file = PurePosixPath(path).stem
        shown = 0 if name == identifier else name
        yield identifier, shown, 0 if file == identifier.lower() else file, *number


def _plain(row: Iterable[str | int]) -> list[str | int]:
    return [printable(part) if isinstance(part, str) else part for part in row]


def _assets() -> dict[str, str]:
    return {
        "base.css": html.source("output/base.css"),
        "explorer.css": html.source("web/explorer.css"),
        "site.css": html.source("website/site.css"),
        "base.js": html.source("web/base.js"),
        "site.js": html.bundle(*SCRIPTS, "website/site.js", "website/compare.js"),
        "icon.svg": html.source("website/icon.svg"),
    }


class Site:
    """A site of mapping sets, made file by file."""

    def __init__(self, sets: Sequence[Prepared], options: SiteOptions = SiteOptions()) -> None:
        """Score the sets and list the pages.

        On pages and in layers, successors replace techniques that the release of a set revoked. Downloads in the
        formats of other tools have the set as it was read.

        Raises:
            InputError: one of the sets is a layer.
            UsageError: the scoring options do not fit a set.
        """
        refuse_layers(sets)
        ready = indexed([item.at(item.catalogue) for item in sets], options.scoring)
        for item in ready:
            _ = item.scored
        self.options = options
        self._techniques = _techniques(ready)
        addresses = Addresses(ready, self._techniques, {item.name: group_ids(item) for item in ready})
        parts = zip(ready, sets, titles(ready), strict=True)
        site_sets = [SiteSet(item, read.set, title, addresses.sets[item.name]) for item, read, title in parts]
        self._world = World(tuple(site_sets), addresses, html.Colors())
        self.sets = self._world.sets
        self._joints = tuple(joints(self.sets))
        self._threats = tuple(found for joint in self._joints if (found := threatened(joint)))
        for found in self._threats:
            domain = found.joint.domain
            addresses.threats[domain] = ThreatAddresses(domain, (threat.id for threat in found.threats))
        self._compared = {joint.domain: tuple(releases(joint)) for joint in self._joints}
        for domain, compared in self._compared.items():
            if sum(len(joint.members) for joint in compared) == 1:
                del addresses.compare[domain]
        shown = (joint.catalogue for compared in self._compared.values() for joint in compared)
        self._releases = tuple(shown)

    @property
    def pages(self) -> int:
        """The number of its pages."""
        addresses = self._world.addresses
        of_sets = sum(2 + len(item.groups) + len(item.capabilities) for item in addresses.sets.values())
        of_threats = sum(1 + len(item) for item in addresses.threats.values())
        lists = 3 + len(addresses.domains) + len(addresses.compare)
        return lists + of_sets + of_threats + len(addresses.tactics) + len(addresses.techniques)

    @property
    def count(self) -> int:
        """The number of its files, if every format can hold every set."""
        layers = sum(item.downloads.expected for item in self.sets)
        return self.pages + layers + len(_assets()) + len(self._releases) + 3

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The path and bytes of each file, the index last."""
        listed = []
        for kind, title, path, draw in self.drawings():
            data = draw()
            listed.append(FileEntry(path=path, kind=kind, name=title, sha256=sha256(data)))
            yield path, data
        site_index = index.SiteIndex(
            title=self.options.title,
            options=self.options.scoring,
            sets=tuple(map(_entry, self.sets)),
            files=tuple(listed),
        )
        yield INDEX, index.encode(site_index)

    def drawings(self) -> Iterator[tuple[str, str, str, Callable[[], bytes]]]:
        """The kind, title and path of each file but the index, and what draws it: colors after all pages."""
        drawing = Drawing(self._world, self.options.title)
        for site_set in self.sets:
            for path, data in site_set.downloads.files():
                yield "download", site_set.title, path, partial(bytes, data)
        for page in self._pages():
            yield page.kind, page.title, page.path, partial(drawing.draw, page)
        assets: dict[str, Callable[[], bytes]] = {name: text.encode for name, text in _assets().items()}
        assets |= {release_script(c): partial(release_data, c, self._world.colors) for c in self._releases}
        assets["colors.css"] = partial(_colors, self._world.colors)
        names = {t.id: t.name for item in self._world.indexed for t in item.catalogue.tactics}
        assets["search.js"] = partial(
            search_script,
            self.sets,
            self._world.noun,
            self._world.addresses,
            self._techniques,
            names,
            self._threats,
        )
        for name, draw in assets.items():
            yield "asset", "", f"assets/{name}", draw

    def _pages(self) -> Iterator[Page]:
        yield home_page(self._world, self.options.title)
        for site_set in self.sets:
            yield from set_pages(self._world, site_set)
        yield techniques_page(self._world, self._techniques, self._joints)
        yield tactics_page(self._world, self._joints)
        for joint in self._joints:
            yield domain_page(self._world, joint)
            if joint.domain in self._world.addresses.compare:
                yield compare_page(self._world, self._compared[joint.domain])
        for found in self._threats:
            yield from threat_pages(self._world, found)
        yield from tactic_pages(self._world)
        yield from technique_pages(self._world)


def _colors(colors: html.Colors) -> bytes:
    return colors.rules.encode()


def _techniques(sets: Sequence[IndexedSet]) -> dict[str, str]:
    """Id → name of the techniques with a page: in the matrix of a release of the sets, or named by a set."""
    names: dict[str, str] = {}
    for item in sets:
        for technique in item.catalogue.techniques.values():
            if technique.in_matrix:
                names.setdefault(technique.id, technique.name)
    for item in sets:
        for replaced in item.prepared.replaced:
            names.setdefault(replaced.id, replaced.name)
        rows: tuple[Mapping | NonMappable, ...] = (*item.set.mappings, *item.set.non_mappable)
        for row in rows:
            if row.technique is not None and row.technique not in names:
                known = item.catalogue.get(row.technique)
                names[row.technique] = known.name if known else row.technique_name or row.technique
    return dict(sorted(names.items()))


def _entry(site_set: SiteSet) -> index.SiteSetEntry:
    stats = site_set.stats
    files = site_set.downloads
    losses = [f"{file.title}: {loss}" for file in files.others for loss in file.losses]
    return index.SiteSetEntry(
        name=site_set.name,
        title=site_set.title,
        framework=site_set.indexed.set.framework,
        role=site_set.indexed.set.role,
        version=site_set.indexed.set.version,
        domain=site_set.indexed.set.domain,
        attack_version=site_set.indexed.catalogue.version,
        scope=site_set.indexed.catalogue.scope,
        own_attack_version=site_set.indexed.prepared.own_attack_version,
        mappings=stats.mappings,
        capabilities=stats.capabilities,
        techniques=site_set.covered.techniques,
        subtechniques=site_set.covered.subtechniques,
        source=site_set.indexed.set.source,
        licence=site_set.indexed.set.licence,
        losses=(*losses, *files.refused),
        replaced=site_set.indexed.prepared.replaced,
        left_out=site_set.indexed.scored.left_out,
    )
