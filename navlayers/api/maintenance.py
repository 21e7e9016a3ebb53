"""The functions `check`, `convert`, `upgrade` and `show` of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from navlayers.api.mapping_set import MappingSet, Scoring, own
from navlayers.api.sources import Input, source, sources, warn
from navlayers.mapping.formats import ReadOptions
from navlayers.scoring.options import ScoreOptions

if TYPE_CHECKING:
    from navlayers.checks import Report as CheckReport
    from navlayers.pages.show.results import Page
    from navlayers.upgrades.report import Report as UpgradeReport


def check(
    *inputs: Input,
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    as_of: str = "",
    max_age: int | None = None,
) -> CheckReport:
    """The mistakes and suspicious places in sets.

    Args:
        *inputs: Names or paths.
        attack_version: Check against this ATT&CK release; None: the one that each set names.
        reading: How to read files.
        as_of: Day of the check, such as "2026-01-31"; "": no evidence is too new or too old.
        max_age: Report evidence that is older than this many days.

    Returns:
        The report; each of its `findings` has place, code, severity, message and hint.

    Raises:
        InputError: No input has that name.
    """
    from navlayers.checks.run import check as run  # noqa: PLC0415 - the rules are for checks alone

    files = sources(inputs, reading)
    return run(files, attack_version=attack_version, reading=reading, as_of=as_of, max_age=max_age)


def convert(item: Input, to: str = "native", *, reading: ReadOptions = ReadOptions()) -> bytes:
    """A set as the bytes of another format; a `NavlayersWarning` names what the format leaves out.

    Args:
        item: A name, path or set.
        to: "native", "mapex-json", "mapex-yaml", "csv", "xlsx" or "stix".
        reading: How to read a file.

    Returns:
        The bytes of the file.

    Raises:
        InputError: The input cannot be read.
        UsageError: The format is unknown.
        OutputError: The format cannot hold the set.
    """
    from navlayers.mapping.convert import convert as run  # noqa: PLC0415 - for writing alone

    file = source(item, reading)
    written = run(file, to, reading=reading)
    warn(written.notices)
    return written.data


def upgrade(
    item: Input, attack_version: str, *, reading: ReadOptions = ReadOptions()
) -> tuple[MappingSet, UpgradeReport]:
    """A set at another ATT&CK release, and the change of each of its techniques.

    Args:
        item: A name, path or set.
        attack_version: The release, such as "18.1"; "18" is the newest installed 18.x.
        reading: How to read a file.

    Returns:
        The upgraded set, and the report: techniques kept, renamed, replaced, removed, merged, and new ones.

    Raises:
        InputError: The input cannot be read.
        ReleaseError: The release is not installed.
    """
    from navlayers.api.mapping_set import load  # noqa: PLC0415
    from navlayers.upgrades.sets import upgrade_set  # noqa: PLC0415 - for upgrades alone

    upgraded, report = upgrade_set(load(item, reading), attack_version)
    return own(MappingSet, upgraded), report


def show(word: str, *inputs: Input, reading: ReadOptions = ReadOptions(), **options: Unpack[Scoring]) -> Page:
    """The mappings of one technique, tactic, capability or group in sets.

    Args:
        word: An id or name, in any case.
        *inputs: Names, paths or sets; none: all shipped sets.
        reading: How to read files.
        **options: How mappings become scores, as in `ScoreOptions`.

    Returns:
        The page as data.

    Raises:
        InputError: An input cannot be read.
        UsageError: The word is unknown or ambiguous.
    """
    from navlayers.mapping.find import shipped  # noqa: PLC0415
    from navlayers.mapping.load import prepare_all  # noqa: PLC0415
    from navlayers.pages.show import look_up  # noqa: PLC0415 - for pages alone

    sets = sources(inputs, reading) if inputs else shipped()
    loaded, _ = prepare_all(sets, reading=reading)
    return look_up(word, loaded, ScoreOptions(**options))
