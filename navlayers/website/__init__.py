"""A static site of mapping sets to browse: pages of sets, groups, capabilities, techniques and tactics.

`write_site(sources, folder)` writes one; `Site(sets).files()` gives its files without writing them.
"""

from __future__ import annotations

from navlayers.website.make import Site, SiteOptions
from navlayers.website.write import WrittenSite, write_site

__all__ = ["Site", "SiteOptions", "WrittenSite", "write_site"]
