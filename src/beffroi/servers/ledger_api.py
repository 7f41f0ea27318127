"""The published ledger over HTTP: /checkpoint, /epoch/ and /tile/ on the management port, no token (decision 0023).

Tiles never change, so any cache may keep them; the checkpoint is asked again after a second.
Source: C2SP tlog-tiles, "Checkpoints", "Merkle Tree" and "Log entries".
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beffroi.actions.publish import Publication

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_A_SECOND = {"Cache-Control": "public, max-age=1"}
_NOT_KEPT = {"Cache-Control": "no-store"}


def ledger_routes(publication: Publication) -> list[Route]:
    """The routes of the published ledger."""

    async def checkpoint(_: Request) -> Response:
        note = await publication.checkpoint()
        return _answer(note, "text/plain; charset=utf-8", _A_SECOND)

    async def tile(request: Request) -> Response:
        found = await publication.tile(request.path_params["place"])
        return _answer(found, "application/octet-stream", _FOR_EVER)

    async def epoch(request: Request) -> Response:
        found = await publication.statement(request.path_params["epoch"])
        return _answer(found, "text/plain; charset=utf-8", _FOR_EVER)

    return [
        Route("/checkpoint", checkpoint, methods=["GET"]),
        Route("/epoch/{epoch:int}", epoch, methods=["GET"]),
        Route("/tile/{place:path}", tile, methods=["GET"]),
    ]


def _answer(content: bytes | None, media_type: str, headers: dict[str, str]) -> Response:
    if content is None:
        return Response(b"not found\n", 404, media_type="text/plain", headers=_NOT_KEPT)
    return Response(content, media_type=media_type, headers=headers)
