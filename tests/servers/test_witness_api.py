"""A witness over HTTP: every status of C2SP tlog-witness, nothing signed that was not remembered, no fork."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from beffroi.actions.witness import WitnessDesk
from beffroi.errors import OperatorError
from beffroi.ledger.checkpoint import Checkpoint, SigningKey, opened, signed, signed_text
from beffroi.ledger.cosignature import cosigned
from beffroi.ledger.epoch import epoch_origin
from beffroi.ledger.witness import SUBMISSION_BYTES_MAX, Submission, hash_of
from beffroi.servers.witness_api import witness_app
from beffroi.store.witness_state import WitnessFile
from disclosed import KEY, ORIGIN
from doubles import FakeClock
from witnesses import WITNESS, GrownLog

NEW = SigningKey(ORIGIN, b"\x21" * 32)
LOG = GrownLog(700)
FORK = GrownLog(700, "other", shared=200)
HASH = hash_of(ORIGIN)


class Served:
    """A witness on a state file, that can be started again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = WitnessFile(path, create=True)
        self.start()

    def start(self) -> None:
        desk = WitnessDesk(self.file, WITNESS, {ORIGIN: [KEY.verifier(), NEW.verifier()]}, FakeClock())
        transport = httpx2.ASGITransport(app=witness_app(desk))
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://witness.test")

    def again(self) -> None:
        self.file.close()
        self.file = WitnessFile(self.path)
        self.start()

    async def submit(self, body: bytes) -> httpx2.Response:
        return await self.client.post("/add-checkpoint", content=body)

    async def size(self) -> int:
        """What it says that it saw last, to who asks with another size."""
        answer = await self.submit(Submission(699, (), LOG.note(700)).text().encode())
        assert answer.headers["content-type"] == "text/x.tlog.size"
        return int(answer.text)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    one = Served(tmp_path / "witness.json")
    yield one
    one.file.close()


async def test_a_tree_that_grows_is_cosigned(served: Served) -> None:
    """From nothing, by a proof, the same again; the answer is a cosignature, and the last one is served."""
    for old, new in ((0, 3), (3, 256), (256, 257), (257, 257), (257, 700)):
        answer = await served.submit(LOG.submission(old, new))
        assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
        (found,) = cosigned(LOG.note(new) + answer.text, [WITNESS.verifier()])
        assert found.line == answer.text
        kept = (await served.client.get(f"/{HASH}/checkpoint")).text
        assert opened(kept, [KEY.verifier()]).size == new and cosigned(kept, [WITNESS.verifier()])
    assert (await served.client.get(f"/{'0' * 64}/checkpoint")).status_code == 404
    assert (await served.client.get(f"/{HASH}/gap")).status_code == 404


async def test_a_new_key_of_the_log_is_known_beside_the_old_one(served: Served) -> None:
    """Signed by both, then by the new one alone: a rotation breaks nothing."""
    assert (await served.submit(LOG.submission(0, 5))).status_code == 200
    assert (await served.submit(GrownLog(700, keys=[KEY, NEW]).submission(5, 9))).status_code == 200
    assert (await served.submit(GrownLog(700, keys=[NEW]).submission(9, 12))).status_code == 200


REFUSED: list[tuple[str, bytes, int]] = [
    ("no submission", b"", 400),
    ("not UTF-8", b"old 256\n\n\xff", 400),
    ("no old size", LOG.submission(256, 300)[4:], 400),
    ("a leading zero", LOG.submission(256, 300).replace(b"old 256", b"old 0256"), 400),
    ("too many hashes", b"old 256\n" + b"AAAA\n" * 64 + b"\n" + LOG.note(300).encode(), 400),
    ("a short hash", b"old 256\nAAAA\n\n" + LOG.note(300).encode(), 400),
    ("no checkpoint", b"old 256\n\n", 400),
    ("a checkpoint without root", b"old 256\n\n" + signed_text("a\n1\n", [KEY]).encode(), 400),
    ("an old size above the new one", LOG.submission(300, 256), 400),
    ("another log", f"old 0\n\n{signed(Checkpoint('else.test', 1, bytes(32)), [KEY])}".encode(), 404),
    ("an epoch that never began", LOG.submission(0, 3, 2), 404),
    ("another key", GrownLog(700, keys=[SigningKey(ORIGIN, b"\x05" * 32)]).submission(256, 300), 403),
    (
        "no signature of ours",
        f"old 256\n\n{signed(Checkpoint(ORIGIN, 300, bytes(32)), [SigningKey('else', bytes(32))])}".encode(),
        403,
    ),
    ("a wrong signature", LOG.submission(256, 300)[:-12] + b"AAAAAAAAAA=\n", 403),
    ("the size before", LOG.submission(255, 300), 409),
    ("from nothing", LOG.submission(0, 300), 409),
    ("a shrink", LOG.submission(100, 200), 409),
    ("the same size of another tree", FORK.submission(256, 256), 422),
    ("a fork", FORK.submission(256, 300), 422),
    ("no proof", f"old 256\n\n{LOG.note(300)}".encode(), 422),
    ("a proof too long", LOG.submission(256, 300).replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1), 422),
]


@pytest.mark.parametrize(("name", "body", "status"), REFUSED, ids=[name for name, _, _ in REFUSED])
async def test_what_is_refused_changes_nothing(served: Served, name: str, body: bytes, status: int) -> None:
    """Each with its status; the last cosigned tree is what it was."""
    assert (await served.submit(LOG.submission(0, 256))).status_code == 200
    before = served.path.read_bytes()
    answer = await served.submit(body)
    assert answer.status_code == status, answer.text
    assert answer.text == "256\n" if status == 409 else "—" not in answer.text
    assert served.path.read_bytes() == before
    assert (await served.submit(LOG.submission(256, 300))).status_code == 200


async def test_the_empty_tree_has_one_root_only(served: Served) -> None:
    """And from it any tree follows, without a proof."""
    wrong = f"old 0\n\n{signed(Checkpoint(ORIGIN, 0, bytes(32)), [KEY])}".encode()
    assert (await served.submit(wrong)).status_code == 422
    assert (await served.submit(LOG.submission(0, 0))).status_code == 200
    proved = LOG.submission(0, 3).replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n")
    assert (await served.submit(proved)).status_code == 422
    assert (await served.submit(LOG.submission(0, 3))).status_code == 200


async def test_too_large_is_said(served: Served) -> None:
    """Without reading it to its end."""
    assert (await served.submit(b"o" * (SUBMISSION_BYTES_MAX + 1))).status_code == 413


def failing(module: Any, name: str, after: bool, call: int) -> Callable[..., Any]:
    """The call-th call of a function fails, before or after it was done."""
    done, calls = getattr(module, name), [0]

    def fail(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] != call:
            return done(*arguments, **named)
        if after:
            done(*arguments, **named)
        raise OSError("the disk")

    return fail


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("write", "call"), [("open", 1), ("fsync", 1), ("rename", 1), ("open", 2), ("fsync", 2)])
async def test_what_could_not_be_written_is_not_signed(
    served: Served, write: str, call: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of the write fails before or after it is done: no cosignature, and then the file tells the truth."""
    assert (await served.submit(LOG.submission(0, 256))).status_code == 200
    with monkeypatch.context() as patched:
        patched.setattr("beffroi.store.witness_state.os." + write, failing(os, write, after, call))
        answer = await served.submit(LOG.submission(256, 300))
    assert answer.status_code == 500 and "—" not in answer.text
    size = await served.size()
    assert size == (256 if (write, call) in {("open", 1), ("fsync", 1)} or (write, after) == ("rename", False) else 300)
    served.again()
    assert await served.size() == size, "what it said is what it remembers"
    assert (await served.submit(FORK.submission(size, 400))).status_code == 422
    assert (await served.submit(LOG.submission(size, 400))).status_code == 200


async def test_a_memory_that_is_lost_is_said(served: Served, tmp_path: Path) -> None:
    """Never begun anew by accident, never shared, never believed when it is not whole."""
    with pytest.raises(OperatorError, match="running"):
        WitnessFile(served.path)
    with pytest.raises(OperatorError, match="forgot"):
        WitnessFile(tmp_path / "other.json")
    served.file.close()
    with pytest.raises(OperatorError, match="there already"):
        WitnessFile(served.path, create=True)
    served.path.write_bytes(served.path.read_bytes()[:-3])
    with pytest.raises(OperatorError, match="cannot be read"):
        WitnessFile(served.path)
    served.path.write_bytes(b'{"format":"beffroi-witness/2"}')
    with pytest.raises(OperatorError, match="another version"):
        WitnessFile(served.path)
    with pytest.raises(OperatorError, match="cannot be written"):
        WitnessFile(tmp_path / "nowhere" / "witness.json", create=True)
    served.path.write_bytes(b"{}")
    served.file = WitnessFile(served.path)


async def test_a_gap_that_admits_what_was_seen_opens_the_next_epoch(served: Served) -> None:
    """It goes on from what is left, under the epoch's name; the one before has ended, and the statement is served."""
    assert (await served.submit(LOG.submission(0, 300))).status_code == 200
    known = opened(LOG.note(300), [KEY.verifier()])
    gap = LOG.gap(256, known)
    note = signed_text(gap.body(), [KEY])
    assert (await served.client.post("/add-gap", content=note)).status_code == 200
    served.again()
    assert (await served.client.post("/add-gap", content=note)).status_code == 200, "the same again"
    after = GrownLog(700, "after", shared=256)
    assert (await served.submit(after.submission(0, 400, 2))).text == "256\n"
    assert (await served.submit(after.submission(256, 400, 2))).status_code == 200
    assert (await served.submit(LOG.submission(300, 400))).status_code == 404
    origin = epoch_origin(ORIGIN, 2)
    assert (await served.client.get(f"/{hash_of(origin)}/gap")).text == note
    assert opened((await served.client.get(f"/{hash_of(origin)}/checkpoint")).text, [KEY.verifier()]).size == 400
    assert opened((await served.client.get(f"/{HASH}/checkpoint")).text, [KEY.verifier()]).size == 300


async def test_a_gap_that_pretends_is_refused(served: Served) -> None:
    """Less lost than the witness saw, another tree of that size, another key, a second story of the same gap."""
    assert (await served.submit(LOG.submission(0, 300))).status_code == 200

    async def add(gap: Any, key: SigningKey = KEY) -> httpx2.Response:
        return await served.client.post("/add-gap", content=signed_text(gap.body(), [key]))

    at = {size: opened(LOG.note(size), [KEY.verifier()]) for size in (256, 300, 400)}
    for less in ((), (at[256],), (at[400],), (opened(FORK.note(300), [KEY.verifier()]),)):
        answer = await add(LOG.gap(200, *less))
        assert (answer.status_code, answer.text) == (409, "300\n")
    assert (await add(LOG.gap(200, at[300]), SigningKey(ORIGIN, b"\x05" * 32))).status_code == 403
    assert (await add(LOG.gap(200, at[300], epoch=3))).status_code == 404
    assert (await served.client.post("/add-gap", content=LOG.note(300))).status_code == 400
    assert (await add(LOG.gap(200, at[300], at[400]))).status_code == 200
    assert (await add(LOG.gap(256, at[300], at[400]))).status_code == 422
