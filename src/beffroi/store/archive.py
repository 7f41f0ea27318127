"""The archive as a serving process asks it: which segments there are is read in the scope's own snapshot, and their
files are counted by a process of its own (store.archive_child)."""

import asyncio
import contextlib
import sys
from collections.abc import Sequence

import msgspec

from beffroi.breach.scope import Tally
from beffroi.errors import Unavailable, Words
from beffroi.model.selection import Selection
from beffroi.store import archive_child
from beffroi.store.archive_child import Question
from beffroi.store.database import load_queries
from beffroi.store.scope import ScopeSnapshot, Wanted

SECONDS_MAX = 600.0
"""Of one count: a window of months without an account or a patient reads every file of them."""
_ARCHIVE = Words("The archive", "L'archive")


class Archive:
    """Counts archived readings. `location` as `archive_place.Location` has it; `spark`: a cluster's address."""

    def __init__(self, location: dict[str, str], spark: str = "") -> None:
        self._location = location
        self._spark = spark
        self._sql = load_queries("archive")

    async def count(self, snapshot: ScopeSnapshot, wanted: Sequence[Wanted], tally: Tally) -> None:
        """Adds what is archived to a tally; raises `Unavailable` when the files cannot be read or take too long."""
        rows = await snapshot.connection.fetch(self._sql["segments"])
        segments = [row for row in rows if row["erased_at"] is None]
        if not segments:
            return
        question = Question(
            self._location,
            tuple(row["manifest"] for row in segments),
            tuple(_asked(one) for one in wanted),
            self._spark,
        )
        tally.join(await _ask(question))


def _asked(one: Wanted) -> tuple[Selection, tuple[int, ...], tuple[int, ...] | None, tuple[int, ...]]:
    identities = None if one.whom.identities is None else tuple(sorted(one.whom.identities))
    return one.selection, one.persons, identities, tuple(sorted(one.whom.hidden))


async def _ask(question: Question) -> Tally:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", archive_child.__name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # its words could hold what was searched
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            answer, _ = await child.communicate(msgspec.msgpack.encode(question))
    except TimeoutError:
        raise Unavailable(what=_ARCHIVE) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    if child.returncode:
        raise Unavailable(what=_ARCHIVE)
    return msgspec.msgpack.decode(answer, type=Tally)
