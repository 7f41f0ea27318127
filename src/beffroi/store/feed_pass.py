"""One pass of one batch: lock, look, fold, cross-reference, write. `store.feed` owns the transaction around it.

Locks come first and looks second, in statements of their own. A small batch locks the identifiers that it names, then
the strict keys that it touches, each in ascending order, and the whole register shared. A batch that is large, merges,
renames or links locks the whole register for its milliseconds: what it touches is known only after looking.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zlib import crc32

import asyncpg

from beffroi.errors import CallerError
from beffroi.identity.matching import GROUP_SIZE_MAX, Link, partition, persons
from beffroi.model.feed import FeedKind, FeedOutcome, MessageKey
from beffroi.model.person import HospitalId, IdentityId, PersonId
from beffroi.store.database import load_queries
from beffroi.store.feed_workspace import Domain, Fed, Result, Touched, Workspace, columns, standing_of

# Locks of one small batch (count): PostgreSQL shares 6,400 among all by default.
LOCKS_MAX = 256

# The two classes of advisory locks: the ASCII of "bIPP" and "bKEY". In the first, number 0 is the whole register.
_LOCK_IPP = 0x62495050
_LOCK_KEY = 0x624B4559
_WHOLE_SHARED = -1
_LOCK_BITS = 0x7FFFFFFF

_WIDE = frozenset({FeedKind.MERGE, FeedKind.CHANGE_IDENTIFIER, FeedKind.LINK, FeedKind.UNLINK, FeedKind.REMOVE})

Connection = asyncpg.pool.PoolConnectionProxy
Message = tuple[HospitalId, MessageKey]


class NeedsWholeRegister(Exception):
    """A small batch met a merge or a link: what it touches reaches beyond its locks."""


def feed_queries() -> dict[str, str]:
    """The statements of a pass, by name."""
    return load_queries("feed")


def is_wide(batch: Sequence[Fed]) -> bool:
    """True when the batch must lock the whole register from the start."""
    return len(batch) > LOCKS_MAX // 3 or any(fed.event.kind in _WIDE or fed.event.bearer for fed in batch)


async def lock_register(connection: Connection, sql: dict[str, str]) -> None:
    """Locks the whole register until the end of the transaction."""
    await connection.execute(sql["lock"], _LOCK_IPP, [0])


async def sensitive_hospitals(connection: Connection, sql: dict[str, str]) -> frozenset[HospitalId]:
    """The hospitals whose identities nobody outside may notice."""
    return frozenset(HospitalId(row[0]) for row in await connection.fetch(sql["sensitive_hospitals"]))


async def applied_messages(connection: Connection, sql: dict[str, str], batch: Sequence[Fed]) -> set[Message]:
    """The messages of the batch that were applied before: retransmissions."""
    messages = {message for fed in batch if (message := _message(fed)) is not None}
    if not messages:
        return set()
    rows = await connection.fetch(sql["known_messages"], *_message_columns(messages))
    return {(row[0], MessageKey(row[1], row[2], row[3], row[4])) for row in rows}


class Pass:
    """One batch over one connection, inside a transaction that somebody else commits."""

    def __init__(
        self,
        connection: Connection,
        sql: dict[str, str],
        now: datetime,
        whole: bool,
        sensitive: frozenset[HospitalId] = frozenset(),
    ) -> None:
        self._connection = connection
        self._sql = sql
        self._now = now
        self._whole = whole
        self._sensitive = sensitive
        self._work = Workspace(now, sensitive)

    async def run(self, batch: Sequence[Fed]) -> list[Result]:
        """What became of each event, in order. Raises NeedsWholeRegister when the small locks do not suffice."""
        domains = _domains(batch)
        await self._lock(_LOCK_IPP, (_lock_number(f"{h}|{ipp}".encode()) for h, ipp in domains))
        # Their identifiers are locked: nobody applies one of these messages now.
        before = await applied_messages(self._connection, self._sql, batch)
        await self._load(batch, domains)
        written = self._fold(batch, before)
        await self._cross_reference()
        await self._write()
        await self._remember(batch, written)
        await self._beat(batch, written)
        return written

    async def _lock(self, lock_class: int, numbers: Iterable[int]) -> None:
        if self._whole:
            wanted = [0] if lock_class == _LOCK_IPP else []
        else:
            wanted = sorted(set(numbers))
            if lock_class == _LOCK_IPP:
                wanted.insert(0, _WHOLE_SHARED)
        if wanted:
            await self._connection.execute(self._sql["lock"], lock_class, wanted)

    async def _remember(self, batch: Sequence[Fed], written: Sequence[Result]) -> None:
        applied = {
            message
            for fed, result in zip(batch, written, strict=True)
            if result is FeedOutcome.APPLIED and (message := _message(fed)) is not None
        }
        if applied:
            await self._connection.execute(self._sql["insert_messages"], *_message_columns(applied), self._now)

    async def _load(self, batch: Sequence[Fed], domains: list[Domain]) -> None:
        if domains:
            hospitals, ipps = zip(*domains, strict=True)
            found = await self._connection.fetch(self._sql["identities_by_ipp"], hospitals, ipps)
            if canaries := [row["identity_id"] for row in found if row["canary"]]:
                await self._connection.execute(self._sql["retire_canaries"], canaries, self._now)
            self._work.load([row for row in found if not row["canary"]])
        if borne := [(fed.event.hospital_id, ins.key) for fed in batch if (ins := fed.event.bearer) is not None]:
            hospitals, numbers = zip(*dict.fromkeys(borne), strict=True)
            self._work.load(await self._connection.fetch(self._sql["identities_by_ins"], hospitals, numbers))
        while missing := self._work.missing_survivors():
            self._require_whole()
            self._work.load(await self._connection.fetch(self._sql["identities_by_number"], missing))
        if needed := self._work.numbers_needed(batch):
            rows = await self._connection.fetch(self._sql["new_numbers"], needed)
            self._work.take_numbers(IdentityId(row[0]) for row in rows)

    def _require_whole(self) -> None:
        if not self._whole:
            raise NeedsWholeRegister

    def _fold(self, batch: Sequence[Fed], before: set[Message]) -> list[Result]:
        written: list[Result] = []
        told: dict[Message, Result] = {}
        for fed in batch:
            key = _message(fed)
            if key is None:
                written.append(self._work.fold(fed))
            elif key in told:
                # Told twice in one batch: the second one hears what the first one heard.
                first = told[key]
                written.append(first if isinstance(first, CallerError) else FeedOutcome.DUPLICATE)
            else:
                told[key] = FeedOutcome.DUPLICATE if key in before else self._work.fold(fed)
                written.append(told[key])
        return written

    async def _cross_reference(self) -> None:
        """Recomputes the persons of everybody whom the batch touched, and of whom they touch."""
        touched = self._work.touched()
        if not touched.standings:
            return
        await self._lock(_LOCK_KEY, (_lock_number(key) for key in touched.keys))
        reach = _Reach(self._connection, self._sql, self._whole, touched, self._work.links.values(), self._sensitive)
        for number in touched.standings:
            if (person := self._work.person_of(number)) is not None:
                reach.current[number] = person
        await reach.extend()
        moves = self._work.settle(persons(partition(reach.standings.values(), reach.links.values())), reach.current)
        if moves:
            await self._connection.execute(
                self._sql["move_identities"],
                [m.identity_id for m in moves],
                [m.from_person for m in moves],
                [m.to_person for m in moves],
                [m.cause for m in moves],
                self._now,
            )

    async def _write(self) -> None:
        whole, explained = self._work.changed()
        if whole:
            await self._connection.execute(self._sql["update_identities"], *columns(whole))
        if created := self._work.created():  # after the updates: an identifier may just have been given up
            await self._connection.execute(self._sql["insert_identities"], *columns(created))
        if explained:
            await self._connection.execute(
                self._sql["explain_identities"],
                [i.identity_id for i in explained],
                [i.explains_until for i in explained],
                [i.fed_by for i in explained],
            )
        if links := sorted(self._work.links.items()):
            await self._connection.execute(
                self._sql["upsert_links"],
                [a for (a, _), _ in links],
                [b for (_, b), _ in links],
                [link.linked for _, link in links],
                self._now,
            )

    def _noted(self) -> list[list[object]]:
        """What the live events did, under the persons to whom the identities belong by now: one list a column."""
        noted, after = self._work.noted, self._work.after
        return [
            [one.hospital_id for one in noted],
            [one.account_id for one in noted],
            [one.identity_id for one in noted],
            [after[one.identity_id].person_id for one in noted],
            [one.action.value for one in noted],
            [one.event for one in noted],
            [one.identifiers for one in noted],
        ]

    async def _beat(self, batch: Sequence[Fed], written: list[Result]) -> None:
        """A live message is a sign of life of its feed, even one that says nothing; a row of a bulk load is none. What
        the live events did goes with it."""
        counts: dict[int, int] = {}
        for fed, result in zip(batch, written, strict=True):
            if fed.live and not isinstance(result, CallerError):
                counts[fed.event.hospital_id] = counts.get(fed.event.hospital_id, 0) + 1
        if counts:
            told = (list(counts), list(counts.values()), self._now)
            await self._connection.execute(self._sql["beat"], *told, *self._noted())


class _Reach:
    """Everybody who shares a strict key, a link or a merge with the touched, and so on: what `partition` needs."""

    def __init__(
        self,
        connection: Connection,
        sql: dict[str, str],
        whole: bool,
        touched: Touched,
        links: Iterable[Link],
        sensitive: frozenset[HospitalId],
    ) -> None:
        self._sensitive = sensitive
        self._connection = connection
        self._sql = sql
        self._whole = whole
        self.standings = dict(touched.standings)
        self.current: dict[IdentityId, PersonId] = {}
        self.links = {(link.a, link.b): link for link in links}
        self._keys = touched.keys
        self._left = touched.left

    async def extend(self) -> None:
        """Follows keys, merges and links until nobody is added."""
        seen_keys: set[bytes] = set()
        seen: set[IdentityId] = set()
        keys = self._keys
        while True:
            if new_keys := keys - seen_keys:
                seen_keys |= new_keys
                await self._take("standings_by_key", sorted(new_keys), GROUP_SIZE_MAX + 1)
            elif not self.standings.keys() - seen:
                return
            numbers = sorted(self.standings.keys() - seen)
            seen.update(numbers)
            await self._take("standings_by_survivor", numbers)
            await self._take_links(numbers)
            if beyond := self._named() - self.standings.keys():
                await self._take("standings_by_number", sorted(beyond))
            keys = {s.strict_key for s in self.standings.values() if s.strict_key is not None}

    def _named(self) -> set[IdentityId]:
        survivors = {s.merged_into for s in self.standings.values() if s.merged_into is not None}
        named = survivors.union(self._left, *self.links)
        # Beyond the locks of a small batch: its keys, and those merged into who has them.
        if not self._whole and (self.links or named - self.standings.keys()):
            raise NeedsWholeRegister
        return named

    async def _take(self, query: str, *arguments: object) -> None:
        for row in await self._connection.fetch(self._sql[query], *arguments):
            self.current[row["identity_id"]] = row["person_id"]
            self.standings.setdefault(row["identity_id"], standing_of(row, self._sensitive))

    async def _take_links(self, numbers: list[IdentityId]) -> None:
        for a, b, linked in await self._connection.fetch(self._sql["links_of"], numbers):
            self.links.setdefault((a, b), Link(a, b, linked))


def _domains(batch: Sequence[Fed]) -> list[Domain]:
    """The (hospital, IPP) pairs that the batch names, distinct."""
    named: dict[Domain, None] = {}
    for fed in batch:
        if fed.event.kind is not FeedKind.IGNORED and fed.event.bearer is None:
            named[fed.event.hospital_id, fed.event.ipp] = None
            if fed.event.other_ipp:
                named[fed.event.hospital_id, fed.event.other_ipp] = None
    return list(named)


def _lock_number(value: bytes) -> int:
    """A lock's number, never 0: that is the whole register. Two values with one number only wait for each other."""
    return crc32(value) & _LOCK_BITS or 1


def _message(fed: Fed) -> Message | None:
    if fed.event.key is None or fed.event.kind is FeedKind.IGNORED:
        return None
    return fed.event.hospital_id, fed.event.key


def _message_columns(messages: set[Message]) -> list[list[object]]:
    return [
        [hospital_id for hospital_id, _ in messages],
        [key.application for _, key in messages],
        [key.facility for _, key in messages],
        [key.control_id for _, key in messages],
        [key.digest for _, key in messages],
    ]
