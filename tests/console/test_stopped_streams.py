"""A page that stays open ends when its own account is stopped, wherever it is stopped from."""

import time

from beffroi.actions.contain import Containing, Order
from beffroi.clock import Clock
from beffroi.model.containment import ContainmentKind


async def test_a_stream_ends_when_its_account_is_stopped(served) -> None:
    """At the machine, beside the server: the page is told that it is over, within a second (the quicker of two)."""
    desk, took_s = Containing(served.database, Clock()), []
    for account in ("duty-officer", "duty-officer-2"):
        officer = await served.signed_in(account)
        find = "select account_id from accounts where subject = $1"
        number = await served.database.pool.fetchval(find, served.staff[account].subject)
        async with officer.stream("GET", "/watch/news", timeout=20) as answer:
            lines = answer.aiter_lines()
            await anext(lines)
            await desk.contain(Order(ContainmentKind.ACCOUNT, str(number), "a stolen badge", "operator:anne"))
            began_s = time.monotonic()
            assert "event: over" in [line async for line in lines]
            took_s.append(time.monotonic() - began_s)
    assert min(took_s) < 1.0, took_s
