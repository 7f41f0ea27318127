"""Serves a demonstration's configuration until it is killed. Run by `town`, never imported."""

import asyncio
import sys
from pathlib import Path

from beffroi.app.serving import serving


async def main() -> None:
    async with serving(Path(sys.argv[1]), demo=True):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
