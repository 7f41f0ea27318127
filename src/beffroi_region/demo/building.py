"""Building a region through the real ways in: the bulk import of every hospital, then a day's messages over MLLP."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import msgspec

from beffroi.actions.bulk_import import ImportProgress, import_file
from beffroi.actions.register import FeedSource
from beffroi.clock import Clock
from beffroi.errors import OperatorError
from beffroi.model.account import Role
from beffroi.model.person import Hospital, IdentityStatus
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database
from beffroi.wire.bulk import BulkFormat
from beffroi_region import staff
from beffroi_region.adt_messages import Envelope, message
from beffroi_region.demo.feed_files import file_of, part_count, part_size, region_of
from beffroi_region.demo.folder import Example, Folder, Plan
from beffroi_region.demo.settings import HOST
from beffroi_region.live_feed import LiveFeed, Sent
from beffroi_region.local_identities import LocalIdentity, Region
from beffroi_region.mllp_client import MllpConnection, NoAnswer, send_all

LIVE_MESSAGES = 1_000
LIVE_CONNECTIONS = 16
Tell = Callable[[int, int], None]
"""Told how much is done, of how much."""


async def import_people(
    folder: Folder, plan: Plan, database: Database, issuer_url: str, clock: Clock, tell: Tell
) -> int:
    """Imports everybody whom the hospitals know, and returns the number of identities. Goes on where it was left."""
    folder.feed.mkdir(mode=0o700, exist_ok=True)
    hospitals = tuple(site.hospital for site in region_of(plan).sites)
    sources = await _sources(database, hospitals, issuer_url)
    identities = 0
    async for part in _parts(plan, folder):
        for index, source in enumerate(sources):
            path = file_of(folder.feed, part, source.hospital_id)

            def on_progress(at: ImportProgress, done: float = part + index / len(sources)) -> None:
                share = at.done_bytes / max(at.total_bytes, 1) / len(sources)
                tell(min(int((done + share) * part_size(plan)), plan.first_new), plan.first_new)

            report = await import_file(database, clock, path, BulkFormat.NDJSON, source, progress=on_progress)
            if report.rejected_count:
                raise OperatorError(
                    f"{report.rejected_count} rows of the region were refused: a fault of this program.",
                    f"{report.rejected_count} lignes de la région ont été refusées : un défaut de ce programme.",
                )
            identities += report.applied_count
            path.unlink()
    tell(plan.first_new, plan.first_new)
    return identities


async def _parts(plan: Plan, folder: Folder) -> AsyncIterator[int]:
    """The parts, as another process has written them."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "beffroi_region.demo.feed_files",
        msgspec.json.encode(plan).decode(),
        str(folder.feed),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches us alone, and we end it below
    )
    assert writer.stdout is not None
    try:
        for expected in range(part_count(plan)):
            if (await writer.stdout.readline()).strip() != str(expected).encode():
                raise OperatorError(
                    f"The region's files could not be written in {folder.feed}; is the disk full?",
                    f"Les fichiers de la région n'ont pu être écrits dans {folder.feed} ; le disque est-il plein ?",
                )
            yield expected
    finally:
        with contextlib.suppress(ProcessLookupError):
            writer.kill()
        await writer.wait()


async def _sources(database: Database, hospitals: tuple[Hospital, ...], issuer_url: str) -> list[FeedSource]:
    """Each hospital's feed, as it stands in the register of accounts."""
    accounts = AccountStore(database)
    found = []
    for application in staff.applications(hospitals):
        if application.role is Role.FEED:
            account = await accounts.find(issuer_url, application.subject)
            assert account is not None, "the registers were copied before"
            found.append(FeedSource(account.account_id, application.hospital_id))
    return found


async def send_messages(plan: Plan, port: int, tell: Tell) -> tuple[Example, int]:
    """Sends a day's messages over MLLP, those of one person in their order; returns whom to show, and how many."""
    region = region_of(plan)
    feed = LiveFeed(region, plan.seed, plan.until, first_new=plan.first_new)
    messages = list(feed.messages(LIVE_MESSAGES))
    # What is told of one person in one hospital stays in its order; merges are of one person too.
    lanes = ((f"{sent.hospital_id} {sent.person}", sent.content) for sent in messages)
    done = 0
    async for answer in send_all(HOST, port, lanes, LIVE_CONNECTIONS):
        if not answer.accepted:
            raise OperatorError(
                f"A message of the region was refused ({answer.code}): a fault of this program.",
                f"Un message de la région a été refusé ({answer.code}) : un défaut de ce programme.",
            )
        done += 1
        tell(done, len(messages))
    return example_of(region, messages), done


def example_of(region: Region, messages: list[Sent]) -> Example:
    """Somebody usual of the first hospital, best one whom others know too and whom no message changed."""
    told = {(sent.hospital_id, sent.ipp): sent.record for sent in messages}
    gone = {(sent.hospital_id, sent.other_ipp) for sent in messages}
    ordinary = {site.number for site in region.sites if not site.hospital.sensitive}
    first = region.sites[0].number
    candidates: list[tuple[bool, int, LocalIdentity]] = []
    for number in sorted({sent.person for sent in messages if sent.person is not None}):
        usual = [i for i in region.identities(number) if _is_usual(i) and i.hospital_id in ordinary]
        for identity in usual:
            key = (identity.hospital_id, identity.ipp)
            if identity.hospital_id == first and key not in gone:
                candidates.append((told.get(key, identity.record) == identity.record, len(usual), identity))
    if not candidates:
        raise LookupError("nobody usual is known to the first hospital")
    *_, chosen = max(candidates, key=lambda candidate: candidate[:2])
    record = chosen.record
    assert chosen.person is not None
    assert record.birth_date is not None
    return Example(chosen.person, chosen.ipp, record.birth_family, record.birth_given, record.birth_date)


def _is_usual(identity: LocalIdentity) -> bool:
    record = identity.record
    checked = record.status is IdentityStatus.QUALIFIED and not record.restricted and not record.attributes
    plain = record.birth_family.isalpha() and record.birth_given.isalpha()
    return checked and plain and bool(record.telecoms and record.addresses) and not record.deceased


async def refresh(plan: Plan, example: Example, port: int, now: datetime) -> None:
    """The example comes to hospital again, so that it explains today's readings as well."""
    region = region_of(plan)
    identity = next(i for i in region.identities(example.person) if i.ipp == example.ipp)
    site = region.sites[identity.hospital_id - 1]
    facility = site.hospital.namespace
    envelope = Envelope("A04", f"{facility}-{now:%Y%m%d%H%M%S}-START", now, facility)
    try:
        async with await MllpConnection.open(HOST, port) as connection:
            answer = await connection.send(message(identity.record, identity.ipp, site, envelope))
    except (OSError, NoAnswer) as failure:
        raise OperatorError(
            f"The HL7 v2 door does not answer ({type(failure).__name__}).",
            f"La porte HL7 v2 ne répond pas ({type(failure).__name__}).",
        ) from None
    if not answer.accepted:
        raise OperatorError(
            f"The HL7 v2 door refuses the region's own message ({answer.code}).",
            f"La porte HL7 v2 refuse le message de la région ({answer.code}).",
        )
