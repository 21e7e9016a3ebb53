"""Getting an ATT&CK release from the internet, or from a mirror, with the hash that mitreattack-python publishes.

mitreattack-python knows the releases and their SHA-256, pooch (which it downloads with) does the transfer.
Importing mitreattack-python takes half a second, so that happens inside the functions.
"""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from navlayers._text import shown
from navlayers.attack import store, versions
from navlayers.attack.domain import DOMAINS, Domain
from navlayers.attack.stix import MAX_BYTES, read_bundle
from navlayers.errors import OutputError, Place, Problem, ReleaseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from navlayers.attack.store import Release

HOST = "https://raw.githubusercontent.com"
MIRROR_VARIABLE = "NAVLAYERS_ATTACK_MIRROR"
TIMEOUT = 30.0
"""Seconds without a byte from the server before a download is given up."""

_CHUNK = 1 << 16


class Bar(Protocol):
    """Shows how far a download is: `total` bytes (0: not known), of which `update` adds some; `close` ends it."""

    total: float

    def update(self, step: int) -> object:
        """Count `step` more bytes."""

    def close(self) -> object:
        """The download is over, whole or not."""


def published(domain: Domain) -> tuple[str, ...]:
    """The versions of a domain that mitreattack-python knows, oldest first, without betas."""
    return tuple(sorted(filter(versions.canonical, _hashes(domain)), key=versions.number))


def download(
    domain: Domain,
    version: str,
    folder: Path,
    *,
    base_url: str | None = None,
    progress: Bar | None = None,
    timeout: float = TIMEOUT,
) -> Path:
    """Fetch the STIX 2.1 bundle of one release into `folder`, which must exist, and return its path.

    `base_url` (else the environment variable NAVLAYERS_ATTACK_MIRROR) stands for the host that ATT&CK publishes
    on; the rest of the address is the same. The file is only there once it has the published SHA-256.

    Raises ReleaseError where there is no such release, the server cannot be reached, does not answer within
    `timeout` seconds, or gives something else; UsageError for a mirror that is no http address; OutputError
    where the file cannot be stored.
    """
    known_hash = _hashes(domain).get(version)
    if known_hash is None:
        raise ReleaseError(_unpublished(version, (domain,)))
    base = _base(base_url)
    name = f"{domain}-attack-{version}.json"
    url = f"{base}/mitre-attack/attack-stix-data/master/{domain}-attack/{name}"
    import pooch  # noqa: PLC0415 - slow to import
    import requests  # noqa: PLC0415

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    fetch = partial(_fetch, timeout=timeout, progress=progress)
    try:
        return Path(
            pooch.retrieve(url, known_hash=f"sha256:{known_hash}", fname=name, path=folder, downloader=fetch)
        )
    except requests.RequestException as error:
        raise ReleaseError(_failed(domain, version, base, _reason(error, timeout))) from None
    except ValueError:
        reason = "what came does not have the SHA-256 that mitreattack-python publishes; nothing was kept"
        raise ReleaseError(_failed(domain, version, base, reason)) from None
    except OSError as error:
        message = f"the download cannot be stored here: {error.strerror or error}"
        raise OutputError(Problem(message, Place(str(folder)))) from None
    finally:
        logger.setLevel(level)
        if progress is not None:
            progress.close()


def _fetch(url: str, output_file: str, _pooch: object, *, timeout: float, progress: Bar | None) -> None:
    """What pooch calls to get a file. Its own downloader leaves the connection open when something fails."""
    import requests  # noqa: PLC0415 - slow to import

    with requests.get(url, stream=True, timeout=timeout) as response, Path(output_file).open("wb") as file:
        response.raise_for_status()
        if progress is not None:
            progress.total = int(response.headers.get("Content-Length", 0))
        seen = 0
        for chunk in response.iter_content(_CHUNK):
            if file.write(chunk) and file.tell() > MAX_BYTES:
                raise ValueError("larger than any release")
            came = response.raw.tell()  # before decompression, as the total is
            if progress is not None:
                progress.update(came - seen)
            seen = came


def add_published(
    wanted: str,
    domains: Sequence[Domain] = DOMAINS,
    *,
    base_url: str | None = None,
    progress: Callable[[Domain, str], Bar] | None = None,
    timeout: float = TIMEOUT,
) -> tuple[Release, ...]:
    """Download a release in each of `domains` that has it and keep it in the user's folder; all or none.

    `wanted` is a version, a major alone (its newest minor) or "latest". Raises as `download` and `store.add`
    do, and ReleaseError where no domain has such a release.
    """
    chosen = _choose(wanted, domains)
    folder = store.user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(dir=folder, prefix=".download-")
    except OSError as error:
        message = f"ATT&CK releases cannot be stored here: {error.strerror or error}"
        hint = f"name another folder in {store.DATA_DIR_VARIABLE}"
        raise OutputError(Problem(message, Place(str(folder)), hint=hint)) from None
    with temporary as name:
        bundles = []
        for domain, version in chosen:
            bar = progress(domain, version) if progress else None
            path = download(domain, version, Path(name), base_url=base_url, progress=bar, timeout=timeout)
            bundles.append(read_bundle(path, version=version))
            path.unlink()
        return tuple(store.add(bundle) for bundle in bundles)


def _hashes(domain: Domain) -> dict[str, str]:
    """Version → SHA-256 of its STIX 2.1 bundle."""
    from loguru import logger  # noqa: PLC0415 - comes with mitreattack-python
    from mitreattack import release_info  # noqa: PLC0415

    logger.disable("mitreattack")
    return dict(release_info.STIX21.get(domain, {}))


def _choose(wanted: str, domains: Sequence[Domain]) -> list[tuple[Domain, str]]:
    """The release that each domain has of what is wanted: the same version in all of them."""
    parsed = versions.parse_wanted(wanted)
    lists = {domain: published(domain) for domain in domains}
    every = sorted({version for known in lists.values() for version in known}, key=versions.number)
    version = parsed and versions.choose(parsed, every)
    exact = parsed is not None and parsed.minor is not None
    if version is None or (exact and version != versions.canonical(wanted)):
        raise ReleaseError(_unpublished(wanted, domains))
    return [(domain, version) for domain, known in lists.items() if version in known]


def _unpublished(wanted: str, domains: Sequence[Domain]) -> Problem:
    known = sorted({version for domain in domains for version in published(domain)}, key=versions.number)
    return Problem(
        f"mitreattack-python knows no ATT&CK {' or '.join(domains)} release {shown(wanted)}",
        expected=f"one of {', '.join(known)}",
        hint="a newer mitreattack-python may know more; a bundle at hand: navlayers attack add FILE.json",
    )


def _base(given: str | None) -> str:
    """The address that stands for the host, without a slash at its end."""
    base = (given or os.environ.get(MIRROR_VARIABLE) or HOST).rstrip("/")
    try:
        parts = urlsplit(base)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        message = f"the mirror {shown(base)} is not a web address"
        raise UsageError(Problem(message, expected="an address such as https://mirror.example.org/attack"))
    return base


def _failed(domain: Domain, version: str, base: str, reason: str) -> Problem:
    host = urlsplit(base).netloc.rpartition("@")[2]  # without a password that the address may hold
    return Problem(
        f"ATT&CK {domain} {version} cannot be downloaded from {host}: {reason}",
        hint=f"fetch {domain}-attack-{version}.json by other means and run: navlayers attack add FILE.json; "
        f"or name a mirror with --mirror or {MIRROR_VARIABLE}",
    )


def _reason(error: Exception, timeout: float) -> str:
    import requests  # noqa: PLC0415 - slow to import

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}".rstrip()
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return f"no answer within {timeout:g} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate cannot be verified"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy cannot be reached"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the transfer broke off"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached"
    return "the server's answer cannot be used"
