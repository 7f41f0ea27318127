"""A process of its own that does one thing: asked on standard input, answered on standard output, ended when too slow.

So that what is heavy (DuckDB, a thousand leaves) is neither loaded nor waited for by a process that serves.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from typing import BinaryIO, TypeVar

import msgspec

from beffroi.errors import Unavailable, Words

SECONDS_MAX = 600.0
"""Of one answer: a window of months without an account or a patient reads every archived file of them."""


Question = TypeVar("Question")
Answer = TypeVar("Answer")


async def ask_child(module: str, question: object, kind: type[Answer], what: Words) -> Answer:
    """What a module's `main` (see `answer_once`) answers. Raises `Unavailable` when it fails or takes too long."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.DEVNULL,  # its words could hold what was searched
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            answer, _ = await child.communicate(msgspec.msgpack.encode(question))
    except TimeoutError:
        raise Unavailable(what=what) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    if child.returncode:
        raise Unavailable(what=what)
    return msgspec.msgpack.decode(answer, type=kind)


def answer_stream() -> BinaryIO:
    """In the child: standard output, for the answer alone. Whatever a library prints from here on goes nowhere."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return out


def answer_once(kind: type[Question], answer: Callable[[Question], object]) -> None:
    """The whole of such a `main`."""
    with answer_stream() as out:
        out.write(msgspec.msgpack.encode(answer(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=kind))))
