"""Rendering layers into files: formats, file names, writing."""

from __future__ import annotations

import importlib
import math
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from navlayers._text.slugs import slug, slugs
from navlayers._text.wording import and_list, quantity, quoted
from navlayers.api.render_load import load, to_draw
from navlayers.api.sources import one_domain_hint
from navlayers.errors import InputError, NavlayersError, OutputError, Place, Problem, UsageError, by_ending, unknown
from navlayers.mapping.formats import idle_options
from navlayers.mapping.formats.context import ReadOptions
from navlayers.output.files import Written, write_rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from navlayers.api.render_load import Loaded
    from navlayers.layer.view import View
    from navlayers.mapping.find import Source
    from navlayers.mapping.formats import Idle
    from navlayers.output.drawing.options import Rendered, RenderOptions


class Format(NamedTuple):
    """A format: the module and the function that render it.

    `single`: a file holds one layer, not several. `binary`: it is not text. `most`: maximum number of layers in
    a file, of `_TECHNIQUES` each; these take about 1 GB of memory.
    """

    module: str
    function: str
    single: bool = False
    binary: bool = False
    most: int = 1_000


FORMATS = {
    "svg": Format("pictures", "render_svg", single=True),
    "png": Format("pictures", "render_png", single=True, binary=True),
    "pdf": Format("pictures", "render_pdf", binary=True, most=50),
    "pptx": Format("presentation", "render_pptx", binary=True, most=200),
    "xlsx": Format("workbook", "render_xlsx", binary=True, most=100),
    "html": Format("html_page", "render_html", most=500),
    "md": Format("layer_text", "render_markdown"),
    "csv": Format("layer_text", "render_csv", most=3_000),
}
"""Name and file extension → format."""

_TECHNIQUES = 200

STDOUT = "-"
_ENDINGS = {**{f".{name}": name for name in FORMATS}, ".markdown": "md", ".htm": "html"}


class Target(NamedTuple):
    """The destination: a file, a folder, or (both None) standard output."""

    file: Path | None = None
    folder: Path | None = None


def requested_formats(names: Sequence[str], output: str | None) -> tuple[str, ...]:
    """The requested formats: by name, else by the extension of the output, else SVG.

    Args:
        names: values of `--format`, each of which may have several names joined by commas.
        output: the value of `-o`; None: not given.

    Raises:
        UsageError: a format is unknown.
    """
    names = [part.strip().lower() for text in names for part in text.split(",") if part.strip()]
    if problems := unknown("format", names, FORMATS):
        raise UsageError(problems)
    if names:
        return tuple(dict.fromkeys(names))
    if output is None or not _ending(output):
        return ("svg",)
    return (by_ending(output, _ENDINGS, "or name formats with --format"),)


def target_of(output: str | None, formats: Sequence[str]) -> Target:
    """The destination that `-o` names: a file if its extension is the only format, else a folder.

    Args:
        output: the value of `-o`; None: the current folder.
        formats: the requested formats.

    Raises:
        UsageError: several formats cannot be one file, or one stream.
    """
    if output is None:
        return Target(folder=Path())
    if output == STDOUT:
        if len(formats) > 1:
            hint = "name one with --format, or a folder with -o"
            raise UsageError(Problem("standard output takes only one format", hint=hint))
        return Target()
    format_ = _ENDINGS.get(_ending(output))
    if format_ is None:
        return Target(folder=Path(output))
    if list(formats) != [format_]:
        hint = "name a folder with -o, or one format with --format"
        raise UsageError(Problem(f"{quoted(output)} cannot hold {', '.join(formats)}", hint=hint))
    return Target(file=Path(output))


def _ending(output: str) -> str:
    """The extension of a file to write; "" for a folder and standard output."""
    folder = output == STDOUT or output.endswith(("/", os.sep)) or Path(output).is_dir()
    return "" if folder else Path(output).suffix.lower()


def render(views: Sequence[View], format_: str, options: RenderOptions, *, inputs: int = 1) -> Rendered:
    """Layers rendered into the bytes of one file.

    Args:
        views: the layers.
        format_: one of `FORMATS`.
        options: page, detail and theme.
        inputs: how many inputs the layers are of.

    Raises:
        UsageError: there are more layers than a file of the format holds.
    """
    handler = FORMATS[format_]
    techniques = sum(len({technique for technique, _ in view.entries}) for view in views)
    _refuse_many(format_, len(views), inputs, techniques)
    function = getattr(importlib.import_module(f"navlayers.output.drawing.{handler.module}"), handler.function)
    rendered: Rendered = function(views[0] if handler.single else views, options)
    return rendered


def _refuse_many(format_: str, layers: int, inputs: int, techniques: int = 0) -> None:
    """Raise if a file of the format does not hold so many layers, and techniques that they annotate together."""
    handler = FORMATS[format_]
    if handler.single and layers != 1:
        message = f"{format_} holds one layer, but there are {layers}"
        raise UsageError(Problem(message, hint="name a folder with -o, or a format such as pdf"))
    size = max(layers, math.ceil(techniques / _TECHNIQUES))
    if size > handler.most:
        found = f"{'is' if layers == 1 else 'are'} {quantity(layers, 'layer')}"
        found += f" with {quantity(techniques, 'technique')}" if layers <= handler.most else ""
        most = f"{quantity(handler.most, 'layer')} with {quantity(handler.most * _TECHNIQUES, 'technique')}"
        more = [name for name, other in FORMATS.items() if other.most >= size and not other.single]
        hint = f"svg and png have a file per layer{f', and {and_list(more)} hold more' if more else ''}"
        hint += "; in a folder (-o) each input has a file of its own" if inputs > 1 else ""
        raise UsageError(Problem(f"a file in {format_} holds at most {most}, but there {found}", hint=hint))


def files_of(
    loaded: Loaded, formats: Iterable[str], folder: Path, options: RenderOptions, name: str
) -> Iterator[tuple[Path, Rendered]]:
    """The files of one input below a folder: one per format, or one per layer if the format holds one layer.

    Args:
        loaded: the layers of the input.
        formats: names of `FORMATS`.
        folder: the folder.
        options: page, detail and theme.
        name: the start of the names of the files.
    """
    for format_ in formats:
        if not FORMATS[format_].single or len(loaded.views) == 1:
            yield folder / f"{name}.{format_}", render(loaded.views, format_, options)
            continue
        for number, view in enumerate(loaded.views, 1):
            # Names of layers may be long, and file systems take up to 255 bytes.
            of_layer = f"{name}-{number:02d}-{slug(view.name) or 'layer'}"[:120]
            yield folder / f"{of_layer}.{format_}", render([view], format_, options)


def render_files(
    sources: Sequence[Source],
    formats: Sequence[str],
    target: Target,
    options: RenderOptions,
    *,
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    force: bool = False,
    on_input: Callable[[], None] = lambda: None,
) -> Written:
    """Render inputs into files; nothing is written before all are rendered.

    Args:
        sources: the inputs, as `navlayers.resolve` gives them.
        formats: names of `FORMATS`.
        target: the destination, as `target_of` gives it. All layers of all inputs go into one file.
        options: page, detail and theme.
        attack_version: upgrade the layers to this ATT&CK release first.
        reading: how inputs are read.
        force: overwrite files that hold something else.
        on_input: called after each rendered input.

    Returns:
        The paths of the files, and all notices; for standard output the bytes.

    Raises:
        NavlayersError: an input cannot be read, a release is not installed, or a file cannot be written.
    """
    layers, skipped = to_draw(sources, reading.max_bytes)
    notices: list[Problem] = list(skipped)
    names = slugs(source.name for source in layers)
    if target.folder is None:
        # Each input has a layer at least: thousands need not be read to be refused.
        _refuse_many(formats[0], max(len(layers), 1), len(layers))
    idle: list[tuple[Idle, ...]] = []

    def inputs() -> Iterator[tuple[Source, Loaded]]:
        """The inputs, until one cannot be read; the problems of all follow."""
        problems: list[Problem] = []
        for source in layers:
            try:
                loaded = load(source, attack_version, reading=reading)
            except NavlayersError as error:
                problems += error.problems
                continue
            if problems:
                continue
            notices.extend(loaded.notices)
            idle.append(loaded.idle)
            yield source, loaded
            on_input()
        if problems:
            raise InputError(problems)
        notices.extend(idle_options(idle))

    def files(folder: Path) -> Iterator[tuple[Path, Rendered]]:
        """The files of a folder, each of which is rendered when the one before is on disk."""
        times: Counter[Path] = Counter()
        for source, loaded in inputs():
            for path, rendered in files_of(loaded, formats, folder, options, names[source.name]):
                times[path] += 1
                yield path, rendered
        hint = "render them separately"
        problems = [
            Problem("two inputs would be written to this file", Place(str(path)), hint=hint)
            for path in sorted(times)
            if times[path] > 1
        ]
        if problems:
            raise OutputError(problems)

    keep = [source.path for source in sources if source.path.is_file()]
    if target.folder is not None:
        written = write_rendered(files(target.folder), force=force, keep=keep)
        return msgspec.structs.replace(written, notices=(*notices, *written.notices))
    views = [view for _, loaded in inputs() for view in loaded.views]
    rendered = render(views, formats[0], options, inputs=len(layers))
    if target.file is None:
        return Written(notices=(*notices, *rendered.notices), data=rendered.data)
    written = write_rendered([(target.file, rendered)], force=force, keep=keep)
    return msgspec.structs.replace(written, notices=(*notices, *written.notices))


def badge(
    inputs: Sequence[Source],
    output: str | None,
    *,
    attack_version: str | None = None,
    reading: ReadOptions = ReadOptions(),
    force: bool = False,
) -> Written:
    """Draw the badge of a layer as SVG.

    Args:
        inputs: the input, as `navlayers.resolve` gives it.
        output: the file; None for the bytes.
        attack_version: upgrade the layer to this ATT&CK release first.
        reading: how the input is read.
        force: overwrite a file that holds something else.

    Returns:
        The path of the file, and all notices; without a file the bytes.

    Raises:
        NavlayersError: the input cannot be read, or has several layers, or the file cannot be written.
    """
    # Only this command draws badges.
    from navlayers.output.badge import render_badge  # noqa: PLC0415

    layers, skipped = to_draw(inputs, reading.max_bytes)
    loaded = [load(source, attack_version, reading=reading) for source in layers]
    views = [view for each in loaded for view in each.views]
    if len(views) != 1:
        hint = next((one_domain_hint(each) for each in layers if each.parts), "name one of them")
        raise UsageError(Problem(f"a badge shows one layer, but there are {len(views)}", hint=hint))
    idle = idle_options([each.idle for each in loaded])
    notices = (*skipped, *(notice for each in loaded for notice in each.notices), *idle)
    rendered = render_badge(views[0])
    if output is None:
        return Written(notices=notices, data=rendered.data)
    by_ending(output, {".svg": "svg"}, "a badge is an SVG file")
    keep = [source.path for source in inputs if source.path.is_file()]
    written = write_rendered([(Path(output), rendered)], force=force, keep=keep)
    return msgspec.structs.replace(written, notices=notices)
