"""Files as git has them: `main:controls.yaml` is the file of a branch, tag or commit; a file's log of commits."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from navlayers._text.wording import quoted
from navlayers.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME = re.compile(r"([^:]{2,}|@):(.+)", re.DOTALL)
"""A revision and a path; a letter and a colon are a drive of Windows."""

DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
"""A day, month or year."""

SHORT_HASH = 7
"""Characters of a hash that people read."""

_HASH = re.compile(rb"[0-9a-f]{40,64}")

_SECONDS = 60

_SETTINGS = ("-c", "log.diffMerges=separate")
"""Settings of the user that would change what is read."""

_ABSENT = 127
"""The exit status of a shell for a program that is not installed."""


class Revision(NamedTuple):
    """A file of a commit: the revision and the path, as git reads them."""

    revision: str
    path: str


class Commit(NamedTuple):
    """A commit that changed a file.

    `time` is the committer's, in ISO 8601. `path` is the file's in that commit, from the top folder of the
    repository; "" where the commit deletes it.
    """

    hash: str
    time: str
    subject: str
    path: str


class Log(NamedTuple):
    """The commits that changed a file, oldest first.

    `top` is the top folder of the repository. Commits from number `first` on were asked for; those before are what
    the first one can be compared with. `cut`: there are older ones. `shallow`: the clone has no older ones.
    """

    top: str
    commits: tuple[Commit, ...]
    first: int = 0
    cut: bool = False
    shallow: bool = False


def revision_of(name: str) -> Revision | None:
    """The revision and path in `REVISION:PATH`; None for other names, and where there is no git repository."""
    match = _NAME.fullmatch(name)
    if match is None or match[1].startswith("-") or _git("rev-parse", "--git-dir").returncode:
        return None
    return Revision(match[1], match[2])


def content(file: Revision, folder: str = "") -> bytes:
    """The bytes of a file of a commit, as committed: without filters and text conversion.

    Args:
        file: the revision and the path.
        folder: a folder of the repository; "": the current one.

    Raises:
        InputError: The revision has no such file, or the path is a folder.
    """
    name = f"{file.revision}:{file.path}"
    done = _git("cat-file", "blob", name, folder=folder)
    if not done.returncode:
        return done.stdout
    if _git("rev-parse", "--verify", "--quiet", f"{file.revision}^{{commit}}", folder=folder).returncode:
        message, hint = f"git knows no revision {file.revision!r}", "`git branch -a` and `git tag` list them"
    elif _git("cat-file", "-e", name, folder=folder).returncode:
        message = f"{file.revision} has no such file"
        hint = "the path starts at the top folder of the repository, or with ./ at the current one"
    else:
        message, hint = "not a file", "name a file of this folder"
    raise InputError(Problem(message, Place(name), hint=hint))


def head(folder: Path) -> str:
    """The hash of the current commit of a folder; "" where there is none."""
    done = _git("rev-parse", "--verify", "--quiet", "HEAD", folder=str(folder))
    return "" if done.returncode else done.stdout.decode().strip()


def log(path: Path, since: str = "", most: int = 200) -> Log:
    """The commits that changed a file, by first parents of the current one and through renames.

    Args:
        path: the file.
        since: a day, month or year such as 2025-03-01, or a revision: the commits from then on, after the last one
            before; "": all.
        most: the number of newest commits to read.

    Raises:
        InputError: The file is in no repository or in none of its commits, or git knows no such revision.
    """
    folder, name = os.path.split(os.path.realpath(path))
    found = _git("rev-parse", "--show-toplevel", "--is-shallow-repository", folder=folder)
    if found.returncode:
        raise InputError(_without_repository(found, path))
    top, _, shallow = os.fsdecode(found.stdout).removesuffix("\n").rpartition("\n")
    start = Path(os.path.relpath(Path(folder, name), os.path.realpath(top))).as_posix()
    if not since or DATE.fullmatch(since):
        commits = _commits(top, "HEAD", start, most + 1)
        later = list(takewhile(lambda commit: commit.time[: len(since)] >= since, commits))
    else:
        base = _commit_of(since, top)
        later = _commits(top, f"{base}..HEAD", start, most + 1)
        commits = [*later, *_commits(top, base, later[-1].path if later else start, most)]
    if not commits:
        message = "no commit of the current branch has this file"
        hint = "commit it, or name a folder of dated copies, such as 2025-01-31/…"
        raise InputError(Problem(message, Place(str(path)), "a file in git", hint))
    kept = commits[:most]
    return Log(top, tuple(reversed(kept)), max(len(kept) - len(later), 0), len(later) > most, shallow == "true")


def _commits(top: str, revisions: str, path: str, most: int) -> list[Commit]:
    """The newest commits of a range that changed a file, newest first."""
    fields = "%H%x00%cI%x00%s"
    how = ("--first-parent", "-m", "--follow", "-M", "--name-status", "-z", "--no-color", "--no-ext-diff")
    more = ("--no-show-signature", "--encoding=UTF-8", f"--max-count={most}", f"--format={fields}")
    done = _git("log", *how, *more, revisions, "--", path, folder=top)
    if done.returncode and head(Path(top)):
        raise InputError(Problem(_reason(done) or "git log failed", Place(path), "a file with a history in git"))
    return list(_commits_in(done.stdout))


def _commits_in(output: bytes) -> Iterator[Commit]:
    """The commits of git's output: hash, time, subject, then a status with one path or, of a rename, two."""
    parts = iter(output.split(b"\0"))
    for part in parts:
        if not _HASH.fullmatch(part.strip()):
            continue
        time, subject = next(parts, b""), next(parts, b"")
        status = next(parts, b"").strip()
        path = b"" if status == b"D" else next(parts, b"")
        path = next(parts, b"") if status.startswith((b"R", b"C")) else path
        yield Commit(
            part.strip().decode(), _time(time.decode()), subject.decode("utf-8", "replace"), os.fsdecode(path)
        )


def _time(text: str) -> str:
    """The time of a commit, which may be any: without its zone, or the last one, where it is none of ISO 8601."""
    for known in (text, text[: len("2025-01-31T12:00:00")]):
        try:
            datetime.fromisoformat(known)
        except ValueError:
            continue
        return known
    return "9999-12-31T23:59:59"


def _commit_of(revision: str, folder: str) -> str:
    """The hash of a revision's commit.

    Raises:
        InputError: git knows none.
    """
    done = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", folder=folder)
    if revision.startswith("-") or done.returncode or not _HASH.fullmatch(done.stdout.strip()):
        message = f"{quoted(revision)} is neither a date nor a revision that git knows"
        expected = "a date such as 2025-03-01, or a branch, tag or commit"
        raise InputError(Problem(message, None, expected, "`git tag` and `git log` list them"))
    return done.stdout.decode().strip()


def _without_repository(done: subprocess.CompletedProcess[bytes], path: Path) -> Problem:
    if done.returncode == _ABSENT:
        return Problem("git is not installed", Place(str(path)), hint="or name a folder of dated copies")
    # Else it is a reason such as that the folder belongs to somebody else.
    reason = _reason(done)
    known = "not in a git repository" if reason.startswith("not a git repository") or not reason else reason
    hint = "name a file in git, or a folder of dated copies, such as 2025-01-31/…"
    return Problem(known, Place(str(path)), "a file or folder with a history", hint)


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of git's message, after those of tracing."""
    lines = done.stderr.decode("utf-8", "replace").strip().split("\n")
    return next((line for line in lines if line.startswith("fatal: ")), lines[0]).removeprefix("fatal: ")


def _git(*args: str, folder: str = "") -> subprocess.CompletedProcess[bytes]:
    """The result of a git command in a folder; status 127 where git is not installed.

    Raises:
        InputError: It takes too long.
    """
    command: Sequence[str] = ("git", *_SETTINGS, *(("-C", folder) if folder else ()), *args)
    # Paths are no patterns, and questions have no answer.
    env = {**os.environ, "GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    if folder and "GIT_WORK_TREE" not in env:
        # A hook of git has the repository in the environment, which takes each folder as its top.
        env.pop("GIT_DIR", None)
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False, env=env)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        message = f"git {args[0]} takes longer than {_SECONDS} seconds"
        raise InputError(Problem(message, hint="--since reads fewer commits")) from error
    except OSError:
        return subprocess.CompletedProcess(command, _ABSENT, b"", b"")
