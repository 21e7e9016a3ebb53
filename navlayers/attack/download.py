"""Downloads of ATT&CK releases from the internet or a mirror, verified against published hashes.

mitreattack-python lists the releases with their SHA-256, and pooch downloads them. Importing mitreattack-python
takes half a second, so functions import it when they need it.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from navlayers._text.wording import quoted
from navlayers.attack import release, versions
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.attack.stix import MAX_BYTES
from navlayers.errors import OutputError, Place, Problem, ReleaseError, UsageError, extra

if TYPE_CHECKING:
    from collections.abc import Sequence


HOST = "https://raw.githubusercontent.com"
MIRROR_VARIABLE = "NAVLAYERS_ATTACK_MIRROR"
TIMEOUT = 30.0
"""Seconds without data from the server before a download fails."""

_CHUNK = 1 << 16


class Bar(Protocol):
    """A progress bar over `total` bytes (0: unknown), such as tqdm's."""

    total: float

    def update(self, step: int) -> object:
        """Count `step` more bytes."""

    def close(self) -> object:
        """End the bar, whether or not the download succeeded."""


def published(domain: Domain) -> tuple[str, ...]:
    """The versions of a domain that mitreattack-python lists, oldest first, without betas."""
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
    """Download the STIX 2.1 bundle of one release.

    Args:
        domain: its domain.
        version: its version, such as "18.1".
        folder: an existing folder for the file.
        base_url: a mirror that replaces the host and keeps the rest of the URL; None for the environment variable
            NAVLAYERS_ATTACK_MIRROR or, without it, GitHub.
        progress: a bar to update.
        timeout: seconds without data before the download fails.

    Returns:
        The path of the file, whose SHA-256 matches the published one.

    Raises:
        ReleaseError: the release does not exist, or the server fails or sends other content.
        UsageError: the mirror is not an http or https URL.
        OutputError: the file cannot be stored.
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
        reason = "the download does not match the SHA-256 that mitreattack-python publishes, and was discarded"
        raise ReleaseError(_failed(domain, version, base, reason)) from None
    except OSError as error:
        message = f"cannot store the download: {error.strerror or error}"
        raise OutputError(Problem(message, Place(str(folder)))) from None
    finally:
        logger.setLevel(level)
        if progress is not None:
            progress.close()


def _fetch(url: str, output_file: str, _pooch: object, *, timeout: float, progress: Bar | None) -> None:
    """Downloader for pooch, whose own leaves the connection open after an error."""
    import requests  # noqa: PLC0415 - slow to import

    with requests.get(url, stream=True, timeout=timeout) as response, Path(output_file).open("wb") as file:
        response.raise_for_status()
        if progress is not None:
            progress.total = int(response.headers.get("Content-Length", 0))
        seen = 0
        for chunk in response.iter_content(_CHUNK):
            if file.write(chunk) and file.tell() > MAX_BYTES:
                raise ValueError("larger than any ATT&CK release")
            received = response.raw.tell()  # before decompression, like the total
            if progress is not None:
                progress.update(received - seen)
            seen = received


def newer(domains: Sequence[Domain] = DOMAINS) -> list[tuple[Domain, str]]:
    """The newest published release of each domain, where it is not installed with its threats.

    Args:
        domains: the domains to look in.

    Returns:
        Domain and version; a release that is installed without groups and software counts as missing.
    """
    missing = []
    for domain in domains:
        newest = published(domain)[-1]
        have = release.find(domain).release
        if versions.number(newest) > versions.number(have.version) or (
            newest == have.version and not release.has_threats(have)
        ):
            missing.append((domain, newest))
    return missing


def _hashes(domain: Domain) -> dict[str, str]:
    """Version → SHA-256 of its STIX 2.1 bundle."""
    with extra("attack"):
        from loguru import logger  # noqa: PLC0415 - comes with mitreattack-python
        from mitreattack import release_info  # noqa: PLC0415

    logger.disable("mitreattack")
    return dict(release_info.STIX21.get(domain, {}))


def choose(wanted: str, domains: Sequence[Domain]) -> list[tuple[Domain, str]]:
    """The matching release of each domain that has it: the same version in all of them.

    Args:
        wanted: a version, a major version (its newest minor) or "latest".
        domains: the domains to look in.

    Raises:
        ReleaseError: no domain has such a release.
    """
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
        f"mitreattack-python does not list ATT&CK {' or '.join(domains)} release {quoted(wanted)}",
        expected=f"one of {', '.join(known)}",
        hint="upgrade mitreattack-python, or add a downloaded bundle: navlayers attack add FILE.json",
    )


def _base(given: str | None) -> str:
    """The base URL, without a trailing slash."""
    base = (given or os.environ.get(MIRROR_VARIABLE) or HOST).rstrip("/")
    try:
        parts = urlsplit(base)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        message = f"mirror {quoted(base)} is not an http or https URL"
        raise UsageError(Problem(message, expected="a URL such as https://mirror.example.org/attack"))
    return base


def _failed(domain: Domain, version: str, base: str, reason: str) -> Problem:
    host = urlsplit(base).netloc.rpartition("@")[2]  # without credentials in the URL
    return Problem(
        f"cannot download ATT&CK {domain} {version} from {host}: {reason}",
        hint=f"download {domain}-attack-{version}.json another way and run: navlayers attack add FILE.json; "
        f"or use a mirror with --mirror or {MIRROR_VARIABLE}",
    )


def _reason(error: Exception, timeout: float) -> str:
    import requests  # noqa: PLC0415 - slow to import

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server responds with {error.response.status_code} {error.response.reason}".rstrip()
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return f"no response within {timeout:g} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate cannot be verified"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy cannot be reached"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was interrupted"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached"
    return "the response is not valid"
