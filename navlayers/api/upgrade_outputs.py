"""The results of an upgrade as files: formats, names, and losses of writing in place."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from navlayers.errors import OutputError, Place, Problem, UsageError
from navlayers.mapping import formats as readers
from navlayers.mapping.convert import NATIVE, format_for
from navlayers.mapping.find import STDIN
from navlayers.mapping.formats.findings import LeftOut
from navlayers.mapping.formats.native.write import EDITORS
from navlayers.mapping.model import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from navlayers.api.upgrade import Upgraded
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Reading, ReadOptions

LAYER = "layer"

# Endings by format, the one of new files first.
_ENDINGS = {
    "native": (".yaml", ".yml"),
    "mapex-json": (".json",),
    "mapex-yaml": (".yaml", ".yml"),
    "csv": (".csv", ".tsv"),
    "xlsx": (".xlsx",),
    "stix": (".json",),
    LAYER: (".json",),
}
_YAML = frozenset({"native", "mapex-yaml"})
# Other content than the set, such as further tables or objects, is compared by bytes.
_LAID_OUT = frozenset({"csv", "xlsx", "stix"})
_AGAIN = "nothing was written; run the upgrade again"


def check(inputs: Sequence[Source], output: str | None, *, in_place: bool) -> None:
    """Refuse options that exclude each other, or do not fit the inputs.

    Raises:
        UsageError: With all refused options and inputs.
    """
    if in_place and output is not None:
        raise UsageError(Problem("--in-place and -o exclude each other", hint="leave one of them out"))
    if output == STDIN and len(inputs) > 1:
        raise UsageError(
            Problem(f"cannot write {len(inputs)} inputs to standard output", hint="name a folder with -o")
        )
    problems = []
    for source in inputs if in_place else ():
        if source.origin == "shipped":
            message = f"{source.name} ships with navlayers and cannot be changed in place"
            problems.append(Problem(message, hint="use -o"))
        elif source.origin == "git":
            message = "a file of a commit cannot be changed in place"
            problems.append(Problem(message, Place(str(source.path)), hint="use -o"))
        elif str(source.path) == STDIN:
            problems.append(Problem("standard input cannot be changed in place", hint="use -o -"))
        elif source.part:
            message = f"{source.name} is a part of a set and cannot be changed in place"
            problems.append(Problem(message, hint="use -o"))
        elif source.parts:
            message = "techniques of several ATT&CK domains cannot be upgraded in place"
            problems.append(Problem(message, Place(str(source.path)), hint="use -o"))
        elif source.path.is_dir():
            message = "this folder is one mapping set, which cannot be written in place"
            problems.append(Problem(message, Place(str(source.path)), hint="use -o"))
    if problems:
        raise UsageError(dict.fromkeys(problems))


def is_folder(inputs: Sequence[Source], output: str) -> bool:
    """Whether `-o` names a folder: there are several inputs, it ends in a slash, or it is an existing folder."""
    several = len(inputs) > 1 or any(source.origin == "folder" for source in inputs)
    return several or output.endswith("/") or Path(output).is_dir()


def format_of(own: str, *, to: str | None, output: str | None) -> str:
    """The output format: `to`, else the format of the input if `output` has its ending, else by the ending.

    Raises:
        UsageError: A layer is to be written in another format, or no format has the ending.
    """
    ending = PurePath(output or "").suffix.lower()
    if to is None and own in _ENDINGS and (not ending or ending in _ENDINGS[own]):
        return own
    format_ = to or (format_for(output) if output is not None else NATIVE)
    if own == LAYER:
        hint = "`convert` makes a mapping set of it"
        raise UsageError(Problem(f"cannot write a layer as {format_}", expected="layer JSON", hint=hint))
    return format_


def paths_of(results: Sequence[Upgraded], output: str | None, *, in_place: bool) -> list[str]:
    """The path of each result, "" if it is not written.

    Raises:
        OutputError: Two results have the same path.
        UsageError: The format of an input cannot be written in place.
    """
    if in_place:
        if unwritable := [one for one in results if one.to != one.format]:
            hint = "use -o, which gives YAML"
            raise UsageError(
                Problem(f"cannot write {one.format} files", Place(str(one.source.path)), hint=hint)
                for one in unwritable
            )
        return ["" if one.unchanged else str(one.source.path) for one in results]
    if output is None or output == STDIN:
        return ["" for _ in results]
    if not is_folder([one.source for one in results], output):
        return [output]
    paths = [str(Path(output) / path) for path in _in_folder(results)]
    if same := sorted(path for path, times in Counter(paths).items() if times > 1):
        hint = "upgrade them one at a time, or copies of them with --in-place"
        message = "several inputs would be written to this file"
        raise OutputError(Problem(message, Place(path), hint=hint) for path in same)
    return paths


def _in_folder(results: Sequence[Upgraded]) -> Iterator[Path]:
    """Paths below the output folder: results of one name keep the part of their folders that differs."""
    names = [_name(one) for one in results]
    folders: dict[str, list[Path]] = {}
    for one, name in zip(results, names, strict=True):
        folders.setdefault(name, []).append(one.source.path.absolute().parent)
    for one, name in zip(results, names, strict=True):
        same = folders[name]
        # Drives of Windows have no common folder.
        if len(same) > 1 and len({folder.anchor for folder in same}) == 1:
            yield one.source.path.absolute().parent.relative_to(os.path.commonpath(same)) / name
        else:
            yield Path(name)


def _name(one: Upgraded) -> str:
    """The name of a result in a folder: the input's, with an ending of the format."""
    path = Path("stdin") if str(one.source.path) == STDIN else one.source.path.absolute()
    endings = _ENDINGS[one.to]
    if one.source.parts:
        return f"{one.source.name}{path.suffix if one.to == one.format and path.suffix else endings[0]}"
    if one.to == one.format and (path.suffix.lower() in endings or one.to == LAYER):
        return path.name if path.suffix else f"{path.name}{endings[0]}"
    return f"{path.name if path.is_dir() else path.stem}{endings[0]}"


def losses(data: bytes, reading: Reading, options: ReadOptions) -> tuple[str, ...]:
    """Content of a file that its format loses when the set is written again."""
    lost = []
    if reading.format in _YAML and (comments := _comment_lines(data)):
        many = f"{len(comments)} comments, the first" if len(comments) > 1 else "the comment"
        lost.append(f"{many} in line {comments[0]}")
    lost += [
        notice.message for notice in reading.notices if notice.code == "not-carried" or isinstance(notice, LeftOut)
    ]
    try:
        written = readers.encode(reading.mapping_set, reading.format)
    except OutputError:  # Writing the result reports it.
        return tuple(lost)
    if reading.format in _LAID_OUT:
        if written.data != data:
            lost.append("its layout, and content other than the mapping set")
    elif canonical(readers.read("", data=written.data, reading=options).mapping_set) != canonical(
        reading.mapping_set
    ):
        lost += [n.message for n in written.notices if n.code == "not-carried"] or ["part of its content"]
    return tuple(lost)


def _comment_lines(data: bytes) -> list[int]:
    """The numbers of the lines of a YAML text with a comment, without the one that navlayers writes for editors."""
    if b"#" not in data:
        return []
    import yaml  # noqa: PLC0415 - slow, and only needed for text that may have comments

    text = data.decode("utf-8-sig")
    body = text.removeprefix(EDITORS)
    first = text.count("\n", 0, len(text) - len(body)) + 1
    lines = []
    end = 0
    # Between tokens, YAML has only blanks and comments.
    for token in yaml.scan(body, yaml.CSafeLoader):
        start = token.start_mark.index
        for comment in re.finditer("#.*", body[end:start]):
            lines.append(first + body.count("\n", 0, end + comment.start()))
        end = max(end, token.end_mark.index)
    return lines


def check_in_place(results: Iterable[Upgraded], *, force: bool) -> None:
    """Refuse to replace files that would lose content (unless `force`), or that changed since they were read.

    Raises:
        OutputError: With all refused files.
    """
    problems = []
    for one in results:
        place = Place(str(one.source.path))
        if one.lost and not force:
            hint = "use -o, or allow it with --force"
            if one.format in _YAML and _comment_lines(one.before or b""):
                fix = f"navlayers check --fix {shlex.quote(str(one.source.path))}"
                hint += (
                    f"; to keep comments, set the new attack_version in the file: `{fix}` then updates replaced "
                    "ids and lists the others"
                )
            problems.append(Problem(f"writing in place would lose {'; '.join(one.lost)}", place, hint=hint))
        try:
            if one.before is not None and one.source.path.read_bytes() != one.before:
                problems.append(Problem("the file was changed during the upgrade", place, hint=_AGAIN))
        except OSError as error:
            reason = error.strerror or str(error)
            problems.append(Problem(f"cannot read the file again: {reason}", place, hint=_AGAIN))
    if problems:
        raise OutputError(problems)
