"""MLLP without sockets: bytes in, frames out, and a report of every frame that was broken.

A frame is 0x0B, a message, 0x1C 0x0D. The deframer is a table of states; a stream cut anywhere gives the same events.
A broken frame ends where the next start or end block stands, so it never harms the frame behind it.

Source: HL7 Transport Specification, Minimal Lower Layer Protocol, release 1 (standards 3.8).
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

START_BLOCK = b"\x0b"
END_BLOCK = b"\x1c"
CARRIAGE_RETURN = b"\r"

FRAME_BYTES_MAX = 1024 * 1024
"""Bytes. An identity message has 1 to 10 KiB; this leaves room for reports that are refused politely, not for films."""

HEAD_BYTES = 1024
"""Bytes kept of a broken frame: enough for its MSH, so that the sender learns which message it was."""


class Fault(Enum):
    """What was wrong with a frame."""

    NO_START = "no start block"
    NO_END = "the next frame began before the end block"
    BAD_END = "the end block is not followed by a carriage return"
    TOO_LARGE = "larger than the limit"


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message, without its blocks. It holds neither a start nor an end block."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that is no frame. `head` is how it begins; `ended`: an end block came, its sender awaits an answer."""

    fault: Fault
    head: bytes
    size_bytes: int
    ended: bool


class _State(Enum):
    OUTSIDE = auto()  # between frames
    INSIDE = auto()  # after a start block
    ENDING = auto()  # after the end block of a good frame
    SKIPPING = auto()  # in something broken
    SKIPPED = auto()  # after an end block in something broken


class _Symbol(Enum):
    START = auto()
    END = auto()
    RETURN = auto()  # told apart from text only where it matters: behind an end block
    BLANK = auto()  # carriage returns and line feeds between frames
    TEXT = auto()
    OVERFLOW = auto()  # text that would pass the limit


class _Act(Enum):
    NOTHING = auto()
    BEGIN = auto()
    KEEP = auto()
    DELIVER = auto()
    REPORT_ENDED = auto()
    REPORT_AND_BEGIN = auto()
    CUT = auto()  # forget the text but its head: no end block
    LATE = auto()  # the same, fault: bad end
    STRAY = auto()  # the same, fault: no start
    LARGE = auto()  # the same, fault: too large


_TABLE: dict[tuple[_State, _Symbol], tuple[_State, _Act]] = {
    (_State.OUTSIDE, _Symbol.BLANK): (_State.OUTSIDE, _Act.NOTHING),
    (_State.OUTSIDE, _Symbol.START): (_State.INSIDE, _Act.BEGIN),
    (_State.OUTSIDE, _Symbol.TEXT): (_State.SKIPPING, _Act.STRAY),
    (_State.OUTSIDE, _Symbol.END): (_State.SKIPPED, _Act.STRAY),
    (_State.INSIDE, _Symbol.TEXT): (_State.INSIDE, _Act.KEEP),
    (_State.INSIDE, _Symbol.OVERFLOW): (_State.SKIPPING, _Act.LARGE),
    (_State.INSIDE, _Symbol.START): (_State.INSIDE, _Act.REPORT_AND_BEGIN),
    (_State.INSIDE, _Symbol.END): (_State.ENDING, _Act.NOTHING),
    (_State.ENDING, _Symbol.RETURN): (_State.OUTSIDE, _Act.DELIVER),
    (_State.ENDING, _Symbol.TEXT): (_State.SKIPPING, _Act.LATE),
    (_State.ENDING, _Symbol.END): (_State.SKIPPED, _Act.LATE),
    (_State.ENDING, _Symbol.START): (_State.INSIDE, _Act.REPORT_AND_BEGIN),
    (_State.SKIPPING, _Symbol.TEXT): (_State.SKIPPING, _Act.CUT),
    (_State.SKIPPING, _Symbol.START): (_State.INSIDE, _Act.REPORT_AND_BEGIN),
    (_State.SKIPPING, _Symbol.END): (_State.SKIPPED, _Act.NOTHING),
    (_State.SKIPPED, _Symbol.RETURN): (_State.OUTSIDE, _Act.REPORT_ENDED),
    (_State.SKIPPED, _Symbol.TEXT): (_State.SKIPPING, _Act.CUT),
    (_State.SKIPPED, _Symbol.START): (_State.INSIDE, _Act.REPORT_AND_BEGIN),
    (_State.SKIPPED, _Symbol.END): (_State.SKIPPED, _Act.NOTHING),
}
_FAULTS = {_Act.LATE: Fault.BAD_END, _Act.STRAY: Fault.NO_START, _Act.LARGE: Fault.TOO_LARGE}
_BLOCK = re.compile(rb"[\x0b\x1c]")
_BLANKS = b"\r\n"
_EDGES = frozenset({_State.ENDING, _State.SKIPPED})


class Deframer:
    """Cuts one connection's bytes into frames. Memory: one frame of at most `limit_bytes`."""

    def __init__(self, limit_bytes: int = FRAME_BYTES_MAX) -> None:
        self._limit_bytes = limit_bytes
        self._state = _State.OUTSIDE
        self._fault = Fault.NO_END
        self._text = bytearray()
        self._size_bytes = 0

    @property
    def in_frame(self) -> bool:
        """True while a frame, good or broken, has begun and not ended."""
        return self._state is not _State.OUTSIDE

    def feed(self, data: bytes) -> list[Frame | Broken]:
        """What these bytes complete, in order.

        >>> good, broken = Deframer().feed(b"\\x0bMSH|\\x1c\\r" + b"lost\\x1c\\r")
        >>> good, broken.fault.value
        (Frame(content=b'MSH|'), 'no start block')
        """
        events: list[Frame | Broken] = []
        position = 0
        while position < len(data):
            symbol, end = self._symbol(data, position)
            self._step(symbol, data[position:end], events)
            position = end
        return events

    def close(self) -> list[Broken]:
        """What the end of the connection leaves broken: at most one.

        >>> deframer = Deframer()
        >>> deframer.feed(b"\\x0bMSH|"), deframer.close()[0].fault.value
        ([], 'the next frame began before the end block')
        """
        broken = [self._broken(ended=False)] if self.in_frame else []
        self._begin()
        self._state = _State.OUTSIDE
        return broken

    def _symbol(self, data: bytes, position: int) -> tuple[_Symbol, int]:
        """The next symbol and where it ends: one byte for a block, a run for text."""
        first = data[position : position + 1]
        if first == START_BLOCK:
            return _Symbol.START, position + 1
        if first == END_BLOCK:
            return _Symbol.END, position + 1
        if self._state in _EDGES:
            return (_Symbol.RETURN if first == CARRIAGE_RETURN else _Symbol.TEXT), position + 1
        found = _BLOCK.search(data, position)
        end = found.start() if found else len(data)
        if self._state is _State.OUTSIDE:
            return self._between_frames(data, position, end)
        if self._state is _State.INSIDE and self._size_bytes + end - position > self._limit_bytes:
            return _Symbol.OVERFLOW, end
        return _Symbol.TEXT, end

    @staticmethod
    def _between_frames(data: bytes, position: int, end: int) -> tuple[_Symbol, int]:
        run = data[position:end]
        blank_bytes = len(run) - len(run.lstrip(_BLANKS))
        return (_Symbol.BLANK, position + blank_bytes) if blank_bytes else (_Symbol.TEXT, end)

    def _step(self, symbol: _Symbol, run: bytes, events: list[Frame | Broken]) -> None:
        self._state, act = _TABLE[self._state, symbol]
        if act is _Act.KEEP:
            self._text += run
            self._size_bytes += len(run)
        elif act is _Act.BEGIN:
            self._begin()
        elif act is _Act.DELIVER:
            events.append(Frame(bytes(self._text)))
            self._begin()
        elif act in (_Act.REPORT_ENDED, _Act.REPORT_AND_BEGIN):
            events.append(self._broken(ended=act is _Act.REPORT_ENDED))
            self._begin()
        elif act is not _Act.NOTHING:
            self._cut(act, b"" if symbol is _Symbol.END else run)

    def _cut(self, act: _Act, run: bytes) -> None:
        self._fault = _FAULTS.get(act, self._fault)
        self._size_bytes += len(run)
        del self._text[HEAD_BYTES:]
        self._text += run[: HEAD_BYTES - len(self._text)]

    def _begin(self) -> None:
        self._fault = Fault.NO_END
        self._text.clear()
        self._size_bytes = 0

    def _broken(self, ended: bool) -> Broken:
        return Broken(self._fault, bytes(self._text[:HEAD_BYTES]), self._size_bytes, ended)


def frame(content: bytes) -> bytes:
    """A message between its blocks; ValueError when it holds a block itself, which would break the stream.

    >>> frame(b"MSH|")
    b'\\x0bMSH|\\x1c\\r'
    """
    if _BLOCK.search(content):
        raise ValueError("a message cannot hold a start or an end block")
    return START_BLOCK + content + END_BLOCK + CARRIAGE_RETURN
