"""What requests ask: the query of a question, and the file that may come with it."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import msgspec

from navlayers._text.lines import printable
from navlayers._text.slugs import slug
from navlayers.errors import InputError, Problem, UsageError
from navlayers.mapping.find import Source
from navlayers.serve.job import Question

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request

SECONDS_FOR_BODY = 30
"""A file that has not arrived by then is refused."""

_LONGEST_NAME = 120


def question_of(kind: str, query: QueryParams) -> tuple[Question, tuple[str, ...]]:
    """The question of a query, and the names of the sets that it is about.

    Raises:
        UsageError: a part of it is none that a page sends.
    """
    capability = query.getlist("capability")
    values: dict[str, Any] = {"kind": kind}
    choice: dict[str, Any] = {"kind": query.get("view", "set")}
    choice |= {name: query[name] for name in ("category", "platform") if name in query}
    values |= {name: query[name] for name in ("threat", "release", "format") if name in query}
    try:
        choice |= {name: int(query[name]) for name in ("place", "budget") if name in query}
        choice |= {"least": float(query["least"])} if "least" in query else {}
        choice |= {"capability": tuple(capability)} if capability else {}
        values |= {"budget": choice["budget"]} if "budget" in choice else {}
        values["best"] = "best" in query
        question = msgspec.convert({**values, "choice": choice}, Question)
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(Problem(f"not a question: {error}")) from None
    return question, tuple(filter(None, query.get("sets", "").split(",")))


async def file_of(request: Request, most: int) -> Source:
    """The dropped file of a request, as a set.

    Args:
        request: the request.
        most: the largest file in bytes.

    Raises:
        NavlayersError: it is too large, or does not arrive.
    """
    too_large = Problem("the file is too large", expected=f"at most {most / 1e6:,g} MB")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise UsageError(too_large)
    data = bytearray()
    try:
        async with asyncio.timeout(SECONDS_FOR_BODY):
            async for chunk in request.stream():
                data += chunk
                if len(data) > most:
                    raise UsageError(too_large)
    except TimeoutError:
        raise InputError(Problem(f"the file did not arrive within {SECONDS_FOR_BODY} seconds")) from None
    return Source(*_names(request.query_params), "dropped", bytes(data))


def _names(query: QueryParams) -> tuple[str, Path]:
    """The name of a dropped file's set, and the file's own name without folders."""
    name = PureWindowsPath(PurePosixPath(query.get("file", "")).name).name
    name = printable(name)[-_LONGEST_NAME:] or "file"
    return slug(Path(name).stem) or "file", Path(name)
