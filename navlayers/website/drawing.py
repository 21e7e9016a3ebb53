"""Pages → HTML: the templates, and what they are given beside what a page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from navlayers._text import counted, technique_url
from navlayers.attack.domain import DOMAIN_NAMES, DOMAINS
from navlayers.output import html
from navlayers.website.addresses import ASSETS, HOME, Here

if TYPE_CHECKING:
    from navlayers.website.pages import Page, World

SECURITY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)
"""What browsers let a page load: the files of its host; those on disk, too, which some take for another host's."""

NAVIGATOR = "https://mitre-attack.github.io/attack-navigator/"
_FROM_DISK = "from disk, browsers show it rather than save it: use “Save link as” in the menu of its link"
_THOUSAND = 1000


class Drawing:
    """Draws the pages of a site."""

    def __init__(self, world: World, title: str) -> None:
        self._world = world
        paths = world.addresses.domains
        self._environment = html.environment("navlayers.website", html.finalize)
        self._environment.filters |= {
            "fill": world.palette.fill,
            "breakable": html.breakable,
            "address": technique_url,
            "size": _size,
        }
        self._environment.globals |= {
            "site_title": title,
            "security": SECURITY,
            "assets": ASSETS,
            "home": HOME,
            "counted": counted,
            "navigator": NAVIGATOR,
            "from_disk": _FROM_DISK,
            "domain_names": DOMAIN_NAMES,
            "all_domains": [(DOMAIN_NAMES[d], paths[d]) for d in DOMAINS if d in paths],
        }

    def draw(self, page: Page) -> bytes:
        """The page as HTML."""
        template = self._environment.get_template(f"{page.kind}.html.jinja")
        here = Here(self._world.addresses, page.path)
        text = template.render(here=here, title=page.title, crumbs=page.crumbs, **page.context)
        return text.encode("utf-8", "replace")


def _size(number: int) -> str:
    """The size of a file as people read it."""
    if number < _THOUSAND:
        return f"{number} B"
    return f"{number / _THOUSAND:.0f} kB" if number < _THOUSAND**2 else f"{number / _THOUSAND**2:.1f} MB"
