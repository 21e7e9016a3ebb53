"""The explorer's page and what it asks for, all below an address that only this run's user knows."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from navlayers._engines.process import EngineError, end_all, result
from navlayers._text.lines import printable
from navlayers.attack.domains import DOMAINS
from navlayers.errors import NavlayersError
from navlayers.serve.answers import subject_of, threat_names
from navlayers.serve.explorer_page import live_page, script, style, theme
from navlayers.serve.job import Answer, Job, Question, answer, findings_json, refusal
from navlayers.serve.layers import SetLayers
from navlayers.serve.process import Processes
from navlayers.serve.query import file_of, question_of
from navlayers.serve.watch import changes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from starlette.requests import Request

    from navlayers.mapping.find import Source
    from navlayers.serve.answers import Subject
    from navlayers.serve.workspace import Workspace

_SECONDS_BETWEEN_SIGNS = 15
_MOST_PAGES = 32
"""Maximum number of pages that are told of changes."""

_SECONDS_TO_CHECK = 0.15
"""Time for pages to show a save before its findings are worked out."""

_SECONDS_TO_PLAN = 0.5
"""Time without a new answer after which plans are prepared."""

_SECONDS_TO_START = 60
"""Time for the solver to start."""

_MOST_SUBJECTS, _MOST_ANSWERS = 4, 400
_AT_ONCE = 2

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


class Explorer:
    """The explorer of one run: its sets, the answers that it remembers, the pages that are told of changes."""

    def __init__(self, workspace: Workspace, chosen: tuple[str, ...], navigator: str, token: str = "") -> None:
        """An explorer of sets.

        Args:
            workspace: the sets.
            chosen: the names of those that are shown at first.
            navigator: the address of the Navigator.
            token: the secret of the address; "": a new one.
        """
        self.workspace = workspace
        self.layers = SetLayers(workspace)
        self.token = token or secrets.token_urlsafe(24)
        self._chosen = chosen
        self._navigator = navigator
        self._processes = Processes()
        self._subjects: OrderedDict[object, Subject] = OrderedDict()
        self._answers: OrderedDict[object, Answer] = OrderedDict()
        self._turn, self._drops = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_AT_ONCE)
        self._changed = asyncio.Event()
        self._closing = False
        self._pages = 0
        self._get: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "": self._page,
            "theme.js": _file(theme, "text/javascript"),
            "script.js": _file(script, "text/javascript"),
            "style.css": _file(style, "text/css"),
            "events": self._events,
            "threats": _threats,
            "explorer": self._ask,
            "plan": self._ask,
            "download": self._ask,
            "history": self._ask,
        }

    @property
    def path(self) -> str:
        """The path of the page."""
        return f"/{self.token}/"

    @property
    def route(self) -> Route:
        """The route of all that the explorer answers."""
        return Route("/{token}/{what:path}", self._dispatch, methods=["GET", "POST"])

    async def _dispatch(self, request: Request) -> Response:
        token, what = request.path_params["token"], request.path_params["what"]
        handler = self._get.get(what)
        if not secrets.compare_digest(token.encode(), self.token.encode()) or handler is None:
            return PlainTextResponse("nothing here; open the address that navlayers printed\n", 404)
        if request.method == "POST" and handler != self._ask:
            return PlainTextResponse("only questions may have a file\n", 405, {"Allow": "GET, HEAD"})
        return await handler(request)

    async def _page(self, request: Request) -> Response:
        return Response(
            live_page(),
            media_type="text/html",
            headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Watch the files of the sets while the server runs."""
        self._planning: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(0))
        watching = asyncio.create_task(self._watch())
        waiting = asyncio.create_task(self._prepare())
        try:
            yield
        finally:
            watching.cancel()
            self._planning.cancel()
            # Threads that wait for a picture would hold the end of the server until it is there.
            end_all()
            await asyncio.gather(watching, waiting, return_exceptions=True)
            await self._processes.close()

    async def _prepare(self) -> None:
        """Do ahead what the first use of each part would have to wait for."""
        with contextlib.suppress(EngineError, ModuleNotFoundError):
            await asyncio.to_thread(result, "navlayers.analysis.plan.search:prepare", seconds=_SECONDS_TO_START)
        await self._processes.prepare()
        for held in self.workspace.held:
            with contextlib.suppress(NavlayersError):
                if not self._closing:
                    await asyncio.to_thread(self.workspace.get, held.source.name)
        self._tell()
        # What was read stays: without it, collections of garbage take a fraction of their time.
        gc.collect()
        gc.freeze()

    async def _prepare_plans(self) -> None:
        """Work out what the plans of the subject of the last answer share, before the slider asks."""
        await asyncio.sleep(_SECONDS_TO_PLAN)
        subject = next(reversed(self._subjects.values()))
        with contextlib.suppress(NavlayersError):
            await asyncio.to_thread(lambda: subject.ground)

    def close(self) -> None:
        """End what pages wait for, so that the server can stop."""
        self._closing = True
        self._tell()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()

        def publish() -> None:
            loop.call_soon_threadsafe(self._tell)

        async def check() -> None:
            await asyncio.sleep(_SECONDS_TO_CHECK)
            await asyncio.to_thread(self.workspace.check_changed, publish)

        checking = asyncio.create_task(check())
        try:
            async for _ in changes(lambda: self.workspace.paths):
                await asyncio.to_thread(self.workspace.refresh, publish)
                if any(held.watched and not held.checked for held in self.workspace.held):
                    checking.cancel()
                    checking = asyncio.create_task(check())
        finally:
            checking.cancel()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _events(self, request: Request) -> Response:
        if self._pages >= _MOST_PAGES or request.method != "GET":
            return PlainTextResponse("too many pages\n", 503)
        return StreamingResponse(self._states(), media_type="text/event-stream")

    async def _states(self) -> AsyncIterator[bytes]:
        """The state of the sets, now and after each change, as server-sent events."""
        self._pages += 1
        try:
            sent = b""
            while not self._closing:
                changed = self._changed
                state = msgspec.json.encode(self._state())
                yield b": here\n\n" if state == sent else b"data: " + state + b"\n\n"
                sent = state
                try:
                    async with asyncio.timeout(_SECONDS_BETWEEN_SIGNS):
                        await changed.wait()
                except TimeoutError:
                    continue
        finally:
            self._pages -= 1

    def _state(self) -> dict[str, Any]:
        sets = []
        for held in self.workspace.held:
            known = held.prepared[0] if held.prepared else None
            sets.append(
                {
                    "name": held.source.name,
                    "label": printable(known.set.name) if known else held.source.name,
                    "title": printable(known.set.name_and_version) if known else held.source.name,
                    "domain": known.set.domain if known else "",
                    "file": printable(str(held.source.path)) if held.watched else "",
                    "layers": self.layers.files(held),
                    "stamp": held.stamp,
                    "checked": held.checked,
                    "offered": held.offered,
                    "broken": bool(held.problems),
                    "problems": [printable(str(problem)) for problem in held.problems[:20]],
                    "findings": findings_json(held.findings),
                }
            )
        threats = list(self.workspace.settings.threats)
        return {"sets": sets, "chosen": self._chosen, "threats": threats, "navigator": self._navigator}

    async def _ask(self, request: Request) -> Response:
        """The answer to a question; a file that comes with it is read by a process of its own."""
        kind = request.path_params["what"]
        try:
            question, names = question_of(kind, request.query_params)
            if request.method == "POST":
                async with self._drops:
                    dropped = await file_of(request, self.workspace.settings.reading.max_bytes)
                    job = await asyncio.to_thread(self._job, question, names, dropped)
                    found = await _while_asked(request, self._processes.answer(job))
            elif question.kind == "history" or question.best:
                # They take as long as they may: in a process, they hold neither others nor the end.
                job = await asyncio.to_thread(self._job, question, names)
                found = await _while_asked(request, self._processes.answer(job))
            else:
                async with self._turn:
                    found = await asyncio.to_thread(self._answer, question, names)
                if question.kind == "explorer":
                    self._planning.cancel()
                    self._planning = asyncio.create_task(self._prepare_plans())
        except ClientDisconnect:
            return Response(status_code=499)
        except NavlayersError as error:
            # A page shows why; browsers would list other statuses as faults of the page.
            refused = refusal(error)
            return Response(refused.data, 422 if kind == "download" else 200, media_type=refused.type)
        headers = {"Cache-Control": "no-store"}
        if found.name:
            headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
        return Response(found.data, media_type=found.type, headers=headers)

    def _job(self, question: Question, names: tuple[str, ...], dropped: Source | None = None) -> Job:
        sources = tuple(self.workspace.get(name).source for name in names)
        if dropped and dropped.name in names:
            dropped = msgspec.structs.replace(dropped, name=f"{dropped.name}-dropped")
        return Job(question, self.workspace.settings, sources, dropped)

    def _answer(self, question: Question, names: tuple[str, ...]) -> Answer:
        workspace = self.workspace
        inputs, stamps = workspace.inputs(names)
        of_subject = (names, stamps, question.threat)
        key = (of_subject, question)
        if key in self._answers:
            return self._answers[key]
        if of_subject not in self._subjects:
            _remember(
                self._subjects, of_subject, subject_of(inputs, workspace.settings, question.threat), _MOST_SUBJECTS
            )
        more = {"stamps": dict(zip(names, stamps, strict=True))} if question.kind == "explorer" else {}
        made = answer(question, self._subjects[of_subject], **more)
        if question.kind == "plan":
            _remember(self._answers, key, made, _MOST_ANSWERS)
        return made


async def _while_asked(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """The result of work that ends when the client goes.

    Raises:
        ClientDisconnect: it went.
    """

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.create_task(work), asyncio.create_task(gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return await working
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


def _remember(known: OrderedDict[object, Any], key: object, value: object, most: int) -> None:
    known[key] = value
    while len(known) > most:
        known.popitem(last=False)


def _file(text: Callable[[], str], type_: str) -> Callable[[Request], Awaitable[Response]]:
    async def respond(_request: Request) -> Response:
        return Response(text(), media_type=type_)

    return respond


async def _threats(request: Request) -> Response:
    domain = next((each for each in DOMAINS if each == request.query_params.get("domain")), DOMAINS[0])
    return JSONResponse(await asyncio.to_thread(threat_names, domain))
