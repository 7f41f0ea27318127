"""The management port: /health/live, /health/ready, /metrics and the published ledger. Nothing about anybody: no token.

Live means that this process answers; ready means that a question could be answered and recorded (law 6).
"""

from collections.abc import Callable, Sequence

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beffroi.actions.readiness import ReadinessCheck
from beffroi.telemetry.metrics import CONTENT_TYPE, exposition

_JSON = "application/json"
_HEADERS = {"Cache-Control": "no-store"}


def operations_app(
    readiness: ReadinessCheck, metrics: Callable[[], bytes] = exposition, ledger: Sequence[Route] = ()
) -> Starlette:
    """The management port's application. `ledger`: the routes of the published ledger, where there is one."""

    async def live(_: Request) -> Response:
        return Response(b'{"live":true}', media_type=_JSON, headers=_HEADERS)

    async def ready(_: Request) -> Response:
        found = await readiness.check()
        status = 200 if found.ready else 503
        return Response(msgspec.json.encode(found), status, media_type=_JSON, headers=_HEADERS)

    async def show_metrics(_: Request) -> Response:
        return Response(metrics(), media_type=CONTENT_TYPE, headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/health/live", live, methods=["GET"]),
            Route("/health/ready", ready, methods=["GET"]),
            Route("/metrics", show_metrics, methods=["GET"]),
            *ledger,
        ]
    )
