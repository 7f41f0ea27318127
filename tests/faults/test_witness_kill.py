"""kill -9 of a witness, again and again, while a log and its fork submit: it never cosigns both."""

import asyncio
import contextlib
import random
from pathlib import Path

import httpx2

from beffroi.ledger.checkpoint import Checkpoint
from beffroi.ledger.cosignature import cosigned
from beffroi.ledger.note import split
from disclosed import KEY
from witnesses import WITNESS, GrownLog, witness_process

KILLS = 8
SIZE = 2_000
STORIES = (GrownLog(SIZE, "a", shared=10), GrownLog(SIZE, "b", shared=10))


async def test_a_witness_killed_anywhere_never_cosigns_a_fork(tmp_path: Path) -> None:
    """Two histories race for its word; whatever it cosigned, before or after its deaths, is one of them and grows."""
    chance, cosigned_notes = random.Random(61), list[str]()

    async def press(client: httpx2.AsyncClient, log: GrownLog) -> None:
        old = 0
        while True:
            new = min(SIZE, max(old, 10) + chance.randrange(1, 9))
            body = log.submission(old, new)
            answer = await client.post("/add-checkpoint", content=body)
            if answer.status_code == 200:
                cosigned_notes.append(log.note(new) + answer.text)
                old = new
            elif answer.status_code == 409:
                old = min(int(answer.text), SIZE)
            else:
                assert answer.status_code == 422
                return

    for kill in range(KILLS):
        async with (
            witness_process(tmp_path, create=kill == 0) as (address, process),
            httpx2.AsyncClient(base_url=address) as client,
        ):
            pressing = [asyncio.create_task(press(client, log)) for log in STORIES]
            await asyncio.sleep(chance.uniform(0.02, 0.3))
            process.kill()
            for one in pressing:
                one.cancel()
                with contextlib.suppress(httpx2.HTTPError, asyncio.CancelledError):
                    await one
    assert len(cosigned_notes) > KILLS
    for note in cosigned_notes:
        assert len(cosigned(note, [WITNESS.verifier()])) == 1
    found = [Checkpoint.parse(split(note)[0]) for note in cosigned_notes]
    beyond = [one for one in found if one.size > 10]
    stories = [log for log in STORIES if all(one.root == log.root(one.size) for one in beyond)]
    assert len(stories) == 1, "one history only"
    assert [one.size for one in found] == sorted(one.size for one in found), "never smaller"
    assert KEY.name == found[0].origin
