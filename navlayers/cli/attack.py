"""`navlayers attack`: list, add, update and remove ATT&CK releases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from navlayers import attack
from navlayers._text.wording import techniques_text
from navlayers.attack import versions
from navlayers.attack.domains import DOMAINS, Domain
from navlayers.cli import Group, _options, _print
from navlayers.errors import InputError, Place, Problem, ReleaseError, UsageError, extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from navlayers.attack import Release
    from navlayers.attack.download import Bar

_COUNTED = ("groups", "software", "campaigns")
HEADERS = ("release", "tactics", "tech-\nniques", "sub-tech-\nniques", *_COUNTED, "built\nin")

_domain = click.option(
    "--domain", "domains", multiple=True, type=click.Choice(DOMAINS), help="Only this domain. Repeatable."
)


_mirror = click.option(
    "--mirror", metavar="URL", help="Download from this address (default: $NAVLAYERS_ATTACK_MIRROR)."
)


@click.group(cls=Group)
def command() -> None:
    """List, add, update and remove ATT&CK releases."""


@command.command("list")
@_options.json_option
@_options.no_notes_option
def list_releases(as_json: bool, quiet: bool) -> None:
    """List the installed ATT&CK releases.

    Counts leave out techniques, groups and so on that are deprecated or revoked.
    """
    rows = [_facts(release) for release in attack.releases()]
    if as_json:
        _print.echo_json(rows)
    else:
        counts = range(1, len(HEADERS) - 1)
        _print.echo_table(HEADERS, map(_cells, rows), counts)
    if not quiet:
        _print.notices(attack.check_added())


@command.command("add")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@_domain
@click.option("--version", help="Version of a bundle that does not state it, such as 18.1.")
@_mirror
@_options.json_option
@_options.quiet_option
def add_releases(
    sources: tuple[str, ...],
    domains: tuple[Domain, ...],
    version: str | None,
    mirror: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Add releases from STIX bundles, or download them.

    SOURCE is a bundle's file (enterprise-attack-20.0.json), a version (20.0), a major version (20: its newest
    release) or latest. Downloads include all domains unless --domain limits them, and are verified against the
    SHA-256 hashes that mitreattack-python publishes.

    \b
    navlayers attack add 18.1
    navlayers attack add enterprise-attack-20.0.json
    """
    rows = []
    for source in sources:
        path = Path(source)
        if os.path.isfile(path) or versions.parse_wanted(source) is None:  # noqa: PTH113 - Path.is_file raises for too long names
            added = _add_file(path, domains, version)
        elif version is None:
            added = _download(source, domains, mirror, silent=quiet)
        else:
            message = f"--version {version} is for bundles, and {source} is a version"
            raise UsageError(Problem(message, hint="remove one of them"))
        rows += _report(added, quiet=quiet)
    if as_json:
        _print.echo_json(rows)


@command.command("update")
@_domain
@_mirror
@_options.json_option
@_options.quiet_option
def update_releases(domains: tuple[Domain, ...], mirror: str | None, as_json: bool, quiet: bool) -> None:
    """Download the newest release of each domain that is not installed.

    A built-in release without groups and software counts as missing. Downloads are verified against the SHA-256
    hashes that mitreattack-python publishes.
    """
    added = _download(None, domains, mirror, silent=quiet)
    rows = _report(added, quiet=quiet)
    for domain in () if quiet else domains or DOMAINS:
        if domain not in {release.domain for release in added}:
            _print.notify(f"ATT&CK {domain} is up to date: {attack.find(domain).release.version}")
    if as_json:
        _print.echo_json(rows)


@command.command("remove")
@click.argument("version")
@_domain
@_options.json_option
@_options.quiet_option
def remove_release(version: str, domains: tuple[Domain, ...], as_json: bool, quiet: bool) -> None:
    """Remove an added release; built-in ones stay."""
    from navlayers.api.releases import remove  # noqa: PLC0415 - imports the writing of files

    removed = remove(version, domains or DOMAINS)
    for release in () if quiet else removed:
        _print.notify(f"removed {release} ({release.path})")
    if as_json:
        _print.echo_json([{"domain": r.domain, "version": r.version, "path": str(r.path)} for r in removed])


def _bar(domain: Domain, version: str) -> Bar:
    """A progress bar on standard error."""
    with extra("attack"):
        from tqdm import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with mitreattack-python

    # tqdm draws nothing on terminals that report a size of 0, so the size is fixed.
    bar: Bar = tqdm(desc=f"{domain} {version}", unit="B", unit_scale=True, ncols=79, nrows=20)
    return bar


def _shows_bar(quiet: bool) -> bool:
    return _print.on_terminal() and not quiet


def _report(added: Sequence[Release], *, quiet: bool) -> list[dict[str, object]]:
    """The facts of added releases, printed unless `quiet`."""
    rows = []
    for release in added:
        facts = _facts(release)
        rows.append(facts)
        if not quiet:
            what = techniques_text(cast("int", facts["techniques"]), cast("int", facts["subtechniques"]), ", ")
            _print.notify(f"added {release}: {what} ({release.path})")
    return rows


def _download(
    wanted: str | None, domains: Sequence[Domain], mirror: str | None, *, silent: bool
) -> tuple[Release, ...]:
    from navlayers.api.releases import add_published  # noqa: PLC0415 - imports the writing of files

    return add_published(wanted, domains or DOMAINS, base_url=mirror, progress=_bar if _shows_bar(silent) else None)


def _add_file(path: Path, domains: Sequence[Domain], version: str | None) -> tuple[Release, ...]:
    from navlayers.api.releases import add  # noqa: PLC0415 - imports the writing of files
    from navlayers.attack.stix import read_bundle  # noqa: PLC0415 - only this command reads STIX

    try:
        path.lstat()
    except FileNotFoundError:
        message = "no such file, and not an ATT&CK version"
        expected = "a STIX bundle's file, or a version such as 20.0"
        raise InputError(Problem(message, Place(str(path)), expected)) from None
    except (OSError, ValueError):
        pass  # reading it reports the reason
    bundle = read_bundle(path, version=version)
    held = bundle.catalogue.domain
    if domains and held not in domains:
        message = f"the bundle holds {held}, not {' or '.join(domains)}"
        raise ReleaseError(Problem(message, Place(str(path)), hint="drop --domain"))
    return add(bundle)


def _facts(release: Release) -> dict[str, object]:
    """The facts of a release; only active techniques count, and counts of threats are None if it has none."""
    catalogue = attack.load(release)
    active = [technique for technique in catalogue.techniques.values() if technique.active]
    subs = sum(technique.parent is not None for technique in active)
    threats = attack.threats(release) if attack.has_threats(release) else None  # its own, not remapped ones
    counts = {kind: None if threats is None else len(getattr(threats, kind)) for kind in _COUNTED}
    return {
        "domain": release.domain,
        "version": release.version,
        "tactics": len(catalogue.tactics),
        "techniques": len(active) - subs,
        "subtechniques": subs,
        **counts,
        "built_in": release.builtin,
        "path": str(release.path),
    }


def _cells(facts: dict[str, object]) -> tuple[str, ...]:
    keys = ("tactics", "techniques", "subtechniques", *_COUNTED)
    numbers = ["-" if facts[key] is None else str(facts[key]) for key in keys]
    return (f"{facts['domain']} {facts['version']}", *numbers, "yes" if facts["built_in"] else "no")
