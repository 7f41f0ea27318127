"""A witness over HTTP: add-checkpoint, add-gap, and what it cosigned last. No token: a checkpoint is signed.

Source: C2SP tlog-witness, "HTTP Interface".
"""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beffroi.actions.witness import TEXT, Reply, WitnessDesk
from beffroi.ledger.witness import SUBMISSION_BYTES_MAX
from beffroi.telemetry import Event, log_failure

BODY_S_MAX = 10.0
"""Seconds for a submission to arrive whole: some kilobytes."""
_HEADERS = {"Cache-Control": "no-store"}
Take = Callable[[bytes], Awaitable[Reply]]


def witness_app(desk: WitnessDesk) -> Starlette:
    """The witness's application: submission prefix and monitoring prefix are both the root."""

    async def checkpoint(request: Request) -> Response:
        return _found(desk.checkpoint(request.path_params["origin"]))

    async def gap(request: Request) -> Response:
        return _found(desk.gap(request.path_params["origin"]))

    return Starlette(
        routes=[
            Route("/add-checkpoint", _taking(desk.add_checkpoint), methods=["POST"]),
            Route("/add-gap", _taking(desk.add_gap), methods=["POST"]),
            Route("/{origin}/checkpoint", checkpoint, methods=["GET"]),
            Route("/{origin}/gap", gap, methods=["GET"]),
        ]
    )


def _taking(take: Take) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_S_MAX):
                body = await _body(request)
        except TimeoutError:
            return _answer(Reply(408, "too slow\n"))
        if body is None:
            return _answer(Reply(413, "too large\n"))
        try:
            return _answer(await take(body))
        except Exception as failure:  # the disk, mostly: nothing is signed that could not be remembered
            log_failure(Event.WITNESS_FAILED, failure)
            return _answer(Reply(500, "not remembered, so not signed\n"))

    return answer


async def _body(request: Request) -> bytes | None:
    """The whole body; None as soon as it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > SUBMISSION_BYTES_MAX:
            return None
    return bytes(body)


def _found(note: str | None) -> Response:
    return _answer(Reply(404, "not found\n") if note is None else Reply(200, note))


def _answer(reply: Reply) -> Response:
    return Response(reply.content.encode(), reply.status, {**_HEADERS, "Content-Type": reply.media_type or TEXT})
