"""Files as git has them: `main:controls.yaml` is the file of a branch, tag or commit."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from navlayers.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = re.compile(r"([^:]{2,}|@):(.+)", re.DOTALL)
"""A revision and a path; a letter and a colon are a drive of Windows."""

_SECONDS = 60


class Revision(NamedTuple):
    """A file of a commit: the revision and the path, as git reads them."""

    revision: str
    path: str


def revision_of(name: str) -> Revision | None:
    """The revision and path in `REVISION:PATH`; None for other names, and where there is no git repository."""
    match = _NAME.fullmatch(name)
    if match is None or match[1].startswith("-") or _git("rev-parse", "--git-dir").returncode:
        return None
    return Revision(match[1], match[2])


def content(file: Revision) -> bytes:
    """The bytes of a file of a commit, as committed: without filters and text conversion.

    Raises:
        InputError: The revision has no such file, or the path is a folder.
    """
    name = f"{file.revision}:{file.path}"
    done = _git("cat-file", "blob", name)
    if not done.returncode:
        return done.stdout
    if _git("rev-parse", "--verify", "--quiet", f"{file.revision}^{{commit}}").returncode:
        message, hint = f"git knows no revision {file.revision!r}", "`git branch -a` and `git tag` list them"
    elif _git("cat-file", "-e", name).returncode:
        message = f"{file.revision} has no such file"
        hint = "the path starts at the top folder of the repository, or with ./ at the current one"
    else:
        message, hint = "not a file", "name a file of this folder"
    raise InputError(Problem(message, Place(name), hint=hint))


def _git(*args: str) -> subprocess.CompletedProcess[bytes]:
    """The result of a git command; status 127 where git is not installed."""
    command: Sequence[str] = ("git", *args)
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except OSError:
        return subprocess.CompletedProcess(command, 127, b"", b"")
