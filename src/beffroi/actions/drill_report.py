"""The last exercise's report, where whoever runs it has put it: a file, or the newest of a folder's."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from beffroi.errors import Unavailable, Words
from beffroi.model.drill import DrillReport

FILE_BYTES_MAX: Final = 8_388_608
"""Bytes of a report: one of every scenario has 120 kB."""
_REPORT = Words("The exercise's report", "Le rapport de l'exercice")
_decode = msgspec.json.Decoder(DrillReport).decode


class DrillReports:
    """Where reports are. `place` None: nowhere."""

    def __init__(self, place: Path | None) -> None:
        self._place = place

    async def last(self) -> DrillReport | None:
        """The newest; None when there is none yet. Raises Unavailable when it cannot be read."""
        return None if self._place is None else await asyncio.to_thread(_read, self._place)


def _read(place: Path) -> DrillReport | None:
    try:
        files = list(place.glob("*.json")) if place.is_dir() else [place] if place.exists() else []
        if not files:
            return None
        newest = max(files, key=lambda file: file.stat().st_mtime)
        with newest.open("rb") as file:
            content = file.read(FILE_BYTES_MAX)
        report, at = _decode(content), datetime.fromtimestamp(newest.stat().st_mtime, UTC)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unavailable(what=_REPORT) from None
    return msgspec.structs.replace(report, made_at=at)
