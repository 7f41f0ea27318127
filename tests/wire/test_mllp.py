"""MLLP frames: whole, byte by byte, with trailing data, and broken in every way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.wire.mllp import FRAME_BYTES_MAX, HEAD_BYTES, Broken, Deframer, Fault, Frame, frame

MESSAGE = b"MSH|^~\\&|A|B\rPID|1\r"


def cut(data: bytes, sizes: list[int]) -> list[Frame | Broken]:
    """The events of a stream that arrives in pieces of these sizes, and of its end."""
    deframer, events, position = Deframer(limit_bytes=64), [], 0
    for size in sizes:
        events += deframer.feed(data[position : position + size])
        position += size
    events += deframer.feed(data[position:])
    return events + deframer.close()


STREAMS = {
    "a whole frame": (frame(MESSAGE), [Frame(MESSAGE)]),
    "two frames": (frame(MESSAGE) * 2, [Frame(MESSAGE)] * 2),
    "an empty frame": (frame(b""), [Frame(b"")]),
    "line ends between frames": (frame(b"a") + b"\r\n\r" + frame(b"b"), [Frame(b"a"), Frame(b"b")]),
    "no start block": (b"lost\x1c\r" + frame(b"b"), [Broken(Fault.NO_START, b"lost", 4, True), Frame(b"b")]),
    "garbage before a frame": (b"noise" + frame(b"b"), [Broken(Fault.NO_START, b"noise", 5, False), Frame(b"b")]),
    "a stray end block": (b"\x1c\r" + frame(b"b"), [Broken(Fault.NO_START, b"", 0, True), Frame(b"b")]),
    "a frame cut by the next": (b"\x0bcut" + frame(b"b"), [Broken(Fault.NO_END, b"cut", 3, False), Frame(b"b")]),
    "no return behind the end": (
        b"\x0bbad\x1c" + frame(b"b"),
        [Broken(Fault.NO_END, b"bad", 3, False), Frame(b"b")],
    ),
    "an end block inside": (
        b"\x0bone\x1ctwo\x1c\r" + frame(b"b"),
        [Broken(Fault.BAD_END, b"onetwo", 6, True), Frame(b"b")],
    ),
    "two end blocks": (b"\x0bone\x1c\x1c\r" + frame(b"b"), [Broken(Fault.BAD_END, b"one", 3, True), Frame(b"b")]),
    "over-long": (
        b"\x0b" + b"x" * 65 + b"\x1c\r" + frame(b"b"),
        [Broken(Fault.TOO_LARGE, b"x" * 65, 65, True), Frame(b"b")],
    ),
    "exactly the limit": (frame(b"x" * 64), [Frame(b"x" * 64)]),
    "the connection ends inside": (frame(b"a") + b"\x0bcut", [Frame(b"a"), Broken(Fault.NO_END, b"cut", 3, False)]),
}


@pytest.mark.parametrize("name", STREAMS)
def test_whole_or_byte_by_byte_gives_the_same(name: str) -> None:
    """A stream gives the same events whole, byte by byte and in two pieces cut anywhere."""
    data, expected = STREAMS[name]
    assert cut(data, []) == expected
    assert cut(data, [1] * len(data)) == expected
    for size in range(len(data)):
        assert cut(data, [size]) == expected


@given(st.binary(max_size=200), st.lists(st.integers(1, 9), max_size=200))
def test_any_bytes_cut_anywhere_give_the_same(data: bytes, sizes: list[int]) -> None:
    """Where a stream is cut never changes what it says."""
    assert cut(data, sizes) == cut(data, [])


@given(st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\n", b"a", b"x" * 40]), max_size=30))
def test_nothing_broken_harms_the_next_frame(pieces: list[bytes]) -> None:
    """A good frame behind any bytes that are not in the middle of an end is delivered."""
    events = Deframer(limit_bytes=64).feed(b"".join(pieces) + frame(MESSAGE))
    assert events[-1] == Frame(MESSAGE)


@given(st.lists(st.binary(max_size=60).filter(lambda b: b"\x0b" not in b and b"\x1c" not in b), max_size=5))
def test_what_is_framed_is_deframed(messages: list[bytes]) -> None:
    """Framing and deframing are inverse."""
    assert Deframer().feed(b"".join(map(frame, messages))) == [Frame(m) for m in messages]


def test_a_block_inside_a_message_is_refused() -> None:
    """Nothing that would break the stream can be framed."""
    with pytest.raises(ValueError):
        frame(b"a\x1cb")


def test_memory_is_bounded() -> None:
    """Of an endless frame no more than its head is kept."""
    deframer = Deframer()
    for _ in range(4):
        deframer.feed(b"\x0b" + b"x" * (FRAME_BYTES_MAX // 2))
    for _ in range(8):
        deframer.feed(b"y" * FRAME_BYTES_MAX)
    (broken,) = deframer.close()
    assert broken.fault is Fault.TOO_LARGE
    assert len(broken.head) == HEAD_BYTES
