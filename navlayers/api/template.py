"""Writing a first mapping file, as `navlayers init` does."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from navlayers.api.sources import source
from navlayers.errors import Problem, UsageError, by_ending
from navlayers.mapping.convert import convert
from navlayers.mapping.find import SCHEMA_FILE, schema_text, source_name
from navlayers.mapping.formats.context import ReadOptions
from navlayers.mapping.template import template
from navlayers.output.files import Output, Written, write_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from navlayers.attack.domains import Domain

_ENDINGS = {".yaml": "native", ".yml": "native", ".csv": "csv", ".xlsx": "xlsx"}


def write_template(
    file: str | Path,
    *,
    origin: str | None = None,
    domain: Domain | None = None,
    attack_version: str | None = None,
    beside: Mapping[str, str] = {},
    force: bool = False,
) -> Written:
    """Write an example or a copy of a set as the start of one's own; beside YAML, the schema for editors.

    Args:
        file: The file; its name becomes the id of the set.
        origin: The set to copy, with its comments and references; None: a short example.
        domain: The ATT&CK domain of the example (default: enterprise).
        attack_version: The ATT&CK release of the example (default: the newest).
        beside: Names of other files for the same folder, and their texts; existing ones stay. Without other
            options, an existing file stays, too, and only these are written.
        force: Replace an existing file.

    Raises:
        NavlayersError: The options do not fit, the set cannot be read, or the file exists.
    """
    path = Path(file)
    if path.is_file() and not (force or origin or domain or attack_version):
        return _written(_absent(path, beside))
    format_ = by_ending(path.name, _ENDINGS, "for example my-controls.yaml")
    framework = source_name(path)
    notices: tuple[Problem, ...] = ()
    if origin is None:
        data = template(framework, path.name, format_, domain or "enterprise", attack_version or "latest")
    else:
        given = {"--domain": domain, "--attack": attack_version}
        problems = [
            Problem(
                f"{option} does not go with --from",
                hint=f"use `navlayers upgrade {shlex.quote(str(path))}` on the copy",
            )
            for option, value in given.items()
            if value
        ]
        if problems:
            raise UsageError(problems)
        title = framework.replace("-", " ").replace("_", " ").capitalize()
        reading = ReadOptions(metadata={"framework": framework, "title": title, "version": "1"})
        copy = convert(source(origin, ReadOptions()), format_, reading=reading)
        data, notices = copy.data, copy.notices
    others = {**beside, SCHEMA_FILE: schema_text()} if format_ == "native" else beside
    written = _written([Output(path, data, force), *_absent(path, others)])
    return msgspec.structs.replace(written, notices=notices)


def _absent(path: Path, beside: Mapping[str, str]) -> list[Output]:
    """The files that are not there yet: a schema that is may be a newer one."""
    others = ((path.with_name(name), text) for name, text in beside.items())
    return [Output(other, text.encode()) for other, text in others if not other.exists()]


def _written(outputs: Sequence[Output]) -> Written:
    written = tuple(map(Path, write_all(outputs)))
    return Written(written, tuple(Path(output.path) for output in outputs if Path(output.path) not in written))
