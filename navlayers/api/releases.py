"""The ATT&CK releases in the user's folder: adding them from bundles or downloads, and removing them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from navlayers import attack
from navlayers.attack import files, release
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.output.files import Changes, reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from navlayers.attack.download import Bar
    from navlayers.attack.release import Release
    from navlayers.attack.stix import Bundle

_HINT = f"free disk space, or set {release.DATA_DIR_VARIABLE} to another folder"


def add(*bundles: Bundle) -> tuple[Release, ...]:
    """The stored releases of bundles, each of which replaces one of the same domain and version; all or none.

    Raises:
        OutputError: they cannot be written; earlier ones are kept.
    """
    with Changes() as changes:
        return _store(bundles, changes)


def add_published(
    wanted: str | None,
    domains: Sequence[Domain] = DOMAINS,
    *,
    base_url: str | None = None,
    progress: Callable[[Domain, str], Bar] | None = None,
    timeout: float | None = None,
) -> tuple[Release, ...]:
    """The releases of every domain that has one, downloaded and added; all of them or none.

    Args:
        wanted: a version, a major version (its newest minor) or "latest"; None: those of `attack.download.newer`,
            which may be none.
        domains: the domains to look in.
        base_url: as for `attack.download.download`.
        progress: makes the bar of a download, from its domain and version.
        timeout: seconds without data before a download fails; None for the default.

    Raises:
        ReleaseError: no domain has such a release, or a download fails.
        OutputError: the releases cannot be stored.
    """
    from navlayers.attack import download  # noqa: PLC0415 - imports the network

    chosen = download.newer(domains) if wanted is None else download.choose(wanted, domains)
    return _download(chosen, base_url, progress, timeout)


def remove(version: str, domains: tuple[Domain, ...] = DOMAINS) -> tuple[Release, ...]:
    """The deleted releases of a version, which may be invalid files with its name.

    Raises:
        ReleaseError: no added release has this version; built-in ones cannot be deleted.
        OutputError: a file cannot be deleted.
    """
    with reported(attack.user_folder()), Changes() as changes:
        found = release.user_releases(version, domains)
        for path in (path for paths in found.values() for path in paths):
            changes.remove(path.parent, path.name)
        changes.commit()
    return tuple(found)


def _download(
    chosen: Sequence[tuple[Domain, str]],
    base_url: str | None,
    progress: Callable[[Domain, str], Bar] | None,
    timeout: float | None,
) -> tuple[Release, ...]:
    from navlayers.attack import download  # noqa: PLC0415
    from navlayers.attack.stix import read_bundle  # noqa: PLC0415

    if not chosen:
        return ()
    with Changes() as changes:
        with reported(attack.user_folder(), _HINT):
            folder = changes.scratch(attack.user_folder())
        bundles = []
        for domain, version in chosen:
            bar = progress(domain, version) if progress else None
            path = download.download(
                domain, version, folder, base_url=base_url, progress=bar, timeout=timeout or download.TIMEOUT
            )
            bundles.append(read_bundle(path, version=version))
            path.unlink()
        return _store(bundles, changes)


def _store(bundles: Iterable[Bundle], changes: Changes) -> tuple[Release, ...]:
    folder = attack.user_folder()
    stored = []
    for bundle in bundles:
        domain, version = bundle.catalogue.domain, bundle.catalogue.version
        name, other = files.catalogue_name(domain, version), files.threats_name(domain, version)
        with reported(folder, _HINT):
            changes.write(folder, name, files.encode_catalogue(bundle.catalogue), sync=True)
            if bundle.threats.threats:
                changes.write(folder, other, files.encode_threats(bundle.threats), sync=True)
            elif os.path.lexists(folder / other):
                changes.remove(folder, other)
        stored.append(release.Release(domain, version, folder / name, builtin=False))
    changes.commit(_HINT)
    return tuple(stored)
