"""The hospitals' sending side: in order within a name, whatever the other side does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from beffroi_region.mllp_client import END, START, MllpConnection, NoAnswer, answer_of, send_all

Handler = Callable[[bytes], Awaitable[bytes | None]]


@asynccontextmanager
async def listening(handle: Handler) -> AsyncIterator[int]:
    """A server that answers each frame with what `handle` returns, and hangs up when that is None."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                frame = await reader.readuntil(END)
                answer = await handle(frame.removesuffix(END).removeprefix(START))
                if answer is None:
                    return
                writer.write(START + answer + END)
        except EOFError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_message_is_answered() -> None:
    """MSA-1 and MSA-2 are read."""

    async def accept(_content: bytes) -> bytes:
        return b"MSH|^~\\&|B\rMSA|AA|42\r"

    async with listening(accept) as port, await MllpConnection.open("127.0.0.1", port) as connection:
        answer = await connection.send(b"MSH|")
    assert (answer.accepted, answer.control_id) == (True, "42")


@pytest.mark.parametrize(("content", "code"), [(b"MSA|AE|1", "AE"), (b"MSA", ""), (b"", ""), (b"MSH|\rERR|", "")])
def test_what_is_no_acceptance_is_none(content: bytes, code: str) -> None:
    """Anything but AA or CA is not accepted."""
    answer = answer_of(content)
    assert (answer.code, answer.accepted) == (code, False)


async def test_a_server_that_hangs_up_gives_no_answer() -> None:
    """Whether the message was applied is not known, and that is said."""

    async def hang_up(_content: bytes) -> None:
        return None

    async with listening(hang_up) as port, await MllpConnection.open("127.0.0.1", port) as connection:
        with pytest.raises(NoAnswer):
            await connection.send(b"MSH|")


async def test_messages_of_one_name_keep_their_order() -> None:
    """Over several connections, each name's messages arrive in the order in which they were given."""
    arrived: list[bytes] = []

    async def note(content: bytes) -> bytes:
        await asyncio.sleep(0.001 * (content[-1] % 3))
        arrived.append(content)
        return b"MSA|AA|" + content

    messages = [(f"name {number % 7}", f"{number % 7}-{number:03}".encode()) for number in range(140)]
    async with listening(note) as port:
        answers = [answer async for answer in send_all("127.0.0.1", port, messages, 4)]
    assert len(answers) == len(arrived) == 140
    for name in range(7):
        told = [content for content in arrived if content.startswith(f"{name}-".encode())]
        assert told == sorted(told)


async def test_a_lost_connection_ends_the_sending() -> None:
    """One connection that is lost is an error for all, not a silence."""

    async def once(content: bytes) -> bytes | None:
        return b"MSA|AA|1" if content != b"5" else None

    messages = [(str(number), str(number).encode()) for number in range(20)]
    async with listening(once) as port:
        with pytest.raises(NoAnswer):
            async for _ in send_all("127.0.0.1", port, messages, 4):
                pass
