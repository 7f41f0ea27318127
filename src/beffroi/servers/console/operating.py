"""The operator's room: feeds and their lag, roles, the ledger and its witnesses, storage, the configuration in
force.
"""

from datetime import datetime
from typing import Final

from beffroi.errors import Words
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit
from beffroi.servers.console.job_lines import job_line
from beffroi.servers.console.paging import cut
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import Speaker
from beffroi.servers.console.storing import TABLES

TITLE = Words("The server", "Le serveur")
FEEDS_MAX: Final = 40
"""Hospitals on one page, those first that are silent longest."""
LATE_S: Final = 3_600
"""Seconds of silence from which a feed is marked: a hospital sends something every few minutes, by night too."""


async def room(desk: Desk, visit: Visit) -> Page:
    """How the deployment stands."""
    state, now, speaker = await desk.operations.deployment(), desk.clock.now(), desk.pages.speaker(visit)
    runs = await desk.operations.jobs()
    return desk.pages.render(
        visit,
        "operate.html",
        TITLE,
        Room.OPERATE,
        state=state,
        feeds=cut(state.feeds, visit.query, rows_max=FEEDS_MAX),
        lags={feed.hospital: _lag(feed.last_at, now, speaker) for feed in state.feeds},
        jobs=[job_line(run, now, speaker) for run in runs],
        noted=speaker.when(max(run.noted_at for run in runs), now) if runs else "",
        to_renew=desk.trust.certificates_to_renew(),
        away=desk.trust.issuers_away(),
        storage=await desk.operations.storage(),
        tables=TABLES,
        kept=[one for one in desk.settings.lines if one.name.startswith("retention.")],
        late={feed.hospital for feed in state.feeds if _late(feed.last_at, now)},
    )


def _late(last_at: datetime | None, now: datetime) -> bool:
    return last_at is None or (now - last_at).total_seconds() > LATE_S


def _lag(last_at: datetime | None, now: datetime, speaker: Speaker) -> str:
    if last_at is None:
        return speaker.say("never", "jamais")
    return speaker.ago((now - last_at).total_seconds())
