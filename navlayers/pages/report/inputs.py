"""What may be named to report: sets and layers, and folders that navlayers wrote before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import Place, Problem, UsageError
from navlayers.output.folders import read_index
from navlayers.pages.results import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from navlayers.output.folders import WrittenIndex

_OVERVIEW = "overview.json"
_INPUTS = "inputs/"
_AGAIN = {
    "gaps": "name the sets, and the threat with --threat",
    "plan": "name the sets, and --budget or --target",
}


class Named(NamedTuple):
    """The names that stand for what was named, and what there is to know of it."""

    names: tuple[str, ...]
    notices: tuple[Problem, ...]


def inputs_of(names: Iterable[str]) -> Named:
    """The names, with folders of results replaced: a comparison by its inputs, a built set by its overview.

    Raises:
        UsageError: a folder holds results that are no inputs.
    """
    found: list[str] = []
    notices = []
    for name in names:
        # The one file of a folder stands for it.
        folder = Path(name).parent if Path(name).name == ALL else Path(name)
        index = read_index(folder) if name and folder.is_dir() else None
        if index is None:
            found.append(name)
            continue
        found += _of_folder(folder, index)
        hint = "name the sets themselves for their mappings"
        notices.append(Problem("a folder of layers, which have scores and no mappings", Place(name), hint=hint))
    return Named(tuple(found), tuple(notices))


def _of_folder(folder: Path, index: WrittenIndex) -> Iterator[str]:
    paths = [file.path for file in index.files]
    inputs = [path for path in paths if path.startswith(_INPUTS) or path == _OVERVIEW]
    if not inputs:
        what = (
            f"the results of navlayers {index.command}" if index.command else "layers, and no overview among them"
        )
        hint = _AGAIN.get(index.command, "name the sets")
        raise UsageError(Problem(f"holds {what}", Place(str(folder)), "sets, layers or a comparison", hint))
    yield from (str(folder / path) for path in inputs)
